"""Opening handshakes: refused ones, and good ones in the odd shapes that HTTP allows (RFC 6455 §4, RFC 9112)."""

import struct

from captures.encoder.conversation import SERVER, Trace
from captures.encoder.frames import TEXT
from captures.encoder.handshake import Head, ok, refusal
from captures.encoder.packets import Host
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Expected, closed, refused

chapter = Chapter("situations/")

CLEAN = closed("client").having(messages=(1, 1))


def refusing(status: int, shows: str, answer: Head) -> None:
    chapter.connection(f"refused-{status}", shows, refused(status))(lambda talk: talk.refuse(answer))


refusing(
    401,
    "Turned down with 401 and a challenge",
    refusal(401, b"who are you?").plus("WWW-Authenticate", 'Bearer realm="example"'),
)
refusing(403, "Turned down with 403, as an origin check does", refusal(403, b"origin not allowed"))
refusing(
    404,
    "Turned down with 404 and a web page",
    refusal(404, b"<!doctype html><title>404</title>").plus("Server", "nginx"),
)
refusing(
    426,
    "Turned down with 426 by a server that wants another protocol",
    refusal(426).having("Connection", "Upgrade").plus("Upgrade", "TLS/1.2, HTTP/1.1"),
)
refusing(500, "Turned down with 500", refusal(500, b"sorry"))
refusing(503, "Turned down with 503 and Retry-After", refusal(503).plus("Retry-After", "30"))
refusing(302, "Redirected to a login page", refusal(302).plus("Location", "https://login.example.com/?next=%2Fchat"))


@chapter.connection(
    "refused-without-length",
    "Turned down with 502 whose body ends with TCP, as no length is given",
    refused(502),
)
def body_until_fin(talk: WebSocket) -> None:
    answer = refusal(502).without("Content-Length")
    talk.open(None, answer)
    talk.server.send(b"<html>\n<body>Bad Gateway</body>\n</html>\n" * 60)
    talk.end_tcp()


RETRIED = Expected(state="failed", status=401, frames=ANY, client_event=ANY, server_event=ANY, tcp=ANY)


@chapter.connection(
    "retry-after-401",
    "A 401, then a second handshake with credentials on the same TCP connection, which succeeds",
    RETRIED,
    CLEAN.having(frames={"client": {"text": 1, "close": 1}, "server": {"text": 1, "close": 1}}),
)
def retry(talk: WebSocket) -> None:
    challenge = refusal(401, b"who are you?").without("Connection").plus("WWW-Authenticate", 'Basic realm="example"')
    talk.connect()
    talk.exchange(None, challenge)
    talk.wait(0.5)
    talk.use_key("c2Vjb25kIGF0dGVtcHQhIQ==")
    talk.exchange(talk.request.plus("Authorization", "Basic YWRhOmxvdmVsYWNl"))
    talk.greet_and_close()


@chapter.connection(
    "http-before-upgrade",
    "Three ordinary requests on the same connection before the upgrade: with a length, chunked, and a HEAD",
    CLEAN,
)
def http_before(talk: WebSocket) -> None:
    host = ("Host", "ws.example.com")
    chunked = Head("HTTP/1.1 200 OK", (("Transfer-Encoding", "chunked"),)).encode()
    talk.connect()
    talk.exchange(Head("GET / HTTP/1.1", (host,)), ok(b"<script>new WebSocket('/chat')</script>"))
    talk.client.send(Head("GET /news HTTP/1.1", (host,)).encode())
    talk.server.send(chunked + b"5\r\nhello\r\n")
    talk.server.send(b"10;part=2\r\nHTTP/1.1 101 no!\r\n0\r\nX-Trailer: yes\r\n\r\n")
    talk.exchange(Head("HEAD /news HTTP/1.1", (host,)), Head("HTTP/1.1 200 OK", (("Content-Length", "42"),)))
    talk.exchange()
    talk.greet_and_close()


@chapter.connection("interim-responses", "100 Continue and 103 Early Hints before the 101", CLEAN)
def interim(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())
    talk.server.send(Head("HTTP/1.1 100 Continue").encode())
    talk.server.send(Head("HTTP/1.1 103 Early Hints", (("Link", "</style.css>; rel=preload"),)).encode())
    talk.server.send(talk.switching.encode())
    talk.greet_and_close()


@chapter.connection(
    "first-frames-with-101",
    "The server's first two messages share a segment with its 101",
    closed("client").having(messages=(1, 3)),
)
def frames_with_101(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())
    first = talk.server.encode(TEXT, b"welcome") + talk.server.encode(TEXT, b"news")
    talk.server.send(talk.switching.encode() + first)
    talk.greet_and_close()


@chapter.connection("one-byte-segments", "Request, response and a message, a byte a segment", CLEAN)
def byte_by_byte(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode(), size=1)
    talk.server.send(talk.switching.encode(), size=1)
    talk.client.send(talk.client.encode(TEXT, b"hello"), size=1)
    talk.server.text("hello to you")
    talk.close(talk.client)


@chapter.connection(
    "handshake-unanswered",
    "A request that the server only acknowledges; the client gives up after 12 s",
    refused(None, by="client").allowing("handshake-not-answered"),
)
def unanswered(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())
    talk.wait(12)
    talk.end_tcp(talk.client)


@chapter.connection(
    "handshake-under-way", "The capture ends before the request is answered", Expected(state="connecting", status=None)
)
def under_way(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())


@chapter.connection("proxy-absolute-form", "Through a forward proxy, with the whole URL in the request line", CLEAN)
def absolute_form(talk: WebSocket) -> None:
    talk.open(talk.request.starting("GET http://ws.example.com/chat HTTP/1.1").plus("Proxy-Connection", "keep-alive"))
    talk.greet_and_close()


@chapter.connection("proxy-connect", "CONNECT to a forward proxy, and the handshake inside the tunnel", CLEAN)
def tunnelled(talk: WebSocket) -> None:
    talk.connect()
    connect = Head("CONNECT ws.example.com:80 HTTP/1.1", (("Host", "ws.example.com:80"),))
    talk.exchange(connect, Head("HTTP/1.1 200 Connection established"))
    talk.exchange()
    talk.greet_and_close()


@chapter.connection("proxy-protocol-v1", "A PROXY line of a balancer before the request", CLEAN)
def proxy_v1(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(b"PROXY TCP4 203.0.113.77 198.51.100.20 40312 80\r\n")
    talk.exchange()
    talk.greet_and_close()


@chapter.connection("proxy-protocol-v2", "A binary PROXY header in the same segment as the request", CLEAN)
def proxy_v2(talk: WebSocket) -> None:
    ends = Host("203.0.113.77", 40312).packed + SERVER.packed + struct.pack(">HH", 40312, 80)
    header = b"\r\n\r\n\0\r\nQUIT\n" + struct.pack(">BBH", 0x21, 0x11, len(ends)) + ends
    talk.connect()
    talk.client.send(header + talk.request.encode())
    talk.server.send(talk.switching.encode())
    talk.greet_and_close()


@chapter.connection(
    "odd-headers",
    "Folded lines, odd letters, repeated fields, an empty one, and values with every byte that a terminal may show",
    CLEAN,
)
def odd_headers(talk: WebSocket) -> None:
    asked = (
        talk.request.having("Upgrade", "WebSocket", spelt="uPgRaDe")
        .having("Connection", "keep-alive,\r\n Upgrade")
        .plus("Cookie", "a=1")
        .plus("cookie", "b=2")
        .plus("X-Empty", "")
        .plus("X-Latin-1", "caf\xe9 \xa9 \xff")
        .plus("X-Colons", "a: b: c")
    )
    talk.open(asked, talk.switching.plus("Set-Cookie", "s=1; HttpOnly").plus("SET-COOKIE", "t=2"))
    talk.greet_and_close()


@chapter.connection(
    "bare-line-feeds",
    "A request whose lines end with LF alone, which RFC 9112 §2.2 lets a recipient accept",
    CLEAN,
)
def bare_line_feeds(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode().replace(b"\r\n", b"\n"))
    talk.server.send(talk.switching.encode())
    talk.greet_and_close()


@chapter.capture(
    "same-host-many-clients",
    "Three connections to one server at once; their packets take turns",
    *(CLEAN for _ in range(3)),
)
def at_once(trace: Trace) -> None:
    for index in range(3):
        talk = WebSocket(trace, client=Host("192.0.2.10", 50600 + index), at=index * 0.003)
        talk.open()
        talk.greet_and_close()
