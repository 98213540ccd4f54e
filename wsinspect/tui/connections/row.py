"""A line of the connection list: what of a connection is shown and sorted there, small enough to keep for all."""

import sys
from enum import StrEnum
from http import HTTPStatus
from typing import Final, NamedTuple

from wsinspect.report import model
from wsinspect.tui.units import address
from wsinspect.websocket.closecodes import describe

USUAL_CODES: Final = frozenset({1000, 1001, 1005})
"""Close codes that nobody needs to look at."""

_NO_ANSWER: Final = "no answer"


class Outcome(StrEnum):
    """How a connection ended, as far as colours go; each is also the name of an ink."""

    OPEN = "open"
    CLEAN = "clean"
    ABNORMAL = "abnormal"
    FAILED = "failed"

    @property
    def mark(self) -> str:
        """One character that says the same without colour."""
        return {"open": "●", "clean": "✓", "abnormal": "!", "failed": "✗"}[self.value]


class Row(NamedTuple):
    """What the list shows of one connection. Texts are as the network sent them, not yet escaped."""

    id: int
    outcome: Outcome
    started: float
    ended: float | None
    age: float
    """Seconds from its first packet to its end, or, while open, to the latest packet of the capture."""
    client: str
    server: str
    host: str
    path: str
    """The URL without scheme and host."""
    state: str
    sent: int
    """Messages of the client."""
    received: int
    """Messages of the server."""
    rtt: float | None
    """Median time from a ping to its pong, in seconds."""
    code: int | None
    """Close code as the client's program was told it (the server's, where that one is unknown)."""
    close: str
    """The code's name, or what became of the handshake."""
    how: str
    """Who ended it and by what means."""
    errors: int
    warnings: int
    notes: int


def left_out_row(id: int) -> Row:
    """For a connection that has left the list, in the moment until the list knows it."""
    nowhere = "0.0.0.0:0"
    texts = nowhere, nowhere, "", "", "left out"
    return Row(id, Outcome.OPEN, 0.0, None, 0.0, *texts, 0, 0, None, None, "", "", 0, 0, 0)


def make_row(report: model.Connection, now: float | None) -> Row:
    """The row of the connection that `report` is about; `now` is the time of the latest packet."""
    host, path = _split_url(report.url)
    code, close, outcome = _close(report)
    severities = [violation.severity for violation in report.violations]
    return Row(
        id=report.id,
        outcome=outcome,
        started=report.started,
        ended=report.ended,
        age=max(0.0, (report.ended or now or report.started) - report.started),
        client=address(report.client.address, report.client.port),
        server=sys.intern(address(report.server.address, report.server.port)),
        host=sys.intern(host),
        path=sys.intern(path),
        state=sys.intern(report.state),
        sent=report.messages.client,
        received=report.messages.server,
        rtt=report.ping.rtt_median,
        code=code,
        close=sys.intern(close),
        how=_how(report) if code is not None or close == _NO_ANSWER else "",
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        notes=severities.count("note"),
    )


def _split_url(url: str | None) -> tuple[str, str]:
    if url is None:
        return "", ""
    _, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return host, slash + path


def _close(report: model.Connection) -> tuple[int | None, str, Outcome]:
    if report.state == "failed":
        return None, _refusal(report.handshake), Outcome.FAILED
    told = report.close.event and (report.close.event.client or report.close.event.server)
    if not told:
        if report.state in ("open", "closing", "connecting"):
            return None, "" if report.state == "open" else report.state, Outcome.OPEN
        return None, "unknown", Outcome.ABNORMAL
    usual = told.code in USUAL_CODES and told.was_clean
    return told.code, _name(told.code, report.close), Outcome.CLEAN if usual else Outcome.ABNORMAL


def _name(code: int, close: model.Close) -> str:
    for frame in (close.server_frame, close.client_frame):
        if frame is not None and frame.code == code and frame.name:
            return frame.name
    return describe(code).name


def _refusal(handshake: model.Handshake | None) -> str:
    status = handshake.status if handshake else None
    if status is None:
        return _NO_ANSWER
    if status == HTTPStatus.SWITCHING_PROTOCOLS:
        return "101 not accepted"
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _how(report: model.Connection) -> str:
    close = report.close
    if close.initiator is not None:
        return close.initiator
    if close.tcp is not None:
        return sys.intern(f"{close.tcp.kind.upper()} by {close.tcp.by}")
    return ""
