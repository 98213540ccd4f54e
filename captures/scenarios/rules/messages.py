"""Rules about Ping and Pong, and about text (RFC 6455 §5.5.2, §5.6, §8.1)."""

from captures.encoder.frames import CLOSE, CONTINUATION, PING, RSV1, TEXT, close_payload
from captures.encoder.websocket import WebSocket
from captures.scenario import Chapter, Expected, Fired, closed, failing

chapter = Chapter("rules/")

CLEAN = closed("client")
DEFLATE = "permessage-deflate"

AUTOBAHN_TEXT = "κόσμε".encode()
"""The Greek word that the UTF-8 cases of the Autobahn suite are built around, 11 bytes."""
SURROGATE = b"\xed\xa0\x80"
"""U+D800 as if it were a character; the second byte is the one no UTF-8 can have there."""


@chapter.connection(
    "missing-pong",
    "A Ping of the client is acknowledged by TCP and never answered, though the server goes on sending",
    CLEAN.having(messages=(0, 2), pings=(1, 0)).firing(Fired("missing-pong", "server")),
)
def unanswered_ping(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"are you there?")
    for number in (1, 2):
        talk.wait(5)
        talk.server.text(f"tick {number}")
    talk.wait(5)
    talk.close(talk.client)


@chapter.connection(
    "missing-pong.still-open",
    "The same while the connection is still open, 30 s after the Ping: a warning",
    Expected(messages=(0, 3), pings=(1, 0)).firing(Fired("missing-pong", "server", severity="warning")),
)
def unanswered_so_far(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"are you there?")
    for number in range(3):
        talk.wait(10)
        talk.server.text(f"tick {number}")


@chapter.connection(
    "missing-pong.near-miss",
    "Two Pings, and one Pong that answers the newer (§5.5.3 allows that)",
    CLEAN.having(messages=(0, 1)),
)
def newest_ping_answered(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"1")
    talk.client.ping(b"2")
    talk.server.text("busy")
    talk.server.pong(b"2")
    talk.close(talk.client)


@chapter.connection(
    "missing-pong.near-miss.after-close",
    "Ping and Close in one segment: whoever has received a Close owes no Pong (§5.5.2)",
    CLEAN,
)
def ping_with_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.send(talk.client.encode(PING, b"?") + talk.client.encode(CLOSE, close_payload(1000)))
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "invalid-utf8-text",
    "A surrogate in a text message; the server fails the connection with 1007",
    failing("server", 1007).firing(Fired("invalid-utf8-text", "client", 1)),
)
def surrogate(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.frame(TEXT, AUTOBAHN_TEXT + SURROGATE + b"edited")
    talk.close(talk.server, 1007)


@chapter.connection(
    "invalid-utf8-text.cut-at-end",
    "The last fragment ends inside a character; the client fails the connection with 1007",
    failing("client", 1007).firing(Fired("invalid-utf8-text", "server", 1)),
)
def cut_at_end(talk: WebSocket) -> None:
    talk.open()
    talk.server.fragments(TEXT, [AUTOBAHN_TEXT[:3], AUTOBAHN_TEXT[3:-1]])
    talk.close(talk.client, 1007)


@chapter.connection(
    "invalid-utf8-text.over-fragments",
    "An overlong form whose first byte ends one fragment and whose second, the bad one, begins the next",
    failing("server", 1007).firing(Fired("invalid-utf8-text", "client", 2)),
)
def overlong_over_fragments(talk: WebSocket) -> None:
    talk.open()
    talk.client.fragments(TEXT, [b"a", b"b\xe0", b"\x80\xaf", b"c"])
    talk.close(talk.server, 1007)


@chapter.connection(
    "invalid-utf8-text.compressed",
    "Bad UTF-8 that shows only after inflating",
    failing("server", 1007).having(extensions=(DEFLATE,)).firing(Fired("invalid-utf8-text", "client", 0)),
)
def compressed_surrogate(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    talk.client.frame(TEXT, talk.client.deflater.compress(AUTOBAHN_TEXT + SURROGATE), rsv=RSV1)
    talk.close(talk.server, 1007)


@chapter.connection(
    "invalid-utf8-text.near-miss",
    "Characters cut by fragments with a Ping in the cut, noncharacters, the highest code point, and a binary surrogate",
    CLEAN.having(messages=(3, 0), pings=(1, 1)),
)
def utf8_over_fragments(talk: WebSocket) -> None:
    talk.open()
    grin = "😀".encode()
    talk.client.frame(TEXT, grin[:1], fin=False)
    talk.client.ping(b"\xff")
    talk.server.pong(b"\xff")
    talk.client.frame(CONTINUATION, grin[1:3], fin=False)
    talk.client.frame(CONTINUATION, grin[3:])
    talk.client.text("\ufffe \uffff \U0010ffff \ud7ff \ue000")
    talk.client.binary(SURROGATE)
    talk.close(talk.client)
