"""Filters that were used, kept from one run to the next."""

import contextlib
from pathlib import Path
from typing import Final

from platformdirs import user_state_path

MAX_REMEMBERED: Final = 200
"""Filters kept; the oldest go."""


class FilterHistory:
    """The latest filter is the last one; `older` and `newer` walk through them."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or user_state_path("wsinspect") / "filters"
        self._filters: list[str] = []
        self._place = 0
        with contextlib.suppress(OSError, UnicodeDecodeError):  # a history is a comfort, nothing more
            self._filters = self._path.read_text(encoding="utf-8").splitlines()[-MAX_REMEMBERED:]
        self.rewind()

    def rewind(self) -> None:
        """Begin behind the latest again."""
        self._place = len(self._filters)
        self._typed = ""

    def add(self, text: str) -> None:
        """This one has been used."""
        if text and text.isprintable():
            self._filters = [*(other for other in self._filters if other != text), text][-MAX_REMEMBERED:]
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_text("".join(f"{line}\n" for line in self._filters), encoding="utf-8")
        self.rewind()

    def older(self, typed: str) -> str:
        """The one before; `typed` is what stands there now."""
        if self._place == len(self._filters):
            self._typed = typed
        self._place = max(0, self._place - 1)
        return self._filters[self._place] if self._filters else typed

    def newer(self, typed: str) -> str:
        """The one after, and at last what was typed."""
        if self._place >= len(self._filters):
            return typed
        self._place += 1
        return self._filters[self._place] if self._place < len(self._filters) else self._typed
