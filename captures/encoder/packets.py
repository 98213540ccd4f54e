"""One TCP segment as the bytes of one captured packet: TCP inside IPv4 or IPv6 inside a link layer.

Checksums are right unless a scenario asks for the wrong ones that offloading leaves in captures of the sending host.
"""

import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN, ETHERTYPE_QINQ = 0x0800, 0x86DD, 0x8100, 0x88A8
PROTOCOL_TCP = 6


@dataclass(frozen=True, slots=True)
class Host:
    """One end of a TCP connection; the address decides between IPv4 and IPv6."""

    address: str
    port: int
    ttl: int = 64

    @property
    def packed(self) -> bytes:
        return ipaddress.ip_address(self.address).packed

    @property
    def mac(self) -> bytes:
        """A locally administered MAC made from the last four address bytes."""
        return b"\x02\x00" + self.packed[-4:]


class Segment(NamedTuple):
    """What TCP says in one packet."""

    source: Host
    destination: Host
    sequence: int
    acknowledgement: int
    flags: int
    payload: bytes = b""
    options: bytes = b""
    window: int = 502


@dataclass(frozen=True, slots=True)
class Quirks:
    """Oddities of a packet that say nothing about the peer, only about where and how it was captured."""

    partial_checksum: bool = False
    """Captured before the network card finished the TCP checksum: it covers the pseudo-header only."""
    zero_ip_length: bool = False
    """Captured before segmentation offload: the IP total length is 0 and the capture knows better."""
    padding: bytes = b""
    """Bytes after the end of the IP packet, as Ethernet's minimum length puts there."""
    ip_options: bool = False
    """With an option in the IPv4 header, or with extension headers behind that of IPv6."""
    fragment_size: int = 0
    """Bytes of TCP in each IP fragment, a multiple of 8; 0 for packets that are not fragmented."""


PLAIN = Quirks()


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp(segment: Segment, quirks: Quirks = PLAIN) -> bytes:
    options = segment.options + b"\x01" * (-len(segment.options) % 4)
    offset = (20 + len(options)) // 4
    head = struct.pack(
        ">HHIIBBHHH",
        segment.source.port,
        segment.destination.port,
        segment.sequence % 2**32,
        segment.acknowledgement % 2**32,
        offset << 4,
        segment.flags,
        segment.window,
        0,
        0,
    )
    body = head + options + segment.payload
    pseudo = segment.source.packed + segment.destination.packed + struct.pack(">II", len(body), PROTOCOL_TCP)
    total = ~checksum(pseudo) & 0xFFFF if quirks.partial_checksum else checksum(pseudo + body)
    return body[:16] + struct.pack(">H", total) + body[18:]


def ip(segment: Segment, identification: int, quirks: Quirks = PLAIN) -> list[bytes]:
    """The segment as an IP packet, or as several fragments; `identification` is the packet counter of the sender."""
    body = tcp(segment, quirks)
    size = quirks.fragment_size or len(body)
    parts = [(start, body[start : start + size]) for start in range(0, len(body), size)]
    header = _ipv6_header if len(segment.source.packed) == 16 else _ipv4_header
    return [
        header(segment, identification, quirks, start, len(part), start + size < len(body)) + part + quirks.padding
        for start, part in parts
    ]


def _ipv4_header(segment: Segment, identification: int, quirks: Quirks, offset: int, payload: int, more: bool) -> bytes:
    options = b"\x94\x04\x00\x00" if quirks.ip_options else b""  # Router alert (RFC 2113).
    size = 20 + len(options)
    length = 0 if quirks.zero_ip_length else size + payload
    flags = 0x2000 * more if quirks.fragment_size else 0x4000
    head = struct.pack(
        ">BBHHHBBH",
        0x40 | size // 4,
        0,
        length,
        identification & 0xFFFF,
        flags | offset // 8,
        segment.source.ttl,
        PROTOCOL_TCP,
        0,
    )
    head += segment.source.packed + segment.destination.packed + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:]


def _ipv6_header(segment: Segment, identification: int, quirks: Quirks, offset: int, payload: int, more: bool) -> bytes:
    following, extensions = PROTOCOL_TCP, b""
    if quirks.fragment_size:
        extensions = struct.pack(">BBHI", following, 0, offset | more, identification)
        following = 44
    if quirks.ip_options:
        # Destination options and hop-by-hop options, nothing but padding in them (RFC 8200 §4.2).
        extensions = bytes([60, 0, 1, 4, 0, 0, 0, 0]) + bytes([following, 0, 1, 4, 0, 0, 0, 0]) + extensions
        following = 0
    length = 0 if quirks.zero_ip_length else len(extensions) + payload
    head = struct.pack(">IHBB", 6 << 28, length, following, segment.source.ttl)
    return head + segment.source.packed + segment.destination.packed + extensions


@dataclass(frozen=True, slots=True)
class Link:
    """A link layer: its number in capture files and how it wraps an IP packet."""

    number: int
    wrap: Callable[[bytes, Host, Host], bytes]


def _ethertype(packet: bytes) -> int:
    return ETHERTYPE_IPV6 if packet[0] >> 4 == 6 else ETHERTYPE_IPV4


def ethernet(*tags: tuple[int, int]) -> Link:
    """Ethernet II, with VLAN tags as (EtherType of the tag, VLAN id), outermost first."""

    def wrap(packet: bytes, source: Host, destination: Host) -> bytes:
        tagged = b"".join(struct.pack(">HH", ethertype, vlan) for ethertype, vlan in tags)
        return destination.mac + source.mac + tagged + struct.pack(">H", _ethertype(packet)) + packet

    return Link(1, wrap)


def _cooked(packet: bytes, source: Host, destination: Host) -> bytes:
    """Linux cooked capture: packet type, ARPHRD_ETHER, address length, address padded to 8, EtherType."""
    return struct.pack(">HHH8sH", 0, 1, 6, source.mac, _ethertype(packet)) + packet


def _cooked_v2(packet: bytes, source: Host, destination: Host) -> bytes:
    """Linux cooked capture v2: EtherType, reserved, interface index, ARPHRD, packet type, address."""
    return struct.pack(">HHIHBB8s", _ethertype(packet), 0, 2, 1, 0, 6, source.mac) + packet


def _loopback_family(packet: bytes) -> int:
    """AF_INET is 2 everywhere; AF_INET6 differs, 30 is macOS."""
    return 30 if packet[0] >> 4 == 6 else 2


ETHERNET = ethernet()
VLAN = ethernet((ETHERTYPE_VLAN, 42))
QINQ = ethernet((ETHERTYPE_QINQ, 100), (ETHERTYPE_VLAN, 42))
SLL = Link(113, _cooked)
SLL2 = Link(276, _cooked_v2)
NULL = Link(0, lambda packet, source, destination: struct.pack("<I", _loopback_family(packet)) + packet)
LOOP = Link(108, lambda packet, source, destination: struct.pack(">I", _loopback_family(packet)) + packet)
RAW = Link(101, lambda packet, source, destination: packet)
