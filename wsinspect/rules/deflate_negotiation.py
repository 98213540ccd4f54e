"""Rules of the handshake's compression part: offers and answer of permessage-deflate (RFC 7692 §5, §7, §7.1).

An element that breaks the header's grammar is left to `invalid-extension-header`: one cause, one violation.
"""

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import quoted
from wsinspect.websocket.extensions import (
    DEFLATE,
    USES_RSV1,
    Extension,
    offer_problem,
    response_problem,
    window_bits,
)
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side


def _agreement(handshake: Handshake) -> tuple[tuple[Extension, ...], Extension] | None:
    """The valid offers and what the server made of them; None if the offers leave nothing to compare with.

    RFC 7692 §7: an invalid offer must be declined, so what a server accepted is one of the valid ones. If there is
    none, `unrequested-extension` or `invalid-deflate-offer-accepted` has said so.
    """
    answers = handshake.selected.named(DEFLATE) if handshake.accepted else ()
    offers = tuple(offer for offer in handshake.offered.named(DEFLATE) if offer_problem(offer) is None)
    return (offers, answers[0]) if offers and answers else None


@rule(
    "invalid-deflate-offer",
    Severity.WARNING,
    "RFC 7692 §7, §7.1; RFC 6455 §9.1",
    by=By.CLIENT,
    tier=2,
    needs={Need.REQUEST},
    means="A compression offer has a parameter that does not exist, is repeated, or has a wrong value. A server has to "
    "pass that offer over, so the connection may go on uncompressed.",
    look_at="The client's compression options (window bits are 8 to 15), and whether a second, valid offer follows.",
    aka=("websockets `DuplicateParameter`", "websockets `InvalidParameterName`", "websockets `InvalidParameterValue`"),
)
def invalid_deflate_offer(handshake: Handshake, side: Side) -> Finding | None:
    for offer in handshake.offered.named(DEFLATE) if handshake.asking else ():
        problem = offer_problem(offer)
        if problem and offer.well_formed:
            return Finding(f"{problem}, in the offer {quoted(str(offer))}")
    return None


@rule(
    "invalid-deflate-offer-accepted",
    Severity.ERROR,
    "RFC 7692 §7",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="Every compression offer of the client was invalid, and the server switched compression on all the same. "
    "The two ends may now understand different things by it.",
    look_at="The offer's fault (see `invalid-deflate-offer`), then the first compressed messages of both directions.",
)
def invalid_deflate_offer_accepted(handshake: Handshake, side: Side) -> Finding | None:
    offers = handshake.offered.named(DEFLATE)
    if handshake.asking is None or handshake.deflate is None or not offers:
        return None
    problems = [offer_problem(offer) for offer in offers]
    if not all(problems) or not all(offer.well_formed for offer in offers):
        return None
    return Finding(f"accepted although {problems[0]}, in the offer {quoted(str(offers[0]))}")


@rule(
    "invalid-deflate-response",
    Severity.ERROR,
    "RFC 7692 §7, §7.1",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="The server's answer to the compression offer has a parameter that does not exist, is repeated, or has a "
    "wrong value. Clients must give up the connection.",
    look_at="The server's compression options; a window given without a number is right in an offer only.",
    aka=(
        'Chromium "Error in permessage-deflate"',
        "websockets `DuplicateParameter`",
        "websockets `InvalidParameterName`",
        "websockets `InvalidParameterValue`",
    ),
)
def invalid_deflate_response(handshake: Handshake, side: Side) -> Finding | None:
    for answer in handshake.selected.named(DEFLATE) if handshake.accepted else ():
        problem = response_problem(answer)
        if problem and answer.well_formed:
            return Finding(f"{problem}, in the response {quoted(str(answer))}")
    return None


@rule(
    "unrequested-client-max-window-bits",
    Severity.ERROR,
    "RFC 7692 §7.1.2.2",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="The server may limit the client's window only if the client said that it can be limited. This one did not, "
    "so the client must give up the connection.",
    look_at="The server's compression options: a fixed client window has to depend on the client's offer.",
    aka=('websockets "unexpected client_max_window_bits"',),
)
def unrequested_client_max_window_bits(handshake: Handshake, side: Side) -> Finding | None:
    agreement = _agreement(handshake)
    if agreement is None or not agreement[1].has("client_max_window_bits"):
        return None
    # Even an invalid offer that mentions it shows that the client knows the parameter.
    if any(offer.has("client_max_window_bits") for offer in handshake.offered.named(DEFLATE)):
        return None
    return Finding(f"response {quoted(str(agreement[1]))}; no offer has client_max_window_bits")


@rule(
    "server-max-window-bits-not-honoured",
    Severity.ERROR,
    "RFC 7692 §7.1.2.1",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="The client asked the server for a smaller window, and the server accepted the offer without keeping to it. "
    "A client with no memory for a larger window cannot inflate what comes; it must give up the connection.",
    look_at="The server's compression options: it either uses the window asked for, or a smaller one, or declines.",
    aka=('websockets "expected server_max_window_bits"', 'websockets "unsupported server_max_window_bits"'),
)
def server_max_window_bits_not_honoured(handshake: Handshake, side: Side) -> Finding | None:
    agreement = _agreement(handshake)
    if agreement is None:
        return None
    offers, answer = agreement
    asked = [bits for offer in offers if (bits := window_bits(offer, "server_max_window_bits")) is not None]
    if len(asked) < len(offers):
        return None
    if not answer.has("server_max_window_bits"):
        return Finding(f"every offer asks for server_max_window_bits, {max(asked)} at most; the response lacks it")
    given = window_bits(answer, "server_max_window_bits")
    if given is None or given <= max(asked):
        return None  # an invalid number is the matter of `invalid-deflate-response`
    return Finding(f"server_max_window_bits={given} in the response; the offers allow {max(asked)} at most")


@rule(
    "server-no-context-takeover-not-honoured",
    Severity.ERROR,
    "RFC 7692 §7.1.1.1",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="The client asked the server to start each message with an empty window, and the server accepted the offer "
    "without promising that. A client that keeps no context cannot inflate the second message; it must give up.",
    look_at="The server's compression options: the parameter has to come back in the response, or the offer to be "
    "declined.",
    aka=('websockets "expected server_no_context_takeover"',),
)
def server_no_context_takeover_not_honoured(handshake: Handshake, side: Side) -> Finding | None:
    agreement = _agreement(handshake)
    if agreement is None or agreement[1].has("server_no_context_takeover"):
        return None
    if not all(offer.has("server_no_context_takeover") for offer in agreement[0]):
        return None
    return Finding(f"every offer asks for server_no_context_takeover; the response is {quoted(str(agreement[1]))}")


@rule(
    "conflicting-extensions",
    Severity.ERROR,
    "RFC 7692 §5",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="The server accepted two extensions that both claim the bit RSV1, so nobody can say what that bit means in "
    "a frame. Clients must give up the connection.",
    look_at="Servers that accept every offer instead of one, and proxies that add compression to compression.",
    aka=(
        'Chromium "Received duplicate permessage-deflate response"',
        'websockets "received duplicate permessage-deflate"',
    ),
)
def conflicting_extensions(handshake: Handshake, side: Side) -> Finding | None:
    selected = handshake.selected.extensions if handshake.accepted else ()
    rivals = [extension.name for extension in selected if extension.name in USES_RSV1]
    return Finding(f"the response accepts {' and '.join(rivals[:4])}; all use RSV1") if len(rivals) > 1 else None


RULES: tuple[Rule[[Handshake, Side]], ...] = (
    invalid_deflate_offer,
    invalid_deflate_offer_accepted,
    invalid_deflate_response,
    unrequested_client_max_window_bits,
    server_max_window_bits_not_honoured,
    server_no_context_takeover_not_honoured,
    conflicting_extensions,
)
