"""Rules of Sec-WebSocket-Protocol, the offer and the choice (RFC 6455 §1.9, §4.1, §4.2.2, §11.3.4)."""

from collections import Counter

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import quoted
from wsinspect.transport.httphead import is_token
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side


@rule(
    "invalid-subprotocol-offer",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.3",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="Offered subprotocols are a comma list of plain names: visible ASCII without spaces and without separators "
    "such as `/`, `:`, `=` or `@`. Servers refuse the handshake or find no name they know.",
    look_at="The second argument of `new WebSocket(...)` or its like: tokens, URLs and JSON smuggled through this "
    "field for authentication are the usual reason.",
    aka=('websockets "expected token"', 'ws "Invalid Sec-WebSocket-Protocol header"'),
)
def invalid_subprotocol_offer(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    if request is None or not request.values("Sec-WebSocket-Protocol"):
        return None
    if not handshake.offered_subprotocols:
        return Finding("the Sec-WebSocket-Protocol field names no subprotocol")
    broken = [name for name in handshake.offered_subprotocols if not is_token(name)]
    if not broken:
        return None
    return Finding(f"subprotocol {quoted(broken[0])} is no token: {_bad_character(broken[0])} is not allowed in it")


@rule(
    "duplicate-subprotocol-offer",
    Severity.ERROR,
    "RFC 6455 §4.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="Each offered subprotocol is to be listed once. Browsers throw a SyntaxError for a repeat; servers seldom "
    "mind.",
    look_at="The list the client builds its offer from: merged defaults and options, or a proxy that repeats the "
    "field.",
)
def duplicate_subprotocol_offer(handshake: Handshake, side: Side) -> Finding | None:
    if handshake.asking is None:
        return None
    repeated = [(name, count) for name, count in Counter(handshake.offered_subprotocols).items() if count > 1]
    return Finding(f"subprotocol {quoted(repeated[0][0])} is offered {repeated[0][1]} times") if repeated else None


@rule(
    "unrequested-subprotocol",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.2",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="The server may choose only among the subprotocols the client offered, letter for letter. Clients must give "
    "up a connection whose 101 names another.",
    look_at="The names on both sides (case matters), and servers that send their default subprotocol to everybody.",
    aka=(
        'Chromium "in response does not match any of sent values"',
        "Chromium \"Response must not include 'Sec-WebSocket-Protocol' header if not present in request\"",
        'ws "Server sent an invalid subprotocol"',
        'ws "Server sent a subprotocol but none was requested"',
        'websockets "unsupported subprotocol"',
    ),
)
def unrequested_subprotocol(handshake: Handshake, side: Side) -> Finding | None:
    offered = handshake.offered_subprotocols
    unknown = [name for name in handshake.selected_subprotocols if name not in offered]
    if handshake.asking is None or not unknown:
        return None
    choice = f"the client offered {', '.join(map(quoted, offered[:8]))}" if offered else "the client offered none"
    return Finding(f"the server selected {quoted(unknown[0])}; {choice}")


@rule(
    "duplicate-subprotocol-response",
    Severity.ERROR,
    "RFC 6455 §11.3.4",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="A response has one Sec-WebSocket-Protocol field at most, since one subprotocol is in force at most. "
    "Browsers fail the handshake.",
    look_at="A proxy that adds the field beside its upstream's, or server code that sets what its library sets too.",
    aka=(
        "Zeek `websocket_multiple_protocol_headers`",
        "Chromium \"'Sec-WebSocket-Protocol' header must not appear more than once in a response\"",
    ),
)
def duplicate_subprotocol_response(handshake: Handshake, side: Side) -> Finding | None:
    values = handshake.response.values("Sec-WebSocket-Protocol") if handshake.response else []
    if len(values) < 2:
        return None
    return Finding(f"{len(values)} Sec-WebSocket-Protocol fields: {', '.join(map(quoted, values))}; one is allowed")


@rule(
    "invalid-subprotocol-response",
    Severity.ERROR,
    "RFC 6455 §4.2.2, §4.3",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="The 101 names exactly one subprotocol or leaves the field out. An empty value, a list, or something that "
    "is no plain name selects nothing a client could check.",
    look_at="Server code that echoes the client's whole offer instead of choosing from it, or sends the field empty "
    "when it chose none.",
)
def invalid_subprotocol_response(handshake: Handshake, side: Side) -> Finding | None:
    for value in handshake.agreeing.values("Sec-WebSocket-Protocol") if handshake.agreeing else []:
        if not value:
            return Finding("Sec-WebSocket-Protocol is empty; without a choice the field is left out")
        if "," in value:
            return Finding(f"Sec-WebSocket-Protocol is the list {quoted(value)}; one name is allowed")
        if not is_token(value):
            return Finding(f"subprotocol {quoted(value)} is no token: {_bad_character(value)} is not allowed in it")
    return None


@rule(
    "no-subprotocol-selected",
    Severity.NOTE,
    "RFC 6455 §4.2.2",
    by=By.SERVER,
    tier=2,
    needs={Need.REQUEST, Need.RESPONSE},
    means="The client offered subprotocols and the server chose none. The standard allows that, but browsers and "
    "several libraries then fail the handshake.",
    look_at="Whether the server supports any of the offered names, and whether a proxy dropped the field on its way "
    "to the server or back.",
    aka=(
        "Chromium \"Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received\"",
        'ws "Server sent no subprotocol"',
    ),
)
def no_subprotocol_selected(handshake: Handshake, side: Side) -> Finding | None:
    response, offered = handshake.agreeing, handshake.offered_subprotocols
    if response is None or not offered or response.values("Sec-WebSocket-Protocol"):
        return None
    return Finding(f"the client offered {', '.join(map(quoted, offered[:8]))}; the 101 selects none")


def _bad_character(name: str) -> str:
    """The first character that keeps `name` from being a token."""
    return f"U+{ord(next(character for character in name if not is_token(character))):04X}"


RULES: tuple[Rule[[Handshake, Side]], ...] = (
    invalid_subprotocol_offer,
    duplicate_subprotocol_offer,
    unrequested_subprotocol,
    duplicate_subprotocol_response,
    invalid_subprotocol_response,
    no_subprotocol_selected,
)
