"""Each rule about a response: heads that break it, heads that come close and do not."""

import pytest
from handshakes import Changes, find, fired, handshake

from wsinspect.rules import handshake_response as rules
from wsinspect.websocket.handshake import Handshake


@pytest.mark.parametrize(
    ("request_changes", "changes", "ids"),
    [
        ({}, {}, []),
        ({}, {"Upgrade": "WebSocket"}, []),
        ({}, {"Connection": "keep-alive, upgrade"}, []),
        ({}, {"Upgrade": None}, ["missing-response-upgrade"]),
        ({}, {"Upgrade": ""}, ["missing-response-upgrade"]),
        ({}, {"Upgrade": "websocket, h2c"}, ["missing-response-upgrade"]),
        ({}, {"Upgrade": ["websocket", "websocket"]}, ["missing-response-upgrade"]),
        ({}, {"Upgrade": "websocket/13"}, ["missing-response-upgrade"]),
        ({}, {"Connection": None}, ["missing-response-connection-upgrade"]),
        ({}, {"Connection": "close"}, ["missing-response-connection-upgrade"]),
        ({"Sec-WebSocket-Version": "8"}, {}, ["invalid-request-accepted"]),
        # wrong, but nothing a server has to refuse
        ({"Sec-WebSocket-Protocol": "a, a", "User-Agent": "Mozilla/5.0", "Content-Length": "3"}, {}, []),
        ({"Sec-WebSocket-Extensions": "permessage-deflate; x=1"}, {}, []),
        (
            {"Upgrade": "h2c, websocket"},
            {"Upgrade": "h2c", "Connection": None, "Sec-WebSocket-Accept": None},
            [],
        ),
    ],
)
def test_101(request_changes: Changes, changes: Changes, ids: list[str]) -> None:
    assert fired(rules.RULES, handshake(request_changes, changes)) == ids


def test_the_reasons_to_refuse_are_named() -> None:
    subject = handshake(
        {"Host": None, "Sec-WebSocket-Key": "x", "Sec-WebSocket-Version": None, "Sec-WebSocket-Extensions": ";"},
        start="POST /chat HTTP/1.0",
    )
    finding = find(rules.invalid_request_accepted, subject)
    assert finding is not None
    assert finding.detail == (
        "101 in spite of request-method-not-get, request-http-version, invalid-host-header, "
        "invalid-sec-websocket-key, missing-sec-websocket-version, invalid-extension-header"
    )


@pytest.mark.parametrize("status", ["HTTP/1.0 101 Switching Protocols", "HTTP/0.9 101 X"])
def test_old_status_lines(status: str) -> None:
    subject = handshake(status=status)
    assert fired(rules.RULES, subject) == ["response-http-version"]


def test_old_status_line_of_a_refusal() -> None:
    assert fired(rules.RULES, handshake(status="HTTP/1.0 403 Forbidden")) == ["handshake-rejected"]


@pytest.mark.parametrize(
    ("request_changes", "changes", "status", "fires"),
    [
        ({"Sec-WebSocket-Version": "8"}, {}, "HTTP/1.1 426 Upgrade Required", True),
        ({"Sec-WebSocket-Version": "8"}, {}, "HTTP/1.1 400 Bad Request", True),
        ({"Sec-WebSocket-Version": "8"}, {"Sec-WebSocket-Version": "13"}, "HTTP/1.1 426 Upgrade Required", False),
        # the version is not why, or not the only reason why it was refused
        ({"Sec-WebSocket-Version": "8"}, {}, "HTTP/1.1 403 Forbidden", False),
        ({}, {}, "HTTP/1.1 400 Bad Request", False),
        ({"Sec-WebSocket-Version": "8", "Host": None}, {}, "HTTP/1.1 400 Bad Request", False),
        # no version is a bad request, not a version that the server lacks
        ({"Sec-WebSocket-Version": None}, {}, "HTTP/1.1 400 Bad Request", False),
    ],
)
def test_supported_versions(request_changes: Changes, changes: Changes, status: str, fires: bool) -> None:
    finding = find(rules.missing_supported_versions, handshake(request_changes, changes, status=status))
    assert (finding is not None) is fires
    if finding:
        assert finding.detail.endswith('to version "8" without a Sec-WebSocket-Version field')


PLAIN: Changes = {"Upgrade": None, "Connection": None, "Sec-WebSocket-Key": None, "Sec-WebSocket-Version": None}


def test_unsolicited_101_is_the_servers_fault_alone() -> None:
    subject = handshake(PLAIN)
    assert fired(rules.RULES, subject) == ["unsolicited-101"]
    finding = find(rules.unsolicited_101, subject)
    assert finding is not None
    assert finding.detail == '101 with Upgrade: websocket to a plain GET "/chat"'


def test_one_field_is_asking_enough() -> None:
    assert "unsolicited-101" not in fired(rules.RULES, handshake({**PLAIN, "Sec-WebSocket-Version": "13"}))


@pytest.mark.parametrize(
    ("request_changes", "changes", "status", "detail"),
    [
        ({}, {}, "HTTP/1.1 404 Not Found", "404 Not Found"),
        ({}, {}, "HTTP/1.1 200", "200"),
        (
            {},
            {"Location": "https://a.test/", "Server": "nginx", "Content-Length": "5"},
            "HTTP/1.1 301 Moved",
            '301 Moved; redirects to "https://a.test/"; from "nginx"; body of 5 bytes',
        ),
        (
            {"Host": None, "Upgrade": "h2c", "Connection": "close"},
            {"WWW-Authenticate": "Basic"},
            "HTTP/1.1 401 Unauthorized",
            '401 Unauthorized; asks for "Basic"; the request lacks Host, Upgrade: websocket, Connection: Upgrade',
        ),
        (
            {"Sec-WebSocket-Version": "14"},
            {"Sec-WebSocket-Version": "13, 8"},
            "HTTP/1.1 426 Upgrade Required",
            '426 Upgrade Required; speaks version "13, 8"',
        ),
    ],
)
def test_rejected(request_changes: Changes, changes: Changes, status: str, detail: str) -> None:
    finding = find(rules.handshake_rejected, handshake(request_changes, changes, status=status))
    assert finding is not None
    assert finding.detail == detail


def test_interim_responses_reject_nothing() -> None:
    assert find(rules.handshake_rejected, handshake(status="HTTP/1.1 103 Early Hints")) is None


@pytest.mark.parametrize(("wait_ns", "fires"), [(999_999_999, False), (1_000_000_000, True), (-5, False)])
def test_slow_handshake(wait_ns: int, fires: bool) -> None:
    assert (find(rules.slow_handshake, handshake(wait_ns=wait_ns)) is not None) is fires


def test_slow_detail() -> None:
    finding = find(rules.slow_handshake, handshake(wait_ns=2_500_000_000))
    assert finding is not None
    assert finding.detail.startswith("2.500 s from the end of the request to the response")


def test_nothing_captured() -> None:
    assert fired(rules.RULES, Handshake(None, None)) == []
    assert fired(rules.RULES, handshake(requested=False)) == []
