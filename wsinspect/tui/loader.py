"""Reads the source in a thread of its own and says, now and then, how far it is."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from textual.message import Message

from wsinspect.garbage import keep_all
from wsinspect.tui.background import start_thread
from wsinspect.tui.keyboard import keyboard
from wsinspect.tui.store import Store

BATCH: Final = 256
"""Packets between two looks at the clock; the lock is held about as long as feeding them takes."""
INTERVAL: Final = 0.2
"""Seconds between two reports of progress; the first one comes with the first packets."""
LIVE_INTERVAL: Final = 0.04
"""The same while capturing: what has just passed on the wire is wanted at once."""
SWEEP: Final = 0.02
"""Seconds per report spent on rows of connections that are still open."""
SCREEN_SHARE: Final = 3
"""After a report on live traffic, reading goes on for so many times as long as the screen took with it: under a heavy
load a screen that showed everything at once would leave no time for reading."""
KEEP: Final = 1.0
"""Seconds between two times at which what was read is declared to be no garbage."""
PATIENCE: Final = 1.0
"""Seconds after which a report is made though the last one was not dealt with: the screens' thread may be gone."""


class Progress(NamedTuple):
    """How far loading is."""

    done: bool
    cancelled: bool
    seconds: float
    """Since loading began."""
    position: int
    size: int | None

    @property
    def share(self) -> float | None:
        """From 0 to 1; None if the size is unknown."""
        return min(1.0, self.position / self.size) if self.size else None

    @property
    def speed(self) -> float:
        """Bytes per second."""
        return self.position / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the speed so far."""
        if self.size is None or not self.speed:
            return None
        return max(0.0, (self.size - self.position) / self.speed)


START: Final = Progress(False, False, 0.0, 0, None)


class Loader:
    """Feeds the store from its source."""

    class Progressed(Message):
        """Rows may have come or changed."""

        def __init__(self, progress: Progress) -> None:
            super().__init__()
            self.progress = progress

        def can_replace(self, message: Message) -> bool:
            """Only the latest one matters."""
            return isinstance(message, Loader.Progressed)

    class Crashed(Message):
        """A bug of ours, to be raised where it is seen."""

        def __init__(self, error: BaseException) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self, store: Store, post: Callable[[Message], object], in_view: Callable[[], Sequence[int]]
    ) -> None:  # fmt: skip
        """`in_view` tells which connections are on the screen; it is called from another thread."""
        self._store = store
        self._post = post
        self._in_view = in_view
        self._cancelled = threading.Event()
        self._seen = threading.Event()
        self._seen.set()
        self._started = 0.0
        self._told = 0.0  # when the last report was made
        self._seen_at = 0.0  # when it had been dealt with

    def start(self) -> None:
        """Begin to read."""
        self._started = time.monotonic()
        start_thread("loader", self._run)

    def cancel(self) -> None:
        """Stop reading; what was read stays."""
        self._cancelled.set()
        self._store.source.stop()

    def acknowledge(self) -> None:
        """The last report of progress has been dealt with; until then the next one waits."""
        self._seen_at = time.monotonic()
        self._seen.set()

    def _run(self) -> None:
        # RuntimeError: the event loop is closed, the screens are gone.
        with contextlib.suppress(RuntimeError):
            try:
                self._load()
            except BaseException as error:
                self._post(self.Crashed(error))

    def _load(self) -> None:
        store = self._store
        self._told = kept = self._started
        for batch in store.source.batches(BATCH):
            keyboard.step_aside()
            store.feed(batch)
            # Not of live traffic: its connections leave the list one day.
            if not store.source.live and time.monotonic() - kept >= KEEP:
                keep_all()
                kept = time.monotonic()
            if self._is_time_to_tell(time.monotonic()):
                self._refresh_rows()
                self._tell(False)
        store.finish()
        self._tell(True)
        store.judge_together()
        keep_all()
        self._tell(True)

    def _refresh_rows(self) -> None:
        """Those on the screen, and some of the others. Here, for the screens' thread has keys to answer."""
        for index in self._in_view():
            keyboard.step_aside()
            self._store.refresh((index,))
        until = time.monotonic() + SWEEP
        while time.monotonic() < until:
            keyboard.step_aside()
            self._store.sweep(0.0)

    def _is_time_to_tell(self, now: float) -> bool:
        if not self._store.source.live:
            # The next batch may be long in coming: what there is has to be shown now.
            if self._told > self._started and now - self._told < INTERVAL:
                return False
            self._seen.wait(PATIENCE)
            return True
        if not self._seen.is_set():
            return now - self._told >= PATIENCE
        took = max(0.0, self._seen_at - self._told)
        return now - self._told >= LIVE_INTERVAL and now - self._seen_at >= SCREEN_SHARE * took

    def _tell(self, done: bool) -> None:
        source = self._store.source
        seconds = time.monotonic() - self._started
        self._seen.clear()
        self._told = time.monotonic()
        self._post(self.Progressed(Progress(done, self._cancelled.is_set(), seconds, source.position, source.size)))
