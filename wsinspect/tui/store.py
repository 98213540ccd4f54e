"""All connections as the screens see them: rows that are made when needed, totals that follow them, one lock."""

import threading
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wsinspect.capture.packet import Packet
from wsinspect.report import model
from wsinspect.tui.connections.row import Outcome, Row, make_row
from wsinspect.tui.source import Source

_UNSEEN = -1


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
    """The connections of a source, safe to read from the screens' thread while another one feeds packets."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.totals = Totals()
        self._rows: list[Row | None] = []
        self._revisions = array("q")
        self._lock = threading.Lock()
        self._waiting = 0  # how many readers want the lock
        self._sweep_next = 0

    def __len__(self) -> int:
        """Connections that have a place in the list."""
        return len(self._rows)

    # For the thread that loads

    def feed(self, packets: list[Packet]) -> None:
        """Take packets. Steps aside while a reader waits."""
        with self._writing():
            ended = self.source.feed(packets)
            self._extend()
            self._refresh(ended)

    def finish(self) -> None:
        """There are no more packets."""
        with self._writing():
            self.source.finish()
            self._extend()
        for start in range(0, len(self._rows), 256):
            with self._writing():
                self._refresh(range(start, min(start + 256, len(self._rows))))

    def sweep(self, seconds: float) -> None:
        """Bring rows of open connections up to date for about so long, another part of the list each time."""
        until = time.monotonic() + seconds
        for _ in range(0, len(self._rows), 256):
            start = self._sweep_next if self._sweep_next < len(self._rows) else 0
            self._sweep_next = start + 256
            with self._writing():
                self._refresh(range(start, min(start + 256, len(self._rows))))
            if time.monotonic() >= until:
                return

    # For the screens

    def row(self, index: int) -> Row:
        """The row of a connection, as it was when it was last brought up to date."""
        row = self._rows[index]
        if row is None:
            self.refresh((index,))
            row = self._rows[index]
            assert row is not None
        return row

    def revision(self, index: int) -> int:
        """Which state of the connection `row` shows."""
        return self._revisions[index]

    def refresh(self, indexes: Iterable[int]) -> None:
        """Bring some rows up to date."""
        with self._reading():
            self._refresh(indexes)

    def known(self, index: int) -> Row | None:
        """The row if it has ever been made; costs nothing."""
        return self._rows[index]

    def report(self, index: int) -> model.Connection:
        """The facts about a connection."""
        with self._reading():
            return self.source.report(index)

    def freeze(self, index: int) -> object:
        """What the source needs to tell everything about a connection, taken at one moment."""
        with self._reading():
            return self.source.freeze(index)

    def _extend(self) -> None:
        more = len(self.source) - len(self._rows)
        if more:
            self._revisions.extend([_UNSEEN] * more)
            self._rows += [None] * more

    def _refresh(self, indexes: Iterable[int]) -> None:
        source, rows, revisions = self.source, self._rows, self._revisions
        for index in indexes:
            revision = source.revision(index)
            if revision == revisions[index]:
                continue
            old = rows[index]
            if old is not None:
                self.totals.add(old, -1)
            row = rows[index] = make_row(source.report(index), source.last_time)
            revisions[index] = revision
            self.totals.add(row)

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
