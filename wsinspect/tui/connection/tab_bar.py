"""One line with the names of the tabs."""

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from wsinspect.tui.ink import Line, content


class TabBar(Widget):
    """Names of the tabs, each with the key that leads there."""

    active: reactive[int] = reactive(0)

    class Picked(Message):
        """A tab was clicked."""

        def __init__(self, position: int) -> None:
            super().__init__()
            self.position = position

    def __init__(self, titles: tuple[str, ...]) -> None:
        super().__init__(id="tab-bar")
        self._titles = list(titles)

    def rename(self, position: int, title: str) -> None:
        """Another title, for instance with a number in it."""
        self._titles[position] = title
        self.refresh()

    def _labels(self) -> list[str]:
        return [f" {number} {title} " for number, title in enumerate(self._titles, 1)]

    def render(self) -> Content:
        line: Line = []
        for position, label in enumerate(self._labels()):
            line += [(label, "tab" if position == self.active else "muted"), (" ", "")]
        return content([line])

    def on_click(self, event: events.Click) -> None:
        """Which label is under the mouse."""
        offset = event.get_content_offset(self)
        end = 0
        for position, label in enumerate(self._labels()):
            end += len(label) + 1
            if offset is not None and offset.x < end:
                self.post_message(self.Picked(position))
                return
