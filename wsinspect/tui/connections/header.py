"""The lines above the list: where the packets come from, how far reading is, what all connections add up to."""

from textual.content import Content
from textual.widget import Widget

from wsinspect.overview.overview import Overview
from wsinspect.overview.records import USUAL_CODES
from wsinspect.tui.connections.row import Outcome
from wsinspect.tui.ink import Line, content, shown_width, spread
from wsinspect.tui.loader import START, Progress
from wsinspect.tui.overview.reader import OverviewReader
from wsinspect.tui.overview.sparkline import sparkline
from wsinspect.tui.store import Store, Totals
from wsinspect.tui.units import clock, count, plural, size, span

BAR = 24
"""Cells of the progress bar."""
PULSE = ((100, 12), (160, 24), (1000, 40))
"""Cells of the closes over time, by the width of the screen up to which they hold."""
_SEPARATOR = ("  │  ", "faint")


class Header(Widget):
    """Three lines at most: the source, its progress or its problems, the sums."""

    def __init__(self, store: Store) -> None:
        super().__init__(id="header")
        self._store = store
        self._progress = START
        self._lines = 0
        self._overview: Overview | None = None
        self._reader = OverviewReader(self, store, self.show_overview)

    def show(self, progress: Progress) -> None:
        """Things have moved on."""
        self._progress = progress
        problems, left_out = self._store.source.problems, self._store.evicted > 0
        lines, self._lines = self._lines, 2 + self._shows_bar() + len(problems) + left_out
        self._reader.ask(_pulse_cells(self.size.width), now=progress.done)
        self.refresh(layout=self._lines != lines)

    def show_overview(self, overview: Overview) -> None:
        """Closes over time have changed."""
        self._overview = overview
        self.refresh()

    def on_resize(self) -> None:
        """More room for closes over time, or less."""
        self._reader.ask(_pulse_cells(self.size.width), now=True)

    def _shows_bar(self) -> bool:
        return not self._progress.done and not self._store.source.live

    def render(self) -> Content:
        width = self.content_size.width
        lines = [self._source_line(width)]
        if self._shows_bar():
            lines.append(progress_line(self._progress))
        lines += [[("▲ " + problem, "warning")] for problem in self._store.source.problems]
        if evicted := self._store.evicted:
            lines.append([(f"{count(evicted)} older ones left out of the list (--max-connections)", "muted")])
        lines.append(_totals_line(self._store.totals, self._overview, width))
        return content(lines)

    def _source_line(self, width: int) -> Line:
        source, totals = self._store.source, self._store.totals
        still_open = totals.outcomes[Outcome.OPEN]
        right: Line = [(plural(source.packets, "packet"), "")]
        if source.live:
            right = [("● LIVE ", "open"), (clock(self._progress.seconds), "strong"), _SEPARATOR, *right]
        if source.dropped or source.live:
            right.append((f"  {count(source.dropped or 0)} dropped", "warning" if source.dropped else "muted"))
        right += [_SEPARATOR, (plural(self._store.begun, "connection"), "")]
        right.append((f"  {count(still_open)} open", "open" if still_open else "muted"))
        if self._progress.cancelled and self._progress.done:
            right = [("reading stopped", "warning"), _SEPARATOR, *right]
        if behind := source.behind:
            # In front, so that nothing else moves when it comes and goes.
            right = [(f"{size(behind)} behind", "warning"), _SEPARATOR, *right]
        left: Line = [("wsinspect", "title"), ("  ", ""), (source.name, "strong")]
        return spread(left, [("  ", ""), *right], width)


def progress_line(progress: Progress) -> Line:
    """`━━━━━━━─────  63%  41 MB/s  12s left`, or what is known of it."""
    speed = f"{size(progress.speed)}/s"
    share = progress.share
    if share is None:
        return [("reading ", "muted"), (size(progress.position), ""), (f"  {speed}", "muted")]
    filled = round(share * BAR)
    left = progress.seconds_left
    return [
        ("━" * filled, "accent"),
        ("─" * (BAR - filled), "faint"),
        (f" {share:4.0%}  ", "strong"),
        (speed, "muted"),
        (f"  {span(max(1, round(left)))} left" if left is not None else "", "muted"),
        ("  Esc stops", "muted"),
    ]


def _pulse_cells(width: int) -> int:
    return next(cells for limit, cells in PULSE if width <= limit)


def _totals_line(totals: Totals, overview: Overview | None, width: int) -> Line:
    """`closes ▁▁▂█▁  1000 ×212  1006 ×64 ▲` at the left, `violations  12E 30W` at the right; ▲: there was a burst."""
    broken: Line = []
    for number, letter, ink in ((totals.errors, "E", "error"), (totals.warnings, "W", "warning"),
                                (totals.notes, "N", "note")):  # fmt: skip
        if number:
            broken.append((f" {count(number)}{letter}", ink))
    right: Line = [("  violations ", "muted"), *(broken or [(" none", "muted")])]
    room = width - sum(shown_width(text) for text, _ in right)
    pulse = sparkline(overview.over_time.totals, zero="▁") if overview else ""
    closes: Line = [("closes", "muted"), (f" {pulse}" if pulse else "", "accent")]
    burst = {one.code for one in overview.bursts} if overview else set()
    parts = [(f"{code} ×{count(number)}{' ▲' if code in burst else ''}", "" if code in USUAL_CODES else "abnormal")
             for code, number in totals.closes.most_common() if number]  # fmt: skip
    if failed := totals.outcomes[Outcome.FAILED]:
        parts.append((f"failed ×{count(failed)}", "failed"))
    used = sum(shown_width(text) for text, _ in closes)
    for position, (text, ink) in enumerate(parts):
        last = position == len(parts) - 1
        if used + 2 + len(text) + (0 if last else 2) > room:
            closes.append((" …", "muted"))
            break
        closes += [("  ", ""), (text, ink)]
        used += 2 + len(text)
    if not parts:
        closes.append(("  none yet", "muted"))
    return spread(closes, right, width)
