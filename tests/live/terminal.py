"""`wsinspect` on a real terminal, tmux's: keys to press, a screen to read, a status when it is over."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from running import children, wait_until


class Terminal:
    """A terminal of its own in which `wsinspect` has been started with some arguments."""

    everyone: ClassVar[list["Terminal"]] = []
    """All that were started, for the end of a test that failed."""

    def __init__(
        self, folder: Path, *arguments: str, inside: Sequence[str] = (), env: dict[str, str] | None = None,
        size: tuple[int, int] = (120, 30),
    ) -> None:  # fmt: skip
        if shutil.which("tmux") is None:
            pytest.skip("tmux is not installed")
        self._socket = str(folder / "tmux")
        setting = {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "TERM": "xterm-256color", **(env or {})}
        words = ["env", *(f"{name}={value}" for name, value in setting.items()), *inside]
        words += [sys.executable, "-m", "wsinspect", *arguments]
        # The terminal stays when the program has ended, to show what it said; Ctrl-C is not for the shell.
        script = f'trap : INT; {shlex.join(words)}; echo "exit status $?"; stty -a; exec sleep 1000'
        width, height = size
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "sh", "-c", script)
        self.everyone.append(self)

    def press(self, *keys: str) -> None:
        """Keys as tmux calls them: `Enter`, `C-c`, `q`."""
        self._tmux("send-keys", *keys)

    @property
    def text(self) -> str:
        """What is on the screen now; a line that was too long for it is one again."""
        return self._tmux("capture-pane", "-p", "-J")

    def wait_for(self, text: str) -> None:
        """Until it is on the screen."""
        try:
            wait_until(lambda: text in self.text, text)
        except AssertionError:
            raise AssertionError(f"{text!r} is not on the screen:\n{self.text}") from None

    def pid(self) -> int:
        """The program's process."""
        (pid,) = children(int(self._tmux("display-message", "-p", "#{pane_pid}")))
        return pid

    def status(self) -> int:
        """The exit status, once the program has ended; the terminal is as it was before."""
        self.wait_for("exit status ")
        wait_until(lambda: "icanon" in self.text, "stty tells")
        assert {"icanon", "isig", "echo"} <= set(self.text.split())
        return int(self.text.partition("exit status ")[2].split()[0])

    def close(self) -> None:
        self._tmux("kill-server", check=False)

    def _tmux(self, *words: str, check: bool = True) -> str:
        command = ["tmux", "-S", self._socket, *words]
        return subprocess.run(command, capture_output=True, text=True, check=check).stdout
