"""In which order the connections stand."""

from collections.abc import Sequence
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
        self.sorting = sorting
        self._places = None
        if sorting.column.id == "id":
            self.indexes.sort(reverse=sorting.reverse)
            return
        key = sorting.column.key
        assert key is not None
        rows = self._known_rows()
        keys: list[Any] = [key(row) for row in rows]
        self.indexes.sort()
        self.indexes.sort(key=keys.__getitem__, reverse=sorting.reverse)

    def _known_rows(self) -> Sequence[Row]:
        """The rows as they are known; only those that were never made are made now."""
        store = self._store
        missing = [index for index in range(len(self.indexes)) if store.known(index) is None]
        if missing:
            store.refresh(missing)
        return [store.row(index) for index in range(len(self.indexes))]
