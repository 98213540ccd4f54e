"""A live capture as the eyes see it: packets to read, counters to show, an end to ask for."""

import contextlib
import os
from dataclasses import replace
from types import TracebackType

from wsinspect.capture.live.privileges import User, drop_privileges
from wsinspect.capture.live.process import CaptureProcess
from wsinspect.capture.live.reader import LiveReader
from wsinspect.capture.live.settings import Method, Settings


class LiveCapture:
    """Start one with `start_capture`. Use as a context manager, or `close` it."""

    def __init__(self, process: CaptureProcess, ring_files: int | None) -> None:
        self.reader = LiveReader(process, ring_files)
        """The packets, as from a capture file; and `behind`, in bytes."""
        self.name = ", ".join(process.settings.interfaces)
        """The interfaces."""
        self.filter = process.settings.filter
        self.keep = process.settings.path is not None
        """Whether the files stay when the capture is closed. Set it when a bug of ours ends the program: the evidence
        must not go with it."""
        self._process = process

    @property
    def method(self) -> Method:
        """Who captures."""
        return self._process.method

    @property
    def files(self) -> list[str]:
        """Where the packets are, oldest file first."""
        return [path for path in self._process.files if os.path.exists(path)]

    @property
    def received(self) -> int:
        """Packets that are safe in the file."""
        return self.reader.received

    @property
    def dropped(self) -> int:
        """Packets that the kernel had no room for."""
        return self.reader.dropped or 0

    @property
    def behind(self) -> int:
        """Bytes captured and not read yet."""
        return self.reader.behind

    @property
    def running(self) -> bool:
        """Whether packets are still being captured; reading may go on after that."""
        return self._process.running

    @property
    def problem(self) -> str:
        """Why the capture ended before it was asked to; empty if it did not."""
        return self._process.problem

    def request_stop(self) -> None:
        """Ask for the end and go on reading: the reader ends after the last packet. A signal handler may call it."""
        self._process.request_stop()

    def stop(self) -> None:
        """The capture is over when this returns, and its counters are final."""
        self._process.stop()

    def abandon(self) -> None:
        """End the capture at once, and keep its files."""
        self.keep = True
        self._process.kill()

    def close(self) -> None:
        """Stop capturing, and remove the files unless they are to be kept."""
        self._process.stop()
        self.reader.close()
        if not self.keep:
            for path in self._process.files:
                with contextlib.suppress(OSError):
                    os.unlink(path)

    def __enter__(self) -> "LiveCapture":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def start_capture(settings: Settings, user: User | None, ring_files: int | None = None) -> LiveCapture:
    """Begin to capture and, before the first packet is read, give up every right for good: the process becomes `user`.

    Call it in the main thread, before there are others. Raises `WsinspectError` when nothing can be captured.
    """
    if user is not None:
        settings = replace(settings, uid=user.uid, gid=user.gid)
    process = CaptureProcess(settings)
    process.start()
    try:
        drop_privileges(user)
        return LiveCapture(process, ring_files)
    except BaseException:
        process.kill()
        raise
