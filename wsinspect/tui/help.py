"""Every key of a screen, taken from its bindings: there is no list that could be forgotten."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final, NamedTuple, Protocol, runtime_checkable

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Container, ScrollableContainer
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from wsinspect.tui.document import DocumentView
from wsinspect.tui.ink import Line, shown_width, wrap

Note = tuple[str, str]
"""A word and what it means."""


_SCROLLING: Final = {binding.action for binding in ScrollableContainer.BINDINGS if isinstance(binding, Binding)}
"""What a line to type in has inherited, and cannot do."""


class Key(NamedTuple):
    """Something that can be done."""

    keys: str
    """As they are shown: `↓ j`."""
    title: str
    does: str
    action: str
    node: DOMNode
    """Whose action it is."""


@runtime_checkable
class HasNotes(Protocol):
    """A screen with more to explain than its keys."""

    @property
    def help_notes(self) -> list[Note]:
        """Words and what they mean."""


def keys_of(screen: Screen[object]) -> list[Key]:
    """All that keys do on `screen` now."""
    groups: dict[str, tuple[list[str], ActiveBinding]] = {}
    for active in screen.active_bindings.values():
        if not active.enabled or active.binding.key.startswith("super+"):  # terminals do not send that one
            continue
        if isinstance(active.node, Input) and active.binding.action in _SCROLLING:
            continue
        keys, _ = groups.setdefault(active.binding.action, ([], active))
        # One display for a binding of several keys would hide the others.
        display = screen.app.get_key_display(Binding(active.binding.key, ""))
        if display not in keys:
            keys.append(display)
    # What the footer shows as well comes first, moving about last.
    ordered = sorted(groups.values(), key=lambda group: not group[1].binding.show)
    return [_key(keys, active) for keys, active in ordered]


def _key(keys: list[str], active: ActiveBinding) -> Key:
    binding = active.binding
    title = binding.description or binding.action
    return Key(" ".join(keys), title, binding.tooltip or title, binding.action, active.node)


def help_on(screen: Screen[object]) -> "HelpScreen":
    """The help for `screen` in its present state."""
    return HelpScreen(keys_of(screen), screen.help_notes if isinstance(screen, HasNotes) else ())


class HelpScreen(ModalScreen[None]):
    """A box above the screen that it is about."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "close", "Close")]

    def __init__(self, keys: Iterable[Key], notes: Iterable[Note] = ()) -> None:
        super().__init__()
        self.keys = list(keys)
        self._notes = list(notes)

    def compose(self) -> ComposeResult:
        with Container(id="help"):
            yield DocumentView(id="help-text")

    def on_mount(self) -> None:
        """Fill it in."""
        box = self.query_one("#help")
        box.border_title = "Keys"
        box.border_subtitle = "Esc closes"
        view = self.query_one(DocumentView)
        view.show(self.lines)
        view.focus()

    def lines(self, width: int) -> Sequence[Line]:
        """Keys at the left, what they do at the right."""
        lines = _rows([(key.keys, key.does) for key in self.keys], width)
        if self._notes:
            lines += [[("", "")], *_rows(self._notes, width)]
        return lines

    def action_close(self) -> None:
        """Back to work."""
        self.dismiss()


def _rows(notes: list[Note], width: int) -> list[Line]:
    left = min(24, max((shown_width(word) for word, _ in notes), default=0)) + 2
    lines: list[Line] = []
    for word, text in notes:
        first, *rest = wrap(text, width, indent=left)
        lines.append([(word + " " * (left - shown_width(word)), "accent"), (first[0][0][left:], "")])
        lines += rest
    return lines
