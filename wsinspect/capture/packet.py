"""The one thing that leaves `capture/`: a captured packet."""

from typing import NamedTuple


class Packet(NamedTuple):
    """A link-layer packet as the capture holds it (an immutable tuple: one is made per packet, so it must be cheap)."""

    number: int
    """1-based, as Wireshark counts the packets of the same file."""
    time_ns: int
    """Nanoseconds since the epoch."""
    link_type: int
    """A LINKTYPE_ value of the tcpdump registry, e.g. 1 for Ethernet."""
    data: bytes
    """The captured bytes; shorter than `wire_length` when the capture cut the packet (snap length)."""
    wire_length: int
    """Bytes of the packet on the wire."""
    offset: int
    """File offset of the packet's record (pcap record header or pcapng block), to read it again."""
