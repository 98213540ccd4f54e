"""Sorts a long list beside the screens: keys are answered meanwhile, in the order that it had."""

from collections.abc import Callable

from textual.dom import DOMNode

from wsinspect.tui.background import in_background
from wsinspect.tui.connections.matching import AT_ONCE
from wsinspect.tui.connections.order import Order, Sorting
from wsinspect.tui.keyboard import keyboard


class Sorter:
    """Of one list. Only the latest wish counts."""

    def __init__(self, node: DOMNode, order: Order, sorted_: Callable[[Sorting, list[int]], object]) -> None:
        """`sorted_` is called in the screens' thread."""
        self._node = node
        self._order = order
        self._sorted = sorted_
        self.wanted: Sorting | None = None
        """What is under way; None: nothing is."""
        self._busy = False

    def is_needed(self, sorting: Sorting) -> bool:
        """Whether it takes long. Numbers are quick."""
        return sorting.column.id != "id" and len(self._order) > AT_ONCE

    def start(self, sorting: Sorting) -> None:
        """Sort, as soon as an earlier wish is done with."""
        self.wanted = sorting
        if not self._busy:
            self._busy = True
            in_background(self._node, lambda: self._sort(sorting), self._done, lambda error: None)

    def cancel(self) -> None:
        """It need not be sorted any more."""
        self.wanted = None

    def _sort(self, sorting: Sorting) -> tuple[Sorting, list[int]]:
        keyboard.step_aside()
        return sorting, self._order.sorted(sorting)

    def _done(self, result: tuple[Sorting, list[int]]) -> None:
        self._busy = False
        wanted = self.wanted
        if wanted == result[0]:
            self.wanted = None
            self._sorted(*result)
        elif wanted is not None:
            self.start(wanted)
