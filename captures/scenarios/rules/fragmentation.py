"""Rules about fragments and the shape of control frames (RFC 6455 §5.4, §5.5)."""

from captures.encoder.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload
from captures.encoder.websocket import Endpoint, WebSocket
from captures.scenario import ANY, Chapter, Fired, closed
from captures.scenarios.rules.offence import after_hello, broken

chapter = Chapter("rules/")

CLEAN = closed("client")

broken(
    chapter,
    "continuation-without-message",
    "A continuation frame although the message before was whole",
    "client",
    1,
    after_hello(lambda sender: sender.frame(CONTINUATION, b"of what?")),
)
broken(
    chapter,
    "continuation-without-message",
    "A continuation frame with FIN = 0 as the very first frame",
    "server",
    0,
    lambda sender: sender.frame(CONTINUATION, b"of what?", fin=False),
    variant="first-frame",
    reason="Unexpected continuation",
)


@chapter.connection(
    "continuation-without-message.near-miss",
    "Continuation frames behind empty fragments and a Ping, all of one open message",
    CLEAN.having(messages=(1, 0), payload=(8, 0), pings=(1, 1)),
)
def continued(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(TEXT, b"", fin=False)
    talk.client.frame(CONTINUATION, b"", fin=False)
    talk.client.ping(b"?")
    talk.server.pong(b"?")
    talk.client.frame(CONTINUATION, b"one", fin=False)
    talk.client.frame(CONTINUATION, b"piece", fin=True)
    talk.close(talk.client)


def _new_message_inside(sender: Endpoint) -> None:
    sender.frame(TEXT, b"the beginning", fin=False)
    sender.frame(TEXT, b"of something else")


broken(
    chapter,
    "interleaved-data-frame",
    "A new text frame while a message is open",
    "server",
    1,
    _new_message_inside,
    reason="Previous data frame unfinished",
)


@chapter.connection(
    "interleaved-data-frame.near-miss",
    "Both sides have a message open at once, with Pings and whole messages of the other side between the fragments",
    CLEAN.having(messages=(1, 2), pings=(2, 2)),
)
def interleaved_directions(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("whole")
    talk.client.frame(TEXT, b"client ", fin=False)
    talk.server.frame(BINARY, b"\x01", fin=False)
    talk.client.ping(b"c")
    talk.server.pong(b"c")
    talk.server.ping(b"s")
    talk.client.pong(b"s")
    talk.client.frame(CONTINUATION, b"done")
    talk.server.frame(CONTINUATION, b"\x02")
    talk.close(talk.client)


broken(
    chapter,
    "fragmented-control-frame",
    "An unsolicited Pong with FIN = 0",
    "client",
    1,
    after_hello(lambda sender: sender.frame(PONG, b"half a", fin=False)),
)


@chapter.connection(
    "fragmented-control-frame.tolerated",
    "A Ping with FIN = 0, which the server answers as if it were whole",
    CLEAN.having(pings=(1, 1)).firing(Fired("fragmented-control-frame", "client", 0)),
)
def fragmented_ping(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(PING, b"half a ping", fin=False)
    talk.server.pong(b"half a ping")
    talk.client.text("a new message, not the rest of the Ping")
    talk.close(talk.client)


@chapter.connection(
    "fragmented-control-frame.near-miss",
    "Ping and Pong, whole, between the fragments of a message",
    CLEAN.having(messages=(1, 0), pings=(1, 1)),
)
def control_between_fragments(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(TEXT, b"half ", fin=False)
    talk.client.ping(b"in between")
    talk.server.pong(b"in between")
    talk.client.pong(b"unsolicited")
    talk.client.frame(CONTINUATION, b"and half")
    talk.close(talk.client)


broken(
    chapter,
    "control-frame-too-long",
    "An unsolicited Pong of 126 bytes",
    "client",
    1,
    after_hello(lambda sender: sender.frame(PONG, b"x" * 126)),
)


@chapter.connection(
    "control-frame-too-long.close",
    "A Close with a reason of 124 bytes, so 126 in all; the client fails the connection",
    closed("server", 1000, "x" * 124, reply=1002)
    .having(client_event=ANY)
    .firing(Fired("control-frame-too-long", "server", 0)),
)
def long_close(talk: WebSocket) -> None:
    talk.open()
    talk.server.frame(CLOSE, close_payload(1000, "x" * 124))
    talk.client.close(1002)
    talk.end_tcp()


@chapter.connection(
    "control-frame-too-long.near-miss",
    "A Ping, its Pong and a Close of 125 bytes each, beside text of 126",
    closed("client", 1000, "x" * 123).having(messages=(1, 0), pings=(1, 1)),
)
def control_at_the_edge(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"p" * 125)
    talk.server.pong(b"p" * 125)
    talk.client.text("t" * 126)
    talk.close(talk.client, 1000, "x" * 123)
