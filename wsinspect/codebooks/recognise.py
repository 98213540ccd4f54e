"""Which codebook holds for a connection, and why: by the user's word, subprotocol, host, first message or path.

The stronger sign decides. Two books that fit equally well leave the connection unnamed; a port is no sign.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from wsinspect.codebooks.book import Book, Message, built_in

MAX_SHOWN: Final = 80
"""Characters of what a stranger sent that the reason of a choice quotes."""
MAX_QUERY: Final = 64
"""Names of a query that are looked at."""


class Clues(NamedTuple):
    """What a connection shows of the service behind it. Texts are as sent."""

    url: str | None
    subprotocol: str | None
    """The one selected."""
    offered: tuple[str, ...] = ()
    """Those the client put up for choice."""
    first_client: bytes = b""
    """Beginning of the client's first message; empty if it is not known."""
    first_server: bytes = b""


class Recognised(NamedTuple):
    """A codebook, and what it was chosen for."""

    book: Book
    because: str
    """`subprotocol=graphql-transport-ws`, `set by the user`."""
    likely: bool
    """Whether that is a convention and no proof."""


class Hint(NamedTuple):
    """The user's word that a book holds for some URLs."""

    pattern: str
    book: Book


class Library(NamedTuple):
    """All books and hints that the user has; the built-in books come behind them."""

    own: tuple[Book, ...] = ()
    hints: tuple[Hint, ...] = ()

    def books(self) -> tuple[Book, ...]:
        """Every book; one of the user's own takes the place of a built-in one with its name."""
        names = {book.name.lower() for book in self.own}
        return *self.own, *(book for book in built_in() if book.name.lower() not in names)


NO_BOOKS: Final = Library()
"""The user has none."""


# Thousands of connections to one service end alike; a token in the URL is what makes them differ, if anything.
@lru_cache(maxsize=4096)
def recognise(code: int, clues: Clues, library: Library = NO_BOOKS) -> Recognised | None:
    """The codebook that says what `code` means on a connection; None if no sign tells, or if it tells of two.

    A user's book for every connection goes before the built-in ones for the codes that it has.
    """
    hinted = _hinted(clues.url, library.hints)
    if hinted is not None:
        return hinted
    if _any_sign(clues, library.own):
        return _strongest(clues, library.own)
    everywhere = [Recognised(book, "set by the user", False) for book in library.own if book.everywhere]
    knowing = [one for one in everywhere if code in one.book.codes or one.book.band(code) is not None]
    return _only(knowing) or _strongest(clues, library.books()) or _only(everywhere)


def _any_sign(clues: Clues, books: Sequence[Book]) -> bool:
    return any(_by_strength(clues, books))


def _strongest(clues: Clues, books: Sequence[Book]) -> Recognised | None:
    return _only(next(filter(None, _by_strength(clues, books)), []))


def _only(found: Sequence[Recognised]) -> Recognised | None:
    return found[0] if len({one.book.name for one in found}) == 1 else None


def _hinted(url: str | None, hints: Sequence[Hint]) -> Recognised | None:
    if url is None:
        return None
    bare = url.partition("://")[2]
    for hint in hints:
        if fnmatchcase(url if "://" in hint.pattern else bare, hint.pattern):
            return Recognised(hint.book, "set by the user", False)
    return None


def _by_strength(clues: Clues, books: Sequence[Book]) -> Iterator[list[Recognised]]:
    """The books that fit, those with the strongest kind of sign first."""
    subprotocols = (clues.subprotocol,) if clues.subprotocol is not None else clues.offered
    books = [book for book in books if not set(book.not_subprotocol) & set(subprotocols)]
    yield [
        Recognised(book, _because("subprotocol", name), False)
        for name in subprotocols
        for book in books
        if name in book.subprotocol
    ]
    host, path, query = _parts(clues.url)
    yield [
        Recognised(book, _because("host", host), False)
        for book in books
        if host and any(fnmatchcase(host, pattern.lower()) for pattern in book.host)
    ]
    first = {"client": _compact(clues.first_client), "server": _compact(clues.first_server)}
    yield [
        Recognised(book, f"first {side} message", False)
        for book in books
        for side, text in first.items()
        if text and any(message.by in (side, "either") and _fits(message, text) for message in book.first_message)
    ]
    yield [
        Recognised(book, _because("path", path) if book.path else _because("query", "&".join(book.query)), True)
        for book in books
        if (book.path or book.query) and _has_path(book, path) and set(book.query) <= query
    ]


def _has_path(book: Book, path: str) -> bool:
    return not book.path or any(fnmatchcase(path, pattern) for pattern in book.path)


def _because(kind: str, value: str) -> str:
    return f"{kind}={value if len(value) <= MAX_SHOWN else value[: MAX_SHOWN - 1] + '…'}"


def _parts(url: str | None) -> tuple[str, str, frozenset[str]]:
    """Host in lower case without port, path, names in the query."""
    authority, slash, rest = (url or "").partition("://")[2].partition("/")
    name, colon, port = authority.rpartition(":")
    host = name if colon and port.isdigit() else authority
    path, _, query = rest.partition("?")
    try:
        names = frozenset(name for name, _ in parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_QUERY))
    except ValueError:
        names = frozenset()  # more names than any service has
    return host.lower().removesuffix("."), slash + path, names


def _compact(data: bytes) -> str:
    return "".join(data.decode("utf-8", "replace").split(" ")).translate({9: None, 10: None, 13: None})


def _fits(message: Message, text: str) -> bool:
    if message.whole is not None:
        return text == message.whole
    return bool(message.parts) and all(_contains(text, part) for part in message.parts)


def _contains(text: str, part: str) -> bool:
    """Whether `part` is in `text`; a number at its end must be the whole number."""
    wanted = _compact(part.encode())
    place = text.find(wanted)
    while place >= 0:
        behind = text[place + len(wanted) :][:1]
        if not (wanted[-1:].isdigit() and behind.isdigit()):
            return True
        place = text.find(wanted, place + 1)
    return False
