"""A text of any length that is scrolled, laid out for the width it gets."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from wsinspect.tui.ink import Line
from wsinspect.tui.line_view import LineView

Document = Callable[[int], Sequence[Line]]
"""Lines for a width. A sequence that makes its lines on demand keeps even a hex dump of megabytes cheap."""


PAGE: Final = 500
"""Lines of a growing text that are made at once: what a key press can wait for."""


class Growing(Sequence[Line]):
    """Lines that are made a page at a time, as far as somebody has looked."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._source = lines
        self._made: list[Line] = []
        self._ended = False
        self.grow(1)

    def grow(self, length: int) -> bool:
        """Make lines until there are at least `length`; whether any have come."""
        before = len(self._made)
        while not self._ended and len(self._made) < length:
            page = list(islice(self._source, PAGE))
            self._made += page
            self._ended = len(page) < PAGE
        return len(self._made) > before

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, index: int) -> Line:  # type: ignore[override]  # lines are asked for one by one
        return self._made[index]


class DocumentView(LineView):
    """Shows a document."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._document: Document = _nothing
        self._lines: Sequence[Line] = ()
        self._laid_out_for = -1

    def show(self, document: Document, *, keep_place: bool = False) -> None:
        """Another text, from its beginning unless it is the same one in another shape."""
        self._document = document
        self._lay_out()
        if not keep_place:
            self.scroll_to_line(0)

    def draw_line(self, index: int, width: int) -> Line:
        return self._lines[index]

    def prepare(self, first: int, last: int) -> None:
        if self._grow(last + self.page_lines):
            self.call_later(self._count_lines)  # not while lines are being drawn

    def action_last_line(self) -> None:
        """Go to the end, which may have to be made: page by page, so that other keys have their turn."""
        self.scroll_to_line(self._count)
        if self._grow(self._count + PAGE):
            self._count_lines()
            self.call_later(self.action_last_line)

    def _grow(self, length: int) -> bool:
        lines = self._lines
        return isinstance(lines, Growing | Joined) and len(lines) < length and lines.grow(length)

    def _count_lines(self) -> None:
        self.set_line_count(len(self._lines))

    def on_resize(self) -> None:
        if self.line_width != self._laid_out_for:
            self._lay_out()

    def _lay_out(self) -> None:
        self._laid_out_for = self.line_width
        self._lines = self._document(self.line_width) if self.line_width else ()
        self.redraw()
        self.set_line_count(len(self._lines))


def _nothing(width: int) -> Sequence[Line]:
    return ()


class Joined(Sequence[Line]):
    """Sequences of lines one behind the other."""

    def __init__(self, *parts: Sequence[Line]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def grow(self, length: int) -> bool:
        """Let the last part grow, if it can, until there are `length` lines; whether any have come."""
        last = self._parts[-1]
        return isinstance(last, Growing) and last.grow(length - len(self) + len(last))

    def __getitem__(self, index: int) -> Line:  # type: ignore[override]  # lines are asked for one by one
        for part in self._parts:
            if index < len(part):
                return part[index]
            index -= len(part)
        raise IndexError(index)
