"""What a viewer is: it recognises a payload, tells it in one line, and tells it in full, row by row.

Rows hold text as it was sent. Whoever shows it escapes it (`escape.py`, `tui/ink.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

MAX_ROWS: Final = 20_000
"""Rows that a view of one payload has at most."""
MAX_VALUE: Final = 4096
"""Characters of one row, at most."""
MAX_DEPTH: Final = 64
"""Levels of containers inside each other that are told."""
MAX_NESTING: Final = 4
"""Formats inside each other that are opened: JSON in gzip in SockJS is three."""
MAX_DECODED: Final = 1024 * 1024
"""Bytes of the largest payload that is decoded as a whole (msgpack, CBOR, JSON of a subprotocol)."""
SUMMARY: Final = 400
"""Characters of the one-line form, at most."""


class Unreadable(Exception):
    """The payload is not what it was taken for, or ends too early; the text says why, for the user."""


class Context(NamedTuple):
    """What is known besides the bytes."""

    subprotocol: str = ""
    url: str = ""
    is_text: bool = False
    """Whether the frame says that it is text."""
    first_sent: bytes = b""
    """The client's first message: where a protocol names its version (MQTT's CONNECT, SignalR's handshake)."""

    @property
    def path(self) -> str:
        """The path of the URL."""
        return _split(self.url)[0]

    def query(self, name: str) -> str:
        """A parameter of the URL's query, or nothing."""
        return next(iter(_split(self.url)[1].get(name, ())), "")


def _split(url: str) -> tuple[str, dict[str, list[str]]]:
    try:
        parts = urlsplit(url[:8192])
        return parts.path, parse_qs(parts.query, max_num_fields=64)
    except ValueError:  # a URL that is none
        return "", {}


class Rank(IntEnum):
    """How sure a viewer is: the greater, the earlier it is shown."""

    ANY = 1
    """Bytes are bytes."""
    HEX_OF_TEXT = 2
    TEXT_OF_BINARY = 3
    HEX_OF_BINARY = 4
    PERHAPS = 5
    """The bytes could be this, and something else as well."""
    TEXT = 6
    JSON = 7
    SIGNATURE = 8
    """The bytes begin or end as only this format's do."""
    NAMED = 9
    """The subprotocol or the URL says so."""


class Match(NamedTuple):
    """A viewer's claim."""

    rank: Rank
    why: str
    """Goes on after "because": `subprotocol=mqtt`."""


class Row(NamedTuple):
    """A line before it is laid out."""

    depth: int
    """How far it is indented."""
    name: str
    """What it is about, with the mark behind it: `topic: `; may be empty."""
    value: str = ""
    remark: bool = False
    """Whether it is wsinspect that says it."""


class Nested(NamedTuple):
    """A payload inside the payload, which has a viewer of its own."""

    title: str
    data: bytes
    is_text: bool = False
    depth: int = 0
    same_protocol: bool = False
    """Whether the subprotocol is about what is inside: so with compression, and under SockJS."""


Rows = Iterator[Row | Nested]


@dataclass(frozen=True, slots=True)
class Viewer:
    """A format. `rows` and `summary` raise nothing but `Unreadable`."""

    name: str
    recognise: Callable[[bytes, Context], Match | None]
    """Cheap: it is asked for every line of a list."""
    rows: Callable[[bytes, Context], Rows]
    """Made one by one: nobody reads the end of a long one at once."""
    summary: Callable[[bytes, Context], str | Nested] | None = None
    """One line, or the title and what is inside; None if the bytes themselves say it best."""


def named(context: Context, *names: str) -> Match | None:
    """A match if one of `names` is the subprotocol."""
    if context.subprotocol.lower() in names:
        return Match(Rank.NAMED, f"subprotocol={context.subprotocol}")
    return None


def field(name: str, value: object, depth: int = 0) -> Row:
    """`name: value`."""
    return Row(depth, f"{name}: ", str(value)[:MAX_VALUE])


def decodable(data: bytes) -> bytes:
    """`data`, unless it is too large to be decoded as a whole."""
    if len(data) > MAX_DECODED:
        raise Unreadable(f"larger than {MAX_DECODED // 1024} KiB, which is the most that is decoded")
    return data
