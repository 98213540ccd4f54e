"""Each rule about a request: heads that break it, heads that come close and do not."""

import pytest
from handshakes import Changes, asked, find, fired, handshake

from wsinspect.rules import handshake_extensions, handshake_key, handshake_subprotocol
from wsinspect.rules import handshake_request as rules

ALL = (*rules.RULES, *handshake_key.RULES, *handshake_subprotocol.RULES, *handshake_extensions.RULES)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Connection": "keep-alive, Upgrade"},
        {"Connection": ["keep-alive", "upgrade"]},
        {"Upgrade": "WebSocket"},
        {"Upgrade": "h2c, websocket"},
        {"User-Agent": "Mozilla/5.0", "Origin": "null"},
        {"User-Agent": "curl/8 (like Mozilla/5.0)"},
        {"Content-Length": "0"},
        {"Sec-WebSocket-Protocol": "a,,b, c.d~e!"},
        {"Sec-WebSocket-Protocol": ["chat", "Chat"]},
        {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"},
        {"Sec-WebSocket-Draft": "x"},
    ],
)
def test_good_requests_break_nothing(changes: Changes) -> None:
    assert fired(ALL, asked(changes)) == []


@pytest.mark.parametrize("start", ["GET / HTTP/1.1", "GET http://example.test/ HTTP/1.1", "GET / HTTP/2.0"])
def test_good_start_lines(start: str) -> None:
    assert fired(ALL, asked(start=start)) == []


@pytest.mark.parametrize(
    ("changes", "start", "ids", "detail"),
    [
        ({}, "POST /chat HTTP/1.1", ["request-method-not-get"], 'method is "POST"; only GET opens a WebSocket'),
        ({}, "get /chat HTTP/1.1", ["request-method-not-get"], 'method is "get"; only GET opens a WebSocket'),
        ({}, "GET /chat HTTP/1.0", ["request-http-version"], None),
        ({}, "GET /chat HTTP/0.9", ["request-http-version"], None),
        (
            {},
            "GET /chat",
            ["request-http-version"],
            "version in the request line is missing; HTTP/1.1 is the least",
        ),
        ({}, "GET /chat HTTP/one", ["request-http-version"], None),
        ({"Host": None}, "GET / HTTP/1.1", ["invalid-host-header"], "no Host field"),
        ({"Host": None}, "GET http://a.test/ HTTP/1.1", ["invalid-host-header"], "no Host field"),
        ({"Host": ""}, "GET / HTTP/1.1", ["invalid-host-header"], "the Host field is empty"),
        (
            {"Host": ["a", "a"]},
            "GET / HTTP/1.1",
            ["invalid-host-header"],
            '2 Host fields: "a", "a"; one is allowed',
        ),
        ({"Upgrade": None}, "GET / HTTP/1.1", ["missing-request-upgrade"], "no Upgrade field"),
        (
            {"Upgrade": "websocket/13"},
            "GET / HTTP/1.1",
            ["missing-request-upgrade"],
            'Upgrade is "websocket/13", without the token websocket',
        ),
        (
            {"Upgrade": None, "Connection": "close"},
            "GET / HTTP/1.1",
            ["missing-request-upgrade", "missing-request-connection-upgrade"],
            "no Upgrade field; Connection lacks Upgrade too: removed by a proxy?",
        ),
        (
            {"Connection": None},
            "GET / HTTP/1.1",
            ["missing-request-connection-upgrade"],
            "no Connection field",
        ),
        (
            {"Connection": "keep-alive, Upgrade-Insecure"},
            "GET / HTTP/1.1",
            ["missing-request-connection-upgrade"],
            'Connection is "keep-alive, Upgrade-Insecure", without Upgrade',
        ),
        (
            {"Sec-WebSocket-Version": None},
            "GET / HTTP/1.1",
            ["missing-sec-websocket-version"],
            "no Sec-WebSocket-Version field; 13 is required",
        ),
        (
            {"Sec-WebSocket-Version": "8"},
            "GET / HTTP/1.1",
            ["wrong-sec-websocket-version"],
            'Sec-WebSocket-Version is "8"; it has to be 13',
        ),
        ({"Sec-WebSocket-Version": "013"}, "GET / HTTP/1.1", ["wrong-sec-websocket-version"], None),
        ({"Sec-WebSocket-Version": "13, 8"}, "GET / HTTP/1.1", ["wrong-sec-websocket-version"], None),
        ({"Sec-WebSocket-Version": ""}, "GET / HTTP/1.1", ["wrong-sec-websocket-version"], None),
        ({"Sec-WebSocket-Version": "thirteen"}, "GET / HTTP/1.1", ["wrong-sec-websocket-version"], None),
        (
            {"Sec-WebSocket-Version": ["13", "13"]},
            "GET / HTTP/1.1",
            ["duplicate-sec-websocket-version"],
            '2 Sec-WebSocket-Version fields: "13", "13"; one is allowed',
        ),
        (
            {"Sec-WebSocket-Version": ["13", "8"]},
            "GET / HTTP/1.1",
            ["wrong-sec-websocket-version", "duplicate-sec-websocket-version"],
            None,
        ),
        (
            {"User-Agent": "Mozilla/5.0 (X11)"},
            "GET / HTTP/1.1",
            ["missing-browser-origin"],
            'no Origin field, though User-Agent is "Mozilla/5.0 (X11)"',
        ),
        (
            {},
            "GET /chat#top HTTP/1.1",
            ["request-target-fragment"],
            'the request target contains "#top"',
        ),
        (
            {"Content-Length": "012"},
            "GET / HTTP/1.1",
            ["request-body"],
            "the request announces a body: Content-Length is 012",
        ),
        (
            {"Transfer-Encoding": "chunked"},
            "GET / HTTP/1.1",
            ["request-body"],
            'the request announces a body: Transfer-Encoding is "chunked"',
        ),
    ],
)
def test_broken_requests(changes: Changes, start: str, ids: list[str], detail: str | None) -> None:
    subject = asked(changes, start)
    assert fired(ALL, subject) == ids
    first = next(rule for rule in ALL if rule.id == ids[0])
    finding = find(first, subject)
    assert finding is not None
    assert finding.severity is None
    if detail is not None:
        assert finding.detail == detail


def test_long_values_are_cut() -> None:
    finding = find(rules.wrong_sec_websocket_version, asked({"Sec-WebSocket-Version": "9" * 5000}))
    assert finding is not None
    assert len(finding.detail) < 200
    assert "(5000 characters)" in finding.detail


def test_data_before_the_response() -> None:
    finding = find(rules.data_before_handshake_response, handshake(early_bytes=7, early_packet=5))
    assert finding is not None
    assert finding.detail == (
        "7 bytes behind the request head, from packet 5 on, passed before the response began (packet 6)"
    )
    assert find(rules.data_before_handshake_response, handshake(early_bytes=1)) is not None
    assert find(rules.data_before_handshake_response, handshake()) is None


def test_a_plain_request_breaks_no_rule_of_websocket() -> None:
    plain = {"Upgrade": None, "Connection": None, "Sec-WebSocket-Key": None, "Sec-WebSocket-Version": None}
    subject = handshake(plain, start="POST /x#y HTTP/1.0", early_bytes=9)
    assert fired(rules.RULES, subject) == []


def test_nothing_is_said_without_the_request() -> None:
    assert fired(rules.RULES, handshake(requested=False, early_bytes=3)) == []
