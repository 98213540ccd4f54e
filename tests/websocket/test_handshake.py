"""What a request and a response say together."""

import pytest

from wsinspect.transport.httphead import RequestHead, ResponseHead, parse_request, parse_response
from wsinspect.websocket.extensions import DeflateParameters
from wsinspect.websocket.handshake import (
    Handshake,
    decode_key,
    expected_accept,
    looks_like_websocket,
    switches_to_websocket,
)

SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
SAMPLE_ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def request(*lines: str, start: str = "GET /chat?room=1 HTTP/1.1") -> RequestHead:
    head = parse_request("\r\n".join((start, *lines)).encode("latin-1"), 1, 1, 0, 0)
    assert head is not None
    return head


def response(*lines: str, start: str = "HTTP/1.1 101 Switching Protocols") -> ResponseHead:
    head = parse_response("\r\n".join((start, *lines)).encode("latin-1"), 2, 2, 0, 0)
    assert head is not None
    return head


def test_expected_accept_is_the_one_of_the_standard() -> None:
    assert expected_accept(SAMPLE_KEY) == SAMPLE_ACCEPT


def test_the_key_is_hashed_as_text() -> None:
    # the same 16 bytes, other trailing bits: another text, another answer
    assert decode_key("AQIDBAUGBwgJCgsMDQ4PEC==") == decode_key("AQIDBAUGBwgJCgsMDQ4PEA==") == bytes(range(1, 17))
    assert expected_accept("AQIDBAUGBwgJCgsMDQ4PEC==") != expected_accept("AQIDBAUGBwgJCgsMDQ4PEA==")
    assert expected_accept("\xe4") != expected_accept("a")


@pytest.mark.parametrize("key", ["dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub2-_ZQ==", "\xe4", "a b", "===="])
def test_what_is_not_base64(key: str) -> None:
    assert decode_key(key) is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), False),
        (("Upgrade: websocket",), True),
        (("upgrade: WebSocket",), True),
        (("Upgrade: h2c, websocket",), True),
        (("Upgrade: h2c",), False),
        (("Upgrade: websocketx",), False),
        (("Sec-WebSocket-Version: 13",), True),
        (("sec-websocket-anything: x",), True),
        (("Sec-WebSocketKey: x",), False),
    ],
)
def test_looks_like_websocket(lines: tuple[str, ...], expected: bool) -> None:
    assert looks_like_websocket(request(*lines)) is expected
    assert Handshake(request(*lines), None).is_websocket is expected


def test_switches_to_websocket() -> None:
    assert switches_to_websocket(response("Upgrade: WebSocket"))
    assert not switches_to_websocket(response("Upgrade: h2c"))
    assert not switches_to_websocket(response("Upgrade: websocket", start="HTTP/1.1 426 Upgrade Required"))


@pytest.mark.parametrize(
    ("asked", "answered", "accepted"),
    [
        (request("Upgrade: websocket"), response("Upgrade: websocket"), True),
        # broken, but what else should it be
        (request("Upgrade: websocket"), response(), True),
        (request("Upgrade: websocket"), response("Upgrade: web-socket"), True),
        (request("Upgrade: foo", "Sec-WebSocket-Key: x"), response("Upgrade: foo", "Sec-WebSocket-Accept: x"), True),
        # the client offered two protocols and the server took the other
        (request("Upgrade: h2c, websocket"), response("Upgrade: h2c"), False),
        (request("Upgrade: websocket"), response("Upgrade: websocket", start="HTTP/1.1 200 OK"), False),
        (request(), response("Upgrade: websocket"), True),
        (request(), response(), False),
        (None, response("Upgrade: websocket"), True),
        (None, response("Sec-WebSocket-Accept: x"), True),
        (None, response("Upgrade: h2c"), False),
        (request("Upgrade: websocket"), None, False),
    ],
)
def test_accepted(asked: RequestHead | None, answered: ResponseHead | None, accepted: bool) -> None:
    handshake = Handshake(asked, answered)
    assert handshake.accepted is accepted
    assert handshake.agreeing is (answered if accepted else None)


def test_nothing_captured() -> None:
    handshake = Handshake(None, None)
    assert not handshake.is_websocket
    assert not handshake.accepted
    assert handshake.status is handshake.key is handshake.expected_accept is handshake.accept is None
    assert handshake.subprotocol is handshake.deflate is handshake.url("1.2.3.4:80") is None
    assert handshake.extensions == () == handshake.offered.extensions
    assert not handshake.has_unknown_extension


def test_keys_and_accepts() -> None:
    handshake = Handshake(
        request(f"Sec-WebSocket-Key: {SAMPLE_KEY}", "sec-websocket-key: b"),
        response("Upgrade: websocket", f"Sec-WebSocket-Accept: {SAMPLE_ACCEPT} "),
    )
    assert handshake.keys == (SAMPLE_KEY, "b")
    assert handshake.key == SAMPLE_KEY
    assert handshake.expected_accept == handshake.accept == SAMPLE_ACCEPT
    assert handshake.status == 101


def test_subprotocols() -> None:
    asked = request("Upgrade: websocket", "Sec-WebSocket-Protocol: mqtt,, Chat", "Sec-WebSocket-Protocol: x")
    handshake = Handshake(asked, response("Upgrade: websocket", "Sec-WebSocket-Protocol: Chat"))
    assert handshake.offered_subprotocols == ("mqtt", "Chat", "x")
    assert handshake.subprotocol == "Chat"
    assert Handshake(asked, response("Sec-WebSocket-Protocol: mqtt", start="HTTP/1.1 400 No")).subprotocol is None


def test_extensions_are_those_of_the_response() -> None:
    asked = request(
        "Upgrade: websocket", "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover, foo"
    )
    plain = Handshake(asked, response("Upgrade: websocket"))
    assert plain.deflate is None
    assert plain.extensions == ()
    agreed = Handshake(
        asked, response("Upgrade: websocket", "Sec-WebSocket-Extensions: permessage-deflate;server_max_window_bits=10")
    )
    assert agreed.deflate == DeflateParameters(False, False, 10, 15)
    assert agreed.extensions == ("permessage-deflate; server_max_window_bits=10",)
    assert not agreed.has_unknown_extension
    refused = Handshake(asked, response("Sec-WebSocket-Extensions: permessage-deflate", start="HTTP/1.1 403 No"))
    assert refused.deflate is None
    assert refused.extensions == ()


@pytest.mark.parametrize(
    ("extension", "unknown"),
    [("permessage-deflate", False), ("bbf-usp-protocol; eid=a", False), ("x-webkit-deflate-frame", True), ("f", True)],
)
def test_unknown_extension(extension: str, unknown: bool) -> None:
    answered = response("Upgrade: websocket", f"Sec-WebSocket-Extensions: {extension}")
    assert Handshake(None, answered).has_unknown_extension is unknown


@pytest.mark.parametrize(
    ("start", "lines", "secure", "url"),
    [
        ("GET /chat?room=1 HTTP/1.1", ("Host: example.test",), False, "ws://example.test/chat?room=1"),
        ("GET / HTTP/1.1", ("Host: example.test:8443",), True, "wss://example.test:8443/"),
        ("GET / HTTP/1.1", (), False, "ws://10.0.0.1:8080/"),
        ("GET / HTTP/1.1", ("Host:",), False, "ws://10.0.0.1:8080/"),
        ("GET http://other.test:81/x HTTP/1.1", ("Host: example.test",), False, "ws://other.test:81/x"),
        ("GET HTTPS://other.test/x HTTP/1.1", (), False, "wss://other.test/x"),
        ("GET ws://other.test/x HTTP/1.1", (), True, "wss://other.test/x"),
        ("GET /r?to=http://a.test/ HTTP/1.1", ("Host: example.test",), False, "ws://example.test/r?to=http://a.test/"),
        ("CONNECT example.test:443 HTTP/1.1", ("Host: example.test",), True, "wss://example.test:443"),
        ("GET chat HTTP/1.1", ("Host: example.test",), False, "ws://example.test/chat"),
    ],
)
def test_url(start: str, lines: tuple[str, ...], secure: bool, url: str) -> None:
    assert Handshake(request(*lines, start=start), None).url("10.0.0.1:8080", secure) == url
