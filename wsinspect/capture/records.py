"""What both file formats share: bytes kept until a record is whole, and the sentences about a damaged file."""

import struct
from collections.abc import Callable

from wsinspect.errors import WsinspectError

MAX_RECORD = 64 * 1024 * 1024
"""Bytes of one packet or block. Longer ones are damage: real link layers end at 256 KiB, USB at some MiB."""

Read = Callable[[int, int], bytes]
"""`read(offset, count)`: at most `count` bytes of the (uncompressed) file from `offset`."""


class Damage(Exception):
    """The file says something impossible here. Stays inside `capture/`, where it becomes a line of `problems`."""


class RecordBuffer:
    """Holds the start of a record that the input has not finished yet.

    A record of n bytes that arrives byte by byte costs O(n): nothing is looked at again until it is known to be whole.
    Memory follows the bytes that arrived, never a length that the file claims.
    """

    def __init__(self, needed: int) -> None:
        self.offset = 0
        """File offset of the first byte held, or of the next byte to come."""
        self._held = bytearray()
        self._needed = needed

    def __len__(self) -> int:
        return len(self._held)

    def join(self, data: bytes) -> bytes | None:
        """Everything not used so far, or None while that is too little to go on."""
        if len(self._held) + len(data) < self._needed:
            self._held += data
            return None
        if not self._held:
            return data
        joined = bytes(self._held) + data
        self._held = bytearray()
        return joined

    def keep(self, data: bytes, used: int, needed: int) -> None:
        """`used` bytes of what `join` gave are done with; ask again when `needed` bytes from there have arrived."""
        self._held += data[used:]
        self._needed = needed
        self.offset += used


def truncated(packets: int, offset: int) -> str:
    return f"truncated after packet {packets} (file offset {offset})"


def damaged(packets: int, offset: int, reason: str) -> str:
    return f"damaged at file offset {offset} after packet {packets}: {reason}"


def read_exactly(read: Read, offset: int, count: int) -> bytes:
    """A part of the file that an earlier pass has seen; the file must not have changed since."""
    data = read(offset, count)
    if len(data) != count:
        raise changed(offset)
    return data


def changed(offset: int) -> WsinspectError:
    return WsinspectError(
        f"the capture changed while it was being read (at file offset {offset})", "copy it, then open the copy"
    )


def both_orders(layout: str) -> dict[str, struct.Struct]:
    """The same fields in little-endian ("<") and big-endian (">") order."""
    return {order: struct.Struct(order + layout) for order in "<>"}
