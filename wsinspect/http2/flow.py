"""Flow control (RFC 9113 §5.2): how much each side may still send, and for how long it could not."""

from typing import Final

DEFAULT_WINDOW: Final = 65535
"""Bytes that may be sent on a stream, and on a connection, until a side says otherwise (RFC 9113 §6.9.2)."""


class Window:
    """What one side may send on a stream or a connection."""

    __slots__ = ("_longest", "_since_ns", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        """Bytes it may still send; below 0 after the receiver made its windows smaller."""
        self._since_ns = 0  # when it was used up; 0 while it is not
        self._longest = (0, 0)

    def change(self, by: int, time_ns: int) -> None:
        """Bytes were sent (negative), or the receiver allows more."""
        self.size += by
        if self.size > 0:
            if self._since_ns:
                self._longest = self.stall(time_ns)
                self._since_ns = 0
        elif by < 0 and not self._since_ns:
            self._since_ns = time_ns

    def stall(self, now_ns: int) -> tuple[int, int]:
        """From when to when, at the longest, nothing could be sent; `now_ns` for one that lasts. (0, 0): never."""
        start, end = self._longest
        if self._since_ns and now_ns - self._since_ns > end - start:
            return self._since_ns, now_ns
        return self._longest
