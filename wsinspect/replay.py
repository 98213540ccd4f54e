"""The details of one connection: its packets read again and run through the same pipeline, everything kept."""

from typing import Protocol

from wsinspect.capture.packet import Packet
from wsinspect.connection import Connection
from wsinspect.inspector import Inspector
from wsinspect.timeline import Timeline


class PacketSource(Protocol):
    """A capture that packets can be read from again."""

    def packet_at(self, offset: int, number: int) -> Packet:
        """The packet whose record is at `offset`."""


def replay(connection: Connection, source: PacketSource) -> Timeline:
    """All that happened on `connection`, which an `Inspector` with an index found in `source`.

    Raises `WsinspectError` if the file can no longer be read.
    """
    inspector = Inspector(
        timelines=True, keys=connection.keys.frozen(), all_tls=connection.sealed, thresholds=connection.thresholds
    )
    inspector.only = connection.attempt
    for offset, number in zip(connection.packet_offsets, connection.packet_numbers, strict=True):
        inspector.feed(source.packet_at(offset, number))
    inspector.finish()
    found = inspector.connections
    timeline = found[connection.attempt].timeline if connection.attempt < len(found) else None
    if timeline is None:
        timeline = Timeline()
    timeline.complete(connection.violations)
    return timeline
