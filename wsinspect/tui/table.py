"""A list with columns and a line of titles."""

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from textual import events
from textual.message import Message

from wsinspect.tui.columns import GAP, Column, Layout, column_at, lay_out
from wsinspect.tui.ink import Line, fit, fit_line
from wsinspect.tui.virtual_list import VirtualList

T = TypeVar("T")

_BLANK = " " * GAP
_ARROWS = {False: "▲", True: "▼"}


class Table(VirtualList, Generic[T]):
    """Rows of type T in columns that fit the width. Subclasses hand out the rows."""

    title_lines = 1

    class TitleClicked(Message):
        """Somebody wants the rows sorted by this column."""

        def __init__(self, column_id: str) -> None:
            super().__init__()
            self.column_id = column_id

    def __init__(self, columns: Sequence[Column[T]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.sorted_by: tuple[str, bool] | None = None
        """Id of the column that gives the order, and whether it is reversed; shown by an arrow."""
        self._layout: Layout[T] = ()
        self._layout_width = -1

    def set_columns(self, columns: Sequence[Column[T]]) -> None:
        """Other columns, or another order of them."""
        self.columns = tuple(columns)
        self._layout_width = -1
        self.redraw()

    def row(self, index: int) -> T:
        """The row that line `index` shows."""
        raise NotImplementedError

    def row_key(self, index: int) -> Hashable:
        """Equal for rows that look alike."""
        return index

    def layout_for(self, width: int) -> Layout[T]:
        """The columns shown at `width`."""
        if width != self._layout_width:
            self._layout_width = width
            self._layout = lay_out(self.columns, width)
        return self._layout

    def line_key(self, index: int) -> Hashable:
        return self.row_key(index)

    def draw_line(self, index: int, width: int) -> Line:
        row = self.row(index)
        line: Line = []
        for column, cells in self.layout_for(width):
            line += fit_line(column.cell(row, cells), cells, right=column.right)
            line.append((_BLANK, ""))
        return line

    def fit(self, line: Line, width: int) -> Line:
        # Each cell has been fitted already: only what is behind the last one may be missing, or be a blank too many.
        used = sum(cells + 1 for _, cells in self.layout_for(width))
        return line[:-1] if used > width else [*line, (_BLANK * (width - used), "")]

    def draw_titles(self, width: int) -> Line:
        line: Line = []
        sorted_by, reverse = self.sorted_by or ("", False)
        for column, cells in self.layout_for(width):
            title = column.title
            if column.id == sorted_by:
                title = fit(title, min(len(title), cells - 1)) + _ARROWS[reverse]
            line.append((fit(title, cells, right=column.right), "strong" if column.id == sorted_by else ""))
            line.append((_BLANK, ""))
        return line

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < self.title_lines:
            column = column_at(self.layout_for(self.line_width), offset.x)
            if column is not None and column.key is not None:
                self.post_message(self.TitleClicked(column.id))
            event.prevent_default()  # the list below has nothing to do with it
