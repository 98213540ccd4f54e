"""The filter above the list: what is shown, and the line in which it is typed."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from wsinspect.escape import terminal
from wsinspect.filter.complete import Completion, complete
from wsinspect.filter.error import FilterError
from wsinspect.filter.fields import Field
from wsinspect.filter.filter import parse_filter
from wsinspect.tui.connections.filter_history import FilterHistory
from wsinspect.tui.connections.matching import Matching
from wsinspect.tui.ink import Line, clip, content, fit_line, spread
from wsinspect.tui.store import Store
from wsinspect.tui.units import count, plural

LABEL = "filter "
WIDE = 120
"""Cells from which on there is room to say what the first word offered means."""


class FilterInput(Input):
    """Where it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Apply", tooltip="Show what matches; an empty filter shows all"),
        Binding("tab", "complete", "Complete", tooltip="Take the first of the words offered below", priority=True),
        Binding("up", "older", "History", key_display="↑↓", tooltip="The filter used before"),
        Binding("down", "newer", "Newer", show=False, tooltip="The filter used after that"),
        Binding("escape", "leave", "Leave", tooltip="Leave the filter as it was"),
    ]

    class Asked(Message):
        """A key that is not about letters."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def action_complete(self) -> None:
        """Take the first word offered."""
        self.post_message(self.Asked("complete"))

    def action_older(self) -> None:
        """Back in the history."""
        self.post_message(self.Asked("older"))

    def action_newer(self) -> None:
        """Forth in the history."""
        self.post_message(self.Asked("newer"))

    def action_leave(self) -> None:
        """Nothing happened."""
        self.post_message(self.Asked("leave"))


class FilterNotes(Widget):
    """Two lines below what is typed: is it a filter, and how could it go on."""

    def __init__(self) -> None:
        super().__init__(id="filter-notes")
        self.error: FilterError | None = None
        self.completion = Completion(0, ())

    def show(self, error: FilterError | None, completion: Completion) -> None:
        """What is typed now."""
        self.error, self.completion = error, completion
        self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        return content([fit_line(self._verdict(width), width), fit_line(self._offers(), width)])

    def _verdict(self, width: int) -> Line:
        """The message stands below the place that it is about, as far as there is room."""
        error = self.error
        if error is None:
            return [(" " * len(LABEL) + "✓ ", "good"), ("Enter shows what matches", "muted")]
        carets = "^" * max(1, cell_len(terminal(error.text[error.start : error.end])))
        left = len(LABEL) + cell_len(terminal(error.text[: error.start]))
        message = f"✗ {error.message}"
        room = width - cell_len(message) - 1
        if left + len(carets) <= room:
            return [(" " * left + carets + " ", "error"), (message, "error")]
        return [(message, "error")]

    def _offers(self) -> Line:
        candidates = self.completion.candidates
        if not candidates:
            return []
        first, *rest = candidates
        width = self.content_size.width
        line: Line = [("Tab ", "muted"), (first.text, "strong")]
        if first.about and (not rest or width >= WIDE):
            line.append((f"  {first.about}", "muted"))
        if rest:
            line.append(("   " + "  ".join(candidate.text for candidate in rest[:20]), "accent"))
        return clip(line, width)


class FilterShown(Widget):
    """`filter ws.close.code == 1006    64 of 312 shown`."""

    def __init__(self, store: Store) -> None:
        super().__init__(id="filter-shown")
        self._store = store
        self.matching: Matching | None = None

    def render(self) -> Content:
        matching = self.matching
        if matching is None:
            return Content()
        total = len(self._store)
        right: Line = [("  ", ""), (f"{count(matching.matched)} of {count(total)} shown", "strong")]
        if matching.problem:
            right.append((f"  ✗ {matching.problem}", "error"))
        elif matching.searching:
            right.append((f"  {plural(total - matching.tested, 'connection')} to go", "muted"))
        return content([spread([(LABEL, "muted"), (matching.filter.text, "accent")], right, self.content_size.width)])


class FilterBar(Vertical):
    """Not there while everything is shown and nothing is typed."""

    class Wanted(Message):
        """This filter is to be applied."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Nothing is typed any more."""

    def __init__(self, store: Store, named: Mapping[str, str], seen: Callable[[Field], Iterable[str]]) -> None:
        super().__init__(id="filter")
        self._shown = FilterShown(store)
        self._named = named
        self._seen = seen
        self._history = FilterHistory()
        self._typing = False
        self._place()

    def compose(self) -> ComposeResult:
        yield self._shown
        with Horizontal(id="filter-line"):
            yield Label(LABEL, id="filter-label")
            yield FilterInput(compact=True, id="filter-input", select_on_focus=False)
        yield FilterNotes()

    def show(self, matching: Matching | None) -> None:
        """This is the filter now, or it has found more."""
        self._shown.matching = matching
        self._shown.refresh()
        self._place()

    @property
    def is_open(self) -> bool:
        """Whether the line to type in is there."""
        return self._typing

    @property
    def typing(self) -> bool:
        """Whether letters go there."""
        return self._typing and self._input.has_focus

    def edit(self) -> None:
        """Let the user type."""
        if self._typing:  # the keyboard was elsewhere: a click on the list takes it there
            self._input.focus()
            return
        self._typing = True
        self._history.rewind()
        self._place()
        matching = self._shown.matching
        self._put(matching.filter.text if matching else "")
        self._check()
        self._input.focus()

    @property
    def _input(self) -> FilterInput:
        return self.query_one(FilterInput)

    def _place(self) -> None:
        self.set_class(self._typing, "-typing")
        self.display = self._typing or self._shown.matching is not None

    def _put(self, text: str, cursor: int | None = None) -> None:
        self._input.value = text
        self._input.cursor_position = len(text) if cursor is None else cursor

    def _leave(self) -> None:
        self._typing = False
        self._place()
        self.post_message(self.Left())

    @on(Input.Changed)
    def _check(self) -> None:
        text, error = self._input.value, None
        try:
            parse_filter(text, self._named)
        except FilterError as trouble:
            error = trouble
        self._input.set_class(error is not None, "-wrong")
        completion = complete(text, self._input.cursor_position, self._named, self._seen)
        self.query_one(FilterNotes).show(error, completion)

    @on(Input.Submitted)
    def _apply(self, event: Input.Submitted) -> None:
        event.stop()
        if self.query_one(FilterNotes).error is None:
            self._history.add(event.value.strip())
            self._leave()
            self.post_message(self.Wanted(event.value))

    @on(FilterInput.Asked)
    def _answer(self, event: FilterInput.Asked) -> None:
        event.stop()
        if event.what == "leave":
            self._leave()
        elif event.what == "complete":
            self._complete()
        else:
            step = self._history.older if event.what == "older" else self._history.newer
            self._put(step(self._input.value))

    def _complete(self) -> None:
        text, cursor = self._input.value, self._input.cursor_position
        start, candidates = complete(text, cursor, self._named, self._seen)
        if candidates:
            word = candidates[0].text
            space = "" if text[cursor : cursor + 1] == " " else " "
            self._put(text[:start] + word + space + text[cursor:], start + len(word) + 1)
