"""The screen of violations: the rules that were broken, by whom, on how many connections."""

from collections.abc import Hashable
from typing import Any, ClassVar, Final

from textual.binding import BindingType

from wsinspect.overview.overview import Overview
from wsinspect.overview.records import BreachSum
from wsinspect.rules.catalogue import BY_ID
from wsinspect.tui.columns import Column
from wsinspect.tui.connection.ladder import SEVERITY_LETTER
from wsinspect.tui.ink import Line
from wsinspect.tui.overview.screen import CLOSES_KEY, SumsScreen
from wsinspect.tui.overview.table import SumTable
from wsinspect.tui.units import count, time_of_day

_RANK: Final = {"error": 0, "warning": 1, "note": 2}


def violation_filter(row: BreachSum) -> str:
    """The filter that lets the connections of `row` through."""
    by = f' && ws.violation.by == "{row.by}"' if row.by else ""
    return f'ws.rule == "{row.rule}"{by}'


def _means(row: BreachSum) -> str:
    rule = BY_ID.get(row.rule)
    return rule.means if rule else ""


def _time(value: float | None, width: int) -> Line:
    return [(time_of_day(value, width), "")] if value is not None else [("–", "muted")]


COLUMNS: Final[tuple[Column[BreachSum], ...]] = (
    Column("severity", " ", 1, 1, 0, lambda row, width: [(SEVERITY_LETTER[row.severity], row.severity)],
           lambda row: (_RANK[row.severity], -row.connections), about="E error, W warning, N note"),
    Column("rule", "rule", 22, 32, 1, lambda row, width: [(row.rule, row.severity)], lambda row: row.rule,
           about="its name; wsinspect explain NAME tells more"),
    Column("by", "by", 6, 6, 3, lambda row, width: [(row.by or "–", row.by or "muted")], lambda row: row.by or "",
           about="who broke it"),
    Column("connections", "connections", 11, 11, 2, lambda row, width: [(count(row.connections), "strong")],
           lambda row: row.connections, falling=True, right=True, about="on how many"),
    Column("count", "times", 7, 7, 4, lambda row, width: [(count(row.count), "")], lambda row: row.count,
           falling=True, right=True, about="how often, on all connections"),
    Column("first", "first", 8, 12, 5, lambda row, width: _time(row.first, width), lambda row: row.first or 0.0,
           about="first time on any connection"),
    Column("last", "last", 8, 12, 6, lambda row, width: _time(row.last, width), lambda row: row.last or 0.0,
           falling=True, about="first time on the connection that broke it last"),
    Column("about", "what it means", 20, 40, 7, lambda row, width: [(_means(row), "muted")], grow=1,
           about="the beginning of what wsinspect explain says of it"),
)  # fmt: skip


class ViolationsScreen(SumsScreen):
    """A row for each rule and who broke it; the worst first."""

    BINDINGS: ClassVar[list[BindingType]] = [CLOSES_KEY]

    def make_table(self) -> SumTable[BreachSum]:
        return SumTable(COLUMNS, _identity, id="breaches")

    def show_overview(self, overview: Overview) -> None:
        self.table.show(overview.breaches)

    def filter_for(self, row: Any) -> str:
        return violation_filter(row)

    def connections_of(self, row: Any) -> list[int]:
        return self.store.records.that_broke(row)


def _identity(row: BreachSum) -> Hashable:
    return row.rule, row.severity, row.by
