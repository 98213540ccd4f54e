"""wsinspect/capture/compression.py: gzip streams, whole, joined, cut and damaged."""

import gzip
import random
import tracemalloc

import pytest
from written_by_hand import byte_by_byte

from wsinspect.capture.compression import MAX_PIECE, GzipDecoder

PLAIN = random.Random(1).randbytes(3000) + bytes(3000)
PACKED = gzip.compress(PLAIN, mtime=0)
CUT_OFF = "the gzip data is cut off"


def decode(pieces: list[bytes]) -> tuple[bytes, list[str]]:
    decoder = GzipDecoder()
    plain = b"".join(part for piece in pieces for part in decoder.feed(piece))
    return plain + b"".join(decoder.finish()), decoder.problems


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (PACKED, PLAIN),
        (PACKED + PACKED, PLAIN * 2),
        (PACKED + bytes(512), PLAIN),
        (PACKED + bytes(3) + PACKED, PLAIN * 2),
        (b"", b""),
    ],
    ids=["one", "two members", "padding", "padding between", "nothing"],
)
def test_sound_streams(packed: bytes, plain: bytes) -> None:
    assert decode([packed]) == (plain, [])
    assert decode(byte_by_byte(packed)) == (plain, [])


def test_bytes_after_the_end_are_reported() -> None:
    problem = "bytes after the end of the gzip data are not read"
    assert decode([PACKED + b"tail"]) == (PLAIN, [problem])
    assert decode(byte_by_byte(PACKED + b"tail")) == (PLAIN, [problem])


def test_a_cut_stream_gives_what_it_has() -> None:
    for length in range(1, len(PACKED), 7):
        plain, problems = decode([PACKED[:length]])
        assert PLAIN.startswith(plain)
        assert problems == [CUT_OFF]
    assert len(decode([PACKED[:-9]])[0]) > 2900


def test_a_wrong_checksum_loses_nothing() -> None:
    damaged = PACKED[:-8] + bytes(8)
    assert decode([damaged]) == (PLAIN, ["the gzip data is damaged: incorrect data check"])


def test_damage_inside_gives_the_bytes_before_it() -> None:
    text = "".join(f"line {number}\n" for number in range(100_000)).encode()
    packed = bytearray(gzip.compress(text, mtime=0))
    middle = len(packed) // 2
    packed[middle : middle + 40] = b"\xff" * 40
    plain, problems = decode([bytes(packed)])
    # What follows the common part is what the damaged code still seemed to say.
    third = len(text) // 3
    assert plain[:third] == text[:third]
    assert problems[0].startswith("the gzip data is damaged: ")
    assert decode(byte_by_byte(bytes(packed))) == (plain, problems)


def test_a_bomb_comes_in_pieces() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    decoder = GzipDecoder()
    tracemalloc.start()
    total = 0
    for piece in decoder.feed(bomb):
        assert len(piece) <= MAX_PIECE
        total += len(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 64 * 1024 * 1024
    assert peak < 1024 * 1024


def test_a_flipped_bit_never_raises() -> None:
    small = gzip.compress(b"some text, some more text, some text", mtime=0)
    for bit in range(len(small) * 8):
        data = bytearray(small)
        data[bit // 8] ^= 1 << bit % 8
        decode([bytes(data)])
