"""Inflating messages although the window before them was not captured, and rebuilding that window.

DEFLATE codes do not depend on what the window holds; only the bytes that are copied out of it do. So every message is
inflated twice, over a window of ones and over a window of zeros: where both outputs agree, the byte is known for
certain; where they differ, it was copied from what nobody captured. Once 32 KiB in a row are known, so is the window.
"""

import zlib
from collections.abc import Iterator
from typing import Final

WINDOW: Final = 32768
"""Bytes that a back-reference can reach at most (RFC 1951 §2)."""
UNKNOWN_BYTE: Final = 0xFF
"""What stands for a byte that is not known: it is in no UTF-8 text. (In binary data a known byte may be the same.)"""

_ONES: Final = bytes([UNKNOWN_BYTE]) * WINDOW
_ZEROS: Final = bytes(WINDOW)
_PORTION: Final = 1 << 16
"""Output bytes that exist at once."""
_PROBE: Final = b"\x01\x00\x00\xff\xff"
"""An empty stored block with BFINAL = 1: it is taken as the end exactly where a new block may begin."""


def at_block_boundary(inflate: "zlib._Decompress") -> bool:
    """Whether a new block may begin where `inflate` stands."""
    probe = inflate.copy()
    try:
        return not probe.decompress(_PROBE) and probe.eof and not probe.unused_data
    except zlib.error:
        return False


class Rebuilder:
    """Inflates the messages of one direction from a message's first byte on.

    The outputs are iterators so that a bomb never exists in memory as a whole; they must be run to their end.
    """

    __slots__ = ("_known", "_ones", "_ones_window", "_zeros", "_zeros_window", "broken", "produced", "unknown")

    def __init__(self) -> None:
        self._forget()
        self.broken = False
        """Whether the message under way, or the last one, did not inflate; the next one begins from nothing again."""
        self.unknown = 0
        """Unknown bytes of that message."""
        self.produced = 0
        """Its bytes."""

    def begin(self) -> None:
        """A new message starts."""
        if self.broken:
            self._forget()
        self.broken = False
        self.unknown = self.produced = 0

    def give_up(self) -> None:
        """Bytes of the message were not captured, or it is too long."""
        self.broken = True

    @property
    def window(self) -> bytes | None:
        """The last 32 KiB of output; None while some of them are unknown."""
        return self._ones_window if self._known >= WINDOW else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Output of the message's next compressed bytes; nothing once it is `broken`."""
        try:
            yield from self._run(data)
        except zlib.error:
            self.broken = True

    def finish(self, tail: bytes) -> Iterator[bytes]:
        """The message is complete: puts its cut-off `tail` back and checks that it ends where a block ends."""
        yield from self.feed(tail)
        if not self.broken and not at_block_boundary(self._ones):
            self.broken = True

    def _run(self, data: bytes) -> Iterator[bytes]:
        while data and not self.broken:
            ones = self._ones.decompress(data, _PORTION)
            zeros = self._zeros.decompress(data, _PORTION)
            data = self._ones.unconsumed_tail
            if ones:
                yield self._take(ones, zeros)
            if self._ones.eof:
                # RFC 7692 §7.2.3.4: behind a block with BFINAL the data goes on in a new stream, the window stays.
                data = self._ones.unused_data
                self._restart()

    def _forget(self) -> None:
        self._ones_window = _ONES
        self._zeros_window = _ZEROS
        self._known = 0
        self._restart()

    def _restart(self) -> None:
        self._ones = zlib.decompressobj(-15, zdict=self._ones_window)
        self._zeros = zlib.decompressobj(-15, zdict=self._zeros_window)

    def _take(self, ones: bytes, zeros: bytes) -> bytes:
        self._ones_window = (self._ones_window + ones)[-WINDOW:]
        self._zeros_window = (self._zeros_window + zeros)[-WINDOW:]
        self.produced += len(ones)
        if ones == zeros:
            self._known += len(ones)
            return ones
        differ = (int.from_bytes(ones, "big") ^ int.from_bytes(zeros, "big")).to_bytes(len(ones), "big")
        self._known = len(differ) - 1 - differ.rfind(UNKNOWN_BYTE)
        self.unknown += differ.count(UNKNOWN_BYTE)
        return ones
