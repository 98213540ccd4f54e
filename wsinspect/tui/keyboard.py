"""While a key waits for its answer, work in the background steps aside: it would share the interpreter with it."""

import threading
from typing import Final

PATIENCE: Final = 0.15
"""Seconds for which work steps aside at most: a key may change nothing on the screen, and then no paint follows."""


class Keyboard:
    """Whether a key waits. The screens' thread tells; the others ask."""

    def __init__(self) -> None:
        self._answered = threading.Event()
        self._answered.set()

    def pressed(self) -> None:
        """A key has come."""
        self._answered.clear()

    def answered(self) -> None:
        """The screen has been painted."""
        self._answered.set()

    def step_aside(self) -> None:
        """From a background thread, between two short pieces of work: wait while a key waits for its answer."""
        if not self._answered.is_set() and not self._answered.wait(PATIENCE):
            self._answered.set()


keyboard: Final = Keyboard()
"""There is one, and one program that it belongs to."""
