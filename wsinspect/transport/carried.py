"""The plaintext of a TLS connection as a channel: its offsets, and what of it TCP has acknowledged."""

from collections import deque
from typing import Final

from wsinspect.transport.channel import Channel

MAX_UNACKNOWLEDGED: Final = 4096
"""Records of a direction remembered until they are acknowledged; of older ones the end is forgotten."""


class CarriedChannel:
    """Counts plaintext, and remembers where on the channel below its records end."""

    def __init__(self, below: Channel) -> None:
        self.opening_seen = below.opening_seen
        """Whether the plaintext is there from its first byte on."""
        self._below = below
        self._sent = [0, 0]
        self._acknowledged = [0, 0]
        self._gap_bytes = [0, 0]
        self._ends: tuple[deque[tuple[int, int]], ...] = (
            deque(maxlen=MAX_UNACKNOWLEDGED), deque(maxlen=MAX_UNACKNOWLEDGED),
        )  # fmt: skip

    def add(self, direction: int, length: int, end: int, missing: bool = False) -> int:
        """`length` bytes of plaintext in records that end at `end` below; returns the offset of the first one."""
        offset = self._sent[direction]
        self._sent[direction] = offset + length
        if missing:
            self._gap_bytes[direction] += length
            if not offset:
                self.opening_seen = False
        self.acknowledged(direction)
        self._ends[direction].append((end, offset + length))
        return offset

    def sent(self, direction: int) -> int:
        return self._sent[direction]

    def acknowledged(self, direction: int) -> int:
        ends = self._ends[direction]
        below = self._below.acknowledged(direction)
        while ends and ends[0][0] <= below:
            self._acknowledged[direction] = ends.popleft()[1]
        return self._acknowledged[direction]

    def gap_bytes(self, direction: int) -> int:
        return self._gap_bytes[direction]
