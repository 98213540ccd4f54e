"""wsinspect/transport/pieces.py: waiting bytes that know their packets."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transport.segments import chunks_of
from wsinspect.transport.pieces import Pieces
from wsinspect.transport.reassembly import Chunk

DATA = bytes(range(200))


def filled(cuts: list[int]) -> tuple[Pieces, list[Chunk]]:
    pieces = Pieces()
    chunks = chunks_of(DATA, cuts)
    for chunk in chunks:
        pieces.append(chunk)
    return pieces, chunks


def test_nothing_waits() -> None:
    pieces = Pieces()
    assert not pieces
    assert pieces.first_packet is None
    assert pieces.drain() == []


@given(st.lists(st.integers(1, 199), max_size=10), st.lists(st.integers(1, 60), max_size=20))
@settings(max_examples=200, deadline=None)
def test_bytes_leave_in_order_with_the_packets_they_came_in(cuts: list[int], steps: list[int]) -> None:
    pieces, chunks = filled(cuts)
    packet_of = [chunk.packet for chunk in chunks for _ in chunk.data]
    place = 0
    for step in itertools.takewhile(lambda step: step <= len(pieces), steps):
        assert pieces.first_packet == packet_of[place]
        first, last = pieces.take(step)
        assert (first.packet, last.packet) == (packet_of[place], packet_of[place + step - 1])
        place += step
        assert bytes(pieces.data) == DATA[place:]
    rest = pieces.drain()
    assert all(isinstance(piece, Chunk) and piece.data == DATA[piece.offset :][: len(piece.data)] for piece in rest)
    assert b"".join(piece.data for piece in rest if isinstance(piece, Chunk)) == DATA[place:]
    assert [piece.packet for piece in rest] == sorted(set(packet_of[place:]))
    assert not pieces and pieces.first_packet is None


def test_it_can_be_used_again_after_draining_a_part() -> None:
    pieces, chunks = filled([50])
    pieces.take(60)
    pieces.drain()
    pieces.append(chunks[1])
    assert pieces.drain() == [chunks[1]]
