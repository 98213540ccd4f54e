"""wsinspect/websocket/distances.py: the largest back-reference, against a walker that is slow and simple."""

import itertools
import random
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder.deflate import Deflater, bomb, literals_and_reference, stored
from wsinspect.websocket.distances import largest_distance

LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227]
ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]


class Walker:
    """Inflates as RFC 1951 tells it, one bit at a time, and remembers the largest distance."""

    def __init__(self, data: bytes) -> None:
        self.bits = [byte >> place & 1 for byte in data for place in range(8)]
        self.place = 0
        self.largest = 0

    def number(self, width: int) -> int:
        bits = self.bits[self.place : self.place + width]
        if len(bits) < width:
            raise EOFError
        self.place += width
        return sum(bit << place for place, bit in enumerate(bits))

    def symbol(self, codes: dict[str, int]) -> int:
        code = ""
        while code not in codes:
            code += str(self.number(1))
            if len(code) > 15:
                raise EOFError
        return codes[code]

    def walk(self) -> int:
        try:
            while True:
                self.block()
        except EOFError:
            return self.largest

    def block(self) -> None:
        final = self.number(1)
        kind = self.number(2)
        if kind == 0:
            self.place += -self.place % 8
            length = self.number(16)
            self.number(16)
            self.number(8 * length)
        elif kind == 1:
            self.codes(huffman([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8), huffman([5] * 30))
        elif kind == 2:
            literals, distances = self.number(5) + 257, self.number(5) + 1
            widths = [0] * 19
            for place in ORDER[: self.number(4) + 4]:
                widths[place] = self.number(3)
            lengths: list[int] = []
            while len(lengths) < literals + distances:
                symbol = self.symbol(huffman(widths))
                repeats = {16: (2, 3), 17: (3, 3), 18: (7, 11)}.get(symbol)
                value = lengths[-1] if symbol == 16 else 0 if repeats else symbol
                lengths += [value] * (self.number(repeats[0]) + repeats[1] if repeats else 1)
            self.codes(huffman(lengths[:literals]), huffman(lengths[literals:]))
        else:
            raise EOFError
        if final:
            self.place += -self.place % 8

    def codes(self, literals: dict[str, int], distances: dict[str, int]) -> None:
        while (symbol := self.symbol(literals)) != 256:
            if symbol < 256:
                continue
            extra = 0 if symbol in (*range(257, 265), 285) else (symbol - 261) // 4
            self.number(extra)
            code = self.symbol(distances)
            extra = max(0, code // 2 - 1)
            base = 1 + sum(1 << max(0, smaller // 2 - 1) for smaller in range(code))
            self.largest = max(self.largest, base + self.number(extra))


def huffman(lengths: list[int]) -> dict[str, int]:
    codes = {}
    code = 0
    for width in range(1, 16):
        for symbol, length in enumerate(lengths):
            if length == width:
                codes[f"{code:0{width}b}"] = symbol
                code += 1
        code <<= 1
    return codes


def deflated(data: bytes, level: int, strategy: int, window: int, end: int) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, -window, 8, strategy)
    return compressor.compress(data) + compressor.flush(end)


def texts(count: int) -> list[bytes]:
    chance = random.Random(5)
    words = [chance.randbytes(chance.randrange(3, 9)) for _ in range(40)]
    return [b" ".join(chance.choices(words, k=chance.randrange(5, 400))) for _ in range(count)]


@pytest.mark.parametrize(
    ("level", "strategy"),
    [(9, zlib.Z_DEFAULT_STRATEGY), (1, zlib.Z_DEFAULT_STRATEGY), (0, 0), (6, zlib.Z_FIXED), (6, zlib.Z_HUFFMAN_ONLY)],
)
@pytest.mark.parametrize("window", [9, 12, 15])
def test_what_zlib_writes(level: int, strategy: int, window: int) -> None:
    for data in texts(4):
        for end in (zlib.Z_FINISH, zlib.Z_SYNC_FLUSH):
            packed = deflated(data, level, strategy, window, end)
            distance = largest_distance(packed)
            assert distance == Walker(packed).walk() <= 1 << window
    assert (distance > 0) is (level > 0 and strategy != zlib.Z_HUFFMAN_ONLY)


@pytest.mark.parametrize("distance", [1, 2, 4, 5, 255, 256, 257, 511, 512, 513, 1024, 4097, 24577, 32767, 32768])
def test_one_reference(distance: int) -> None:
    literals = bytes(place % 200 for place in range(distance))
    assert largest_distance(literals_and_reference(literals, 3, distance)) == distance
    assert largest_distance(literals_and_reference(literals, 258, distance)) == distance


def test_nothing_to_refer_to() -> None:
    assert largest_distance(b"") == 0
    assert largest_distance(b"\x00") == 0
    assert largest_distance(stored(bytes(range(256)) * 20)) == 0


def test_behind_a_block_with_bfinal_it_goes_on() -> None:
    deflater = Deflater()
    packed = deflater.compress(b"abcdef" * 2, final=True) + literals_and_reference(bytes(200), 4, 150)
    assert largest_distance(packed) == 150


def test_a_reference_into_earlier_messages_counts() -> None:
    deflater = Deflater()
    deflater.compress(b"a rather long text" + bytes(range(200)))
    packed = deflater.compress(b"a rather long text")
    assert largest_distance(packed) == 218


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes) -> None:
    """Broken data is measured up to where it breaks; nobody minds which of the last codes still counted."""
    assert largest_distance(data) <= 32768


@given(st.integers(0, 3), st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_truncated(which: int, size: int) -> None:
    packed = deflated(texts(4)[which], 9, zlib.Z_DEFAULT_STRATEGY, 15, zlib.Z_SYNC_FLUSH)[:size]
    assert largest_distance(packed) == Walker(packed).walk()


def test_a_bomb_is_walked_in_bounded_time() -> None:
    packed = bomb(200_000)
    begun = time.process_time()
    assert largest_distance(packed) == 1
    assert time.process_time() - begun < 5


def test_the_tables_are_those_of_the_rfc() -> None:
    """RFC 1951 §3.2.5: lengths 3 to 258, distances 1 to 32768, without a hole."""
    for length, distance in itertools.product((3, 10, 11, 12, 130, 131, 257, 258), (1, 3, 24577)):
        assert largest_distance(literals_and_reference(bytes(distance), length, distance)) == distance
