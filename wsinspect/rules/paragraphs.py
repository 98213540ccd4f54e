"""Text for people, as `wsinspect explain` prints it: titles, and below them paragraphs or lists."""

import textwrap
from collections.abc import Iterable
from typing import Final

_WIDTH: Final = 88


def section(title: str, text: str) -> str:
    """A title and a paragraph."""
    return f"{title}\n{indented(text)}"


def list_of(title: str, items: Iterable[str]) -> str:
    """A title and a line for each item."""
    lines = [
        textwrap.fill(item, _WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
        for item in items
    ]
    return "\n".join([title, *lines])


def indented(text: str) -> str:
    """A paragraph."""
    return textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
