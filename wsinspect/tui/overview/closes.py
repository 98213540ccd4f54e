"""The screen of closes: when, with what code, by whom, after how long."""

from collections.abc import Hashable
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from wsinspect.overview.groups import CloseGroup
from wsinspect.overview.overview import Overview
from wsinspect.overview.records import USUAL_CODES
from wsinspect.tui.columns import Column
from wsinspect.tui.ink import Line, shown_width
from wsinspect.tui.overview.chart import Chart
from wsinspect.tui.overview.screen import VIOLATIONS_KEY, Sentences, SumsScreen
from wsinspect.tui.overview.table import SumTable
from wsinspect.tui.units import address, count, span, time_of_day


def who(group: CloseGroup) -> str:
    """`Close by client`, `RST by server`; a handshake that failed was refused by the server."""
    ending = group.ending
    if ending.failed:
        return "refused" if ending.status is not None else "not answered"
    return f"{ending.means} by {ending.by}" if ending.means else "nobody"


def close_filter(group: CloseGroup) -> str:
    """The filter that lets the connections of `group` through."""
    ending = group.ending
    if ending.failed:
        status = f"http.response.code == {ending.status}" if ending.status is not None else "!http.response.code"
        return f'ws.state == "failed" && {status}'
    parts = [f"ws.close.code == {ending.code}" if ending.code is not None else "!ws.close.code"]
    if ending.code in (None, 1006):
        parts.append('ws.state != "failed"')
    if ending.means == "Close":
        parts.append(f'ws.close.initiator == "{ending.by}"')
    elif ending.means:
        parts += ["!ws.close.initiator", f'ws.close.tcp.kind == "{ending.means.lower()}"',
                  f'ws.close.tcp.by == "{ending.by}"']  # fmt: skip
    else:
        parts += ["!ws.close.tcp.kind"] + (["ws.diagnosis"] if ending.code is None else [])
    return " && ".join(parts)


def _ink(group: CloseGroup) -> str:
    if group.ending.failed:
        return "failed"
    return "" if group.ending.code in USUAL_CODES else "abnormal"


def _code(group: CloseGroup, width: int) -> Line:
    code = group.ending.code
    return [("–" if code is None or group.ending.failed else str(code), _ink(group))]


def _span(value: float | None) -> Line:
    return [(span(value), "")] if value is not None else [("–", "muted")]


def _servers(group: CloseGroup, width: int) -> Line:
    """As many as there is room for."""
    line: Line = []
    left = width
    for place, ((host, port), number) in enumerate(group.servers):
        text = address(host, port) + (f" ×{count(number)}" if len(group.servers) > 1 else "")
        rest = len(group.servers) - place
        more = f" +{rest}" if place else f"{rest} servers"
        if shown_width(text) + (len(more) + 3 if rest > 1 else 0) > left and (place or len(group.servers) > 1):
            return [*line, (more, "muted")]
        line.append(((", " if place else "") + text, ""))
        left -= shown_width(text) + 2 * bool(place)
    return line


def _time(value: float | None, width: int) -> Line:
    return [(time_of_day(value, width), "")] if value is not None else []


def _number(value: float | None) -> float:
    return -1.0 if value is None else value


COLUMNS: Final[tuple[Column[CloseGroup], ...]] = (
    Column("code", "code", 5, 5, 0, _code, lambda row: (row.ending.failed, row.ending.code or 0),
           about="as the client's program was told it; – for a handshake that failed"),
    Column("name", "name", 18, 28, 1, lambda row, width: [(row.ending.name, _ink(row))], lambda row: row.ending.name,
           grow=1, about="what the code is called, or what became of the handshake"),
    Column("source", "source", 8, 14, 8, lambda row, width: [(row.ending.source or "–", "muted")],
           lambda row: row.ending.source, about="who gave the name: a standard, a registry, a codebook"),
    Column("who", "ended by", 15, 15, 3, lambda row, width: [(who(row), "")], who,
           about="who sent the first Close; without one, who ended TCP and how"),
    Column("count", "count", 6, 8, 2, lambda row, width: [(count(row.connections), "strong")],
           lambda row: row.connections, falling=True, right=True, about="connections"),
    Column("age", "age", 6, 6, 5, lambda row, width: _span(row.median_age), lambda row: _number(row.median_age),
           falling=True, right=True, about="median time from opening to end"),
    Column("idle", "idle", 6, 6, 4, lambda row, width: _span(row.median_idle), lambda row: _number(row.median_idle),
           falling=True, right=True, about="median time without payload before the end"),
    Column("servers", "servers", 15, 22, 6, _servers, lambda row: (len(row.servers), row.servers[0]), grow=2,
           about="which servers, the one with the most first"),
    Column("first", "first", 8, 12, 7, lambda row, width: _time(row.first, width), lambda row: _number(row.first),
           about="when the first of them ended"),
    Column("last", "last", 8, 12, 9, lambda row, width: _time(row.last, width), lambda row: _number(row.last),
           falling=True, about="when the last of them ended"),
)  # fmt: skip


class ClosesScreen(SumsScreen):
    """A row for each code and who ended it."""

    BINDINGS: ClassVar[list[BindingType]] = [VIOLATIONS_KEY]

    def make_table(self) -> SumTable[CloseGroup]:
        return SumTable(COLUMNS, _identity, id="closes")

    def compose(self) -> ComposeResult:
        sentences, *rest = super().compose()
        assert isinstance(sentences, Sentences)
        yield sentences
        yield Chart()
        yield from rest

    def show_overview(self, overview: Overview) -> None:
        self.query_one(Chart).show(overview)
        self.table.show(overview.groups)

    def filter_for(self, row: Any) -> str:
        return close_filter(row)

    def connections_of(self, row: Any) -> list[int]:
        return self.store.records.ended_as(row.ending)


def _identity(group: CloseGroup) -> Hashable:
    return group.ending.anywhere
