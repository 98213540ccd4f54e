"""The line below the list: why it moves, or why it does not. Not there while there is nothing to say."""

from textual.content import Content
from textual.widget import Widget

from wsinspect.tui.ink import Line, content
from wsinspect.tui.units import count, plural


class StatusLine(Widget):
    """Paused, following, what has come in the meantime, or why the list is empty."""

    def __init__(self) -> None:
        super().__init__(id="status")
        self.line: Line = []
        self.display = False

    def show(
        self, *, paused: bool, behind: int, following: bool, news: int | None, empty: str = "", sorting: str = ""
    ) -> None:  # fmt: skip
        """Say how it stands: packets read since the pause, connections come since the list does not follow.

        `empty`: why there is nothing in the list; `sorting`: the column by which it is being sorted.
        """
        line: Line = []
        if paused:
            line = [("paused", "warning"), (f", {plural(behind, 'packet')} behind", ""), ("  p goes on", "muted")]
        elif empty:
            line = [(empty, "strong")]
        elif following:
            line = [("following", "open"), ("  the newest connection stays in view", "muted")]
        elif sorting:
            line = [(f"sorting by {sorting} …", "strong"), ("  keys work meanwhile", "muted")]
        elif news is not None:
            line = [(f"{count(news)} new", "strong"), ("  f follows again", "muted")]
        if line != self.line:
            self.line = line
            self.display = bool(line)
            self.refresh()

    def render(self) -> Content:
        return content([self.line])
