"""Ciphertext that waits for its keys: not long, and not much of it."""

from collections import deque
from typing import Final

from wsinspect.tls.records import HEADER, Lost, Record

MAX_WAITING: Final = 256 * 1024
"""Bytes of records of one connection that wait for keys, headers included; lost ones count as a header."""
WAIT_NS: Final = 5_000_000_000
"""Packet time for which they wait."""


class Waiting:
    """Records of both directions, and the lack of some, in the order of the capture."""

    __slots__ = ("_bytes", "_events", "_of", "_since")

    def __init__(self) -> None:
        self._events: deque[Record | Lost] = deque()
        self._of = [0, 0]  # how many there are of each direction
        self._bytes = 0
        self._since = 0  # time of the first one that had to wait

    def __len__(self) -> int:
        return len(self._events)

    @property
    def first(self) -> Record | Lost:
        """What waits longest. There must be something."""
        return self._events[0]

    def holds(self, direction: int) -> bool:
        """Whether something of that direction waits."""
        return self._of[direction] > 0

    def add(self, event: Record | Lost) -> None:
        """Let `event` wait behind the others."""
        if not self._events:
            self._since = event.time_ns
        self._events.append(event)
        self._of[event.direction] += 1
        self._bytes += _size(event)

    def take(self) -> Record | Lost:
        """What waits longest, which waits no more."""
        event = self._events.popleft()
        self._of[event.direction] -= 1
        self._bytes -= _size(event)
        return event

    def is_enough(self, now_ns: int) -> bool:
        """Whether it is too much, or has waited too long."""
        return self._bytes > MAX_WAITING or now_ns - self._since > WAIT_NS


def _size(event: Record | Lost) -> int:
    return HEADER + len(event.payload) if isinstance(event, Record) else HEADER
