"""A text of any length that is scrolled, laid out for the width it gets."""

from collections.abc import Callable, Sequence

from wsinspect.tui.ink import Line
from wsinspect.tui.line_view import LineView

Document = Callable[[int], Sequence[Line]]
"""Lines for a width. A sequence that makes its lines on demand keeps even a hex dump of megabytes cheap."""


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
        self._length = sum(map(len, parts))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Line:  # type: ignore[override]  # lines are asked for one by one
        for part in self._parts:
            if index < len(part):
                return part[index]
            index -= len(part)
        raise IndexError(index)
