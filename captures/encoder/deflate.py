"""A small DEFLATE encoder (RFC 1951) whose output is the same with every zlib, and that can break RFC 7692 on purpose.

Real compressors hide what the captures need: the exact back-reference distance, blocks with BFINAL, a reference into
the message before. Only fixed Huffman codes, stored blocks, and one dynamic block for the bomb are written.
"""

from collections.abc import Iterator

TAIL = b"\x00\x00\xff\xff"
"""RFC 7692 §7.2.1: what the sender removes from the end of a message, and the receiver appends."""

LENGTH_BASE = (*range(3, 11), 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258)
LENGTH_EXTRA = (*[0] * 8, *[1] * 4, *[2] * 4, *[3] * 4, *[4] * 4, *[5] * 4, 0)
DISTANCE_EXTRA = (0, 0, *(code // 2 - 1 for code in range(2, 30)))
DISTANCE_BASE = tuple(1 + sum(1 << extra for extra in DISTANCE_EXTRA[:code]) for code in range(30))

MIN_MATCH, MAX_MATCH = 3, 258


class BitWriter:
    """Bits to bytes in the order of RFC 1951 §3.1.1: least significant bit first, Huffman codes the other way."""

    def __init__(self) -> None:
        self._done = bytearray()
        self._bits = 0
        self._count = 0

    def write(self, value: int, width: int) -> None:
        self._bits |= value << self._count
        self._count += width
        while self._count >= 8:
            self._done.append(self._bits & 0xFF)
            self._bits >>= 8
            self._count -= 8

    def code(self, value: int, width: int) -> None:
        self.write(int(f"{value:0{width}b}"[::-1], 2), width)

    def align(self) -> None:
        if self._count:
            self.write(0, 8 - self._count)

    def to_bytes(self) -> bytes:
        self.align()
        return bytes(self._done)


def _fixed(out: BitWriter, symbol: int) -> None:
    """A literal, length or end symbol in the fixed code of RFC 1951 §3.2.6."""
    if symbol < 144:
        out.code(0x30 + symbol, 8)
    elif symbol < 256:
        out.code(0x190 + symbol - 144, 9)
    elif symbol < 280:
        out.code(symbol - 256, 7)
    else:
        out.code(0xC0 + symbol - 280, 8)


def _reference(out: BitWriter, length: int, distance: int) -> None:
    code = max(index for index, base in enumerate(LENGTH_BASE) if base <= length)
    _fixed(out, 257 + code)
    out.write(length - LENGTH_BASE[code], LENGTH_EXTRA[code])
    code = max(index for index, base in enumerate(DISTANCE_BASE) if base <= distance)
    out.code(code, 5)
    out.write(distance - DISTANCE_BASE[code], DISTANCE_EXTRA[code])


class Deflater:
    """One direction's compressor: messages in, payloads without their tail out.

    `window_bits` bounds how far references reach; `takeover` keeps the window from message to message.
    """

    def __init__(self, window_bits: int = 15, *, takeover: bool = True) -> None:
        self._reach = 1 << window_bits
        self._takeover = takeover
        self._history = b""

    def _steps(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Greedy matches as (length, distance), and (0, byte) for literals."""
        buffer = self._history + data
        latest: dict[bytes, int] = {}
        for position in range(len(self._history) - MIN_MATCH + 1):
            latest[buffer[position : position + MIN_MATCH]] = position
        position = len(self._history)
        while position < len(buffer):
            found = latest.get(buffer[position : position + MIN_MATCH])
            length = 0
            if found is not None and position - found <= self._reach:
                limit = min(MAX_MATCH, len(buffer) - position)
                while length < limit and buffer[found + length] == buffer[position + length]:
                    length += 1
            if length >= MIN_MATCH and found is not None:
                yield length, position - found
            else:
                length = 1
                yield 0, buffer[position]
            for passed in range(position, position + length):
                latest[buffer[passed : passed + MIN_MATCH]] = passed
            position += length

    def compress(self, data: bytes, *, final: bool = False) -> bytes:
        """One message, ended by an empty stored block less its tail, or if `final` by BFINAL = 1 (RFC 7692 §7.2.3.4).

        An empty message is the empty block alone (§7.2.3.6).
        """
        if not data and not final:
            return b"\x00"
        out = BitWriter()
        out.write(int(final), 1)
        out.write(1, 2)
        for length, value in self._steps(data):
            if length:
                _reference(out, length, value)
            else:
                _fixed(out, value)
        _fixed(out, 256)
        if final:
            self._history = b""
            return out.to_bytes()
        self._history = (self._history + data)[-32768:] if self._takeover else b""
        out.write(0, 3)
        return out.to_bytes()


def literals_and_reference(literals: bytes, length: int, distance: int) -> bytes:
    """A message that ends in one reference of exactly this distance."""
    out = BitWriter()
    out.write(0b010, 3)
    for byte in literals:
        _fixed(out, byte)
    _reference(out, length, distance)
    _fixed(out, 256)
    out.write(0, 3)
    return out.to_bytes()


def stored(data: bytes) -> bytes:
    """A message of one stored block, not compressed at all (RFC 7692 §7.2.3.3)."""
    size = len(data).to_bytes(2, "little")
    inverse = (len(data) ^ 0xFFFF).to_bytes(2, "little")
    return b"\x00" + size + inverse + data + b"\x00"


def bomb(runs: int) -> bytes:
    """1 + 258 * runs zero bytes at two bits a run: a dynamic block whose code for length 258 is one bit long."""
    out = BitWriter()
    out.write(0b100, 3)
    out.write(286 - 257, 5)
    out.write(1 - 1, 5)
    order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1)
    code_lengths = {18: 1, 1: 2, 2: 2}
    out.write(len(order) - 4, 4)
    for symbol in order:
        out.write(code_lengths.get(symbol, 0), 3)
    # Codes of the code lengths: 18 → 0, 1 → 10, 2 → 11. Literal 0 and the end get two bits, length 258 one.
    length_of_two, length_of_one = (0b11, 2), (0b10, 2)
    for code, zeros in ((length_of_two, 138), (None, 117), (length_of_two, 28), (length_of_one, 0), (length_of_one, 0)):
        if code:
            out.code(*code)
        if zeros:
            out.code(0, 1)
            out.write(zeros - 11, 7)
    # The literal/length code: 285 → 0, literal 0 → 10, end → 11. The one distance code is 0.
    out.code(0b10, 2)
    for _ in range(runs):
        out.code(0, 1)
        out.code(0, 1)
    out.code(0b11, 2)
    out.write(0, 3)
    return out.to_bytes()
