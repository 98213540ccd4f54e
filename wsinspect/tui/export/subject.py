"""What a screen is about at the moment: what can be exported and copied from it."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol, runtime_checkable

from textual.binding import Binding, BindingType

from wsinspect.timeline import FrameEntry

EXPORT_KEY: Final = Binding(
    "e", "app.export", "Export", tooltip="Write to a file: pcapng, JSON, HAR, Markdown, CSV, HTML"
)
COPY_KEY: Final = Binding("y", "app.copy", "Copy", tooltip="Copy to the clipboard: URL, summary, message, filter")
KEYS: Final[tuple[BindingType, ...]] = (EXPORT_KEY, COPY_KEY)
"""For the bindings of a screen that has a subject."""


class Copy(NamedTuple):
    """Something that can be copied: harmless, wherever it is pasted."""

    title: str
    text: Callable[[], str]


class Subject(NamedTuple):
    """Connections by their index in the store."""

    current: int | None
    """The one under the cursor, or on the screen; None if there is none."""
    shown: Sequence[int]
    """All that the screen lists, in its order, or that the line under the cursor adds up."""
    frame: FrameEntry | None = None
    """The frame under the cursor."""
    copies: Sequence[Copy] = ()
    """What can be copied besides what is known of `current`."""


@runtime_checkable
class HasSubject(Protocol):
    """A screen from which connections can be exported and copied."""

    def subject(self) -> Subject:
        """What it is about now."""
