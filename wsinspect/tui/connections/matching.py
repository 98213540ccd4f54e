"""Which connections match a filter, kept true while connections come and change.

What rows can answer is answered at once, in the screens' thread, unless there are thousands of them. That, and what
takes reports or packets, is asked in a thread of its own, connection by connection, and the list fills as answers come.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from wsinspect.errors import WsinspectError
from wsinspect.filter.filter import Filter
from wsinspect.tui.background import start_thread
from wsinspect.tui.connections.subject import RowAccess, RowSubject, is_quick
from wsinspect.tui.keyboard import keyboard
from wsinspect.tui.store import Store

AT_ONCE: Final = 5000
"""Connections that are sorted, or asked by a filter, sooner than anybody could notice."""
ROWS_AT_ONCE: Final = 64
"""Rows made for the filter's sake in one turn of the screens' thread; others wait for the next turn."""
INTERVAL: Final = 0.1
"""Seconds between two reports of a slow search."""


class Matching:
    """The connections that match `filter_`."""

    def __init__(self, store: Store, filter_: Filter, tell: Callable[[], object]) -> None:
        """`tell` is called now and then, from another thread, when answers have come that took long."""
        self.filter = filter_
        self.quick = is_quick(filter_) and len(store) <= AT_ONCE
        self.problem = ""
        """Why asking has ended, if it has."""
        self._store = store
        self._test = filter_.bind(RowAccess())
        self._verdicts: dict[int, bool] = {}
        self._journal = store.begin_journal()
        self._evicted = store.evicted
        self._tell = tell
        self.matched = 0
        """Connections that match."""
        self._turns = 0  # how often a verdict has turned; only ever counted up, by whoever asks
        self._turns_told = 0
        self._stopped = threading.Event()
        self._news = threading.Event()
        if not self.quick:
            start_thread("filter", self._run)

    def __contains__(self, index: int) -> bool:
        return self._verdicts.get(index, False)

    @property
    def tested(self) -> int:
        """Connections that have been asked."""
        return len(self._verdicts)

    @property
    def searching(self) -> bool:
        """Whether answers are still to come for connections that are known."""
        return not self.quick and not self.problem and self.tested < len(self._store)

    def stop(self) -> None:
        """Nobody is interested any more."""
        self._store.end_journal(self._journal)
        self._stopped.set()
        self._news.set()

    def catch_up(self) -> bool:
        """Rows may have come or changed; whether some connection matches that did not, or the other way round."""
        self._store.make_rows(ROWS_AT_ONCE)
        if self.quick:
            for index in self._changed():
                self._ask(index)
        else:
            self._news.set()
        turns = self._turns
        turned, self._turns_told = turns != self._turns_told, turns
        return turned

    def indexes(self) -> list[int]:
        """Those that match, in the order of appearance."""
        return sorted(index for index, verdict in self._verdicts.copy().items() if verdict)

    def _changed(self) -> list[int]:
        """Connections that have come or changed since the last time, and forget those that have left."""
        changed = self._journal[:]
        del self._journal[: len(changed)]  # others may have been added meanwhile
        if self._evicted != self._store.evicted:
            self._evicted = self._store.evicted
            for index in [index for index in self._verdicts if index not in self._store]:
                self.matched -= self._verdicts.pop(index)
        return list(dict.fromkeys(changed))

    def _ask(self, index: int) -> None:
        row = self._store.known(index)
        if row is None:
            return
        try:
            verdict = self._test(RowSubject(self._store, index, row))
        except WsinspectError:
            if index in self._store:
                raise
            return  # it has left meanwhile
        old = self._verdicts.get(index, False)
        self._verdicts[index] = verdict
        if old is not verdict:
            self.matched += verdict - old
            self._turns += 1

    def _run(self) -> None:
        told = time.monotonic()
        while not self._stopped.is_set():
            self._news.clear()
            changed = self._changed()
            for index in changed:
                keyboard.step_aside()
                try:
                    self._ask(index)
                except WsinspectError as error:
                    self.problem = str(error)
                    self._stopped.set()
                if self._stopped.is_set():
                    break
                if time.monotonic() - told >= INTERVAL:
                    self._say()
                    told = time.monotonic()
            if changed:
                self._say()
            self._news.wait()

    def _say(self) -> None:
        if not self._stopped.is_set() or self.problem:
            self._tell()
