"""Between the report's types and the overview: a connection becomes a record, the overview a part of the summary."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from sys import intern

from wsinspect.overview.groups import CloseGroup
from wsinspect.overview.overview import overview
from wsinspect.overview.records import USUAL_CODES, Breach, Cause, Ending, Record, Records
from wsinspect.report import model
from wsinspect.report.brief import name_and_registry

NO_ANSWER = "no answer"
_PRESENT = ("open", "closing", "connecting")
_AHEAD = "keepalive-race"
"""A diagnosis that does not mean that a connection has ended."""


def add_overview(summary: model.Summary, connections: Iterable[model.Connection], capture: model.Capture) -> None:
    """Put into `summary` what `connections` show together."""
    found = overview(Records(map(record_of, connections)), capture.start, capture.end)
    summary.overview = found.sentences
    summary.close_groups = [_group_report(group) for group in found.groups]
    times = found.over_time
    if times.counts:
        series = [model.CloseSeries(code, name, counts) for (code, name), counts in times.counts.items()]
        summary.closes_over_time = model.ClosesOverTime(times.start, times.width, series)
    summary.bursts = [
        model.Burst(one.start, one.end, one.connections, one.usual, one.code, one.name) for one in found.bursts
    ]
    summary.violation_groups = [
        model.ViolationGroup(one.rule, one.severity, one.by, one.connections, one.count, one.first, one.last)
        for one in found.breaches
    ]


def record_of(connection: model.Connection) -> Record:
    """What the overview keeps of a connection."""
    causes = causes_of(connection.close.diagnosis)
    breaches = tuple(Breach(one.rule, one.severity, one.by, one.count, one.time) for one in connection.violations)
    ending = ending_of(connection)
    if ending is None:
        return Record(causes=causes, breaches=breaches)
    ended = _ended(connection)
    since = connection.opened if connection.opened is not None else connection.started
    age = max(0.0, ended - since) if ended is not None and not ending.failed else None
    return Record(ending, ended, age, connection.close.idle, causes, breaches)


def causes_of(diagnosis: Sequence[model.Diagnosis]) -> tuple[Cause, ...]:
    """The diagnoses of a connection without what belongs to it alone."""
    return tuple(Cause(one.id, one.confidence, intern(one.brief)) for one in diagnosis)


def ending_of(connection: model.Connection) -> Ending | None:
    """How a connection ended; None while it is open."""
    close = connection.close
    server = (intern(connection.server.address), connection.server.port)
    told = _told(close)
    if connection.state == "failed":
        status = connection.handshake.status if connection.handshake else None
        code = told.code if told else None
        means, by = ("", "") if status is not None else _who(close)
        return Ending(code, refusal(status), "HTTP" if status else "", means, by, server, False, True, status)
    if told is None and connection.state in _PRESENT and all(one.id == _AHEAD for one in close.diagnosis):
        return None
    means, by = _who(close)
    if told is None:
        return Ending(None, "not captured" if means else "nobody closed", "", means, by, server, False)
    name, source = map(intern, name_and_registry(told.code, close))
    return Ending(told.code, name, source, means, by, server, told.code in USUAL_CODES and told.was_clean)


def refusal(status: int | None) -> str:
    """What became of a handshake that failed."""
    if status is None:
        return NO_ANSWER
    if status == HTTPStatus.SWITCHING_PROTOCOLS:
        return "101 not accepted"
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _told(close: model.Close) -> model.CloseEvent | None:
    return (close.event.client or close.event.server) if close.event is not None else None


def _who(close: model.Close) -> tuple[str, str]:
    """What ended the connection first, and whose it was."""
    if close.initiator is not None:
        return "Close", close.initiator
    return (close.tcp.kind.upper(), close.tcp.by) if close.tcp is not None else ("", "")


def _ended(connection: model.Connection) -> float | None:
    """The first Close, FIN or RST; of a handshake the refusal."""
    close, handshake = connection.close, connection.handshake
    times = [one.time for one in (close.client_frame, close.server_frame, close.tcp) if one is not None]
    if times:
        return min(times)
    if connection.state == "failed" and handshake is not None and handshake.seconds is not None:
        return connection.started + handshake.seconds
    return connection.ended


def _group_report(group: CloseGroup) -> model.CloseGroup:
    ending = group.ending
    return model.CloseGroup(
        code=ending.code,
        name=ending.name,
        source=ending.source,
        means=ending.means.lower() or None,
        by=ending.by or None,
        status=ending.status,
        connections=group.connections,
        median_age=group.median_age,
        median_idle=group.median_idle,
        first=group.first,
        last=group.last,
        servers=[model.ServerCount(address, port, number) for (address, port), number in group.servers],
    )
