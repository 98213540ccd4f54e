"""The pcapng format: bytes of the file in, packets out.

draft-ietf-opsawg-pcapng: a file is a row of blocks (section 3.1) in sections (4.1), each with a byte order and
interfaces (4.2) of its own. Packets are Enhanced (4.3), Simple (4.4) or obsolete Packet Blocks (appendix A). Interface
statistics (4.6) tell what the capturing program lost, decryption secrets (4.7) carry TLS key logs. Everything else is
stepped over.
"""

import bisect
import struct
from collections.abc import Iterator
from typing import NamedTuple

from wsinspect.capture.packet import Interface, Options, Origin, Packet
from wsinspect.capture.records import (
    MAX_RECORD,
    Damage,
    Read,
    RecordBuffer,
    both_orders,
    changed,
    damaged,
    read_exactly,
    truncated,
)

MAGIC = bytes.fromhex("0a0d0d0a")
"""The type of a Section Header Block reads the same in both byte orders."""

SMALLEST_BLOCK = 12
MAX_BLOCK = MAX_RECORD + 1024 * 1024
"""A packet of the largest size and its options."""
MAX_DESCRIPTIONS = 65536
"""Sections and interfaces of a file. They are all remembered, to read packets again by their offset."""
MAX_SECRETS = 16 * 1024 * 1024
"""Bytes of TLS key logs kept; what comes after is not, and `problems` says so."""

INTERFACE = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
INTERFACE_STATISTICS = 5
ENHANCED_PACKET = 6
DECRYPTION_SECRETS = 10
_PACKETS = frozenset({OBSOLETE_PACKET, SIMPLE_PACKET, ENHANCED_PACKET})
# systemd journal entries and Custom Blocks are no packets, but Wireshark gives them numbers: ours must be the same.
_ONLY_NUMBERED = frozenset({9, 0xBAD, 0x40000BAD})

TLS_KEY_LOG = 0x544C534B
_IF_TSRESOL, _IF_TSOFFSET = 9, 14
_ISB_ENDTIME, _ISB_IFDROP, _ISB_OSDROP = 3, 5, 7
# Options whose value is one number, which has the byte order of the section (4.2, 4.3).
_INTERFACE_NUMBERS = frozenset({8, 10})
_PACKET_NUMBERS = frozenset({2, 4, 5, 6})
# How times are written, and what is not to be copied: custom options of the kind that says so (3.5.1).
_NOT_KEPT = frozenset({_IF_TSRESOL, _IF_TSOFFSET, 19372, 19373})

_BYTE_ORDERS = {bytes.fromhex("1a2b3c4d"): ">", bytes.fromhex("4d3c2b1a"): "<"}
_UINT16 = both_orders("H")
_UINT32 = both_orders("I")
_UINT64 = both_orders("Q")
_INT64 = both_orders("q")
_TWO_UINT32 = both_orders("II")
_OPTION = both_orders("HH")  # code, length
_INTERFACE = both_orders("HxxI")  # link type, snap length
_ENHANCED = both_orders("IIIII")  # interface, time (high, low), captured length, length on the wire
_OBSOLETE = both_orders("HxxIIII")  # the same; the interface is shorter, to fit a drop count
_HEADER_AND_ENHANCED = both_orders("IIIIIII")  # block type, block length, the five fields
_TRAILER_AND_NEXT = both_orders("IIIIIIII")  # the length that closes a block, then the seven of the next
LATEST_NS = 2**62
"""Times are held between 1970 and this (the year 2116): they and their differences fit 64 bits."""
_TOO_LATE = "packets claim times after the year 2116, which are all taken for that year"
_TOO_EARLY = "packets claim times before the year 1970, which are all taken for its beginning"


class _Clock(NamedTuple):
    """What packets need of an Interface Description Block, ready for arithmetic."""

    link_type: int
    snap_length: int
    """Bytes, 0 for no limit."""
    numerator: int
    denominator: int
    """A timestamp times numerator, divided by denominator, is nanoseconds."""
    offset_ns: int

    def time_ns(self, high: int, low: int) -> int:
        """A timestamp, given by its halves, in nanoseconds since the epoch; 0 to LATEST_NS."""
        return max(0, min((high << 32 | low) * self.numerator // self.denominator + self.offset_ns, LATEST_NS))


class _Section(NamedTuple):
    order: str
    interfaces: list[_Clock]


class PcapngParser:
    """`feed` bytes as they come, then `finish`; neither raises, whatever the bytes are.

    A block that makes no sense ends the reading: where the next one begins could only be guessed.
    """

    format = "pcapng"

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.number = 0
        """Of the latest packet, as Wireshark numbers them."""
        self.over = False
        """Nothing more can be read: the file is damaged from here on, or finished."""
        self.secrets: list[bytes] = []
        self.end_ns = 0
        """Until when the capturing program says it captured; 0 if it does not say."""
        self._secrets_size = 0
        self._dropped: dict[tuple[int, int], int] = {}  # (section, interface) to its latest count
        self._buffer = RecordBuffer(SMALLEST_BLOCK)
        self._section = _Section("<", [])
        self._sections: list[_Section] = []
        self._section_offsets: list[int] = []
        self._interface_offsets: list[int] = []  # of all sections
        self._first_interfaces: list[int] = []  # of each section, a place in the list above
        self._descriptions = 0
        self._last_time = 0
        # Where Simple Packet Blocks began to take another time from the packet before them, and which.
        self._untimed_offsets: list[int] = []
        self._untimed_times: list[int] = []

    @property
    def dropped(self) -> int | None:
        """Packets the capturing program says it lost, on all interfaces; None if the file does not say."""
        return sum(self._dropped.values()) if self._dropped else None

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that these bytes complete."""
        if self.over:
            return []
        joined = self._buffer.join(data)
        if joined is None:
            return []
        packets: list[Packet] = []
        position, end = 0, len(joined)
        needed = SMALLEST_BLOCK
        try:
            while True:
                position = self._enhanced_packets(joined, position, packets)
                if end - position < SMALLEST_BLOCK:
                    break
                length = self._block_length(joined, position)
                if end - position < length:
                    needed = length
                    break
                self._block(joined, position, length, packets)
                position += length
        except Damage as damage:
            self.over = True
            self.problems.append(damaged(self.number, self._buffer.offset + position, str(damage)))
        else:
            self._buffer.keep(joined, position, needed)
        if packets:
            self._last_time = packets[-1].time_ns
        return packets

    def finish(self, end: int | None = None) -> list[Packet]:
        """The input has ended: say whether it did so in the middle of something.

        `end` is the size of the file by now, if it is known: a writer without room cuts what it could not write whole.
        """
        if not self.over:
            self.over = True
            held = len(self._buffer) and (end is None or end > self._buffer.offset)
            if held or not self._sections:
                self.problems.append(truncated(self.number, self._buffer.offset))
        return []

    def packet_at(self, read: Read, offset: int, number: int) -> Packet:
        """One packet of an earlier pass again. Raises `WsinspectError` when the file has changed since."""
        index, kind, body = self._block_at(read, offset)
        if kind not in _PACKETS:
            raise changed(offset)
        run = bisect.bisect_right(self._untimed_offsets, offset) - 1
        time_ns = self._untimed_times[run] if run >= 0 else 0
        try:
            return _packet(self._sections[index], kind, body, number, offset, time_ns)
        except (Damage, struct.error):
            raise changed(offset) from None

    def origin_at(self, read: Read, offset: int) -> Origin:
        """What else the file says about a packet of an earlier pass. Raises `WsinspectError` as `packet_at` does."""
        index, kind, body = self._block_at(read, offset)
        earlier = self._first_interfaces[index]
        if kind == SIMPLE_PACKET:
            return Origin(earlier, ())
        order = self._sections[index].order
        layout = _ENHANCED if kind == ENHANCED_PACKET else _OBSOLETE
        try:
            interface, _, _, captured, _ = layout[order].unpack_from(body)
            options = _kept_options(order, body, 20 + (captured + 3 & ~3), _PACKET_NUMBERS)
        except (Damage, struct.error):
            raise changed(offset) from None
        return Origin(earlier + interface, options)

    def interface(self, read: Read, number: int) -> Interface:
        """What the file says about an interface of an earlier pass. Raises `WsinspectError` as `packet_at` does."""
        offset = self._interface_offsets[number]
        index, _, body = self._block_at(read, offset)
        order = self._sections[index].order
        try:
            link_type, snap_length = _INTERFACE[order].unpack_from(body)
            return Interface(link_type, snap_length, _kept_options(order, body, 8, _INTERFACE_NUMBERS))
        except (Damage, struct.error):
            raise changed(offset) from None

    def _block_at(self, read: Read, offset: int) -> tuple[int, int, bytes]:
        """A block of an earlier pass again: place of its section, type, body."""
        index = bisect.bisect_right(self._section_offsets, offset) - 1
        if index < 0:
            raise changed(offset)
        kind, length = _TWO_UINT32[self._sections[index].order].unpack(read_exactly(read, offset, 8))
        if not SMALLEST_BLOCK <= length <= MAX_BLOCK:
            raise changed(offset)
        return index, kind, read_exactly(read, offset + 8, length - SMALLEST_BLOCK)

    def _enhanced_packets(self, data: bytes, position: int, packets: list[Packet]) -> int:
        """The row of sound Enhanced Packet Blocks from `position`; where it ends. The loop is what a packet costs.

        Each step unpacks the length that closes a block together with the head of the next one, so the last block
        of the bytes at hand, and everything unusual, is left to `_block`.
        """
        last = len(data) - 28
        if position > last:
            return position
        order, interfaces = self._section
        count = len(interfaces)
        unpack = _TRAILER_AND_NEXT[order].unpack_from
        base = self._buffer.offset
        number = self.number
        # Declared, since to the compiler a struct's fields could be anything.
        kind: int
        length: int
        interface: int
        high: int
        low: int
        captured: int
        wire_length: int
        kind, length, interface, high, low, captured, wire_length = _HEADER_AND_ENHANCED[order].unpack_from(
            data, position
        )
        while kind == ENHANCED_PACKET:
            following = position + length
            if following > last or captured > length - 32 or interface >= count or length & 3:
                break
            fields = unpack(data, following - 4)
            if fields[0] != length:
                break
            link_type, _, numerator, denominator, offset_ns = interfaces[interface]
            time_ns = (high << 32 | low) * numerator // denominator + offset_ns
            if not 0 <= time_ns <= LATEST_NS:
                break
            number += 1
            start = position + 28
            packets.append(
                Packet(number, time_ns, link_type, data[start : start + captured], wire_length, base + position)
            )
            position = following
            _, kind, length, interface, high, low, captured, wire_length = fields
        self.number = number
        return position

    def _block_length(self, data: bytes, position: int) -> int:
        order = self._section.order
        if data[position : position + 4] == MAGIC:
            known = _BYTE_ORDERS.get(data[position + 8 : position + 12])
            if known is None:
                raise Damage(f"{data[position + 8 : position + 12].hex(' ')} is no byte-order magic")
            order = known
        elif not self._sections:
            raise Damage(f"{data[position : position + 4].hex(' ')} does not begin a pcapng file")
        length = int(_UINT32[order].unpack_from(data, position + 4)[0])
        if length < SMALLEST_BLOCK or length % 4 or length > MAX_BLOCK:
            raise Damage(f"block length {length} is impossible")
        return length

    def _block(self, data: bytes, position: int, length: int, packets: list[Packet]) -> None:
        """A whole block of any type."""
        offset = self._buffer.offset + position
        body = data[position + 8 : position + length - 4]
        if data[position : position + 4] == MAGIC:
            self._begin_section(body, offset)
        order = self._section.order
        closing = _UINT32[order].unpack_from(data, position + length - 4)[0]
        if closing != length:
            raise Damage(f"block length {length} is closed by {closing}")
        kind = _UINT32[order].unpack_from(data, position)[0]
        try:
            if kind in _PACKETS:
                time_ns = packets[-1].time_ns if packets else self._last_time
                packets.append(_packet(self._section, kind, body, self.number + 1, offset, time_ns))
                self.number += 1
                self._check_time(packets[-1].time_ns)
                if kind == SIMPLE_PACKET and (not self._untimed_times or self._untimed_times[-1] != time_ns):
                    self._untimed_offsets.append(offset)
                    self._untimed_times.append(time_ns)
            elif kind == INTERFACE:
                self._add_interface(_interface(order, body), offset)
            elif kind == INTERFACE_STATISTICS:
                self._add_statistics(order, body)
            elif kind == DECRYPTION_SECRETS:
                self._add_secrets(order, body)
            elif kind in _ONLY_NUMBERED:
                self.number += 1
        except struct.error:
            raise Damage(f"block length {length} is too short for block type {kind}") from None

    def _check_time(self, time_ns: int) -> None:
        """Tell if it is one at which times are held."""
        problem = ""
        if time_ns == LATEST_NS:
            problem = _TOO_LATE
        elif not time_ns and any(clock.offset_ns < 0 for clock in self._section.interfaces):
            problem = _TOO_EARLY
        if problem and problem not in self.problems:
            self.problems.append(problem)

    def _begin_section(self, body: bytes, offset: int) -> None:
        if len(body) < 16:
            raise Damage(f"block length {len(body) + SMALLEST_BLOCK} is too short for a section header")
        order = _BYTE_ORDERS[body[:4]]
        major = _UINT16[order].unpack_from(body, 4)[0]
        if major != 1:
            raise Damage(f"pcapng version {major} is unknown")
        self._count_description()
        self._section = _Section(order, [])
        self._sections.append(self._section)
        self._section_offsets.append(offset)
        self._first_interfaces.append(len(self._interface_offsets))

    def _add_interface(self, interface: _Clock, offset: int) -> None:
        self._count_description()
        self._section.interfaces.append(interface)
        self._interface_offsets.append(offset)

    def _count_description(self) -> None:
        if self._descriptions >= MAX_DESCRIPTIONS:
            raise Damage(f"more than {MAX_DESCRIPTIONS} sections and interfaces")
        self._descriptions += 1

    def _add_statistics(self, order: str, body: bytes) -> None:
        number = _UINT32[order].unpack_from(body)[0]
        # An interface that was never described has no name under which its loss could be counted once, and no clock.
        described = number < len(self._section.interfaces)
        counts: list[int] = []
        for code, value in _options(order, body, 12):
            if not described or len(value) != 8:
                continue
            if code in (_ISB_IFDROP, _ISB_OSDROP):
                counts.append(_UINT64[order].unpack(value)[0])
            elif code == _ISB_ENDTIME:
                high, low = _TWO_UINT32[order].unpack(value)
                self.end_ns = max(self.end_ns, self._section.interfaces[number].time_ns(high, low))
        if counts:
            self._dropped[len(self._sections), number] = sum(counts)

    def _add_secrets(self, order: str, body: bytes) -> None:
        kind, length = _TWO_UINT32[order].unpack_from(body)
        if length > len(body) - 8:
            raise Damage(f"secrets length {length} does not fit its block")
        if kind != TLS_KEY_LOG:
            return
        if self._secrets_size + length > MAX_SECRETS:
            problem = f"TLS keys in the capture beyond {MAX_SECRETS} bytes are not used"
            if problem not in self.problems:
                self.problems.append(problem)
            return
        self._secrets_size += length
        self.secrets.append(body[8 : 8 + length])


def _packet(section: _Section, kind: int, body: bytes, number: int, offset: int, untimed_ns: int) -> Packet:
    """The packet of a block's body. `untimed_ns` is the time of a Simple Packet Block, which carries none."""
    order, interfaces = section
    if kind == SIMPLE_PACKET:
        interface_id = 0
        start = 4
        wire_length = _UINT32[order].unpack_from(body)[0]
    else:
        layout = _ENHANCED if kind == ENHANCED_PACKET else _OBSOLETE
        interface_id, high, low, captured, wire_length = layout[order].unpack_from(body)
        start = 20
    if interface_id >= len(interfaces):
        raise Damage(f"interface {interface_id} is not described")
    interface = interfaces[interface_id]
    if kind == SIMPLE_PACKET:
        # Section 4.4: the captured length is not stored; it is the smaller of the length and the snap length.
        time_ns = untimed_ns
        captured = min(wire_length, interface.snap_length) if interface.snap_length else wire_length
    else:
        time_ns = interface.time_ns(high, low)
    if captured > len(body) - start:
        raise Damage(f"captured length {captured} does not fit its block")
    return Packet(number, time_ns, interface.link_type, body[start : start + captured], wire_length, offset)


def _interface(order: str, body: bytes) -> _Clock:
    """Section 4.2. Without if_tsresol, timestamps are microseconds."""
    link_type, snap_length = _INTERFACE[order].unpack_from(body)
    units_per_second = 10**6
    offset_ns = 0
    for code, value in _options(order, body, 8):
        if code == _IF_TSRESOL and len(value) == 1:
            exponent = value[0] & 0x7F
            units_per_second = 2**exponent if value[0] & 0x80 else 10**exponent
        elif code == _IF_TSOFFSET and len(value) == 8:
            offset_ns = max(_INT64[order].unpack(value)[0] * 1_000_000_000, -LATEST_NS)
    if units_per_second <= 10**9 and 10**9 % units_per_second == 0:
        return _Clock(link_type, snap_length, 10**9 // units_per_second, 1, offset_ns)
    return _Clock(link_type, snap_length, 10**9, units_per_second, offset_ns)


def _options(order: str, body: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """Section 3.5: code, length, value padded to four bytes; code 0, or the end of the block, ends them."""
    while position + 4 <= len(body):
        code, length = _OPTION[order].unpack_from(body, position)
        if code == 0:
            return
        position += 4
        if position + length > len(body):
            raise Damage(f"option length {length} does not fit its block")
        yield code, body[position : position + length]
        position += (length + 3) & ~3


def _kept_options(order: str, body: bytes, position: int, numbers: frozenset[int]) -> Options:
    """The options that may stand in another file as well."""
    return tuple(
        (code, value[::-1] if order == ">" and code in numbers else value)
        for code, value in _options(order, body, position)
        if code not in _NOT_KEPT
    )
