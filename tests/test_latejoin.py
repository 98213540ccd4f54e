"""Connections whose opening was not captured: who is the client, and when to stop looking."""

import random

import pytest

from captures.encoder.frames import close_payload, encode
from wsinspect.latejoin import MAX_TRIED, MAX_TRIED_SEGMENTS, LateJoin
from wsinspect.transport.reassembly import Chunk, Gap

KEY = bytes.fromhex("0badcafe")


def text(number: int, *, masked: bool) -> bytes:
    return encode(1, f'{{"number":{number},"event":"tick"}}'.encode(), mask=KEY if masked else None)


def chunks(direction: int, masked: bool) -> list[Chunk]:
    return [Chunk(direction, 100 * number, text(number, masked=masked), number, number) for number in range(1, 5)]


def test_masked_frames_come_from_the_client() -> None:
    join = LateJoin()
    joined = [found for chunk in chunks(1, masked=True) if (found := join.feed(chunk))]
    assert joined[0].client_direction == 1


def test_unmasked_frames_come_from_the_server() -> None:
    join = LateJoin()
    joined = [found for chunk in chunks(1, masked=False) if (found := join.feed(chunk))]
    assert joined[0].client_direction == 0


def test_what_the_other_side_has_said_meanwhile_is_handed_out_too() -> None:
    join = LateJoin()
    assert join.feed(Chunk(0, 0, text(0, masked=True), 0, 0)) is None
    joined = next(found for chunk in chunks(1, masked=False) if (found := join.feed(chunk)))
    assert {piece.direction for piece in joined.pieces} == {0, 1}
    assert [piece.packet for piece in joined.pieces] == sorted(piece.packet for piece in joined.pieces)


def test_the_end_of_the_stream_is_evidence_too() -> None:
    join = LateJoin()
    first, second, *_ = chunks(0, masked=True)
    assert join.feed(first) is None
    assert join.feed(second._replace(data=encode(8, close_payload(1000), mask=KEY))) is None
    assert join.finish() is not None


def test_it_gives_up() -> None:
    join = LateJoin()
    for number in range(MAX_TRIED_SEGMENTS + 1):
        assert not join.hopeless
        assert join.feed(Chunk(0, number * 10, b"\xff" * 10, number, number)) is None
    assert join.hopeless


def test_a_gap_breaks_a_chain() -> None:
    join = LateJoin()
    first, second, *_ = chunks(0, masked=True)
    join.feed(first)
    join.feed(Gap(0, 0, 10, 1, 1))
    join.feed(second)
    assert join.finish() is None


def test_both_directions_together_prove_what_neither_does_alone() -> None:
    broken = encode(1, b"rsv", mask=KEY, rsv=2)
    close = encode(8, close_payload(1002, "why"), mask=KEY)
    echo = encode(8, close_payload(1002))
    alone, join = LateJoin(), LateJoin()
    pieces = [Chunk(0, 0, broken, 1, 1), Chunk(0, len(broken), close, 2, 2)]
    for piece in pieces:
        assert alone.feed(piece) is None
        assert join.feed(piece) is None
    assert join.feed(Chunk(1, 0, echo, 3, 3)) is None
    assert alone.finish() is None
    joined = join.finish()
    assert joined is not None
    assert joined.client_direction == 0
    assert [piece.packet for piece in joined.pieces] == [2, 3]


def segments(data: bytes, size: int = 1400) -> list[Chunk]:
    return [Chunk(0, at, data[at : at + size], 1 + at // size, at) for at in range(0, len(data), size)]


def test_joined_inside_a_frame_larger_than_all_that_is_held() -> None:
    inside = b"\xfe" * (3 * MAX_TRIED)
    behind = b"".join(text(number, masked=True) for number in range(8))
    join, joined = LateJoin(), None
    for chunk in [*segments(inside, 1000), Chunk(0, len(inside), behind, 9999, 9999)]:
        joined = joined or join.feed(chunk)
    assert joined is not None
    assert joined.pieces[0].packet == 9999


def test_a_chain_reaches_over_frames_larger_than_all_that_is_held() -> None:
    first, second, third = (encode(2, bytes([fill]) * size) for fill, size in ((1, 200_000), (2, 180_000), (3, 90_000)))
    join, joined = LateJoin(), None
    for chunk in segments(b"\xfe" * 1400 + first + second + third):
        joined = joined or join.feed(chunk)
    assert joined is not None
    assert joined.client_direction == 1
    assert joined.pieces[0].offset == 1400 + len(first)


@pytest.mark.parametrize("content", [bytes(4096), random.Random(5).randbytes(4096)], ids=["zeros", "random"])
def test_joined_inside_a_message_of_many_long_fragments(content: bytes) -> None:
    fragment = encode(0, content, fin=False)
    join, joined = LateJoin(), None
    for chunk in segments(content[1000:] + fragment * 12):
        joined = joined or join.feed(chunk)
    assert joined is not None
    assert joined.client_direction == 1
    assert (joined.pieces[0].offset - len(content[1000:])) % len(fragment) == 0
