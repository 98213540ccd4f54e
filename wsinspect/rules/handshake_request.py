"""Rules of the opening handshake's request (RFC 6455 §3, §4.1, §4.2.1, §11.3).

A request that does not ask for a WebSocket breaks none of them: if a server answers it with a 101 all the same, that
is the server's doing (`unsolicited-101`).
"""

import re

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import counted, quoted
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side

_VERSION = re.compile(r"HTTP/([0-9]+)(?:\.([0-9]+))?", re.IGNORECASE)
_NONCE_SIZE = 16


def below_http_1_1(version: str) -> bool:
    """Whether a start line's version is older than RFC 6455 §4.1 and §4.2.2 allow; no version at all is HTTP/0.9."""
    match = _VERSION.fullmatch(version)
    return match is None or (int(match[1]), int(match[2] or 0)) < (1, 1)


@rule(
    "request-method-not-get",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="An opening handshake over HTTP/1.1 is a GET request. Servers answer any other method with 400 or 405, or "
    "route it to a handler that knows nothing of WebSocket.",
    look_at="The code that builds the request, and rewrites in between: a redirect followed as POST, a proxy that "
    "turns CONNECT (the HTTP/2 way of asking) into HTTP/1.1.",
    aka=("websockets `InvalidMethod`", 'ws "Invalid HTTP method"'),
)
def request_method_not_get(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None or request.method == "GET":
        return None
    return Finding(f"method is {quoted(request.method)}; only GET opens a WebSocket")


@rule(
    "request-http-version",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="Upgrading a connection exists from HTTP/1.1 on; an older version in the request line makes servers ignore "
    "or refuse the upgrade.",
    look_at="A reverse proxy in front of the server: some, nginx among them, long spoke HTTP/1.0 to their upstream "
    "unless told otherwise (`proxy_http_version 1.1`).",
    aka=("websockets `InvalidProtocol`",),
)
def request_http_version(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None or not below_http_1_1(request.version):
        return None
    found = quoted(request.version) if request.version else "missing"
    return Finding(f"version in the request line is {found}; HTTP/1.1 is the least")


@rule(
    "invalid-host-header",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.1; RFC 9112 §3.2",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="Every request names the host it is meant for in exactly one Host field. Without it, or with two, servers "
    "must answer 400, and a proxy cannot know where to send the request.",
    look_at="Hand-written clients and health checks for a missing Host; proxies that add a Host instead of replacing "
    "it for two.",
    aka=("400 Bad Request",),
)
def invalid_host_header(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None:
        return None
    hosts = request.values("Host")
    if not hosts:
        return Finding("no Host field")
    if len(hosts) > 1:
        return Finding(f"{len(hosts)} Host fields: {', '.join(quoted(host) for host in hosts)}; one is allowed")
    return None if hosts[0] else Finding("the Host field is empty")


@rule(
    "missing-request-upgrade",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="The request carries Sec-WebSocket fields but no `Upgrade: websocket`, so to a server it is an ordinary "
    "GET: the usual answers are 400, 404, 426 or a web page.",
    look_at="A proxy or load balancer on the way: Upgrade and Connection are hop-by-hop fields and get lost unless it "
    "is configured to pass them on. Compare with a capture taken in front of it.",
    aka=("websockets `InvalidUpgrade`", 'ws "Invalid Upgrade header"', "426 Upgrade Required"),
)
def missing_request_upgrade(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    # Asking without the upgrade token means that a Sec-WebSocket field is there.
    if request is None or request.has_token("Upgrade", "websocket"):
        return None
    value = request.value("Upgrade")
    found = "no Upgrade field" if value is None else f"Upgrade is {quoted(value)}, without the token websocket"
    proxy = "" if request.has_token("Connection", "Upgrade") else "; Connection lacks Upgrade too: removed by a proxy?"
    return Finding(found + proxy)


@rule(
    "missing-request-connection-upgrade",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="The Connection field has to list Upgrade (other members may stand beside it). Without it the Upgrade field "
    "is not addressed to this server, and the request is an ordinary GET.",
    look_at="Proxies that set `Connection: keep-alive` or `close` of their own; in nginx the `map $http_upgrade "
    "$connection_upgrade` idiom.",
    aka=("websockets `InvalidUpgrade`",),
)
def missing_request_connection_upgrade(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None or request.has_token("Connection", "Upgrade"):
        return None
    value = request.value("Connection")
    return Finding("no Connection field" if value is None else f"Connection is {quoted(value)}, without Upgrade")


@rule(
    "missing-sec-websocket-version",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="The request has to say `Sec-WebSocket-Version: 13`. Servers answer 400 without it, or fall back to a draft "
    "protocol of before 2011.",
    look_at="Whether the client is a very old one (Hixie-76 had no version), a scanner, or a request that a proxy "
    "stripped.",
    aka=('ws "Missing or invalid Sec-WebSocket-Version header"',),
)
def missing_sec_websocket_version(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None or request.values("Sec-WebSocket-Version"):
        return None
    return Finding("no Sec-WebSocket-Version field; 13 is required")


@rule(
    "wrong-sec-websocket-version",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.3",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="13 is the only version of the protocol; 0 to 12 were drafts. A server that does not speak the one asked "
    "for answers 426 or 400 and lists those it does.",
    look_at="The client's library and its age: 7 and 8 are drafts of 2011 that old browsers and SDKs still send.",
    aka=('websockets "invalid Sec-WebSocket-Version header"', "426 Upgrade Required"),
)
def wrong_sec_websocket_version(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    wrong = [value for value in request.values("Sec-WebSocket-Version") if value != "13"] if request else []
    return Finding(f"Sec-WebSocket-Version is {quoted(wrong[0])}; it has to be 13") if wrong else None


@rule(
    "duplicate-sec-websocket-version",
    Severity.ERROR,
    "RFC 6455 §11.3.5",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="A request names one version, in one field. (Only a server that refuses may list several.) Servers that "
    "join the two read `13, 13` and refuse it.",
    look_at="A proxy or a piece of middleware that adds its own WebSocket fields to the client's.",
    aka=('websockets "multiple values"',),
)
def duplicate_sec_websocket_version(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    versions = request.values("Sec-WebSocket-Version") if request else []
    if len(versions) < 2:
        return None
    return Finding(f"{len(versions)} Sec-WebSocket-Version fields: {', '.join(map(quoted, versions))}; one is allowed")


@rule(
    "missing-browser-origin",
    Severity.WARNING,
    "RFC 6455 §4.1",
    by=By.CLIENT,
    tier=2,
    needs={Need.REQUEST},
    means="Browsers always say which page a WebSocket comes from. This client calls itself a browser and does not; "
    "servers that check the origin will answer 403. Other programs copy a browser's name, so it is only probable.",
    look_at="Bots and scripts with a borrowed User-Agent, and privacy proxies that remove Origin.",
    aka=("websockets `InvalidOrigin`", "403"),
)
def missing_browser_origin(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None or request.values("Origin"):
        return None
    agents = [agent for agent in request.values("User-Agent") if agent.startswith("Mozilla/")]
    return Finding(f"no Origin field, though User-Agent is {quoted(agents[0])}") if agents else None


@rule(
    "request-target-fragment",
    Severity.ERROR,
    "RFC 6455 §3",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="A WebSocket address has no fragment: the part from `#` on never goes to a server, and a `#` that belongs "
    "to the path is sent as %23. Servers answer 400 or 404.",
    look_at="Code that pastes a page's address, fragment included, into the WebSocket's, or puts a raw `#` into a "
    "query value.",
)
def request_target_fragment(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None or "#" not in request.target:
        return None
    fragment = request.target[request.target.index("#") :]
    return Finding(f"the request target contains {quoted(fragment)}")


@rule(
    "data-before-handshake-response",
    Severity.ERROR,
    "RFC 6455 §4.1",
    by=By.CLIENT,
    needs={Need.REQUEST, Need.RESPONSE, Need.TIMING},
    means="The client has to wait for the server's answer before it sends anything. Sent early, its bytes may be "
    "taken for a second request, be dropped by a proxy, or kill the connection.",
    look_at="Clients that write their first message without waiting for the open event, and proxies that were given "
    "the request late.",
)
def data_before_handshake_response(handshake: Handshake, side: Side) -> Finding | None:
    if handshake.asking is None or handshake.response is None or handshake.early_bytes <= 0:
        return None
    packet = f", from packet {handshake.early_packet} on" if handshake.early_packet is not None else ""
    answer = handshake.response.packet
    return Finding(
        f"{counted(handshake.early_bytes, 'byte')} behind the request head{packet}, passed before the response began "
        f"(packet {answer})"
    )


@rule(
    "request-body",
    Severity.NOTE,
    "RFC 6455 §4.1",
    by=By.CLIENT,
    tier=3,
    needs={Need.REQUEST},
    means="An opening handshake has no use for a body. Servers that do not skip it read its bytes as WebSocket frames "
    "and fail the connection.",
    look_at="Generic HTTP clients with a default body, and whether the client's first frames are garbage.",
)
def request_body(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None:
        return None
    coding = request.value("Transfer-Encoding")
    if coding is not None:
        return Finding(f"the request announces a body: Transfer-Encoding is {quoted(coding)}")
    sizes = [size for size in request.tokens("Content-Length") if size.isdecimal() and size.strip("0")]
    return Finding(f"the request announces a body: Content-Length is {sizes[0]}") if sizes else None


RULES: tuple[Rule[[Handshake, Side]], ...] = (
    request_method_not_get,
    request_http_version,
    invalid_host_header,
    missing_request_upgrade,
    missing_request_connection_upgrade,
    missing_sec_websocket_version,
    wrong_sec_websocket_version,
    duplicate_sec_websocket_version,
    missing_browser_origin,
    request_target_fragment,
    data_before_handshake_response,
    request_body,
)
