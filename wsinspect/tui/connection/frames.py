"""The tab with all frames, and the details of the one under the cursor."""

from bisect import bisect_left
from collections.abc import Hashable
from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message

from wsinspect.payload.viewer import Context
from wsinspect.search import Hit, Query
from wsinspect.timeline import FrameEntry
from wsinspect.tui.columns import Column
from wsinspect.tui.connection.frame_detail import FrameDetail
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.connection.preview import close_label, data_preview, kind, round_trip
from wsinspect.tui.document import DocumentView
from wsinspect.tui.ink import Line, clip
from wsinspect.tui.search.highlight import MATCH
from wsinspect.tui.search.results import excerpt
from wsinspect.tui.table import Table
from wsinspect.tui.units import count, signed_span, stopwatch
from wsinspect.tui.virtual_list import VirtualList
from wsinspect.websocket.side import Side

_LETTERS: Final = (("error", "E"), ("warning", "W"), ("note", "N"))


class FrameRow(NamedTuple):
    """A frame and what the list has to know of its surroundings."""

    entry: FrameEntry
    elapsed: float
    delta: float | None
    """Seconds since the frame before, of either side."""
    severities: frozenset[str]
    """Of the rules that it breaks."""
    context: Context
    hit: Hit | None
    """What the present search has found in it."""
    close_name: str
    """What the code of a Close is called here."""


def _mark(row: FrameRow, width: int) -> Line:
    if row.hit is not None and not row.severities:
        return [("/", MATCH)]
    for severity, letter in _LETTERS:
        if severity in row.severities:
            return [(letter, severity)]
    return []


def _number(row: FrameRow, width: int) -> Line:
    arrow = "↑" if row.entry.side is Side.CLIENT else "↓"
    return [(f"{arrow} ", row.entry.side.value), (str(row.entry.header.number), "")]


def _flags(row: FrameRow, width: int) -> Line:
    header = row.entry.header
    rsv = "".join(str(number) if header.rsv & bit else "·" for number, bit in ((1, 4), (2, 2), (3, 1)))
    return [
        ("FIN " if header.fin else "··· ", "" if header.fin else "strong"),
        (rsv, "strong" if header.rsv else "faint"),
    ]


def _mask(row: FrameRow, width: int) -> Line:
    header = row.entry.header
    if not header.masked:
        return [("–", "faint")]
    return [(header.masking_key.hex() if width >= 8 else "yes", "muted")]


def _preview(row: FrameRow, width: int) -> Line:
    if row.hit is not None:
        return clip(excerpt(row.hit.before, row.hit.match, row.hit.after), width)
    if row.entry.close is not None:
        return [(close_label(row.entry.close, row.close_name), "")]
    if row.entry.trip is not None:
        return [
            (f"rtt {round_trip(row.entry.trip)}  ", "accent"),
            (data_preview(row.entry, row.context), "muted"),
        ]
    return [(data_preview(row.entry, row.context), "muted")]


COLUMNS: Final[tuple[Column[FrameRow], ...]] = (
    Column("mark", " ", 1, 1, 0, _mark),
    Column("number", "frame", 6, 8, 1, _number),
    Column("time", "time", 8, 11, 3, lambda row, width: [(stopwatch(row.elapsed), "")], right=True),
    Column("delta", "Δ", 7, 8, 5,
           lambda row, width: [(signed_span(row.delta), "muted")] if row.delta is not None else [], right=True),
    Column("opcode", "opcode", 8, 12, 2, lambda row, width: [(kind(row.entry), row.entry.side.value)]),
    Column("flags", "FIN RSV", 7, 7, 6, _flags),
    Column("mask", "mask", 4, 8, 8, _mask),
    Column("length", "length", 6, 9, 4, lambda row, width: [(count(row.entry.header.length), "")], right=True),
    Column("packet", "packet", 6, 8, 9, lambda row, width: [(str(row.entry.packet), "faint")], right=True),
    Column("preview", "payload", 24, 40, 2, _preview, grow=1),
)  # fmt: skip


class FrameTable(Table[FrameRow]):
    """Every frame in capture order."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, id="frame-list")
        self._opened: Opened | None = None
        self._hits: dict[int, Hit] = {}

    def mark(self, hits: dict[int, Hit]) -> None:
        """What a search has found, by place among the entries."""
        self._hits = hits
        self.redraw()

    def show(self, opened: Opened) -> None:
        """The frames of another connection."""
        more = self._opened is not None and self._opened.index == opened.index and self._opened.share < 1.0
        self._opened = opened
        self.set_line_count(len(opened.frames))
        if not more or opened.share == 1.0:  # what breaks a rule may not be known before the end
            self.redraw()

    def row(self, index: int) -> FrameRow:
        opened = self._opened
        assert opened is not None
        place = opened.frames[index]
        entry = opened.entries[place]
        assert isinstance(entry, FrameEntry)
        before = opened.outline.times[opened.frames[index - 1]] if index else None
        return FrameRow(
            entry,
            (entry.time_ns - opened.start_ns) / 1e9,
            (entry.time_ns - before) / 1e9 if before is not None else None,
            frozenset(opened.violations[position].severity.value for position in opened.broken.get(place, ())),
            opened.context(entry),
            self._hits.get(place),
            opened.close_name(entry.close) if entry.close is not None else "",
        )

    def row_key(self, index: int) -> Hashable:
        return index


class FramesView(Container):
    """List and details: one above the other, or side by side where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "next_view", "View", tooltip="Look at the payload in another way"),
        Binding("z", "zoom", "Zoom", tooltip="Details on the whole screen, and back"),
        Binding("w", "save_message", "Save message", show=False, tooltip="Write the message to a file"),
        Binding("greater_than_sign", "broken(1)", "Next violation", key_display=">", show=False),
        Binding("less_than_sign", "broken(-1)", "Previous violation", key_display="<", show=False),
    ]

    class Saved(Message):
        """Somebody wants the message of a frame in a file."""

        def __init__(self, frame: FrameEntry) -> None:
            super().__init__()
            self.frame = frame

    def __init__(self) -> None:
        super().__init__(id="frames")
        self._opened: Opened | None = None
        self._detail: FrameDetail | None = None
        self._view = ""
        self._query: Query | None = None

    def compose(self) -> ComposeResult:
        yield FrameTable()
        yield DocumentView(id="frame-detail")

    @property
    def table(self) -> FrameTable:
        """The list."""
        return self.query_one(FrameTable)

    @property
    def detail(self) -> DocumentView:
        """The pane with the details."""
        return self.query_one("#frame-detail", DocumentView)

    @property
    def frame(self) -> FrameEntry | None:
        """The one under the cursor."""
        return self._detail.entry if self._detail is not None else None

    def show(self, opened: Opened) -> None:
        """The frames of another connection, or more of the same."""
        before = self._opened
        self._opened = opened
        self.table.show(opened)
        if before is None or before.index != opened.index or before.share == 1.0 or not before.frames:
            self._show_frame()
        elif opened.share == 1.0:
            self._show_frame(keep_place=True)

    def mark(self, query: Query | None, hits: dict[int, Hit]) -> None:
        """Mark what a search has found; without one, nothing."""
        self._query = query
        self.table.mark(hits)
        self._show_frame()

    @property
    def current_entry(self) -> int:
        """Place of the frame under the cursor among the entries; -1 if there is none."""
        return self._opened.frames[self.table.cursor] if self._opened is not None and self._opened.frames else -1

    def select_entry(self, place: int) -> None:
        """Put the cursor on the frame at `place` among the entries."""
        if self._opened is not None:
            self.table.cursor = bisect_left(self._opened.frames, place)

    def select_row(self, row: int) -> None:
        """Put the cursor on a row."""
        self.table.cursor = row

    def _show_frame(self, *, keep_place: bool = False) -> None:
        if self._opened is None or not self._opened.frames:
            self._detail = None
            self.detail.show(lambda width: [[("There are no frames.", "muted")]])
            return
        place = self._opened.frames[self.table.cursor]
        self._detail = FrameDetail(self._opened, place, self._view, self._query)
        self.detail.show(self._detail.lines, keep_place=keep_place)
        line = self._detail.first_match(self.detail.line_width) if self._query and self.detail.line_width else None
        if line is not None and line >= self.detail.page_lines:
            self.detail.scroll_to_line(line - self.detail.page_lines // 2)

    @on(VirtualList.Moved)
    def _moved(self, event: VirtualList.Moved) -> None:
        event.stop()
        self._show_frame()

    @on(VirtualList.Chosen)
    def _chosen(self, event: VirtualList.Chosen) -> None:
        event.stop()
        self.detail.focus()

    def action_next_view(self) -> None:
        """Look at the payload in another way; later frames are shown so too."""
        if self._detail is not None:
            self._view = self._detail.next_view()
            self._show_frame(keep_place=True)

    def action_zoom(self) -> None:
        """Give the details the whole tab, or take it back."""
        zoomed = self.toggle_class("-zoomed").has_class("-zoomed")
        (self.detail if zoomed else self.table).focus()

    def action_save_message(self) -> None:
        """Write the message to a file."""
        if self.frame is None:
            self.app.bell()
        else:
            self.post_message(self.Saved(self.frame))

    def action_broken(self, step: int) -> None:
        """Go to the next frame that breaks a rule."""
        if self._opened is not None and self._opened.frames:
            row = self._opened.next_broken(self.table.cursor, step)
            if row is not None:
                self.table.cursor = row
