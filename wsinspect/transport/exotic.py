"""The complete road: what the fast one passes on, down to the innermost IP packets that carry TCP.

Link types of all kinds and tunnels in any depth are opened by `encapsulation.py` (which loads Scapy, on first use);
IP in IP and IP fragments, also those inside tunnels, are handled here.
"""

from typing import Final

from wsinspect.transport.fragments import FragmentCollector, with_ipv4_lengths
from wsinspect.transport.link import EXOTIC, LINKTYPE_ETHERNET, ip_start
from wsinspect.transport.tunnels import (
    AUTHENTICATION_HEADER,
    IP_IN_IP,
    TUNNEL_ETHERTYPES,
    TUNNEL_PROTOCOLS,
    TUNNEL_UDP_PORTS,
)

MAX_DEPTH: Final = 16
"""IP packets inside each other, before it counts as malformed."""

_TCP: Final = 6
_UDP: Final = 17
_FRAGMENT: Final = 44
_SKIPPABLE: Final = frozenset({0, 43, 60, 135, 139, 140, 253, 254})
"""IPv6 extension headers of the common layout (RFC 6564)."""

_VLAN_TYPES: Final = frozenset({0x8100, 0x88A8, 0x9100, 0x9200})
_LARGEST_LENGTH: Final = 1500
"""Smaller values in the place of an EtherType are the length of an IEEE 802.3 frame."""
_SNAP_WITH_ETHERTYPE: Final = bytes.fromhex("aaaa03000000")
"""LLC and SNAP headers that an EtherType follows (RFC 1042)."""


class ExoticDissector:
    """`feed` packets in capture order. Never raises on their content; remembers fragments, and nothing else."""

    def __init__(self) -> None:
        self.undissected = 0
        """Packets that contradicted themselves somewhere inside."""
        self.fragments = FragmentCollector()

    def feed(self, link_type: int, data: bytes, time_ns: int) -> list[bytes]:
        """Raw IP packets (LINKTYPE_RAW), not fragmented and without padding, each with TCP as its payload.

        Only the innermost count. One that the capture cut short comes as it is; the packet that completes a fragmented
        one brings that.
        """
        found: list[bytes] = []
        try:
            start = ip_start(link_type, data)
            if start >= 0:
                self._ip(data[start:], time_ns, MAX_DEPTH, found)
            elif start == EXOTIC and _may_carry_ip(link_type, data):
                from wsinspect.transport import encapsulation

                for packet in encapsulation.ip_packets_of_link(link_type, data):
                    self._ip(packet, time_ns, MAX_DEPTH, found)
        except Exception:
            # Scapy raises whatever its fields raise on malformed input, and what was found before that still counts.
            self.undissected += 1
        return found

    def _ip(self, data: bytes, time_ns: int, depth: int, found: list[bytes]) -> None:
        if not depth:
            raise ValueError("IP packets nested without end")
        if data[:1] and data[0] >> 4 == 6:
            self._ipv6(data, time_ns, depth, found)
        elif len(data) >= 20 and data[0] >> 4 == 4:
            self._ipv4(data, time_ns, depth, found)

    def _ipv4(self, data: bytes, time_ns: int, depth: int, found: list[bytes]) -> None:
        header = (data[0] & 15) << 2
        total = data[2] << 8 | data[3]
        # 0: segmentation offload, the packet is longer than the field can say.
        if total:
            data = data[:total]
        if header < 20 or len(data) < header:
            return
        if data[6] & 0x3F or data[7]:
            whole = self.fragments.feed_v4(data, time_ns)
            if whole is None:
                return
            data = whole
            header = (data[0] & 15) << 2
        if data[9] == AUTHENTICATION_HEADER and len(data) >= header + 8:
            # RFC 4302 s2: the header is in the way of the fast road, so it is taken out.
            length = (data[header + 1] + 2) << 2
            head = bytearray(data[:header])
            head[9] = data[header]
            declared = max(int.from_bytes(data[2:4], "big") - header - length, 0)
            data = with_ipv4_lengths(head, declared) + data[header + length :]
        self._payload(data, header, data[9], time_ns, depth, found)

    def _ipv6(self, data: bytes, time_ns: int, depth: int, found: list[bytes]) -> None:
        if len(data) < 40:
            return
        payload_length = data[4] << 8 | data[5]
        if payload_length:
            data = data[: 40 + payload_length]
        announced = 6  # where the number of the header at `position` stands
        position = 40
        while len(data) >= position + 8:
            protocol = data[announced]
            if protocol in _SKIPPABLE:
                announced, position = position, position + 8 + (data[position + 1] << 3)
            elif protocol == AUTHENTICATION_HEADER:
                announced, position = position, position + 8 + (data[position + 1] << 2)
            elif protocol == _FRAGMENT:
                whole = self.fragments.feed_v6(data, position, announced, time_ns)
                if whole is None:
                    return
                # The fragment header is gone: another header stands in its place.
                data = whole
            else:
                break
        self._payload(data, position, data[announced], time_ns, depth, found)

    def _payload(self, data: bytes, start: int, protocol: int, time_ns: int, depth: int, found: list[bytes]) -> None:
        """`protocol` begins at `start` of the IP packet `data`."""
        inner: list[bytes] = []
        if protocol == _TCP:
            found.append(data)
        elif protocol in IP_IN_IP:
            inner = [data[start:]]
        elif protocol == _UDP:
            source = int.from_bytes(data[start : start + 2], "big")
            destination = int.from_bytes(data[start + 2 : start + 4], "big")
            port = destination if destination in TUNNEL_UDP_PORTS else source
            if port in TUNNEL_UDP_PORTS:
                from wsinspect.transport import encapsulation

                inner = encapsulation.ip_packets_of_udp(port, data[start + 8 :])
        elif protocol in TUNNEL_PROTOCOLS:
            from wsinspect.transport import encapsulation

            inner = encapsulation.ip_packets_of_protocol(protocol, data[start:])
        for packet in inner:
            self._ip(packet, time_ns, depth - 1, found)


def _may_carry_ip(link_type: int, data: bytes) -> bool:
    """False for Ethernet that is certainly of no interest: every office network has spanning tree and the like, and
    Scapy is not to be loaded for that.
    """
    if link_type != LINKTYPE_ETHERNET:
        return True
    position = 12
    while True:
        ethertype = int.from_bytes(data[position : position + 2], "big")
        position += 2
        if ethertype not in _VLAN_TYPES:
            break
        position += 2
    if ethertype <= _LARGEST_LENGTH:
        return data[position : position + len(_SNAP_WITH_ETHERTYPE)] == _SNAP_WITH_ETHERTYPE
    return ethertype in TUNNEL_ETHERTYPES
