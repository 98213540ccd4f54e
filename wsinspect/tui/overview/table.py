"""A table of sums: few rows, all of them there, which change while packets come in."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from wsinspect.tui.columns import Column
from wsinspect.tui.table import Table

T = TypeVar("T")


class SumTable(Table[T]):
    """Sorted by a column; without one, as the overview gives the rows."""

    def __init__(self, columns: Sequence[Column[T]], identity: Callable[[T], Hashable], *, id: str) -> None:
        super().__init__(columns, id=id)
        self.rows: list[T] = []
        self._given: list[T] = []
        self._identity = identity
        """What makes a row the same one in the next overview."""

    @property
    def current(self) -> T | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    def show(self, rows: Sequence[T]) -> None:
        """Other rows, or the same ones with other numbers; the cursor stays on its row."""
        if list(rows) == self._given:
            return
        self._given = list(rows)
        self._arrange()

    def sort(self, column: Column[T], reverse: bool) -> None:
        """In this order from now on."""
        self.sorted_by = (column.id, reverse)
        self._arrange()

    def sort_next(self) -> None:
        """By the column to the right of the present one."""
        columns = [column for column, _ in self.layout_for(self.line_width) if column.key]
        names = [column.id for column in columns]
        present = self.sorted_by[0] if self.sorted_by else ""
        following = columns[(names.index(present) + 1) % len(columns)] if present in names else columns[0]
        self.sort(following, following.falling)

    def sort_by(self, column_id: str) -> None:
        """By this column; the other way round if it is already."""
        column = next(column for column in self.columns if column.id == column_id)
        reverse = not self.sorted_by[1] if self.sorted_by and self.sorted_by[0] == column_id else column.falling
        self.sort(column, reverse)

    def row(self, index: int) -> T:
        return self.rows[index]

    def _arrange(self) -> None:
        current = self.current
        self.rows = list(self._given)
        if self.sorted_by is not None:
            column = next(column for column in self.columns if column.id == self.sorted_by[0])
            if column.key is not None:
                self.rows.sort(key=column.key, reverse=self.sorted_by[1])
        self.set_line_count(len(self.rows))
        self.redraw()
        if current is not None and self.cursor:
            same = [place for place, row in enumerate(self.rows) if self._identity(row) == self._identity(current)]
            self.cursor = same[0] if same else self.cursor
