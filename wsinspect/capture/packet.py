"""What leaves `capture/`: a captured packet, and what the file says about it besides."""

from typing import NamedTuple

Options = tuple[tuple[int, bytes], ...]
"""Options of a pcapng block: codes and values; numbers in them are little-endian, whatever the file has."""


class Origin(NamedTuple):
    """What the file says about a packet besides its bytes and its time: for who writes it into another file."""

    interface: int
    """Number of the interface in the file, all sections counted on, from 0."""
    options: Options


class Interface(NamedTuple):
    """An interface as the file describes it; how times are written is not among the options."""

    link_type: int
    snap_length: int
    """Bytes, 0 for no limit."""
    options: Options


class Packet:
    """A link-layer packet as the capture holds it; nobody changes it afterwards.

    A plain class, as one is made per packet: compiled, its numbers are held without a Python object for each.
    """

    __slots__ = ("data", "link_type", "number", "offset", "time_ns", "wire_length")

    def __init__(self, number: int, time_ns: int, link_type: int, data: bytes, wire_length: int, offset: int) -> None:
        self.number = number
        """1-based, as Wireshark counts the packets of the same file."""
        self.time_ns = time_ns
        """Nanoseconds since the epoch."""
        self.link_type = link_type
        """A LINKTYPE_ value of the tcpdump registry, e.g. 1 for Ethernet."""
        self.data = data
        """The captured bytes; shorter than `wire_length` when the capture cut the packet (snap length)."""
        self.wire_length = wire_length
        """Bytes of the packet on the wire."""
        self.offset = offset
        """File offset of the packet's record (pcap record header or pcapng block), to read it again."""

    def replace(
        self,
        *,
        number: int | None = None,
        time_ns: int | None = None,
        data: bytes | None = None,
        offset: int | None = None,
    ) -> "Packet":
        """The same packet but for what is given."""
        return Packet(
            self.number if number is None else number,
            self.time_ns if time_ns is None else time_ns,
            self.link_type,
            self.data if data is None else data,
            self.wire_length,
            self.offset if offset is None else offset,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packet) and self._fields() == other._fields()

    def __repr__(self) -> str:
        return f"Packet{self._fields()}"

    def _fields(self) -> tuple[int, int, int, bytes, int, int]:
        return self.number, self.time_ns, self.link_type, self.data, self.wire_length, self.offset
