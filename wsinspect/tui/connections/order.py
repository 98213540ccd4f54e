"""In which order the connections stand."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

from wsinspect.tui.columns import Column
from wsinspect.tui.connections.matching import Matching
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
        self._matching: Matching | None = None
        self.sorting = sorting
        self.indexes: list[int] = []
        self._begun = 0  # connections that were ever taken in
        self.evicted = 0
        """Of the store, when the list was last made to agree with it."""
        self._places: dict[int, int] | None = {}
        self._keys: dict[str, dict[int, tuple[Row, Any]]] = {}  # by column; with the row that a key was made of

    def __len__(self) -> int:
        return len(self.indexes)

    def index_at(self, place: int) -> int:
        """The connection in line `place`."""
        return self.indexes[place]

    def place_of(self, index: int) -> int:
        """The line of a connection; one that has left has that of the next, or 0 if there is no knowing it."""
        if self.sorting.is_natural:
            return min(bisect_left(self.indexes, index), max(0, len(self.indexes) - 1))
        if self._places is None:
            self._places = {known: place for place, known in enumerate(self.indexes)}
        return self._places.get(index, 0)

    def has(self, index: int) -> bool:
        """Whether a connection is in the list."""
        return index in self._store and (self._matching is None or index in self._matching)

    def show_only(self, matching: Matching | None) -> None:
        """Only connections that match, or all again."""
        self._matching = matching
        if matching is None:
            self._begun = self._store.begun
            self.indexes = [index for index in range(self._begun) if index in self._store]
        else:
            matching.catch_up()
            self.indexes = matching.indexes()
        self.sort(self.sorting)

    def take_new(self) -> bool:
        """Put connections that have come at the end, take out those that have left or do not match any more.

        Returns whether there were any.
        """
        store, matching = self._store, self._matching
        turned = matching is not None and matching.catch_up()
        known, begun, evicted = self._begun, store.begun, store.evicted
        if not turned and self.evicted == evicted and (known == begun or matching is not None):
            return False
        if matching is None:
            self.indexes.extend(range(known, begun))
        elif turned:
            self._choose(matching)
        self._begun = begun
        if self.evicted != evicted:
            self.evicted = evicted
            self.indexes = [index for index in self.indexes if index in store]
            for keys in self._keys.values():
                for index in [index for index in keys if index not in store]:
                    del keys[index]
        self._places = None
        return True

    def _choose(self, matching: Matching) -> None:
        """What matches now, in the old order as far as it was there, the new ones behind."""
        if self.sorting.is_natural:
            self.indexes = matching.indexes()
            return
        there = set(self.indexes)
        old = [index for index in self.indexes if index in matching]
        self.indexes = old + [index for index in matching.indexes() if index not in there]

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
        self.indexes.sort(key=lambda index: keys[index][1], reverse=reverse)

    def _keys_of(self, column: Column[Row]) -> dict[int, tuple[Row, Any]]:
        """Sort keys of all rows; only those of rows that have changed since the last time are made."""
        key_of, store = column.key, self._store
        assert key_of is not None
        missing = [index for index in self.indexes if store.known(index) is None]
        if missing:
            store.refresh(missing)
        keys = self._keys.setdefault(column.id, {})
        for index in self.indexes:
            row, old = store.row(index), keys.get(index)
            if old is None or old[0] is not row:
                keys[index] = (row, key_of(row))
        return keys
