"""Rules about opening handshakes that hurt no MUST, or come to nothing (RFC 6455 §4)."""

import base64

from captures.encoder.conversation import CLIENT, SERVER, Trace
from captures.encoder.frames import TEXT
from captures.encoder.handshake import EXTENSIONS, PROTOCOL, Head, accept, refusal
from captures.encoder.packets import Host
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Expected, Fired, closed, refused

chapter = Chapter("rules/")

CLEAN = closed("client").having(messages=(1, 1))
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36"
SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def odd_request(rule: str, shows: str, near: str, odd: tuple[str, str], plain: tuple[str, str] | None) -> None:
    """A request with one field more, which nobody minds; and one that comes close."""

    def script(field: tuple[str, str] | None) -> None:
        name = rule if field is odd else f"{rule}.near-miss"
        expected = CLEAN.firing(Fired(rule, "client")) if field is odd else CLEAN

        def talk_with(talk: WebSocket) -> None:
            talk.open(talk.request.plus(*field) if field else None)
            talk.greet_and_close()

        chapter.connection(name, shows if field is odd else near, expected)(talk_with)

    script(odd)
    script(plain)


odd_request(
    "missing-browser-origin",
    "A User-Agent of a browser, and no Origin",
    "A User-Agent that only mentions a browser",
    ("User-Agent", BROWSER),
    ("User-Agent", "example-bot/1.0 (like Mozilla/5.0)"),
)
odd_request(
    "unregistered-extension",
    "An extension of old WebKit is offered; the server declines it",
    "Both registered extensions are offered",
    (EXTENSIONS, "x-webkit-deflate-frame"),
    (EXTENSIONS, "permessage-deflate, bbf-usp-protocol"),
)
odd_request(
    "invalid-deflate-offer",
    "An offer with 16 window bits, which the server declines",
    "An offer with 8 and 15 window bits",
    (EXTENSIONS, "permessage-deflate; server_max_window_bits=16"),
    (EXTENSIONS, "permessage-deflate; server_max_window_bits=8; client_max_window_bits=15"),
)


def keyed(name: str, shows: str, nonce: bytes, expected: Expected) -> None:
    def script(talk: WebSocket) -> None:
        talk.use_key(base64.b64encode(nonce).decode())
        talk.open_greet_and_close()

    chapter.connection(name, shows, expected)(script)


WEAK = CLEAN.firing(Fired("weak-sec-websocket-key", "client"))
keyed("weak-sec-websocket-key", "Sixteen zero bytes as the key", bytes(16), WEAK)
keyed(
    "weak-sec-websocket-key.counter",
    "A key that counts from 250 over 255 to 9",
    bytes(i % 256 for i in range(250, 266)),
    WEAK,
)
keyed("weak-sec-websocket-key.text", "Sixteen letters and digits as the key", b"0123456789abcdef", WEAK)
keyed("weak-sec-websocket-key.near-miss", "Fifteen zero bytes and another one", bytes(15) + b"\x80", CLEAN)


@chapter.connection(
    "request-body", "A request with a body of five bytes", CLEAN.firing(Fired("request-body", "client"))
)
def body(talk: WebSocket) -> None:
    talk.open(talk.request.carrying(b"hello"))
    talk.greet_and_close()


@chapter.connection("request-body.near-miss", "Content-Length: 0 in the request", CLEAN)
def no_body(talk: WebSocket) -> None:
    talk.open(talk.request.carrying(b""))
    talk.greet_and_close()


@chapter.connection(
    "no-subprotocol-selected",
    "Two subprotocols are offered, none is selected",
    CLEAN.firing(Fired("no-subprotocol-selected", "server")),
)
def none_selected(talk: WebSocket) -> None:
    talk.open(talk.request.plus(PROTOCOL, "chat.v2, chat.v1"))
    talk.greet_and_close()


@chapter.connection(
    "no-subprotocol-selected.near-miss",
    "The last of two offered subprotocols is selected",
    CLEAN.having(subprotocol="chat.v1"),
)
def last_selected(talk: WebSocket) -> None:
    talk.open(talk.request.plus(PROTOCOL, "chat.v2, chat.v1"), talk.switching.plus(PROTOCOL, "chat.v1"))
    talk.greet_and_close()


@chapter.connection(
    "duplicate-extensions-header",
    "Two Sec-WebSocket-Extensions lines in the 101",
    CLEAN.having(extensions=("permessage-deflate", "bbf-usp-protocol")).firing(
        Fired("duplicate-extensions-header", "server")
    ),
)
def two_lines(talk: WebSocket) -> None:
    both = talk.switching.plus(EXTENSIONS, "permessage-deflate").plus(EXTENSIONS, "bbf-usp-protocol")
    talk.open(talk.request.plus(EXTENSIONS, "permessage-deflate, bbf-usp-protocol"), both)
    talk.greet_and_close()


@chapter.connection(
    "duplicate-extensions-header.near-miss",
    "Two such lines in the request, one in the 101",
    CLEAN.having(extensions=("permessage-deflate",)),
)
def two_lines_asked(talk: WebSocket) -> None:
    asked = talk.request.plus(EXTENSIONS, "permessage-deflate").plus(EXTENSIONS, "bbf-usp-protocol")
    talk.open(asked, talk.switching.plus(EXTENSIONS, "permessage-deflate"))
    talk.greet_and_close()


@chapter.connection(
    "handshake-rejected", "Turned down with 403", refused(403).firing(Fired("handshake-rejected", "server"))
)
def rejected(talk: WebSocket) -> None:
    talk.refuse(refusal(403, b"no"))


@chapter.connection("handshake-rejected.near-miss", "103 Early Hints before the 101", CLEAN)
def early_hints(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())
    talk.server.send(Head("HTTP/1.1 103 Early Hints", (("Link", "</app.js>; rel=preload"),)).encode())
    talk.server.send(talk.switching.encode())
    talk.greet_and_close()


@chapter.connection("slow-handshake", "The 101 comes after 1.5 s", CLEAN.firing(Fired("slow-handshake", "server")))
def slow(talk: WebSocket) -> None:
    answered_after(talk, 1.5)


@chapter.connection("slow-handshake.near-miss", "The 101 comes after 0.9 s", CLEAN)
def hardly_slow(talk: WebSocket) -> None:
    answered_after(talk, 0.9)


def answered_after(talk: WebSocket, seconds: float) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())
    talk.wait(seconds)
    talk.server.send(talk.switching.encode())
    talk.greet_and_close()


UNANSWERED = refused(None, by="client").firing(Fired("handshake-not-answered", "server"))


@chapter.connection("handshake-not-answered", "No answer for 5 s; then the client gives up", UNANSWERED)
def unanswered(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())
    talk.wait(5)
    talk.end_tcp(talk.client)


@chapter.capture(
    "handshake-not-answered.still-waiting",
    "No answer for 12 s, in which another connection lives and ends",
    Expected(state="connecting", status=None).firing(Fired("handshake-not-answered", "server")),
    CLEAN,
)
def still_waiting(trace: Trace) -> None:
    talk = WebSocket(trace)
    talk.connect()
    talk.client.send(talk.request.encode())
    WebSocket(trace, client=Host("192.0.2.11", 50413), at=12).open_greet_and_close()


@chapter.connection(
    "handshake-not-answered.near-miss",
    "The server ends TCP in the middle of its response's head",
    refused(None, by="server"),
)
def half_an_answer(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())
    talk.server.send(talk.switching.encode()[:30])
    talk.end_tcp()


@chapter.connection(
    "frames-after-rejected-handshake",
    "404, and the client sends a text frame all the same",
    refused(404).having(frames=ANY).firing(Fired("frames-after-rejected-handshake", "client")),
)
def frames_all_the_same(talk: WebSocket) -> None:
    talk.open(None, refusal(404, b"not here").having("Connection", "keep-alive"))
    talk.client.text("hello")
    talk.end_tcp()


@chapter.connection(
    "frames-after-rejected-handshake.near-miss",
    "404, and the client sends bytes that are no frame: their mask is missing",
    refused(404).having(frames=ANY),
)
def no_frames(talk: WebSocket) -> None:
    talk.open(None, refusal(404, b"not here").having("Connection", "keep-alive"))
    talk.client.frame(TEXT, b"hello", mask=None)
    talk.end_tcp()


# Rules about several connections


def pair(trace: Trace, *, apart: float = 1.0) -> tuple[WebSocket, WebSocket]:
    """Two connections of different clients."""
    first = WebSocket(trace, client=CLIENT)
    return first, WebSocket(trace, client=Host("192.0.2.77", 50999), at=apart)


@chapter.capture(
    "reused-sec-websocket-key",
    "The second connection has the key of the first",
    CLEAN,
    CLEAN.firing(Fired("reused-sec-websocket-key", "client")),
)
def same_key(trace: Trace) -> None:
    first, second = pair(trace)
    second.use_key(first.key)
    first.open_greet_and_close()
    second.open_greet_and_close()


@chapter.connection(
    "reused-sec-websocket-key.sample",
    "The sample key of RFC 6455 §1.3",
    CLEAN.firing(Fired("reused-sec-websocket-key", "client"), Fired("weak-sec-websocket-key", "client")),
)
def sample_key(talk: WebSocket) -> None:
    talk.use_key(SAMPLE_KEY)
    talk.open_greet_and_close()


def behind_proxy(trace: Trace, inner: WebSocket, outer: WebSocket) -> None:
    """A handshake that a proxy passes on while the client waits."""
    inner.use_key(outer.key)
    outer.connect()
    outer.client.send(outer.request.encode())
    inner.until(outer.elapsed + 0.001)
    inner.open()
    outer.until(inner.elapsed + 0.001)
    outer.server.send(outer.switching.encode())


PROXY = Host("198.51.100.20", 41000)
BACKEND = Host("198.51.100.99", 8080)
BEHIND = CLEAN.having(url=ANY)


@chapter.capture(
    "reused-sec-websocket-key.near-miss",
    "A proxy captured on both sides passes the key on: one handshake, seen twice",
    BEHIND,
    BEHIND,
)
def both_sides(trace: Trace) -> None:
    outer, inner = WebSocket(trace), WebSocket(trace, client=PROXY, server=BACKEND)
    behind_proxy(trace, inner, outer)
    outer.greet_and_close()
    inner.greet_and_close()


@chapter.capture(
    "concurrent-handshakes",
    "A second handshake of the client begins before the first is answered",
    CLEAN,
    CLEAN.firing(Fired("concurrent-handshakes", "client")),
)
def at_once(trace: Trace) -> None:
    first, second = WebSocket(trace), WebSocket(trace, client=Host(CLIENT.address, 50999), at=0.1)
    first.connect()
    first.client.send(first.request.encode())
    second.open()
    first.until(second.elapsed + 0.1)
    first.server.send(first.switching.encode())
    first.greet_and_close()
    second.greet_and_close()


@chapter.capture(
    "concurrent-handshakes.near-miss",
    "Two handshakes at once, one of them to another port of the server",
    CLEAN,
    CLEAN,
)
def at_once_elsewhere(trace: Trace) -> None:
    first = WebSocket(trace)
    second = WebSocket(trace, client=Host(CLIENT.address, 50999), server=Host(SERVER.address, 8081), at=0.1)
    first.connect()
    first.client.send(first.request.encode())
    second.open()
    first.until(second.elapsed + 0.1)
    first.server.send(first.switching.encode())
    first.greet_and_close()
    second.greet_and_close()


KEYS = (b"\x12\x9c\x01\xf3", b"\x88\x41\xd0\x17", b"\x3e\x75\xaa\x5b", b"\xc9\x00\x6f\x84")


def masked(talk: WebSocket, keys: tuple[bytes, ...]) -> None:
    talk.open()
    for number, key in enumerate(keys):
        talk.client.frame(TEXT, f"message {number}".encode(), mask=key)
    talk.close(talk.client)


FOUR = closed("client").having(messages=(4, 0))


@chapter.capture(
    "shared-masking-sequence",
    "Two connections begin with the same four masking keys",
    FOUR,
    FOUR.firing(Fired("shared-masking-sequence", "client", 3)),
)
def same_sequence(trace: Trace) -> None:
    for talk in pair(trace):
        masked(talk, KEYS)


@chapter.capture(
    "shared-masking-sequence.near-miss", "The same four masking keys, but the last two in another order", FOUR, FOUR
)
def other_order(trace: Trace) -> None:
    first, second = pair(trace)
    masked(first, KEYS)
    masked(second, (*KEYS[:2], KEYS[3], KEYS[2]))


DEFLATED = closed("client").having(extensions=("permessage-deflate",), messages=(0, 1), url=ANY)


def legs(name: str, shows: str, inner_parts: list[bytes], *fired: Fired) -> None:
    def script(trace: Trace) -> None:
        outer, inner = WebSocket(trace), WebSocket(trace, client=PROXY, server=BACKEND)
        inner.use_key(outer.key)
        for leg in (outer, inner):
            leg.request = leg.request.plus(EXTENSIONS, "permessage-deflate")
            leg.switching = leg.switching.plus(EXTENSIONS, "permessage-deflate")
        behind_proxy_extended(outer, inner)
        inner.server.fragments(TEXT, inner_parts)
        outer.until(inner.elapsed + 0.001)
        outer.server.text("a message in one frame")
        inner.close(inner.client)
        outer.close(outer.client)

    # The leg that ends first is compared with the one that ends after it.
    chapter.capture(name, shows, DEFLATED, DEFLATED.firing(*fired))(script)


def behind_proxy_extended(outer: WebSocket, inner: WebSocket) -> None:
    outer.connect()
    outer.client.send(outer.request.encode())
    inner.until(outer.elapsed + 0.001)
    inner.open()
    outer.until(inner.elapsed + 0.001)
    outer.server.send(outer.switching.encode())


legs(
    "refragmented-by-intermediary",
    "A message leaves the server in two frames and reaches the client in one; the proxy joined them",
    [b"a message in ", b"one frame"],
    Fired("refragmented-by-intermediary", None),
)
legs(
    "refragmented-by-intermediary.near-miss",
    "The same message in one frame on both sides of the proxy",
    [b"a message in one frame"],
)


@chapter.capture(
    "wrong-accept.of-another",
    "The 101 answers the key of the connection before: a cache, or mixed-up backends; the client gives up",
    CLEAN,
    refused(101, by="client").firing(Fired("wrong-accept", "server")),
)
def of_another(trace: Trace) -> None:
    first, second = pair(trace)
    first.open_greet_and_close()
    second.open(None, second.switching.having("Sec-WebSocket-Accept", accept(first.key)))
    second.end_tcp(second.client)
