"""The list of what a search over all connections has found."""

from collections.abc import Hashable
from typing import Final

from wsinspect.tui.columns import Column
from wsinspect.tui.ink import Line, clip
from wsinspect.tui.search.highlight import MATCH
from wsinspect.tui.search.runner import Found
from wsinspect.tui.store import Store
from wsinspect.tui.table import Table
from wsinspect.tui.units import time_of_day
from wsinspect.websocket.side import Side

Row = tuple[Found, str]
"""What was found, and the path of the connection's URL."""


def _frame(row: Row, width: int) -> Line:
    hit = row[0].hit
    arrow = "↑" if hit.side is Side.CLIENT else "↓"
    return [(f"{arrow} ", hit.side.value), (str(hit.frame), "")]


def excerpt(before: str, match: str, after: str) -> Line:
    """A match and what is around it."""
    return [(before, "muted"), (match, MATCH), (after, "muted")]


def _excerpt(row: Row, width: int) -> Line:
    hit = row[0].hit
    line = excerpt(hit.before, hit.match, hit.after)
    if hit.matches > 1:
        line.insert(0, (f"{hit.matches}× ", "accent"))
    return clip(line, width)


COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("connection", "#", 5, 7, 0, lambda row, width: [(str(row[0].connection + 1), "")], right=True),
    Column("frame", "frame", 6, 8, 1, _frame),
    Column("time", "time", 8, 12, 2, lambda row, width: [(time_of_day(row[0].hit.time_ns / 1e9, width), "")]),
    Column("url", "URL", 10, 30, 4, lambda row, width: [(row[1], "")]),
    Column("excerpt", "payload", 24, 50, 1, _excerpt, grow=1),
)  # fmt: skip


class ResultTable(Table[Row]):
    """One line a message."""

    def __init__(self, store: Store) -> None:
        super().__init__(COLUMNS, id="results")
        self.found: list[Found] = []
        self._store = store

    def clear(self) -> None:
        """Nothing was found."""
        self.found = []
        self.cursor = 0
        self.set_line_count(0)
        self.redraw()

    def add(self, found: list[Found]) -> None:
        """More was found."""
        self.found += found
        self.set_line_count(len(self.found))

    def row(self, index: int) -> Row:
        found = self.found[index]
        return found, self._store.row(found.connection).path

    def row_key(self, index: int) -> Hashable:
        return index
