"""The tab with the rules that were broken, what they mean and what to do."""

from collections.abc import Hashable, Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from wsinspect.report import model
from wsinspect.rules.catalogue import BY_ID
from wsinspect.tui.columns import Column
from wsinspect.tui.connection.jump import Jump
from wsinspect.tui.connection.ladder import SEVERITY_LETTER
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.document import DocumentView
from wsinspect.tui.ink import Line, wrap
from wsinspect.tui.table import Table
from wsinspect.tui.units import count, plural, time_of_day
from wsinspect.tui.virtual_list import VirtualList

Row = model.Violation

_RANK: Final = {"error": 0, "warning": 1, "note": 2}

COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("severity", " ", 1, 1, 0, lambda row, width: [(SEVERITY_LETTER[row.severity], row.severity)]),
    Column("rule", "rule", 20, 32, 1, lambda row, width: [(row.rule, row.severity)]),
    Column("by", "by", 6, 6, 2, lambda row, width: [(row.by or "–", row.by or "muted")]),
    Column("count", "count", 5, 7, 3, lambda row, width: [(count(row.count), "")], right=True),
    Column("frame", "frame", 5, 7, 5,
           lambda row, width: [(str(row.frame) if row.frame is not None else "–", "")], right=True),
    Column("packet", "packet", 6, 8, 6,
           lambda row, width: [(str(row.packet) if row.packet is not None else "–", "")], right=True),
    Column("time", "first time", 10, 12, 7,
           lambda row, width: [(time_of_day(row.time, width), "")] if row.time is not None else []),
    Column("detail", "what was seen", 12, 40, 4, lambda row, width: [(row.detail, "")], grow=1),
)  # fmt: skip


class ViolationTable(Table[Row]):
    """One line per rule and culprit, the worst first."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, id="violation-list")
        self.rows: list[Row] = []

    def show(self, rows: list[Row]) -> None:
        """The violations of another connection."""
        self.rows = rows
        self.set_line_count(len(rows))
        self.redraw()

    def row(self, index: int) -> Row:
        return self.rows[index]

    def row_key(self, index: int) -> Hashable:
        return index


class ViolationsView(Container):
    """The list, and below it the rule under the cursor explained."""

    def __init__(self) -> None:
        super().__init__(id="violations")

    def compose(self) -> ComposeResult:
        yield ViolationTable()
        yield DocumentView(id="violation-detail")

    @property
    def table(self) -> ViolationTable:
        """The list."""
        return self.query_one(ViolationTable)

    def show(self, opened: Opened) -> None:
        """The violations of another connection."""
        self.table.show(sorted(opened.report.violations, key=lambda violation: _RANK[violation.severity]))
        self.table.display = bool(self.table.rows)
        self._explain()

    def select(self, rule: str, by: str | None) -> None:
        """Put the cursor on a violation."""
        for position, row in enumerate(self.table.rows):
            if row.rule == rule and row.by == by:
                self.table.cursor = position

    def _explain(self) -> None:
        rows = self.table.rows
        row = rows[self.table.cursor] if rows else None
        self.query_one(DocumentView).show(lambda width: explain(row, width))

    @on(VirtualList.Moved)
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self._explain()

    @on(VirtualList.Chosen)
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        row = self.table.rows[event.index]
        self.post_message(Jump.to_breach(row.rule, row.by))


def explain(row: Row | None, width: int) -> Sequence[Line]:
    """What a violation is about, in full."""
    if row is None:
        return [[("No rule was broken, as far as the packets show.", "muted")]]
    room = min(width, 100)
    times = f"{plural(row.count, 'time')} on this connection"
    by = f" by the {row.by}" if row.by else ""
    lines: list[Line] = [
        [(f"{row.severity}  ", row.severity), (row.rule, "strong"), (f"  {times}{by}", "muted")],
        *wrap(row.detail, room),
    ]
    rule = BY_ID.get(row.rule)
    if rule is not None:
        for title, text in (("What it means", rule.means), ("What to look at", rule.look_at)):
            if text:
                lines += [[("", "")], [(title, "title")], *wrap(text, room)]
        if rule.aka:
            lines += [[("", "")], [("Also known as", "title")], *wrap(" · ".join(rule.aka), room, "muted")]
    lines += [[("", "")], [("Written in ", "muted"), (row.section, "")]]
    return lines
