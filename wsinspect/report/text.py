"""The report for people: one block a connection, then what they have in common."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from wsinspect.escape import terminal
from wsinspect.report import model

MAX_SHOWN: Final = 600
"""Characters of a URL, a sentence or a detail; JSON holds them whole."""
_LETTERS = {"error": "E", "warning": "W", "note": "N"}


def text_report(report: model.Report) -> str:
    """The whole report; nothing in it can act upon a terminal."""
    lines = [*_overview_lines(report.summary), *_capture_lines(report), ""]
    for connection in report.connections:
        lines += [*_connection_lines(connection), ""]
    lines += _summary_lines(report.summary)
    return "\n".join(lines) + "\n"


def connection_text(connection: model.Connection) -> str:
    """One connection as it stands in the report."""
    return "\n".join([*_connection_lines(connection), "", ""])


def closing_text(report: model.Report) -> str:
    """What stands around the connections, for who has printed those already."""
    return (
        "\n".join([*_overview_lines(report.summary), *_capture_lines(report), *_summary_lines(report.summary)]) + "\n"
    )


def _overview_lines(summary: model.Summary) -> Iterator[str]:
    """What an incident needs to know first."""
    yield from map(shown, summary.overview)
    if summary.overview:
        yield ""


def _capture_lines(report: model.Report) -> Iterator[str]:
    capture, filter_ = report.capture, report.filter
    length = ""
    if capture.start is not None and capture.end is not None:
        length = f" in {duration(capture.end - capture.start)}"
    dropped = f", {capture.dropped:,} dropped by the capture" if capture.dropped else ""
    yield (
        f"{shown(capture.source)}: {capture.packets:,} packets{length}{dropped}, "
        f"{_count(capture.tcp_streams, 'TCP connection')}, "
        f"{_count(filter_.of if filter_ else report.summary.connections, 'WebSocket')}"
    )
    if filter_ is not None:
        yield f"  {filter_.connections:,} of {_count(filter_.of, 'connection')} match {shown(filter_.text)}"
    begun = local_time(capture.start) if capture.start is not None else None
    if begun is not None:
        yield f"  first packet on {begun:%Y-%m-%d at %H:%M:%S}, all times are local (UTC{begun:%z})"
    if capture.copies:
        copies = _count(capture.copies, "packet")
        yield f"  {copies} captured more than once (by a mirror port, on several interfaces): each counts once"
    for problem in capture.problems:
        yield f"  ! {shown(problem)}"


def _connection_lines(connection: model.Connection) -> Iterator[str]:
    client, server = connection.client, connection.server
    yield (
        f"#{connection.id}  {clock(connection.started)}  {_endpoint(client)} → {_endpoint(server)}  "
        f"{shown(connection.url or '(request not captured)')}"
    )
    agreed = [text for text in (connection.subprotocol, *connection.extensions) if text]
    facts = [connection.state, *_figures(connection), *(shown(text) for text in agreed)]
    yield f"    {' · '.join(facts)}"
    if connection.ping.sent or sides(connection.ping.unsolicited):
        yield f"    {ping_sentence(connection.ping)}"
    yield f"    {shown(connection.close.summary)}"
    for diagnosis in connection.close.diagnosis:
        yield f"    → {diagnosis.id} ({diagnosis.confidence}): {shown(diagnosis.text)}"
    for violation in connection.violations:
        yield f"    {_violation(violation)}"


def _figures(connection: model.Connection) -> Iterator[str]:
    if connection.joined_midstream:
        yield "joined midstream"
    if connection.opened is not None and connection.ended is not None:
        yield f"open for {duration(connection.ended - connection.opened)}"
    if connection.state not in ("connecting", "failed"):
        messages, payload = connection.messages, connection.payload_bytes
        yield f"messages ↑{messages.client:,} ↓{messages.server:,}"
        yield f"payload ↑{size(payload.client)} ↓{size(payload.server)}"
    missing = connection.gaps.client + connection.gaps.server
    if missing:
        yield f"{size(missing)} not captured"


def ping_sentence(ping: model.PingTimes) -> str:
    """`pings: 3 sent, 2 answered, median 31.0 ms (network 30.0 ms, peer 1.0 ms); pings without a pong: client 1`."""
    text = f"pings: {ping.sent:,} sent, {ping.answered:,} answered"
    if ping.rtt_median is not None and ping.rtt_max is not None:
        text += f", median {duration(ping.rtt_median)}"
        if ping.network_median is not None and ping.peer_median is not None:
            text += f" (network {duration(ping.network_median)}, peer {duration(ping.peer_median)})"
        if ping.answered > 1:
            text += f", longest {duration(ping.rtt_max)}"
    for what, counts in (
        ("pings without a pong", ping.missed),
        ("late pongs", ping.late),
        ("pongs nobody asked for", ping.unsolicited),
    ):
        if sides(counts):
            text += f"; {what}: {sides(counts)}"
    return text


def sides(counts: model.BySide) -> str:
    """`client 1, server 2`, without who has none."""
    both = (("client", counts.client), ("server", counts.server))
    return ", ".join(f"{side} {number:,}" for side, number in both if number)


def _violation(violation: model.Violation) -> str:
    who = f" by {violation.by}" if violation.by else ""
    where = f", packet {violation.packet}" if violation.packet is not None else ""
    times = f", {violation.count:,} times" if violation.count > 1 else ""
    letter = _LETTERS[violation.severity]
    return f"{letter} {violation.rule}{who} ({violation.section}{where}{times}): {shown(violation.detail)}"


def _summary_lines(summary: model.Summary) -> Iterator[str]:
    parts = [_count(summary.connections, "WebSocket")]
    if summary.open:
        parts.append(f"{summary.open:,} still open")
    if summary.failed_handshakes:
        parts.append(f"{summary.failed_handshakes:,} refused or broken at the handshake")
    yield ", ".join(parts)
    for close in summary.closes:
        name = f" {close.name}" if close.name else ""
        who = f"first Close by the {close.initiator}" if close.initiator else "nobody sent a Close"
        yield f"  {close.code}{name}: {close.connections:,} ({who})"
    for burst in summary.bursts:
        what = f"most of them {burst.code} {burst.name}".strip() if burst.code is not None else "most of them failed"
        yield (
            f"  ▲ burst at {clock(burst.start)}: {_count(burst.connections, 'end')} in "
            f"{duration(burst.end - burst.start)}, {what}; usual are {burst.usual:.1f}"
        )
    for diagnosis in summary.diagnoses:
        yield f"  → {diagnosis.id}: {_count(diagnosis.connections, 'connection')}"
    for violation in summary.violations:
        yield (
            f"  {_LETTERS[violation.severity]} {violation.rule}: {_count(violation.connections, 'connection')}, "
            f"{_count(violation.count, 'time')}"
        )


def shown(text: str) -> str:
    """Captured text as the report shows it: unable to act upon a terminal, and cut where it is endless."""
    escaped = terminal(text)
    return escaped if len(escaped) <= MAX_SHOWN else f"{escaped[: MAX_SHOWN - 1]}…"


def clock(seconds: float) -> str:
    """The local time of day, to the millisecond; bare seconds where no calendar has them (damage)."""
    moment = local_time(seconds)
    return moment.strftime("%H:%M:%S.%f")[:-3] if moment is not None else f"{seconds:.3f} s"


def local_time(seconds: float) -> datetime | None:
    """A time since the epoch as date and time of this machine's zone; None if it is out of range."""
    try:
        return datetime.fromtimestamp(seconds).astimezone()
    except (OverflowError, ValueError, OSError):
        return None


def duration(seconds: float) -> str:
    """A length of time: `0.8 ms`, `12.4 s`, `4 min 12 s`, `2 h 5 min`."""
    if seconds < 0.99995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """A number of bytes: `512 B`, `4.1 kB`, `80 MB`."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def _endpoint(endpoint: model.Endpoint) -> str:
    address = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
    return f"{address}:{endpoint.port}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
