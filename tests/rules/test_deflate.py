"""What is said of compressed messages that cannot be read as agreed."""

from frame_facts import half

from wsinspect.rules import deflate as rules
from wsinspect.websocket.message_facts import ContextUse, InflateError, InflateLimit, WindowExceeded
from wsinspect.websocket.side import Side


def test_inflate_error() -> None:
    finding = rules.inflate_error.check(InflateError("invalid block type", 4, 9, 0), half())
    assert finding is not None
    assert finding.detail == "compressed message does not inflate: invalid block type, in frame 4, packet 9"


def test_context_takeover_used() -> None:
    finding = rules.context_takeover_used.check(ContextUse(4, 9, 0), half(Side.CLIENT))
    assert finding is not None
    assert finding.detail.endswith("though client_no_context_takeover was agreed")


def test_window_exceeded() -> None:
    finding = rules.deflate_window_exceeded.check(WindowExceeded(2000, 10, 4, 9, 0), half())
    assert finding is not None
    assert finding.detail == (
        "back-reference of 2000 bytes in the message that ends in frame 4, packet 9; "
        "server_max_window_bits=10 allows 1024"
    )


def test_bomb() -> None:
    finding = rules.deflate_bomb.check(InflateLimit(1 << 26, 70_000, 4, 9, 0), half())
    assert finding is not None
    assert finding.detail == "70000 bytes on the wire inflate to more than 67108864"
