"""How the detail line of a finding puts things, so that all rules put them alike."""

from typing import Final

from wsinspect.websocket.frames import RSV1, RSV2, RSV3, FrameHeader, Opcode

MAX_QUOTED: Final = 80
"""Longer texts from the network are cut: a detail is one line, and a header value may have kilobytes."""


def quoted(text: str) -> str:
    """Text from the network in quotes, shortened; what is dangerous in it is escaped where it is shown."""
    return f'"{text}"' if len(text) <= MAX_QUOTED else f'"{text[:MAX_QUOTED]}…" ({len(text)} characters)'


def counted(number: int, noun: str) -> str:
    """`1 byte`, `5 bytes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def frame_name(frame: FrameHeader) -> str:
    """`TEXT`, `CLOSE` …, or `opcode 11`."""
    try:
        return Opcode(frame.opcode).name
    except ValueError:
        return f"opcode {frame.opcode}"


def frame_title(frame: FrameHeader) -> str:
    """`TEXT frame of 5 bytes`."""
    return f"{frame_name(frame)} frame of {counted(frame.length, 'byte')}"


def rsv_names(rsv: int) -> str:
    """`RSV1`, `RSV1 and RSV3`, `RSV1, RSV2 and RSV3`."""
    names = [name for bit, name in ((RSV1, "RSV1"), (RSV2, "RSV2"), (RSV3, "RSV3")) if rsv & bit]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "no RSV bit"


def hex_bytes(data: bytes) -> str:
    """`ED A0`."""
    return data.hex(" ").upper()
