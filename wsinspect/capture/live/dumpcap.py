"""Packets through Wireshark's dumpcap, which is often allowed to capture when nothing else is.

It writes pcapng into a pipe; the kernel moves the bytes on into the file, so that they are safe whatever happens later.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from typing import Final

from wsinspect.capture.live.output import OutputFiles, no_room
from wsinspect.capture.live.settings import SNAP_LENGTH, Settings
from wsinspect.errors import WsinspectError

START_SECONDS: Final = 10.0
"""dumpcap begins to write when all interfaces are open; it has this long."""
_BUFFER_MIB: Final = 64
_PIPE_SIZE: Final = 1024 * 1024
_F_SETPIPE_SZ: Final = 1031


def find() -> str | None:
    """The path of dumpcap, if it is there and this user may run it."""
    return shutil.which("dumpcap")


def may_capture(interface: str) -> bool:
    """Whether dumpcap is there and may open `interface`: it asks it for its link types."""
    path = find()
    if path is None:
        return False
    try:
        answer = subprocess.run([path, "-L", "-i", interface], capture_output=True, timeout=START_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


class DumpcapDrain:
    """dumpcap's output into a file. Counts no packets: nobody here looks at them."""

    pause = 0.0
    full = 1

    def __init__(self, settings: Settings) -> None:
        """Start it; it waits until `write_to` says where its output goes.

        Raises `WsinspectError` when it does not begin to capture.
        """
        path = find()
        if path is None:
            raise WsinspectError("dumpcap is not installed", "it comes with Wireshark")
        command = [path, "-q", "-B", str(_BUFFER_MIB), "-s", str(SNAP_LENGTH), "-w", "-"]
        for interface in settings.interfaces:
            command += ["-i", interface]
            command += ["-f", settings.filter] if settings.filter else []
            command += [] if settings.promiscuous else ["-p"]
        if settings.max_packets is not None:
            command += ["-c", str(settings.max_packets)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdout is not None and self._process.stderr is not None
        self._pipe = self._process.stdout.fileno()
        self._complaints = self._process.stderr
        with contextlib.suppress(OSError):
            import fcntl

            fcntl.fcntl(self._pipe, _F_SETPIPE_SZ, _PIPE_SIZE)
        self.descriptors = [self._pipe]
        self.over = False
        self._head = os.read(self._pipe, _PIPE_SIZE)
        if not self._head:
            raise WsinspectError(f"dumpcap could not capture ({self._complaint()})")

    def write_to(self, files: OutputFiles) -> None:
        """Make the file, and begin."""
        self._files = files
        self._file = os.open(files.next(), os.O_WRONLY)
        os.write(self._file, self._head)
        os.set_blocking(self._pipe, False)

    def drain(self, limit: int) -> int:
        self._move()
        if self.over:
            raise WsinspectError(f"dumpcap has ended ({self._complaint()})")
        return 0

    def flush(self) -> None:
        """Every byte went to the kernel at once."""

    def dropped(self) -> int:
        """dumpcap keeps the count in the file."""
        return 0

    def kept(self) -> int:
        return 0

    def close(self) -> None:
        """Let it end, take what it still has."""
        with contextlib.suppress(PermissionError):  # dumpcap as root, and we are no longer: a closed pipe ends it
            self._process.terminate()
        deadline = time.monotonic() + 2
        try:
            while not self.over and time.monotonic() < deadline:
                self._move()
                time.sleep(0.01)
        finally:
            os.close(self._pipe)
            os.close(self._file)
            with contextlib.suppress(PermissionError):
                self._process.kill()
                self._process.wait()

    def _move(self) -> None:
        try:
            while True:
                if _splice(self._pipe, self._file) == 0:
                    self.over = True
                    return
        except BlockingIOError:
            return
        except OSError as error:
            raise no_room(self._files.path, error) from error

    def _complaint(self) -> str:
        """What dumpcap has to say about its end; good news begins with other words."""
        self._process.wait()
        for text in self._complaints.read().decode(errors="replace").splitlines():
            if (
                text.strip()
                and "cap_set_proc" not in text
                and not text.startswith(("Capturing on", "File:", "Packets "))
            ):
                return text.removeprefix("dumpcap: ").strip().rstrip(".")
        return f"status {self._process.returncode}"


def _splice(pipe: int, file: int) -> int:
    """Move what is in the pipe, where possible without a copy; how many bytes, 0 at its end."""
    if sys.platform == "linux":
        return os.splice(pipe, file, _PIPE_SIZE)
    data = os.read(pipe, _PIPE_SIZE)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    return len(data)
