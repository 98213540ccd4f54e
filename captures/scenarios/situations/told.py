"""What programs are told where the Closes alone do not say it: the library that is named decides, or TCP (§7.1.5)."""

from captures.encoder.frames import CLOSE, TEXT, close_payload
from captures.encoder.websocket import WebSocket
from captures.scenario import ABNORMAL, Chapter, Close, Event, Expected, Fired

chapter = Chapter("situations/")

AIOHTTP = "Python/3.11 aiohttp/3.14.5"
WEBSOCKETS = "Python/3.11 websockets/17.4"
UNDICI = "undici"
NOT_TEXT = b"\xff\xfe"

RESET = Expected(state="closed", tcp=("rst", "server"), server_event=ABNORMAL)
FIN = Expected(state="closed", tcp=("fin", "server"))


def opened_by(talk: WebSocket, agent: str) -> None:
    talk.open(talk.request.plus("User-Agent", agent))
    talk.client.text("hello")


@chapter.connection(
    "told-reset-behind-close",
    "Close and RST of the server at once: what came before the RST is read, though nothing acknowledged it",
    RESET.having(initiator="server", server_close=Close(1001, "bye"), client_event=Event(1001, False, "bye")),
)
def reset_behind_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.server.close(1001, "bye", acked=False)
    talk.server.rst()


@chapter.connection(
    "told-fault-behind-own-close",
    "The server breaks a rule behind the client's Close: the client fails, though it cannot say so any more",
    FIN.having(
        initiator="client",
        client_close=Close(1000),
        server_close=Close(1000),
        client_event=ABNORMAL,
        server_event=Event(1000, True),
    ).firing(Fired("invalid-utf8-text", "server", 0)),
)
def fault_behind_own_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)
    talk.server.frame(TEXT, NOT_TEXT)
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "told-text-behind-own-close-websockets",
    "The same with websockets, which looks at no text behind its own Close",
    FIN.having(
        initiator="client",
        client_close=Close(1000),
        server_close=Close(1000),
        client_event=Event(1000, True),
        server_event=Event(1000, True),
    ).firing(Fired("invalid-utf8-text", "server", 0)),
)
def text_behind_own_close(talk: WebSocket) -> None:
    opened_by(talk, WEBSOCKETS)
    talk.client.close(1000)
    talk.server.frame(TEXT, NOT_TEXT)
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "told-keepalive-timeout",
    "The server gave up waiting for a Pong; the answer to its Close comes too late",
    FIN.having(
        initiator="server",
        client_close=Close(1011),
        server_close=Close(1011, "keepalive ping timeout"),
        client_event=Event(1011, True, "keepalive ping timeout"),
        server_event=ABNORMAL,
        pings=(1, 0),
    ).allowing("missing-pong"),
)
def keepalive_timeout(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.server.ping(b"1234")
    talk.wait(20)
    talk.server.close(1011, "keepalive ping timeout")
    talk.client.close(1011)
    talk.end_tcp()


@chapter.connection(
    "told-own-failure-aiohttp",
    "A client of aiohttp fails the connection, and no Close of it gets out: it is told the code all the same",
    RESET.having(client_event=Event(1007, False))
    .firing(Fired("invalid-utf8-text", "server", 0))
    .allowing("closed-without-close-frame"),
)
def own_failure(talk: WebSocket) -> None:
    opened_by(talk, AIOHTTP)
    talk.server.frame(TEXT, NOT_TEXT)
    talk.server.rst()


@chapter.connection(
    "told-no-code-aiohttp",
    "A client of aiohttp answers a Close without a code, waits for another one, and is told 1006",
    FIN.having(
        initiator="server",
        client_close=Close(1000),
        server_close=Close(None),
        client_event=ABNORMAL,
        server_event=Event(1000, True),
    ).firing(Fired("close-without-code", "server", 0)),
)
def no_code(talk: WebSocket) -> None:
    opened_by(talk, AIOHTTP)
    talk.server.close(None)
    talk.client.close(1000)
    talk.end_tcp()


@chapter.connection(
    "told-deflate-aiohttp",
    "A client of aiohttp closes with 1000 what it cannot inflate, and is told 1006",
    FIN.having(
        initiator="client",
        client_close=Close(1000),
        server_close=Close(1000),
        client_event=ABNORMAL,
        server_event=Event(1000, True),
        extensions=("permessage-deflate",),
    ).firing(Fired("inflate-error", "server", 0)),
)
def deflate(talk: WebSocket) -> None:
    asked = talk.request.plus("Sec-WebSocket-Extensions", "permessage-deflate").plus("User-Agent", AIOHTTP)
    talk.open(asked, talk.switching.plus("Sec-WebSocket-Extensions", "permessage-deflate"))
    talk.client.text("hello")
    talk.server.frame(TEXT, b"\xff\xff\xff\xff\xff", rsv=4)
    talk.client.close(1000)
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "told-close-inside-message-websockets",
    "websockets answers a Close inside a message with 1002, and tells its program the Close as it came",
    FIN.having(
        initiator="server",
        client_close=Close(1002),
        server_close=Close(4000, "bye"),
        client_event=Event(4000, True, "bye"),
        server_event=Event(1002, True),
    ).allowing("unfinished-message"),
)
def close_inside_message(talk: WebSocket) -> None:
    opened_by(talk, WEBSOCKETS)
    talk.server.frame(TEXT, b"part", fin=False)
    talk.server.close(4000, "bye")
    talk.client.close(1002)
    talk.end_tcp()


@chapter.connection(
    "told-longer-length-websockets",
    "websockets takes a Close whose length is in a longer form than needed",
    FIN.having(
        initiator="client",
        client_close=Close(1000),
        server_close=Close(1001),
        client_event=Event(1001, True),
        server_event=Event(1000, True),
    ).firing(Fired("non-minimal-length", "server", 0)),
)
def longer_length(talk: WebSocket) -> None:
    opened_by(talk, WEBSOCKETS)
    talk.client.close(1000)
    talk.server.frame(CLOSE, close_payload(1001), length_form=16)
    talk.end_tcp()


@chapter.connection(
    "told-clean-undici",
    "undici calls the ending clean once the server's Close has come, though the RST came before its answer",
    RESET.having(initiator="server", server_close=Close(1001), client_event=Event(1001, True)).firing(
        Fired("missing-close-reply", "client", severity="note")
    ),
)
def clean(talk: WebSocket) -> None:
    opened_by(talk, UNDICI)
    talk.server.close(1001)
    talk.server.rst()


@chapter.connection(
    "told-no-subprotocol-undici",
    "undici gives up on a 101 that selects none of its subprotocols, and leaves TCP open; the server closes at last",
    FIN.having(
        initiator="server",
        server_close=Close(1000),
        client_event=ABNORMAL,
        server_event=ABNORMAL,
    ).firing(Fired("missing-close-reply", "client", severity="note")),
)
def no_subprotocol(talk: WebSocket) -> None:
    talk.open(talk.request.plus("Sec-WebSocket-Protocol", "chat").plus("User-Agent", UNDICI))
    talk.wait(5)
    talk.server.close(1000)
    talk.end_tcp()
