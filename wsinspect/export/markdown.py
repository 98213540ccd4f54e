"""Connections as Markdown for a ticket. What strangers sent stands in code spans, where it cannot mean anything."""

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from wsinspect.escape import terminal
from wsinspect.export.facts import Fact, close_story, cut, endpoint, facts, where
from wsinspect.export.selection import Progress, Selection
from wsinspect.report import model

# A word that every Markdown takes for just that: no emphasis, no link, no mention (@name), no reference (#1), no HTML.
_WORD: Final = re.compile(r"""["'(]*(?:[^\W_]+(?:[-/.,:'’][^\W_]+)*%?)?["')]*[,.;:?!]*|→|–|—|…""")
_LINK: Final = re.compile(r"www\.|[^\W_]:[^\W\d_]|[a-z]\.[a-z]", re.IGNORECASE)


def write_markdown(selection: Selection, output: BinaryIO, progress: Progress) -> None:
    """Write a chapter for each connection."""
    for place in range(len(selection)):
        progress(place, len(selection))
        output.write((b"\n" if place else b"") + connection_markdown(selection.report(place)).encode())
    source = code(selection.capture().source)
    output.write(f"\nFrom {source}, by wsinspect. Packet numbers are Wireshark's for that file.\n".encode())


def connection_markdown(connection: model.Connection) -> str:
    """The chapter of one connection."""
    return "\n".join(_lines(connection)) + "\n"


def row_markdown(connections: Iterable[model.Connection]) -> str:
    """A table with a line for each connection."""
    titles = ("#", "client", "server", "URL", "state", "close")
    lines = [_row(titles), _row(["---"] * len(titles))]
    for it in connections:
        url = code(cut(it.url)) if it.url else ""
        cells = (str(it.id), endpoint(it.client), endpoint(it.server), url, it.state, prose(cut(it.close.summary)))
        lines.append(_row(cells))
    return "\n".join(lines) + "\n"


def table_markdown(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts that strangers may have had a hand in."""
    lines = [_row(titles := list(titles)), _row(["---"] * len(titles))]
    lines += [_row(prose(cut(cell)) if cell else "" for cell in cells) for cells in rows]
    return "\n".join(lines) + "\n"


def _lines(connection: model.Connection) -> Iterator[str]:
    close = connection.close
    yield f"## WebSocket {connection.id}: {endpoint(connection.client)} → {endpoint(connection.server)}"
    yield ""
    yield f"**{'The end' if close.event or close.tcp else 'State'}:** {prose(cut(close.summary))}"
    for diagnosis in close.diagnosis:
        yield ""
        yield f"**Probable cause ({diagnosis.confidence}):** {prose(cut(diagnosis.text))} ({code(diagnosis.id)})"
    yield ""
    yield from _table("connection", facts(connection))
    story = list(close_story(connection))
    if story:
        yield ""
        yield "### How it closed"
        yield ""
        yield from _table("close", story)
    if connection.violations:
        yield ""
        yield "### Violations"
        yield ""
    for violation in connection.violations:
        about = f"{code(violation.rule)} ({violation.severity}, {where(violation)})"
        yield f"- {about}: {prose(cut(violation.detail))}"


def _table(title: str, lines: Iterable[Fact]) -> Iterator[str]:
    yield _row((title, ""))
    yield _row(("---", "---"))
    for fact in lines:
        yield _row((fact.name, code(cut(fact.value)) if fact.sent else fact.value))


def _row(cells: Iterable[str]) -> str:
    # A bar ends a cell even within a code span; spelled out it is the escape that control characters get, too.
    return f"| {' | '.join(cell.replace('|', chr(92) + 'x7c') for cell in cells)} |"


def code(text: str) -> str:
    """A code span that `text` cannot end: its fence is longer than any row of backticks in it."""
    shown = terminal(text)
    if not shown:
        return ""
    fence = "`" * (1 + max((len(row) for row in re.findall("`+", shown)), default=0))
    edge = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{edge}{shown}{edge}{fence}"


def prose(text: str) -> str:
    """A sentence of ours that may quote others: what is not plainly words goes into code spans."""
    spans: list[tuple[bool, list[str]]] = []
    for word in terminal(text).split(" "):
        plain = _is_plain(word)
        if spans and spans[-1][0] is plain:
            spans[-1][1].append(word)
        else:
            spans.append((plain, [word]))
    return " ".join(" ".join(words) if plain else code(" ".join(words)) for plain, words in spans)


def _is_plain(word: str) -> bool:
    return _WORD.fullmatch(word) is not None and not _LINK.search(word)
