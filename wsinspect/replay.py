"""The details of one connection: its packets read again and run through the same pipeline, everything kept."""

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

from wsinspect.capture.packet import Packet
from wsinspect.connection import Connection
from wsinspect.inspector import Inspector
from wsinspect.timeline import Timeline

STRIDE: Final = 256
"""Packets read again between two looks at who waits for them."""


class PacketSource(Protocol):
    """A capture that packets can be read from again."""

    def packet_at(self, offset: int, number: int) -> Packet:
        """The packet whose record is at `offset`."""


class Part(NamedTuple):
    """How far a replay is."""

    timeline: Timeline
    """It goes on growing; its violations are complete only at the end."""
    share: float
    """Of the packets, from 0 to 1; at 1 it is over."""


def replay(connection: Connection, source: PacketSource) -> Timeline:
    """All that happened on `connection`, which an `Inspector` with an index found in `source`.

    Raises `WsinspectError` if the file can no longer be read.
    """
    timeline = Timeline()
    for part in replay_in_parts(connection, source):
        timeline = part.timeline
    return timeline


def replay_in_parts(connection: Connection, source: PacketSource) -> Iterator[Part]:
    """The same, `STRIDE` packets at a time, for who wants to show the beginning at once. Raises as `replay` does."""
    inspector = Inspector(
        timelines=True, keys=connection.keys.frozen(), all_tls=connection.sealed, thresholds=connection.thresholds
    )
    inspector.only = connection.attempt
    found = inspector.connections
    timeline = None
    offsets, numbers = connection.packet_offsets, connection.packet_numbers
    for begin in range(0, len(offsets), STRIDE):
        for offset, number in zip(offsets[begin : begin + STRIDE], numbers[begin : begin + STRIDE], strict=True):
            inspector.feed(source.packet_at(offset, number))
        if connection.attempt < len(found):
            timeline = found[connection.attempt].timeline
        if timeline is not None and begin + STRIDE < len(offsets):
            yield Part(timeline, (begin + STRIDE) / len(offsets))
    inspector.finish()
    if connection.attempt < len(found):
        timeline = found[connection.attempt].timeline
    if timeline is None:
        timeline = Timeline()
    timeline.complete(connection.violations)
    yield Part(timeline, 1.0)
