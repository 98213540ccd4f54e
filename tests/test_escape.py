"""Nothing that the network says reaches a terminal as it is."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from wsinspect.escape import bytes_text, json_text, terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("plain text, [/foo] and [bold red]", "plain text, [/foo] and [bold red]"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\x00b\x7f", r"a\x00b\x7f"),
        ("line\nnext\r\tend", r"line\nnext\r\tend"),
        ("\u202eevil\u202c", r"\u202eevil\u202c"),
        ("\u2066\u2069\u200e\u200f\u061c", r"\u2066\u2069\u200e\u200f\u061c"),
        ("zero\u200bwidth\u200d\ufeff\u00ad", r"zero\u200bwidth\u200d\ufeff\xad"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\ud800 alone", r"\ud800 alone"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("private \ue000, none \uffff", r"private \ue000, none \uffff"),
        ("heart ❤\ufe0f, filler \u3164", r"heart ❤\ufe0f, filler \u3164"),
        ("zürich 東京 🚀 e\u0301", "zürich 東京 🚀 e\u0301"),
        ("wide\u3000space and\u00a0another", "wide\u3000space and\u00a0another"),
        ("a" + "\u0301" * 6, "a" + r"\u0301" * 6),
        ("back\\slash", "back\\slash"),
    ],
)
def test_terminal_shows_what_would_act(text: str, shown: str) -> None:
    assert terminal(text) == shown


def test_every_code_point_is_harmless() -> None:
    harmful = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    shown = terminal("".join(map(chr, range(sys.maxunicode + 1))))
    assert not {character for character in set(shown) if unicodedata.category(character) in harmful}


@given(st.text(st.characters()))
def test_terminal_twice_changes_nothing(text: str) -> None:
    once = terminal(text)
    assert terminal(once) == once
    assert len(once) >= len(text)


@given(st.characters())
def test_no_single_character_is_of_unknown_width(character: str) -> None:
    shown = terminal(character)
    assert cell_len(shown) == sum(map(cell_len, shown))


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", ""),
        (b"hello", "hello"),
        ("grüße".encode(), "grüße"),
        (b"\xff\xfe ok", r"\xff\xfe ok"),
        (b"cut \xe2\x82", r"cut \xe2\x82"),
        (b"\x00\x1b[2J", r"\x00\x1b[2J"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
    ],
)
def test_bytes_text(data: bytes, shown: str) -> None:
    assert bytes_text(data) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("grüße 東京 אבג", '"grüße 東京 אבג"'),
        ("a\u202eb\u2066", '"a\\u202eb\\u2066"'),
        ("\x7f\x9b\u2028", '"\\u007f\\u009b\\u2028"'),
        ("\U000e0041\U0001f600", '"\\udb40\\udc41\U0001f600"'),
    ],
)
def test_json_keeps_its_meaning_and_has_nothing_that_acts(text: str, shown: str) -> None:
    written = json_text(json.dumps(text, ensure_ascii=False))
    assert written == shown
    assert json.loads(written) == text
