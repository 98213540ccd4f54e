"""The tab with both heads of the opening handshake, line by line checked off or flagged."""

from collections.abc import Sequence
from itertools import zip_longest

from wsinspect.report import model
from wsinspect.transport.httphead import RequestHead, ResponseHead
from wsinspect.tui.connection.handshake_fields import JUDGED, START_LINE, field_of
from wsinspect.tui.connection.ladder import SEVERITY_LETTER
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.document import DocumentView
from wsinspect.tui.ink import Line, fit_line, text_of, wrap
from wsinspect.websocket.handshake import opens_websocket
from wsinspect.websocket.side import Side

SIDE_BY_SIDE = 130
"""Cells from which on the heads stand beside each other."""


class HandshakeView(DocumentView):
    """Request and response."""

    def __init__(self) -> None:
        super().__init__(id="handshake")
        self._opened: Opened | None = None

    def show_connection(self, opened: Opened) -> None:
        """The heads of another connection."""
        self._opened = opened
        self.show(self._lines_for)

    def _lines_for(self, width: int) -> Sequence[Line]:
        opened = self._opened
        assert opened is not None
        if width < SIDE_BY_SIDE:
            return [*_head(opened, Side.CLIENT, width), [("", "")], *_head(opened, Side.SERVER, width)]
        half = (width - 3) // 2
        pairs = zip_longest(_head(opened, Side.CLIENT, half), _head(opened, Side.SERVER, half), fillvalue=[("", "")])
        return [[*fit_line(left, half), (" │ ", "faint"), *right] for left, right in pairs]


def _head(opened: Opened, side: Side, width: int) -> list[Line]:
    """Everything about the head that `side` sent."""
    broken = _by_field(opened.report, side)
    head = _find(opened, side)
    title = "Request of the client" if side is Side.CLIENT else "Response of the server"
    if head is None:
        what = "The request was" if side is Side.CLIENT else "The response was"
        return [[(title, side.value)], [(f"{what} not captured.", "muted")], *_told(broken, width)]
    lines: list[Line] = [[(title, side.value), (f"  packet {head.packet}", "faint")]]
    if isinstance(head, RequestHead):
        start = f"{head.method} {head.target} {head.version}"
        fine = True
    else:
        start = f"{head.version} {head.status} {head.reason}"
        fine = opens_websocket(head)
    lines += _field_lines([(start, "strong")], broken.pop(START_LINE, []), fine, width)
    for name, value in head.fields:
        field = name.lower()
        lines += _field_lines([(f"{name}: ", "muted"), (value, "")], broken.pop(field, []), field in JUDGED, width)
    return lines + _told(broken, width)


def _find(opened: Opened, side: Side) -> RequestHead | ResponseHead | None:
    return next((entry.head for entry in opened.heads if entry.side is side), None)


def _by_field(report: model.Connection, side: Side) -> dict[str, list[model.Violation]]:
    """What is wrong with the head that `side` sent, by field."""
    found: dict[str, list[model.Violation]] = {}
    for violation in report.violations:
        # A violation with a frame number, or one of the teardown, is not about the heads.
        if violation.by == side and violation.frame is None and _is_about_heads(violation, report):
            found.setdefault(field_of(violation.rule), []).append(violation)
    return found


def _is_about_heads(violation: model.Violation, report: model.Connection) -> bool:
    handshake = report.handshake
    if handshake is None:
        return False
    return violation.packet in (handshake.request_packet, handshake.response_packet, None)


def _field_lines(line: Line, broken: list[model.Violation], fine: bool, width: int) -> list[Line]:
    """A line of the head, wrapped, its tick, and below it what is wrong."""
    mark, ink = ("✓", "good") if fine else (" ", "")
    if broken:
        mark, ink = SEVERITY_LETTER[broken[0].severity], broken[0].severity
    name = line[0] if len(line) > 1 else ("", "")
    wrapped = wrap(text_of(line), width, indent=2)
    first = text_of(wrapped[0])[2:]
    if name[0] and first.startswith(name[0]):
        rest = first[len(name[0]) :]
        wrapped[0] = [(f"{mark} ", ink), name, (rest, line[-1][1])]
    else:
        wrapped[0] = [(f"{mark} ", ink), (first, line[-1][1])]
    for violation in broken:
        wrapped += wrap(f"{violation.rule}: {violation.detail}", width, violation.severity, indent=4)
    return wrapped


def _told(broken: dict[str, list[model.Violation]], width: int) -> list[Line]:
    """Violations about fields that are not there."""
    lines: list[Line] = []
    for violations in broken.values():
        for violation in violations:
            letter = SEVERITY_LETTER[violation.severity]
            lines += wrap(f"{letter} {violation.rule}: {violation.detail}", width, violation.severity)
    return lines
