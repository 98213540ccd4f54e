"""The parent's side of the capture process: start it, hear of it, end it."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import wsinspect
from wsinspect.capture.live import dumpcap
from wsinspect.capture.live.settings import COUNTS, FAILED, FILE, READY, STOPPED, Method, Settings
from wsinspect.errors import WsinspectError

START_SECONDS: Final = 15.0
"""The child has this long to open the interfaces."""
STOP_SECONDS: Final = 8.0
"""The child has this long to empty the kernel's buffers and close the file; then it is killed."""
_READ_SIZE: Final = 65536


class Counts(NamedTuple):
    """What became of the packets. What we drop ourselves is missing here: nothing."""

    received: int
    """In the file; 0 when dumpcap captures, which does not tell."""
    dropped: int
    """By the kernel, for want of room, or by the interface."""


class CaptureProcess:
    """One capture. `start` it from the main thread: the child ends when the thread that started it does.

    All methods may be called from any thread afterwards.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()  # taken again by a signal handler that comes while it is held
        self._forget()

    def _forget(self) -> None:
        """As before the start."""
        self.method = self.settings.method
        """How it captures, once started."""
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._files: list[str] = []
        self._counts = Counts(0, 0)
        self._problem = ""
        self._failed: dict[str, Any] | None = None
        self._ready = False
        self._asked = False
        self._over = False

    def start(self) -> None:
        """Returns when packets are being kept.

        Raises `WsinspectError` when that cannot be. Without the right to capture, and `auto`, dumpcap is tried.
        """
        _check_platform()
        self._spawn()
        if not self._ready and self._failed is not None and self._failed["permission"]:
            usable = dumpcap.may_capture(self.settings.interfaces[0])
            if not usable or self.settings.method is not Method.AUTO or self.settings.file_size is not None:
                raise no_permission(self.settings, dumpcap_usable=usable)
            self.settings = replace(self.settings, method=Method.DUMPCAP)
            self._forget()
            self._spawn()
        if not self._ready:
            failed = self._failed or {"message": self._problem or "the capture process said nothing", "hint": ""}
            raise WsinspectError(failed["message"], failed["hint"])

    def _spawn(self) -> None:
        package = str(Path(wsinspect.__file__).parents[1])
        # -P: a process of root must not import what lies in the current directory. PYTHONPATH: where we come from.
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH")))),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "wsinspect.capture.live.child", self.settings.encode(), str(os.getpid())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, env=environment,
            # Its own process group: the terminal's Ctrl-C and Ctrl-Z are for us.
            process_group=0,
        )  # fmt: skip
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        deadline = time.monotonic() + START_SECONDS
        try:
            while not (self._ready or self._over):
                if time.monotonic() > deadline:
                    raise WsinspectError(f"the capture did not start within {START_SECONDS:.0f} seconds")
                time.sleep(0.005)
                self._hear()
        except BaseException:
            self.kill()
            raise

    @property
    def files(self) -> list[str]:
        """The files written, oldest first; more than one for a ring only."""
        self._hear()
        return self._files

    @property
    def counts(self) -> Counts:
        """At most 0.2 s old."""
        self._hear()
        return self._counts

    @property
    def running(self) -> bool:
        """Whether packets are still being kept. Nothing is added to the files once this is False."""
        self._hear()
        return not self._over

    @property
    def problem(self) -> str:
        """Why the capture ended before it was asked to; empty if it did not."""
        self._hear()
        return self._problem

    def request_stop(self) -> None:
        """Ask for the end, and do not wait: what is under way is still kept. May be called by a signal handler."""
        self._asked = True
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

    def stop(self) -> None:
        """The capture is over and its files are closed when this returns."""
        self.request_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while self.running:
            if time.monotonic() > deadline:
                self.kill()
                return
            time.sleep(0.005)

    def kill(self) -> None:
        """End the child at once; what it has not written yet is lost."""
        if self._process is not None:
            self._asked = True
            with contextlib.suppress(PermissionError):  # a child in its first moments may still be root
                self._process.kill()
            self.request_stop()
            self._process.wait()
            self._hear()

    def _hear(self) -> None:
        """Take what the child has said; notice when it is gone."""
        process = self._process
        if process is None or self._over:
            return
        with self._lock:
            if self._over:
                return  # another thread has heard of the end in the meantime
            assert process.stdout is not None
            while True:
                # The order matters: what a process has said before it was gone is read after that was noticed.
                gone = process.poll() is not None
                said = process.stdout.read(_READ_SIZE)
                if said:
                    self._rest += said
                    *lines, self._rest = self._rest.split(b"\n")
                    for text in lines:
                        self._understand(json.loads(text))
                elif gone or said == b"":
                    break
                else:
                    return
            if not gone:
                # Its output is closed: it is in its last moments.
                return
            self._bury(process)

    def _understand(self, message: dict[str, Any]) -> None:
        kind = message["kind"]
        if kind == COUNTS:
            self._counts = Counts(message["received"], message["dropped"])
        elif kind == FILE:
            self._files = [*self._files, message["path"]]
        elif kind == READY:
            self.method = Method(message["method"])
            self._ready = True
        elif kind == FAILED:
            self._failed = message
        elif kind == STOPPED:
            self._problem = str(WsinspectError(message["message"], message["hint"]))

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None and process.stderr is not None
        last_words = process.stderr.read().decode(errors="replace").strip().splitlines()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        status = process.returncode
        if status != 0 and not self._problem and not self._failed and not self._asked:
            how = f"by signal {-status}" if status < 0 else f"with status {status}"
            said = f": {last_words[-1]}" if last_words else ""
            self._problem = f"the capture process was ended {how}{said}; what it captured until then is kept"
        self._over = True


def _check_platform() -> None:
    if sys.platform == "win32":
        raise WsinspectError(
            "live capture works on Linux and macOS only", "pipe one in: dumpcap -w - | wsinspect report -"
        )


def no_permission(settings: Settings, *, dumpcap_usable: bool) -> WsinspectError:
    """What to do without the right to capture."""
    options = "".join(f" -i {name}" for name in settings.interfaces)
    ways = "use sudo"
    if dumpcap_usable:
        ways += ", or --capture-with dumpcap, which may"
    elif sys.platform == "linux":
        python = os.path.realpath(sys.executable)
        ways += f", or once, for all programs in Python: sudo setcap cap_net_raw,cap_net_admin+eip {python}"
    ways += f"\nor let tcpdump capture: sudo tcpdump{options} -U -w - | wsinspect report -"
    return WsinspectError(f"you may not capture on {', '.join(settings.interfaces)}", ways)
