"""README.md of the captures: a table made from the scenarios."""

from itertools import groupby

from captures.scenario import Close, Expected, Fired, Scenario, Unsaid
from captures.scenarios.book import CHAPTERS

HEAD = """# Captures

Small captures of known content, made by `python captures/make.py`, which needs nothing but Python. Running it again
gives the same files byte for byte; `--check` compares. This table is made by it too: change the scenarios in
`scenarios/`, not the files.

`rules/<rule id>.pcap` breaks that rule and no other; `rules/<rule id>.near-miss.pcap` comes close and breaks none.
`situations/` holds what is no rule but has to come out right. What has to come out is written beside each script,
from the RFCs; `tests/test_captures.py` compares it with the report.

In the last column "closed 1001 / –" gives the codes of the client's and of the server's Close frame. Addresses are
those of RFC 5737 and RFC 3849, names end in example.com, and time begins at 2026-03-02 09:00:00 UTC.
"""


def readme() -> str:
    parts = [HEAD]
    for title, chapter in CHAPTERS.items():
        parts.append(f"\n## {title}\n")
        for described, scenarios in groupby(chapter.scenarios, _is_described):
            if described:
                parts.extend(map(_connections, scenarios))
            else:
                parts.append("\n| file | shows | expected |\n|---|---|---|\n")
                parts.extend(map(_row, scenarios))
    return "".join(parts)


def _is_described(scenario: Scenario) -> bool:
    """Whether each connection of the capture has something to tell."""
    return any(expected.shows for expected in scenario.expected)


def _connections(scenario: Scenario) -> str:
    """A capture of many stories, a row for each."""
    rows = [
        f"| {number} | {_cell(expected.shows)} | {_cell(_outcome(expected))} |\n"
        for number, expected in enumerate(scenario.expected, 1)
    ]
    head = "| connection | shows | expected |\n|---|---|---|\n"
    return f"\n[{scenario.path}]({scenario.path}): {scenario.shows}.\n\n{head}{''.join(rows)}"


def _row(scenario: Scenario) -> str:
    return f"| [{scenario.path}]({scenario.path}) | {_cell(scenario.shows)} | {_cell(_expected(scenario))} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _expected(scenario: Scenario) -> str:
    if not scenario.expected:
        return "no WebSocket"
    lines = [_outcome(expected) for expected in scenario.expected]
    different = list(dict.fromkeys(lines))
    if len(different) == 1 and len(lines) > 1:
        return f"{len(lines)} × {different[0]}"
    return "; ".join(lines)


def _outcome(expected: Expected) -> str:
    end: str = "open" if isinstance(expected.state, Unsaid) else expected.state
    if expected.state == "failed" and expected.status != 101:
        end = f"refused {expected.status}" if expected.status else "unanswered"
    elif expected.state == "closed":
        end = "closed " + " / ".join(_code(close) for close in (expected.client_close, expected.server_close))
    return ", ".join([end, *(_violation(fired) for fired in expected.violations)])


def _code(close: Close | Unsaid | None) -> str:
    if isinstance(close, Unsaid):
        return "?"
    if close is None:
        return "–"
    return "empty" if close.code is None else str(close.code)


def _violation(fired: Fired) -> str:
    severity = f" ({fired.severity})" if fired.severity else ""
    return f"`{fired.rule}` by {fired.by}{severity}"
