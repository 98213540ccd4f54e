"""wsinspect/codebooks/book.py and its data: what each book says, and that the numbers are those of the services."""

import pytest

from wsinspect.codebooks.book import Book, built_in, candidates, told_by_reason
from wsinspect.rules.catalogue import BY_ID

BY_NAME = {book.name: book for book in built_in()}

COLLISIONS = {
    3000: {"Centrifuge", "SockJS"},
    3008: {"Centrifuge"},
    4000: {"Pusher", "Discord gateway", "Twitch EventSub", "obs-websocket"},
    4001: {"Pusher", "Discord gateway", "Discord voice", "Twitch EventSub", "PandaScore"},
    4002: {"Discord gateway", "Discord voice", "Twitch EventSub", "obs-websocket"},
    4003: {"Pusher", "Discord gateway", "Discord voice", "Twitch EventSub", "obs-websocket", "PandaScore"},
    4004: {
        "graphql-transport-ws", "Pusher", "Discord gateway", "Discord voice", "Twitch EventSub", "obs-websocket",
    },
    4005: {
        "graphql-transport-ws", "Pusher", "Discord gateway", "Discord voice", "Twitch EventSub", "obs-websocket",
    },
    4006: {"Pusher", "Discord voice", "Twitch EventSub", "obs-websocket"},
    4007: {"Pusher", "Discord gateway", "Twitch EventSub", "obs-websocket"},
    4008: {"Pusher", "Discord gateway", "obs-websocket"},
    4009: {"Pusher", "Discord gateway", "Discord voice", "obs-websocket"},
    4010: {"Discord gateway", "obs-websocket"},
    4011: {"Discord gateway", "Discord voice", "obs-websocket"},
    4012: {"Discord gateway", "Discord voice", "obs-websocket"},
    4013: {"Discord gateway", "Fluxer"},
    4014: {"Discord gateway", "Discord voice"},
    4401: {"graphql-transport-ws", "Hocuspocus"},
    4403: {"graphql-transport-ws", "Hocuspocus"},
    4408: {"graphql-transport-ws", "Hocuspocus"},
}  # fmt: skip
"""Codes with more than one meaning, and whose."""


def test_collisions_are_these_and_no_others() -> None:
    several = {}
    for code in range(3000, 5000):
        names = {book.name for book in candidates(code, built_in())}
        if len(names) > 1 or code == 3008:
            several[code] = names
    assert several == COLLISIONS


@pytest.mark.parametrize("book", built_in(), ids=lambda book: book.name)
def test_each_book_is_in_order(book: Book) -> None:
    assert book.source
    assert book.codes or book.reasons or book.standard or book.reason_in
    assert all(title and 0 <= code <= 65535 for code, title in book.codes.items())
    assert set(book.notes) <= set(book.codes)
    assert not book.users
    assert not book.repeats or book.repeats in BY_NAME
    assert [band.first for band in book.bands] == sorted(band.first for band in book.bands)
    assert all(before.last < after.first for before, after in zip(book.bands, book.bands[1:], strict=False))
    assert book.marks()


def test_names_are_unique() -> None:
    names = [name.lower() for book in built_in() for name in (book.name, *book.aliases)]
    assert len(names) == len(set(names))


def test_what_repeats_another_book_says_nothing_new() -> None:
    assert "Fluxer" not in [book.name for book in candidates(4004, built_in())]
    assert "Fluxer" in [book.name for book in candidates(4013, built_in())]


def test_the_rules_that_reasons_name_exist() -> None:
    assert {reason.means for book, reason in told_by_reason() if "-" in reason.means} <= set(BY_ID)


def test_bands() -> None:
    band = BY_NAME["Pusher"].band(4123)
    assert band is not None
    assert (band.first, band.last, band.means) == (4100, 4199, "reconnect after ≥ 1 s")
    assert BY_NAME["Pusher"].band(4500) is None
