"""A line of the connection list: what of a connection is shown and sorted there, small enough to keep for all."""

import sys
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from wsinspect.overview.records import USUAL_CODES
from wsinspect.report import model
from wsinspect.report.brief import age, close_name, split_url, told
from wsinspect.report.overview import NO_ANSWER, refusal
from wsinspect.tui.units import address


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


class BrokenRule(NamedTuple):
    """A rule, how bad it is to break it, and who did."""

    rule: str
    severity: str
    by: str | None


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
    # What no column shows, but a filter can ask for without the whole report
    tcp_stream: int = -1
    scheme: str = ""
    status: int | None = None
    """Of the response to the handshake."""
    subprotocol: str | None = None
    extensions: tuple[str, ...] = ()
    tls: str | None = None
    joined: bool = False
    bytes: int = 0
    """Payload of both sides."""
    idle: float | None = None
    """Seconds without payload before the end."""
    initiator: str | None = None
    """Who sent the first Close."""
    tcp_kind: str | None = None
    """`fin` or `rst`."""
    tcp_by: str | None = None
    clean: bool | None = None
    reason: str = ""
    """The reason that came with `code`."""
    violations: tuple[BrokenRule, ...] = ()
    diagnoses: tuple[str, ...] = ()
    remarks: str = ""
    """Other text that a search looks into."""


def left_out_row(id: int) -> Row:
    """For a connection that has left the list, in the moment until the list knows it."""
    nowhere = "0.0.0.0:0"
    texts = nowhere, nowhere, "", "", "left out"
    return Row(id, Outcome.OPEN, 0.0, None, 0.0, *texts, 0, 0, None, None, "", "", 0, 0, 0)


def make_row(report: model.Connection, now: float | None) -> Row:
    """The row of the connection that `report` is about; `now` is the time of the latest packet."""
    scheme, host, path = split_url(report.url)
    event = told(report)
    tcp = report.close.tcp
    code, close, outcome = _close(report)
    severities = [violation.severity for violation in report.violations]
    return Row(
        id=report.id,
        outcome=outcome,
        started=report.started,
        ended=report.ended,
        age=age(report, now),
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
        how=_how(report) if code is not None or close == NO_ANSWER else "",
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        notes=severities.count("note"),
        tcp_stream=report.tcp_stream,
        scheme=sys.intern(scheme),
        status=report.handshake.status if report.handshake else None,
        subprotocol=report.subprotocol and sys.intern(report.subprotocol),
        extensions=_shared(tuple(report.extensions)),
        tls=report.tls and sys.intern(report.tls),
        joined=report.joined_midstream,
        bytes=report.payload_bytes.client + report.payload_bytes.server,
        idle=report.close.idle,
        initiator=report.close.initiator,
        tcp_kind=tcp.kind if tcp else None,
        tcp_by=tcp.by if tcp else None,
        clean=event.was_clean if event else None,
        reason=event.reason if event else "",
        violations=_shared(tuple(BrokenRule(one.rule, one.severity, one.by) for one in report.violations)),
        diagnoses=_shared(tuple(one.id for one in report.close.diagnosis)),
        remarks=_remarks(report),
    )


@lru_cache(4096)
def _shared(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """An equal object for rows that say the same: there are 100,000 rows, and a few things that they say."""
    return value


def _remarks(report: model.Connection) -> str:
    """What else a search looks into: reasons, and what was seen of broken rules."""
    closes = (report.close.client_frame, report.close.server_frame)
    parts = [f"{frame.code or ''} {frame.name or ''} {frame.reason}" for frame in closes if frame is not None]
    parts += [one.detail for one in report.violations]
    return sys.intern("\n".join(parts))


def _close(report: model.Connection) -> tuple[int | None, str, Outcome]:
    if report.state == "failed":
        tls_failed = report.tls is not None and report.handshake is None
        return None, "TLS failed" if tls_failed else _refusal(report.handshake), Outcome.FAILED
    event = told(report)
    if event is None:
        if report.state in ("open", "closing", "connecting"):
            state = "" if report.state == "open" else report.state
            return None, "encrypted" if report.tls == "encrypted" else state, Outcome.OPEN
        return None, "encrypted" if report.tls == "encrypted" else "unknown", Outcome.ABNORMAL
    usual = event.code in USUAL_CODES and event.was_clean
    return event.code, close_name(event.code, report.close), Outcome.CLEAN if usual else Outcome.ABNORMAL


def _refusal(handshake: model.Handshake | None) -> str:
    return refusal(handshake.status if handshake else None)


def _how(report: model.Connection) -> str:
    close = report.close
    if close.initiator is not None:
        return close.initiator
    if close.tcp is not None:
        return sys.intern(f"{close.tcp.kind.upper()} by {close.tcp.by}")
    return ""
