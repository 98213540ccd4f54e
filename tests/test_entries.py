"""wsinspect/entries.py: a list of which all but a little lies in a temporary file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinspect.entries import PAGE_BYTES, PAGE_ITEMS, PAGES_IN_MEMORY, Entries
from wsinspect.timeline import NoteEntry
from wsinspect.websocket.side import Side

MANY = 3 * PAGE_ITEMS * PAGES_IN_MEMORY + 17


def filled(count: int) -> Entries[int]:
    entries: Entries[int] = Entries()
    for number in range(count):
        entries.append(number)
    return entries


LONG = filled(MANY)


@pytest.mark.parametrize("count", [0, 1, PAGE_ITEMS, PAGE_ITEMS + 1, PAGE_ITEMS * PAGES_IN_MEMORY, MANY])
def test_it_is_the_list_of_what_was_appended(count: int) -> None:
    entries = filled(count)
    assert len(entries) == count
    assert list(entries) == list(range(count))
    assert [entries[place] for place in range(0, count, 97)] == list(range(0, count, 97))


def test_places_count_from_both_ends_and_end_there() -> None:
    entries = filled(MANY)
    assert (entries[-1], entries[-MANY]) == (MANY - 1, 0)
    for place in (MANY, -MANY - 1):
        with pytest.raises(IndexError):
            entries[place]


@given(first=st.integers(-MANY, 2 * MANY), length=st.integers(0, 600))
def test_slices(first: int, length: int) -> None:
    assert LONG[first : first + length] == list(range(MANY))[first : first + length]


def test_it_can_be_read_while_it_grows() -> None:
    entries: Entries[int] = Entries()
    for number in range(MANY):
        entries.append(number)
        assert entries[number // 2] == number // 2
        assert entries[-1] == number


def test_large_items_fill_a_page_alone() -> None:
    entries: Entries[bytes] = Entries(len)
    for number in range(3 * PAGES_IN_MEMORY):
        entries.append(bytes([number]) * PAGE_BYTES)
    assert entries.file_size > 2 * PAGES_IN_MEMORY * PAGE_BYTES
    assert all(entries[number][0] == number for number in reversed(range(len(entries))))


def test_a_short_list_needs_no_file() -> None:
    assert filled(PAGE_ITEMS * PAGES_IN_MEMORY).file_size == 0


def test_entries_of_a_timeline_come_back_as_they_were() -> None:
    entries: Entries[NoteEntry] = Entries()
    for number in range(MANY):
        entries.append(NoteEntry("Retransmission", Side.SERVER, number, number))
    assert entries[5] == NoteEntry("Retransmission", Side.SERVER, 5, 5)
    assert entries[5].side is Side.SERVER
