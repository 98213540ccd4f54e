"""All about one frame: its header as bits, what is wrong with it, what it carries."""

from collections.abc import Sequence
from typing import Final

from wsinspect.payload.choose import Choice, choices
from wsinspect.search import Query
from wsinspect.timeline import FrameEntry
from wsinspect.tui.connection.bits import bit_diagram, wire_bytes
from wsinspect.tui.connection.ladder import SEVERITY_LETTER
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.connection.payload import HexDump, payload_lines
from wsinspect.tui.connection.preview import close_label, frame_label
from wsinspect.tui.document import Growing, Joined
from wsinspect.tui.ink import Line, wrap
from wsinspect.tui.search.highlight import is_highlighted
from wsinspect.tui.units import plural, size
from wsinspect.websocket.closecodes import describe

WIRE: Final = "as sent"
"""The view with the header's bytes and the mask on."""
LOOKED_THROUGH: Final = 5000
"""Lines of a payload that are looked through for a match to scroll to."""


class FrameDetail:
    """A frame and the way in which its payload is looked at."""

    def __init__(self, opened: Opened, place: int, view: str, query: Query | None = None) -> None:
        entry = opened.entries[place]
        assert isinstance(entry, FrameEntry)
        self.entry = entry
        self._query = query
        self._broken = [opened.violations[position] for position in opened.broken.get(place, ())]
        self._close_name = opened.close_name(entry.close) if entry.close is not None else ""
        self._close_shown = opened.close_shown(entry.close) if entry.close is not None else ""
        self._data, self._context = entry.content[0], opened.context(entry)
        self._choices = choices(self._data, self._context)
        self.view_names = [*(choice.name for choice in self._choices), WIRE]
        self.view = view if view in self.view_names else self.view_names[0]
        """The wanted view, or the best one if that makes no sense here."""

    def next_view(self) -> str:
        """The view after the present one."""
        return self.view_names[(self.view_names.index(self.view) + 1) % len(self.view_names)]

    def lines(self, width: int) -> Sequence[Line]:
        """Everything, for a pane of this width."""
        return Joined(self._head(width), self._body(width))

    def first_match(self, width: int) -> int | None:
        """The first line of the payload with a match in it, if one is among the first thousands."""
        if self._query is None:
            return None
        head = len(self._head(width))
        lines = self._body(width)
        if isinstance(lines, HexDump):
            first = next(self._query.spans(self._data), None)
            return None if first is None else head + first[0] // lines.step
        if isinstance(lines, Growing):
            lines.grow(LOOKED_THROUGH)
        return next((head + place for place, line in enumerate(lines) if is_highlighted(line)), None)

    def _head(self, width: int) -> list[Line]:
        entry, header = self.entry, self.entry.header
        packets = (
            f"packet {header.packet}" if header.packet == entry.packet else f"packets {header.packet} to {entry.packet}"
        )
        lines: list[Line] = [
            [
                (f"{entry.side} frame {header.number}", entry.side.value),
                (f"  {frame_label(entry)}", ""),
                (f"  {packets}", "muted"),
            ]
        ]
        for violation in self._broken:
            letter = SEVERITY_LETTER[violation.severity.value]
            lines += wrap(f"{letter} {violation.rule}: {violation.detail}", width, violation.severity.value)
        lines += bit_diagram(header)
        lines += self._close_lines(width)
        lines.append(self._payload_title())
        return lines + self._view_lines(width)

    def _close_lines(self, width: int) -> list[Line]:
        close = self.entry.close
        if close is None:
            return []
        lines = wrap(close_label(close, self._close_name), width, "strong")
        if close.code is not None:
            if self._close_shown:
                lines += wrap(self._close_shown, width, "muted")
            lines += wrap(describe(close.code).meaning, width, "muted")
        return lines

    def _payload_title(self) -> Line:
        entry, message = self.entry, self.entry.message
        if message is not None and message.first_frame != message.last_frame:
            what = f"message of frames {message.first_frame} to {message.last_frame}, {size(len(self._data))}"
        elif message is not None and message.compressed:
            what = f"message, {size(message.length)} inflated from {size(message.wire_length)}"
        else:
            what = f"payload, {size(len(self._data))}"
        if entry.missing and not entry.complete:
            what += f", {plural(entry.missing, 'byte')} to come"
        elif entry.missing:
            what += f", {plural(entry.missing, 'byte')} not captured"
        if message is not None and message.unknown:
            what += f", {plural(message.unknown, 'byte')} unknown, copied from what was not captured"
        return [(what, "strong")]

    def _view_lines(self, width: int) -> list[Line]:
        """The views there are, and why the shown one makes sense."""
        line: Line = []
        for name in self.view_names:
            line.append((f"[{name}]" if name == self.view else f" {name} ", "accent" if name == self.view else "muted"))
        chosen = self._chosen
        return [line, *(wrap(chosen.explanation, width, "muted") if chosen and self._data else [])]

    @property
    def _chosen(self) -> Choice | None:
        return next((choice for choice in self._choices if choice.name == self.view), None)

    def _body(self, width: int) -> Sequence[Line]:
        if self.view == WIRE:
            return self._wire(width)
        if not self._data:
            return [[("no bytes", "muted")]]
        assert self._chosen is not None
        return payload_lines(self._chosen, self._data, self._context, width, self._query)

    def _wire(self, width: int) -> Sequence[Line]:
        entry = self.entry
        if entry.missing and entry.header.masked:
            return [[("not every byte was captured, so the mask cannot be put back on", "muted")]]
        return HexDump(wire_bytes(entry.header, entry.payload), width)
