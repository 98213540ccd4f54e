"""Link layers with a detour: IP inside MPLS, PPPoE, GRE, VXLAN or IP, each inside Ethernet."""

import struct

from captures.encoder.packets import ETHERNET, Host, Link, checksum

OUTER_SOURCE, OUTER_DESTINATION = Host("10.20.0.1", 0), Host("10.20.0.2", 0)
"""The ends of the tunnels; which packet goes which way does not matter to what is inside."""

PROTOCOL_IPIP, PROTOCOL_UDP, PROTOCOL_GRE = 4, 17, 47
VXLAN_PORT = 4789


def _ethernet(ethertype: int, payload: bytes, source: Host, destination: Host) -> bytes:
    return destination.mac + source.mac + struct.pack(">H", ethertype) + payload


def _outer(protocol: int, payload: bytes) -> bytes:
    """Ethernet and IPv4 around a tunnel's payload."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    head += OUTER_SOURCE.packed + OUTER_DESTINATION.packed
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return _ethernet(0x0800, head + payload, OUTER_SOURCE, OUTER_DESTINATION)


def _mpls(packet: bytes, source: Host, destination: Host) -> bytes:
    """Two labels, the second with the bottom-of-stack bit (RFC 3032)."""
    labels = struct.pack(">II", 1001 << 12 | 64, 2002 << 12 | 1 << 8 | 64)
    return _ethernet(0x8847, labels + packet, source, destination)


def _pppoe(packet: bytes, source: Host, destination: Host) -> bytes:
    """A PPPoE session packet (RFC 2516) that carries IPv4 in PPP."""
    return _ethernet(0x8864, struct.pack(">BBHHH", 0x11, 0, 7, len(packet) + 2, 0x0021) + packet, source, destination)


def _gre(packet: bytes, source: Host, destination: Host) -> bytes:
    return _outer(PROTOCOL_GRE, struct.pack(">HH", 0, 0x0800) + packet)


def _vxlan(packet: bytes, source: Host, destination: Host) -> bytes:
    """A whole Ethernet frame in UDP (RFC 7348); the UDP checksum is 0, as usual there."""
    inner = struct.pack(">II", 0x08 << 24, 77 << 8) + ETHERNET.wrap(packet, source, destination)
    return _outer(PROTOCOL_UDP, struct.pack(">HHHH", 50123, VXLAN_PORT, 8 + len(inner), 0) + inner)


MPLS = Link(1, _mpls)
PPPOE = Link(1, _pppoe)
GRE = Link(1, _gre)
VXLAN = Link(1, _vxlan)
IPIP = Link(1, lambda packet, source, destination: _outer(PROTOCOL_IPIP, packet))
