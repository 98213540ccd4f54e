"""In which order the connections stand."""

from dataclasses import dataclass
from typing import Any

from wsinspect.tui.columns import Column
from wsinspect.tui.connections.row import Row
from wsinspect.tui.store import Store


@dataclass(frozen=True, slots=True)
class Sorting:
    """Which column gives the order."""

    column: Column[Row]
    reverse: bool = False

    @property
    def is_natural(self) -> bool:
        """Whether new connections simply go to the end."""
        return self.column.id == "id" and not self.reverse


class Order:
    """Indexes of the connections in the order in which the list shows them."""

    def __init__(self, store: Store, sorting: Sorting) -> None:
        self._store = store
        self.sorting = sorting
        self.indexes: list[int] = []
        self._places: dict[int, int] | None = {}
        self._keys: dict[str, tuple[list[Row], list[Any]]] = {}  # by column, with the rows that they were made of

    def __len__(self) -> int:
        return len(self.indexes)

    def index_at(self, place: int) -> int:
        """The connection in line `place`."""
        return self.indexes[place]

    def place_of(self, index: int) -> int:
        """The line of a connection; 0 if it has none."""
        if self.sorting.is_natural and index < len(self.indexes):
            return index
        if self._places is None:
            self._places = {known: place for place, known in enumerate(self.indexes)}
        return self._places.get(index, 0)

    def take_new(self) -> bool:
        """Put connections that have come at the end; whether there were any."""
        known, count = len(self.indexes), len(self._store)
        if known == count:
            return False
        self.indexes.extend(range(known, count))
        self._places = None
        return True

    def sort(self, sorting: Sorting) -> None:
        """Put everything in the order of `sorting`; equal rows stay in the order of appearance."""
        column, reverse = sorting.column, sorting.reverse
        again = sorting == self.sorting
        self.sorting = sorting
        self._places = None
        if column.id == "id":
            self.indexes.sort(reverse=reverse)
            return
        keys = self._keys_of(column)
        if not again:  # once more in the same order is nearly sorted already, which sort() turns to account
            self.indexes.sort()
        self.indexes.sort(key=keys.__getitem__, reverse=reverse)

    def _keys_of(self, column: Column[Row]) -> list[Any]:
        """Sort keys of all rows; only those of rows that have changed since the last time are made."""
        key_of = column.key
        assert key_of is not None
        rows = self._known_rows()
        old_rows, keys = self._keys.get(column.id, ([], []))
        for place, (old, new) in enumerate(zip(old_rows, rows, strict=False)):
            if old is not new:
                keys[place] = key_of(new)
        keys += [key_of(row) for row in rows[len(keys) :]]
        self._keys[column.id] = (rows, keys)
        return keys

    def _known_rows(self) -> list[Row]:
        """The rows as they are known; only those that were never made are made now."""
        store = self._store
        missing = [index for index in range(len(self.indexes)) if store.known(index) is None]
        if missing:
            store.refresh(missing)
        return [store.row(index) for index in range(len(self.indexes))]
