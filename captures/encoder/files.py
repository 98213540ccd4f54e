"""Captured packets as pcap and pcapng files, in either byte order, and gzip around them."""

import struct
import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from captures.encoder.deflate import Deflater

NANOSECOND = 1
MICROSECOND = 1_000
SNAPLEN = 262_144


class Record(NamedTuple):
    """One packet of a capture file."""

    time_ns: int
    data: bytes
    link: int
    comment: str = ""
    interface: int = 0


def pcap(
    records: list[Record], *, byteorder: str = "<", resolution: int = MICROSECOND, snaplen: int = SNAPLEN
) -> bytes:
    """A classic pcap file; packets longer than `snaplen` are cut, as a capture with `-s` does."""
    magic = 0xA1B23C4D if resolution == NANOSECOND else 0xA1B2C3D4
    out = [struct.pack(byteorder + "IHHiIII", magic, 2, 4, 0, 0, snaplen, records[0].link)]
    for record in records:
        seconds, fraction = divmod(record.time_ns, 10**9)
        kept = record.data[:snaplen]
        out.append(struct.pack(byteorder + "IIII", seconds, fraction // resolution, len(kept), len(record.data)))
        out.append(kept)
    return b"".join(out)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


@dataclass(slots=True)
class PcapNg:
    """Blocks of a pcapng file, written one after another."""

    byteorder: str = "<"
    _blocks: list[bytes] = field(default_factory=list)
    _resolutions: list[int] = field(default_factory=list)

    def _option(self, code: int, value: bytes) -> bytes:
        return struct.pack(self.byteorder + "HH", code, len(value)) + _padded(value)

    def _block(self, kind: int, body: bytes, options: list[tuple[int, bytes]]) -> None:
        if options:
            body += b"".join(self._option(code, value) for code, value in options) + self._option(0, b"")
        length = struct.pack(self.byteorder + "I", len(body) + 12)
        self._blocks.append(struct.pack(self.byteorder + "I", kind) + length + body + length)

    def section(self, comment: str = "", *, byteorder: str = "<") -> None:
        """A section header; interfaces are numbered from 0 again after it."""
        self.byteorder = byteorder
        self._resolutions = []
        body = struct.pack(byteorder + "IHHq", 0x1A2B3C4D, 1, 0, -1)
        self._block(0x0A0D0D0A, body, [(1, comment.encode())] if comment else [])

    def interface(self, link: int, name: str, *, resolution: int = MICROSECOND) -> None:
        digits = {NANOSECOND: 9, MICROSECOND: 6}[resolution]
        self._resolutions.append(resolution)
        body = struct.pack(self.byteorder + "HHI", link, 0, SNAPLEN)
        self._block(1, body, [(2, name.encode()), (9, bytes([digits]))])

    def packet(self, record: Record) -> None:
        ticks = record.time_ns // self._resolutions[record.interface]
        size = len(record.data)
        body = struct.pack(self.byteorder + "IIIII", record.interface, ticks >> 32, ticks & 0xFFFFFFFF, size, size)
        options = [(1, record.comment.encode())] if record.comment else []
        self._block(6, body + _padded(record.data), options)

    def unknown(self, kind: int, body: bytes) -> None:
        """A block that readers have to skip."""
        self._block(kind, _padded(body), [])

    def to_bytes(self) -> bytes:
        return b"".join(self._blocks)


def pcapng(records: list[Record], *, comment: str = "") -> bytes:
    """One section with one interface."""
    file = PcapNg()
    file.section(comment)
    file.interface(records[0].link, "eth0")
    for record in records:
        file.packet(record)
    return file.to_bytes()


def gzip(data: bytes) -> bytes:
    """RFC 1952 around the data, without name and time, so that the bytes depend on the data alone."""
    body = Deflater().compress(data, final=True)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<II", zlib.crc32(data), len(data))
