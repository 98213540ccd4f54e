"""What a filter is asked about: one connection, and how much of it is at hand."""

from collections.abc import Iterable
from typing import Protocol

from wsinspect.connection import Connection
from wsinspect.filter.particulars import Particulars, particulars
from wsinspect.replay import PacketSource, replay
from wsinspect.report import model
from wsinspect.timeline import Timeline


class Subject(Protocol):
    """A connection. What is dear is a property that is made when it is first asked for."""

    @property
    def report(self) -> model.Connection:
        """The facts."""

    @property
    def now(self) -> float | None:
        """Time of the capture's latest packet."""

    @property
    def timeline(self) -> Timeline:
        """Everything that happened; raises `WsinspectError` if the packets cannot be read again."""

    @property
    def particulars(self) -> Particulars:
        """The heads of its handshake, and opcodes."""

    @property
    def packet_numbers(self) -> Iterable[int]:
        """Of the TCP connection."""


class ReportedConnection:
    """A connection whose report is made already; `packets` is where they can be read again, if the filter needs it."""

    def __init__(
        self, connection: Connection, report: model.Connection, now: float | None, packets: PacketSource | None
    ) -> None:
        self.report = report
        self.now = now
        self._connection = connection
        self._packets = packets
        self._timeline: Timeline | None = None

    @property
    def particulars(self) -> Particulars:
        return particulars(self._connection)

    @property
    def packet_numbers(self) -> Iterable[int]:
        return self._connection.packets.numbers()

    @property
    def timeline(self) -> Timeline:
        if self._timeline is None:
            assert self._packets is not None
            self._timeline = replay(self._connection, self._packets)
        return self._timeline
