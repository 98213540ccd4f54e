"""The packets of some connections as a pcapng file: bytes, times and interfaces as they were captured.

Comments on packets name the violations; the comment of the file says out of what it was cut. Nothing else of the old
file is taken along: no names, no packets of others, and no TLS secrets unless they are asked for.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO, Final

from wsinspect.capture.packet import Interface, Options
from wsinspect.capture.pcapng_blocks import (
    ISB_ENDTIME,
    comment_option,
    interface_block,
    packet_block,
    packet_block_with,
    secrets_block,
    section_header,
    statistics_block,
    time_value,
)
from wsinspect.escape import terminal
from wsinspect.export.selection import PacketFile, Progress, Selection
from wsinspect.report import model
from wsinspect.transport.packet_places import PacketPlaces

MAX_COMMENTS: Final = 1000
"""Packets that get a comment for the same rule broken by the same side of one connection: the first ones."""
NAMED: Final = 50
"""Connections that the comment of the file names."""
_TICK: Final = 1000  # packets between two reports of progress


def write_slice(selection: Selection, output: BinaryIO, progress: Progress, secrets: bytes = b"") -> None:
    """Write the packets of the selected connections, in the order of the capture, and a key log if one is given.

    Raises `WsinspectError` if the capture can no longer be read.
    """
    comments: dict[int, list[str]] = {}
    streams: dict[int, PacketPlaces] = {}
    names: list[str] = []
    for place in range(len(selection)):
        report = selection.report(place)
        if len(names) < NAMED:
            names.append(f"#{report.id} (tcp.stream {report.tcp_stream})")
        # The attempts to open a WebSocket on one TCP connection share its packets.
        streams[report.tcp_stream] = selection.places(place)
        for packet, text in _violations(selection, place, report):
            comments.setdefault(packet, []).append(text)
    output.write(section_header(_about(selection, names)))
    if secrets:
        output.write(secrets_block(secrets))
    writer = _Writer(selection.file, output, comments)
    total = sum(len(places) for places in streams.values())
    for done, (number, offset) in enumerate(_in_order(list(streams.values()))):
        if done % _TICK == 0:
            progress(done, total)
        writer.write(offset, number)
    end = selection.capture().end
    writer.finish(round(end * 1_000_000) * 1000 if end is not None else 0)


class _Writer:
    """Packets of one file into another."""

    def __init__(self, file: PacketFile, output: BinaryIO, comments: dict[int, list[str]]) -> None:
        self._file = file
        self._output = output
        self._comments = comments
        self._interfaces: dict[int, int] = {}  # number in the old file to number in the new one

    def write(self, offset: int, number: int) -> None:
        packet, origin = self._file.packet_at(offset, number), self._file.origin_at(offset)
        interface = self._interfaces.get(origin.interface)
        if interface is None:
            interface = self._interfaces[origin.interface] = len(self._interfaces)
            self._output.write(_described(self._file.interface(origin.interface)))
        options: Options = origin.options
        if number in self._comments:
            options += tuple(comment_option(text) for text in self._comments[number])
        if options:
            block = packet_block_with(options, interface, packet.time_ns, packet.data, packet.wire_length)
        else:
            block = packet_block(interface, packet.time_ns, packet.data, packet.wire_length)
        self._output.write(block)

    def finish(self, end_ns: int) -> None:
        """Say up to when the capture went: that nothing happened until then is a fact about the connections."""
        for interface in self._interfaces.values():
            self._output.write(statistics_block(interface, end_ns, ((ISB_ENDTIME, time_value(end_ns)),)))


def _described(interface: Interface) -> bytes:
    return interface_block(interface.link_type, interface.snap_length, interface.options)


def _in_order(places: list[PacketPlaces]) -> Iterator[tuple[int, int]]:
    """Number and offset of every packet, each once, in the order of the file."""
    last = 0
    for number, offset in heapq.merge(*map(_sorted, places)):
        if number != last:
            last = number
            yield number, offset


def _sorted(places: PacketPlaces) -> Iterator[tuple[int, int]]:
    pairs = ((number, offset) for offset, number in places)
    # The fragments of a datagram stand together in the index, wherever they were in the file.
    if any(number > following for number, following in pairwise(places.numbers())):
        return iter(sorted(pairs))
    return pairs


def _violations(selection: Selection, place: int, report: model.Connection) -> Iterator[tuple[int, str]]:
    """Packet numbers and what was broken there: first times from the report, the others from a replay."""
    for violation in report.violations:
        if violation.packet is not None:
            yield violation.packet, _comment(violation.rule, violation.severity, violation.by, violation.detail)
    told = Counter({(violation.rule, violation.by): 0 for violation in report.violations if violation.count > 1})
    for entry in selection.timeline(place).violations if told else ():
        key = entry.rule, entry.by
        if key in told:
            told[key] += 1
            if 1 < told[key] <= MAX_COMMENTS and entry.packet is not None:
                yield entry.packet, _comment(entry.rule, entry.severity, entry.by, entry.detail)


def _comment(rule: str, severity: str, by: str | None, detail: str) -> str:
    who = f"{severity}, {by}" if by else severity
    return f"wsinspect: {rule} ({who}): {terminal(detail)}"


def _about(selection: Selection, names: list[str]) -> str:
    more = len(selection) - len(names)
    rest = f" and {more} more" if more else ""
    source = terminal(selection.capture().source)
    return (
        f"wsinspect: cut out of {source}: the packets of {len(selection)} of {selection.of} WebSocket connections, "
        f"which are there {', '.join(names)}{rest}"
    )
