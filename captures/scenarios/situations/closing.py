"""How connections end: closing handshakes of every kind, and ends without one (RFC 6455 §7)."""

from captures.encoder.frames import CLOSE, TEXT, close_payload
from captures.encoder.websocket import WebSocket
from captures.scenario import ABNORMAL, ANY, Chapter, Close, Event, Expected, Fired, Side, abnormal, closed

chapter = Chapter("situations/")


def handshake_of_closing(
    name: str, shows: str, by: Side, code: int | None, reason: str = "", reply: int | None = None
) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.text("hello")
        talk.server.text("hello to you")
        talk.wait(1.5)
        talk.close(talk.client if by == "client" else talk.server, code, reason, reply=reply)

    fired = () if code else (Fired("close-without-code", by, 1),)
    expected = closed(by, code, reason, reply=reply).having(messages=(1, 1)).firing(*fired)
    chapter.connection(name, shows, expected)(script)


handshake_of_closing(
    "close-by-client",
    "Closed by the client with code and reason; each reports what it received",
    "client",
    1000,
    "done",
)
handshake_of_closing("close-by-server", "Closed by the server: going away", "server", 1001, "restart in 5 s")
handshake_of_closing("close-without-reason", "Closed by the client with a code alone", "client", 1000)
handshake_of_closing("close-without-code", "Two empty Closes: both sides report 1005", "client", None)
handshake_of_closing(
    "close-other-code", "The answer carries another code than the Close it answers", "server", 4000, "kicked", 1000
)
handshake_of_closing(
    "close-private-code", "A private code with a reason in several scripts", "server", 4999, "до свидания · さようなら"
)


@chapter.connection(
    "close-crossing",
    "Both sides close at once and each reports the other's code; neither Close answers the other",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1000, "leaving"),
        server_close=Close(1001, "restart"),
        tcp=("fin", "server"),
        client_event=Event(1001, True, "restart"),
        server_event=Event(1000, True, "leaving"),
    ),
)
def crossing(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.close(1000, "leaving", acked=False)
    talk.server.close(1001, "restart", acked=False)
    talk.client.ack()
    talk.server.ack()
    talk.end_tcp()


@chapter.connection(
    "close-answered-by-fin",
    "The server answers the client's Close with a bare FIN: the server reports 1000, the client 1006",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1000, "done"),
        tcp=("fin", "server"),
        client_event=ABNORMAL,
        server_event=Event(1000, False, "done"),
    ).firing(Fired("missing-close-reply", "server")),
)
def answered_by_fin(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.close(1000, "done")
    talk.end_tcp()


@chapter.connection(
    "close-reply-timeout",
    "The client waits 12 s for an answer to its acknowledged Close, then gives up with RST",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1000),
        tcp=("rst", "client"),
        client_event=ABNORMAL,
        server_event=Event(1000, False),
    ).firing(Fired("missing-close-reply", "server")),
)
def reply_timeout(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)
    talk.wait(12)
    talk.client.rst()


@chapter.connection(
    "close-not-answered-yet",
    "The capture ends right after a Close: nobody can be blamed yet",
    Expected(state="closing", initiator="client", client_close=Close(1000)),
)
def not_answered_yet(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)


@chapter.connection(
    "close-one-segment",
    "The last message, the Close and the server's FIN in as few segments as TCP allows",
    closed("server", 1000, "that was all").having(messages=(1, 1)),
)
def one_segment(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("anything else?")
    last = talk.server.encode(TEXT, b"no") + talk.server.encode(CLOSE, close_payload(1000, "that was all"))
    talk.server.send(last)
    talk.client.close(1000)
    talk.end_tcp()


@chapter.connection(
    "close-half-closed-by-client",
    "The client sends its Close and FIN; the server still sends a message and its Close into the half-open connection",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1000),
        server_close=Close(1000),
        tcp=("fin", "client"),
        client_event=Event(1000, True),
        server_event=Event(1000, True),
        messages=(1, 1),
    ).allowing("client-closes-tcp-first"),
)
def half_closed(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.close(1000, acked=False)
    talk.client.fin()
    talk.server.text("my last word")
    talk.server.close(1000)
    talk.server.fin()


@chapter.connection(
    "close-client-ends-tcp",
    "A proper closing handshake, after which the client ends TCP first although that is the server's part (§7.1.1)",
    closed("client").having(tcp=("fin", "client")).allowing("client-closes-tcp-first"),
)
def client_ends_tcp(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)
    talk.server.close(1000)
    talk.end_tcp(talk.client)


@chapter.connection(
    "rst-after-closes",
    "Both Closes, then RST of the server: closed properly all the same",
    # By RFC 6455 §7.1.4 that is clean for both; Chromium, which reads the RST as an error, tells its page it was not.
    closed("client").having(tcp=("rst", "server"), client_event=Event(1000, True)).allowing("reset-after-close"),
)
def reset_after_closes(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)
    talk.server.close(1000)
    talk.server.rst()


def without_close(by: Side, kind: str, shows: str) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.text("hello")
        talk.server.text("hello to you")
        talk.wait(60)
        ender = talk.client if by == "client" else talk.server
        if kind == "rst":
            ender.rst()
        else:
            talk.end_tcp(ender)

    chapter.connection(f"{kind}-without-close-by-{by}", shows, abnormal(by, kind))(script)


without_close("client", "fin", "FIN of the client and no Close: both sides report 1006")
without_close("server", "fin", "FIN of the server 60 s after the last byte, and no Close: both sides report 1006")
without_close("client", "rst", "RST of the client and no Close: both sides report 1006")
without_close("server", "rst", "RST of the server 60 s after the last byte, and no Close: both sides report 1006")


@chapter.connection(
    "rst-before-close-arrives",
    "The server's Close is never acknowledged, as the client resets TCP: both sides report 1006",
    Expected(
        state="closed",
        initiator="server",
        server_close=Close(1001),
        tcp=("rst", "client"),
        client_event=ABNORMAL,
        server_event=ABNORMAL,
    ),
)
def reset_before_arrival(talk: WebSocket) -> None:
    talk.open()
    talk.server.close(1001, acked=False)
    talk.client.rst()


@chapter.connection("still-open", "No end in the capture", Expected(messages=(1, 1)))
def still_open(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.server.text("hello to you")


@chapter.connection(
    "truncated-by-fin",
    "FIN of the server in the middle of a message",
    abnormal("server").having(frames=ANY).allowing("truncated-frame", "unfinished-message"),
)
def truncated_by_fin(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("tell me everything")
    talk.server.send(talk.server.encode(TEXT, b"x" * 1000)[:700])
    talk.end_tcp()


@chapter.connection(
    "pings",
    "Keepalive: four Pings with their Pongs, the last one slower, and an unsolicited Pong",
    closed("client").having(pings=(4, 4)),
)
def pings(talk: WebSocket) -> None:
    talk.open()
    for number in range(4):
        talk.wait(20)
        talk.server.ping(bytes([number]) * 4)
        if number == 3:
            talk.wait(0.4)
        talk.client.pong(bytes([number]) * 4)
    talk.client.pong(b"heartbeat")
    talk.close(talk.client)
