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

_MAX_CODE: Final = 15

_Table = tuple[list[int], int]
"""A Huffman code: for each value of the next bits, symbol << 4 | length of its code (0: no such code); and a mask."""


class _EndOfData(Exception):
    """The data ends, or is no DEFLATE: what was read so far counts."""


class _Bits:
    """Bits from the least significant one on (RFC 1951 §3.1.1)."""

    __slots__ = ("_data", "_end", "count", "next", "value")

    def __init__(self, data: bytes) -> None:
        self._data = data + bytes(8)  # so that the last codes can be looked up without asking for the end each time
        self._end = len(data) * 8
        self.next = 0  # byte to be read next
        self.value = 0
        self.count = 0

    @property
    def spent(self) -> bool:
        """Whether bits beyond the end were used."""
        return self.next * 8 - self.count > self._end

    def fill(self) -> None:
        """Have at least 48 bits at hand; zeros come behind the end."""
        if self.next > self._end // 8 + 8:
            raise _EndOfData
        self.value |= int.from_bytes(self._data[self.next : self.next + 6], "little") << self.count
        self.next += 6
        self.count += 48

    def take(self, count: int) -> int:
        if self.count < count:
            self.fill()
        bits = self.value & ((1 << count) - 1)
        self.value >>= count
        self.count -= count
        return bits

    def symbol(self, table: _Table) -> int:
        """One Huffman code."""
        if self.count < _MAX_CODE:
            self.fill()
        entry = table[0][self.value & table[1]]
        length = entry & 15
        if not length:
            raise _EndOfData
        self.value >>= length
        self.count -= length
        return entry >> 4

    def align(self) -> None:
        """Go on with the next byte."""
        self.take(self.count & 7)

    def skip_stored(self) -> None:
        """A stored block: its bytes refer to nothing."""
        self.next -= self.count // 8
        self.value = self.count = 0
        length = self.take(16)
        self.take(16)
        self.next += length - self.count // 8
        self.value = self.count = 0
        if self.spent:
            raise _EndOfData


def largest_distance(data: bytes) -> int:
    """The largest distance used in `data`, one message's DEFLATE blocks; 0 if it refers back to nothing."""
    bits = _Bits(data)
    largest = 0
    try:
        while not bits.spent:
            final = bits.take(1)
            kind = bits.take(2)
            if kind == 0:
                bits.skip_stored()
            elif kind == 3:
                break
            else:
                literals, distances = _FIXED if kind == 1 else _read_tables(bits)
                largest = max(largest, _largest_in_block(bits, literals, distances))
            if final:
                bits.align()  # a message may go on behind such a block, in the next byte (RFC 7692 §7.2.3.4)
    except _EndOfData:
        pass
    return largest


def _largest_in_block(bits: _Bits, literals: _Table, distances: _Table) -> int:
    """The largest distance in the codes of one block."""
    largest = 0
    table, mask = literals
    while not bits.spent:
        # One literal or length: `_Bits.symbol`, written out because most of the time is spent here.
        if bits.count < _MAX_CODE:
            bits.fill()
        entry = table[bits.value & mask]
        length = entry & 15
        bits.value >>= length
        bits.count -= length
        symbol = entry >> 4
        if symbol < _END_OF_BLOCK and length:
            continue
        if symbol == _END_OF_BLOCK or not length or symbol > 285:
            break
        bits.take(_LENGTH_EXTRA[symbol - 257])
        code = bits.symbol(distances)
        if code > 29:
            break
        distance = _DISTANCE_BASE[code] + bits.take(_DISTANCE_EXTRA[code])
        if distance > largest and not bits.spent:
            largest = distance
    return largest


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
    """Canonical Huffman codes from their lengths (RFC 1951 §3.2.2), spread over every value of the bits behind them."""
    longest = max(lengths, default=0) or 1
    size = 1 << longest
    table = [0] * size
    code = 0
    for length in range(1, longest + 1):
        for symbol, its_length in enumerate(lengths):
            if its_length == length and code < 1 << length:
                reverse = int(f"{code:0{length}b}"[::-1], 2)
                table[reverse :: 1 << length] = [symbol << 4 | length] * (size >> length)
                code += 1
        code <<= 1
    return table, size - 1


_FIXED: Final = (_table([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8), _table([5] * 30))
