"""A link-layer packet or the inside of a tunnel in, the IP packets directly within it out; Scapy knows the layers.

Importing this module imports Scapy (a third of a second): only `exotic.py` does, and only when it has to. Scapy is
asked for one layer at a time, so that a malformed or cut inner packet costs nothing but itself. Headers that Scapy does
not know, or not in the places where they occur, are small and listed below. Anything here may raise on malformed
input: the caller counts that.
"""

import logging
import warnings
from collections.abc import Callable
from typing import Any, Literal

from wsinspect.transport import tunnels

# Scapy warns of missing interfaces and routes while it is imported; none of that concerns a packet at hand.
logging.getLogger("scapy").setLevel(logging.CRITICAL)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from scapy.config import conf
    from scapy.contrib.geneve import GENEVE
    from scapy.contrib.gtp import GTP_U_Header
    from scapy.contrib.mpls import MPLS
    from scapy.layers import ppi  # noqa: F401 - registers its link type
    from scapy.layers.dot11 import Dot11, Dot11FCS, Dot11QoS
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6, IPv46
    from scapy.layers.l2 import GRE, LLC, SNAP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1AH, Dot1Q, Ether
    from scapy.layers.ppp import PPP, PPPoE
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import NoPayload, Packet

MAX_LAYERS = 128
"""Layers opened for one packet, before it counts as malformed. An aggregate of 802.11 frames has many, side by side."""

Inner = list[tuple[Any, bytes]]
"""What is inside: (a Scapy class, or a function of this module; its bytes)."""


_IP = IPv46
"""IPv4 or IPv6, as its first half byte says; `_open` ends at it."""


class Malformed(Exception):
    """The bytes contradict the layer that they should be."""


def ip_packets_of_link(link_type: int, data: bytes) -> list[bytes]:
    """IP packets within a captured packet. Unknown link types have none."""
    step = LINK_TYPES.get(link_type) or conf.l2types.num2layer.get(link_type)
    return _open([(step, data)]) if step is not None else []


def ip_packets_of_protocol(protocol: int, data: bytes) -> list[bytes]:
    """IP packets within an IP payload of a tunnel protocol."""
    return _open([(PROTOCOLS[protocol], data)])


def ip_packets_of_udp(port: int, data: bytes) -> list[bytes]:
    """IP packets within the payload of a tunnel's UDP datagram."""
    return _open([(UDP_PORTS[port], data)])


def _open(work: Inner) -> list[bytes]:
    found: list[bytes] = []
    for _ in range(MAX_LAYERS):
        if not work:
            return found
        step, data = work.pop(0)
        if not data:
            continue
        if step in (IP, IPv6, IPv46):
            if data[0] >> 4 in (4, 6):
                found.append(data)
        elif isinstance(step, type):
            work += _scapy_layer(step, data)
        else:
            work += step(data)
    raise Malformed


def _scapy_layer(layer_class: Any, data: bytes) -> Inner:
    """One layer, by Scapy."""
    # "Stop after any packet class": the payload stays raw bytes.
    layer = layer_class(data, stop_dissection_after=Packet)
    if isinstance(layer.payload, NoPayload):
        return []
    payload = bytes(layer.payload.original)
    if isinstance(layer, GRE) and layer.proto == 0x88BE:
        return _erspan_1_or_2(payload, bool(layer.seqnum_present))
    if isinstance(layer, Dot11QoS) and layer.A_MSDU_Present:
        return _aggregated(payload)
    for carrier, field in _ETHERTYPE_FIELDS:
        if isinstance(layer, carrier):
            step = ETHERTYPES.get(getattr(layer, field))
            if step is not None:
                return [(step, payload)]
    inner = layer.guess_payload_class(payload)
    # The frame check sequence of a cut packet is not there: taking it off would cut the packet once more.
    return [(Dot11 if inner is Dot11FCS else inner, payload)]


def _after_ethertype(position: int) -> Callable[[bytes], Inner]:
    """A header that ends with the EtherType at `position`."""

    def step(data: bytes) -> Inner:
        inner = ETHERTYPES.get(int.from_bytes(data[position : position + 2], "big"))
        return [(inner, data[position + 2 :])] if inner is not None else []

    return step


def _after(length: int, inner: Any) -> Callable[[bytes], Inner]:
    """A header of fixed length that says nothing of interest."""
    return lambda data: [(inner, data[length:])]


def _pflog(data: bytes) -> Inner:
    """OpenBSD's packet filter log: the length in the first byte leaves out the padding to four."""
    return [(_IP, data[(data[0] + 3) & ~3 :])]


def _nflog(data: bytes) -> Inner:
    """LINKTYPE_NFLOG: 4 bytes of header, then (length, type, value) in the capturing host's byte order."""
    payload_attribute = 9
    position = 4
    while position + 4 <= len(data):
        # No attribute type reaches 256: that tells the byte order.
        order: Literal["little", "big"] = "little" if data[position + 3] & 0x7F == 0 else "big"
        length = int.from_bytes(data[position : position + 2], order)
        kind = int.from_bytes(data[position + 2 : position + 4], order) & 0x7FFF
        if length < 4:
            raise Malformed
        if kind == payload_attribute:
            return [(_IP, data[position + 4 : position + length])]
        position += (length + 3) & ~3
    return []


def _pktap(data: bytes) -> Inner:
    """Apple's PKTAP: header length, record type, then the link type of what follows; little-endian."""
    length = int.from_bytes(data[:4], "little")
    link_type = int.from_bytes(data[8:12], "little")
    step = LINK_TYPES.get(link_type) or conf.l2types.num2layer.get(link_type)
    if length < 12 or step is _pktap:
        raise Malformed
    return [(step, data[length:])] if step is not None else []


def _ipoib(data: bytes) -> Inner:
    """LINKTYPE_IPOIB: 40 bytes of global routing header, the EtherType (RFC 4391 s6), two reserved bytes."""
    inner = ETHERTYPES.get(int.from_bytes(data[40:42], "big"))
    return [(inner, data[44:])] if inner is not None else []


def _nsh(data: bytes) -> Inner:
    """RFC 8300 s2.2: length in units of four bytes, next protocol in the fourth byte."""
    length = (data[1] & 0x3F) << 2
    if length < 8:
        raise Malformed
    inner = {1: _IP, 2: _IP, 3: Ether, 4: _nsh, 5: MPLS}.get(data[3])
    return [(inner, data[length:])] if inner is not None else []


def _wccp(data: bytes) -> Inner:
    """Cache redirection: version 2 puts four bytes before the IP packet, version 1 none."""
    return [(_IP, data if data[0] >> 4 == 4 else data[4:])]


def _erspan_1_or_2(data: bytes, numbered: bool) -> Inner:
    """draft-foschiano-erspan s4.2: type I has no header of its own, and its GRE no sequence number."""
    return [(Ether, data[8:] if numbered else data)]


def _erspan_3(data: bytes) -> Inner:
    """draft-foschiano-erspan s4.3: 12 bytes, 8 more if the last bit is set; the frame type is Ethernet or IP."""
    inner = _IP if data[10] >> 2 & 0x1F == 2 else Ether
    return [(inner, data[20:] if data[11] & 1 else data[12:])]


def _aggregated(data: bytes) -> Inner:
    """IEEE 802.11 A-MSDU: subframes of two addresses, a length and an LLC packet, padded to four bytes."""
    inner: Inner = []
    position = 0
    while position + 14 < len(data):
        length = int.from_bytes(data[position + 12 : position + 14], "big")
        inner.append((LLC, data[position + 14 : position + 14 + length]))
        position += (14 + length + 3) & ~3
    return inner


def _gtp_u(data: bytes) -> Inner:
    """3GPP TS 29.281 s5.1: version 1, message 255 is a user's packet."""
    if len(data) < 8 or data[0] >> 5 != 1 or data[1] != 255:
        return []
    if not data[0] & 0x04:
        return _scapy_layer(GTP_U_Header, data)
    # Scapy knows one extension header; each has its length, in units of four, first and the next one's type last.
    position, kind = 12, data[11]
    while kind:
        length = data[position] << 2
        if not length:
            raise Malformed
        position += length
        kind = data[position - 1]
    return [(_IP, data[position:])]


def _vxlan(data: bytes) -> Inner:
    """RFC 7348 s5: the I flag is always set, so other traffic on the port is told apart."""
    return _scapy_layer(VXLAN, data) if data[0] & 0x08 else []


def _geneve(data: bytes) -> Inner:
    """RFC 8926 s3.4: version 0."""
    return _scapy_layer(GENEVE, data) if data[0] >> 6 == 0 else []


def _teredo(data: bytes) -> Inner:
    """RFC 4380 s5.1.1: authentication and origin indications may come before the IPv6 packet."""
    if data[:2] == b"\0\1":
        data = data[13 + data[2] + data[3] :]
    if data[:2] == b"\0\0":
        data = data[8:]
    return [(_IP, data)] if data and data[0] >> 4 == 6 else []


def _tzsp(data: bytes) -> Inner:
    """TaZmen Sniffer Protocol: version, type, protocol, then tags up to the end tag; only padding has no length."""
    padding, end, ethernet = 0, 1, 1
    if data[0] != 1 or data[1] not in (0, 1) or int.from_bytes(data[2:4], "big") != ethernet:
        return []
    position = 4
    while data[position] != end:
        position += 1 if data[position] == padding else 2 + data[position + 1]
    return [(Ether, data[position + 1 :])]


ETHERTYPES: dict[int, Any] = {
    0x0800: _IP,
    0x86DD: _IP,
    0x8100: Dot1Q,
    0x88A8: Dot1AD,
    0x9100: Dot1Q,
    0x9200: Dot1Q,
    0x22EB: _erspan_3,
    0x6558: Ether,
    0x883E: _wccp,
    0x8847: MPLS,
    0x8848: MPLS,
    0x8864: PPPoE,
    0x88E7: Dot1AH,
    0x8909: _after_ethertype(6),
    0x8926: _after_ethertype(4),
    0x892F: _after_ethertype(4),
    0x894F: _nsh,
}
# Scapy binds most EtherTypes to Ethernet only: here they count wherever there is one.
_ETHERTYPE_FIELDS = (
    (Ether, "type"),
    (Dot1Q, "type"),
    (Dot1AD, "type"),
    (SNAP, "code"),
    (GRE, "proto"),
    (GENEVE, "proto"),
    (CookedLinux, "proto"),
    (CookedLinuxV2, "proto"),
)
PROTOCOLS: dict[int, Any] = {tunnels.GRE: GRE, tunnels.MPLS_IN_IP: MPLS, tunnels.ETHER_IP: _after(2, Ether)}
UDP_PORTS: dict[int, Any] = {
    2152: _gtp_u,
    3544: _teredo,
    4754: GRE,
    4789: _vxlan,
    4790: _vxlan,
    6081: _geneve,
    6635: MPLS,
    8472: _vxlan,
    37008: _tzsp,
}
# https://www.tcpdump.org/linktypes.html; before what Scapy registers (Ethernet, 802.11 with and without radiotap, PPI,
# Linux cooked …).
LINK_TYPES: dict[int, Any] = {
    0: _after(4, _IP),  # NULL
    9: PPP,
    12: _IP,  # RAW as BSD numbers it
    14: _IP,  # RAW as OpenBSD numbers it
    100: LLC,  # ATM_RFC1483
    101: _IP,  # RAW
    104: _after_ethertype(2),  # C_HDLC
    108: _after(4, _IP),  # LOOP
    109: _after(12, _IP),  # ENC, decrypted IPsec of BSD
    117: _pflog,
    122: _after(16, LLC),  # IP_OVER_FC
    138: _after_ethertype(16),  # APPLE_IP_OVER_IEEE1394
    205: _after_ethertype(3),  # C_HDLC_WITH_DIR
    228: _IP,  # IPV4
    229: _IP,  # IPV6
    239: _nflog,
    240: _after(4, Ether),  # NETANALYZER
    241: _after(12, Ether),  # NETANALYZER_TRANSPARENT: a preamble more
    242: _ipoib,
    258: _pktap,
}
