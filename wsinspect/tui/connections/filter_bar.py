"""The line that says which connections are shown."""

from textual.content import Content
from textual.widget import Widget

from wsinspect.tui.connections.matching import Matching
from wsinspect.tui.ink import Line, content, spread
from wsinspect.tui.store import Store
from wsinspect.tui.units import count, plural


class FilterBar(Widget):
    """The filter and how many connections match it; not there while all are shown."""

    def __init__(self, store: Store) -> None:
        super().__init__(id="filter")
        self._store = store
        self._matching: Matching | None = None
        self.display = False

    def show(self, matching: Matching | None) -> None:
        """This is the filter now, or it has found more."""
        self._matching = matching
        self.display = matching is not None
        self.refresh()

    def render(self) -> Content:
        matching = self._matching
        if matching is None:
            return Content()
        total = len(self._store)
        right: Line = [("  ", ""), (f"{count(matching.matched)} of {count(total)} shown", "strong")]
        if matching.problem:
            right.append((f"  {matching.problem}", "error"))
        elif matching.searching:
            right.append((f"  {plural(total - matching.tested, 'connection')} to go", "muted"))
        left: Line = [("filter ", "muted"), (matching.filter.text, "accent")]
        return content([spread(left, right, self.content_size.width)])
