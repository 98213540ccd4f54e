"""Markdown: nothing that was sent becomes an element of it."""

from pathlib import Path

import pytest
from exporting import HOSTILE, TOUR, exported, selected
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from wsinspect.export.markdown import code, prose, row_markdown

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False, "html": True})
OURS = {
    "heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "table_open", "table_close",
    "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close", "td_open",
    "td_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
}  # fmt: skip
OURS_INLINE = {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
NASTY = [
    "`", "``a`", " ` ", "a|b", r"a\|b", "*x*", "_x_", "[a](http://b)", "<b>x</b>", "@admin", "#12", "www.example.com",
    "http://example.com", "![x](y)", "# x", "- x", "1. x", "&lt;", "\\`", "~~x~~", "a\nb", "x` | `y", "```", "<!--",
]  # fmt: skip
ALPHABET = st.text("`|*_[]()<>@#\\&!~-+.:/ ab1\n\"'", max_size=30)


def tokens(text: str) -> list[Token]:
    return [inner for token in MARKDOWN.parse(text) for inner in [token, *(token.children or ())]]


@pytest.mark.parametrize("path", [TOUR, HOSTILE], ids=lambda path: path.name)
def test_only_elements_of_ours(path: Path) -> None:
    found = tokens(exported("markdown", path).decode())
    kinds = {token.type for token in found}
    assert kinds <= OURS | OURS_INLINE
    assert sum(token.type == "table_open" for token in found) >= 15


def test_every_row_has_its_cells() -> None:
    """A bar that was sent would make one more."""
    for path in (TOUR, HOSTILE):
        cells = 0
        for token in tokens(exported("markdown", path).decode()):
            if token.type == "tr_open":
                cells = 0
            elif token.type in ("td_open", "th_open"):
                cells += 1
            elif token.type == "tr_close":
                assert cells == 2


@pytest.mark.parametrize("text", NASTY)
def test_a_code_span_holds_it_all(text: str) -> None:
    holds_it_all(text)


@given(ALPHABET)
def test_a_code_span_holds_any_text(text: str) -> None:
    holds_it_all(text)


def holds_it_all(text: str) -> None:
    spans = tokens(f"before {code(text)} after")
    inline = [token for token in spans if token.type in OURS_INLINE]
    shown = text.replace("\n", "\\n")
    if not shown:
        return
    assert [token.type for token in inline] == ["text", "code_inline", "text"]
    assert inline[1].content.strip() == shown.strip()


@given(ALPHABET)
def test_a_sentence_is_text_and_code_only(text: str) -> None:
    found = [token.type for token in tokens(f"**The end:** {prose(text)}")]
    assert set(found) <= {"paragraph_open", "inline", "paragraph_close", *OURS_INLINE}
    assert found.count("strong_open") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('Client closed first: 1000 Normal Closure "bye"; 60.0 s later.',
         'Client closed first: 1000 Normal Closure "bye"; 60.0 s later.'),
        ('closed "@admin see #1" now', 'closed `"@admin` see `#1"` now'),
        ("a <b> *c* d", "a `<b> *c*` d"),
        ("go to www.example.com now", "go to `www.example.com` now"),
        ("proxy_read_timeout is 60 s", "`proxy_read_timeout` is 60 s"),
    ],
)  # fmt: skip
def test_words_stay_readable(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_the_end_comes_first() -> None:
    text = exported("markdown", TOUR, [14]).decode()
    assert text.index('1011 Internal Error "keepalive ping timeout"') < text.index("| URL |")
    assert "(`keepalive-timeout`)" in text
    assert "`missing-close-reply` (error, by the server, RFC 6455 §5.5.1, packet 671)" in text


def test_a_row_for_each_connection() -> None:
    with selected(TOUR, [5, 14]) as selection:
        lines = row_markdown(selection.report(place) for place in range(2)).splitlines()
    assert len(lines) == 4
    assert lines[3].startswith("| 14 | 192.0.2.33:44352 | 198.51.100.31:80 | `ws://stream.example.com/v2/trades` |")
