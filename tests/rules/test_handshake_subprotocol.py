"""Sec-WebSocket-Protocol on both sides."""

import pytest
from handshakes import asked, find, fired, handshake

from wsinspect.rules import handshake_subprotocol as rules

Lines = str | list[str] | None


@pytest.mark.parametrize(
    ("offer", "ids", "detail"),
    [
        (None, [], None),
        ("chat", [], None),
        ("chat,, superchat,", [], None),
        ("v10.stomp, v1_2~x!#$%&'*+-.^`|", [], None),
        (["chat", "Chat"], [], None),
        ("", ["invalid-subprotocol-offer"], "the Sec-WebSocket-Protocol field names no subprotocol"),
        (" , ", ["invalid-subprotocol-offer"], "the Sec-WebSocket-Protocol field names no subprotocol"),
        (
            "chat/1",
            ["invalid-subprotocol-offer"],
            'subprotocol "chat/1" is no token: U+002F is not allowed in it',
        ),
        ("a, b c", ["invalid-subprotocol-offer"], 'subprotocol "b c" is no token: U+0020 is not allowed in it'),
        ("a\x7f", ["invalid-subprotocol-offer"], None),
        ("caf\xe9", ["invalid-subprotocol-offer"], 'subprotocol "caf\xe9" is no token: U+00E9 is not allowed in it'),
        ("a, b, a", ["duplicate-subprotocol-offer"], 'subprotocol "a" is offered 2 times'),
        (["a", "a", "a"], ["duplicate-subprotocol-offer"], 'subprotocol "a" is offered 3 times'),
    ],
)
def test_offers(offer: Lines, ids: list[str], detail: str | None) -> None:
    subject = asked({"Sec-WebSocket-Protocol": offer})
    assert fired(rules.RULES, subject) == ids
    if detail is not None:
        finding = find(next(rule for rule in rules.RULES if rule.id == ids[0]), subject)
        assert finding is not None
        assert finding.detail == detail


@pytest.mark.parametrize(
    ("offer", "answer", "ids"),
    [
        (None, None, []),
        ("a, b", "b", []),
        ("a", None, ["no-subprotocol-selected"]),
        ("a", "A", ["unrequested-subprotocol"]),
        (None, "a", ["unrequested-subprotocol"]),
        ("a, b", "c", ["unrequested-subprotocol"]),
        ("a, b", "a, b", ["invalid-subprotocol-response"]),
        ("a, b", "a, c", ["unrequested-subprotocol", "invalid-subprotocol-response"]),
        ("a", "a,", ["invalid-subprotocol-response"]),
        ("a", "", ["invalid-subprotocol-response"]),
        (None, "", ["invalid-subprotocol-response"]),
        ("a", ["a", "a"], ["duplicate-subprotocol-response"]),
        ("a", ["a", "b"], ["unrequested-subprotocol", "duplicate-subprotocol-response"]),
        # echoed as it came: it was asked for, but it is no token on either side
        ("a b", "a b", ["invalid-subprotocol-offer", "invalid-subprotocol-response"]),
    ],
)
def test_answers(offer: Lines, answer: Lines, ids: list[str]) -> None:
    subject = handshake({"Sec-WebSocket-Protocol": offer}, {"Sec-WebSocket-Protocol": answer})
    assert fired(rules.RULES, subject) == ids


def test_details() -> None:
    subject = handshake({"Sec-WebSocket-Protocol": "a, b"}, {"Sec-WebSocket-Protocol": "c"})
    finding = find(rules.unrequested_subprotocol, subject)
    assert finding is not None
    assert finding.detail == 'the server selected "c"; the client offered "a", "b"'
    finding = find(rules.no_subprotocol_selected, handshake({"Sec-WebSocket-Protocol": "a"}))
    assert finding is not None
    assert finding.detail == 'the client offered "a"; the 101 selects none'


def test_a_refusal_selects_nothing() -> None:
    subject = handshake({}, {"Sec-WebSocket-Protocol": "x, y"}, status="HTTP/1.1 400 Bad Request")
    assert fired(rules.RULES, subject) == []


def test_without_the_request_nobody_knows_what_was_offered() -> None:
    assert fired(rules.RULES, handshake(response={"Sec-WebSocket-Protocol": "x"}, requested=False)) == []
