"""Columns as data, and how they share the width of the terminal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from wsinspect.tui.ink import Line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column of a table."""

    id: str
    title: str
    least: int
    """Cells below which it makes no sense."""
    best: int
    """Cells in which nearly every value is complete."""
    rank: int
    """Where there is no room for all, the columns of the highest rank go first."""
    cell: Callable[[T, int], Line]
    """What stands in it, given the width."""
    key: Callable[[T], Any] | None = None
    """What it is sorted by; None: it is not."""
    falling: bool = False
    """Whether the first sort by it puts the greatest on top."""
    right: bool = False
    """Whether values stand at its right edge, as numbers do."""
    grow: int = 0
    """Its share of the room that is left when every column has its best width."""
    about: str = ""
    """One line for the help screen."""


Layout = tuple[tuple[Column[T], int], ...]
GAP = 1
"""Blank cells between two columns."""


def lay_out(columns: Sequence[Column[T]], width: int) -> Layout[T]:
    """The columns that `width` has room for, in their order, and the width of each."""
    chosen: list[Column[T]] = []
    room = width + GAP
    for column in sorted(columns, key=lambda column: column.rank):
        if column.least + GAP <= room:
            chosen.append(column)
            room -= column.least + GAP
    widths = {column.id: column.least for column in chosen}
    # Important columns get what they want first.
    for column in chosen:
        more = min(room, column.best - column.least)
        widths[column.id] += more
        room -= more
    growing = [column for column in chosen if column.grow]
    shares = sum(column.grow for column in growing)
    for column in growing:
        widths[column.id] += room * column.grow // shares
    return tuple((column, widths[column.id]) for column in columns if column.id in widths)


def column_at(layout: Layout[T], x: int) -> Column[T] | None:
    """The column that the cell `x` of a line belongs to."""
    for column, width in layout:
        if x < width + GAP:
            return column
        x -= width + GAP
    return None
