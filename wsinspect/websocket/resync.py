"""Frame boundaries found again after bytes were lost, or found at all on a connection joined late.

In: the bytes of a direction whose boundaries are unknown. Out: the place from which they are known. A frame header is
two to fourteen bytes without a signature, so one proves little; what proves is a chain: headers that are plausible for
the direction, each where the one before says that its frame ends. Every property that chance would seldom produce adds
to a candidate's evidence, counted in bits; the place is taken once there are enough of them.
"""

from dataclasses import dataclass, field
from typing import Final

from wsinspect.transport.reassembly import Chunk
from wsinspect.websocket.closecodes import describe
from wsinspect.websocket.frames import Opcode, unmask

EVIDENCE_AT_SEGMENT: Final = 20
"""Bits that a place at the start of a segment needs, on a connection known to be a WebSocket."""
EVIDENCE_ANYWHERE: Final = 30
"""Bits that any other place needs, or one on a connection of which nothing else is known."""
MAX_BUFFER: Final = 256 * 1024
"""Bytes held while the place is sought; beyond, the oldest are given up."""
MAX_CANDIDATES: Final = 64
"""Segment starts followed at once; beyond, the oldest are given up."""
LARGEST_FRAME: Final = 64 * 1024 * 1024
"""A header that announces more is not believed."""
_SCAN_AFTER: Final = 8 * 1024
"""New bytes after which every offset is tried, not only segment starts."""

_HEADER_BITS: Final = 4  # one first byte in sixteen is plausible
_MASK_BIT: Final = 1
_LANDING_BITS: Final = 5  # a frame that ends exactly where a segment does, and another begins
_TEXT_BITS: Final = 8  # a payload that is UTF-8 and reads like text
_CODE_BITS: Final = 4  # a close code that may be sent
_LONG_FORM_BITS: Final = 12  # a 64-bit length has at least four leading zero bytes
_END_BITS: Final = 7  # the chain ends exactly where the stream does
_LAST_CLOSE_BITS: Final = 4  # and its last frame is a Close, as the last frame of a stream is
_SHORTEST_TEXT: Final = 4


@dataclass(frozen=True, slots=True)
class Resynced:
    """The boundaries are known again."""

    pieces: tuple[Chunk, ...]
    """The bytes from the first whole frame on."""
    masked: bool
    """Whether the frames are masked, and so whether a client sends them."""
    skipped: int
    """Bytes held before that and given up."""
    evidence: int
    """Bits of evidence for the place."""


@dataclass(slots=True)
class _Chain:
    """A place where a frame may begin, and the frames found from there on."""

    start: int
    next: int
    """Where the next header must be."""
    evidence: int = 0
    masked: bool | None = None
    open: bool | None = None
    """Whether a message is open; None until a data frame tells."""
    frames: int = 0
    last: int = -1
    """Opcode of the latest frame."""


@dataclass(slots=True)
class Resynchroniser:
    """Seeks the frame boundaries of one direction."""

    masked: bool | None
    """Whether its frames must be masked; None if the side is unknown."""
    compressed: bool = True
    """Whether RSV1 may be set on the first frame of a message."""
    known: bool = True
    """Whether the connection is known to be a WebSocket."""
    _pieces: list[Chunk] = field(default_factory=list)
    _data: bytearray = field(default_factory=bytearray)
    _chains: list[_Chain] = field(default_factory=list)
    _ends: set[int] = field(default_factory=set)
    _scanned: int = 0

    @property
    def held(self) -> tuple[Chunk, ...]:
        """The bytes among which the place is sought."""
        return tuple(self._pieces)

    def feed(self, chunk: Chunk) -> Resynced | None:
        """More bytes; the place, once it is certain enough."""
        self._make_room(len(chunk.data))
        self._chains.append(_Chain(len(self._data), len(self._data)))
        del self._chains[:-MAX_CANDIDATES]
        self._pieces.append(chunk)
        self._data += chunk.data
        self._ends.add(len(self._data))
        needed = EVIDENCE_AT_SEGMENT if self.known else EVIDENCE_ANYWHERE
        found = self._best(needed)
        if found is None and len(self._data) - self._scanned >= _SCAN_AFTER:
            found = self._scan()
        return self._take(found) if found is not None else None

    def gap(self) -> None:
        """Bytes are missing here: no chain goes on behind them."""
        self._forget(len(self._data))

    def finish(self) -> Resynced | None:
        """The stream is over: a chain that ends where it does is believed with less."""
        for chain in self._chains:
            if chain.frames and chain.next == len(self._data):
                chain.evidence += _END_BITS + (_LAST_CLOSE_BITS if chain.last == Opcode.CLOSE else 0)
        found = self._best(EVIDENCE_AT_SEGMENT if self.known else EVIDENCE_ANYWHERE)
        if found is None:
            found = self._scan()
        return self._take(found) if found is not None else None

    def _best(self, needed: int) -> _Chain | None:
        """Follow every chain as far as the bytes go; the first that has the evidence."""
        self._chains = [chain for chain in self._chains if self._follow(chain)]
        return next((chain for chain in self._chains if chain.evidence >= needed and chain.frames), None)

    def _scan(self) -> _Chain | None:
        """Try every offset that has not been tried."""
        self._scanned, start = len(self._data), max(0, self._scanned - _SCAN_AFTER)
        for position in range(start, len(self._data) - 1):
            chain = _Chain(position, position)
            if self._data[position] & 0x0F in _OPCODES and self._follow(chain) and chain.frames:
                reaches_end = _END_BITS if chain.next == len(self._data) else 0
                if chain.evidence + reaches_end >= EVIDENCE_ANYWHERE:
                    return chain
        return None

    def _follow(self, chain: _Chain) -> bool:
        """Go on with a chain while headers are at hand; False if it is refuted."""
        while chain.next + 2 <= len(self._data):
            step = self._frame(chain)
            if step < 0:
                return False
            if not step:
                break
            chain.next += step
            chain.frames += 1
        return True

    def _frame(self, chain: _Chain) -> int:
        """Size of the frame at the chain's end; 0 if its header is not all there, -1 if it is none."""
        data, at = self._data, chain.next
        first, second = data[at], data[at + 1]
        opcode, fin, rsv, masked = first & 0x0F, first >= 0x80, first >> 4 & 7, second >= 0x80
        expected = self.masked if self.masked is not None else chain.masked
        if opcode not in _OPCODES or (expected is not None and masked is not expected):
            return -1
        if rsv and not (rsv == 4 and self.compressed and opcode in (Opcode.TEXT, Opcode.BINARY)):
            return -1
        length, size = second & 0x7F, 2
        if opcode >= Opcode.CLOSE and (not fin or length > 125):
            return -1
        if length >= 126:
            size = 4 if length == 126 else 10
            if at + size > len(data):
                return 0
            shortest = 126 if length == 126 else 65536
            length = int.from_bytes(data[at + 2 : at + size], "big")
            if not shortest <= length <= LARGEST_FRAME:
                return -1
        size += 4 if masked else 0
        if at + size > len(data):
            return 0
        evidence = self._payload_evidence(opcode, fin, rsv, at + size, length, masked)
        if evidence < 0 or not _fits_message(chain, opcode, fin, length):
            return -1
        chain.evidence += evidence + _HEADER_BITS + (_MASK_BIT if expected is not None else 0)
        chain.evidence += _LONG_FORM_BITS if second & 0x7F == 127 else 0
        chain.evidence += _LANDING_BITS if chain.frames and at in self._ends else 0
        chain.masked = masked
        chain.last = opcode
        return size + length

    def _payload_evidence(self, opcode: int, fin: bool, rsv: int, start: int, length: int, masked: bool) -> int:
        """Bits for what the payload says; -1 if it refutes the frame."""
        payload = bytes(self._data[start : start + length])
        if len(payload) < length or opcode == Opcode.BINARY or opcode == Opcode.CONTINUATION or rsv:
            return 0
        if masked:
            payload = unmask(payload, bytes(self._data[start - 4 : start]))
        if opcode == Opcode.CLOSE:
            if length == 1 or (length and not describe(int.from_bytes(payload[:2], "big")).allowed_on_wire):
                return -1
            return _text_bits(payload[2:], True) + _CODE_BITS if length else 0
        return _text_bits(payload, fin) if opcode == Opcode.TEXT else 0

    def _make_room(self, size: int) -> None:
        if len(self._data) + size > MAX_BUFFER:
            self._forget(len(self._data))

    def _forget(self, end: int) -> None:
        """Give up the first `end` bytes (all that there are)."""
        del self._data[:end]
        self._pieces.clear()
        self._chains.clear()
        self._ends.clear()
        self._scanned = 0

    def _take(self, chain: _Chain) -> Resynced:
        """The pieces from the chain's start on."""
        pieces: list[Chunk] = []
        position = 0
        for piece in self._pieces:
            cut = max(0, chain.start - position)
            position += len(piece.data)
            if cut < len(piece.data):
                pieces.append(piece._replace(offset=piece.offset + cut, data=piece.data[cut:]))
        masked = bool(chain.masked)
        self._forget(len(self._data))
        return Resynced(tuple(pieces), masked, chain.start, chain.evidence)


_OPCODES: Final = frozenset(int(opcode) for opcode in Opcode)


def _fits_message(chain: _Chain, opcode: int, fin: bool, length: int) -> bool:
    """Whether a data frame continues what the chain has open; keeps account of it."""
    if opcode >= Opcode.CLOSE:
        return True
    continues = opcode == Opcode.CONTINUATION
    if continues and not fin and not length:
        return False  # zero bytes look like an endless row of these
    if chain.open is not None and chain.open is not continues:
        return False
    chain.open = not fin
    return True


def _text_bits(payload: bytes, whole: bool) -> int:
    """Bits for a payload that must be text; -1 if it is not UTF-8, 0 if it is too short or too odd to tell."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        if whole or len(payload) - error.start > 3:
            return -1
        return 0
    odd = sum(1 for character in text if character < " " and character not in "\t\n\r")
    return _TEXT_BITS if len(text) >= _SHORTEST_TEXT and odd * 10 < len(text) else 0
