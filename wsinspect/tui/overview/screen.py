"""What the screens of sums have in common: sentences on top, a table, Enter filters the list of connections."""

from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from wsinspect.escape import terminal
from wsinspect.export.markdown import table_markdown
from wsinspect.overview.overview import Overview
from wsinspect.tui.export.subject import KEYS, Copy, Subject
from wsinspect.tui.ink import Line, content, text_of, wrap
from wsinspect.tui.key_bar import KeyBar
from wsinspect.tui.loader import Progress
from wsinspect.tui.overview.chart import cells_for
from wsinspect.tui.overview.reader import OverviewReader
from wsinspect.tui.overview.table import SumTable
from wsinspect.tui.store import Store
from wsinspect.tui.table import Table

MOST_LINES: Final = 8
"""Lines for the sentences."""
CELL_WIDTH: Final = 60
"""Cells that a value may take when the table is copied."""

CLOSES_KEY: Final = Binding("c", "app.closes", "Closes", tooltip="Closes over time: codes, who ended them, bursts")
VIOLATIONS_KEY: Final = Binding("v", "app.violations", "Violations", tooltip="Broken rules, over all connections")


class Sentences(Widget):
    """What an incident needs first."""

    def __init__(self) -> None:
        super().__init__(id="sentences")
        self.sentences: list[str] = []

    def show(self, sentences: list[str]) -> None:
        """What there is to say now."""
        if sentences != self.sentences:
            self.sentences = sentences
            self.refresh(layout=True)

    def render(self) -> Content:
        lines: list[Line] = []
        for sentence in self.sentences:
            lines += wrap(sentence, self.content_size.width, "strong")
        return content(lines[:MOST_LINES])


class SumsScreen(Screen[str]):
    """Its result, when a row is chosen, is the filter that lets the connections of that row through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "sort_next", "Sort", tooltip="Sort by the next column"),
        Binding("O", "sort_reverse", "Reverse", tooltip="Reverse the order"),
        Binding("escape,backspace", "back", "Back", key_display="Esc", tooltip="To the list of connections"),
        *KEYS,
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

    def connections_of(self, row: Any) -> list[int]:
        """Indexes of the connections of `row`, those included that have left the list."""
        raise NotImplementedError

    # For all of them

    def compose(self) -> ComposeResult:
        yield Sentences()
        yield self.make_table()
        yield KeyBar()

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

    def subject(self) -> Subject:
        """For exports: the connections of the row under the cursor."""
        row = self.table.current
        sentences = "\n".join(map(terminal, self.query_one(Sentences).sentences))
        copies = [Copy("sentences", lambda: sentences)] if sentences else []
        if row is None:
            return Subject(None, (), copies=copies)
        shown = [index for index in self.connections_of(row) if index in self.store]
        copies += [
            Copy("table as Markdown", self._markdown),
            Copy("filter for the connections of the row", lambda: self.filter_for(row)),
        ]
        return Subject(None, shown, copies=copies)

    def _markdown(self) -> str:
        columns, rows = self.table.columns, self.table.rows
        cells = ([text_of(column.cell(row, CELL_WIDTH)) for column in columns] for row in rows)
        return table_markdown([column.title.strip() or column.id for column in columns], cells)

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
