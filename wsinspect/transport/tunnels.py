"""Which packets may carry IP inside something else: numbers only, so that the fast road can ask without Scapy.

Here and in `encapsulation.py`, which opens what is listed here, the numbers must agree; a test compares them.
"""

from typing import Final

GRE: Final = 47
MPLS_IN_IP: Final = 137
ETHER_IP: Final = 97
AUTHENTICATION_HEADER: Final = 51

IP_IN_IP: Final = frozenset({4, 41, 94})
"""Protocols whose payload is an IP packet: RFC 2003, RFC 4213 (6in4), KA9Q IPIP."""

TUNNEL_PROTOCOLS: Final = IP_IN_IP | {GRE, AUTHENTICATION_HEADER, ETHER_IP, MPLS_IN_IP}
"""IP protocol numbers (IANA registry of assigned Internet protocol numbers)."""

TUNNEL_UDP_PORTS: Final = frozenset(
    {
        2152,  # GTP-U, 3GPP TS 29.281
        3544,  # Teredo, RFC 4380
        4754,  # GRE-in-UDP, RFC 8086
        4789,  # VXLAN, RFC 7348
        4790,  # VXLAN-GPE
        6081,  # GENEVE, RFC 8926
        6635,  # MPLS-in-UDP, RFC 7510
        8472,  # VXLAN, as Linux had it before the port was assigned
        37008,  # TZSP, how access points and routers mirror traffic
    }
)
"""UDP ports, on either side, of tunnels that are recognised by their port alone."""

TUNNEL_ETHERTYPES: Final = frozenset(
    {
        0x6558,  # Transparent Ethernet Bridging
        0x8847,  # MPLS
        0x8848,  # MPLS multicast
        0x8864,  # PPPoE session
        0x88E7,  # IEEE 802.1ah, provider backbone bridges
        0x8909,  # Cisco MetaData
        0x8926,  # VN-Tag, IEEE 802.1BR before it was one
        0x892F,  # HSR, IEC 62439-3
        0x894F,  # NSH, RFC 8300
    }
)
"""EtherTypes, beside IPv4, IPv6 and VLAN tags, with IP further in."""
