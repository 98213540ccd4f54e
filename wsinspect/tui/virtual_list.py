"""A list with a cursor, as long as it likes to be."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from wsinspect.tui.line_view import LineView


class VirtualList(LineView):
    """Lines of which one is the current one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Open")]

    cursor: reactive[int] = reactive(0, repaint=False)
    _page: int | None = None
    """Lines that fit on the screen before it was resized."""

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, source: "VirtualList", index: int) -> None:
            super().__init__()
            self.source = source
            self.index = index

        @property
        def control(self) -> "VirtualList":
            """The list, for `@on` selectors."""
            return self.source

    class Chosen(Moved):
        """Enter, or a double click."""

    def show_line(self, index: int) -> None:
        """Scroll as little as needed to have line `index` on the screen."""
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to_line(index)
        elif index >= top + self.page_lines:
            self.scroll_to_line(index - self.page_lines + 1)

    def set_line_count(self, count: int) -> None:
        super().set_line_count(count)
        if self.cursor >= count:
            self.cursor = max(0, count - 1)

    def validate_cursor(self, cursor: int) -> int:
        """The cursor stays on the list."""
        return max(0, min(cursor, self._count - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Draw the two lines that changed, and scroll if need be."""
        if old == new:
            return
        for index in (old, new):
            self._refresh_index(index)
        self.show_line(new)
        self.post_message(self.Moved(self, new))

    def on_resize(self) -> None:
        """A cursor in view stays there (and the base class, which Textual asks too, keeps the extent)."""
        top = self.scroll_offset.y
        if self._page is None or top <= self.cursor < top + self._page:
            self.show_line(self.cursor)
        self._page = self.page_lines

    def _refresh_index(self, index: int) -> None:
        self.refresh_line(index + self.title_lines)

    def _look(self, index: int) -> str:
        return "line--cursor" if index == self.cursor else ""

    # Keys and mouse

    def action_line_up(self) -> None:
        self.cursor -= 1

    def action_line_down(self) -> None:
        self.cursor += 1

    def action_view_up(self) -> None:
        self.cursor -= self.page_lines

    def action_view_down(self) -> None:
        self.cursor += self.page_lines

    def action_first_line(self) -> None:
        self.cursor = 0
        self.scroll_to_line(0)

    def action_last_line(self) -> None:
        self.cursor = self._count - 1

    def action_choose(self) -> None:
        """The current line is what the user wants."""
        if self._count:
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one chooses."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self.title_lines:
            return
        index = offset.y - self.title_lines + self.scroll_offset.y
        if index < self._count:
            self.cursor = index
            if event.chain == 2:
                self.action_choose()
