"""wsinspect/websocket/half.py and side.py: what one side has said so far."""

import pytest

from captures.encoder.frames import encode
from tests.transport.segments import chunk
from wsinspect.websocket.frames import FramePiece
from wsinspect.websocket.half import MAX_CONTROL_PAYLOAD, Half, is_data
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.pings import MAX_OUTSTANDING_PINGS, Ping
from wsinspect.websocket.side import Side


def half() -> Half:
    return Half(Side.CLIENT, Handshake(None, None), True, keep_payload=False)


def pieces(sender: Half, *parts: bytes) -> list[FramePiece]:
    offset = 0
    events = []
    for number, part in enumerate(parts, 1):
        events += sender.decoder.feed(chunk(part, offset, packet=number))
        offset += len(part)
    assert all(isinstance(event, FramePiece) for event in events)
    return [event for event in events if isinstance(event, FramePiece)]


def payload_of(sender: Half, *parts: bytes) -> bytes | None:
    payload = None
    for piece in pieces(sender, *parts):
        payload = sender.add_control(piece)
    return payload


def test_sides() -> None:
    assert Side.CLIENT.peer is Side.SERVER and Side.SERVER.peer is Side.CLIENT
    assert (str(Side.CLIENT), str(Side.SERVER)) == ("client", "server")


@pytest.mark.parametrize("opcode", range(16))
def test_data_frames(opcode: int) -> None:
    assert is_data(opcode) is (opcode in (0, 1, 2))


@pytest.mark.parametrize("cuts", [[], [1], [3], [2, 4], [1, 2, 3, 4, 5, 6]])
def test_a_control_payload_is_collected(cuts: list[int]) -> None:
    data = encode(9, b"hello", mask=b"abcd")
    places = [0, *cuts, len(data)]
    parts = [data[start:end] for start, end in zip(places, places[1:], strict=False)]  # noqa: RUF007
    assert payload_of(half(), *parts) == b"hello"


def test_a_control_payload_beyond_all_rules_is_kept_in_part() -> None:
    data = encode(9, b"x" * 9000)
    assert (
        payload_of(half(), data)
        == payload_of(half(), data[:50], data[50:5000], data[5000:])
        == b"x" * MAX_CONTROL_PAYLOAD
    )


def test_an_unfinished_control_payload_is_none_yet() -> None:
    assert payload_of(half(), encode(9, b"hello")[:-1]) is None


@pytest.mark.parametrize(
    ("body", "code", "reason", "utf8"),
    [
        (b"", None, "", True),
        (b"\x03", None, "", True),
        (b"\x03\xe8", 1000, "", True),
        (b"\x03\xe9caf\xc3\xa9", 1001, "café", True),
        (b"\xff\xffa\xff", 65535, "a\ufffd", False),
    ],
)
def test_closes(body: bytes, code: int | None, reason: str, utf8: bool) -> None:
    sender = half()
    (piece,) = pieces(sender, encode(8, body))
    close = sender.add_close(piece.header, body, piece)
    assert (close.code, close.reason, close.body, close.reason_is_utf8) == (code, reason, body, utf8)
    assert close.end_offset == 2 + len(body)
    assert close.well_framed and sender.close is close


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (encode(8, b"", fin=False), 2),
        (encode(8, b"", rsv=1), 2),
        (encode(8, b"\x03\xe8", length_form=16), 6),
        (encode(8, b"\x03\xe8", length_form=64, mask=b"abcd"), 16),
        (encode(8, b"\x03\xe8" + b"x" * 124), 130),
    ],
)
def test_closes_in_a_broken_frame(data: bytes, end: int) -> None:
    sender = half()
    (piece,) = pieces(sender, data)
    close = sender.add_close(piece.header, piece.data, piece)
    assert not close.well_framed
    assert close.end_offset == end


def test_the_first_close_counts() -> None:
    sender = half()
    first, second = pieces(sender, encode(8, b"\x03\xe8") + encode(8, b"\x03\xe9"))
    close = sender.add_close(first.header, first.data, first)
    assert sender.add_close(second.header, second.data, second).code == 1001
    assert sender.close is close


def pinged(*payloads: bytes) -> Half:
    sender = half()
    for piece in pieces(sender, b"".join(encode(9, payload) for payload in payloads)):
        sender.add_ping(piece.header, piece.data, 0)
    return sender


@pytest.mark.parametrize(
    ("pings", "pong", "answered", "left"),
    [
        ([b"a", b"b", b"c"], b"a", b"a", [b"b", b"c"]),
        ([b"a", b"b", b"c"], b"b", b"b", [b"c"]),
        ([b"a", b"b", b"c"], b"c", b"c", []),
        ([b"a", b"b"], b"x", None, [b"a", b"b"]),
        ([b"", b"", b"a"], b"", b"", [b"a"]),
        ([], b"", None, []),
    ],
)
def test_a_pong_answers_a_ping_and_all_before_it(
    pings: list[bytes], pong: bytes, answered: bytes | None, left: list[bytes]
) -> None:
    """RFC 6455 §5.5.3: an endpoint may elect to send a Pong for only the most recently processed Ping."""
    sender = pinged(*pings)
    assert sender.pings.awaits(pong) is (answered is not None)
    answer = sender.pings.answer(pong, 9, 0)
    assert answer is not None
    assert (answer.ping.payload if answer.ping else None) == answered
    assert [waiting.payload for waiting in sender.pings.outstanding] == left


def test_pings_are_remembered_up_to_a_limit() -> None:
    sender = pinged(*(number.to_bytes(2, "big") for number in range(MAX_OUTSTANDING_PINGS + 10)))
    assert len(sender.pings.outstanding) == MAX_OUTSTANDING_PINGS
    assert not sender.pings.awaits(b"\x00\x00")


def test_a_ping_that_is_delivered_after_its_pong_is_answered() -> None:
    """Behind a hole in the capture one direction is delivered late."""
    sender = pinged(b"a")
    assert sender.pings.answer(b"b", 9, 0).ping is None  # type: ignore[union-attr]
    sender.pings.add(Ping(5, b"b", 8, 0, 0, 0))
    sender.pings.add(Ping(6, b"b", 10, 0, 0, 0))
    assert sender.pings.answered == 1
    assert [ping.packet for ping in sender.pings.outstanding] == [10]
