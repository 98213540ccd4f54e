"""What the screens of sums have in common: sentences on top, a table, Enter filters the list of connections."""

from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from wsinspect.overview.overview import Overview
from wsinspect.tui.ink import Line, content, wrap
from wsinspect.tui.loader import Progress
from wsinspect.tui.overview.chart import cells_for
from wsinspect.tui.overview.reader import OverviewReader
from wsinspect.tui.overview.table import SumTable
from wsinspect.tui.store import Store
from wsinspect.tui.table import Table

MOST_LINES: Final = 8
"""Lines for the sentences."""


class Sentences(Widget):
    """What an incident needs first."""

    def __init__(self) -> None:
        super().__init__(id="sentences")
        self._sentences: list[str] = []

    def show(self, sentences: list[str]) -> None:
        """What there is to say now."""
        if sentences != self._sentences:
            self._sentences = sentences
            self.refresh(layout=True)

    def render(self) -> Content:
        lines: list[Line] = []
        for sentence in self._sentences:
            lines += wrap(sentence, self.content_size.width, "strong")
        return content(lines[:MOST_LINES])


class SumsScreen(Screen[str]):
    """Its result, when a row is chosen, is the filter that lets the connections of that row through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "sort_next", "Sort", tooltip="Sort by the next column"),
        Binding("O", "sort_reverse", "Reverse", tooltip="Reverse the order"),
        Binding("escape,backspace", "back", "Back", key_display="Esc", tooltip="To the list of connections"),
    ]

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self._reader = OverviewReader(self, store, self._show)

    # What a subclass provides

    def make_table(self) -> SumTable[Any]:
        """The table."""
        raise NotImplementedError

    def show_overview(self, overview: Overview) -> None:
        """Bring table and chart up to date."""
        raise NotImplementedError

    def filter_for(self, row: Any) -> str:
        """The filter that lets the connections of `row` through."""
        raise NotImplementedError

    # For all of them

    def compose(self) -> ComposeResult:
        yield Sentences()
        yield self.make_table()
        yield Footer()

    @property
    def table(self) -> SumTable[Any]:
        """The table."""
        return self.query_one(SumTable)

    def on_mount(self) -> None:
        """The keyboard belongs to the table."""
        self.table.focus()

    def on_resize(self) -> None:
        """More room for stretches of time, or less."""
        self._ask(now=True)

    def show_progress(self, progress: Progress) -> None:
        """Reading has moved on."""
        if self.query(SumTable):
            self._ask(now=progress.done)

    def _ask(self, *, now: bool) -> None:
        self._reader.ask(cells_for(self.size.width - 2), now=now)

    def _show(self, overview: Overview) -> None:
        if self.query(SumTable):  # the program may be being left
            self.query_one(Sentences).show(overview.sentences)
            self.show_overview(overview)

    @property
    def help_notes(self) -> list[tuple[str, str]]:
        """What the columns mean."""
        return [("Enter", "the connections of the row, in the list"),
                *((column.title.strip() or "mark", column.about) for column in self.table.columns)]  # fmt: skip

    def action_sort_next(self) -> None:
        """Sort by the column to the right of the present one."""
        self.table.sort_next()

    def action_sort_reverse(self) -> None:
        """Turn the order round."""
        if self.table.sorted_by is not None:
            self.table.sort_by(self.table.sorted_by[0])

    def action_back(self) -> None:
        """To the list as it was."""
        self.dismiss()

    @on(Table.TitleClicked)
    def _title_clicked(self, event: Table.TitleClicked) -> None:
        self.table.sort_by(event.column_id)

    @on(SumTable.Chosen)
    def _chosen(self, event: SumTable.Chosen) -> None:
        event.stop()
        self.dismiss(self.filter_for(self.table.row(event.index)))
