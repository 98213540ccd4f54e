"""wsinspect/http2/resync.py: frames found again, and not in what is none."""

import random

from captures.encoder.http2 import DATA, PING, WINDOW_UPDATE, frame
from wsinspect.http2.resync import MAX_HELD, Resynchroniser, chain_of_frames, is_plausible
from wsinspect.transport.reassembly import Chunk


def test_what_a_header_can_be() -> None:
    assert is_plausible(frame(DATA, 0, 1, b"x"), 0)
    assert not is_plausible(frame(DATA, 0, 0, b"x"), 0)  # DATA belongs to a stream
    assert not is_plausible(frame(PING, 0, 1, bytes(8)), 0)  # and PING to none
    assert not is_plausible(frame(PING, 0, 0, bytes(7)), 0)
    assert not is_plausible(frame(0x2A, 0, 1, b""), 0)
    assert not is_plausible(frame(DATA, 0x40, 1, b""), 0)


def test_chains() -> None:
    two = frame(WINDOW_UPDATE, 0, 0, bytes(4)) + frame(DATA, 0, 5, b"hello")
    assert chain_of_frames(two, 0) == 3  # the end is one, too
    assert chain_of_frames(two[:-1], 0) == 2
    assert chain_of_frames(two + b"\xff" * 9, 0) == -1


def test_found_in_the_middle_of_a_segment() -> None:
    seeker = Resynchroniser()
    lost = b"the rest of something" + frame(DATA, 0, 1, b"one") + frame(DATA, 0, 1, b"two")
    found = seeker.feed(Chunk(0, 100, lost, 7, 7))
    assert found == [Chunk(0, 121, lost[21:], 7, 7)]


def test_found_over_segments() -> None:
    seeker = Resynchroniser()
    whole = b"rest" + frame(DATA, 0, 1, b"one") + frame(DATA, 0, 1, b"two") + frame(DATA, 0, 1, b"three")
    assert seeker.feed(Chunk(0, 0, whole[:10], 1, 1)) is None
    found = seeker.feed(Chunk(0, 10, whole[10:], 2, 2))
    assert found is not None
    assert b"".join(piece.data for piece in found) == whole[4:]
    assert [(piece.offset, piece.packet) for piece in found] == [(4, 1), (10, 2)]


def test_nothing_is_found_in_noise_and_memory_stays() -> None:
    noise = random.Random(8441)
    seeker = Resynchroniser()
    for packet in range(200):
        assert seeker.feed(Chunk(0, packet * 1400, noise.randbytes(1400), packet, packet)) is None
    assert len(seeker._pieces) <= MAX_HELD + 1400
