"""wsinspect/websocket/library.py: who is named; and which of them repeats a refused request (docs/close-events.md)."""

from typing import Any

import pytest

from captures.encoder.conversation import Trace
from captures.encoder.handshake import refusal
from captures.encoder.packets import Host
from captures.encoder.websocket import WebSocket
from tests.transport.segments import inspect, packets
from tests.websocket.test_verdict import ABNORMAL, FIREFOX_AGENT, told
from wsinspect.connection import Connection
from wsinspect.transport.httphead import parse_request
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.library import AIOHTTP, CHROMIUM, FIREFOX, UNDICI, UNKNOWN, WEBSOCKETS, Library, library_of
from wsinspect.websocket.side import Side


@pytest.mark.parametrize(
    ("agent", "library"),
    [
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", CHROMIUM),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", FIREFOX),
        ("Python/3.11 aiohttp/3.9.1", AIOHTTP),
        ("Python/3.11 websockets/13.0", WEBSOCKETS),
        ("undici", UNDICI),
        ("node", UNDICI),
        ("node-fetch", UNKNOWN),
        ("curl/8.0", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_library(agent: str, library: Library) -> None:
    request = parse_request(f"GET / HTTP/1.1\r\nUser-Agent: {agent}\r\n\r\n".encode(), 1, 1, 0, 0)
    assert library_of(Handshake(request, None), Side.CLIENT) is library
    assert library_of(Handshake(request, None), Side.SERVER) is UNKNOWN


def tried_twice(agent: str, status: int = 401, seconds: float = 0.1, credentials: bool = True) -> list[Connection]:
    trace = Trace("repeat")
    first = WebSocket(trace)
    first.refuse(refusal(status), first.request.plus("User-Agent", agent))
    second = WebSocket(trace, client=Host("192.0.2.10", 51001), at=first.elapsed + seconds)
    asked = second.request.plus("User-Agent", agent)
    second.open(asked.plus("Authorization", "Basic dXNlcjpwYXNz") if credentials else asked)
    second.close(second.server, 4000, "welcome")
    return inspect(packets(trace)).connections


def test_a_request_repeated_with_credentials_is_one_websocket() -> None:
    first, second = tried_twice(FIREFOX_AGENT)
    assert told(first, Side.CLIENT) == told(second, Side.CLIENT) == (4000, "welcome", True)
    assert told(first, Side.SERVER) is None
    event = first.close_event(Side.CLIENT)
    assert event is not None and f"connection {second.id}, TCP stream {second.stream.number}" in event.why


@pytest.mark.parametrize(
    "change",
    [{"agent": "curl/8.0"}, {"status": 403}, {"seconds": 6.0}, {"credentials": False}],
    ids=["by no browser", "another refusal", "too late", "without credentials"],
)
def test_another_request_is_another_websocket(change: dict[str, Any]) -> None:
    first, _ = tried_twice(**{"agent": FIREFOX_AGENT, **change})
    assert told(first, Side.CLIENT) == ABNORMAL
