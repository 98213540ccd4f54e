"""A queue of stream bytes that remembers which packet each byte came in."""

from collections import deque

from wsinspect.transport.reassembly import Chunk, Gap


class Pieces:
    """Bytes waiting for a decision, in order; they leave as the pieces they came in, cut where they must be."""

    __slots__ = ("_queue", "_taken", "data")

    def __init__(self) -> None:
        self._queue: deque[Chunk] = deque()
        self._taken = 0  # bytes of the first piece that have left; slicing it each time would copy it each time
        self.data = bytearray()
        """All waiting bytes, joined."""

    def __len__(self) -> int:
        return len(self.data)

    @property
    def first_packet(self) -> int | None:
        """Packet of the first waiting byte; None if nothing waits."""
        return self._queue[0].packet if self._queue else None

    def append(self, chunk: Chunk) -> None:
        """Put `chunk` behind the others; it must follow them in the stream."""
        self._queue.append(chunk)
        self.data += chunk.data

    def take(self, count: int) -> tuple[Chunk, Chunk]:
        """Remove the first `count` bytes (one to all); returns the pieces that hold the first and the last of them."""
        queue = self._queue
        first = last = queue[0]
        self._taken += count
        while queue and self._taken >= len(queue[0].data):
            last = queue.popleft()
            self._taken -= len(last.data)
        if self._taken:
            last = queue[0]
        del self.data[:count]
        return first, last

    def drain(self) -> list[Chunk | Gap]:
        """Remove everything and return it."""
        pieces: list[Chunk | Gap] = list(self._queue)
        if self._taken:
            first = self._queue[0]
            pieces[0] = first._replace(offset=first.offset + self._taken, data=first.data[self._taken :])
        self._queue.clear()
        self._taken = 0
        self.data.clear()
        return pieces
