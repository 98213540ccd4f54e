"""Reads the packets of a connection again, beside the screens: its beginning is shown at once, the rest as it comes."""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from textual.dom import DOMNode

from wsinspect.errors import WsinspectError
from wsinspect.report import model
from wsinspect.tui.background import in_background, tell
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.connection.story import Story
from wsinspect.tui.keyboard import keyboard
from wsinspect.tui.store import Store
from wsinspect.tui.units import span

FIRST: Final = 0.1
"""Seconds after which what there is is shown for the first time."""
INTERVAL: Final = 0.25
"""Seconds between two reports of progress."""
GROWTH: Final = 1.5
"""So many times as long as it was shown last a connection has to be by then, or only the progress is told."""


class Seen(NamedTuple):
    """How far it is."""

    told: str
    """`34% read, 12 s left`; empty at the end."""
    opened: Opened | None
    """What to show; None: nothing new."""
    story: Story | None


class Opening:
    """One connection that is being opened. In the screens' thread, but for what runs beside it."""

    def __init__(
        self, store: Store, index: int, report: model.Connection, frozen: object, seen: Callable[[Seen], object],
        failed: Callable[[WsinspectError], object],
    ) -> None:  # fmt: skip
        """`seen` and `failed` are called in the screens' thread, unless it is cancelled."""
        self.done = False
        self._store = store
        self._index = index
        self._report = report
        self._frozen = frozen
        self._seen = seen
        self._failed = failed
        self._cancelled = False

    def start(self, node: DOMNode) -> None:
        """Begin, on behalf of `node`."""
        in_background(node, lambda: self._run(node), self._finish, self._fail)

    def cancel(self) -> None:
        """Nobody wants to see more of it."""
        self._cancelled = True

    def _run(self, node: DOMNode) -> Seen | None:
        began = time.monotonic()
        due, shown = began + FIRST, 0
        for timeline, share in self._store.source.timeline_in_parts(self._frozen):
            if self._cancelled:
                return None
            keyboard.step_aside()
            now = time.monotonic()
            if share < 1.0 and now < due:
                continue
            due = now + INTERVAL
            left = (now - began) * (1 - share) / share
            told = f"{share:.0%} read, {span(max(1, round(left)))} left" if share < 1.0 else ""
            if share < 1.0 and len(timeline.entries) < GROWTH * shown:
                tell(node, self._hear, Seen(told, None, None))
                continue
            shown = len(timeline.entries)
            opened = Opened(self._index, self._report, timeline, share)
            seen = Seen(told, opened, Story(opened))
            if share >= 1.0:
                return seen
            tell(node, self._hear, seen)
        return None

    def _hear(self, seen: Seen) -> None:
        if not self._cancelled:
            self._seen(seen)

    def _finish(self, seen: Seen | None) -> None:
        self.done = True
        if seen is not None:
            self._hear(seen)

    def _fail(self, error: WsinspectError) -> None:
        self.done = True
        if not self._cancelled:
            self._failed(error)
