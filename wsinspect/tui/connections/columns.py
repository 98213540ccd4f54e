"""The columns of the connection list."""

import re
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

from wsinspect.tui.columns import Column
from wsinspect.tui.connections.row import Outcome, Row
from wsinspect.tui.ink import Line, shown_width, squeeze
from wsinspect.tui.units import short_count, span, time_of_day

_BOOK: Final = re.compile(r" \([^()]*\)$")
"""The codebook behind a name; where there is no room for both, the name is worth more."""


def _address_key(text: str) -> bytes:
    """10.0.0.9 comes before 10.0.0.10, and IPv4 before IPv6."""
    host, _, port = text.rpartition(":")
    family, host = (AF_INET6, host[1:-1]) if host[:1] == "[" else (AF_INET, host)
    return b"%c%s%s" % (family is AF_INET6, inet_pton(family, host), int(port).to_bytes(2, "big"))


def _state(row: Row, width: int) -> Line:
    # How a closed connection fared, the close column says in colour; twice would be noise.
    return [(row.state, row.outcome.value if row.state in ("open", "failed") else "muted")]


def _messages(row: Row, width: int) -> Line:
    if row.outcome is Outcome.FAILED:
        return [("–", "muted")]
    return [(f"{short_count(row.sent)}/{short_count(row.received)}", "")]


def _rtt(row: Row, width: int) -> Line:
    return [(span(row.rtt), "")] if row.rtt is not None else []


def _close(row: Row, width: int) -> Line:
    ink = row.outcome.value
    if row.outcome is Outcome.OPEN and not row.close:
        return [("open", ink)]
    code = f"{row.code} " if row.code is not None else ""
    # Half a word about who ended it helps nobody; the name of the code is worth more. That of 1006 says nothing.
    name, used = row.close, len(code) + shown_width(row.close)
    if row.code == 1006 and row.how and used > width - len(row.how) - 3:
        return [(code, ink), (f"· {row.how}", "muted")]
    line: Line = [(code, ink), (name if used <= width else _BOOK.sub("", name), ink)]
    if row.how and used + len(row.how) + 3 <= width:
        line.append((f" · {row.how}", "muted"))
    return line


def _host(row: Row, width: int) -> Line:
    return [("wss://", "muted"), (row.host, "")] if row.tls is not None else [(row.host, "")]


def _flags(row: Row, width: int) -> Line:
    parts = ((row.errors, "E", "error"), (row.warnings, "W", "warning"), (row.notes, "N", "note"))
    spans: Line = []
    for number, letter, ink in parts:
        if number:
            spans += [(" ", ""), (f"{number}{letter}", ink)]
    return spans[1:]


COLUMNS: Final[tuple[Column[Row], ...]] = (
    Column("mark", " ", 1, 1, 0, lambda row, width: [(row.outcome.mark, row.outcome.value)],
           about="how it ended: ● open, ✓ clean, ! abnormal, ✗ failed to open"),
    Column("id", "#", 4, 6, 1, lambda row, width: [(str(row.id), "muted")], lambda row: row.id, right=True,
           about="number in the order of appearance"),
    Column("time", "time", 8, 12, 3, lambda row, width: [(time_of_day(row.started, width), "")],
           lambda row: row.started, about="when TCP was opened, local time"),
    Column("client", "client", 16, 21, 6, lambda row, width: [(squeeze(row.client, width), "")],
           lambda row: _address_key(row.client), about="who asked for the connection"),
    Column("server", "server", 16, 21, 10, lambda row, width: [(squeeze(row.server, width), "")],
           lambda row: _address_key(row.server), about="who was asked"),
    Column("host", "host", 12, 18, 12, _host, lambda row: row.host, grow=1,
           about="the host in the URL; wss:// before it: over TLS"),
    Column("url", "URL", 11, 28, 4, lambda row, width: [(squeeze(row.path, width, 0.6), "")],
           lambda row: row.path, grow=2, about="path and query"),
    Column("state", "state", 6, 8, 11, _state, lambda row: row.state,
           about="connecting, open, closing, closed or failed"),
    Column("age", "age", 6, 6, 7, lambda row, width: [(span(row.age), "")], lambda row: row.age,
           falling=True, right=True, about="from the first packet to the last"),
    Column("messages", "msgs ↑/↓", 8, 9, 9, _messages, lambda row: row.sent + row.received,
           falling=True, right=True,
           about="messages sent by the client / by the server"),
    Column("rtt", "rtt", 6, 6, 8, _rtt, lambda row: -1.0 if row.rtt is None else row.rtt,
           falling=True, right=True,
           about="median time from ping to pong"),
    Column("close", "close", 21, 40, 2, _close,
           lambda row: (row.outcome.value, row.code or 0, row.close, row.how), grow=2,
           about="close code as the client's program was told it · who ended it"),
    Column("flags", "flags", 5, 9, 5, _flags, lambda row: (row.errors, row.warnings, row.notes),
           falling=True,
           about="broken rules: E errors, W warnings, N notes"),
)  # fmt: skip
