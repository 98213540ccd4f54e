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


PLAIN = Quirks()


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
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


def ip(segment: Segment, identification: int, quirks: Quirks = PLAIN) -> bytes:
    """The segment as an IP packet; `identification` is the IPv4 packet counter of the sender."""
    body = tcp(segment, quirks)
    source, destination = segment.source.packed, segment.destination.packed
    if len(source) == 16:
        length = 0 if quirks.zero_ip_length else len(body)
        head = struct.pack(">IHBB", 6 << 28, length, PROTOCOL_TCP, segment.source.ttl) + source + destination
        return head + body + quirks.padding
    length = 0 if quirks.zero_ip_length else 20 + len(body)
    ttl = segment.source.ttl
    head = struct.pack(">BBHHHBBH", 0x45, 0, length, identification & 0xFFFF, 0x4000, ttl, PROTOCOL_TCP, 0)
    total = checksum(head + source + destination)
    return head[:10] + struct.pack(">H", total) + source + destination + body + quirks.padding


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
