"""wsinspect/websocket/http2_handshake.py: which streams are WebSockets, and what was agreed on them."""

import pytest

from wsinspect.websocket.http2_handshake import Http2Handshake, asks_for_websocket, request_head, response_head

ASKED = (
    (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat?x=1"),
    (":authority", "chat.example"), ("sec-websocket-protocol", "a, b"),
    ("sec-websocket-extensions", "permessage-deflate"),
)  # fmt: skip


def without(name: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (*(field for field in ASKED if field[0] != name), *more)


@pytest.mark.parametrize(
    ("fields", "asks"),
    [
        (ASKED, True),
        (without(":protocol", (":protocol", "WebSocket")), True),
        (without(":protocol", (":protocol", "connect-udp")), True),  # its Sec-WebSocket fields give it away
        (without(":protocol"), False),  # an ordinary CONNECT
        (without(":method", (":method", "GET")), False),
        (((":method", "CONNECT"), (":protocol", "connect-udp")), False),
        ((), False),
    ],
)
def test_what_asks_for_a_websocket(fields: tuple[tuple[str, str], ...], asks: bool) -> None:
    assert asks_for_websocket(fields) is asks


def test_agreement() -> None:
    request = request_head(ASKED, 1, 1, 1, 1)
    answered = (
        (":status", "200"), ("sec-websocket-protocol", "b"), ("sec-websocket-extensions", "permessage-deflate"),
    )  # fmt: skip
    response = response_head(answered, 2, 2, 2, 2)
    handshake = Http2Handshake(request, response)
    assert handshake.accepted
    assert handshake.subprotocol == "b"
    assert handshake.extensions == ("permessage-deflate",)
    assert handshake.url("192.0.2.1:443", secure=True) == "wss://chat.example/chat?x=1"
    assert handshake.url("192.0.2.1:443") == "ws://chat.example/chat?x=1"


@pytest.mark.parametrize(("status", "accepted"), [("200", True), ("299", True), ("101", False), ("404", False)])
def test_any_2xx_accepts(status: str, accepted: bool) -> None:
    response = response_head(((":status", status),), 1, 1, 1, 1)
    assert response is not None
    assert Http2Handshake(None, response).accepted is accepted


@pytest.mark.parametrize("fields", [(), ((":status", "abc"),), ((":status", "20"),), ((":status", "²00"),)])
def test_no_status_no_response(fields: tuple[tuple[str, str], ...]) -> None:
    assert response_head(fields, 1, 1, 1, 1) is None
