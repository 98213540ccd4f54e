"""What is offered and answered about permessage-deflate."""

import pytest
from handshakes import find, fired, handshake

from wsinspect.rules import deflate_negotiation as rules

D = "permessage-deflate"


@pytest.mark.parametrize(
    ("offer", "answer", "ids"),
    [
        (None, None, []),
        (D, None, []),
        (D, D, []),
        (f"{D}; client_max_window_bits", D, []),
        (f"{D}; client_max_window_bits", f"{D}; client_max_window_bits=9; server_max_window_bits=9", []),
        (f"{D}; client_max_window_bits=10", f"{D}; client_max_window_bits=8", []),
        # the server may promise what nobody asked for
        (D, f"{D}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8", []),
        # the offers are alternatives
        (f"{D}; server_max_window_bits=10; server_no_context_takeover, {D}", D, []),
        (f"{D}; server_max_window_bits=10, {D}; server_max_window_bits=12", f"{D}; server_max_window_bits=12", []),
        (f'{D}; server_max_window_bits="10"', f"{D}; server_max_window_bits=10", []),
        ("x", None, []),
        # offers
        (f"{D}; foo", None, ["invalid-deflate-offer"]),
        (f"{D}; server_max_window_bits", None, ["invalid-deflate-offer"]),
        (f"{D}; client_max_window_bits=16, {D}", D, ["invalid-deflate-offer"]),
        (f"{D}; client_max_window_bits=16", D, ["invalid-deflate-offer", "invalid-deflate-offer-accepted"]),
        (f"{D}; client_max_window_bits=", D, []),  # a matter of the grammar
        # responses
        (D, f"{D}; foo=1", ["invalid-deflate-response"]),
        (D, f"{D}; server_max_window_bits=16", ["invalid-deflate-response"]),
        (D, f"{D}; server_no_context_takeover=", []),  # a matter of the grammar
        (
            f"{D}; client_max_window_bits",
            f"{D}; client_max_window_bits",
            ["invalid-deflate-response"],
        ),
        (D, f"{D}; client_max_window_bits=15", ["unrequested-client-max-window-bits"]),
        (
            f"{D}; server_max_window_bits=10",
            D,
            ["server-max-window-bits-not-honoured"],
        ),
        (
            f"{D}; server_max_window_bits=10, {D}; server_max_window_bits=9",
            f"{D}; server_max_window_bits=11",
            ["server-max-window-bits-not-honoured"],
        ),
        (f"{D}; server_max_window_bits=10", f"{D}; server_max_window_bits=20", ["invalid-deflate-response"]),
        (f"{D}; server_no_context_takeover", D, ["server-no-context-takeover-not-honoured"]),
        (D, f"{D}, {D}", ["conflicting-extensions"]),
        (f"{D}, x-webkit-deflate-frame", f"{D}, x-webkit-deflate-frame", ["conflicting-extensions"]),
        (f"{D}, x-unknown", f"{D}, x-unknown", []),
        # not offered at all is another rule's matter
        (None, f"{D}; client_max_window_bits=10", []),
    ],
)
def test_negotiation(offer: str | None, answer: str | None, ids: list[str]) -> None:
    subject = handshake({"Sec-WebSocket-Extensions": offer}, {"Sec-WebSocket-Extensions": answer})
    assert fired(rules.RULES, subject) == ids


@pytest.mark.parametrize(
    ("rule", "offer", "answer", "detail"),
    [
        (
            rules.invalid_deflate_offer,
            f"{D};a",
            None,
            f'"a" is no parameter of {D}, in the offer "{D}; a"',
        ),
        (
            rules.server_max_window_bits_not_honoured,
            f"{D}; server_max_window_bits=10, {D}; server_max_window_bits=9",
            f"{D}; server_max_window_bits=11",
            "server_max_window_bits=11 in the response; the offers allow 10 at most",
        ),
        (
            rules.server_max_window_bits_not_honoured,
            f"{D}; server_max_window_bits=10",
            D,
            "every offer asks for server_max_window_bits, 10 at most; the response lacks it",
        ),
        (
            rules.unrequested_client_max_window_bits,
            D,
            f"{D}; client_max_window_bits=10",
            f'response "{D}; client_max_window_bits=10"; no offer has client_max_window_bits',
        ),
        (rules.conflicting_extensions, D, f"{D}, {D}", f"the response accepts {D} and {D}; all use RSV1"),
    ],
)
def test_details(rule: rules.Rule, offer: str, answer: str | None, detail: str) -> None:  # type: ignore[type-arg]
    finding = find(rule, handshake({"Sec-WebSocket-Extensions": offer}, {"Sec-WebSocket-Extensions": answer}))
    assert finding is not None
    assert finding.detail == detail


def test_a_refusal_agrees_on_nothing() -> None:
    subject = handshake({}, {"Sec-WebSocket-Extensions": f"{D}; foo, {D}"}, status="HTTP/1.1 400 Bad Request")
    assert fired(rules.RULES, subject) == []


def test_the_response_alone() -> None:
    subject = handshake({}, {"Sec-WebSocket-Extensions": f"{D}; foo, {D}"}, requested=False)
    assert fired(rules.RULES, subject) == ["invalid-deflate-response", "conflicting-extensions"]
