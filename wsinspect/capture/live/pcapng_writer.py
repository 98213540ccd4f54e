"""Packets into pcapng files, many at a time (draft-ietf-opsawg-pcapng; the numbers are its sections).

pcapng and not pcap where the packets pass through Python anyway: it keeps the names of several interfaces and what each
of them lost.
"""

import os
import struct
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from wsinspect import __version__
from wsinspect.capture.live.output import OutputFiles, no_room
from wsinspect.capture.live.settings import SNAP_LENGTH

ENHANCED_PACKET: Final = 6
HEADER: Final = struct.Struct("<7I")
"""4.3: what comes before the packet: block type and length, interface, time (high, low), captured and wire length."""
_TRAILERS: Final = tuple(struct.Struct(f"<{padding}xI").pack for padding in (0, 3, 2, 1))
_TWO_UINT32: Final = struct.Struct("<II")

_OPT_END: Final = b"\0\0\0\0"
_SHB_USERAPPL, _IF_NAME, _IF_TSRESOL, _IF_FILTER, _ISB_IFRECV, _ISB_IFDROP = 4, 2, 9, 11, 4, 5
_NANOSECONDS: Final = 9


class LinkInfo(NamedTuple):
    """An interface as the file describes it."""

    name: str
    link_type: int
    """LINKTYPE_ value."""


class PcapngWriter:
    """Writes to one file after the other; every write goes to the kernel at once."""

    def __init__(self, files: OutputFiles, interfaces: Sequence[LinkInfo], filter_: str) -> None:
        self.lost = 0
        """Packets that the full disk did not take."""
        self._files = files
        self._head = section_header() + b"".join(_interface(link, filter_) for link in interfaces)
        self._counts: list[tuple[int, int]] = [(0, 0)] * len(interfaces)
        self._file = -1
        self._size = 0
        self._begin()

    def write(self, blocks: bytes) -> None:
        """Append whole packet blocks. Raises `WsinspectError` when there is no room; the file then ends with a whole
        block, and `lost` tells how many packets are not in it."""
        limit = self._files.file_size
        if limit is not None and self._size + len(blocks) > limit and self._size > len(self._head):
            self._end()
            self._begin()
        self._append(blocks)

    def statistics(self, counts: Sequence[tuple[int, int]]) -> None:
        """Keep what each interface has received and dropped so far, if drops were added."""
        changed = any(new[1] != old[1] for new, old in zip(counts, self._counts, strict=True))
        self._counts = list(counts)
        if changed:
            self._append(self._statistics())

    def close(self) -> None:
        """Write the final counts and close. Raises `WsinspectError` when there is no room."""
        if self._file >= 0:
            self._end()

    def _begin(self) -> None:
        path = self._files.next()
        self._file = os.open(path, os.O_WRONLY)
        self._size = 0
        self._append(self._head)

    def _end(self) -> None:
        file, self._file = self._file, -1
        try:
            self._append_to(file, self._statistics())
        finally:
            os.close(file)

    def _append(self, blocks: bytes) -> None:
        self._append_to(self._file, blocks)

    def _append_to(self, file: int, blocks: bytes) -> None:
        written = 0
        try:
            while written < len(blocks):
                written += os.write(file, memoryview(blocks)[written:])
        except OSError as error:
            whole, rest = _whole_blocks(blocks, written)
            self.lost += rest
            os.ftruncate(file, self._size + whole)
            self._size += whole
            raise no_room(self._files.path, error) from error
        self._size += written

    def _statistics(self) -> bytes:
        now = time.time_ns()
        return b"".join(
            block(
                5,  # 4.6
                struct.pack("<III", number, now >> 32, now & 0xFFFFFFFF)
                + _option(_ISB_IFRECV, struct.pack("<Q", received))
                + _option(_ISB_IFDROP, struct.pack("<Q", dropped))
                + _OPT_END,
            )
            for number, (received, dropped) in enumerate(self._counts)
        )


def packet_block(interface: int, time_ns: int, data: bytes, wire_length: int) -> bytes:
    """4.3: an Enhanced Packet Block."""
    captured = len(data)
    length = (captured + 35) & ~3
    head = HEADER.pack(ENHANCED_PACKET, length, interface, time_ns >> 32, time_ns & 0xFFFFFFFF, captured, wire_length)
    return head + data + _TRAILERS[captured & 3](length)


def block(kind: int, body: bytes) -> bytes:
    """3.1: type, length, body padded to four bytes, length."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def section_header() -> bytes:
    """4.1, of unknown length."""
    application = _option(_SHB_USERAPPL, f"wsinspect {__version__}".encode())
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + application + _OPT_END)


def _interface(link: LinkInfo, filter_: str) -> bytes:
    """4.2, with times in nanoseconds."""
    options = _option(_IF_NAME, link.name.encode()) + _option(_IF_TSRESOL, bytes((_NANOSECONDS,)))
    if filter_:
        options += _option(_IF_FILTER, b"\0" + filter_.encode())
    return block(1, struct.pack("<HHI", link.link_type, 0, SNAP_LENGTH) + options + _OPT_END)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _whole_blocks(blocks: bytes, written: int) -> tuple[int, int]:
    """Bytes of the whole blocks among the first `written`, and how many packets come after them."""
    position = whole = lost = 0
    while position < len(blocks):
        kind, length = _TWO_UINT32.unpack_from(blocks, position)
        position += length
        if position <= written:
            whole = position
        elif kind == ENHANCED_PACKET:
            lost += 1
    return whole, lost
