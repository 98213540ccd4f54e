"""One message, or the payload of one frame, as bytes."""

import re
from typing import Final, NamedTuple

from wsinspect.errors import WsinspectError
from wsinspect.timeline import FrameEntry, Timeline
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side

_NAME: Final = re.compile(r"(client|server):(\d+)")


class FrameName(NamedTuple):
    """What a frame is called: its sender and its number in that direction, from 0."""

    side: Side
    number: int

    def __str__(self) -> str:
        return f"{self.side}:{self.number}"


def frame_name(text: str) -> FrameName:
    """The frame that `client:12` names. Raises `WsinspectError` for anything else."""
    match = _NAME.fullmatch(text)
    if match is None:
        raise WsinspectError(f"{text} names no frame", "say client:12 for the client's frame 12, the first is 0")
    return FrameName(Side(match[1]), int(match[2]))


def payload_of(timeline: Timeline, name: FrameName) -> bytes:
    """What the frame carries, unmasked; the whole message, inflated, if it is part of one that came to its end.

    Raises `WsinspectError` if there is no such frame.
    """
    frame: FrameEntry | None = None
    whole: bytes | None = None
    for entry in timeline.entries:
        if isinstance(entry, FrameEntry) and entry.side is name.side:
            if entry.header.number == name.number:
                frame = entry
            message = entry.message
            if message is not None and message.first_frame <= name.number <= message.last_frame:
                whole = message.data
    if frame is None:
        raise WsinspectError(f"there is no frame {name}", "frames are numbered by sender, from 0")
    # A control frame may stand between the fragments of a message.
    return frame.payload if whole is None or frame.header.opcode >= Opcode.CLOSE else whole


def is_printable(payload: bytes) -> bool:
    """Whether a terminal shows these bytes and does nothing else with them."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return False
    return all(line.isprintable() for line in text.replace("\t", " ").split("\n"))
