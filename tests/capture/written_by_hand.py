"""Capture files built field by field, as the format documents draw them, for the tests of this folder."""

import itertools
import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from wsinspect.capture.packet import Packet

ETHERNET = 1


class Record(NamedTuple):
    time_ns: int
    data: bytes
    wire_length: int


RECORDS = (
    Record(1_700_000_000_123_456_000, b"first packet", 12),
    Record(1_700_000_000_123_457_000, b"", 60),
    Record(1_700_000_001_000_000_000, bytes(range(256)) * 3, 1514),
    Record(4_294_967_295_999_999_000, b"odd", 3),
)


def pcap(
    records: Iterable[Record] = RECORDS,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    link_type: int = ETHERNET,
    snap_length: int = 65535,
) -> bytes:
    unit = 1 if magic == 0xA1B23C4D else 1000
    extra = b"\0\0\0\7\x08\0\4\0" if magic == 0xA1B2CD34 else b""
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap_length, link_type)]
    for time_ns, data, wire_length in records:
        seconds, rest = divmod(time_ns, 10**9)
        parts.append(struct.pack(order + "IIII", seconds, rest // unit, len(data), wire_length) + extra + data)
    return b"".join(parts)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + padded(value)


def section(order: str = "<", major: int = 1, options: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, major, 0, -1) + options, order)


def interface(order: str = "<", link_type: int = ETHERNET, snap_length: int = 0, options: bytes = b"") -> bytes:
    return block(1, struct.pack(order + "HHI", link_type, 0, snap_length) + options, order)


def enhanced(
    data: bytes,
    timestamp: int = 0,
    interface_id: int = 0,
    order: str = "<",
    wire_length: int | None = None,
    options: bytes = b"",
) -> bytes:
    fields = (interface_id, timestamp >> 32, timestamp & 0xFFFFFFFF, len(data), wire_length or len(data))
    return block(6, struct.pack(order + "IIIII", *fields) + padded(data) + options, order)


def obsolete(data: bytes, timestamp: int = 0, interface_id: int = 0, order: str = "<") -> bytes:
    fields = (interface_id, 0xFFFF, timestamp >> 32, timestamp & 0xFFFFFFFF, len(data), len(data))
    return block(2, struct.pack(order + "HHIIII", *fields) + padded(data), order)


def simple(data: bytes, wire_length: int | None = None, order: str = "<") -> bytes:
    return block(3, struct.pack(order + "I", wire_length or len(data)) + padded(data), order)


def pcapng(
    records: Iterable[Record] = RECORDS, order: str = "<", options: bytes = b"", per_second: int = 10**6
) -> bytes:
    file = section(order) + interface(order, options=options)
    for time_ns, data, wire_length in records:
        file += enhanced(data, time_ns * per_second // 10**9, order=order, wire_length=wire_length)
    return file


class Parser(Protocol):
    problems: list[str]

    def feed(self, data: bytes) -> list[Packet]: ...
    def finish(self) -> list[Packet]: ...
    def packet_at(self, read: Callable[[int, int], bytes], offset: int, number: int) -> Packet: ...


def run(parser: Parser, pieces: Iterable[bytes]) -> list[Packet]:
    packets = [packet for piece in pieces for packet in parser.feed(piece)]
    return packets + parser.finish()


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def reads(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, count: data[offset : offset + count]
