"""The page: elements of ours only, whatever was sent, and nothing that is loaded or runs."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from exporting import HOSTILE, TOUR, exported

from wsinspect.report.build import report_file

OURS = {
    "html", "head", "meta", "title", "style", "body", "h1", "table", "tr", "th", "td", "details", "summary", "b", "br",
    "span", "code", "p", "ul", "li",
}  # fmt: skip
ATTRIBUTES = {"lang", "dir", "charset", "http-equiv", "content", "name", "class", "open"}


class Elements(HTMLParser):
    """Every element and the text of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.strange: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.strange.append(data)

    handle_pi = unknown_decl = handle_comment


@pytest.mark.parametrize("path", [TOUR, HOSTILE], ids=lambda path: path.name)
def test_elements_of_ours_only(path: Path) -> None:
    page = exported("html", path).decode()
    found = Elements(page)
    assert set(found.tags) <= OURS
    assert found.attributes <= ATTRIBUTES
    assert found.strange == []
    assert found.open == []
    assert found.tags.count("details") == len(report_file(str(path)).connections)
    assert "default-src 'none'" in page


def test_what_was_sent_is_text() -> None:
    text = "".join(Elements(exported("html", HOSTILE, [1]).decode()).text)
    assert "<script>alert(1)</script>" in text
    assert "<b>&amp;" in text


def test_facts() -> None:
    text = " ".join(Elements(exported("html", TOUR).decode()).text)
    assert "33 of 33 WebSocket connections" in text
    assert "ws://stream.example.com/v2/trades" in text
    assert "Ping of the server without a Pong" in text
