"""Packets into pcapng files, many at a time.

pcapng and not pcap where the packets pass through Python anyway: it keeps the names of several interfaces and what each
of them lost.
"""

import os
import struct
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from wsinspect.capture.live.output import OutputFiles, no_room
from wsinspect.capture.live.settings import SNAP_LENGTH
from wsinspect.capture.packet import Options
from wsinspect.capture.pcapng_blocks import (
    ENHANCED_PACKET,
    IF_FILTER,
    IF_NAME,
    ISB_IFDROP,
    ISB_IFRECV,
    count_value,
    interface_block,
    section_header,
    statistics_block,
)

_TWO_UINT32: Final = struct.Struct("<II")


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
            statistics_block(number, now, ((ISB_IFRECV, count_value(received)), (ISB_IFDROP, count_value(dropped))))
            for number, (received, dropped) in enumerate(self._counts)
        )


def _interface(link: LinkInfo, filter_: str) -> bytes:
    options: Options = ((IF_NAME, link.name.encode()),)
    if filter_:
        options += ((IF_FILTER, b"\0" + filter_.encode()),)
    return interface_block(link.link_type, SNAP_LENGTH, options)


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
