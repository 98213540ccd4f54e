"""The lines above the tabs: which connection this is, and in full how it ended."""

from typing import Final

from textual.content import Content
from textual.widget import Widget

from wsinspect.report import model
from wsinspect.tui.connections.row import Outcome, make_row
from wsinspect.tui.ink import Line, content, fit, wrap
from wsinspect.tui.units import count, size, span, time_of_day

MOST_LINES: Final = 3
"""Lines for the URL, and for what was agreed."""


class ConnectionHeader(Widget):
    """A few lines, as many as it takes."""

    def __init__(self) -> None:
        super().__init__(id="connection-header")
        self._report: model.Connection | None = None
        self._now: float | None = None
        self._remark = ""

    def show(self, report: model.Connection, now: float | None) -> None:
        """Another connection; `now` is the time of the latest packet."""
        self._report, self._now = report, now
        self.refresh(layout=True)

    def remark(self, text: str) -> None:
        """Something to say about what is shown."""
        if text != self._remark:
            lines = [len(wrap(one, self.content_size.width)) if one else 0 for one in (self._remark, text)]
            self._remark = text
            self.refresh(layout=lines[0] != lines[1])

    def render(self) -> Content:
        if self._report is None:
            return Content("")
        lines = header_lines(self._report, self._now, self.content_size.width)
        if self._remark:
            lines += wrap(self._remark, self.content_size.width, "warning")
        return content(lines)


def header_lines(report: model.Connection, now: float | None, width: int) -> list[Line]:
    """Who, what, and how it ended."""
    row = make_row(report, now)
    lines: list[Line] = [
        [
            (f"#{row.id} ", "title"),
            (row.client, "client"),
            (" → ", "muted"),
            (row.server, "server"),
            (f"  {row.state}", row.outcome.value),
            (f"  {time_of_day(row.started, 12)}", ""),
            (f"  {span(row.age, ' ')}", "muted"),
        ],
        *_few(wrap((report.url or "URL not captured")[: 4 * width], width, "strong"), width),
        *_agreed(report, width),
        *_few(
            wrap(report.close.summary, width, row.outcome.value if row.outcome is not Outcome.CLEAN else "good"),
            width,
            8,
        ),
    ]
    for diagnosis in report.close.diagnosis:
        lines += _few(wrap(f"{diagnosis.confidence}: {diagnosis.text}", width, "accent"), width, 8)
    return lines


def _agreed(report: model.Connection, width: int) -> list[Line]:
    """Subprotocol, extensions, volume: what there is of it."""
    parts: list[str] = []
    if report.http2_stream is not None:
        parts.append(f"HTTP/2 stream {report.http2_stream}")
    if report.tls is not None:
        parts.append(f"TLS {report.tls}")
    if report.subprotocol is not None:
        parts.append(f"subprotocol {report.subprotocol}")
    parts += report.extensions
    if report.state != "failed":
        for arrow, messages, volume in (
            ("↑", report.messages.client, report.payload_bytes.client),
            ("↓", report.messages.server, report.payload_bytes.server),
        ):
            parts.append(_unbroken(f"{arrow} {count(messages)} msg {size(volume)}"))
    if report.ping.rtt_median is not None:
        parts.append(_unbroken(f"rtt {span(report.ping.rtt_median, ' ')}"))
    lost = report.gaps.client + report.gaps.server
    if lost:
        parts.append(f"{size(lost)} not captured")
    return _few(wrap("  ·  ".join(part[: 2 * width] for part in parts), width, "muted"), width) if parts else []


def _unbroken(text: str) -> str:
    """`text` with blanks at which no line is broken."""
    return text.replace(" ", "\u00a0")


def _few(lines: list[Line], width: int, most: int = MOST_LINES) -> list[Line]:
    """The first lines of what a stranger may have made endless; the tabs have it in full."""
    if len(lines) <= most:
        return lines
    text, ink = lines[most - 1][0]
    return [*lines[: most - 1], [(fit(text + " " * width, width), ink)]]
