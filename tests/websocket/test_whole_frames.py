"""wsinspect/websocket/whole_frames.py, against frames as the captures' encoder writes them."""

import pytest

from captures.encoder import frames
from wsinspect.websocket.whole_frames import begins_with_close, whole_frames

KEY = b"\x01\x02\x03\x04"
HELLO = frames.encode(frames.TEXT, b"hello", mask=None)
MASKED = frames.encode(frames.TEXT, b"hello", mask=KEY)
LONG = frames.encode(frames.BINARY, bytes(300), mask=None)
HUGE = frames.encode(frames.BINARY, bytes(70_000), mask=None)
CLOSE = frames.encode(frames.CLOSE, b"\x03\xe8", mask=None)


@pytest.mark.parametrize(
    ("data", "masked", "count"),
    [
        (b"", False, 0),
        (HELLO, False, 1),
        (HELLO, True, -1),
        (MASKED, True, 1),
        (MASKED, False, -1),
        (HELLO + LONG + HUGE + CLOSE, False, 4),
        (HELLO + CLOSE[:1], False, 0),
        (LONG[:3], False, 0),
        (HUGE[:-1], False, 0),
        (HELLO[:4], False, 0),
        (b"\x80\x00", False, -1),  # a continuation of nothing
        (frames.encode(frames.TEXT, b"a", mask=None, fin=False) + b"\x80\x01b", False, 2),
        (b"\x88\x7e\x00\x80" + bytes(128), False, -1),  # a Close of 128 bytes
        (b"\x81\x7e\x00\x05hello", False, -1),  # a length that is not minimal
        (b"\x00\x00\x00\x00\x05hello", False, -1),  # gRPC
        (b"\x16\x03\x01\x02\x00", False, -1),  # TLS
        (b'{"json": 1}', True, -1),
    ],
)
def test_whole_frames(data: bytes, masked: bool, count: int) -> None:
    assert whole_frames(data, masked) == count


@pytest.mark.parametrize(
    ("data", "close"),
    [
        (CLOSE, True),
        (CLOSE[:-1], False),
        (frames.encode(frames.CLOSE, b"\x0f\xa0bye", mask=KEY), True),
        (frames.encode(frames.CLOSE, b"\x00\x01", mask=KEY), True),
        (frames.encode(frames.CLOSE, b"", mask=None), True),
        (CLOSE + HELLO, True),
        (frames.encode(frames.CLOSE, b"\x00\x01", mask=KEY) + HELLO, False),
        (HELLO, False),
        (b"\x88\x7e\x00\x80" + bytes(128), False),
        (b"", False),
    ],
)
def test_begins_with_close(data: bytes, close: bool) -> None:
    assert begins_with_close(data) is close
