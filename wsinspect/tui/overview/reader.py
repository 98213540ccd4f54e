"""Asks the store for the overview: not oftener than it is worth, and in the background where it takes long."""

import time
from collections.abc import Callable
from typing import Final

from textual.dom import DOMNode

from wsinspect.overview.overview import Overview
from wsinspect.tui.background import in_background
from wsinspect.tui.store import Store

INTERVAL: Final = 0.5
"""Seconds between two overviews while packets come in."""
COST: Final = 20
"""So many times as long as the last one took passes before the next one."""
AT_ONCE: Final = 2000
"""Up to so many connections are summed up sooner than a thread would begin."""


class OverviewReader:
    """For one widget or screen, which is given each new overview."""

    def __init__(self, node: DOMNode, store: Store, show: Callable[[Overview], object]) -> None:
        self._node = node
        self._store = store
        self._show = show
        self._stretches = 0
        self._busy = False
        self._again = False
        self._next = 0.0

    def ask(self, stretches: int, *, now: bool = False) -> None:
        """A new overview in so many stretches of time, soon; `now`: it may be the last one for long."""
        self._stretches = max(2, stretches)
        if self._busy:
            self._again = self._again or now
        elif now or time.monotonic() >= self._next:
            if len(self._store) <= AT_ONCE:
                self._done(self._read())
            else:
                self._busy = True
                in_background(self._node, self._read, self._done, lambda error: None)

    def _read(self) -> tuple[Overview, float]:
        began = time.monotonic()
        return self._store.overview(self._stretches), time.monotonic() - began

    def _done(self, result: tuple[Overview, float]) -> None:
        overview, took = result
        self._busy = False
        self._next = time.monotonic() + max(INTERVAL, COST * took)
        self._show(overview)
        if self._again:
            self._again = False
            self.ask(self._stretches, now=True)
