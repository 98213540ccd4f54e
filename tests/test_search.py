"""Search in payloads: what a query is, and in which messages it is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinspect import search
from wsinspect.errors import WsinspectError
from wsinspect.search import MAX_HITS, Query, search_connections, search_entries
from wsinspect.timeline import FrameEntry
from wsinspect.websocket.frames import FrameHeader, Opcode
from wsinspect.websocket.message_facts import Message
from wsinspect.websocket.side import Side


def frame(
    payload: bytes, number: int = 0, opcode: int = Opcode.TEXT, message: tuple[int, bytes] | None = None
) -> FrameEntry:
    """A frame of the server; `message` says with which frame the message began that it completes, and its data."""
    header = FrameHeader(number, True, 0, opcode, False, b"", len(payload), 7, 0, 1, 0)
    whole = Message(Opcode.TEXT, False, message[0], number, 0, len(message[1]), 0, message[1]) if message else None
    return FrameEntry(header, Side.SERVER, payload, 0, 1, 0, whole)


def text(data: bytes, number: int = 0) -> FrameEntry:
    return frame(data, number, message=(number, data))


@pytest.mark.parametrize(
    ("query", "data", "spans"),
    [
        ("error", b"An Error, an ERROR", [(3, 8), (13, 18)]),
        ("STRASSE ü", "straße Ü, Strasse Ü".encode(), [(12, 22)]),
        ("a.b", b"axb a.b", [(4, 7)]),
        ("re:a.b", b"axb A\nb", [(0, 3), (4, 7)]),
        ("re:(?-i:a)x*", b"AX axx", [(3, 6)]),
        ("re:x*", b"axxb", [(1, 3)]),
        ("0x1f8b", b"ab\x1f\x8b\x1f\x8b", [(2, 4), (4, 6)]),
        ("hex:1f 8B", b"\x1f\x8b", [(0, 2)]),
        ("text:0x1f", b"0X1F", [(0, 4)]),
        ("text:", b"", None),
        ("", b"", None),
        ("0x1f8", b"", None),
        ("hex:zz", b"", None),
        ("re:(a", b"", None),
        ("re:(a)\\1", b"", None),
    ],
)
def test_query(query: str, data: bytes, spans: list[tuple[int, int]] | None) -> None:
    if spans is None:
        with pytest.raises(WsinspectError):
            Query(query)
    else:
        assert list(Query(query).spans(data)) == spans


@given(st.lists(st.sampled_from([b"needle", b"need", b"x", b"\xff"]), max_size=30), st.integers(1, 20))
def test_windows_change_nothing(parts: list[bytes], window: int) -> None:
    data = b"".join(parts)
    expected = [place for place in range(len(data)) if data.startswith(b"needle", place)]
    kept = search.WINDOW, search.OVERLAP
    search.WINDOW, search.OVERLAP = window, 8  # type: ignore[misc]
    try:
        for query in ("needle", "0x6e6565646c65", "re:n[e]{2}dle"):
            assert [first for first, _ in Query(query).spans(data)] == expected
    finally:
        search.WINDOW, search.OVERLAP = kept  # type: ignore[misc]


def test_a_wicked_pattern_takes_no_longer() -> None:
    assert list(Query("re:(a+)+$b").spans(b"a" * 100_000)) == []


def test_spans_of_a_text_are_characters() -> None:
    assert Query("é").text_spans("aÉ – é") == [(1, 2), (5, 6)]
    assert Query("b").text_spans("\ud800b") == [(1, 2)]


def test_a_message_is_searched_whole_and_once() -> None:
    entries = [
        frame(b"first nee"), frame(b"dle needle", 1, Opcode.CONTINUATION, (0, b"first needle needle")),
        frame(b"needle", 2), frame(b"pi needle", 3, Opcode.PING), text(b"other", 4),
    ]  # fmt: skip
    hits = list(search_entries(entries, Query("needle"), lambda: False))
    assert [(hit.place, hit.frame, hit.offset, hit.matches) for hit in hits] == [
        (1, 1, 6, 2),
        (2, 2, 0, 1),
        (3, 3, 3, 1),
    ]
    assert (hits[0].before, hits[0].match, hits[0].after) == ("first ", "needle", " needle")


def test_the_inflated_message_is_searched_not_its_bytes_on_the_wire() -> None:
    entry = frame(b"\xaa\x01needle", message=(0, b"inflated"))
    assert not list(search_entries([entry], Query("needle"), lambda: False))
    assert list(search_entries([entry], Query("inflated"), lambda: False))


def test_excerpts_show_text_as_text_and_bytes_as_hex() -> None:
    binary = frame(b"\x00\x01needle\xff", opcode=Opcode.BINARY)
    (hit,) = search_entries([binary], Query("needle"), lambda: False)
    assert (hit.before, hit.match, hit.after) == ("\0\1", "needle", "\\xff")
    (hit,) = search_entries([binary], Query("0x6e65"), lambda: False)
    assert (hit.before, hit.match, hit.after) == ("00 01 ", "6e 65", " 65 64 6c 65 ff")
    (hit,) = search_entries([text("ü".encode() * 100 + b"needle")], Query("needle"), lambda: False)
    assert (hit.before, hit.match) == ("ü" * 12, "needle")


def test_connections_one_after_the_other() -> None:
    told = list(search_connections([5, 6, 7], lambda index: [text(b"x" * (index - 5))], Query("x"), lambda: False))
    assert [(index, len(hits)) for index, hits in told] == [(5, 0), (6, 1), (7, 1)]


def test_enough_is_enough() -> None:
    many = [text(b"x", number) for number in range(MAX_HITS // 2 + 1)]
    told = list(search_connections(range(5), lambda index: many, Query("x"), lambda: False))
    assert [len(hits) for _, hits in told] == [MAX_HITS // 2 + 1, MAX_HITS // 2 - 1]


def test_cancelled() -> None:
    asked: list[int] = []

    def entries(index: int) -> list[FrameEntry]:
        asked.append(index)
        return [text(b"x")]

    told = list(search_connections(range(100), entries, Query("x"), lambda: len(asked) == 3))
    assert len(asked) == 3
    assert len(told) == 3
