"""Search in the payloads of the connection on the screen."""

from bisect import bisect_left, bisect_right

from textual import on
from textual.message import Message
from textual.widgets import Input

from wsinspect.errors import WsinspectError
from wsinspect.search import Hit, Query
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.search.bar import SearchBar
from wsinspect.tui.search.runner import Found, Runner


class FindBar(SearchBar):
    """The line in which it is typed, and what was found. Not there until somebody searches."""

    class Submitted(Message):
        """Somebody wants this to be found."""

        def __init__(self, query: Query) -> None:
            super().__init__()
            self.query = query

    class Changed(Message):
        """More was found, or the search was given up (then `query` is None)."""

        def __init__(self, query: Query | None, hits: dict[int, Hit], first: bool) -> None:
            super().__init__()
            self.query = query
            self.hits = hits
            self.first = first
            """Whether nothing had been found before."""

    class Left(Message):
        """The keyboard goes back to where it was."""

    def __init__(self) -> None:
        super().__init__(id="find")
        self.display = False
        self.sought: Query | None = None
        """What is searched for at present."""
        self._runner: Runner | None = None
        self._hits: dict[int, Hit] = {}
        self._places: list[int] = []

    def begin(self) -> None:
        """Let it be typed."""
        self.display = True
        self.input.focus()

    def leave(self) -> bool:
        """Stop searching, and forget what was found; False if there was nothing to leave."""
        if not self.display:
            return False
        if self._runner is not None and not self._runner.state.done:
            self._runner.cancel()
            self.tell(self._runner.state.text)
            return True
        self.display = False
        self.sought = self._runner = None
        self._forget()
        self.post_message(self.Left())
        return True

    def search(self, query: Query, opened: Opened) -> None:
        """Look for `query` on this connection."""
        if self._runner is not None:
            self._runner.cancel()
        self.display = True
        self.sought = query
        if not self.input.value:
            self.input.value = query.text
        self._forget()
        self._runner = Runner(query, (opened.index,), lambda connection: opened.entries, self._heard)
        self._runner.start(self)
        self.tell(self._runner.state.text)

    def next_hit(self, place: int, step: int) -> Hit | None:
        """The next hit behind `place`, or the one before it; round at the ends."""
        if not self._places:
            return None
        number = bisect_right(self._places, place) if step > 0 else bisect_left(self._places, place) - 1
        number %= len(self._places)
        self.tell(f"{number + 1:,} of {len(self._places):,}")
        return self._hits[self._places[number]]

    def _forget(self) -> None:
        self._hits, self._places = {}, []
        self.post_message(self.Changed(self.sought, {}, False))

    def _heard(self, runner: Runner, found: list[Found]) -> None:
        if runner is not self._runner or not self.is_attached:
            return
        first = not self._hits
        self._hits |= {hit.place: hit for _, hit in found}
        self._places += [hit.place for _, hit in found]
        self.tell(runner.state.text if self._hits or not runner.state.done else "not found")
        self.post_message(self.Changed(runner.query, self._hits, first))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            query = Query(event.value)
        except WsinspectError as error:
            self.tell(str(error), "error")
            return
        self.post_message(self.Submitted(query))
