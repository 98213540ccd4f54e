"""Whether bytes that begin with a frame, if they are a WebSocket's at all, consist of frames and nothing else."""

from typing import Final

from wsinspect.websocket.closecodes import describe
from wsinspect.websocket.frames import unmask

_FIRST: Final = frozenset({0x01, 0x02, 0x41, 0x42, 0x81, 0x82, 0xC1, 0xC2, 0x88, 0x89, 0x8A})
"""What a first byte can be: text or binary, whole or not, compressed or not; a whole Close, Ping or Pong."""
_LATER: Final = _FIRST | {0x00, 0x80}
"""The same within a message."""


def whole_frames(data: bytes | bytearray, masked: bool) -> int:
    """How many frames `data` consists of; 0 while the last one is incomplete, -1 if it holds something else."""
    at = frames = 0
    while at < len(data):
        if data[at] not in (_LATER if frames else _FIRST):
            return -1
        if at + 2 > len(data):
            return 0
        if bool(data[at + 1] & 0x80) is not masked:
            return -1
        length, head = data[at + 1] & 0x7F, 2
        if length > 125:
            size = 2 if length == 126 else 8
            if data[at] & 0x08:
                return -1
            if at + 2 + size > len(data):
                return 0
            length, head = int.from_bytes(data[at + 2 : at + 2 + size], "big"), 2 + size
            if length < (126 if size == 2 else 65536):
                return -1
        at += head + (4 if masked else 0) + length
        frames += 1
    return frames if at == len(data) else 0


def begins_with_close(data: bytes | bytearray) -> bool:
    """Whether `data` is a Close and not a byte besides, or begins with one whose code can be one.

    No other protocol says that but by chance. How legal the Close is matters little: RSV1 and any mask will do.
    """
    if len(data) < 2 or data[0] not in (0x88, 0xC8) or data[1] & 0x7F > 125:
        return False
    start = 6 if data[1] & 0x80 else 2
    end = start + (data[1] & 0x7F)
    if len(data) <= end:
        return len(data) == end
    payload = bytes(data[start:end])
    if start == 6:
        payload = unmask(payload, bytes(data[2:6]))
    return len(payload) >= 2 and describe(int.from_bytes(payload[:2], "big")).allowed_on_wire
