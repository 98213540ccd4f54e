"""The details of one connection: its packets read again and run through the same pipeline, everything kept."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, Protocol

from wsinspect.capture.packet import Packet
from wsinspect.inspector import Inspector
from wsinspect.rules.thresholds import Thresholds
from wsinspect.rules.violation import Violation
from wsinspect.timeline import Timeline
from wsinspect.tls.keylog import KeyLog
from wsinspect.transport.packet_places import PacketPlaces

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


class Replayable(Protocol):
    """What a replay needs to know of a connection, which an `Inspector` with an index has found."""

    @property
    def attempt(self) -> int:
        """Attempts to open a WebSocket on this TCP connection before this one."""

    @property
    def sealed(self) -> bool:
        """Whether nothing is known of it but what TLS itself shows."""

    @property
    def violations(self) -> Sequence[Violation]:
        """All that were found with every connection in view."""

    @property
    def packets(self) -> PacketPlaces:
        """Where its packets are."""

    @property
    def keys(self) -> KeyLog:
        """The TLS secrets that are known."""

    @property
    def thresholds(self) -> Thresholds:
        """What its rules judge by."""


class Recording(NamedTuple):
    """A connection as it was at a moment, as far as its replay is concerned."""

    attempt: int
    sealed: bool
    violations: Sequence[Violation]
    packets: PacketPlaces
    keys: KeyLog
    thresholds: Thresholds


def replay(connection: Replayable, source: PacketSource) -> Timeline:
    """All that happened on `connection`, whose packets are in `source`.

    Raises `WsinspectError` if the file can no longer be read.
    """
    timeline = Timeline()
    for part in replay_in_parts(connection, source):
        timeline = part.timeline
    return timeline


def replay_in_parts(connection: Replayable, source: PacketSource) -> Iterator[Part]:
    """The same, `STRIDE` packets at a time, for who wants to show the beginning at once. Raises as `replay` does."""
    inspector = Inspector(
        timelines=True, keys=connection.keys.frozen(), all_tls=connection.sealed, thresholds=connection.thresholds
    )
    inspector.only = connection.attempt
    found = inspector.connections
    timeline = None
    places, count = iter(connection.packets), len(connection.packets)
    for end in range(STRIDE, count + STRIDE, STRIDE):
        for offset, number in islice(places, STRIDE):
            inspector.feed(source.packet_at(offset, number))
        if connection.attempt < len(found):
            timeline = found[connection.attempt].timeline
        if timeline is not None and end < count:
            yield Part(timeline, end / count)
    inspector.finish()
    if connection.attempt < len(found):
        timeline = found[connection.attempt].timeline
    if timeline is None:
        timeline = Timeline()
    timeline.complete(connection.violations)
    yield Part(timeline, 1.0)
