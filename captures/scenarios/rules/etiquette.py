"""Rules about how a closing handshake goes where no frame of it is broken (RFC 6455 §5.5.1, §7)."""

from captures.encoder.frames import CONTINUATION, TEXT
from captures.encoder.websocket import Endpoint, WebSocket
from captures.scenario import ANY, Chapter, Close, Event, Expected, Fired, Side, closed

chapter = Chapter("rules/")


def closing(
    name: str, shows: str, by: Side, code: int | None, reason: str, *fired: Fired, reply: int | None = None
) -> None:
    """A closing handshake and nothing else."""

    def script(talk: WebSocket) -> None:
        talk.open()
        sender: Endpoint = talk.client if by == "client" else talk.server
        talk.close(sender, code, reason, reply=reply)

    chapter.connection(name, shows, closed(by, code, reason, reply=reply).firing(*fired))(script)


closing(
    "close-1010-from-server", "1010 from the server", "server", 1010, "", Fired("close-1010-from-server", "server", 0)
)
closing("close-1010-from-server.near-miss", "1011 from the server", "server", 1011, "")
closing(
    "close-1010-without-extensions",
    "1010 from the client, with a reason that names no extension",
    "client",
    1010,
    "missing extension",
    Fired("close-1010-without-extensions", "client", 0),
    reply=1010,
)
closing(
    "close-1010-without-extensions.near-miss",
    "1010 from the client for want of compression",
    "client",
    1010,
    "permessage-deflate",
    reply=1010,
)
closing(
    "unregistered-close-code",
    "3999, which IANA has not registered",
    "client",
    3999,
    "",
    Fired("unregistered-close-code", "client", 0),
)
closing("unregistered-close-code.near-miss", "3000, which IANA has registered", "client", 3000, "")
closing(
    "changed-close-code",
    "4001 is answered with 1000",
    "server",
    4001,
    "",
    Fired("changed-close-code", "client", 0),
    reply=1000,
)
closing("changed-close-code.near-miss", "4001 is answered with 4001", "server", 4001, "")
closing(
    "odd-close-reason", "JSON as a reason", "server", 4000, '{"error": "quota"}', Fired("odd-close-reason", "server", 0)
)
closing(
    "odd-close-reason.line-break",
    "A line break in the reason",
    "server",
    4000,
    "quota\nexceeded",
    Fired("odd-close-reason", "server", 0),
)
closing(
    "odd-close-reason.html", "HTML as a reason", "server", 4000, "<b>quota</b>", Fired("odd-close-reason", "server", 0)
)
closing(
    "odd-close-reason.near-miss", "A reason with brackets of all kinds", "server", 4000, "{quota} [exceeded] <1 min>"
)
closing(
    "close-without-code",
    "An empty Close, answered by an empty one",
    "client",
    None,
    "",
    Fired("close-without-code", "client", 0),
)


@chapter.connection("close-without-code.near-miss", "A Close with the code 1000 and no reason", closed("client", 1000))
def code_alone(talk: WebSocket) -> None:
    talk.open()
    talk.close(talk.client, 1000)


@chapter.connection(
    "simultaneous-close",
    "Both sides close before the other's Close has reached them",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1001),
        server_close=Close(1000),
        tcp=("fin", "server"),
        client_event=Event(1000, True),
        server_event=Event(1001, True),
    ).firing(Fired("simultaneous-close", "server", 0)),
)
def crossing(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1001, acked=False)
    talk.server.close(1000, acked=False)
    talk.client.ack()
    talk.server.ack()
    talk.end_tcp()


@chapter.connection("simultaneous-close.near-miss", "The answer comes with the acknowledgement", closed("client", 1001))
def in_one_packet(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1001, acked=False)
    talk.server.receive()
    talk.server.close(1001)
    talk.end_tcp()


def answered_after(name: str, shows: str, seconds: float, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.close(1000)
        talk.wait(seconds)
        talk.server.close(1000)
        talk.end_tcp()

    chapter.connection(name, shows, closed("client").firing(*fired))(script)


answered_after("late-close-reply", "A Close is answered after 3 s", 3, Fired("late-close-reply", "server", 0))
answered_after("late-close-reply.near-miss", "A Close is answered after 0.9 s", 0.9)


@chapter.connection(
    "late-close-reply.behind-data",
    "A Close is answered behind 101 messages, half a second later",
    closed("client").having(messages=(0, 101)).firing(Fired("late-close-reply", "server", 101)),
)
def behind_data(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)
    talk.wait(0.5)
    talk.server.send(b"".join(talk.server.encode(TEXT, b"still in the queue") for _ in range(101)))
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "close-inside-message",
    "The client closes between two fragments",
    closed("client", 1001).having(messages=ANY).firing(Fired("close-inside-message", "client", 1)),
)
def inside(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(TEXT, b"half of ", fin=False)
    talk.close(talk.client, 1001)


@chapter.connection(
    "close-inside-message.near-miss",
    "The client closes between two fragments of the server, who finishes first",
    closed("client", 1001).having(messages=(0, 1)),
)
def inside_of_other(talk: WebSocket) -> None:
    talk.open()
    talk.server.frame(TEXT, b"half of ", fin=False)
    talk.client.close(1001)
    talk.server.frame(CONTINUATION, b"it")
    talk.server.close(1001)
    talk.end_tcp()
