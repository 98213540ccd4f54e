"""Which columns the list has, and in which order: chosen in a box above it, in force at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import ModalScreen

from wsinspect.errors import WsinspectError
from wsinspect.escape import terminal
from wsinspect.settings.write import write_columns
from wsinspect.tui.columns import Column
from wsinspect.tui.connections.row import Row
from wsinspect.tui.ink import Line
from wsinspect.tui.virtual_list import VirtualList

_TITLE = 11
_UP, _DOWN = 5, 7
"""Cells of a line where a click moves it."""


class _ColumnList(VirtualList):
    """A line a column: whether it is shown, arrows to move it, its title, what it says."""

    class Clicked(Message):
        """A line was clicked at the cell `x`."""

        def __init__(self, x: int) -> None:
            super().__init__()
            self.x = x

    def __init__(self, columns: list[Column[Row]], shown: set[str]) -> None:
        super().__init__(id="column-list")
        self.columns = columns
        self.shown = shown

    def on_mount(self) -> None:
        """There are as many lines as columns."""
        self.set_line_count(len(self.columns))

    def draw_line(self, index: int, width: int) -> Line:
        column = self.columns[index]
        shown = column.id in self.shown
        title = (column.title.strip() or column.id).ljust(_TITLE)
        return [
            ("[x]" if shown else "[ ]", "strong" if shown else "muted"),
            ("  ↑ ↓  ", "muted"),
            (title, "strong" if shown else ""),
            (column.about, "muted"),
        ]

    def on_click(self, event: events.Click) -> None:
        """The cursor goes there; the rest is for the box to do."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y + self.scroll_offset.y < self.line_count:
            self.cursor = offset.y + self.scroll_offset.y
            self.post_message(self.Clicked(offset.x))
        event.prevent_default()


class ColumnChooser(ModalScreen[None]):
    """All columns; those that are shown first, in their order."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "toggle_column", "Show or hide", priority=True),
        Binding("K,shift+up,minus", "move(-1)", "Further left"),
        Binding("J,shift+down,plus", "move(1)", "Further right"),
        Binding("s", "save_columns", "Save", tooltip="Write the columns into the settings file"),
        Binding("escape,q,C", "close", "Close"),
    ]

    class Changed(Message):
        """These columns are wanted now, in this order."""

        def __init__(self, columns: tuple[Column[Row], ...]) -> None:
            super().__init__()
            self.columns = columns

    def __init__(self, all_columns: Sequence[Column[Row]], shown: Sequence[Column[Row]], settings_file: Path) -> None:
        super().__init__()
        ids = {column.id for column in shown}
        self._list = _ColumnList([*shown, *(column for column in all_columns if column.id not in ids)], ids)
        self._file = settings_file

    def compose(self) -> ComposeResult:
        with Container(id="columns"):
            yield self._list

    def on_mount(self) -> None:
        """Name the keys."""
        box = self.query_one("#columns")
        box.border_title = "Columns"
        box.border_subtitle = "Space shows or hides · J K move · s saves · Esc closes"
        self._list.focus()

    @property
    def columns(self) -> tuple[Column[Row], ...]:
        """What is chosen."""
        return tuple(column for column in self._list.columns if column.id in self._list.shown)

    def action_toggle_column(self) -> None:
        """Show the column under the cursor, or do not; one stays."""
        id = self._list.columns[self._list.cursor].id
        if self._list.shown == {id}:
            self.app.bell()
            return
        self._list.shown ^= {id}
        self._tell()

    def action_move(self, step: int) -> None:
        """Exchange the column under the cursor with its neighbour."""
        columns, here = self._list.columns, self._list.cursor
        there = here + step
        if not 0 <= there < len(columns):
            self.app.bell()
            return
        columns[here], columns[there] = columns[there], columns[here]
        self._list.cursor = there
        self._tell()

    def action_save_columns(self) -> None:
        """Put them into the settings file; the rest of it stays as it is."""
        try:
            write_columns(self._file, [column.id for column in self.columns])
        except WsinspectError as error:
            self.notify(terminal(str(error)), severity="error", markup=False)
        else:
            self.notify(terminal(f"Saved in {self._file}"), markup=False)

    def action_close(self) -> None:
        """Back to the list."""
        self.dismiss()

    @on(_ColumnList.Clicked)
    def _clicked(self, event: _ColumnList.Clicked) -> None:
        if event.x in (_UP, _DOWN):
            self.action_move(-1 if event.x == _UP else 1)
        else:
            self.action_toggle_column()

    def _tell(self) -> None:
        self._list.redraw()
        self.post_message(self.Changed(self.columns))
