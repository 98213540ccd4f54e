"""Rules about how a side reacts to what the other one breaks (RFC 6455 §7.1.7)."""

from captures.encoder.frames import TEXT
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Close, Expected, Fired, abnormal, closed, failing

chapter = Chapter("rules/")

CLEAN = closed("client")
UNMASKED = Fired("unmasked-client-frame", "client", 1)
BAD_TEXT = b"caf\xe9"


def unmasked_then(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.frame(TEXT, b"plain", mask=None)


@chapter.connection(
    "violation-tolerated",
    "The server answers a frame without mask as if nothing were wrong with it",
    CLEAN.having(messages=(2, 1)).firing(UNMASKED, Fired("violation-tolerated", "server", 0)),
)
def tolerated(talk: WebSocket) -> None:
    unmasked_then(talk)
    talk.server.text("welcome")
    talk.wait(3)
    talk.close(talk.client)


@chapter.connection(
    "violation-tolerated.optional",
    "The server answers a length that is not the shortest: a note, since it is only allowed to fail",
    CLEAN.having(messages=(1, 1)).firing(
        Fired("non-minimal-length", "client", 0), Fired("violation-tolerated", "server", 0, severity="note")
    ),
)
def tolerated_optional(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(TEXT, b"hello", length_form=16)
    talk.server.text("welcome")
    talk.wait(3)
    talk.close(talk.client)


@chapter.connection(
    "violation-tolerated.response",
    "The client goes on after a 101 with the answer to another key",
    CLEAN.having(messages=(1, 1)).firing(Fired("wrong-accept", "server"), Fired("violation-tolerated", "client", 0)),
)
def tolerated_response(talk: WebSocket) -> None:
    talk.open(None, talk.switching.having("Sec-WebSocket-Accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="))
    talk.greet_and_close()


@chapter.connection(
    "violation-tolerated.close",
    "The server echoes a code that may not be sent",
    Expected(
        state="closed", initiator="client", client_close=Close(1005), server_close=Close(1005), tcp=("fin", "server"),
        client_event=ANY, server_event=ANY,
    ).firing(
        Fired("invalid-close-code", "client", 0), Fired("invalid-close-code", "server", 0),
        Fired("violation-tolerated", "server", 0, severity="note"),
    ),
)  # fmt: skip
def tolerated_close(talk: WebSocket) -> None:
    talk.open()
    talk.close(talk.client, 1005)


@chapter.connection(
    "violation-tolerated.near-miss",
    "A message of the server is under way already; a second later it fails the connection",
    failing("server", 1002).having(messages=(2, 1)).firing(UNMASKED),
)
def not_tolerated(talk: WebSocket) -> None:
    unmasked_then(talk)
    talk.server.text("welcome")
    talk.wait(1)
    talk.close(talk.server, 1002)


@chapter.connection(
    "processed-after-failing",
    "The server fails the connection with 1002, and then answers a Ping that came later",
    failing("server", 1002)
    .having(messages=(2, 0), pings=(1, 1))
    .firing(UNMASKED, Fired("processed-after-failing", "server", 1)),
)
def processed(talk: WebSocket) -> None:
    unmasked_then(talk)
    talk.server.close(1002)
    talk.client.ping(b"?")
    talk.server.pong(b"?")
    talk.client.close(1002)
    talk.end_tcp()


@chapter.connection(
    "processed-after-failing.near-miss",
    "The server fails the connection with 1002, and a Ping that comes later gets no answer",
    failing("server", 1002).having(messages=(2, 0), pings=(1, 0)).firing(UNMASKED),
)
def not_processed(talk: WebSocket) -> None:
    unmasked_then(talk)
    talk.server.close(1002)
    talk.client.ping(b"?")
    talk.client.close(1002)
    talk.end_tcp()


def bad_text(name: str, shows: str, code: int, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.frame(TEXT, BAD_TEXT)
        talk.close(talk.server, code)

    chapter.connection(name, shows, failing("server", code).firing(Fired("invalid-utf8-text", "client", 0), *fired))(
        script
    )


UNEXPECTED = "unexpected-failure-code"
bad_text(UNEXPECTED, "1002 for text that is no UTF-8", 1002, Fired(UNEXPECTED, "server", 0))
bad_text(f"{UNEXPECTED}.near-miss", "1007 for text that is no UTF-8", 1007)


def unexplained(name: str, shows: str, code: int, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.text("hello")
        talk.close(talk.server, code, "protocol error")

    chapter.connection(name, shows, closed("server", code, "protocol error").firing(*fired))(script)


unexplained(
    "unexplained-failure",
    "The server fails the connection with 1002, and there is nothing wrong with what the client sent",
    1002,
    Fired("unexplained-failure", "server", 0),
)
unexplained("unexplained-failure.near-miss", "The same with 1008, which is about the application", 1008)


@chapter.connection(
    "failed-without-close",
    "The server drops TCP over a frame without mask",
    abnormal("server").firing(UNMASKED, Fired("failed-without-close", "server")),
)
def dropped(talk: WebSocket) -> None:
    unmasked_then(talk)
    talk.end_tcp()


@chapter.connection(
    "failed-without-close.near-miss",
    "The server ends TCP 5 s after a frame without mask",
    abnormal("server").firing(UNMASKED, Fired("closed-without-close-frame", "server")),
)
def dropped_later(talk: WebSocket) -> None:
    unmasked_then(talk)
    talk.wait(5)
    talk.end_tcp()
