"""Link layers with a detour: IP inside a tunnel, the tunnel inside Ethernet; and IP in the air."""

import struct

from captures.encoder.packets import ETHERNET, Host, Link, checksum

OUTER_SOURCE, OUTER_DESTINATION = Host("10.20.0.1", 0), Host("10.20.0.2", 0)
"""The ends of the tunnels; which packet goes which way does not matter to what is inside."""

PROTOCOL_IPIP, PROTOCOL_UDP, PROTOCOL_IPV6, PROTOCOL_GRE = 4, 17, 41, 47
GTP_U_PORT, VXLAN_PORT, GENEVE_PORT = 2152, 4789, 6081
ERSPAN_2, ERSPAN_3 = 0x88BE, 0x22EB
IEEE_802_11 = 105


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
    return _udp(VXLAN_PORT, struct.pack(">II", 0x08 << 24, 77 << 8) + ETHERNET.wrap(packet, source, destination))


def _udp(port: int, payload: bytes) -> bytes:
    return _outer(PROTOCOL_UDP, struct.pack(">HHHH", 50123, port, 8 + len(payload), 0) + payload)


def _geneve(packet: bytes, source: Host, destination: Host) -> bytes:
    """An Ethernet frame behind a header with one option of four bytes (RFC 8926)."""
    option = struct.pack(">HBBI", 0x0102, 1, 1, 0xCAFE)
    header = struct.pack(">BBHI", len(option) // 4, 0, 0x6558, 77 << 8)
    return _udp(GENEVE_PORT, header + option + ETHERNET.wrap(packet, source, destination))


def _gtp_u(packet: bytes, source: Host, destination: Host) -> bytes:
    """A user's packet in a mobile network (3GPP TS 29.281), with a sequence number."""
    return _udp(GTP_U_PORT, struct.pack(">BBHIHBB", 0x32, 255, len(packet) + 4, 0x1234, 1, 0, 0) + packet)


def _erspan_2(packet: bytes, source: Host, destination: Host) -> bytes:
    """A switch mirrors a frame to a far host: GRE with a sequence number, 8 bytes of ERSPAN type II."""
    header = struct.pack(">HHIII", 0x1000, ERSPAN_2, 1, 1 << 28 | 7, 0)
    return _outer(PROTOCOL_GRE, header + ETHERNET.wrap(packet, source, destination))


def _erspan_3(packet: bytes, source: Host, destination: Host) -> bytes:
    """The same in type III: 12 bytes."""
    header = struct.pack(">HHIIIHH", 0x1000, ERSPAN_3, 1, 2 << 28 | 7, 0, 0, 0)
    return _outer(PROTOCOL_GRE, header + ETHERNET.wrap(packet, source, destination))


def _wifi(packet: bytes, source: Host, destination: Host) -> bytes:
    """IEEE 802.11: a data frame from a station to its access point, with LLC and SNAP."""
    header = struct.pack("<HH", 0x0108, 0) + OUTER_SOURCE.mac + source.mac + destination.mac + b"\x10\x00"
    return header + b"\xaa\xaa\x03\x00\x00\x00" + struct.pack(">H", 0x0800) + packet


MPLS = Link(1, _mpls)
PPPOE = Link(1, _pppoe)
GRE = Link(1, _gre)
VXLAN = Link(1, _vxlan)
GENEVE = Link(1, _geneve)
GTP_U = Link(1, _gtp_u)
ERSPAN_TYPE_2 = Link(1, _erspan_2)
ERSPAN_TYPE_3 = Link(1, _erspan_3)
WIFI = Link(IEEE_802_11, _wifi)
SIX_IN_FOUR = Link(1, lambda packet, source, destination: _outer(PROTOCOL_IPV6, packet))
IPIP = Link(1, lambda packet, source, destination: _outer(PROTOCOL_IPIP, packet))
