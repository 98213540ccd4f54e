"""Draws a step of the story: client at the left, server at the right, an arrow between them."""

from typing import Final

from wsinspect.outline import Digest
from wsinspect.overview.records import USUAL_CODES
from wsinspect.timeline import Entry, FrameEntry, GapEntry, HeadEntry, NoteEntry, TcpEntry
from wsinspect.transport.httphead import RequestHead
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.connection.preview import close_label, data_preview, frame_label
from wsinspect.tui.connection.story import IDLE_NS, Kind, Step, Story
from wsinspect.tui.ink import Line, Span, clip, fit, fit_line, shown_width, spread
from wsinspect.tui.units import address, plural, signed_span, size, span, stopwatch
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.handshake import opens_websocket
from wsinspect.websocket.side import Side

WIDEST: Final = 120
"""Cells between the two sides at most: longer arrows are harder to follow."""
_DELTA: Final = 8
_PACKET: Final = 8
_LIFELINE: Final[Span] = ("│", "faint")
SEVERITY_LETTER: Final = {"error": "E", "warning": "W", "note": "N"}


class Ladder:
    """Draws the steps of one story."""

    def __init__(self, opened: Opened, story: Story) -> None:
        self._opened = opened
        self._story = story
        self._time_width = max(7, len(stopwatch(opened.duration)))

    def titles(self, width: int) -> Line:
        """Who stands where."""
        report = self._opened.report
        inner = self._inner(width)
        client: Line = [("client ", "client"), (address(report.client.address, report.client.port), "")]
        server: Line = [(address(report.server.address, report.server.port), ""), (" server", "server")]
        line: Line = [(f"{'time':>{self._time_width}} {'Δ':>{_DELTA}} ", ""), *spread(client, server, inner + 2)]
        if self._shows_packets(width):
            line.append((f"{'packet':>{_PACKET}}", ""))
        return line

    def draw(self, position: int, width: int) -> Line:
        """The line at `position` of the story."""
        step = self._story.steps[position]
        inner = self._inner(width)
        entry = self._opened.entries[step.first]
        line = self._times(step)
        line += self._rung(step, entry, inner, self._story.is_unfolded(position))
        if self._shows_packets(width) and step.kind is Kind.ENTRY:
            line.append((f"{entry.packet:>{_PACKET}}", "faint"))
        return line

    def _shows_packets(self, width: int) -> bool:
        return width >= 90

    def _inner(self, width: int) -> int:
        """Cells between the lifelines."""
        room = width - self._time_width - _DELTA - 2 - 2
        if self._shows_packets(width):
            room -= _PACKET
        return max(20, min(WIDEST, room))

    def _times(self, step: Step) -> Line:
        blank = " " * (self._time_width + _DELTA + 2)
        if step.is_silence or step.kind is Kind.VIOLATION:
            return [(blank, "")]
        times, place = self._opened.outline.times, step.first
        time_ns = times[place]
        elapsed = stopwatch((time_ns - self._opened.start_ns) / 1e9)
        delta = signed_span((time_ns - times[place - 1]) / 1e9) if place else ""
        mark = "┊" if step.depth else " "
        return [(f"{elapsed:>{self._time_width}}", ""), (f" {delta:>{_DELTA}}", "muted"), (mark, "faint")]

    def _rung(self, step: Step, entry: Entry, inner: int, unfolded: bool) -> Line:
        if step.kind is Kind.IDLE:
            silence = (self._opened.outline.times[step.last] - entry.time_ns) / 1e9
            return _between(f"{span(silence, ' ')} of silence", "·", inner, "muted")
        if step.kind is Kind.SPACE:
            return [_LIFELINE, (" " * inner, ""), _LIFELINE]
        if step.kind is Kind.VIOLATION:
            return self._violation(step.last, inner)
        if step.is_fold:
            return _fold(self._story.digest(step), inner, unfolded)
        return self._entry(entry, step.first, inner)

    def _violation(self, position: int, inner: int) -> Line:
        violation = self._opened.violations[position]
        ink = violation.severity.value
        line: Line = [(f" {SEVERITY_LETTER[ink]} {violation.rule}", ink), (f"  {violation.detail}", "")]
        return [_LIFELINE, *fit_line(line, inner), _LIFELINE]

    def _entry(self, entry: Entry, place: int, inner: int) -> Line:
        if isinstance(entry, GapEntry):
            return _between(_gap_text(entry, inner - 2), "╳", inner, "warning")
        if isinstance(entry, NoteEntry):
            return _remark(entry.text, entry.side, inner)
        return _arrow(self._label(entry, place), entry.side, inner)

    def _label(self, entry: TcpEntry | HeadEntry | FrameEntry, place: int) -> Line:
        if isinstance(entry, TcpEntry):
            return [(entry.flag, "failed" if entry.flag.startswith("RST") else "muted")]
        if isinstance(entry, HeadEntry):
            return _head_label(entry)
        if entry.close is not None:
            return self._close_label(entry, place)
        label: Line = [(frame_label(entry), _frame_ink(entry))]
        preview = data_preview(entry, self._opened.context(entry))
        if preview:
            # What a ping carries is mostly a byte or two that would look like a remark of ours.
            label.append((f'  "{preview}"' if entry.header.is_control else f"  {preview}", "muted"))
        if place in self._opened.unanswered:
            label.append(("  no pong", "warning"))
        return label

    def _close_label(self, entry: FrameEntry, place: int) -> Line:
        close = entry.close
        assert close is not None
        usual = close.code is None or close.code in USUAL_CODES
        label: Line = [(close_label(close, self._opened.close_name(close)), "good" if usual else "abnormal")]
        earlier = self._opened.first_close.get(entry.side.peer)
        if earlier is not None and earlier[0] < place:
            label.append(("  echo" if earlier[1].code == close.code else "  answer", "muted"))
        return label


def _gap_text(gap: GapEntry, room: int) -> str:
    lost = f"{plural(gap.length, 'byte')} of the {gap.side}"
    if not gap.reason:
        return f"{lost} not captured"
    text = f"{lost} not captured: {gap.reason}"
    return text if len(text) <= room else f"{lost} missing, frame boundaries lost"


def _head_label(entry: HeadEntry) -> Line:
    head = entry.head
    if isinstance(head, RequestHead):
        return [(f"{head.method} ", "strong"), (f"{head.target} {head.version}", "")]
    reason = f" {head.reason}" if head.reason else ""
    return [(str(head.status), "good" if opens_websocket(head) else "failed"), (reason, "")]


def _frame_ink(entry: FrameEntry) -> str:
    if not entry.complete or entry.missing:
        return "warning"
    if entry.header.opcode in (Opcode.PING, Opcode.PONG):
        return "muted"
    return "client" if entry.side is Side.CLIENT else "server"


def _arrow(label: Line, side: Side, inner: int, dash: str = "─") -> Line:
    """`├── label ─────▶│` or `│◀───── label ──┤`."""
    room = inner - 6
    label = clip(label, room)
    used = sum(shown_width(text) for text, _ in label)
    if used > room:
        label = fit_line(label, room)
        used = room
    ink = "client" if side is Side.CLIENT else "server"
    body: Line = [(" ", ""), *label, (" ", "")]
    rest = inner - used - 4
    if side is Side.CLIENT:
        return [_LIFELINE, (dash, ink), *body, (dash * rest + "▶", ink), _LIFELINE]
    return [_LIFELINE, ("◀" + dash * rest, ink), *body, (dash, ink), _LIFELINE]


def _between(text: str, mark: str, inner: int, ink: str) -> Line:
    """A text in the middle that nobody says."""
    marked = f"{mark} {mark}  {text}  {mark} {mark}"
    if shown_width(marked) > inner:
        marked = fit(f"{mark} {text}", inner)
    left = (inner - shown_width(marked)) // 2
    return [_LIFELINE, *fit_line([(" " * left, ""), (marked, ink)], inner), _LIFELINE]


def _remark(text: str, side: Side, inner: int) -> Line:
    """A remark on a packet, at the side that sent it."""
    return [_LIFELINE, *fit_line([(f" {text} ", "faint")], inner, right=side is Side.SERVER), _LIFELINE]


def _fold(digest: Digest, inner: int, unfolded: bool) -> Line:
    label: Line = [("▾ " if unfolded else "▸ ", "strong")]
    if digest.violations:
        label.append((f"{plural(digest.violations, 'violation')} · ", "error"))
    sides = [side for side in Side if digest.frames[side]]
    for side in sides:
        counted = ", ".join(f"{number:,} {name}" for name, number in digest.frames[side].most_common())
        arrow = "↑" if side is Side.CLIENT else "↓"
        label += [(f"{arrow} ", side.value), (f"{counted}, {size(digest.bytes[side])} · ", "")]
    if digest.pings:
        label.append((f"{plural(digest.pings, 'ping')} · ", ""))
    if digest.notes:
        label.append((f"{plural(digest.notes, 'remark')} · ", ""))
    label.append((span(digest.duration_ns / 1e9, " "), "muted"))
    if digest.longest_silence_ns >= IDLE_NS:
        label.append((f" · silent for {span(digest.longest_silence_ns / 1e9, ' ')} at most", "muted"))
    if len(sides) == 1 and not digest.pings:
        return _arrow(label, sides[0], inner, "┄")
    room = inner - 6
    used = sum(shown_width(text) for text, _ in label)
    if used > room:
        label, used = fit_line(label, room), room
    rest = inner - used - 5
    return [_LIFELINE, ("◀┄", "faint"), (" ", ""), *label, (" ", ""), ("┄" * rest + "▶", "faint"), _LIFELINE]
