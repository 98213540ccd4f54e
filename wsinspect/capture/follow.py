"""Reading on where a capture ends for now: files that another program still writes, FIFOs, pipes."""

import select
import threading
import time
from collections.abc import Callable
from typing import Final

INTERVAL: Final = 0.02
"""Seconds between two looks at a file that has not grown: a tenth of what wire to screen may take."""
PULSE: Final = 0.05
"""Seconds of silence after which the reader hands out an empty batch, so that its user can let time pass."""


class Follow:
    """Says whether to wait at the end of what there is. `stop` may come from another thread or a signal handler."""

    def __init__(self, ended: Callable[[], bool] | None = None) -> None:
        """`ended` says whether the writer is done: nothing is added to the file once it has returned True. Without it a
        file is followed until `stop`; a pipe ends by itself."""
        self.stopped = False
        self._ended = ended
        self._last_look = False
        self._wake = threading.Event()

    def stop(self) -> None:
        """What there is by now is the end."""
        self.stopped = True
        self._wake.set()

    def more(self) -> bool:
        """The file has been read to its end: whether to read on. Returns when it has probably grown, or after PULSE."""
        if self._last_look or self.stopped:
            return False
        if self._ended is not None and self._ended():
            # Asked after the file was read: something may have come in between.
            self._last_look = True
            return True
        self._wake.wait(INTERVAL)
        return True

    def readable(self, descriptor: int) -> bool:
        """Wait for a pipe: True when reading it will not block, False after PULSE or `stop`."""
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        deadline = time.monotonic() + PULSE
        while not self.stopped and time.monotonic() < deadline:
            if poller.poll(INTERVAL * 1000):
                return True
        return False
