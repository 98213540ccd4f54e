"""The screen that searches the payloads of all connections."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from wsinspect.errors import WsinspectError
from wsinspect.search import Query
from wsinspect.timeline import Entry
from wsinspect.tui.export.subject import KEYS, Subject
from wsinspect.tui.key_bar import KeyBar
from wsinspect.tui.search.bar import SearchBar
from wsinspect.tui.search.results import ResultTable
from wsinspect.tui.search.runner import Found, Runner
from wsinspect.tui.store import Store


class SearchScreen(Screen[None]):
    """A line to type in, how far the search is, and what it has found. It is kept when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash,ctrl+f", "type", "Search", key_display="/", tooltip="Search for something else"),
        *KEYS,
        Binding("escape", "leave", "Cancel/back", key_display="Esc", tooltip="Stop searching; then back to the list"),
    ]

    class Opened(Message):
        """Somebody wants to see a connection, at a frame in which something was found."""

        def __init__(self, found: Found, query: Query) -> None:
            super().__init__()
            self.found = found
            self.query = query

    def __init__(self, store: Store, shown: Callable[[], Sequence[int]]) -> None:
        """`shown` tells the connections that the list shows: those are searched."""
        super().__init__()
        self.store = store
        self.runner: Runner | None = None
        self._shown = shown

    def compose(self) -> ComposeResult:
        yield SearchBar()
        yield ResultTable(self.store)
        yield KeyBar()

    def on_screen_resume(self) -> None:
        """The keyboard goes where something is to be done."""
        (self.table if self.table.line_count else self.bar.input).focus()

    @property
    def bar(self) -> SearchBar:
        """The line at the top."""
        return self.query_one(SearchBar)

    @property
    def table(self) -> ResultTable:
        """The results."""
        return self.query_one(ResultTable)

    def subject(self) -> Subject:
        """For exports: the connection under the cursor, and all in which something was found."""
        found = self.table.found
        current = found[self.table.cursor].connection if self.table.cursor < len(found) else None
        return Subject(current, list(dict.fromkeys(one.connection for one in found)))

    def action_type(self) -> None:
        """Let another search be typed."""
        self.bar.input.focus()

    def action_leave(self) -> None:
        """Stop a search that goes on; if none does, back to the list."""
        runner = self.runner
        if runner is not None and not runner.state.done:
            runner.cancel()
            self.bar.tell(runner.state.text)
        else:
            self.dismiss()

    @on(Input.Submitted)
    def _search(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            query = Query(event.value)
        except WsinspectError as error:
            self.bar.tell(str(error), "error")
            return
        if self.runner is not None:
            self.runner.cancel()
        self.table.clear()
        self.runner = Runner(query, list(self._shown()), self._entries, self._heard)
        self.runner.start(self)
        self.bar.tell(self.runner.state.text)
        self.table.focus()

    def _entries(self, connection: int) -> Sequence[Entry]:
        """In the background: read the packets of a connection again."""
        try:
            _, frozen = self.store.open(connection)
        except WsinspectError:
            return ()  # it has left the list since the search began
        return self.store.source.timeline(frozen).entries

    def _heard(self, runner: Runner, found: list[Found]) -> None:
        if runner is self.runner and self.is_attached:
            self.table.add(found)
            self.bar.tell(runner.state.text, "error" if runner.state.error else "muted")

    @on(ResultTable.Chosen)
    def _chosen(self, event: ResultTable.Chosen) -> None:
        event.stop()
        if self.runner is not None:
            self.post_message(self.Opened(self.table.found[event.index], self.runner.query))
