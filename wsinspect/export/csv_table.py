"""The list of connections as CSV, which a spreadsheet can open without calculating what strangers sent."""

import csv
import io
import re
from collections.abc import Callable
from typing import BinaryIO, Final

from wsinspect.escape import terminal
from wsinspect.export.facts import endpoint, utc
from wsinspect.export.selection import Progress, Selection
from wsinspect.report import model

MAX_CELL: Final = 32_000
"""Characters of a cell; a spreadsheet has room for 32,767."""

# A cell that begins so is a formula (OWASP, "CSV Injection"; the wide forms count in Japanese). Where the semicolon is
# what separates cells, one begins behind each of them.
_FORMULA: Final = re.compile(r"(^|;)(?=\s*[=+\-@\t\r＝＋－＠])")

_Value = str | int | float | None
COLUMNS: Final[tuple[tuple[str, Callable[[model.Connection], _Value]], ...]] = (
    ("id", lambda it: it.id),
    ("tcp_stream", lambda it: it.tcp_stream),
    ("started", lambda it: utc(it.started)),
    ("client", lambda it: endpoint(it.client)),
    ("server", lambda it: endpoint(it.server)),
    ("url", lambda it: it.url),
    ("subprotocol", lambda it: it.subprotocol),
    ("extensions", lambda it: ", ".join(it.extensions)),
    ("state", lambda it: it.state),
    ("http_status", lambda it: it.handshake.status if it.handshake else None),
    ("seconds_open", lambda it: _seconds(it.opened, it.ended)),
    ("messages_client", lambda it: it.messages.client),
    ("messages_server", lambda it: it.messages.server),
    ("payload_bytes_client", lambda it: it.payload_bytes.client),
    ("payload_bytes_server", lambda it: it.payload_bytes.server),
    ("rtt_median_ms", lambda it: _milliseconds(it.ping.rtt_median)),
    ("rtt_network_median_ms", lambda it: _milliseconds(it.ping.network_median)),
    ("rtt_peer_median_ms", lambda it: _milliseconds(it.ping.peer_median)),
    ("close_code", lambda it: it.close.event.client.code if it.close.event and it.close.event.client else None),
    ("close_name", lambda it: _told(it, "name")),
    ("close_codebook", lambda it: _told(it, "codebook")),
    ("close_codebook_because", lambda it: _told(it, "because")),
    ("close_initiator", lambda it: it.close.initiator),
    ("close_client", lambda it: _close(it.close.client_frame)),
    ("close_server", lambda it: _close(it.close.server_frame)),
    ("tcp_end", lambda it: f"{it.close.tcp.kind} by {it.close.tcp.by}" if it.close.tcp else None),
    ("summary", lambda it: it.close.summary),
    ("diagnosis", lambda it: ", ".join(diagnosis.id for diagnosis in it.close.diagnosis)),
    ("errors", lambda it: _count(it, "error")),
    ("warnings", lambda it: _count(it, "warning")),
    ("notes", lambda it: _count(it, "note")),
    ("rules", lambda it: ", ".join(dict.fromkeys(violation.rule for violation in it.violations))),
)
"""Titles and what stands below them."""


def write_csv(selection: Selection, output: BinaryIO, progress: Progress) -> None:
    """Write a line for each connection, in UTF-8."""
    text = io.TextIOWrapper(output, "utf-8", "backslashreplace", newline="", write_through=True)
    try:
        writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        writer.writerow([title for title, _ in COLUMNS])
        for place in range(len(selection)):
            progress(place, len(selection))
            report = selection.report(place)
            writer.writerow([cell(value(report)) for _, value in COLUMNS])
    finally:
        text.detach()  # the file stays open for its owner


def cell(value: _Value) -> str | int | float:
    """A value as it stands in the file: escaped, never a formula, never longer than a spreadsheet takes."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    shown = terminal(value)
    if len(shown) > MAX_CELL:
        shown = f"{shown[:MAX_CELL]}… ({len(shown):,} characters)"
    return _FORMULA.sub(r"\1'", shown)


def _seconds(opened: float | None, ended: float | None) -> float | None:
    return round(ended - opened, 6) if opened is not None and ended is not None else None


def _milliseconds(seconds: float | None) -> float | None:
    return round(seconds * 1000, 3) if seconds is not None else None


def _told(connection: model.Connection, field: str) -> str | None:
    """What is known of the code that the client's program was told."""
    event = connection.close.event.client if connection.close.event else None
    return getattr(event, field) if event else None


def _close(frame: model.CloseFrame | None) -> str | None:
    if frame is None:
        return None
    return " ".join(str(part) for part in (frame.code, frame.name, frame.reason) if part) or "without a code"


def _count(connection: model.Connection, severity: str) -> int:
    return sum(violation.count for violation in connection.violations if violation.severity == severity)
