"""What can be set, with the default of each."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from wsinspect.settings.thresholds import Seconds, Thresholds

ColumnId = Literal[
    "mark", "id", "time", "client", "server", "host", "url", "state", "age", "messages", "rtt", "close", "flags"
]
"""A column of the connection list."""

DEFAULT_COLUMNS: Final[tuple[ColumnId, ...]] = (
    "mark", "id", "time", "client", "server", "host", "url", "state", "age", "messages", "rtt", "close", "flags",
)  # fmt: skip

Theme = Literal["auto", "dark", "light", "high-contrast", "terminal"]
"""`terminal` has the terminal's own colours and no others; `auto` is that one where there are few, else `dark`."""

Ink = Literal[
    "text", "strong", "muted", "faint", "title", "accent", "client", "server",
    "clean", "abnormal", "failed", "open", "good", "tab", "match", "error", "warning", "note",
]  # fmt: skip
"""A colour of the screens, by what it stands for."""

Text = Annotated[str, Meta(min_length=1, description="a text that is not empty")]
Texts = Annotated[tuple[Text, ...], Meta(description="a list of texts")]
Columns = Annotated[tuple[ColumnId, ...], Meta(min_length=1, description="a list of columns")]
CloseCode = Annotated[int, Meta(ge=1000, le=4999, description="a close code from 1000 to 4999")]
"""RFC 6455 §7.4.2: no other number is one."""


class Codebook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the close codes of an application mean, and how a connection of it is recognised.

    Any one pattern that fits is enough. `*`, `?` and `[…]` in patterns are the shell's.
    """

    codes: dict[CloseCode, Text]
    """Close code and its name."""
    subprotocol: Texts = ()
    """Subprotocols, selected or else offered: exact."""
    host: Texts = ()
    """Patterns for the host without port, in lower case."""
    first_message: Texts = ()
    """Parts of the first message of either side."""
    path: Texts = ()
    """Patterns for the path without query: a likely sign only, for a path is a convention."""
    source: str = ""
    """Where the codes are documented; shown with them."""


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that the file can say."""

    theme: Theme = "auto"
    columns: Columns = DEFAULT_COLUMNS
    """Columns of the connection list, from left to right."""
    colours: dict[Ink, Text] = field(default_factory=dict)
    """Ink and its colour, as `bold #ff8700`, where it differs from the theme's."""
    keys: dict[Text, Text] = field(default_factory=dict)
    """Action and its keys, as `f5` or `ctrl+n,j`, in place of the usual ones."""
    filters: dict[Text, Text] = field(default_factory=dict)
    """Name and display filter."""
    timers: dict[Text, Seconds] = field(default_factory=dict)
    """Name and seconds of idle timers that end connections."""
    lifetimes: dict[Text, Seconds] = field(default_factory=dict)
    """Name and seconds of limits on the age of connections."""
    thresholds: Thresholds = Thresholds()
    codebooks: dict[Text, Codebook] = field(default_factory=dict)
    """Name and codebook."""
    hints: dict[Text, Text] = field(default_factory=dict)
    """URL pattern and the name of the codebook that holds there, whatever else the connection looks like."""
