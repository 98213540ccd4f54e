"""Inflating messages although the window before them was not captured, and rebuilding that window.

DEFLATE codes do not depend on what the window holds; only the bytes that are copied out of it do. So every message is
inflated twice, over a window of ones and over a window of zeros: where both outputs agree, the byte is known for
certain; where they differ, it was copied from what nobody captured. Once 32 KiB in a row are known, so is the window.
"""

import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

WINDOW: Final = 32768
"""Bytes that a back-reference can reach at most (RFC 1951 §2)."""
UNKNOWN_BYTE: Final = 0xFF
"""What stands for a byte that is not known: it is in no UTF-8 text."""

_ONES: Final = bytes([UNKNOWN_BYTE]) * WINDOW
_ZEROS: Final = bytes(WINDOW)
_PORTION: Final = 1 << 16
"""Output bytes that exist at once."""


class Part(NamedTuple):
    """Output of a message."""

    data: bytes
    """Unknown bytes are UNKNOWN_BYTE (known ones may be that, too)."""
    unknown: int
    """How many of them are unknown."""


class Rebuilder:
    """Inflates the messages of one direction from a message's first byte on."""

    __slots__ = ("_known", "_ones", "_ones_window", "_zeros", "_zeros_window")

    def __init__(self) -> None:
        self._ones_window = _ONES
        self._zeros_window = _ZEROS
        self._known = 0
        self._restart()

    @property
    def window(self) -> bytes | None:
        """The last 32 KiB of output; None while some of them are unknown."""
        return self._ones_window if self._known >= WINDOW else None

    def feed(self, data: bytes) -> Iterator[Part]:
        """Output of the message's next compressed bytes. Raises `zlib.error` if they are not DEFLATE."""
        while data:
            ones = self._ones.decompress(data, _PORTION)
            zeros = self._zeros.decompress(data, _PORTION)
            data = self._ones.unconsumed_tail
            if ones:
                yield self._take(ones, zeros)
            if self._ones.eof:
                # RFC 7692 §7.2.3.4: behind a block with BFINAL the data goes on in a new stream, the window stays.
                data = self._ones.unused_data
                self._restart()

    def copy_of_state(self) -> "zlib._Decompress":
        """An inflater in the same place of the stream, to try something with."""
        return self._ones.copy()

    def _restart(self) -> None:
        self._ones = zlib.decompressobj(-15, zdict=self._ones_window)
        self._zeros = zlib.decompressobj(-15, zdict=self._zeros_window)

    def _take(self, ones: bytes, zeros: bytes) -> Part:
        self._ones_window = (self._ones_window + ones)[-WINDOW:]
        self._zeros_window = (self._zeros_window + zeros)[-WINDOW:]
        if ones == zeros:
            self._known += len(ones)
            return Part(ones, 0)
        differ = (int.from_bytes(ones, "big") ^ int.from_bytes(zeros, "big")).to_bytes(len(ones), "big")
        self._known = len(differ) - 1 - differ.rfind(UNKNOWN_BYTE)
        return Part(ones, differ.count(UNKNOWN_BYTE))
