"""Rules about the request of the opening handshake (RFC 6455 §4.1, §4.2.1)."""

from collections.abc import Callable

from captures.encoder.frames import TEXT
from captures.encoder.handshake import EXTENSIONS, KEY, PROTOCOL, VERSION, Head, ok, refusal
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Expected, Fired, closed, refused, rejected_by_client

chapter = Chapter("rules/")

CLEAN = closed("client").having(messages=(1, 1))


def broken(
    rule: str,
    shows: str,
    change: Callable[[Head], Head],
    *,
    variant: str = "",
    answer: Head | None = None,
    expected: Expected | None = None,
) -> None:
    """A request that breaks one rule; the server turns it down, as it has to."""
    answered = answer or refusal(400)
    name = f"{rule}.{variant}" if variant else rule
    status = int(answered.start.split()[1])
    outcome = (expected or refused(status)).firing(Fired(rule, "client"))
    chapter.connection(name, shows, outcome)(lambda talk: talk.refuse(answered, change(talk.request)))


def legal(rule: str, shows: str, change: Callable[[Head], Head], *, protocol: str | None = None) -> None:
    """A request that looks like a breach of the rule and is none: the connection opens, talks and closes."""
    expected = CLEAN.having(subprotocol=protocol)

    def script(talk: WebSocket) -> None:
        answered = talk.switching.having(PROTOCOL, protocol) if protocol else talk.switching
        talk.open(change(talk.request), answered)
        talk.greet_and_close()

    chapter.connection(f"{rule}.near-miss", shows, expected)(script)


broken(
    "request-method-not-get",
    "POST instead of GET; answered 400",
    lambda head: head.starting("POST /chat HTTP/1.1").carrying(b""),
)


@chapter.connection(
    "request-method-not-get.near-miss",
    "An ordinary POST on the connection before the GET that asks for the upgrade",
    CLEAN,
)
def post_before_upgrade(talk: WebSocket) -> None:
    login = Head("POST /login HTTP/1.1", (("Host", "ws.example.com"),)).carrying(b"user=ada&code=1815")
    talk.connect()
    talk.exchange(login, ok(b"welcome"))
    talk.exchange()
    talk.greet_and_close()


broken(
    "request-http-version",
    "HTTP/1.0 in the request line; answered 400",
    lambda head: head.starting("GET /chat HTTP/1.0"),
)
legal(
    "request-http-version",
    "HTTP/1.2: the version must be at least 1.1",
    lambda head: head.starting("GET /chat HTTP/1.2"),
)

broken(
    "invalid-host-header",
    "No Host field; answered 400",
    lambda head: head.without("Host"),
    expected=refused(400).having(url=ANY),
)
broken(
    "invalid-host-header",
    "Two Host fields; answered 400",
    lambda head: head.plus("Host", "other.example.com"),
    variant="twice",
    expected=refused(400).having(url=ANY),
)
broken(
    "invalid-host-header",
    "An empty Host field; answered 400",
    lambda head: head.having("Host", ""),
    variant="empty",
    expected=refused(400).having(url=ANY),
)
legal(
    "invalid-host-header",
    "Host with odd letters in its name, white space around the value, and a field beside it that only ends in -Host",
    lambda head: head.having("Host", "\t ws.example.com \t", spelt="hOsT").plus("X-Forwarded-Host", "ws.example.net"),
)

broken(
    "missing-request-upgrade",
    "No Upgrade field, but the Sec-WebSocket-* ones; answered 400",
    lambda head: head.without("Upgrade"),
)
broken(
    "missing-request-upgrade",
    "An Upgrade field without the token websocket; answered 400",
    lambda head: head.having("Upgrade", "websockets, h2c"),
    variant="other-token",
)
legal(
    "missing-request-upgrade",
    "websocket as the second token of the list, in odd letters",
    lambda head: head.having("Upgrade", "h2c,, WebSocket ,", spelt="UPGRADE"),
)

broken(
    "missing-request-connection-upgrade",
    "Connection: keep-alive without Upgrade; answered 400",
    lambda head: head.having("Connection", "keep-alive"),
)
legal(
    "missing-request-connection-upgrade",
    "Connection on two lines, the token in odd letters behind an empty list element of the second",
    lambda head: head.having("Connection", "keep-alive").plus("connection", ", uPGRADE"),
)

broken("missing-sec-websocket-key", "No Sec-WebSocket-Key; answered 400", lambda head: head.without(KEY))
legal(
    "missing-sec-websocket-key",
    "The field's name in small letters",
    lambda head: head.having(KEY, head.get(KEY) or "", spelt="sec-websocket-key"),
)

broken(
    "invalid-sec-websocket-key",
    "A key of 12 bytes instead of 16; answered 400",
    lambda head: head.having(KEY, "MTIzNDU2Nzg5MDEy"),
)
broken(
    "invalid-sec-websocket-key",
    "A key that is no base64; answered 400",
    lambda head: head.having(KEY, "not*base64*at*all*here=="),
    variant="no-base64",
)


@chapter.connection(
    "invalid-sec-websocket-key.near-miss", "The RFC's own sample key, whose unused last bits are not zero", CLEAN
)
def sample_key(talk: WebSocket) -> None:
    # RFC 6455 §4.1, example in the paragraph on the key. The accept value goes over the text of the key.
    talk.use_key("AQIDBAUGBwgJCgsMDQ4PEC==")
    talk.open()
    talk.greet_and_close()


broken(
    "duplicate-sec-websocket-key",
    "The key twice; answered 400",
    lambda head: head.plus(KEY, head.get(KEY) or ""),
)
legal(
    "duplicate-sec-websocket-key",
    "A folded field whose second line reads like another key",
    lambda head: head.plus("X-Note", f"this value goes on below\r\n {KEY}: AAAAAAAAAAAAAAAAAAAAAA=="),
)

broken("missing-sec-websocket-version", "No Sec-WebSocket-Version; answered 400", lambda head: head.without(VERSION))
legal(
    "missing-sec-websocket-version",
    "The field's name in capitals, tabs around its value",
    lambda head: head.having(VERSION, "\t13\t", spelt="SEC-WEBSOCKET-VERSION"),
)

broken(
    "wrong-sec-websocket-version",
    "Version 8; answered 426 with the version that is spoken",
    lambda head: head.having(VERSION, "8"),
    answer=refusal(426),
)
broken(
    "wrong-sec-websocket-version",
    "A list of versions where one is wanted; answered 400",
    lambda head: head.having(VERSION, "13, 8"),
    variant="list",
)
legal(
    "wrong-sec-websocket-version",
    "13 on a folded line",
    lambda head: head.having(VERSION, "\r\n 13"),
)

broken(
    "duplicate-sec-websocket-version",
    "13 twice; answered 400",
    lambda head: head.plus(VERSION, "13"),
)


@chapter.connection(
    "duplicate-sec-websocket-version.near-miss",
    "A good request is turned down with two Sec-WebSocket-Version lines, which a response may have (§11.3.5)",
    refused(400),
)
def versions_on_two_lines(talk: WebSocket) -> None:
    talk.refuse(refusal(400).plus(VERSION, "8, 7"))


broken(
    "invalid-subprotocol-offer",
    "A space inside an offered subprotocol; answered 400",
    lambda head: head.having(PROTOCOL, "chat room"),
)
broken(
    "invalid-subprotocol-offer",
    "A Sec-WebSocket-Protocol field with nothing but commas; answered 400",
    lambda head: head.having(PROTOCOL, ", ,"),
    variant="empty",
)
legal(
    "invalid-subprotocol-offer",
    "Empty list elements, and every odd character that a token may have",
    lambda head: head.having(PROTOCOL, "chat,, v2.!#$%&'*+-^_`|~ ,"),
    protocol="v2.!#$%&'*+-^_`|~",
)


@chapter.connection(
    "duplicate-subprotocol-offer",
    "The same subprotocol on two lines; the server does not mind",
    CLEAN.having(subprotocol="chat").firing(Fired("duplicate-subprotocol-offer", "client")),
)
def offered_twice(talk: WebSocket) -> None:
    asked = talk.request.plus(PROTOCOL, "chat, soap").plus(PROTOCOL, "chat")
    talk.open(asked, talk.switching.plus(PROTOCOL, "chat"))
    talk.greet_and_close()


legal(
    "duplicate-subprotocol-offer",
    "Two subprotocols that differ in one capital letter",
    lambda head: head.plus(PROTOCOL, "chat").plus(PROTOCOL, "Chat"),
    protocol="Chat",
)

broken(
    "invalid-extension-header",
    "An extension parameter with = and no value; answered 400",
    lambda head: head.having(EXTENSIONS, "permessage-deflate; client_max_window_bits="),
)
broken(
    "invalid-extension-header",
    "A quoted parameter value that is no token when unquoted; answered 400",
    lambda head: head.having(EXTENSIONS, 'permessage-deflate; client_max_window_bits="1 0"'),
    variant="quoted",
)


@chapter.connection(
    "invalid-extension-header.by-server",
    "The 101 names an extension with a space in it; the client gives up",
    rejected_by_client().having(extensions=ANY).firing(Fired("invalid-extension-header", "server")),
)
def extension_of_the_server(talk: WebSocket) -> None:
    talk.open(
        talk.request.having(EXTENSIONS, "permessage-deflate"), talk.switching.having(EXTENSIONS, "permessage deflate")
    )
    talk.end_tcp(talk.client)


@chapter.connection(
    "invalid-extension-header.near-miss",
    "Empty list elements, and a quoted value that is a token when unquoted (§9.1)",
    CLEAN.having(extensions=("permessage-deflate; client_max_window_bits=12",)),
)
def quoted_token(talk: WebSocket) -> None:
    talk.negotiate(
        ', permessage-deflate ; client_max_window_bits="12",, permessage-deflate,',
        "permessage-deflate; client_max_window_bits=12",
    )
    talk.greet_and_close()


@chapter.connection(
    "request-target-fragment",
    "A raw # in the request target; the server does not mind",
    CLEAN.having(url=ANY).firing(Fired("request-target-fragment", "client")),
)
def fragment(talk: WebSocket) -> None:
    talk.open(talk.request.starting("GET /chat#lobby HTTP/1.1"))
    talk.greet_and_close()


@chapter.connection(
    "request-target-fragment.near-miss",
    "# as %23 in the request target",
    CLEAN.having(url="ws://ws.example.com/chat%23lobby?tag=%23"),
)
def escaped_fragment(talk: WebSocket) -> None:
    talk.open(talk.request.starting("GET /chat%23lobby?tag=%23 HTTP/1.1"))
    talk.greet_and_close()


@chapter.connection(
    "data-before-handshake-response",
    "The client's first frame shares a segment with its request, before the server has said a word",
    CLEAN.firing(Fired("data-before-handshake-response", "client")),
)
def impatient_client(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode() + talk.client.encode(TEXT, b"hello"))
    talk.server.send(talk.switching.encode())
    talk.server.text("hello to you")
    talk.close(talk.client, 1000)


@chapter.connection(
    "data-before-handshake-response.near-miss",
    "The request has a body of announced length; the first frame follows the 101 before its acknowledgement",
    CLEAN,
)
def request_with_body(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.carrying(b"body").encode())
    talk.server.send(talk.switching.encode(), acked=False)
    talk.client.receive()
    talk.greet_and_close()
