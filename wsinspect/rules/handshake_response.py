"""Rules of the opening handshake's response (RFC 6455 §4.1, §4.2.2, §4.4).

What a 101 says about keys, subprotocols and extensions is judged in the modules of those names.
"""

from typing import Final

from wsinspect.rules.handshake_extensions import invalid_extension_header
from wsinspect.rules.handshake_key import (
    duplicate_sec_websocket_key,
    invalid_sec_websocket_key,
    missing_sec_websocket_key,
)
from wsinspect.rules.handshake_request import (
    below_http_1_1,
    duplicate_sec_websocket_version,
    invalid_host_header,
    missing_request_connection_upgrade,
    missing_request_upgrade,
    missing_sec_websocket_version,
    request_http_version,
    request_method_not_get,
    wrong_sec_websocket_version,
)
from wsinspect.rules.handshake_subprotocol import invalid_subprotocol_offer
from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.wording import quoted
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side

MUST_REFUSE: Final[tuple[Rule[[Handshake, Side]], ...]] = (
    request_method_not_get,
    request_http_version,
    invalid_host_header,
    missing_request_upgrade,
    missing_request_connection_upgrade,
    missing_sec_websocket_key,
    invalid_sec_websocket_key,
    duplicate_sec_websocket_key,
    missing_sec_websocket_version,
    wrong_sec_websocket_version,
    duplicate_sec_websocket_version,
    invalid_subprotocol_offer,
    invalid_extension_header,
)
"""What makes a request one that a server must not accept (RFC 6455 §4.2.1)."""


def _reasons_to_refuse(handshake: Handshake) -> list[str]:
    return [rule.id for rule in MUST_REFUSE if rule.check(handshake, Side.CLIENT)]


@rule(
    "missing-response-upgrade",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.2",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="A 101 says what it switches to: `Upgrade: websocket`, that one value. Clients must give up a connection "
    "whose 101 says less or something else.",
    look_at="Proxies that treat Upgrade as hop-by-hop and drop it from the response, and servers that send a list.",
    aka=("Chromium \"'Upgrade' header is missing\"", "websockets `InvalidUpgrade`", 'ws "Invalid Upgrade header"'),
)
def missing_response_upgrade(handshake: Handshake, side: Side) -> Finding | None:
    response = handshake.agreeing
    if response is None:
        return None
    value = response.value("Upgrade")
    if value is None:
        return Finding("the 101 has no Upgrade field")
    return None if value.lower() == "websocket" else Finding(f"Upgrade is {quoted(value)}; it has to be websocket")


@rule(
    "missing-response-connection-upgrade",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.2",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="The Connection field of a 101 has to list Upgrade. Clients must give up the connection without it.",
    look_at="Proxies that overwrite Connection on the way back (`keep-alive`, `close`), and hand-written responses.",
    aka=("Chromium \"'Connection' header value must contain 'Upgrade'\"", "websockets `InvalidUpgrade`"),
)
def missing_response_connection_upgrade(handshake: Handshake, side: Side) -> Finding | None:
    response = handshake.agreeing
    if response is None or response.has_token("Connection", "Upgrade"):
        return None
    value = response.value("Connection")
    found = "no Connection field" if value is None else f"Connection {quoted(value)}, without Upgrade"
    return Finding(f"the 101 has {found}")


@rule(
    "invalid-request-accepted",
    Severity.ERROR,
    "RFC 6455 §4.2.1, §4.2.2",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="The server answered 101 to a request that it had to refuse. The connection may work, but only until a "
    "stricter server or proxy stands in that place.",
    look_at="The request's own violations, which the detail names, and what the server checks before it upgrades.",
)
def invalid_request_accepted(handshake: Handshake, side: Side) -> Finding | None:
    reasons = _reasons_to_refuse(handshake) if handshake.accepted else []
    return Finding(f"101 in spite of {', '.join(reasons)}") if reasons else None


@rule(
    "missing-supported-versions",
    Severity.ERROR,
    "RFC 6455 §4.2.2, §4.4",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="A server that refuses the client's protocol version has to list those it speaks in "
    "Sec-WebSocket-Version; otherwise the client cannot know what to try next.",
    look_at="Whether the refusal came from the WebSocket server or from a proxy or firewall with a 400 of its own.",
    aka=("426 Upgrade Required",),
)
def missing_supported_versions(handshake: Handshake, side: Side) -> Finding | None:
    request, response = handshake.asking, handshake.response
    if request is None or response is None or response.status not in (400, 426):
        return None
    if response.values("Sec-WebSocket-Version") or _reasons_to_refuse(handshake) != [wrong_sec_websocket_version.id]:
        return None
    asked = quoted(request.value("Sec-WebSocket-Version") or "")
    return Finding(f"{response.status} to version {asked} without a Sec-WebSocket-Version field")


@rule(
    "response-http-version",
    Severity.ERROR,
    "RFC 6455 §4.2.2",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="A 101 exists from HTTP/1.1 on. Clients may take an older status line for a server or proxy that does not "
    "know what an upgrade is, and give up.",
    look_at="Hand-written servers, and proxies that answer in HTTP/1.0.",
)
def response_http_version(handshake: Handshake, side: Side) -> Finding | None:
    response = handshake.agreeing
    if response is None or not below_http_1_1(response.version):
        return None
    return Finding(f"status line {quoted(f'{response.version} {response.status}')}; HTTP/1.1 is the least")


@rule(
    "unsolicited-101",
    Severity.ERROR,
    "RFC 6455 §4.2.2; RFC 9110 §7.8",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="The server switched to WebSocket though the request did not ask for it. The client goes on reading HTTP "
    "and takes the frames for garbage.",
    look_at="Responses that belong to another request (a proxy that mixes up its connections), and proxies that "
    "removed every WebSocket field from the request but not from the response.",
    aka=("Zeek `websocket_established_unexpected`",),
)
def unsolicited_101(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.request
    if request is None or handshake.asking is not None or not handshake.accepted or request.method == "CONNECT":
        return None
    return Finding(f"101 with Upgrade: websocket to a plain {request.method} {quoted(request.target)}")


@rule(
    "handshake-rejected",
    Severity.NOTE,
    "RFC 6455 §4.2.2, §10.2",
    by=By.SERVER,
    tier=2,
    needs={Need.RESPONSE},
    means="The server, or something in front of it, did not open the WebSocket. A web page learns none of this: it "
    "sees an error event and code 1006.",
    look_at="The status: 401 and 403 credentials or origin, 404 path, 400 and 426 missing fields (see the detail), "
    "301 to 308 a redirect that WebSocket clients do not follow, 502 to 504 the server behind a proxy, 200 a proxy "
    "or server that did not notice the upgrade.",
    aka=(
        'Chromium "Unexpected response code"',
        'ws "Unexpected server response"',
        "websockets `InvalidStatus`",
        "1006",
    ),
)
def handshake_rejected(handshake: Handshake, side: Side) -> Finding | None:
    response = handshake.response
    # Below 200 there is only 101 and interim responses, which answer nothing yet (RFC 9110 §15.2).
    if response is None or response.status < 200:
        return None
    parts = [f"{response.status} {response.reason}".rstrip()]
    for name, label in (
        ("Location", "redirects to"),
        ("WWW-Authenticate", "asks for"),
        ("Sec-WebSocket-Version", "speaks version"),
        ("Server", "from"),
        ("Content-Length", "body size"),
    ):
        value = response.value(name)
        if value:
            parts.append(f"{label} {quoted(value)}" if name != "Content-Length" else f"body of {value} bytes")
    missing = _missing_fields(handshake)
    if missing:
        parts.append(f"the request lacks {', '.join(missing)}")
    return Finding("; ".join(parts))


def _missing_fields(handshake: Handshake) -> list[str]:
    """The fields that a request for a WebSocket needs and this one has not."""
    request = handshake.asking
    if request is None:
        return []
    names = ("Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
    missing = [name for name in names if not request.values(name)]
    if request.values("Upgrade") and not request.has_token("Upgrade", "websocket"):
        missing.append("Upgrade: websocket")
    if request.values("Connection") and not request.has_token("Connection", "Upgrade"):
        missing.append("Connection: Upgrade")
    return missing


@rule(
    "slow-handshake",
    Severity.NOTE,
    "–",
    by=By.SERVER,
    tier=3,
    needs={Need.REQUEST, Need.RESPONSE, Need.TIMING},
    means="The answer to the handshake took its time. No standard sets a limit; clients have one, often of 5 to 20 "
    "seconds, and users notice less.",
    look_at="What the server does before it upgrades (authentication, database, a cold start) and whether all "
    "handshakes were slow at that time.",
    thresholds=("handshake_slow",),
)
def slow_handshake(handshake: Handshake, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    request, response = handshake.request, handshake.response
    if request is None or response is None or not handshake.is_websocket:
        return None
    waited = response.time_ns - request.end_time_ns
    if waited < nanoseconds(limits.handshake_slow):
        return None
    slow = f"from {limits.handshake_slow:g} s on it counts as slow"
    return Finding(f"{waited / 1e9:.3f} s from the end of the request to the response; {slow}")


RULES: tuple[Rule[[Handshake, Side]], ...] = (
    missing_response_upgrade,
    missing_response_connection_upgrade,
    invalid_request_accepted,
    missing_supported_versions,
    response_http_version,
    unsolicited_101,
    handshake_rejected,
    slow_handshake,
)
