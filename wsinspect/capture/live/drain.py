"""The loop of the capture process: empty the interfaces, flush, tell the parent, until it is time to stop."""

import contextlib
import os
import select
import time
from collections.abc import Callable
from typing import Final, Protocol

BURST: Final = 20_000
"""Packets taken between two looks at the clock."""
FLUSH_SECONDS: Final = 0.1
"""After at most this time, what was captured is in the file."""
TELL_SECONDS: Final = 0.2
"""Between two reports of the counters to the parent."""
WAIT_MS: Final = 50
"""Longest sleep. libpcap's TPACKET_V3 ring never times out on silence, so nothing may wait for it alone."""
SETTLE_SECONDS: Final = 0.15
"""How long what was on the wire before the stop may take to come out of the kernel's buffers (see TIMEOUT_MS)."""


EMPTY_SECONDS: Final = 3.0
"""How long emptying them may take when the traffic was too much to keep up with."""


class Drain(Protocol):
    """A way to take packets from the kernel and append them to a file."""

    descriptors: list[int]
    """Readable when there are packets."""
    full: int
    """A `drain` that takes fewer packets than this has emptied the kernel's buffers."""
    pause: float
    """Seconds to let packets gather when there are few; 0 if the kernel does that."""

    def drain(self, limit: int) -> int:
        """Append up to `limit` packets that are there; how many. Raises `WsinspectError` when it cannot go on."""

    def flush(self) -> None:
        """What was appended is in the file afterwards. Raises `WsinspectError` when the disk is full."""

    def dropped(self) -> int:
        """Packets the kernel has dropped so far."""

    def kept(self) -> int:
        """Packets in the file so far; fewer than `drain` took when the disk is full. 0 if nobody counts."""

    def close(self) -> None:
        """Flush and close the file. Raises `WsinspectError` when the disk is full."""


class Loop:
    """Drains until the parent says so or is gone, a limit is reached, or something fails."""

    def __init__(self, drain: Drain, control: int, tell: Callable[[int, int], None]) -> None:
        """`control` becomes readable when the parent wants an end; `tell` gets the packets received and dropped."""
        self._taken = 0
        self._drain = drain
        self._control = control
        self._tell = tell
        self._stop_at: float | None = None
        self._poller = select.poll()
        for descriptor in drain.descriptors:
            self._poller.register(descriptor, select.POLLIN)
        self._control_poller = select.poll()
        self._control_poller.register(control, select.POLLIN)
        self._poller.register(control, select.POLLIN)

    def stop(self) -> None:
        """Take what is under way and end; may be called by a signal handler."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + SETTLE_SECONDS

    def run(self, max_packets: int | None, max_seconds: float | None) -> None:
        """Until the end. Raises `WsinspectError` when the interface or the disk fails."""
        drain = self._drain
        now = flushed = told = time.monotonic()
        deadline = now + max_seconds if max_seconds is not None else None
        dirty = False
        while True:
            limit = BURST if max_packets is None else min(BURST, max_packets - self._taken)
            count = drain.drain(limit)
            self._taken += count
            dirty = dirty or count > 0
            now = time.monotonic()
            if dirty and (count == 0 or now - flushed >= FLUSH_SECONDS):
                drain.flush()
                flushed, dirty = now, False
            if now - told >= TELL_SECONDS:
                self._tell(drain.kept(), drain.dropped())
                told = now
                if self._control_poller.poll(0):
                    self.stop()
            if deadline is not None and now >= deadline:
                self.stop()
            if self._taken == max_packets or self._is_over(now, count):
                return
            if count == 0:
                self._wait(now, deadline)
            elif drain.pause and count < drain.full:
                time.sleep(drain.pause)

    def _is_over(self, now: float, count: int) -> bool:
        if self._stop_at is None or now < self._stop_at:
            return False
        return count < self._drain.full or now >= self._stop_at + EMPTY_SECONDS

    def _wait(self, now: float, deadline: float | None) -> None:
        timeout = float(WAIT_MS)
        for moment in (deadline, self._stop_at):
            if moment is not None:
                timeout = min(timeout, max(0.0, (moment - now) * 1000) + 1)
        if self._stop_at is not None:
            # The control pipe stays readable: only time can pass.
            time.sleep(min(timeout, 10) / 1000)
        elif any(descriptor == self._control for descriptor, _ in self._poller.poll(timeout)):
            self.stop()


def raise_priority() -> None:
    """Go first when the processor is scarce: the analysis can wait, the kernel's buffer cannot. Only root may."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
