"""Sec-WebSocket-Key and Sec-WebSocket-Accept."""

import base64

import pytest
from handshakes import ACCEPT, KEY, Changes, asked, find, fired, handshake

from wsinspect.rules import handshake_key as rules
from wsinspect.websocket.handshake import expected_accept


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("key", "ids", "detail"),
    [
        (KEY, [], None),
        (None, ["missing-sec-websocket-key"], "no Sec-WebSocket-Key field"),
        ("", ["invalid-sec-websocket-key"], 'key "" decodes to 0 bytes; 16 are required'),
        ("x3JJHMbDL1EzLkh9GBhXDw", ["invalid-sec-websocket-key"], 'key "x3JJHMbDL1EzLkh9GBhXDw" is not base64'),
        ("x3JJHMbDL1EzLkh9GBhX-w==", ["invalid-sec-websocket-key"], None),
        ("not base64!", ["invalid-sec-websocket-key"], 'key "not base64!" is not base64'),
        (
            "x3JJHMbDL1EzLkh9GBhX",
            ["invalid-sec-websocket-key"],
            'key "x3JJHMbDL1EzLkh9GBhX" decodes to 15 bytes; 16 are required',
        ),
        (b64(b"x"), ["invalid-sec-websocket-key"], 'key "eA==" decodes to 1 byte; 16 are required'),
        ([KEY, KEY], ["duplicate-sec-websocket-key"], "2 Sec-WebSocket-Key fields; one is allowed"),
        ([KEY, "?"], ["invalid-sec-websocket-key", "duplicate-sec-websocket-key"], None),
        (f"{KEY}, {KEY}", ["invalid-sec-websocket-key"], None),
        # a set bit behind the last byte: the standard's own sample has it, only its pattern is remarked on
        ("AQIDBAUGBwgJCgsMDQ4PEC==", ["weak-sec-websocket-key"], "the nonce counts up from 01"),
        (b64(bytes([254, 255, *range(14)])), ["weak-sec-websocket-key"], "the nonce counts up from FE"),
        (b64(bytes(16)), ["weak-sec-websocket-key"], "the nonce is the byte 00, sixteen times"),
        (rules.SAMPLE_KEY, ["weak-sec-websocket-key"], 'the nonce is readable text: "the sample nonce"'),
        (b64(b"fifteen letters\n"), [], None),
        (b64(bytes([*range(15), 16])), [], None),
        (b64(bytes(range(16, 0, -1))), [], None),
    ],
)
def test_keys(key: str | list[str] | None, ids: list[str], detail: str | None) -> None:
    subject = asked({"Sec-WebSocket-Key": key})
    assert fired(rules.RULES, subject) == ids
    if detail is not None:
        finding = find(next(rule for rule in rules.RULES if rule.id == ids[0]), subject)
        assert finding is not None
        assert finding.detail == detail


@pytest.mark.parametrize(
    ("response", "ids"),
    [
        ({}, []),
        ({"Sec-WebSocket-Accept": None}, ["missing-sec-websocket-accept"]),
        ({"Sec-WebSocket-Accept": ""}, ["wrong-accept"]),
        ({"Sec-WebSocket-Accept": ACCEPT.lower()}, ["wrong-accept"]),
        ({"Sec-WebSocket-Accept": KEY}, ["wrong-accept"]),
        ({"Sec-WebSocket-Accept": [ACCEPT, ACCEPT]}, ["duplicate-sec-websocket-accept"]),
        ({"Sec-WebSocket-Accept": ["x", ACCEPT]}, ["duplicate-sec-websocket-accept"]),
        ({"Sec-WebSocket-Accept": ["x", "y"]}, ["wrong-accept", "duplicate-sec-websocket-accept"]),
    ],
)
def test_accepts(response: Changes, ids: list[str]) -> None:
    assert fired(rules.RULES, handshake(response=response)) == ids


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        ("AAAA", f'expected {ACCEPT}, found "AAAA"'),
        ("", f"expected {ACCEPT}, found nothing"),
        (KEY, f'expected {ACCEPT}, found "{KEY}"; it equals the key: echoed, not hashed'),
        (
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            f'expected {ACCEPT}, found "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; it is the answer to the sample key of RFC 6455',
        ),
        (
            expected_accept(base64.b64decode(KEY).decode("latin-1")),
            f'expected {ACCEPT}, found "{expected_accept(base64.b64decode(KEY).decode("latin-1"))}"; '
            "it is the hash of the decoded key, which has to be hashed as text",
        ),
    ],
)
def test_wrong_accept_says_what_it_is(found: str, detail: str) -> None:
    finding = find(rules.wrong_accept, handshake(response={"Sec-WebSocket-Accept": found}))
    assert finding is not None
    assert finding.detail == detail


def test_an_answer_to_any_of_two_keys_fits() -> None:
    subject = handshake({"Sec-WebSocket-Key": ["x3JJHMbDL1EzLkh9GBhXDw==", KEY]})
    assert fired(rules.RULES, subject) == ["duplicate-sec-websocket-key"]


def test_an_invalid_key_is_answered_all_the_same() -> None:
    subject = handshake({"Sec-WebSocket-Key": "abc"}, {"Sec-WebSocket-Accept": expected_accept("abc")})
    assert fired(rules.RULES, subject) == ["invalid-sec-websocket-key"]


def test_an_answer_to_no_key_cannot_be_wrong() -> None:
    assert fired(rules.RULES, handshake({"Sec-WebSocket-Key": None})) == ["missing-sec-websocket-key"]


def test_a_refusal_needs_no_accept() -> None:
    subject = handshake(response={"Sec-WebSocket-Accept": None}, status="HTTP/1.1 403 Forbidden")
    assert fired(rules.RULES, subject) == []
