"""A WebSocket whose opening the capture missed: found by the shape of its frames, on any port, in either direction."""

from dataclasses import dataclass
from typing import Final

from wsinspect.transport.reassembly import Chunk, Gap
from wsinspect.websocket.resync import Resynced, Resynchroniser

MAX_TRIED: Final = 512 * 1024
"""Bytes of a TCP connection that are looked at before it is taken for something else."""
MAX_TRIED_SEGMENTS: Final = 256
"""Segments of a TCP connection that are looked at before it is taken for something else."""


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
        self._seekers = (Resynchroniser(masked=None, known=False), Resynchroniser(masked=None, known=False))
        self._bytes = 0
        self._segments = 0

    @property
    def hopeless(self) -> bool:
        """Whether enough was seen to take it for no WebSocket."""
        return self._bytes > MAX_TRIED or self._segments > MAX_TRIED_SEGMENTS

    def feed(self, piece: Chunk | Gap) -> Joined | None:
        """More bytes of either direction; what they are, once it is certain."""
        seeker = self._seekers[piece.direction]
        if isinstance(piece, Gap):
            seeker.gap()
            return None
        self._bytes += len(piece.data)
        self._segments += 1
        return self._joined(seeker.feed(piece), piece.direction)

    def finish(self) -> Joined | None:
        """No more bytes will come."""
        for direction, seeker in enumerate(self._seekers):
            joined = self._joined(seeker.finish(), direction)
            if joined is not None:
                return joined
        return None

    def _joined(self, found: Resynced | None, direction: int) -> Joined | None:
        if found is None:
            return None
        other = self._seekers[1 - direction].held
        pieces = sorted((*found.pieces, *other), key=lambda piece: piece.packet)
        return Joined(direction if found.masked else 1 - direction, tuple(pieces))
