"""Several interfaces into one pcapng file, in the order of time.

`pcap_dump` writes into memory and Python puts each packet into its block: 1.3 µs a packet that a single interface is
spared. One pcap file per interface would spare them, too, but nobody could read those as the one capture they are.
"""

import bisect
import ctypes
import os
import struct
import time
from collections.abc import Sequence
from typing import Final

from wsinspect.capture.live.libpcap import RECORD, TIMEOUT_MS, Handle, c_library
from wsinspect.capture.live.output import OutputFiles
from wsinspect.capture.live.pcapng_writer import LinkInfo, PcapngWriter
from wsinspect.capture.pcapng_blocks import packet_block

HOLD_NS: Final = 2 * TIMEOUT_MS * 1_000_000
"""How long packets wait for older ones of another interface: each shows its packets up to TIMEOUT_MS late."""
MEMORY_BURST: Final = 2000
"""Packets gathered in memory for pcapng: with the largest packets of a loopback interface, 128 MiB."""

_LINK_TYPE: Final = struct.Struct("=I")  # at 20 in the file header, in the machine's byte order


class PcapngDrain:
    """Several interfaces into one pcapng file, or one interface for who wants that format."""

    pause = 0.0
    full = MEMORY_BURST

    def __init__(self, handles: Sequence[Handle], files: OutputFiles, filter_: str) -> None:
        self.descriptors = [handle.descriptor for handle in handles]
        self._memories = [_Memory(handle) for handle in handles]
        self._received = [0] * len(handles)
        self._held: list[tuple[int, bytes]] = []
        links = [
            LinkInfo(handle.interface, memory.link_type) for handle, memory in zip(handles, self._memories, strict=True)
        ]
        self._writer = PcapngWriter(files, links, filter_)

    def drain(self, limit: int) -> int:
        taken = 0
        for number, memory in enumerate(self._memories):
            found = memory.take(number, min(limit - taken, MEMORY_BURST))
            self._received[number] += len(found)
            taken += len(found)
            self._held += found
        self._write(time.time_ns() - HOLD_NS if len(self._memories) > 1 else 0)
        return taken

    def _write(self, until_ns: int) -> None:
        """Write what is held in the order of time, except what passed after `until_ns`, if that is not 0."""
        if not self._held:
            return
        rest = 0
        if len(self._memories) > 1:
            self._held.sort(key=_time)
            if until_ns:
                rest = len(self._held) - bisect.bisect_right(self._held, until_ns, key=_time)
                # Times beyond now come from a clock that was set back: there is nothing to wait for.
                if self._held[-1][0] > until_ns + 2 * HOLD_NS:
                    rest = 0
        split = len(self._held) - rest
        blocks = b"".join([block for _, block in self._held[:split]])
        del self._held[:split]
        if blocks:
            self._writer.write(blocks)

    def flush(self) -> None:
        """Every write went to the kernel at once."""

    def dropped(self) -> int:
        counts = [(self._received[number], memory.handle.dropped()) for number, memory in enumerate(self._memories)]
        self._writer.statistics(counts)
        return sum(dropped for _, dropped in counts)

    def kept(self) -> int:
        return sum(self._received) - len(self._held) - self._writer.lost

    def close(self) -> None:
        try:
            self._write(0)
        finally:
            self._writer.close()


class _Memory:
    """A pcap "file" in memory that one interface writes to."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self._libc = c_library()
        self._address = ctypes.c_void_p()
        self._size = ctypes.c_size_t()
        self._file = self._libc.open_memstream(ctypes.byref(self._address), ctypes.byref(self._size))
        self._dumper = handle.dump_to(self._file)
        # libpcap's own DLT numbers differ from the LINKTYPE numbers of files; its file header has the right one.
        self.link_type = int(_LINK_TYPE.unpack_from(self._content(), 20)[0]) & 0xFFFF

    def take(self, interface: int, limit: int) -> list[tuple[int, bytes]]:
        """The times of the packets that are there, and their blocks as the interface of that number."""
        packets: list[tuple[int, bytes]] = []
        if limit <= 0 or not self.handle.dispatch(limit, self._dumper):
            return packets
        data = self._content()
        position, end = 0, len(data)
        unpack, size, unit = RECORD.unpack_from, RECORD.size, self.handle.unit
        while position < end:
            seconds, fraction, captured, wire_length = unpack(data, position)
            position += size
            time_ns = seconds * 1_000_000_000 + fraction * unit
            packets.append(
                (time_ns, packet_block(interface, time_ns, data[position : position + captured], wire_length))
            )
            position += captured
        return packets

    def _content(self) -> bytes:
        self._libc.fflush(self._file)
        content = ctypes.string_at(self._address, self._size.value)
        self._libc.fseek(self._file, 0, os.SEEK_SET)
        return content


def _time(packet: tuple[int, bytes]) -> int:
    return packet[0]
