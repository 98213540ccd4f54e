"""Every field that a filter knows, one line each: name, kind, what it is, how a connection yields it.

A getter yields a value or None; where `many` is set, any number of values. An empty text is no value. The names are
Wireshark's where Wireshark has one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final

from wsinspect.filter import frame_fields as frames
from wsinspect.filter.kinds import Kind
from wsinspect.filter.subject import Subject
from wsinspect.report import model
from wsinspect.report.brief import age, close_name, split_url, told, without_port
from wsinspect.rules.catalogue import BY_ID
from wsinspect.websocket.frames import OPCODE_NAMES


class Needs(IntEnum):
    """What it takes to know a field, cheap first."""

    REPORT = 0
    HEADS = 1
    """The pipeline's connection: header fields, counts by opcode."""
    PACKETS = 2
    """The packets, read again."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Something that a filter can ask for."""

    name: str
    kind: Kind
    about: str
    """One line for people, without a full stop."""
    get: Callable[[Subject], Any]
    many: bool = False
    """Whether a connection can have several values."""
    needs: Needs = Needs.REPORT
    words: tuple[str, ...] = ()
    """All that a field of kind WORD can be, in rising order."""
    names: tuple[tuple[str, int], ...] = ()
    """Words for numbers."""


_SIDES: Final = ("client", "server")
_SEVERITIES: Final = ("note", "warning", "error")
_STATES: Final = ("connecting", "open", "closing", "closed", "failed")
_many = partial(Field, many=True)


def _host(report: model.Connection) -> str:
    return split_url(report.url)[1]


def _path(report: model.Connection) -> str:
    return split_url(report.url)[2]


def _code(report: model.Connection) -> int | None:
    event = told(report)
    return event.code if event else None


def _name(report: model.Connection) -> str | None:
    event = told(report)
    return close_name(event.code, report.close) if event else None


def _reason(report: model.Connection) -> str | None:
    event = told(report)
    return event.reason if event else None


def _clean(report: model.Connection) -> bool | None:
    event = told(report)
    return event.was_clean if event else None


def _told(report: model.Connection, side: str) -> int | None:
    event: model.CloseEvent | None = getattr(report.close.event, side, None)
    return event.code if event else None


def _close_time(report: model.Connection) -> float | None:
    times = [frame.time for frame in frames.sent_closes(report)]
    if report.close.tcp is not None:
        times.append(report.close.tcp.time)
    return min(times, default=None)


def _frame_total(report: model.Connection, side: str) -> int:
    counts: model.FrameCounts = getattr(report.frames, side)
    return sum(getattr(counts, name) for name in counts.__struct_fields__)


def everywhere(subject: Subject) -> str:
    """What a plain word is sought in."""
    report = subject.report
    event = told(report)
    parts = [
        report.client.address, report.server.address, f"{report.client.port}", f"{report.server.port}",
        report.url or "", report.state, report.subprotocol or "", *report.extensions, report.tls or "",
        *(f"{frame.code or ''} {frame.name or ''} {frame.reason}" for frame in frames.sent_closes(report)),
        f"{event.code} {close_name(event.code, report.close)} {event.reason}" if event else "",
        *(f"{one.rule} {one.detail}" for one in report.violations),
        *(one.id for one in report.close.diagnosis),
    ]  # fmt: skip
    return "\n".join(parts)


FIELDS: Final[tuple[Field, ...]] = (
    Field("ws.id", Kind.NUMBER, "number in the list of connections", lambda s: s.report.id),
    Field("ws.state", Kind.WORD, "how far it has come", lambda s: s.report.state, words=_STATES),
    Field("ws.client.addr", Kind.ADDRESS, "address of the client", lambda s: s.report.client.address),
    Field("ws.client.port", Kind.NUMBER, "port of the client", lambda s: s.report.client.port),
    Field("ws.server.addr", Kind.ADDRESS, "address of the server", lambda s: s.report.server.address),
    Field("ws.server.port", Kind.NUMBER, "port of the server", lambda s: s.report.server.port),
    Field("ws.url", Kind.TEXT, "the whole URL, ws:// or wss://", lambda s: s.report.url),
    Field("ws.host", Kind.TEXT, "host of the URL, without the port", lambda s: without_port(_host(s.report))),
    Field("ws.path", Kind.TEXT, "path of the URL, without the query", lambda s: _path(s.report).partition("?")[0]),
    Field("ws.subprotocol", Kind.TEXT, "subprotocol agreed on", lambda s: s.report.subprotocol),
    _many("ws.extensions", Kind.TEXT, "extensions agreed on, with parameters", lambda s: s.report.extensions),
    Field("ws.tls", Kind.TEXT, "version of TLS; absent without TLS", lambda s: s.report.tls),
    Field("ws.joined", Kind.BOOLEAN, "the capture began behind its opening", lambda s: s.report.joined_midstream),
    Field("ws.started", Kind.TIME, "first packet", lambda s: s.report.started),
    Field("ws.ended", Kind.TIME, "last FIN or RST; absent while open", lambda s: s.report.ended),
    Field("ws.duration", Kind.DURATION, "first packet to end, or to the latest packet of the capture while open",
          lambda s: age(s.report, s.now)),
    Field("ws.idle", Kind.DURATION, "time without payload before the end; absent while open",
          lambda s: s.report.close.idle),
    Field("ws.rtt", Kind.DURATION, "median time from Ping to Pong", lambda s: s.report.ping.rtt_median),
    Field("ws.rtt.network", Kind.DURATION, "median time from Ping to its TCP acknowledgement",
          lambda s: s.report.ping.network_median),
    Field("ws.rtt.peer", Kind.DURATION, "median time from that acknowledgement to the Pong",
          lambda s: s.report.ping.peer_median),
    Field("ws.messages", Kind.NUMBER, "messages of both sides",
          lambda s: s.report.messages.client + s.report.messages.server),
    Field("ws.messages.client", Kind.NUMBER, "messages of the client", lambda s: s.report.messages.client),
    Field("ws.messages.server", Kind.NUMBER, "messages of the server", lambda s: s.report.messages.server),
    Field("ws.frames", Kind.NUMBER, "complete frames of both sides",
          lambda s: _frame_total(s.report, "client") + _frame_total(s.report, "server")),
    Field("ws.bytes", Kind.NUMBER, "payload bytes of both sides",
          lambda s: s.report.payload_bytes.client + s.report.payload_bytes.server),
    Field("ws.bytes.client", Kind.NUMBER, "payload bytes of the client", lambda s: s.report.payload_bytes.client),
    Field("ws.bytes.server", Kind.NUMBER, "payload bytes of the server", lambda s: s.report.payload_bytes.server),
    Field("ws.gap", Kind.NUMBER, "bytes that were not captured; absent if none are missing",
          lambda s: s.report.gaps.client + s.report.gaps.server or None),
    Field("ws.close.code", Kind.NUMBER, "code that the client's program was told, or else the server's",
          lambda s: _code(s.report)),
    Field("ws.close.name", Kind.TEXT, "name of that code", lambda s: _name(s.report)),
    Field("ws.close.reason", Kind.TEXT, "reason that came with that code", lambda s: _reason(s.report)),
    Field("ws.close.clean", Kind.BOOLEAN, "the closing handshake was completed", lambda s: _clean(s.report)),
    Field("ws.close.initiator", Kind.WORD, "who sent the first Close", lambda s: s.report.close.initiator,
          words=_SIDES),
    Field("ws.close.tcp.kind", Kind.WORD, "how TCP began to end",
          lambda s: s.report.close.tcp and s.report.close.tcp.kind, words=("fin", "rst")),
    Field("ws.close.tcp.by", Kind.WORD, "who began to end TCP",
          lambda s: s.report.close.tcp and s.report.close.tcp.by, words=_SIDES),
    Field("ws.close.time", Kind.TIME, "first Close, FIN or RST", lambda s: _close_time(s.report)),
    Field("ws.close.client.code", Kind.NUMBER, "code that the client's program was told",
          lambda s: _told(s.report, "client")),
    Field("ws.close.server.code", Kind.NUMBER, "code that the server's program was told",
          lambda s: _told(s.report, "server")),
    Field("ws.close.sent.client.code", Kind.NUMBER, "code on the client's first Close",
          lambda s: s.report.close.client_frame and s.report.close.client_frame.code),
    Field("ws.close.sent.server.code", Kind.NUMBER, "code on the server's first Close",
          lambda s: s.report.close.server_frame and s.report.close.server_frame.code),
    Field("ws.close.sent.client.reason", Kind.TEXT, "reason on the client's first Close",
          lambda s: s.report.close.client_frame and s.report.close.client_frame.reason),
    Field("ws.close.sent.server.reason", Kind.TEXT, "reason on the server's first Close",
          lambda s: s.report.close.server_frame and s.report.close.server_frame.reason),
    Field("ws.close.summary", Kind.TEXT, "the end in one sentence", lambda s: s.report.close.summary),
    _many("ws.rule", Kind.WORD, "rule that was broken", lambda s: [one.rule for one in s.report.violations],
          words=tuple(BY_ID)),
    _many("ws.severity", Kind.WORD, "severity of a broken rule",
          lambda s: [one.severity for one in s.report.violations], words=_SEVERITIES),
    _many("ws.violation.by", Kind.WORD, "who broke a rule",
          lambda s: [one.by for one in s.report.violations if one.by], words=_SIDES),
    _many("ws.violation.detail", Kind.TEXT, "what was seen of a broken rule",
          lambda s: [one.detail for one in s.report.violations]),
    _many("ws.diagnosis", Kind.TEXT, "probable cause of the end, such as idle-timeout",
          lambda s: [one.id for one in s.report.close.diagnosis]),
    Field("tcp.stream", Kind.NUMBER, "number of the TCP connection, as in Wireshark", lambda s: s.report.tcp_stream),
    _many("tcp.port", Kind.NUMBER, "port of either side", lambda s: (s.report.client.port, s.report.server.port)),
    _many("ip.addr", Kind.ADDRESS, "address of either side, IPv4 or IPv6",
          lambda s: (s.report.client.address, s.report.server.address)),
    Field("http.host", Kind.TEXT, "host of the URL, with a port if it has one", lambda s: _host(s.report)),
    Field("http.request.uri", Kind.TEXT, "path and query", lambda s: _path(s.report)),
    Field("http.request.full_uri", Kind.TEXT, "the same as ws.url", lambda s: s.report.url),
    Field("http.request.method", Kind.TEXT, "method of the request", frames.method, needs=Needs.HEADS),
    _many("http.request.line", Kind.TEXT, "any header field of the request, as Name: value", frames.request_lines,
          needs=Needs.HEADS),
    Field("http.response.code", Kind.NUMBER, "status of the response",
          lambda s: s.report.handshake and s.report.handshake.status),
    Field("http.response.phrase", Kind.TEXT, "words behind the status", frames.phrase, needs=Needs.HEADS),
    _many("http.response.line", Kind.TEXT, "any header field of the response, as Name: value", frames.response_lines,
          needs=Needs.HEADS),
    Field("http.user_agent", Kind.TEXT, "User-Agent", frames.request_field("User-Agent"), needs=Needs.HEADS),
    Field("http.origin", Kind.TEXT, "Origin", frames.request_field("Origin"), needs=Needs.HEADS),
    Field("http.cookie", Kind.TEXT, "Cookie", frames.request_field("Cookie"), needs=Needs.HEADS),
    Field("http.x_forwarded_for", Kind.TEXT, "X-Forwarded-For", frames.request_field("X-Forwarded-For"),
          needs=Needs.HEADS),
    Field("http.server", Kind.TEXT, "Server", frames.response_field("Server"), needs=Needs.HEADS),
    Field("http.location", Kind.TEXT, "Location", frames.response_field("Location"), needs=Needs.HEADS),
    _many("websocket.payload.close.status_code", Kind.NUMBER, "code on a Close of either side",
          lambda s: [frame.code for frame in frames.sent_closes(s.report) if frame.code is not None]),
    _many("websocket.payload.close.reason", Kind.TEXT, "reason on a Close of either side",
          lambda s: [frame.reason for frame in frames.sent_closes(s.report)]),
    _many("websocket.opcode", Kind.NUMBER, "opcode of a frame; text, binary, close, ping … are numbers, too",
          frames.opcodes, needs=Needs.HEADS, names=tuple((name, number) for number, name in OPCODE_NAMES.items())),
    _many("websocket.fin", Kind.BOOLEAN, "a frame is the last one of its message",
          frames.each_frame(lambda frame: frame.header.fin), needs=Needs.PACKETS),
    _many("websocket.rsv", Kind.NUMBER, "the reserved bits of a frame: RSV1 is 4, RSV2 2, RSV3 1",
          frames.each_frame(lambda frame: frame.header.rsv), needs=Needs.PACKETS),
    _many("websocket.mask", Kind.BOOLEAN, "a frame is masked",
          frames.each_frame(lambda frame: frame.header.masked), needs=Needs.PACKETS),
    _many("websocket.payload_length", Kind.NUMBER, "payload bytes of a frame as its header declares them",
          frames.each_frame(lambda frame: frame.header.length), needs=Needs.PACKETS),
    _many("websocket.payload.text", Kind.TEXT, "a text message, inflated, its fragments joined", frames.texts,
          needs=Needs.PACKETS),
    _many("frame.number", Kind.NUMBER, "number of a packet of its TCP connection", frames.packet_numbers,
          needs=Needs.PACKETS),
    _many("frame.time", Kind.TIME, "time of a packet that brought something", frames.times, needs=Needs.PACKETS),
)  # fmt: skip

BY_NAME: Final = {field.name: field for field in FIELDS}

INSTEAD: Final = {
    "ip.src": "ws.client.addr or ws.server.addr", "ip.dst": "ws.client.addr or ws.server.addr",
    "ipv6.addr": "ip.addr", "ipv6.src": "ip.addr", "ipv6.dst": "ip.addr",
    "tcp.srcport": "ws.client.port or ws.server.port", "tcp.dstport": "ws.client.port or ws.server.port",
    "websocket.payload": "websocket.payload.text", "websocket.payload.length": "websocket.payload_length",
    "http.referer": "http.request.line", "http.request.uri.path": "ws.path",
    "http.sec_websocket_protocol": "ws.subprotocol", "http.sec_websocket_extensions": "ws.extensions",
}  # fmt: skip
"""Names that people know from Wireshark, and what serves here: packets have directions, connections have sides."""
