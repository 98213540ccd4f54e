"""The largest back-reference of DEFLATE data, read from its codes (RFC 1951).

zlib inflates any distance that its 32 KiB of history can serve, so it cannot tell whether a sender kept to a smaller
agreed window. This walks the codes without producing output. It is slow (plain Python, about a microsecond a symbol)
and therefore only asked when less than the full window was agreed.
"""

from typing import Final

_LENGTH_BASE: Final = (
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
)  # fmt: skip
_LENGTH_EXTRA: Final = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0)
_DISTANCE_BASE: Final = (
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
)  # fmt: skip
_DISTANCE_EXTRA: Final = tuple(max(0, code // 2 - 1) for code in range(30))
_CODE_LENGTH_ORDER: Final = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_END_OF_BLOCK: Final = 256

_Table = dict[int, int]
"""Huffman codes: the code with a leading 1 bit, so that its length shows, to its symbol."""


class _EndOfData(Exception):
    """The data ends, or is no DEFLATE: what was read so far counts."""


class _Bits:
    """Bits from the least significant one on (RFC 1951 §3.1.1)."""

    __slots__ = ("_count", "_data", "_next", "_value")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._next = 0
        self._value = 0
        self._count = 0

    def take(self, count: int) -> int:
        while self._count < count:
            if self._next >= len(self._data):
                raise _EndOfData
            self._value |= self._data[self._next] << self._count
            self._next += 1
            self._count += 8
        bits = self._value & ((1 << count) - 1)
        self._value >>= count
        self._count -= count
        return bits

    def symbol(self, table: _Table) -> int:
        """One Huffman code; its bits come most significant first."""
        code = 1
        for _ in range(15):
            code = code << 1 | self.take(1)
            symbol = table.get(code)
            if symbol is not None:
                return symbol
        raise _EndOfData

    def skip_stored(self) -> None:
        """A stored block: its bytes refer to nothing."""
        self._value = self._count = 0
        length = self.take(16)
        self.take(16)
        self._next += length
        if self._next > len(self._data):
            raise _EndOfData


def largest_distance(data: bytes) -> int:
    """The largest distance used in `data`, one message's DEFLATE blocks; 0 if it refers back to nothing."""
    bits = _Bits(data)
    largest = 0
    try:
        while True:
            bits.take(1)  # BFINAL: here the data goes on behind such a block all the same
            kind = bits.take(2)
            if kind == 0:
                bits.skip_stored()
            elif kind == 3:
                break
            else:
                literals, distances = _FIXED if kind == 1 else _read_tables(bits)
                for distance in _distances(bits, literals, distances):
                    largest = max(largest, distance)
    except _EndOfData:
        pass
    return largest


def _distances(bits: _Bits, literals: _Table, distances: _Table) -> "list[int]":
    found = []
    try:
        while (symbol := bits.symbol(literals)) != _END_OF_BLOCK:
            if symbol > _END_OF_BLOCK:
                if symbol > 285:
                    break
                bits.take(_LENGTH_EXTRA[symbol - 257])
                code = bits.symbol(distances)
                if code > 29:
                    break
                found.append(_DISTANCE_BASE[code] + bits.take(_DISTANCE_EXTRA[code]))
    except _EndOfData:
        found.append(0)
    return found


def _read_tables(bits: _Bits) -> tuple[_Table, _Table]:
    """The code tables at the start of a dynamic block (RFC 1951 §3.2.7)."""
    literal_count = bits.take(5) + 257
    distance_count = bits.take(5) + 1
    code_lengths = [0] * 19
    for position in range(bits.take(4) + 4):
        code_lengths[_CODE_LENGTH_ORDER[position]] = bits.take(3)
    table = _table(code_lengths)
    lengths: list[int] = []
    while len(lengths) < literal_count + distance_count:
        symbol = bits.symbol(table)
        if symbol < 16:
            lengths.append(symbol)
        elif symbol == 16:
            if not lengths:
                raise _EndOfData
            lengths += lengths[-1:] * (bits.take(2) + 3)
        else:
            lengths += [0] * (bits.take(3) + 3 if symbol == 17 else bits.take(7) + 11)
    return _table(lengths[:literal_count]), _table(lengths[literal_count:])


def _table(lengths: list[int]) -> _Table:
    """Canonical Huffman codes from their lengths (RFC 1951 §3.2.2)."""
    table: _Table = {}
    code = 0
    for length in range(1, 16):
        for symbol, its_length in enumerate(lengths):
            if its_length == length:
                table[1 << length | code] = symbol
                code += 1
        code <<= 1
    return table


_FIXED: Final = (_table([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8), _table([5] * 30))
