"""Runs a search beside the screens and tells now and then how far it is."""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from textual.dom import DOMNode

from wsinspect.errors import WsinspectError
from wsinspect.search import MAX_HITS, Hit, Query, search_connections
from wsinspect.timeline import Entry
from wsinspect.tui.background import in_background, tell
from wsinspect.tui.units import count, plural

INTERVAL: Final = 0.1
"""Seconds between two reports of progress."""


class Found(NamedTuple):
    """A hit and the connection that it is on."""

    connection: int
    hit: Hit


class State(NamedTuple):
    """How far a search is."""

    connections: int
    """Connections searched."""
    total: int
    found: int
    """Messages found."""
    done: bool
    cancelled: bool = False
    error: str = ""

    @property
    def text(self) -> str:
        """`412 of 3,120 connections, 17 matches`, and how it ended."""
        what = "1 match" if self.found == 1 else f"{count(self.found)} matches"
        if self.total > 1:
            what = f"{count(self.connections)} of {plural(self.total, 'connection')}, {what}"
        if self.error:
            return self.error
        if self.cancelled:
            return f"{what}, cancelled"
        if self.found >= MAX_HITS:
            return f"{what}, the most that are kept"
        return what if self.done else f"{what}, searching …"


class Runner:
    """One search."""

    def __init__(
        self,
        query: Query,
        connections: Sequence[int],
        entries_of: Callable[[int], Sequence[Entry]],
        heard: Callable[["Runner", list[Found]], object],
    ) -> None:
        """`heard` is called in the screens' thread, with what was found since it was called last."""
        self.query = query
        self.state = State(0, len(connections), 0, False)
        self._connections = connections
        self._entries_of = entries_of
        self._heard = heard
        self._cancelled = False

    def start(self, node: DOMNode) -> None:
        """Begin, on behalf of `node`."""
        in_background(node, lambda: self._run(node), self._hear, self._fail)

    def cancel(self) -> None:
        """Stop as soon as possible; what was found stays. `heard` is not called any more."""
        self._cancelled = True
        if not self.state.done:
            self.state = self.state._replace(done=True, cancelled=True)

    def _run(self, node: DOMNode) -> tuple[State, list[Found]]:
        told = time.monotonic()
        state = self.state
        fresh: list[Found] = []
        found = search_connections(self._connections, self._entries_of, self.query, lambda: self._cancelled)
        for connection, hits in found:
            fresh += [Found(connection, hit) for hit in hits]
            state = state._replace(connections=state.connections + 1, found=state.found + len(hits))
            if time.monotonic() - told >= INTERVAL:
                tell(node, self._hear, (state, fresh))
                fresh = []
                told = time.monotonic()
        return state._replace(done=True), fresh

    def _hear(self, news: tuple[State, list[Found]]) -> None:
        if not self._cancelled:
            self.state, fresh = news
            self._heard(self, fresh)

    def _fail(self, error: WsinspectError) -> None:
        self._hear((self.state._replace(done=True, error=str(error)), []))
