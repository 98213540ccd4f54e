"""Frame boundaries found again after bytes were lost, or found at all on a connection joined late.

In: the bytes of a direction whose boundaries are unknown. Out: the place from which they are known: where a chain of
plausible frames (`shape.py`) begins that has evidence enough.
"""

from dataclasses import dataclass, field
from typing import Final

from wsinspect.transport.reassembly import Chunk
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.shape import END_BITS, LAST_CLOSE_BITS, LIKE_HEADER, Chain, Shape

EVIDENCE_AT_SEGMENT: Final = 20
"""Bits that a place at the start of a segment needs, on a connection known to be a WebSocket."""
EVIDENCE_ANYWHERE: Final = 30
"""Bits that any other place needs, or one on a connection of which nothing else is known."""
MAX_BUFFER: Final = 256 * 1024
"""Bytes held while the place is sought; beyond, the oldest are given up."""
MAX_CANDIDATES: Final = 64
"""Segment starts followed at once; beyond, the oldest are given up."""
_SCAN_AFTER: Final = 8 * 1024
"""New bytes after which every offset is tried, not only segment starts."""


@dataclass(frozen=True, slots=True)
class Resynced:
    """The boundaries are known again."""

    pieces: tuple[Chunk, ...]
    """The bytes from the first whole frame on."""
    masked: bool
    """Whether the frames are masked, and so whether a client sends them."""
    skipped: int
    """Bytes before that which were given up."""
    evidence: int
    """Bits of evidence for the place."""


@dataclass(slots=True)
class Resynchroniser:
    """Seeks the frame boundaries of one direction."""

    masked: bool | None
    """Whether its frames must be masked; None if the side is unknown."""
    compressed: bool = True
    """Whether RSV1 may be set on the first frame of a message."""
    known: bool = True
    """Whether the connection is known to be a WebSocket."""
    starts_only: bool = False
    """Whether to try segment starts alone: quick, and good enough where frames are long or far apart."""
    max_buffer: int = MAX_BUFFER
    _shape: Shape = field(init=False)
    _base: int = 0  # place of the first byte held; places count from the first byte fed
    _since: int = 0  # place from which the boundaries are unknown
    _pieces: list[Chunk] = field(default_factory=list)
    _data: bytearray = field(default_factory=bytearray)
    _chains: list[Chain] = field(default_factory=list)  # from segment starts
    _scattered: list[Chain] = field(default_factory=list)  # from anywhere else
    _ends: set[int] = field(default_factory=set)
    _scanned: int = 0

    def __post_init__(self) -> None:
        self._shape = Shape(self.masked, self.compressed, self.known)

    @property
    def held(self) -> tuple[Chunk, ...]:
        """The bytes among which the place is sought."""
        return tuple(self._pieces)

    def feed(self, chunk: Chunk) -> Resynced | None:
        """More bytes; the place, once it is certain enough."""
        if len(self._data) + len(chunk.data) > self.max_buffer:
            self._make_room()
        end = self._base + len(self._data)
        # A chain of some frames that lands here says all that one from here on could say.
        if not any(chain.next == end and chain.frames > 1 for chain in self._chains):
            self._chains.append(Chain(end, end))
            del self._chains[:-MAX_CANDIDATES]
        self._pieces.append(chunk)
        self._data += chunk.data
        end += len(chunk.data)
        self._ends.add(end)
        found = self._best()
        if found is None and not self.starts_only and end - self._scanned >= _SCAN_AFTER:
            found = self._scan()
        return self._take(found) if found is not None else None

    def gap(self) -> None:
        """Bytes are missing here: no chain goes on behind them."""
        self._start_again()

    def finish(self) -> Resynced | None:
        """The stream is over: a chain that ends where it does is believed with less."""
        end = self._base + len(self._data)
        found = None if self.starts_only else self._scan()
        for chain in (*self._chains, *self._scattered):
            if chain.start < chain.next == end:
                chain.evidence += END_BITS + (LAST_CLOSE_BITS if chain.last == Opcode.CLOSE else 0)
        found = found or self._best()
        return self._take(found) if found is not None else None

    def likeliest(self, masked: bool) -> int:
        """Bits of evidence for the best place whose frames are masked, or not; 0 if there is none. After `finish`."""
        best = self._likeliest(masked)
        return best.evidence if best is not None else 0

    def take_likeliest(self, masked: bool) -> Resynced:
        """Believe that place, which must exist."""
        best = self._likeliest(masked)
        assert best is not None
        return self._take(best)

    def _likeliest(self, masked: bool) -> Chain | None:
        chains = (chain for chain in self._chains if chain.start < chain.next and chain.masked is masked)
        return max(chains, key=lambda chain: chain.evidence, default=None)

    def _best(self) -> Chain | None:
        """Follow every chain as far as the bytes go; the first that has the evidence."""
        needed = EVIDENCE_AT_SEGMENT if self.known else EVIDENCE_ANYWHERE
        self._chains = self._going_on(self._chains)
        found = next((chain for chain in self._chains if chain.evidence >= needed), None)
        if found is None and self._scattered:
            self._scattered = self._going_on(self._scattered)
            found = next((chain for chain in self._scattered if chain.evidence >= EVIDENCE_ANYWHERE), None)
        return found

    def _going_on(self, chains: list[Chain]) -> list[Chain]:
        """The chains that are not refuted by what has come."""
        data, base, ends, follow = self._data, self._base, self._ends, self._shape.follow
        reach = base + len(data) - 2
        return [chain for chain in chains if chain.next > reach or follow(chain, data, base, ends)]

    def _scan(self) -> Chain | None:
        """Try every place that has not been tried."""
        data, base, follow = self._data, self._base, self._shape.follow
        start, self._scanned = self._scanned - base, base + len(data)
        for match in LIKE_HEADER.finditer(data, start):
            place = base + match.start()
            chain = Chain(place, place)
            if follow(chain, data, base, self._ends):
                if chain.evidence >= EVIDENCE_ANYWHERE:
                    return chain
                self._scattered.append(chain)
        if len(self._scattered) > MAX_CANDIDATES:
            self._scattered.sort(key=lambda chain: -chain.evidence)
            del self._scattered[MAX_CANDIDATES:]
        return None

    def _make_room(self) -> None:
        """Give up all bytes; chains that wait for the end of a long frame go on behind it."""
        self._base += len(self._data)
        self._data = bytearray()
        self._pieces.clear()
        self._ends = {self._base}
        self._scanned = self._base
        for chains in (self._chains, self._scattered):
            chains[:] = [chain for chain in chains if chain.frames and chain.next >= self._base]
            for chain in chains:
                chain.start = chain.next

    def _start_again(self) -> None:
        """Give up everything."""
        self._chains.clear()
        self._scattered.clear()
        self._make_room()

    def _take(self, chain: Chain) -> Resynced:
        """The pieces from the chain's start on."""
        pieces: list[Chunk] = []
        position = self._base
        for piece in self._pieces:
            cut = max(0, chain.start - position)
            position += len(piece.data)
            if cut < len(piece.data):
                pieces.append(piece._replace(offset=piece.offset + cut, data=piece.data[cut:]))
        found = Resynced(tuple(pieces), bool(chain.masked), chain.start - self._since, chain.evidence)
        self._start_again()
        self._since = self._base
        return found
