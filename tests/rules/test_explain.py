"""Every answer that `wsinspect explain` gives."""

import pytest

from wsinspect.codebooks.book import built_in
from wsinspect.errors import WsinspectError
from wsinspect.rules.catalogue import RULES
from wsinspect.rules.explain import NEEDED, explain, find_rules
from wsinspect.rules.rule import Need
from wsinspect.websocket.closecodes import BY_CODE, HIGHEST, describe


def test_a_code() -> None:
    assert explain("1001").splitlines() == [
        "1001 Going Away (RFC 6455 §7.4.1)",
        "",
        "  The sender is leaving: a server shuts down, a browser moves to another page.",
        "",
        "May be sent",
        "  By either side.",
        "",
        "What to look at",
        "  From the server: a deploy, a restart, or a gateway's limit on idle time or age. From",
        "  the client: navigation, a closed tab, an app sent to the background.",
        "",
        "In codebooks",
        "  - AWS API Gateway: 10 min idle or 2 h of age (recognised by host",
        "    *.execute-api.*.amazonaws.com)",
    ]


def test_a_private_code_lists_what_each_codebook_makes_of_it() -> None:
    text = explain("4004")
    for line in (
        "  - Discord gateway: authentication failed (recognised by host gateway.discord.gg;",
        "  - graphql-transport-ws: BadResponse (recognised by subprotocol graphql-transport-ws;",
        "  - Pusher: over connection quota; band 4000–4099: do not reconnect (recognised by host",
        "  - Centrifuge: not in it; band 4000–4499: reconnect (recognised by subprotocol",
    ):
        assert line in text
    assert "PandaScore" not in text


def test_a_code_that_may_be_an_http_status() -> None:
    assert "HTTP 403 Forbidden + 4000" in explain("4403")
    assert "HTTP 477 + 4000" in explain("4477")
    assert "HTTP 4" not in explain("4399")


def test_a_codebook() -> None:
    lines = explain("discord GATEWAY").splitlines()
    assert lines[0] == "Discord gateway"
    assert "  - host gateway.discord.gg" in lines
    assert "  - 4009 session timed out, reconnecting makes sense" in lines
    assert "  - 4014 disallowed intents" in lines


def test_every_codebook_can_be_asked_for() -> None:
    for book in built_in():
        for name in (book.name, *book.aliases):
            assert explain(name).splitlines()[0] == book.name


def test_every_code_is_explained() -> None:
    for code in (*range(5001), *range(5001, HIGHEST + 1, 997), HIGHEST):
        text = explain(str(code))
        assert text.startswith(f"{code} ")
        for title in ("May be sent", "What to look at"):
            assert f"\n{title}\n  " in text, code
        assert ("By nobody" in text) is not describe(code).allowed_on_wire


@pytest.mark.parametrize("code", [1005, 1006, 1015])
def test_codes_of_apis_say_where_they_come_from(code: int) -> None:
    text = explain(str(code))
    assert "How wsinspect derives it" in text
    assert "By nobody. It is a word of APIs only." in text
    assert "invalid-close-code" in text


def test_a_code_names_the_rules_about_it() -> None:
    assert "missing-close-reply" in explain("1006")


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("3500", ["3500 Unregistered (unregistered)", "3000–3999, RFC 6455 §7.4.2"]),
        ("4123", ["4123 Private Use (private)", "4000–4999"]),
        ("5000", ["5000 Out of Range (out of range)", "is a warning: invalid-close-code", "5000–65535"]),
        ("59395", ["byte order"]),
        ("999", ["999 Not Used", "is an error: invalid-close-code"]),
        ("1012", ["1012 Service Restart (IANA registry, as of the snapshot in this release)", "By the server."]),
        ("1010", ["By the client only."]),
        ("going away", ["1001 Going Away"]),
        (" Abnormal  Closure ", ["1006 Abnormal Closure"]),
        ("3000-3999", ["3000–3999 Unregistered", "- 3000 Unauthorized", "- 3003 Forbidden", "- 3008 Timeout"]),
        ("3000–3999", ["3000–3999 Unregistered"]),
        ("4000..4999", ["4000–4999 Private Use"]),
        ("900-1002", ["900–999 Not Used", "1000–1002 Unassigned", "- 1002 Protocol error"]),
    ],
)
def test_codes_and_ranges(topic: str, words: list[str]) -> None:
    text = explain(topic)
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("code", [0, *BY_CODE, 2000, 3001, 4000, HIGHEST])
def test_every_kind_of_code(code: int) -> None:
    assert explain(str(code)).startswith(f"{code} ")


def test_a_rule() -> None:
    text = explain("Unmasked-Client-Frame")
    assert text.splitlines()[:3] == ["unmasked-client-frame", "", "  error, by the client; RFC 6455 §5.1"]
    assert "What to look at" in text
    assert "  - who is the client, as the handshake tells" in text
    assert '  - ws "MASK must be set"' in text


def test_a_rule_without_a_standard() -> None:
    assert "no standard rules on it" in explain("slow-handshake")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule(rule) -> None:  # type: ignore[no-untyped-def]
    text = explain(rule.id)
    assert text.startswith(f"{rule.id}\n")
    assert max(map(len, text.splitlines())) <= 88


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("One or more reserved bits are on", ["rsv-bits-set"]),
        ("One or more reserved bits are on: reserved1 = 0, reserved2 = 1, reserved3 = 0", ["rsv-bits-set"]),
        ("RSV1 must be clear", ["rsv-bits-set"]),
        ("Invalid WebSocket frame: RSV1 must be clear", ["rsv-bits-set"]),
        ("mask must be set", ["unmasked-client-frame"]),
        ("WS_ERR_EXPECTED_MASK", ["unmasked-client-frame"]),
        ("ws_err_invalid_opcode", ["reserved-opcode", "continuation-without-message", "interleaved-data-frame"]),
        ("Error during WebSocket handshake: Incorrect 'Sec-WebSocket-Accept' header value", ["wrong-accept"]),
        ("Could not decode a text frame as UTF-8", ["invalid-utf8-text"]),
        ("keepalive ping timeout", ["missing-pong", "late-pong", "keepalive-timeout"]),
        ("ws", []),
        ("something else", []),
    ],
)
def test_words_of_other_programs(words: str, ids: list[str]) -> None:
    assert [rule.id for rule in find_rules(words)] == ids


def test_words_for_one_rule_explain_it() -> None:
    assert explain("One or more reserved bits are on").startswith("rsv-bits-set\n")


def test_words_for_several_rules_list_them() -> None:
    text = explain("WS_ERR_INVALID_OPCODE")
    assert text.startswith('3 rules are known by "WS_ERR_INVALID_OPCODE":\n\nreserved-opcode (error)\n')
    assert "interleaved-data-frame (error)" in text


@pytest.mark.parametrize(
    ("topic", "message", "hint"),
    [
        ("unmasked-frame", 'nothing is known about "unmasked-frame"', "unmasked-client-frame"),
        ("close-code", 'nothing is known about "close-code"', "invalid-close-code"),
        ("abnormalclosure", 'nothing is known about "abnormalclosure"', "abnormal closure"),
        ("xyzzy!", 'nothing is known about "xyzzy!"', "give a close code (1006)"),
        ("", 'nothing is known about ""', "give a close code (1006)"),
        ("65536", "65536 is no close code", "0 to 65535"),
        ("9" * 5000, f"{'9' * 5000} is no close code", "0 to 65535"),
        ("4000-3000", "4000-3000 is no range of close codes", "0 to 65535"),
        ("1-99999", "1-99999 is no range of close codes", "0 to 65535"),
    ],
)
def test_unknown(topic: str, message: str, hint: str) -> None:
    with pytest.raises(WsinspectError) as error:
        explain(topic)
    assert error.value.message == message
    assert hint in error.value.hint


def test_every_need_has_words() -> None:
    assert set(NEEDED) == set(Need)
