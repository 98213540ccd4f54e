"""The fast road, second step: where TCP begins in an IP packet, and between whom (RFC 791, RFC 8200)."""

from typing import Final

from wsinspect.transport import link
from wsinspect.transport.tunnels import TUNNEL_PROTOCOLS, TUNNEL_UDP_PORTS

TCP: Final = 6
UDP: Final = 17

_FRAGMENT: Final = 44
_SKIPPABLE: Final = frozenset({0, 43, 60, 135, 139, 140, 253, 254})
"""IPv6 extension headers that share the layout (next header, length in 8-byte units less one, …)."""
_AUTHENTICATION: Final = 51

TcpPlace = tuple[int, int, bytes]
"""Where TCP is in a packet (a bare tuple, as one is made per packet): the offset of its header; the offset right behind
its payload as the IP header tells it, above len(data) when the packet was cut; source and destination address, source
and destination port, which together name one direction of a connection (12 bytes with IPv4, 36 with IPv6)."""

NOT_TCP: Final[TcpPlace] = (-1, 0, b"")
EXOTIC: Final[TcpPlace] = (-2, 0, b"")
"""A fragment, a tunnel or a rare link layer: the complete road must look into it."""


def find_tcp(link_type: int, data: bytes) -> TcpPlace:
    """The TCP header in a captured packet; NOT_TCP or EXOTIC if the fast road finds none."""
    if (
        link_type == link.LINKTYPE_ETHERNET
        and len(data) >= 54
        and data[12] == 0x08 and data[13] == 0x00  # IPv4
        and data[14] == 0x45  # without options
        and data[23] == TCP
        and not data[20] & 0x3F and not data[21]  # no fragment
    ):  # fmt: skip
        # What nine packets of ten look like. The general way below comes to the same.
        total = data[16] << 8 | data[17]
        return 34, 14 + total if total else len(data), data[26:38]
    start = link.ip_start(link_type, data)
    if start < 0:
        return EXOTIC if start == link.EXOTIC else NOT_TCP
    return find_tcp_in_ip(data, start)


def find_tcp_in_ip(data: bytes, start: int) -> TcpPlace:
    """The TCP header in the IP packet that begins at `start`.

    An IPv4 total length or IPv6 payload length of 0 (segmentation offload hands the capture packets larger than the
    field can say) means: up to the end of the captured bytes. Ethernet padding is left out, checksums are not judged.
    """
    if len(data) < start + 20:
        return NOT_TCP
    first = data[start]
    if first >> 4 != 4:
        return _find_tcp_v6(data, start) if first >> 4 == 6 else NOT_TCP
    header = (first & 15) << 2
    if header < 20:
        return NOT_TCP
    if data[start + 6] & 0x3F or data[start + 7]:
        return EXOTIC
    protocol = data[start + 9]
    if protocol != TCP:
        return _tunnel_or_nothing(data, start + header, protocol)
    total = data[start + 2] << 8 | data[start + 3]
    end = start + total if total else len(data)
    return _place(data, start + header, end, data[start + 12 : start + 20])


def _find_tcp_v6(data: bytes, start: int) -> TcpPlace:
    if len(data) < start + 40:
        return NOT_TCP
    payload_length = data[start + 4] << 8 | data[start + 5]
    end = start + 40 + payload_length if payload_length else len(data)
    protocol = data[start + 6]
    position = start + 40
    while protocol != TCP:
        if protocol == _FRAGMENT:
            return EXOTIC
        if protocol in _SKIPPABLE and len(data) >= position + 8:
            protocol, position = data[position], position + 8 + (data[position + 1] << 3)
        elif protocol == _AUTHENTICATION and len(data) >= position + 8:
            protocol, position = data[position], position + 8 + (data[position + 1] << 2)
        else:
            return _tunnel_or_nothing(data, position, protocol)
    return _place(data, position, end, data[start + 8 : start + 40])


def _place(data: bytes, start: int, end: int, addresses: bytes) -> TcpPlace:
    """A TCP header at `start`, if enough of it was captured to read it."""
    if len(data) < start + 20:
        return NOT_TCP
    return start, end, addresses + data[start : start + 4]


def _tunnel_or_nothing(data: bytes, position: int, protocol: int) -> TcpPlace:
    """EXOTIC if `protocol`, whose header is at `position`, may carry IP inside."""
    if protocol in TUNNEL_PROTOCOLS:
        return EXOTIC
    if protocol == UDP and len(data) >= position + 8:
        source = data[position] << 8 | data[position + 1]
        destination = data[position + 2] << 8 | data[position + 3]
        if destination in TUNNEL_UDP_PORTS or source in TUNNEL_UDP_PORTS:
            return EXOTIC
    return NOT_TCP
