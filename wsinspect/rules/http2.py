"""Rules of WebSockets over HTTP/2 (RFC 8441): how they are opened, and how their streams end.

The rules about frames hold inside a stream as they do on TCP; those about an HTTP/1.1 handshake do not.
"""

from typing import Final

from wsinspect.http2.codes import CANCEL, error_name
from wsinspect.http2.facts import Setting
from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import quoted
from wsinspect.websocket.closing import Ending, TcpEnd
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.http2_handshake import Http2Handshake
from wsinspect.websocket.side import Side

_PSEUDO_FIELDS: Final = (":scheme", ":path", ":authority")
_CONNECTION_FIELDS: Final = ("connection", "upgrade", "keep-alive", "proxy-connection", "transfer-encoding")
_KEY_FIELDS: Final = {Side.CLIENT: "sec-websocket-key", Side.SERVER: "sec-websocket-accept"}


@rule(
    "h2-invalid-connect-setting",
    Severity.ERROR,
    "RFC 8441 §3",
    tier=3,
    needs={Need.HTTP2},
    means="SETTINGS_ENABLE_CONNECT_PROTOCOL (0x8) is 0 or 1. Any other value is a connection error of type "
    "PROTOCOL_ERROR, which ends every stream of the connection.",
    look_at="The HTTP/2 library of the side that sends it, and how it is configured.",
    aka=("PROTOCOL_ERROR",),
)
def h2_invalid_connect_setting(ending: Ending, side: Side) -> Finding | None:
    for setting in _settings(ending, side):
        if setting.value not in (0, 1):
            return _at_setting(setting, f"SETTINGS_ENABLE_CONNECT_PROTOCOL is {setting.value}; 0 and 1 are allowed")
    return None


@rule(
    "h2-connect-setting-revoked",
    Severity.ERROR,
    "RFC 8441 §3",
    by=By.SERVER,
    tier=3,
    needs={Need.HTTP2},
    means="Once a server has said that it takes extended CONNECT it must not take that back on the same connection. "
    "Clients that open the next WebSocket are refused, or fail the whole connection.",
    look_at="A server or proxy that sends its settings anew, as some do when their configuration is reloaded.",
)
def h2_connect_setting_revoked(ending: Ending, side: Side) -> Finding | None:
    allowed: Setting | None = None
    for setting in _settings(ending, side):
        if allowed is not None and setting.value == 0:
            return _at_setting(
                setting, f"SETTINGS_ENABLE_CONNECT_PROTOCOL is 0 after it was 1 (packet {allowed.packet})"
            )
        if setting.value == 1:
            allowed = setting
    return None


def _settings(ending: Ending, side: Side) -> list[Setting]:
    if ending.http2 is None:
        return []
    session = ending.http2.session
    direction = session.client_direction if side is Side.CLIENT else 1 - session.client_direction
    return [one for one in session.connect_settings if one.direction == direction]


def _at_setting(setting: Setting, detail: str) -> Finding:
    return Finding(detail, place=(None, setting.packet, setting.time_ns))


@rule(
    "h2-connect-before-setting",
    Severity.ERROR,
    "RFC 8441 §3; RFC 9113 §8.3",
    by=By.CLIENT,
    tier=3,
    needs={Need.HTTP2, Need.REQUEST, Need.TIMING},
    means="A client has to wait for the server's SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 before it uses `:protocol`. A "
    "server that does not know it treats the request as malformed and resets the stream (PROTOCOL_ERROR).",
    look_at="Whether the server supports WebSocket over HTTP/2 at all, and a client that does not wait for its "
    "SETTINGS. Captured near the server, the two may have crossed on the way.",
    aka=("PROTOCOL_ERROR", "RST_STREAM"),
)
def h2_connect_before_setting(handshake: Handshake, side: Side) -> Finding | None:
    if not isinstance(handshake, Http2Handshake) or handshake.request is None or handshake.allowed is not False:
        return None
    return Finding("extended CONNECT, and no SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 of the server before it")


@rule(
    "h2-missing-pseudo-header",
    Severity.ERROR,
    "RFC 8441 §4, §5",
    by=By.CLIENT,
    tier=3,
    needs={Need.HTTP2, Need.REQUEST},
    means="An extended CONNECT has `:scheme`, `:path` and `:authority`; an ordinary CONNECT has only the last. Without "
    "them the request is malformed: the server answers 400 or resets the stream.",
    look_at="A client or proxy that builds the request from an ordinary CONNECT, or from HTTP/1.1, where Host stands "
    "for `:authority`.",
    aka=("PROTOCOL_ERROR", "400"),
)
def h2_missing_pseudo_header(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.request
    missing = [name for name in _PSEUDO_FIELDS if not request.values(name)] if request is not None else []
    return Finding(f":protocol without {' and '.join(missing)}") if missing else None


@rule(
    "h2-wrong-protocol",
    Severity.ERROR,
    "RFC 8441 §5",
    by=By.CLIENT,
    tier=3,
    needs={Need.HTTP2, Need.REQUEST},
    means="`:protocol` names what the stream is to carry, and for a WebSocket that is `websocket`. With another value "
    "the Sec-WebSocket fields mean nothing; servers answer 400, 404 or 501.",
    look_at="The client that sends it; a proxy that copies the Upgrade field of HTTP/1.1 into `:protocol`.",
)
def h2_wrong_protocol(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.request
    protocol = request.value(":protocol") if request is not None else None
    if request is None or protocol is None or protocol.lower() == "websocket":
        return None
    fields = [name for name, _ in request.fields if name.lower().startswith("sec-websocket-")]
    return Finding(f":protocol is {quoted(protocol)}, beside {quoted(fields[0])}") if fields else None


@rule(
    "h2-wrong-scheme",
    Severity.WARNING,
    "RFC 8441 §5",
    by=By.CLIENT,
    tier=3,
    needs={Need.HTTP2, Need.REQUEST},
    means="`:scheme` is `https` for wss and `http` for ws; `ws` and `wss` are no schemes of HTTP. Servers refuse such "
    "requests or build wrong addresses (origin, redirects) from them.",
    look_at="A client that copies the scheme of the WebSocket's URL, and a proxy that passes on the scheme of its "
    "other side. `https` without TLS is usual behind a TLS terminator, and not judged.",
)
def h2_wrong_scheme(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.request
    scheme = request.value(":scheme") if request is not None else None
    if scheme is None or not isinstance(handshake, Http2Handshake):
        return None
    if scheme.lower() not in ("http", "https"):
        return Finding(f":scheme is {quoted(scheme)}; http or https is expected")
    if scheme.lower() == "http" and handshake.secure:
        return Finding(":scheme is http, inside TLS")
    return None


@rule(
    "h2-connection-headers",
    Severity.ERROR,
    "RFC 8441 §5; RFC 9113 §8.2.2",
    tier=3,
    needs={Need.HTTP2},
    means="HTTP/2 has no fields that concern one connection: Connection, Upgrade, Keep-Alive, Proxy-Connection and "
    "Transfer-Encoding make a message malformed, and the receiver resets the stream (PROTOCOL_ERROR).",
    look_at="A proxy that translates from HTTP/1.1 and leaves the hop-by-hop fields in place.",
    aka=("PROTOCOL_ERROR",),
)
def h2_connection_headers(handshake: Handshake, side: Side) -> Finding | None:
    head = handshake.request if side is Side.CLIENT else handshake.response
    found = [name for name, _ in head.fields if name.lower() in _CONNECTION_FIELDS] if head is not None else []
    return Finding(f"{found[0]} among the header fields; HTTP/2 has no such field") if found else None


@rule(
    "h2-key-header-sent",
    Severity.NOTE,
    "RFC 8441 §5",
    tier=3,
    needs={Need.HTTP2},
    means="Over HTTP/2 nobody looks at Sec-WebSocket-Key and Sec-WebSocket-Accept: `:protocol` does their work. "
    "They do no harm.",
    look_at="A proxy that translates from HTTP/1.1.",
)
def h2_key_header_sent(handshake: Handshake, side: Side) -> Finding | None:
    head = handshake.request if side is Side.CLIENT else handshake.response
    name = _KEY_FIELDS[side]
    return Finding(f"{name} over HTTP/2, where it has no meaning") if head is not None and head.values(name) else None


@rule(
    "h2-handshake-rejected",
    Severity.NOTE,
    "RFC 8441 §5",
    by=By.SERVER,
    tier=3,
    needs={Need.HTTP2, Need.RESPONSE},
    means="Over HTTP/2 a 2xx opens a WebSocket; this answer refuses it. The client's program is told 1006.",
    look_at="The status: 401 and 403 (token, origin), 404 and 405 (path; a server that does not know extended "
    "CONNECT), 5xx (the program behind the proxy).",
    aka=("Unexpected response code", "1006"),
)
def h2_handshake_rejected(handshake: Handshake, side: Side) -> Finding | None:
    if handshake.response is None or handshake.accepted:
        return None
    return Finding(f":status is {handshake.response.status}; 2xx opens a WebSocket")


@rule(
    "h2-stream-ended-without-close",
    Severity.WARNING,
    "RFC 8441 §5; RFC 6455 §7.1.5",
    tier=3,
    needs={Need.HTTP2, Need.BOTH_SYNCED},
    means="END_STREAM is to a stream what FIN is to TCP. It came while the WebSocket was open and nobody had sent a "
    "Close, so both programs are told 1006.",
    look_at="The side that ended the stream: a program that stopped or crashed, or a proxy with an idle timer for "
    "streams. See the diagnosis.",
    aka=("1006",),
)
def h2_stream_ended_without_close(ending: Ending, side: Side) -> Finding | None:
    end = _first_end(ending)
    if end is None or end.by is not side or end.stream is None or end.stream.reset is not None or not ending.opened:
        return None
    if any(one.close is not None or not one.in_sync or one.gap_bytes for one in (ending.client, ending.server)):
        return None
    return _at(end, f"END_STREAM of the {side} without a Close of either side")


@rule(
    "h2-stream-reset",
    Severity.WARNING,
    "RFC 8441 §5; RFC 6455 §7.1.5",
    tier=3,
    needs={Need.HTTP2},
    means="RST_STREAM ends a stream at once; CANCEL stands for the RST of TCP, as when a page is left. Without both "
    "Closes before it the other side's program is told 1006.",
    look_at="The error code: CANCEL is a program or browser that left, REFUSED_STREAM a limit, INTERNAL_ERROR and "
    "PROTOCOL_ERROR the HTTP/2 library or proxy that sent it, ENHANCE_YOUR_CALM a limit of frames.",
    aka=("1006", "ERR_HTTP2_STREAM_ERROR", "ERR_HTTP2_PROTOCOL_ERROR"),
)
def h2_stream_reset(ending: Ending, side: Side) -> Finding | None:
    end = next((end for end in ending.tcp if end.stream is not None and end.stream.reset is not None), None)
    if end is None or end.by is not side or end.stream is None or end.stream.reset is None:
        return None
    if ending.client.close is not None and ending.server.close is not None:
        return None
    if ending.client.gap_bytes or ending.server.gap_bytes or _is_unread(ending):
        return None
    response = ending.handshake.response
    if response is not None and not ending.handshake.accepted:
        return None
    code = end.stream.reset
    meaning = ", which stands for an RST of TCP" if code == CANCEL else f", error code {code}"
    when = "" if ending.opened else " before the handshake was answered"
    return _at(end, f"RST_STREAM of the {side} with {error_name(code)}{meaning}{when}")


def _is_unread(ending: Ending) -> bool:
    """Whether header fields of the stream could not be read: then the answer is not known either."""
    return ending.http2 is not None and bool(ending.http2.hidden)


def _first_end(ending: Ending) -> TcpEnd | None:
    return ending.tcp[0] if ending.tcp else None


def _at(end: TcpEnd, detail: str) -> Finding:
    return Finding(detail, place=(None, end.packet, end.time_ns))


HANDSHAKE_RULES: tuple[Rule[[Handshake, Side]], ...] = (
    h2_connect_before_setting,
    h2_missing_pseudo_header,
    h2_wrong_protocol,
    h2_wrong_scheme,
    h2_connection_headers,
    h2_key_header_sent,
    h2_handshake_rejected,
)
"""Asked about an opening handshake over HTTP/2."""
STREAM_RULES: tuple[Rule[[Ending, Side]], ...] = (
    h2_invalid_connect_setting,
    h2_connect_setting_revoked,
    h2_stream_ended_without_close,
    h2_stream_reset,
)
"""Asked about the stream of each attempt to open a WebSocket, once it is over."""
RULES: tuple[Rule[...], ...] = (*HANDSHAKE_RULES, *STREAM_RULES)
