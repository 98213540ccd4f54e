"""Ctrl-C and SIGTERM: the first one ends in good order, the second one at once."""

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Final

_NUMBERS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndSignals:
    """The first Ctrl-C or SIGTERM ends the capture in good order, the second one ends the program at once."""

    def __init__(self) -> None:
        self._first: Callable[[], None] | None = None
        self._second: Callable[[], None] | None = None
        self._count = 0

    def lead_to(self, first: Callable[[], None], second: Callable[[], None] | None = None) -> None:
        """What the first signal does, and the second before the program ends; until this is said, any is an end."""
        self._first, self._second = first, second

    def __enter__(self) -> "EndSignals":
        for number in _NUMBERS:
            signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number in _NUMBERS:
            signal.signal(number, signal.SIG_DFL)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._first is None:
            raise KeyboardInterrupt
        self._count += 1
        if self._count == 1:
            self._first()
            return
        if self._second is not None:
            self._second()
        os._exit(128 + number)
