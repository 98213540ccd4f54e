"""All connections as the screens see them: rows that are made when needed, totals that follow them, one lock."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wsinspect.capture.packet import Packet
from wsinspect.diagnosis.facts import Facts
from wsinspect.errors import WsinspectError
from wsinspect.filter.particulars import Particulars
from wsinspect.overview.overview import Overview, overview
from wsinspect.overview.records import Records
from wsinspect.report import model
from wsinspect.report.overview import causes_of, record_of
from wsinspect.tui.connections.row import Outcome, Row, left_out_row, make_row
from wsinspect.tui.source import Source

_UNSEEN = -1
_PART = 8
"""Rows brought up to date at once, before a reader may have the lock: one takes up to two milliseconds."""
MOST_TOGETHER = 20_000
"""Connections whose causes are judged together at the end: the facts of each take some 3 kB meanwhile."""


@dataclass(slots=True)
class Totals:
    """Sums over the rows; a connection that is still open counts as it was when it was last looked at."""

    closes: Counter[int] = field(default_factory=Counter)
    """Connections by close code."""
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    errors: int = 0
    warnings: int = 0
    notes: int = 0

    def add(self, row: Row, times: int = 1) -> None:
        """Count `row`, or with `times=-1` do not count it any more."""
        if row.code is not None:
            self.closes[row.code] += times
        self.outcomes[row.outcome] += times
        self.errors += row.errors * times
        self.warnings += row.warnings * times
        self.notes += row.notes * times


class Store:
    """The connections of a source, safe to read from the screens' thread while another one feeds packets.

    With `max_connections`, so many that have ended are kept; then the oldest ones leave the list. An index stays that
    of its connection, and who still has that of one that has left gets a row without content.
    """

    def __init__(self, source: Source, max_connections: int | None = None) -> None:
        self.source = source
        self.totals = Totals()
        """Of all connections, those that have left included."""
        self.begun = 0
        """Connections that there have been: their indexes are below this number."""
        self.evicted = 0
        """Connections that have left the list for want of room."""
        self._max_ended = max_connections
        self._rows: dict[int, Row] = {}
        self._revisions: dict[int, int] = {}  # of every connection in the list
        self._open: dict[int, None] = {}  # those not over yet
        self._ended: deque[int] = deque()  # the others, oldest end first
        self._to_sweep: list[int] = []
        self._made = 0  # all rows of lower indexes were made once
        self._journals: list[list[int]] = []
        self.records = Records()
        """What the overview needs, of all connections, too: some 32 bytes each."""
        self.judged = False
        """Whether the causes that show only in all connections together are known."""
        self._started: float | None = None  # the earliest packet of a connection
        self._together: dict[int, tuple[int, list[model.Diagnosis]]] = {}  # with the revision that they hold for
        self._crowd: dict[int, Facts] | None = {}  # of those that are over, until there are too many
        self._lock = threading.Lock()
        self._waiting = 0  # how many readers want the lock

    def __len__(self) -> int:
        """Connections that have a place in the list."""
        return len(self._revisions)

    def __contains__(self, index: int) -> bool:
        """Whether a connection has a place in the list."""
        return index in self._revisions

    # For the thread that loads

    def feed(self, packets: list[Packet]) -> None:
        """Take packets. Steps aside while a reader waits."""
        with self._writing():
            ended = self.source.feed(packets)
            self._extend()
        self._archive(ended)

    def finish(self) -> None:
        """There are no more packets."""
        with self._writing():
            ended = self.source.finish()
            self._extend()
        self._archive(ended)
        rest = list(self._open)
        for start in range(0, len(rest), _PART):
            with self._writing():
                self._refresh(rest[start : start + _PART])

    def sweep(self, seconds: float) -> None:
        """Bring rows of open connections up to date for about so long, another part of the list each time."""
        until = time.monotonic() + seconds
        for _ in range(0, len(self._open), _PART):
            if not self._to_sweep:
                self._to_sweep = list(self._open)
            part = self._to_sweep[-_PART:]
            del self._to_sweep[-_PART:]
            with self._writing():
                self._refresh(part)
            if time.monotonic() >= until:
                return

    def judge_together(self) -> None:
        """Find the causes that show only in all connections together. Call it when there are no more packets."""
        crowd, self._crowd = self._crowd, None
        if crowd:
            found = self.source.judge([crowd[index] for index in sorted(crowd)])
            with self._writing():
                for index, diagnosis in found.items():
                    self._together[index] = self.source.revision(index), diagnosis
                    self.records.put_causes(index, causes_of(diagnosis))
        self.judged = True

    # For the screens

    def overview(self, stretches: int) -> Overview:
        """All connections together, their ends over time in at most so many stretches."""
        with self._reading():
            records, started, latest = self.records.copy(), self._started, self.source.last_time
        # Without the lock: summing up 100,000 connections takes longer than a key may.
        return overview(records, started, latest, stretches)

    def row(self, index: int) -> Row:
        """The row of a connection, as it was when it was last brought up to date."""
        row = self._rows.get(index)
        if row is None:
            self.refresh((index,))
            row = self._rows.get(index)
        return row if row is not None else left_out_row(index + 1)

    def revision(self, index: int) -> int:
        """Which state of the connection `row` shows."""
        return self._revisions.get(index, _UNSEEN)

    def refresh(self, indexes: Iterable[int]) -> None:
        """Bring some rows up to date."""
        with self._reading():
            self._refresh(indexes)

    def known(self, index: int) -> Row | None:
        """The row if it has ever been made; costs nothing."""
        return self._rows.get(index)

    def make_rows(self, limit: int) -> None:
        """Make rows that were never made, `limit` at most, those of the earliest connections first."""
        while self._made < self.begun and (self._made in self._rows or self._made not in self._revisions):
            self._made += 1
        missing = [index for index in range(self._made, min(self._made + limit, self.begun)) if index not in self._rows]
        if missing:
            self.refresh(missing)

    def begin_journal(self) -> list[int]:
        """A list of all connections that have a row; from now on each whose row changes is added at its end."""
        with self._reading():
            journal = list(self._rows)
            self._journals.append(journal)
            return journal

    def end_journal(self, journal: list[int]) -> None:
        """Nobody reads it any more."""
        self._journals = [other for other in self._journals if other is not journal]

    def particulars(self, index: int) -> Particulars:
        """What filters ask beyond the report. Raises `WsinspectError` if it has left the list."""
        with self._reading():
            self._demand(index)
            return self.source.particulars(index)

    def report(self, index: int) -> model.Connection:
        """The facts about a connection. Raises `WsinspectError` if it has left the list."""
        with self._reading():
            self._demand(index)
            return self.source.report(index)

    def open(self, index: int) -> tuple[model.Connection, object]:
        """The facts about a connection, and what the source needs to tell everything, both of the same moment.

        Raises `WsinspectError` if it has left the list.
        """
        with self._reading():
            self._demand(index)
            report = self.source.report(index)
            revision, together = self._together.get(index, (_UNSEEN, []))
            if revision == self.source.revision(index):
                report.close.diagnosis = together
            return report, self.source.freeze(index)

    def freeze(self, index: int) -> object:
        """The second half of `open`. Raises as it does."""
        with self._reading():
            self._demand(index)
            return self.source.freeze(index)

    def _demand(self, index: int) -> None:
        if index not in self._revisions:
            raise WsinspectError("this connection is no longer kept", "--max-connections keeps more of them")

    def capture(self) -> model.Capture:
        """The facts about the capture."""
        with self._reading():
            return self.source.capture()

    def _extend(self) -> None:
        for index in range(self.begun, len(self.source)):
            self._revisions[index] = _UNSEEN
            self._open[index] = None
        self.begun = len(self.source)

    def _archive(self, ended: list[int]) -> None:
        """These are over: a last row of each, and their memory shrinks. They may go once there are too many of them."""
        for start in range(0, len(ended), _PART):
            with self._writing():
                for index in ended[start : start + _PART]:
                    report, facts = self.source.archive(index)
                    self._show(index, report)
                    self._remember(index, facts)
                    if self._open.pop(index, _UNSEEN) is None and self._max_ended is not None:
                        self._ended.append(index)
                self._evict()

    def _remember(self, index: int, facts: Facts | None) -> None:
        if self._crowd is not None and facts is not None:
            self._crowd[index] = facts
            if len(self._crowd) > MOST_TOGETHER:
                self._crowd = None

    def _evict(self) -> None:
        while self._max_ended is not None and len(self._ended) > self._max_ended:
            index = self._ended.popleft()
            self.source.forget(index)
            self.records.settle(index)
            self._rows.pop(index, None)
            del self._revisions[index]
            if self._crowd is not None:
                self._crowd.pop(index, None)
            self.evicted += 1

    def _refresh(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            known = self._revisions.get(index)
            if known is not None and known != self.source.revision(index):
                self._show(index, self.source.report(index))

    def _show(self, index: int, report: model.Connection) -> None:
        """Make its row anew."""
        old = self._rows.get(index)
        if old is not None:
            self.totals.add(old, -1)
        row = self._rows[index] = make_row(report, self.source.last_time)
        self.records.put(index, record_of(report))
        self._started = row.started if self._started is None else min(self._started, row.started)
        self._revisions[index] = self.source.revision(index)
        self.totals.add(row)
        for journal in self._journals:
            journal.append(index)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self._waiting += 1
        with self._lock:
            self._waiting -= 1
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        # A lock is not fair: without this pause the writer would take it again before a reader wakes up.
        while self._waiting:
            time.sleep(0.0002)
        with self._lock:
            yield
