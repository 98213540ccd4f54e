"""Search in payloads: what is looked for, and in which messages it is found. Payloads are unmasked and inflated."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

import re2

from wsinspect.errors import WsinspectError
from wsinspect.timeline import Entry, FrameEntry
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side

MAX_HITS: Final = 10_000
"""Messages that one search finds at most, over all connections."""
MAX_COUNTED: Final = 1000
"""Matches in one message that are counted."""
WINDOW: Final = 1024 * 1024
"""Bytes that are searched without a pause: the screen's thread waits no longer than that takes."""
OVERLAP: Final = 64 * 1024
"""Bytes by which windows overlap. A longer match across the border of two may be found in part."""

_BEFORE: Final = 24
_AFTER: Final = 160
_ENTRIES: Final = 256
HINT: Final = "text, 0x1f8b or hex:1f 8b for bytes, re:a+b for a regular expression"

Span = tuple[int, int]
"""Where a match begins and where it ends."""


class Query:
    """What is looked for: text and regular expressions without regard to case, or bytes."""

    def __init__(self, text: str) -> None:
        """Raises `WsinspectError` if `text` is no query."""
        self.text = text
        kind, rest = _split(text)
        if not rest:
            raise WsinspectError("nothing to search for", HINT)
        self._bytes: bytes | None = _bytes(rest) if kind == "hex" else None
        if kind != "hex":
            self._pattern = _compile(rest if kind == "re" else re2.escape(rest))

    @property
    def is_bytes(self) -> bool:
        """Whether bytes are looked for rather than text."""
        return self._bytes is not None

    def spans(self, data: bytes) -> Iterator[Span]:
        """All matches in `data`, the first one first; no empty ones."""
        start = 0
        while start < len(data):
            stop = start + WINDOW
            resume = stop
            for first, last in self._find(data, start, min(len(data), stop + OVERLAP)):
                if first >= stop:
                    break  # the next window finds it, too, and perhaps more of it
                if first < last:
                    yield first, last
                    resume = max(resume, last)
            start = resume

    def text_spans(self, text: str) -> list[Span]:
        """The matches in a text on the screen, in characters."""
        data = text.encode("utf-8", "replace")
        if len(data) == len(text):
            return list(self.spans(data))
        return [
            (len(data[:first].decode("utf-8", "ignore")), len(data[:last].decode("utf-8", "ignore")))
            for first, last in self.spans(data)
        ]

    def _find(self, data: bytes, start: int, end: int) -> Iterator[Span]:
        if self._bytes is None:
            for match in self._pattern.finditer(data, start, end):
                yield match.span()
            return
        place = data.find(self._bytes, start, end)
        while place >= 0:
            yield place, place + len(self._bytes)
            place = data.find(self._bytes, place + len(self._bytes), end)


def _split(text: str) -> tuple[str, str]:
    """The kind of query and what is behind its prefix."""
    for prefix, kind in (("hex:", "hex"), ("0x", "hex"), ("re:", "re"), ("text:", "text")):
        if text[: len(prefix)].lower() == prefix:
            return kind, text[len(prefix) :]
    return "text", text


def _bytes(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits.replace(":", " "))
    except ValueError:
        raise WsinspectError(
            f'"{digits}" is not hex: two digits make a byte', "text:0x… searches for it as text"
        ) from None


def _compile(pattern: str) -> "re2._Regexp":
    """RE2, as in the display filter: its time grows with the length of a payload only, whatever the pattern."""
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    options.log_errors = False
    try:
        return re2.compile(pattern.encode("utf-8", "replace"), options)
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise WsinspectError(f"no regular expression: {text}", "RE2's syntax, without back-references") from None


class Hit(NamedTuple):
    """A message, or a frame that belongs to none, in which the query is found."""

    place: int
    """Of the frame that completes it, among the entries of the connection."""
    frame: int
    side: Side
    time_ns: int
    offset: int
    """Of the first match, in bytes of the payload."""
    matches: int
    """Matches in it, `MAX_COUNTED` at most."""
    before: str
    match: str
    after: str
    """The first match and what is around it, as text or in hex. Not escaped."""


def search_entries(entries: Sequence[Entry], query: Query, cancelled: Callable[[], bool]) -> Iterator[Hit]:
    """The hits on one connection, in their order."""
    covered = _fragments_of_messages(entries)
    for place, entry in enumerate(entries):
        if not place % _ENTRIES and cancelled():
            return
        if not isinstance(entry, FrameEntry) or (entry.side, entry.header.number) in covered:
            continue
        data, is_text = entry.content
        spans = list(islice(query.spans(data), MAX_COUNTED))
        if spans:
            excerpt = _excerpt(data, spans[0], query.is_bytes and not is_text)
            yield Hit(place, entry.header.number, entry.side, entry.time_ns, spans[0][0], len(spans), *excerpt)


def search_connections(
    connections: Sequence[int],
    entries_of: Callable[[int], Sequence[Entry]],
    query: Query,
    cancelled: Callable[[], bool],
) -> Iterator[tuple[int, list[Hit]]]:
    """Connection after connection, with its hits, even if there are none. Ends at `MAX_HITS`.

    Raises what `entries_of` raises.
    """
    room = MAX_HITS
    for connection in connections:
        if cancelled():
            return
        hits = list(islice(search_entries(entries_of(connection), query, cancelled), room))
        yield connection, hits
        room -= len(hits)
        if not room:
            return


def _fragments_of_messages(entries: Sequence[Entry]) -> set[tuple[Side, int]]:
    """Frames whose bytes are searched as part of the message that a later frame completes."""
    covered: set[tuple[Side, int]] = set()
    for entry in entries:
        if isinstance(entry, FrameEntry) and entry.message is not None and entry.header.opcode == Opcode.CONTINUATION:
            message = entry.message
            covered.update((entry.side, number) for number in range(message.first_frame, message.last_frame))
    return covered


def _excerpt(data: bytes, span: Span, as_hex: bool) -> tuple[str, str, str]:
    first, last = span
    before, match, after = data[max(0, first - _BEFORE) : first], data[first:last][:_AFTER], data[last : last + _AFTER]
    if as_hex:
        return before[-8:].hex(" ") + " ", match.hex(" "), " " + after[:32].hex(" ")
    if first > _BEFORE:
        before = before.lstrip(bytes(range(0x80, 0xC0)))  # it may begin within a character
    return _text(before), _text(match), _text(after)


def _text(piece: bytes) -> str:
    return piece.decode("utf-8", "backslashreplace")
