"""Matches of a search made visible in lines."""

from wsinspect.search import Query
from wsinspect.tui.ink import Line

MATCH = "match"
"""The ink of a match."""


def highlight(line: Line, query: Query | None) -> Line:
    """`line` with the matches of `query` marked; one that runs over a change of ink is marked as well."""
    if query is None:
        return line
    text = "".join(part for part, _ in line)
    spans = query.text_spans(text)
    if not spans:
        return line
    marked: Line = []
    position = 0
    for part, ink in line:
        end = position + len(part)
        for first, last in spans:
            first, last = max(first, position), min(last, end)
            if first < last:
                marked += [(text[position:first], ink), (text[first:last], MATCH)]
                position = last
        marked.append((text[position:end], ink))
        position = end
    return [(part, ink) for part, ink in marked if part]


def is_highlighted(line: Line) -> bool:
    """Whether a match is in it."""
    return any(ink == MATCH for _, ink in line)
