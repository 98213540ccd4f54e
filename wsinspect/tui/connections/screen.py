"""The first screen: every connection of the capture."""

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.scrollbar import ScrollTo, ScrollUp

from wsinspect.filter.filter import parse_filter
from wsinspect.settings.read import Loaded
from wsinspect.tui.columns import Column
from wsinspect.tui.connections.column_chooser import ColumnChooser
from wsinspect.tui.connections.columns import COLUMNS
from wsinspect.tui.connections.filter_bar import FilterBar
from wsinspect.tui.connections.follow import Following
from wsinspect.tui.connections.header import Header
from wsinspect.tui.connections.matching import Matching
from wsinspect.tui.connections.order import Order, Sorting
from wsinspect.tui.connections.row import Row
from wsinspect.tui.connections.sorter import Sorter
from wsinspect.tui.connections.status import StatusLine
from wsinspect.tui.connections.subject import values_seen
from wsinspect.tui.export.subject import COPY_KEY, EXPORT_KEY, Subject
from wsinspect.tui.key_bar import KeyBar
from wsinspect.tui.loader import START, Progress
from wsinspect.tui.overview.screen import CLOSES_KEY, VIOLATIONS_KEY
from wsinspect.tui.store import Store
from wsinspect.tui.table import Table

SORTABLE = tuple(column for column in COLUMNS if column.key)
_BY_ID = {column.id: column for column in SORTABLE}
_COLUMNS_BY_ID = {column.id: column for column in COLUMNS}


class ConnectionTable(Table[Row]):
    """The list. It shows the store's rows in the order that it keeps."""

    class FollowingChanged(Message):
        """The list follows the newest connection from now on, or does not any more."""

    class SortingChanged(Message):
        """The list is being sorted, or is sorted now."""

    def __init__(self, store: Store, columns: Sequence[Column[Row]]) -> None:
        super().__init__(columns, id="connections")
        self._store = store
        self.following = Following(on=store.source.live)
        self._advancing = False
        self.in_view: list[int] = []
        """Connections on the screen, when it was last drawn."""
        self.order = Order(store, Sorting(_BY_ID["id"]))
        self._sorter = Sorter(self, self.order, self._sorted)
        self.sorted_by = ("id", False)

    @property
    def sorting(self) -> Sorting:
        """The order that is wanted: the present one, unless another is being made."""
        return self._sorter.wanted or self.order.sorting

    @property
    def is_sorting(self) -> bool:
        """Whether it is being made."""
        return self._sorter.wanted is not None

    @property
    def current(self) -> int | None:
        """Index of the connection under the cursor."""
        return self.order.index_at(self.cursor) if self.cursor < len(self.order) else None

    def row(self, index: int) -> Row:
        return self._store.row(self.order.index_at(index))

    def row_key(self, index: int) -> Hashable:
        connection = self.order.index_at(index)
        return connection, self._store.revision(connection)

    def prepare(self, first: int, last: int) -> None:
        # Rows that are out of date are left to the loader: making one takes longer than drawing it.
        self.in_view = self.order.indexes[first:last]
        self._store.refresh([index for index in self.in_view if self._store.known(index) is None])

    def take_new(self, *, sort: bool) -> None:
        """Rows may have come or changed; `sort` them in if the order is not that of appearance."""
        current, offset, evicted = self.current, self.cursor - self.scroll_offset.y, self.order.evicted
        came = self.order.take_new()
        left = self.order.evicted != evicted
        if came:
            self.set_line_count(len(self.order))
        if sort and not self.sorting.is_natural:
            self.sort(self.sorting, current)
            if not self.is_sorting:
                return
        if self.following.on:
            self._go_to_newest()
        elif left and current is not None:
            self._close_up(current, offset)
        elif came and current is not None and self.current != current and self.order.has(current):
            self.go_to(current, offset)
        self.refresh_changed()

    def show_only(self, matching: Matching | None) -> None:
        """Only connections that match, or all again; the cursor stays on its connection if that is still there."""
        current, offset = self.current, self.cursor - self.scroll_offset.y
        sorting = self.sorting
        self.order.show_only(matching)
        self.set_line_count(len(self.order))
        self.redraw()
        if not sorting.is_natural:
            self.sort(sorting, current)
        if self.following.on:
            self._go_to_newest()
        elif current is not None and self.order.has(current):
            self.go_to(current, offset)
        else:
            self.action_first_line()

    def _close_up(self, current: int, offset: int) -> None:
        """Lines have gone: the others stay where they are on the screen, and the cursor on its connection."""
        top = self.scroll_offset.y == 0
        if current in self._store and not (top and self.cursor == 0):
            self.go_to(current, None if top else offset)

    def sort(self, sorting: Sorting, current: int | None = None) -> None:
        """Another order; the cursor stays on its connection, and that one at its place on the screen if it can.

        At the top it stays at the top: who sorts from there wants to see what comes first. `current` is the connection
        under the cursor where that cannot be asked any more.
        """
        if not sorting.is_natural:
            self.stop_following()
        self.sorted_by = (sorting.column.id, sorting.reverse)
        if self._sorter.is_needed(sorting):
            self.refresh_line(self.scroll_offset.y)  # the titles
            self._sorter.start(sorting)
            self.post_message(self.SortingChanged())
            return
        self._sorter.cancel()
        self._sorted(sorting, self.order.sorted(sorting), current)

    def _sorted(self, sorting: Sorting, indexes: list[int], current: int | None = None) -> None:
        current, offset = self.current if current is None else current, self.cursor - self.scroll_offset.y
        if sorting != self.order.sorting and self.cursor == 0:
            current = None
        self.order.put(sorting, indexes)
        self.set_line_count(len(self.order))
        self.redraw()
        if current is not None and self.order.has(current):
            self.go_to(current, offset)
        self.post_message(self.SortingChanged())

    def go_to(self, connection: int, offset: int | None = None) -> None:
        """Put the cursor on a connection; `offset` is the line of the screen that it shall have."""
        place = self.order.place_of(connection)
        if offset is not None and 0 <= offset < self.page_lines:
            self.scroll_to_line(place - offset)
        self.cursor = place
        self.show_line(place)

    # Following

    def follow(self) -> None:
        """Stay at the newest connection, which the order of appearance has at its end."""
        self.following.start()
        if not self.sorting.is_natural:
            self.sort(Sorting(_BY_ID["id"]))
        self._go_to_newest()
        self.post_message(self.FollowingChanged())

    def stop_following(self) -> None:
        """Stay where the user is."""
        if self.following.on:
            self.following.stop(self._store.begun)
            self.post_message(self.FollowingChanged())

    def watch_cursor(self, old: int, new: int) -> None:
        """Whoever goes elsewhere wants to stay there."""
        super().watch_cursor(old, new)
        if not self._advancing and new < self.line_count - 1:
            self.stop_following()

    def action_last_line(self) -> None:
        """The end is where the newest are."""
        super().action_last_line()
        if self.sorting.is_natural:
            self.follow()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scrolled away by the wheel."""
        self.stop_following()

    def on_scroll_up(self, message: ScrollUp) -> None:
        """Scrolled away by a click on the scrollbar."""
        self.stop_following()

    def on_scroll_to(self, message: ScrollTo) -> None:
        """Scrolled away by dragging the scrollbar."""
        self.stop_following()

    def _go_to_newest(self) -> None:
        self._advancing = True
        self.cursor = len(self.order) - 1
        self.show_line(self.cursor)
        self._advancing = False


class ConnectionsScreen(Screen[None]):
    """The list, what it adds up to, and the keys to sort it."""

    AUTO_FOCUS = "ConnectionTable"

    BINDINGS: ClassVar[list[BindingType]] = [
        # What is most wanted comes first: a narrow terminal has no room for the rest.
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Show only some connections"),
        CLOSES_KEY,
        VIOLATIONS_KEY,
        EXPORT_KEY,
        Binding("o", "sort_next", "Sort", tooltip="Sort by the next column"),
        Binding("f", "follow", "Follow", tooltip="Stay at the newest connection; again: do not"),
        Binding("p", "pause", "Pause", tooltip="Let the screen stand still while reading goes on; again: go on"),
        Binding("C", "columns", "Columns", show=False, tooltip="Choose the columns and their order"),
        Binding("ctrl+f", "search", "Search", tooltip="Search in the payloads of the connections shown"),
        COPY_KEY,
        Binding("O", "sort_reverse", "Reverse", tooltip="Reverse the order"),
        Binding("escape", "stop_loading", "Stop reading", tooltip="Read no further; what was read stays"),
    ]

    class Opened(Message):
        """Somebody wants to see a connection."""

        def __init__(self, connection: int) -> None:
            super().__init__()
            self.connection = connection

    class SearchWanted(Message):
        """Somebody wants to search in payloads."""

    class LoadingStopped(Message):
        """Somebody has seen enough."""

    def __init__(self, store: Store, loaded: Loaded, display_filter: str = "") -> None:
        super().__init__()
        self.store = store
        self.matching: Matching | None = None
        """What is shown of the connections; None: all."""
        self._first_filter = display_filter
        self._named_filters = loaded.settings.filters
        self._settings_file = loaded.path
        self.table = ConnectionTable(store, [_COLUMNS_BY_ID[id] for id in loaded.settings.columns])
        """The list."""
        self._progress = START
        self._paused_at: int | None = None
        """Packets that had been read when the screen was told to stand still."""
        self._loading = True
        self._sorted_at = 0.0

    def compose(self) -> ComposeResult:
        yield Header(self.store)
        yield FilterBar(self.store, self._named_filters, lambda field: values_seen(self.store, field))
        yield self.table
        yield StatusLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin with the filter of the command line."""
        if self._first_filter:
            self.apply_filter(self._first_filter)

    def show_progress(self, progress: Progress) -> None:
        """Reading has moved on."""
        if not self.query(Header) or not self.query(ConnectionTable):
            return  # the program is being left
        self._progress = progress
        if self._loading is progress.done:
            self._loading = not progress.done
            self.refresh_bindings()
        if self._paused_at is not None:
            self._show_status()
            return
        self.query_one(Header).show(progress)
        # Sorting everything costs more than adding at the end: not with every report, but surely with the last one.
        sort = progress.done or progress.seconds - self._sorted_at > 1.0
        if sort:
            self._sorted_at = progress.seconds
        self.table.take_new(sort=sort)
        self._show_filter()
        self._show_status()

    @on(ConnectionTable.FollowingChanged)
    @on(ConnectionTable.SortingChanged)
    def _show_status(self) -> None:
        table, behind = self.table, self.store.source.packets - (self._paused_at or 0)
        self.query_one(StatusLine).show(
            paused=self._paused_at is not None,
            behind=behind,
            following=table.following.on,
            news=table.following.news(self.store.begun),
            empty=self._why_empty(),
            sorting=table.sorting.column.title.strip() if table.is_sorting else "",
        )

    def _why_empty(self) -> str:
        """A sentence if the list has no lines, and will not get any soon."""
        if len(self.table.order):
            return ""
        if self.matching is not None and not self.matching.searching and len(self.store):
            return "No connection matches the filter.  / changes it, an empty one shows all."
        if self._loading or len(self.store):
            return ""
        if not self.store.source.packets:
            return "There is no packet in the capture."
        return "No WebSocket was seen. Encrypted ones need --keylog; --all-tls lists any TLS."

    def apply_filter(self, text: str) -> None:
        """Show only connections that match `text`; all if it is empty. Raises `FilterError`."""
        filter_ = parse_filter(text, self._named_filters)
        if self.matching is not None:
            self.matching.stop()
        self.matching = None
        if not filter_.lets_all_through:
            self.matching = Matching(self.store, filter_, lambda: self.app.call_later(self._answers_came))
        self.table.show_only(self.matching)
        self._show_filter()
        self._show_status()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).edit()

    @on(FilterBar.Wanted)
    def _filter_wanted(self, event: FilterBar.Wanted) -> None:
        self.apply_filter(event.text)

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    def _answers_came(self) -> None:
        """A filter that takes long has come further."""
        if self.is_attached:
            self.table.take_new(sort=not (self.matching and self.matching.searching))
            self._show_filter()
            self._show_status()

    def _show_filter(self) -> None:
        self.query_one(FilterBar).show(self.matching)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Reading can be stopped only while it goes on; `/` is a letter like others in the filter."""
        if action == "filter":
            return not any(bar.typing for bar in self.query(FilterBar))
        return self._loading if action == "stop_loading" else True

    def filter_by(self, text: str | None) -> None:
        """From the screens of sums: the connections of a row, if one was chosen."""
        if text is not None:
            self.apply_filter(text)

    def action_sort_next(self) -> None:
        """Sort by the column to the right of the present one."""
        columns = [column for column, _ in self.table.layout_for(self.table.line_width) if column.key]
        names = [column.id for column in columns]
        present = self.table.sorting.column.id
        following = columns[(names.index(present) + 1) % len(columns)] if present in names else columns[0]
        self.table.sort(Sorting(following, following.falling))

    def action_sort_reverse(self) -> None:
        """Turn the order round."""
        sorting = self.table.sorting
        self.table.sort(Sorting(sorting.column, not sorting.reverse))

    def action_follow(self) -> None:
        """Stay at the newest, or do not."""
        if self.table.following.on:
            self.table.stop_following()
        else:
            self.table.follow()

    def action_pause(self) -> None:
        """Let the screen stand still, or go on."""
        if self._paused_at is None:
            self._paused_at = self.store.source.packets
            self._show_status()
        else:
            self._paused_at = None
            self.show_progress(self._progress)

    def action_columns(self) -> None:
        """Choose the columns."""
        self.app.push_screen(ColumnChooser(COLUMNS, self.table.columns, self._settings_file))

    def subject(self) -> Subject:
        """For exports: the connection under the cursor, and all of the list."""
        return Subject(self.table.current, self.table.order.indexes[:])

    def neighbour(self, connection: int, step: int) -> int | None:
        """The connection that stands `step` lines below `connection`, if there is one."""
        order = self.table.order
        place = order.place_of(connection) + step
        return order.index_at(place) if 0 <= place < len(order) else None

    def come_back(self, connection: int | None) -> None:
        """From the screen of a connection: put the cursor on it."""
        if connection is not None and self.table.order.has(connection):
            self.table.go_to(connection)

    @property
    def help_notes(self) -> list[tuple[str, str]]:
        """What the columns mean."""
        return [(column.title.strip() or "mark", column.about) for column in COLUMNS]

    def action_search(self) -> None:
        """Search in payloads."""
        self.post_message(self.SearchWanted())

    def action_stop_loading(self) -> None:
        """Read no further."""
        self.post_message(self.LoadingStopped())

    @on(Table.TitleClicked)
    def _sort_by(self, event: Table.TitleClicked) -> None:
        column, present = _BY_ID[event.column_id], self.table.sorting
        if column is present.column:
            self.action_sort_reverse()
        else:
            self.table.sort(Sorting(column, column.falling))

    @on(ConnectionTable.Chosen)
    def _open(self, event: ConnectionTable.Chosen) -> None:
        self.post_message(self.Opened(self.table.order.index_at(event.index)))
