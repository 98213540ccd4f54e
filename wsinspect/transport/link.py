"""The fast road, first step: where the IP header begins in a captured packet.

Ethernet (with VLAN and QinQ tags), Linux cooked v1 and v2, BSD loopback and raw IP are understood here, in place, with
no object made. Everything else is for the complete road (`exotic.py`).
"""

from typing import Final

LINKTYPE_NULL: Final = 0
LINKTYPE_ETHERNET: Final = 1
LINKTYPE_RAW_BSD: Final = 12
LINKTYPE_RAW_OPENBSD: Final = 14
LINKTYPE_RAW: Final = 101
LINKTYPE_LOOP: Final = 108
LINKTYPE_LINUX_SLL: Final = 113
LINKTYPE_IPV4: Final = 228
LINKTYPE_IPV6: Final = 229
LINKTYPE_LINUX_SLL2: Final = 276

NOT_IP: Final = -1
"""The packet carries no IP (ARP, LLDP …) or is too short to tell."""
EXOTIC: Final = -2
"""The fast road ends here; the complete road may find IP further in."""

_VLAN_TYPES: Final = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})
_NO_IP_INSIDE: Final = frozenset({0x0806, 0x8035, 0x88CC, 0x8809, 0x888E, 0x893A, 0x88F7})
"""ARP, RARP, LLDP, slow protocols, EAPOL, 1905.1, PTP: nothing for anybody here."""
_AF_INET6: Final = frozenset({10, 24, 28, 30})
"""AF_INET6 as Linux, NetBSD/OpenBSD, FreeBSD and Darwin number it."""


def ip_start(link_type: int, data: bytes) -> int:
    """Offset of the IP header in `data`, or NOT_IP, or EXOTIC."""
    if link_type == LINKTYPE_ETHERNET:
        return _after_ethertype(data, 12)
    if link_type == LINKTYPE_LINUX_SLL:
        return _after_ethertype(data, 14)
    if link_type == LINKTYPE_LINUX_SLL2:
        if len(data) < 20:
            return NOT_IP
        # The protocol type stands first here, a VLAN tag behind the 20 bytes of header.
        if data[0] << 8 | data[1] in _VLAN_TYPES:
            return _after_ethertype(data, 22)
        after = _after_ethertype(data, 0)
        return 20 if after >= 0 else after
    if link_type in (LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6, LINKTYPE_RAW_BSD, LINKTYPE_RAW_OPENBSD):
        return 0 if data and data[0] >> 4 in (4, 6) else NOT_IP
    if link_type in (LINKTYPE_NULL, LINKTYPE_LOOP):
        return _after_address_family(data)
    return EXOTIC


def _after_ethertype(data: bytes, position: int) -> int:
    """Where IP begins when an EtherType stands at `position`, VLAN tags (IEEE 802.1Q, 802.1ad) stepped over."""
    while len(data) >= position + 2:
        ethertype = data[position] << 8 | data[position + 1]
        if ethertype == 0x0800 or ethertype == 0x86DD:
            return position + 2
        if ethertype not in _VLAN_TYPES:
            return NOT_IP if ethertype in _NO_IP_INSIDE else EXOTIC
        position += 4
    return NOT_IP


def _after_address_family(data: bytes) -> int:
    """NULL and LOOP: four bytes of address family, in the capturing host's byte order or in network order."""
    if len(data) < 5:
        return NOT_IP
    family = data[0] or data[3]
    if family == 2 or family in _AF_INET6:
        return 4
    return NOT_IP
