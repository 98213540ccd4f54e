"""A list as long as it likes to be: what does not fit in a little memory lies in a temporary file, and is read by page.

A timeline of a million frames with their payloads would take gigabytes.
"""

import pickle
import threading
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Generic, TypeVar, overload

from wsinspect.spool import Spool

T = TypeVar("T")

PAGE_ITEMS: Final = 256
"""Items of a page at most."""
PAGE_BYTES: Final = 256 * 1024
"""Weight from which a page is full even with fewer items."""
PAGES_IN_MEMORY: Final = 32
"""Pages that are held in memory: the first ones until there are more, then those that were read last."""


class Entries(Sequence[T], Generic[T]):
    """A sequence that only grows; one thread may add to it while others read."""

    def __init__(self, weight: Callable[[T], int] = lambda item: 0, noted: Callable[[T], object] | None = None) -> None:
        """`weight` tells how many bytes an item holds besides the object itself; `noted` is called with each item."""
        self._weight = weight
        self._noted = noted
        self._lock = threading.Lock()
        self._count = 0
        self._last: list[T] = []  # the page that is being filled
        self._last_weight = 0
        self._firsts = array("Q")  # place of the first item of each full page
        self._full: list[list[T]] = []  # those pages, until they are too many for memory
        self._ends = array("Q")  # where each of them ends in the file, from then on
        self._spool: Spool | None = None
        self._read = lru_cache(PAGES_IN_MEMORY)(self._read_page)

    def append(self, item: T) -> None:
        """Add an item. Raises `WsinspectError` if it takes a temporary file for which there is no room."""
        if self._noted is not None:
            self._noted(item)
        with self._lock:
            self._last.append(item)
            self._last_weight += self._weight(item)
            self._count += 1
            if len(self._last) >= PAGE_ITEMS or self._last_weight >= PAGE_BYTES:
                self._firsts.append(self._count - len(self._last))
                self._full.append(self._last)
                self._last, self._last_weight = [], 0
                if self._spool is not None or len(self._full) > PAGES_IN_MEMORY:
                    self._write_full()

    @property
    def file_size(self) -> int:
        """Bytes of the temporary file."""
        return self._ends[-1] if self._ends else 0

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._count))]
        if place < 0:
            place += self._count
        if not 0 <= place < self._count:
            raise IndexError(place)
        with self._lock:
            first, items = self._page_of(place, self._read)
        return items[place - first]

    def __iter__(self) -> Iterator[T]:
        place, count = 0, self._count
        while place < count:
            with self._lock:
                # Not from the pages that were read last: those are for whoever looks at a few places again and again.
                first, items = self._page_of(place, self._read_page)
                items = items[place - first : count - first]
            yield from items
            place += len(items)

    def _page_of(self, place: int, read: Callable[[int], list[T]]) -> tuple[int, list[T]]:
        """The page that holds `place`, and the place of its first item."""
        last = self._count - len(self._last)
        if place >= last:
            return last, self._last
        page = bisect_right(self._firsts, place) - 1
        return self._firsts[page], read(page) if self._spool is not None else self._full[page]

    def _write_full(self) -> None:
        if self._spool is None:
            self._spool = Spool()
            weakref.finalize(self, self._spool.close)
        for items in self._full:
            data = pickle.dumps(items, pickle.HIGHEST_PROTOCOL)
            self._spool.write(data)
            self._ends.append(self.file_size + len(data))
        self._full.clear()

    def _read_page(self, page: int) -> list[T]:
        assert self._spool is not None
        begin = self._ends[page - 1] if page else 0
        items: list[T] = pickle.loads(self._spool.read(begin, self._ends[page] - begin))
        return items
