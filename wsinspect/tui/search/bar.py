"""The line in which a search is typed, and below it what became of it."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from wsinspect.search import HINT
from wsinspect.tui.ink import content


class SearchBar(Vertical):
    """An input and below it, when there is something to say, a few words."""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(Content("search "))
            yield Input(placeholder=HINT, compact=True, select_on_focus=True)
        yield Static(id="search-status")

    @property
    def input(self) -> Input:
        """Where it is typed."""
        return self.query_one(Input)

    @property
    def is_typing(self) -> bool:
        """Whether keys go there."""
        return self.input.has_focus

    def tell(self, text: str, ink: str = "muted") -> None:
        """What became of it; `text` is escaped here."""
        status = self.query_one("#search-status", Static)
        status.display = bool(text)
        status.update(content([[(text, ink)]]))
