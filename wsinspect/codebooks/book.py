"""Codebooks: what the close codes of a service mean, and what its connections are recognised by.

One TOML file for each in `data/`, read when the first code appears that only a codebook can name. The user's own are
tables of the settings file, or a file like these.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec
from msgspec import Struct


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the first message of a side looks like, blanks and line ends left out."""

    by: Literal["client", "server", "either"]
    parts: tuple[str, ...] = ()
    """All of them are in its beginning."""
    whole: str | None = None
    """It is nothing but that."""


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Codes that share a meaning, whether they have a name or not."""

    first: int
    last: int
    means: str


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason text by which a program gives itself away."""

    code: int
    text: str
    """How the reason begins."""
    means: str
    """The rule that it speaks of, or words."""


class Book(Struct, frozen=True, eq=False, kw_only=True, forbid_unknown_fields=True):
    """A service, its codes and its marks. Any one mark that fits is enough."""

    name: str
    source: str = ""
    """Where the codes are documented."""
    aliases: tuple[str, ...] = ()
    """Other names that a hint may use."""
    subprotocol: tuple[str, ...] = ()
    """Exact; selected, or else offered."""
    not_subprotocol: tuple[str, ...] = ()
    """A connection with one of these is another service's, whatever else it looks like."""
    host: tuple[str, ...] = ()
    """Patterns for the host without its port, in lower case."""
    first_message: tuple[Message, ...] = ()
    path: tuple[str, ...] = ()
    """Patterns for the path without query: a convention, so the service is likely and no more."""
    query: tuple[str, ...] = ()
    """Names that the query has to have, all of them: with a fitting path, or alone if there is no path."""
    codes: dict[int, str] = {}
    notes: dict[int, str] = {}
    """More about a code."""
    bands: tuple[Band, ...] = ()
    standard: dict[int, str] = {}
    """When the service sends a code that the standards define."""
    reasons: tuple[Reason, ...] = ()
    repeats: str = ""
    """The book that most of its codes are copied from; these say nothing new."""
    reason_in: str = ""
    """Where its messages tell why they end, if close codes do not."""
    users: bool = False
    """Whether the user made it: it goes before all others."""
    everywhere: bool = False
    """Whether it holds for every connection."""

    def band(self, code: int) -> Band | None:
        """The band that `code` is in."""
        return next((band for band in self.bands if band.first <= code <= band.last), None)

    def marks(self) -> list[str]:
        """What it is recognised by, for people."""
        found = [f"{kind} {text}" for kind in ("subprotocol", "host") for text in getattr(self, kind)]
        for message in self.first_message:
            text = f"is {message.whole}" if message.whole is not None else "has " + " and ".join(message.parts)
            side = "" if message.by == "either" else f" {message.by}"
            found.append(f"first{side} message {text}")
        found += [f"path {text} (likely)" for text in self.path]
        if self.query:
            names = ", ".join(f"{name}=" for name in self.query)
            found.append(f"query {names} ({'with the path' if self.path else 'likely'})")
        found += [f'reason "{reason.text}"' for reason in self.reasons]
        return found or ["a hint of the user only"]


_DATA: Final = "data"


@cache
def built_in() -> tuple[Book, ...]:
    """The books that come with the program, by name."""
    folder = files("wsinspect.codebooks").joinpath(_DATA)
    books = [
        msgspec.convert(tomllib.loads(file.read_text("utf-8")), Book, str_keys=True)
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    ]
    return tuple(sorted(books, key=lambda book: book.name.lower()))


def candidates(code: int, books: Sequence[Book]) -> list[Book]:
    """The books that give `code` a name of their own."""
    by_name = {book.name: book for book in books}
    return [
        book
        for book in books
        if code in book.codes
        and not (book.repeats in by_name and by_name[book.repeats].codes.get(code) == book.codes[code])
    ]


@cache
def told_by_reason() -> tuple[tuple[Book, Reason], ...]:
    """The reason texts that programs are known by."""
    return tuple((book, reason) for book in built_in() for reason in book.reasons)
