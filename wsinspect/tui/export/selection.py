"""Connections of the store as an export wants them, also while packets are still coming."""

from collections.abc import Sequence

from wsinspect.export.selection import PacketFile
from wsinspect.report import model
from wsinspect.timeline import Timeline
from wsinspect.transport.packet_places import PacketPlaces
from wsinspect.tui.store import Store


class StoreSelection:
    """Each connection is taken as it is when its turn comes, under the lock of the store."""

    def __init__(self, store: Store, indexes: Sequence[int]) -> None:
        self._store = store
        self._indexes = indexes

    def __len__(self) -> int:
        return len(self._indexes)

    @property
    def of(self) -> int:
        return len(self._store)

    @property
    def file(self) -> PacketFile:
        return self._store.source.file

    def capture(self) -> model.Capture:
        return self._store.capture()

    def report(self, place: int) -> model.Connection:
        return self._store.open(self._indexes[place])[0]  # with the causes that only all connections show

    def timeline(self, place: int) -> Timeline:
        return self._store.source.timeline(self._store.freeze(self._indexes[place]))

    def places(self, place: int) -> PacketPlaces:
        return self._store.source.places(self._store.freeze(self._indexes[place]))
