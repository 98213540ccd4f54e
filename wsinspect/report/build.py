"""Facts become the report: the only place that knows both the pipeline's objects and the report's types."""

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.codebooks.recognise import NO_BOOKS, Library
from wsinspect.connection import Connection
from wsinspect.diagnosis.cause import Diagnosis
from wsinspect.diagnosis.diagnose import diagnose_all, diagnose_one
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.gather import gather
from wsinspect.diagnosis.timers import Timers, known_timers
from wsinspect.inspector import Inspector
from wsinspect.keys import NO_OPTIONS, KeySource
from wsinspect.report import model
from wsinspect.report.brief import close_name
from wsinspect.report.close import close_report
from wsinspect.report.overview import add_overview
from wsinspect.report.ping import ping_report
from wsinspect.rules.diagnosed import DIAGNOSED
from wsinspect.rules.rule import By, Severity
from wsinspect.rules.violation import Violation
from wsinspect.tls.facts import TlsFacts
from wsinspect.websocket.closecodes import describe
from wsinspect.websocket.closing import Ending, TcpEndKind
from wsinspect.websocket.extensions import DEFLATE
from wsinspect.websocket.frames import OPCODE_NAMES
from wsinspect.websocket.half import Half
from wsinspect.websocket.side import Side


def report_file(path: str) -> model.Report:
    """The whole report on the capture at `path` (`-`: standard input). Raises `WsinspectError` if it cannot be read."""
    with open_capture(path) as reader:
        keys = KeySource(NO_OPTIONS, lambda: reader.secrets)
        inspector = Inspector(keys=keys.log)
        inspect_all(reader, inspector, keys=keys)
        connections = connection_reports(inspector.connections)
        return whole_report(capture_report(path, reader, inspector), connections)


def inspect_all(
    reader: CaptureReader, inspector: Inspector, on_ended: Callable[[Connection], None] | None = None,
    keys: KeySource | None = None,
) -> None:  # fmt: skip
    """Feed every packet of `reader`; `on_ended` hears of each connection as soon as it is over."""
    for batch in reader.batches():
        if keys is not None:
            keys.refresh()
        for connection in inspector.feed_batch(batch):
            if on_ended is not None:
                on_ended(connection)
    for connection in inspector.finish(reader.end_ns):
        if on_ended is not None:
            on_ended(connection)


def capture_report(source: str, reader: CaptureReader, inspector: Inspector) -> model.Capture:
    """The report's `capture`."""
    first = inspector.first_ns
    return model.Capture(
        source=source,
        format=reader.format,
        packets=inspector.packets,
        bytes=inspector.bytes,
        start=_seconds(first) if first is not None else None,
        end=_seconds(inspector.last_ns) if first is not None else None,
        tcp_streams=inspector.tcp_streams,
        dropped=reader.dropped,
        problems=[*reader.problems, *inspector.problems],
        received=reader.received,
        behind=reader.behind,
        copies=inspector.copies,
    )


def connection_reports(
    connections: Sequence[Connection], timers: Timers | None = None, codebooks: Library = NO_BOOKS
) -> list[model.Connection]:
    """The reports on all connections, with what they show about each other. Call it when all of them are over."""
    facts = [gather(connection) for connection in connections]
    found = diagnose_all(facts, timers or known_timers())
    return [
        connection_report(one, found[one.id], facts=its, codebooks=codebooks)
        for one, its in zip(connections, facts, strict=True)
    ]


def add_diagnoses(reports: Iterable[model.Connection], facts: Sequence[Facts], timers: Timers | None = None) -> None:
    """Bring reports that were made one by one to what is known now that the facts of all connections are."""
    found = diagnose_all(facts, timers or known_timers())
    for report in reports:
        if report.id in found:
            report.close.diagnosis = _diagnosis_report(found[report.id])
            kept = [violation for violation in report.violations if violation.rule not in DIAGNOSED]
            report.violations = [*kept, *_diagnosed_violations(found[report.id])]


def diagnosis_reports(facts: Sequence[Facts], timers: Timers | None = None) -> dict[int, list[model.Diagnosis]]:
    """The causes that connections show together, by their ids."""
    found = diagnose_all(facts, timers or known_timers())
    return {id: _diagnosis_report(diagnosis) for id, diagnosis in found.items()}


def connection_report(
    connection: Connection,
    diagnosis: Sequence[Diagnosis] | None = None,
    timers: Timers | None = None,
    facts: Facts | None = None,
    codebooks: Library = NO_BOOKS,
) -> model.Connection:
    """The report on one connection as far as it has come; without `diagnosis`, what it shows by itself is diagnosed."""
    facts = facts or gather(connection)
    if diagnosis is None:
        diagnosis = diagnose_one(facts, timers or known_timers())
    handshake = connection.handshake
    ending = connection.ending(connection.last_ns)
    client, server = endpoints(connection)
    url = _url(connection, server)
    dialogue = connection.dialogue
    halves = (dialogue.client, dialogue.server) if dialogue else (None, None)
    return model.Connection(
        id=connection.id,
        tcp_stream=connection.stream.number,
        http2_stream=connection.http2.id if connection.http2 is not None else None,
        http_version=_http_version(connection),
        tls=_tls(connection),
        client=client,
        server=server,
        url=url,
        subprotocol=handshake.subprotocol,
        extensions=list(handshake.extensions),
        extensions_inferred=[DEFLATE] if any(half and half.messages.deflate_inferred for half in halves) else [],
        handshake=_handshake_report(connection),
        joined_midstream=connection.joined_midstream,
        state=state(ending),
        started=_seconds(connection.started_ns),
        opened=_seconds(connection.opened_ns) if connection.opened_ns is not None and not ending.failed else None,
        ended=_seconds(ending.tcp[-1].time_ns) if ending.tcp else None,
        gaps=model.BySide(connection.gap_bytes(Side.CLIENT), connection.gap_bytes(Side.SERVER)),
        frames=model.Frames(_frame_counts(halves[0]), _frame_counts(halves[1])),
        messages=model.BySide(*(half.messages.count if half else 0 for half in halves)),
        payload_bytes=model.BySide(*(half.messages.payload_bytes if half else 0 for half in halves)),
        ping=ping_report(connection, ending),
        close=close_report(
            connection,
            ending,
            url,
            _diagnosis_report(diagnosis),
            facts.idle if facts.end is not None else None,
            codebooks,
        ),
        violations=[
            *(_violation_report(violation) for violation in connection.violations),
            *_diagnosed_violations(diagnosis),
        ],
    )


def state(ending: Ending) -> str:
    """`connecting`, `open`, `closing`, `closed` or `failed`."""
    if ending.tls is not None:
        return _sealed_state(ending, ending.tls)
    if ending.failed:
        return "failed" if ending.handshake.response is not None or ending.tcp else "connecting"
    if ending.answer_missed and not ending.tcp:
        return "connecting"
    sides = {end.by for end in ending.tcp}
    reset = any(end.kind is TcpEndKind.RST for end in ending.tcp)
    closes = [side.close for side in (ending.client, ending.server) if side.close is not None]
    if reset or len(sides) == 2 or (sides and len(closes) == 2):
        return "closed"
    return "closing" if closes or sides else "open"


def _sealed_state(ending: Ending, tls: TlsFacts) -> str:
    if ending.failed:
        return "failed"
    if not tls.established:
        return "connecting"
    reset = any(end.kind is TcpEndKind.RST for end in ending.tcp)
    if reset or len({end.by for end in ending.tcp}) == 2:
        return "closed"
    return "closing" if ending.tcp else "open"


def endpoints(connection: Connection) -> tuple[model.Endpoint, model.Endpoint]:
    """Client and server."""
    flow = connection.stream.flow
    size = (len(flow) - 4) // 2
    first = model.Endpoint(_address(flow[:size]), int.from_bytes(flow[-4:-2], "big"))
    second = model.Endpoint(_address(flow[size : 2 * size]), int.from_bytes(flow[-2:], "big"))
    return (first, second) if connection.client_direction == 0 else (second, first)


def whole_report(
    capture: model.Capture, connections: list[model.Connection], filter_: model.DisplayFilter | None = None
) -> model.Report:
    """The report on these connections, which `filter_` has chosen, with what they show together."""
    summary = summarise(connections)
    add_overview(summary, connections, capture)
    return model.Report(capture=capture, connections=connections, summary=summary, filter=filter_)


def summarise(connections: Iterable[model.Connection]) -> model.Summary:
    """The sums over all connections."""
    total = still_open = failed = 0
    closes: Counter[tuple[int, str | None]] = Counter()
    violations: Counter[tuple[str, str]] = Counter()
    hit: Counter[tuple[str, str]] = Counter()
    causes: Counter[str] = Counter()
    titles: dict[int, set[str]] = {}
    for connection in connections:
        total += 1
        still_open += connection.state in ("connecting", "open", "closing")
        failed += connection.state == "failed"
        event = connection.close.event
        if event is not None and event.client is not None:
            code = event.client.code
            closes[code, connection.close.initiator] += 1
            titles.setdefault(code, set()).add(close_name(code, connection.close))
        causes.update({diagnosis.id for diagnosis in connection.close.diagnosis})
        for violation in connection.violations:
            violations[violation.rule, violation.severity] += violation.count
        hit.update({(violation.rule, violation.severity) for violation in connection.violations})
    return model.Summary(
        connections=total,
        open=still_open,
        failed_handshakes=failed,
        closes=[
            model.CloseCount(code, _title(code, titles[code]), initiator, count)
            for (code, initiator), count in closes.most_common()
        ],
        violations=[
            model.ViolationCount(rule, severity, hit[rule, severity], count)
            for (rule, severity), count in sorted(
                violations.items(), key=lambda item: (-Severity(item[0][1]).rank, -item[1], item[0][0])
            )
        ],
        diagnoses=[model.DiagnosisCount(id, count) for id, count in causes.most_common()],
    )


def _title(code: int, titles: set[str]) -> str:
    """What a code is called if all connections agree on that."""
    return next(iter(titles)) if len(titles) == 1 else describe(code).name


def _diagnosis_report(diagnosis: Sequence[Diagnosis]) -> list[model.Diagnosis]:
    return [model.Diagnosis(one.id, one.confidence, one.text, one.brief) for one in diagnosis]


def _diagnosed_violations(diagnosis: Sequence[Diagnosis]) -> list[model.Violation]:
    """The diagnoses that count as violations too."""
    found = []
    for one in diagnosis:
        rule = DIAGNOSED.get(one.id)
        if rule is not None and rule.severity is not Severity.NOTE:
            by = Side.CLIENT if rule.by is By.CLIENT else None
            place = (None, one.packet, one.time_ns)
            found.append(_violation_report(Violation(rule.id, rule.severity, by, rule.section, *place, one.text)))
    return found


def _seconds(time_ns: int) -> float:
    return time_ns / 1_000_000_000


def _address(packed: bytes) -> str:
    return str(ipaddress.ip_address(packed))


def _url(connection: Connection, server: model.Endpoint) -> str | None:
    """Its address; of an encrypted connection what the ClientHello tells: the server's name, no path."""
    address, tls = f"{_bracketed(server.address)}:{server.port}", connection.tls
    if connection.sealed and tls is not None:
        port = "" if server.port == 443 else f":{server.port}"
        return f"wss://{tls.server_name}{port}" if tls.server_name else f"wss://{address}"
    return connection.handshake.url(address, secure=tls is not None)


def _tls(connection: Connection) -> str | None:
    if connection.tls is None:
        return None
    return "decrypted" if connection.tls.decrypted else "encrypted"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _http_version(connection: Connection) -> str | None:
    head = connection.handshake.request or connection.handshake.response
    return head.version.partition("/")[2] or None if head else None


def _handshake_report(connection: Connection) -> model.Handshake | None:
    request, response = connection.handshake.request, connection.handshake.response
    if request is None and response is None:
        return None
    took = _seconds(response.time_ns - request.end_time_ns) if request and response else None
    return model.Handshake(
        status=response.status if response else None,
        request_packet=request.packet if request else None,
        response_packet=response.packet if response else None,
        seconds=took,
    )


def _frame_counts(half: Half | None) -> model.FrameCounts:
    counts = half.counts if half else [0] * 16
    named = {name: counts[opcode] for opcode, name in OPCODE_NAMES.items()}
    return model.FrameCounts(**named, reserved=sum(counts) - sum(named.values()))


def _violation_report(violation: Violation) -> model.Violation:
    return model.Violation(
        rule=violation.rule,
        severity=violation.severity,
        by=violation.by,
        section=violation.section,
        frame=violation.frame,
        packet=violation.packet,
        time=_seconds(violation.time_ns) if violation.time_ns is not None else None,
        count=violation.count,
        detail=violation.detail,
    )
