"""In which order the connections stand."""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from wsinspect.tui.columns import Column
from wsinspect.tui.connections.matching import Matching
from wsinspect.tui.connections.row import Row
from wsinspect.tui.store import Store

_RUN: Final = 8192
"""Connections sorted without a pause."""
_MADE_AT_ONCE: Final = 16
"""Rows made without one."""


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
        """Only connections that match, or all again; in the order of appearance, still to be sorted."""
        self._matching = matching
        if matching is None:
            self._begun = self._store.begun
            everything: Iterable[int] = range(self._begun)
            self.indexes = [index for index in everything if index in self._store] if self.evicted else [*everything]
        else:
            matching.catch_up()
            self.indexes = matching.indexes()
        self._places = None

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
        self.put(sorting, self.sorted(sorting))

    def sorted(self, sorting: Sorting) -> list[int]:
        """What is in the list now, in the order of `sorting`. From any thread: nothing is changed."""
        column, reverse, indexes = sorting.column, sorting.reverse, self.indexes[:]
        # In runs, the whole only when each is in order: no other thread has its turn while Python sorts.
        if column.id == "id":
            return _in_runs(indexes, None, reverse)
        if sorting != self.sorting:  # once more in the same order is nearly sorted already
            indexes = _in_runs(indexes, None, False)
        keys = self._keys_of(column, indexes)
        return _in_runs(indexes, keys.__getitem__, reverse)

    def put(self, sorting: Sorting, indexes: list[int]) -> None:
        """Take over what `sorted` has said; what has come since then stands behind it, what has left is left out."""
        if len(indexes) != len(self.indexes) or set(indexes) != set(self.indexes):
            there, now = set(indexes), set(self.indexes)
            indexes = [index for index in indexes if index in now]
            indexes += [index for index in self.indexes if index not in there]
        self.indexes = indexes
        self.sorting = sorting
        self._places = None

    def _keys_of(self, column: Column[Row], indexes: list[int]) -> dict[int, Any]:
        """Sort keys of rows. Those that were never made are made, a few with each turn of the lock."""
        key_of, store = column.key, self._store
        assert key_of is not None
        missing = [index for index in indexes if store.known(index) is None]
        for start in range(0, len(missing), _MADE_AT_ONCE):
            store.refresh(missing[start : start + _MADE_AT_ONCE])
        return {index: key_of(store.row(index)) for index in indexes}


def _in_runs(indexes: list[int], key: Callable[[int], Any] | None, reverse: bool) -> list[int]:
    runs: list[int] = []
    for start in range(0, len(indexes), _RUN):
        runs += sorted(indexes[start : start + _RUN], key=key, reverse=reverse)
    return sorted(runs, key=key, reverse=reverse) if len(indexes) > _RUN else runs
