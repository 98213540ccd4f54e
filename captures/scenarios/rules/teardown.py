"""Rules about the end of TCP under a WebSocket (RFC 6455 §7.1)."""

from captures.encoder.frames import TEXT
from captures.encoder.websocket import WebSocket
from captures.scenario import ABNORMAL, ANY, Chapter, Close, Event, Expected, Fired, abnormal, closed

chapter = Chapter("rules/")

CLEAN = closed("client")


@chapter.connection(
    "closed-without-close-frame",
    "The server ends TCP without a Close",
    abnormal("server").firing(Fired("closed-without-close-frame", "server")),
)
def without_close(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("hello")
    talk.end_tcp()


@chapter.connection(
    "closed-without-close-frame.reset",
    "The client resets TCP without a Close",
    abnormal("client", "rst").firing(Fired("closed-without-close-frame", "client")),
)
def reset_without_close(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("hello")
    talk.client.rst()


@chapter.connection("closed-without-close-frame.near-miss", "Close and FIN in one segment after the other", CLEAN)
def with_close(talk: WebSocket) -> None:
    talk.open()
    talk.close(talk.client)


def server_fin(name: str, shows: str, seconds: float, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.close(1000)
        talk.server.close(1000)
        talk.wait(seconds)
        talk.end_tcp()

    chapter.connection(name, shows, CLEAN.firing(*fired))(script)


KEEPS = "server-keeps-tcp-open"
server_fin(KEEPS, "The server ends TCP 12 s after both Closes", 12, Fired(KEEPS, "server"))
server_fin(
    f"{KEEPS}.slow",
    "The server ends TCP 2 s after both Closes: a warning",
    2,
    Fired(KEEPS, "server", severity="warning"),
)
server_fin(f"{KEEPS}.near-miss", "The server ends TCP 0.9 s after both Closes", 0.9)


def client_fin(name: str, shows: str, seconds: float, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.close(1000)
        talk.server.close(1000)
        talk.wait(seconds)
        talk.end_tcp(talk.client)

    chapter.connection(name, shows, CLEAN.having(tcp=("fin", "client")).firing(*fired))(script)


FIRST = "client-closes-tcp-first"
client_fin(FIRST, "The client ends TCP at once after both Closes", 0, Fired(FIRST, "client"))
client_fin(
    f"{FIRST}.near-miss",
    "The client waits for a second, and then ends TCP: the server is to blame",
    1.1,
    Fired(KEEPS, "server", severity="warning"),
)


@chapter.connection(
    "reset-after-close",
    "The server resets TCP after both Closes",
    CLEAN.having(tcp=("rst", "server"), client_event=Event(1000, ANY)).firing(Fired("reset-after-close", "server")),
)
def reset_after(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)
    talk.server.close(1000)
    talk.server.rst()


@chapter.connection(
    "reset-after-close.near-miss",
    "The client resets TCP before the server has answered its Close",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1000),
        tcp=("rst", "client"),
        client_event=ABNORMAL,
        server_event=Event(1000, ANY),
    ).firing(Fired("missing-close-reply", "server", severity="note")),
)
def reset_before(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)
    talk.client.rst()


def half_open(name: str, shows: str, ticks: int, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.fin()
        for number in range(ticks):
            talk.wait(2)
            talk.server.text(f"tick {number}")
        talk.server.fin()

    chapter.connection(
        name,
        shows,
        abnormal("client").having(messages=(0, ticks)).firing(Fired("closed-without-close-frame", "client"), *fired),
    )(script)


half_open(
    "half-open-connection",
    "The client ends its half of TCP, and the server sends data for 8 s more",
    4,
    Fired("half-open-connection", "server"),
)
half_open("half-open-connection.near-miss", "The same for 4 s", 2)


@chapter.connection(
    "unacknowledged-data-lost",
    "The client resets TCP while a message of the server is on its way",
    abnormal("client", "rst").firing(
        Fired("unacknowledged-data-lost", "client"), Fired("closed-without-close-frame", "client")
    ),
)
def data_lost(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("hello")
    talk.server.frame(TEXT, b"lost", acked=False)
    talk.client.rst()


@chapter.connection(
    "unacknowledged-data-lost.near-miss",
    "The RST acknowledges the message",
    abnormal("client", "rst").firing(Fired("closed-without-close-frame", "client")),
)
def data_acknowledged(talk: WebSocket) -> None:
    talk.open()
    talk.server.frame(TEXT, b"not lost", acked=False)
    talk.client.receive()
    talk.client.rst()
