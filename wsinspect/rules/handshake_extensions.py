"""Rules of Sec-WebSocket-Extensions, whichever extension it names (RFC 6455 §4.1, §4.2.2, §9.1, §11.3.2).

The two rules that either side can break need that side's own head only, which no `Need` says: they are silent where
it was not captured.
"""

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import quoted
from wsinspect.transport.httphead import is_token
from wsinspect.websocket.extensions import REGISTERED
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side


@rule(
    "invalid-extension-header",
    Severity.ERROR,
    "RFC 6455 §9.1, §4.3",
    means="The list of extensions cannot be read by its grammar. Whoever receives it must give the connection up: a "
    "server answers 400, a browser reports a failed handshake.",
    look_at="Hand-written header values, and proxies that rewrite or truncate the field.",
    aka=(
        "Chromium \"'Sec-WebSocket-Extensions' header value is rejected by the parser\"",
        'ws "Invalid Sec-WebSocket-Extensions header"',
    ),
)
def invalid_extension_header(handshake: Handshake, side: Side) -> Finding | None:
    head = handshake.offered if side is Side.CLIENT else handshake.selected
    return Finding(f"{head.problem}, in {_lines(handshake, side)}", by=side) if head.problem else None


@rule(
    "unregistered-extension",
    Severity.NOTE,
    "RFC 6455 §9.1",
    tier=3,
    means="The header names an extension that is not in IANA's registry as of this program's snapshot. Private "
    "extensions work where both ends know them; everybody else declines them.",
    look_at="Whether the server accepted it: then this program does not know what it does to RSV bits and opcodes, "
    "and does not judge them.",
)
def unregistered_extension(handshake: Handshake, side: Side) -> Finding | None:
    head = handshake.offered if side is Side.CLIENT else handshake.selected
    names = dict.fromkeys(extension.name for extension in head.extensions if is_token(extension.name))
    unknown = [name for name in names if name not in REGISTERED]
    verb = "offered" if side is Side.CLIENT else "named in the response"
    return Finding(f"{', '.join(map(quoted, unknown[:8]))} {verb}", by=side) if unknown else None


@rule(
    "unrequested-extension",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.2, §9; RFC 7692 §5",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="The server may switch on only what the client offered. Clients must give up a connection whose 101 names "
    "another extension.",
    look_at="Servers with compression forced on, and proxies that drop the field from the request only.",
    aka=(
        'Chromium "Found an unsupported extension"',
        'ws "Server indicated an extension that was not requested"',
        'ws "Server sent a Sec-WebSocket-Extensions header but no extension was requested"',
    ),
)
def unrequested_extension(handshake: Handshake, side: Side) -> Finding | None:
    if handshake.asking is None or handshake.agreeing is None:
        return None
    offered = dict.fromkeys(extension.name for extension in handshake.offered.extensions)
    selected = [extension.name for extension in handshake.selected.extensions]
    # What is no name at all breaks the grammar, and that is told already.
    unknown = [name for name in selected if name not in offered and is_token(name)]
    if not unknown:
        return None
    choice = f"the client offered {', '.join(map(quoted, list(offered)[:8]))}" if offered else "the client offered none"
    return Finding(f"the server accepted {quoted(unknown[0])}; {choice}")


@rule(
    "duplicate-extensions-header",
    Severity.WARNING,
    "RFC 6455 §11.3.2 (against §4.2.2)",
    by=By.SERVER,
    tier=2,
    needs={Need.RESPONSE},
    means="The response has several Sec-WebSocket-Extensions fields. RFC 6455 allows that in §4.2.2 and forbids it in "
    "§11.3.2, so clients differ: some join them, some read the first, some refuse.",
    look_at="A proxy that adds its own field beside its upstream's: then both may compress.",
)
def duplicate_extensions_header(handshake: Handshake, side: Side) -> Finding | None:
    values = handshake.response.values("Sec-WebSocket-Extensions") if handshake.response else []
    return Finding(f"{len(values)} fields: {', '.join(map(quoted, values))}") if len(values) > 1 else None


def _lines(handshake: Handshake, side: Side) -> str:
    head = handshake.request if side is Side.CLIENT else handshake.response
    return quoted((head.value("Sec-WebSocket-Extensions") if head else None) or "")


RULES: tuple[Rule[[Handshake, Side]], ...] = (
    invalid_extension_header,
    unregistered_extension,
    unrequested_extension,
    duplicate_extensions_header,
)
