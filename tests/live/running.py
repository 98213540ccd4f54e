"""Runs `wsinspect report -i` as its user would: a process to signal, lines to read, an exit status."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

PATIENCE = 30.0
"""Seconds for anything that has to happen; a loaded machine may be slow, a hanging test must not hang for long."""


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still waiting: {what}"
        time.sleep(0.02)


class Running:
    """A `wsinspect report -i INTERFACE -w FILE` that is capturing when the constructor returns."""

    everyone: ClassVar[list["Running"]] = []
    """All that were started, for the end of a test that failed."""

    def __init__(
        self, interface: str, file: Path, *arguments: str, inside: Sequence[str] = (), env: dict[str, str] | None = None
    ) -> None:
        self.file = file
        self._output = file.with_suffix(".out").open("w+b")
        self._errors = file.with_suffix(".err").open("w+b")
        command = [sys.executable, "-m", "wsinspect", "report", "-i", interface, "-w", str(file), *arguments]
        self.process = subprocess.Popen(
            [*inside, *command],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
            env=os.environ | (env or {}),
            # A signal of the test runner's terminal is not for them.
            start_new_session=True,
        )
        self.everyone.append(self)
        # The file is made when the interface is open.
        wait_until(lambda: self.started or self.process.poll() is not None, "the capture starts")
        assert self.started, self.errors

    @property
    def started(self) -> bool:
        names = list(self.file.parent.glob(f"{self.file.stem}*{self.file.suffix}"))
        return any(name.stat().st_size >= 24 for name in names)

    @property
    def errors(self) -> str:
        return Path(self._errors.name).read_text()

    @property
    def output(self) -> str:
        return Path(self._output.name).read_text()

    def objects(self) -> list[dict[str, Any]]:
        """The lines of NDJSON so far."""
        return [json.loads(line) for line in self.output.splitlines()]

    def child(self) -> int:
        """The process id of the capture process."""
        (pid,) = children(self.process.pid)
        return pid

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask for the end; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._output.close()
        self._errors.close()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def count_packets(file: Path, *, whole: bool = True) -> int:
    """As Wireshark's capinfos counts them; fails if it does not like the file.

    One that is not `whole` may end inside a packet, as when its writer was killed.
    """
    done = subprocess.run(["capinfos", "-TMc", "-r", str(file)], capture_output=True, text=True, check=False)
    assert not done.returncode or (not whole and "cut short" in done.stderr), done.stderr
    return int(done.stdout.split("\t")[-1])
