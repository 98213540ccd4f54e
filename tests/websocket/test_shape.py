"""How plausible a frame is: what refutes it, what speaks for it, what says nothing."""

import pytest

from captures.encoder.frames import close_payload, encode
from wsinspect.websocket.shape import MANY_FRAMES, Chain, Shape

KEY = bytes.fromhex("a1b2c3d4")
OTHER_KEY = bytes.fromhex("0badcafe")
UNKNOWN = Shape(masked=None, compressed=True, known=False)


def evidence(data: bytes, shape: Shape = UNKNOWN, ends: set[int] | None = None) -> int | None:
    """Bits for frames from the first byte on; None if they are refuted."""
    chain = Chain(0, 0)
    return chain.evidence if shape.follow(chain, bytearray(data), 0, ends or set()) else None


@pytest.mark.parametrize(
    "data",
    [
        b"\x83\x01x",
        b"\xa1\x01x",
        b"\xc9\x00",
        b"\x09\x00",
        b"\x89\x7e\x00\x80",
        b"\x81\x7e\x00\x05hello",
        b"\x82\x7f" + (1 << 40).to_bytes(8, "big"),
        encode(8, close_payload(1005)),
        encode(8, b"\x03"),
        encode(1, b"\xff\xfe\xfd\xfc\xfb"),
        b"\x00\x00",
        encode(1, b"one") + encode(0, b"two"),
        encode(1, b"one", fin=False) + encode(1, b"two"),
        encode(1, b"ours", mask=KEY) + encode(1, b"theirs"),
    ],
    ids=[
        "reserved opcode", "RSV2", "RSV1 on a ping", "fragmented ping", "long ping", "length not minimal", "too large",
        "code never sent", "close of one byte", "text that is no UTF-8", "empty middle fragment",
        "continuation of nothing", "message inside a message", "masked, then not",
    ],
)  # fmt: skip
def test_refuted(data: bytes) -> None:
    assert evidence(data) is None


def test_rsv1_only_where_messages_may_be_compressed() -> None:
    compressed = encode(1, b"\xaa\x00", rsv=4)
    assert evidence(compressed) is not None
    assert evidence(compressed, Shape(masked=None, compressed=False, known=True)) is None


def test_readable_text_says_more_than_binary() -> None:
    text, binary = evidence(encode(1, b"readable")), evidence(encode(2, b"readable"))
    assert text is not None
    assert binary is not None
    assert text > binary > 0


def test_a_frame_that_ends_with_its_segment_says_more() -> None:
    first = encode(2, b"12345")
    both = first + encode(2, b"6789")
    landing, not_landing = evidence(both, ends={len(first)}), evidence(both)
    assert landing is not None
    assert not_landing is not None
    assert landing > not_landing


@pytest.mark.parametrize("frame", [b"\x89\x00", encode(2, b"same", mask=KEY)], ids=["ping", "binary"])
def test_the_same_frame_again_says_nothing(frame: bytes) -> None:
    assert evidence(frame) == evidence(frame * MANY_FRAMES)


def test_an_endless_row_that_proves_nothing_is_given_up() -> None:
    assert evidence(b"\x89\x00" * (MANY_FRAMES + 1)) is None


def test_nothing_is_expected_behind_a_close() -> None:
    close = encode(8, close_payload(1000), mask=KEY)
    assert evidence(close) == evidence(close + encode(2, b"more", mask=OTHER_KEY))


def test_subscriptions_of_mqtt_look_like_binary_frames_but_are_none() -> None:
    topics = b"".join(len(topic).to_bytes(2, "big") + topic + b"\x01" for topic in (b"a/b", b"sensors/#"))
    for properties in (b"", b"\x00"):
        rest = b"\x00\x07" + properties + topics
        assert evidence(bytes((0x82, len(rest))) + rest) is None
