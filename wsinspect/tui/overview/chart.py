"""Closes over time, a row of blocks for each code, so that it needs no colour; below it the time and the bursts."""

from typing import Final

from textual.content import Content
from textual.widget import Widget

from wsinspect.overview.bursts import Burst
from wsinspect.overview.over_time import Kind, OverTime
from wsinspect.overview.overview import Overview
from wsinspect.overview.records import USUAL_CODES
from wsinspect.tui.ink import Line, content, fit
from wsinspect.tui.overview.sparkline import sparkline, stretched
from wsinspect.tui.units import count, plural, span, time_of_day

LABEL: Final = 7
"""Cells in front of the blocks."""
NUMBER: Final = 8
"""Cells behind them."""
TICK: Final = 16
"""Cells between two times below them, at least."""
MOST_BURSTS: Final = 3
"""Bursts that are told in words."""
_KINDS: Final = ((30, 4), (45, 7), (0, 12))
"""Rows of the terminal up to which there are so many rows of blocks; 0: more than that."""


def cells_for(width: int) -> int:
    """Blocks that `width` has room for."""
    return max(10, width - LABEL - NUMBER)


class Chart(Widget):
    """As high as there is something to say."""

    def __init__(self) -> None:
        super().__init__(id="chart")
        self._overview: Overview | None = None

    def show(self, overview: Overview) -> None:
        """Things have moved on."""
        self._overview = overview
        self.refresh(layout=True)

    def render(self) -> Content:
        if self._overview is None:
            return Content("")
        return content(chart_lines(self._overview, self.content_size.width, self.app.size.height))


def chart_lines(overview: Overview, width: int, height: int) -> list[Line]:
    """The rows of blocks, the times, the bursts; nothing if no connection has ended."""
    times, cells = overview.over_time, cells_for(width)
    totals = times.totals
    if not totals:
        return []
    rows = next(rows for limit, rows in _KINDS if height <= limit or not limit)
    kinds = _merged(times, rows)
    top = max(max(numbers) for _, _, numbers in kinds)
    used = len(totals) * max(1, cells // len(totals))
    lines: list[Line] = [
        [
            (fit(label, LABEL - 1) + " ", ink),
            (stretched(sparkline(numbers, top), cells), ink),
            (fit(f" ×{count(sum(numbers))}", NUMBER), ink),
        ]
        for label, ink, numbers in kinds
    ]
    scale = " " * (cells - used) + f" █ {count(top)}"
    lines.append([(" " * LABEL, ""), (_axis(times, used) + scale, "muted")])
    if overview.bursts:
        lines.append([(" " * LABEL, ""), (_marks(times, overview.bursts, used), "warning")])
        lines += [_burst(burst) for burst in overview.bursts[:MOST_BURSTS]]
        if len(overview.bursts) > MOST_BURSTS:
            lines.append([(f"▲ {plural(len(overview.bursts) - MOST_BURSTS, 'more burst')}", "muted")])
    return lines


def _merged(times: OverTime, rows: int) -> list[tuple[str, str, list[int]]]:
    """Label, ink and numbers of each row: failed handshakes together, and together what there is no row for."""
    found: dict[str, tuple[str, list[int]]] = {}
    for kind, numbers in times.counts.items():
        label, ink = _label(kind)
        before = found.get(label)
        found[label] = (ink, _sum(before[1], numbers) if before else numbers)
    ordered = sorted(((label, ink, numbers) for label, (ink, numbers) in found.items()), key=lambda row: -sum(row[2]))
    if len(ordered) <= rows:
        return ordered
    rest = ordered[rows - 1 :]
    return [
        *ordered[: rows - 1],
        ("others", "muted", [sum(column) for column in zip(*(row[2] for row in rest), strict=True)]),
    ]


def _sum(first: list[int], second: list[int]) -> list[int]:
    return [one + other for one, other in zip(first, second, strict=True)]


def _label(kind: Kind) -> tuple[str, str]:
    code, name = kind
    if code is not None:
        return str(code), "" if code in USUAL_CODES else "abnormal"
    return ("failed", "failed") if name not in ("nobody closed", "not captured") else ("none", "abnormal")


def _axis(times: OverTime, cells: int) -> str:
    """`├14:03:20───────├14:03:30──`, each time where it belongs."""
    each = cells / len(times.totals)
    step = -(-TICK // max(1, round(each)))
    text = ""
    for position in range(0, len(times.totals), step):
        start = round(position * each)
        if start + 9 > cells:
            break
        text += "─" * (start - len(text)) + "├" + time_of_day(times.start + position * times.width)
    return (text + "─" * (cells - len(text)))[:cells]


def _marks(times: OverTime, bursts: list[Burst], cells: int) -> str:
    marks = [" "] * cells
    each = cells / len(times.totals)
    for burst in bursts:
        middle = (burst.start + burst.end) / 2
        marks[max(0, min(cells - 1, int((times.position(middle) + 0.5) * each)))] = "▲"
    return "".join(marks).rstrip()


def _burst(burst: Burst) -> Line:
    code = f"{burst.code} " if burst.code is not None else ""
    most = "all" if burst.alike == burst.connections else "most"
    return [
        (f"▲ {time_of_day(burst.start)}", "warning"),
        (f"  {count(burst.connections)} in {span(burst.end - burst.start, ' ')}", "strong"),
        (f", usual {burst.usual:.1f}; {most} {code}{burst.name}", "muted"),
    ]
