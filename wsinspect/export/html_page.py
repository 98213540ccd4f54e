"""Connections as one HTML page: nothing is loaded, nothing runs, nothing that was sent is a link or an element."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import BinaryIO, Final

from wsinspect.escape import terminal
from wsinspect.export.facts import Fact, close_story, cut, endpoint, facts, utc, where
from wsinspect.export.selection import Progress, Selection
from wsinspect.report import model
from wsinspect.report.build import summarise

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; }
table { border-collapse: collapse; margin: .4rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .1rem .8rem .1rem 0; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; }
code { unicode-bidi: isolate; overflow-wrap: anywhere; }
details { border-top: 1px solid #8885; padding: .35rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; unicode-bidi: isolate; }
summary b { margin-right: .5rem; }
.error { color: light-dark(#b00020, #ff8a8a); } .warning { color: light-dark(#8a5a00, #f0c060); }
"""
_HEAD: Final = (
    '<!DOCTYPE html>\n<html lang="en" dir="ltr">\n<head>\n<meta charset="utf-8">\n'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">\n'
    f"<title>WebSocket connections</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
)


def write_html(selection: Selection, output: BinaryIO, progress: Progress) -> None:
    """Write the page: what the connections add up to, then each of them, folded."""
    total = 2 * len(selection)

    def reports() -> Iterator[model.Connection]:
        for place in range(len(selection)):
            progress(place, total)
            yield selection.report(place)

    capture = selection.capture()
    output.write(_HEAD.encode())
    output.write("\n".join(_overview(capture, selection.of, summarise(reports()))).encode())
    for place in range(len(selection)):
        progress(len(selection) + place, total)
        output.write(("\n" + "\n".join(_connection(selection.report(place), len(selection) == 1))).encode())
    output.write(b"\n</body>\n</html>\n")


def _overview(capture: model.Capture, of: int, summary: model.Summary) -> Iterator[str]:
    yield f"<h1>{summary.connections:,} of {of:,} WebSocket connections in {_sent(capture.source)}</h1>"
    lines = [Fact("packets of the capture", f"{capture.packets:,}", False)]
    if capture.start is not None and capture.end is not None:
        lines.append(Fact("time", f"{utc(capture.start)} – {utc(capture.end)}", False))
    lines.append(Fact("still open", f"{summary.open:,}", False))
    lines.append(Fact("failed to open", f"{summary.failed_handshakes:,}", False))
    lines += [Fact("problem", problem, True) for problem in capture.problems]
    for close in summary.closes:
        who = f"first Close by the {close.initiator}" if close.initiator else "nobody sent a Close"
        lines.append(Fact(f"{close.code} {close.name or ''}", f"{close.connections:,} ({who})", False))
    for violation in summary.violations:
        told = f"{violation.connections:,} connections, {violation.count:,} times"
        lines.append(Fact(f"{violation.severity} {violation.rule}", told, False))
    yield _table(lines)


def _connection(connection: model.Connection, unfolded: bool) -> Iterator[str]:
    close = connection.close
    letters = "".join(
        f' <span class="{severity}">{count}{severity[0].upper()}</span>'
        for severity in ("error", "warning", "note")
        if (count := sum(violation.severity == severity for violation in connection.violations))
    )
    ends = f"{endpoint(connection.client)} → {endpoint(connection.server)}"
    yield f"<details{' open' if unfolded else ''}><summary><b>#{connection.id}</b>{_text(ends)}{letters}<br>"
    yield f"{_text(cut(close.summary))}</summary>"
    for diagnosis in close.diagnosis:
        yield f"<p>Probable cause ({_text(diagnosis.confidence)}): {_text(cut(diagnosis.text))}</p>"
    yield _table(facts(connection))
    yield _table(close_story(connection))
    if connection.violations:
        yield "<ul>"
        for violation in connection.violations:
            rule = f'<b class="{_text(violation.severity)}">{_text(violation.severity)} {_text(violation.rule)}</b>'
            yield f"<li>{rule} ({_text(where(violation))}): {_text(cut(violation.detail))}</li>"
        yield "</ul>"
    yield "</details>"


def _table(lines: Iterable[Fact]) -> str:
    rows = [
        f"<tr><th>{_text(fact.name)}</th><td>{_sent(fact.value) if fact.sent else _text(fact.value)}</td></tr>"
        for fact in lines
    ]
    return "\n".join(["<table>", *rows, "</table>"])


def _sent(text: str) -> str:
    return f"<code>{_text(cut(text))}</code>"


def _text(text: str) -> str:
    return escape(terminal(text))
