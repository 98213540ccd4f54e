"""Rules about the response of the opening handshake (RFC 6455 §4.1, §4.2.2)."""

from collections.abc import Callable

from captures.encoder.conversation import Conversation, Trace
from captures.encoder.handshake import ACCEPT, EXTENSIONS, PROTOCOL, VERSION, Head, accept, refusal
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
    offers: str | None = None,
    expected: Expected | None = None,
) -> None:
    """A 101 that breaks one rule; the client ends TCP without having sent a frame, as it has to (§4.1)."""
    name = f"{rule}.{variant}" if variant else rule
    outcome = (expected or rejected_by_client().having(subprotocol=ANY)).firing(Fired(rule, "server"))

    def script(talk: WebSocket) -> None:
        talk.open(talk.request.having(PROTOCOL, offers) if offers else talk.request, change(talk.switching))
        talk.end_tcp(talk.client)

    chapter.connection(name, f"{shows}; the client gives up", outcome)(script)


def legal(
    rule: str, shows: str, change: Callable[[Head], Head], *, offers: str = "", protocol: str | None = None
) -> None:
    """A 101 that looks like a breach of the rule and is none: the connection talks and closes."""

    def script(talk: WebSocket) -> None:
        talk.open(talk.request.having(PROTOCOL, offers) if offers else talk.request, change(talk.switching))
        talk.greet_and_close()

    chapter.connection(f"{rule}.near-miss", shows, CLEAN.having(subprotocol=protocol))(script)


broken("missing-response-upgrade", "101 without Upgrade", lambda head: head.without("Upgrade"))
broken(
    "missing-response-upgrade",
    "101 whose Upgrade is a list",
    lambda head: head.having("Upgrade", "websocket, h2c"),
    variant="list",
)
legal(
    "missing-response-upgrade",
    "Upgrade with odd letters in name and value",
    lambda head: head.having("Upgrade", "WebSOCKET", spelt="uPGRADE"),
)

broken(
    "missing-response-connection-upgrade",
    "101 with Connection: keep-alive",
    lambda head: head.having("Connection", "keep-alive"),
)
legal(
    "missing-response-connection-upgrade",
    "Connection: keep-alive, upgrade",
    lambda head: head.having("Connection", "keep-alive, upgrade"),
)

broken("missing-sec-websocket-accept", "101 without Sec-WebSocket-Accept", lambda head: head.without(ACCEPT))
legal(
    "missing-sec-websocket-accept",
    "The field's name in odd letters",
    lambda head: head.having(ACCEPT, head.get(ACCEPT) or "", spelt="sec-WEBSOCKET-accept"),
)

broken(
    "wrong-accept",
    "An accept value made for another key",
    lambda head: head.having(ACCEPT, accept("dGhlIHNhbXBsZSBub25jZQ==")),
)


@chapter.connection(
    "wrong-accept.near-miss",
    "The key's unused last bits are not zero and count; white space around the value does not",
    CLEAN,
)
def accept_of_the_text(talk: WebSocket) -> None:
    talk.use_key("lTkyOTAxNzI2MzU0ODE5MF==")
    talk.open(None, talk.switching.having(ACCEPT, f"\t {accept(talk.key)} \t"))
    talk.greet_and_close()


broken(
    "duplicate-sec-websocket-accept",
    "The right accept value, but twice",
    lambda head: head.plus(ACCEPT, head.get(ACCEPT) or ""),
)
legal(
    "duplicate-sec-websocket-accept",
    "A field beside it whose name only ends like it",
    lambda head: head.plus(f"X-Upstream-{ACCEPT}", head.get(ACCEPT) or ""),
)

broken(
    "unrequested-subprotocol",
    "chat was offered, Chat selected: their letters count",
    lambda head: head.plus(PROTOCOL, "Chat"),
    offers="chat",
)
broken(
    "unrequested-subprotocol",
    "None was offered, one selected",
    lambda head: head.plus(PROTOCOL, "chat"),
    variant="none-offered",
)
legal(
    "unrequested-subprotocol",
    "The last of three offered ones",
    lambda head: head.plus(PROTOCOL, "Chat"),
    offers="soap, chat, Chat",
    protocol="Chat",
)

broken(
    "duplicate-subprotocol-response",
    "The selected subprotocol on two lines",
    lambda head: head.plus(PROTOCOL, "chat").plus(PROTOCOL, "chat"),
    offers="chat, soap",
)


@chapter.connection(
    "duplicate-subprotocol-response.near-miss",
    "Two lines in the request, where §11.3.4 allows them, one in the response",
    CLEAN.having(subprotocol="superchat"),
)
def offered_on_two_lines(talk: WebSocket) -> None:
    asked = talk.request.plus(PROTOCOL, "soap").plus(PROTOCOL, "chat, superchat")
    talk.open(asked, talk.switching.plus(PROTOCOL, "superchat"))
    talk.greet_and_close()


broken(
    "invalid-subprotocol-response",
    "A list of two offered subprotocols where one has to be selected",
    lambda head: head.plus(PROTOCOL, "chat, soap"),
    offers="chat, soap",
)
broken(
    "invalid-subprotocol-response",
    "An empty Sec-WebSocket-Protocol",
    lambda head: head.plus(PROTOCOL, ""),
    offers="chat",
    variant="empty",
)
legal(
    "invalid-subprotocol-response",
    "White space around an odd but legal token",
    lambda head: head.plus(PROTOCOL, "\t v1.chat+json~!#$%&'*^_`| "),
    offers="v1.chat+json~!#$%&'*^_`|",
    protocol="v1.chat+json~!#$%&'*^_`|",
)


@chapter.connection(
    "unrequested-extension",
    "permessage-deflate is accepted that nobody offered; the client gives up",
    rejected_by_client().having(extensions=ANY).firing(Fired("unrequested-extension", "server")),
)
def unrequested_extension(talk: WebSocket) -> None:
    talk.open(None, talk.switching.having(EXTENSIONS, "permessage-deflate"))
    talk.end_tcp(talk.client)


@chapter.connection(
    "unrequested-extension.near-miss",
    "An extension of the second offer line, with a parameter of its own",
    CLEAN.having(extensions=("permessage-deflate; server_no_context_takeover",)),
)
def extension_of_second_line(talk: WebSocket) -> None:
    asked = talk.request.plus(EXTENSIONS, "bbf-usp-protocol").plus(EXTENSIONS, "permessage-deflate")
    talk.open(asked, talk.switching.plus(EXTENSIONS, "permessage-deflate; server_no_context_takeover"))
    talk.greet_and_close()


@chapter.connection(
    "invalid-request-accepted",
    "A request without Sec-WebSocket-Version is answered 101; the connection works all the same",
    CLEAN.firing(Fired("missing-sec-websocket-version", "client"), Fired("invalid-request-accepted", "server")),
)
def accepted_without_version(talk: WebSocket) -> None:
    talk.open(talk.request.without(VERSION))
    talk.greet_and_close()


@chapter.connection(
    "invalid-request-accepted.near-miss",
    "A 101 to a request that is legal in every odd detail: absolute form, odd letters, lists, a folded field",
    CLEAN,
)
def accepted_oddities(talk: WebSocket) -> None:
    asked = (
        talk.request.starting("GET http://ws.example.com/chat HTTP/1.1")
        .having("Upgrade", "WEBSOCKET,", spelt="upgrade")
        .having("Connection", "keep-alive,\r\n\tUpgrade", spelt="CONNECTION")
        .having(VERSION, "13", spelt="sec-websocket-VERSION")
    )
    talk.open(asked)
    talk.greet_and_close()


@chapter.connection(
    "missing-supported-versions",
    "Version 7 is turned down with 426, which does not say what is spoken instead",
    refused(426).firing(Fired("wrong-sec-websocket-version", "client"), Fired("missing-supported-versions", "server")),
)
def secretive_server(talk: WebSocket) -> None:
    talk.refuse(refusal(426).without(VERSION), talk.request.having(VERSION, "7"))


@chapter.connection(
    "missing-supported-versions.near-miss",
    "A good request is answered 400 without Sec-WebSocket-Version: its version was not the trouble",
    refused(400),
)
def refused_for_another_reason(talk: WebSocket) -> None:
    talk.refuse(refusal(400, b"no room left").without(VERSION))


broken("response-http-version", "HTTP/1.0 101", lambda head: head.starting("HTTP/1.0 101 Switching Protocols"))


@chapter.connection("response-http-version.near-miss", "HTTP/1.0 403: the version counts for a 101 only", refused(403))
def old_server_refuses(talk: WebSocket) -> None:
    talk.refuse(refusal(403).starting("HTTP/1.0 403 Forbidden"))


@chapter.connection(
    "unsolicited-101",
    "An ordinary GET is answered by a 101 to WebSocket; the client gives up",
    rejected_by_client().firing(Fired("unsolicited-101", "server")),
)
def unsolicited(talk: WebSocket) -> None:
    talk.open(Head("GET /chat HTTP/1.1", (("Host", "ws.example.com"), ("Accept", "text/html"))))
    talk.end_tcp(talk.client)


@chapter.capture("unsolicited-101.near-miss", "A 101 to h2c, as asked: no WebSocket at all")
def another_protocol(trace: Trace) -> None:
    talk = Conversation(trace)
    client, server = talk.ends
    upgrade = (("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"))
    asked = Head(
        "GET / HTTP/1.1", (("Host", "www.example.com"), *upgrade, ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"))
    )
    talk.connect()
    client.send(asked.encode())
    server.send(Head("HTTP/1.1 101 Switching Protocols", upgrade).encode())
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"))
    server.send(bytes.fromhex("000000040000000000"))
    talk.end_tcp(client)
