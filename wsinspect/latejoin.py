"""A WebSocket whose opening the capture missed: found by the shape of its frames, on any port, in either direction."""

from dataclasses import dataclass
from typing import Final

from wsinspect.transport.reassembly import Chunk, Gap
from wsinspect.websocket.resync import EVIDENCE_ANYWHERE, Resynced, Resynchroniser

MAX_TRIED: Final = 128 * 1024
"""Bytes of a TCP connection of which every one may be the first of a frame; later, only those that begin a segment."""
MAX_TRIED_SEGMENTS: Final = 16 * 1024
"""Segments of a TCP connection that are looked at before it is taken for something else."""
MAX_HELD: Final = 64 * 1024
"""Bytes of each direction that are held."""
LEAST_OF_EACH: Final = 12
"""Bits that each direction must show where the two together are to prove what one of them does not."""


@dataclass(frozen=True, slots=True)
class Joined:
    """It is a WebSocket."""

    client_direction: int
    """The direction whose frames are masked, or the one opposite to frames that are not."""
    pieces: tuple[Chunk, ...]
    """What is held of both directions: of the one that gave it away from its first whole frame on."""


class LateJoin:
    """Looks for frames in both directions of a TCP connection of which nothing is known."""

    __slots__ = ("_bytes", "_seekers", "_segments")

    def __init__(self) -> None:
        self._seekers = (self._seeker(), self._seeker())
        self._bytes = 0
        self._segments = 0

    @property
    def hopeless(self) -> bool:
        """Whether enough was seen to take it for no WebSocket."""
        return self._segments > MAX_TRIED_SEGMENTS

    def feed(self, piece: Chunk | Gap) -> Joined | None:
        """More bytes of either direction; what they are, once it is certain."""
        seeker = self._seekers[piece.direction]
        if isinstance(piece, Gap):
            seeker.gap()
            return None
        self._segments += 1
        if self._bytes <= MAX_TRIED:
            self._bytes += len(piece.data)
            if self._bytes > MAX_TRIED:
                self._slow_down()
        found = seeker.feed(piece)
        return self._joined(found, piece.direction) if found is not None else None

    def finish(self) -> Joined | None:
        """No more bytes will come: what the directions show by themselves, or both together."""
        for direction, seeker in enumerate(self._seekers):
            found = seeker.finish()
            if found is not None:
                return self._joined(found, direction)
        for client in (0, 1):
            masked, plain = self._seekers[client], self._seekers[1 - client]
            evidence = masked.likeliest(True), plain.likeliest(False)
            if min(evidence) >= LEAST_OF_EACH and sum(evidence) >= EVIDENCE_ANYWHERE:
                return self._joined(masked.take_likeliest(True), client)
        return None

    def _slow_down(self) -> None:
        """A long download, perhaps in a single frame: try segment starts only."""
        for seeker in self._seekers:
            seeker.starts_only = True

    @staticmethod
    def _seeker() -> Resynchroniser:
        return Resynchroniser(masked=None, known=False, max_buffer=MAX_HELD)

    def _joined(self, found: Resynced, direction: int) -> Joined:
        other = self._seekers[1 - direction].held
        pieces = sorted((*found.pieces, *other), key=lambda piece: piece.packet)
        return Joined(direction if found.masked else 1 - direction, tuple(pieces))
