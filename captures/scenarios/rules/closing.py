"""Rules about the closing handshake (RFC 6455 §5.5.1, §7)."""

from captures.encoder.conversation import SERVER, Trace
from captures.encoder.frames import CLOSE, CONTINUATION, TEXT, close_payload
from captures.encoder.packets import Host
from captures.encoder.websocket import WebSocket
from captures.scenario import ABNORMAL, ANY, Chapter, Close, Event, Expected, Fired, closed, failing

chapter = Chapter("rules/")

CLEAN = closed("client")


@chapter.connection(
    "close-payload-one-byte",
    "A Close with half a code; the server fails the connection with 1002",
    failing("server", 1002, broken=Close(None)).firing(Fired("close-payload-one-byte", "client", 1)),
)
def half_a_code(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.frame(CLOSE, b"\x03")
    talk.server.close(1002)
    talk.end_tcp()


@chapter.connection(
    "close-payload-one-byte.near-miss",
    "A Close of 0 bytes, answered by a Close of 2",
    closed("client", None, reply=1000),
)
def zero_and_two_bytes(talk: WebSocket) -> None:
    talk.open()
    talk.close(talk.client, None, reply=1000)


@chapter.connection(
    "invalid-utf8-close-reason",
    "A reason cut at 123 bytes inside a character, as careless truncation does; the client fails with 1007",
    failing("client", 1007, broken=Close(1011, ANY)).firing(Fired("invalid-utf8-close-reason", "server", 0)),
)
def reason_cut(talk: WebSocket) -> None:
    talk.open()
    talk.server.close(1011, ("é" * 62).encode()[:123])
    talk.client.close(1007)
    talk.end_tcp()


@chapter.connection(
    "invalid-utf8-close-reason.near-miss",
    "A reason of exactly 123 bytes that ends with a whole character",
    closed("server", 1011, "x" + "é" * 61),
)
def reason_fits(talk: WebSocket) -> None:
    talk.open()
    talk.close(talk.server, 1011, "x" + "é" * 61)


def invalid_code(code: int, shows: str, variant: str = "", severity: str | None = None) -> None:
    name = f"invalid-close-code.{variant}" if variant else "invalid-close-code"
    fired = Fired("invalid-close-code", "client", 0, severity)

    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.close(code)
        talk.server.close(1002)
        talk.end_tcp()

    expected = failing("server", 1002, broken=Close(code)).firing(fired)
    chapter.connection(name, f"{shows}; the server fails the connection", expected)(script)


invalid_code(1005, "1005 in a Close frame: it stands for the lack of a code, in programs only")
invalid_code(999, "999: below every range", "below")
invalid_code(1006, "1006 in a Close frame: it stands for the lack of a Close", "abnormal")
invalid_code(1016, "1016: kept for the protocol, not assigned", "unassigned")
invalid_code(59395, "59395, which is 1000 with its bytes swapped: above every range", "above", "warning")

LEGAL_CODES = (1000, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)


@chapter.capture(
    "invalid-close-code.near-miss",
    "Nine connections whose codes are all legal: registered later than the RFC, and at the edges of the ranges",
    *(closed("server", code) for code in LEGAL_CODES),
)
def legal_codes(trace: Trace) -> None:
    for index, code in enumerate(LEGAL_CODES):
        talk = WebSocket(trace, client=Host(f"192.0.2.{10 + index}", 50500 + index), server=SERVER, at=index)
        talk.open()
        talk.close(talk.server, code)


@chapter.connection(
    "data-after-close",
    "The client sends text behind its own Close",
    CLEAN.having(messages=ANY).firing(Fired("data-after-close", "client", 2)),
)
def text_after_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.close(1000)
    talk.client.text("one more thing")
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "data-after-close.near-miss",
    "The server has received a Close and finishes its fragmented message before it sends its own",
    CLEAN.having(messages=(0, 2)),
)
def data_before_own_close(talk: WebSocket) -> None:
    talk.open()
    talk.server.frame(TEXT, b"let me ", fin=False)
    talk.client.close(1000)
    talk.server.frame(CONTINUATION, b"finish")
    talk.server.text("and this one too")
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "frame-after-close",
    "The client sends a Ping behind its own Close",
    CLEAN.having(pings=ANY).firing(Fired("frame-after-close", "client", 2)),
)
def ping_after_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.close(1000)
    talk.client.ping(b"?")
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "frame-after-close.second-close",
    "The client sends two Closes; only the first counts",
    closed("client", 1000, "bye").firing(Fired("frame-after-close", "client", 1)),
)
def second_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000, "bye")
    talk.client.close(1001, "or rather this")
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "frame-after-close.near-miss",
    "A Ping crosses the client's Close; its Pong comes behind that Close, as §5.5.2 demands until a Close is received",
    CLEAN.having(pings=(1, 1)),
)
def pong_after_own_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000, acked=False)
    talk.server.ping(b"?")
    talk.client.pong(b"?")
    talk.server.close(1000)
    talk.end_tcp()


@chapter.connection(
    "missing-close-reply",
    "The client acknowledges the server's Close and ends TCP without one of its own",
    Expected(
        state="closed",
        initiator="server",
        server_close=Close(1001, "restart"),
        tcp=("fin", "client"),
        client_event=Event(1001, False, "restart"),
        server_event=ABNORMAL,
    ).firing(Fired("missing-close-reply", "client")),
)
def bare_fin(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("hello")
    talk.server.close(1001, "restart")
    talk.end_tcp(talk.client)


@chapter.connection(
    "missing-close-reply.closer-hung-up",
    "The client sends its Close and FIN in one breath; the server ends TCP too. Only a note: it had little time",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1001),
        tcp=("fin", "client"),
        client_event=ABNORMAL,
        server_event=Event(1001, False),
    ).firing(Fired("missing-close-reply", "server", severity="note")),
)
def closer_hung_up(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1001, acked=False)
    talk.end_tcp(talk.client)


@chapter.connection(
    "missing-close-reply.receiver-failed",
    "A broken frame and a Close in one segment; the server drops TCP over the former, so it need not answer the latter",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1000),
        tcp=("fin", "server"),
        client_event=ABNORMAL,
        server_event=ABNORMAL,
    ).firing(Fired("reserved-opcode", "client", 0), Fired("missing-close-reply", "server", severity="note")),
)
def receiver_failed(talk: WebSocket) -> None:
    talk.open()
    talk.client.send(talk.client.encode(0x3, b"?") + talk.client.encode(CLOSE, close_payload(1000)))
    talk.end_tcp()


@chapter.connection(
    "missing-close-reply.ignored",
    "The server goes on for 12 s as if it had not received the client's Close",
    Expected(
        state="closing",
        initiator="client",
        client_close=Close(1000),
        messages=(0, 4),
        client_event=ANY,
        server_event=ANY,
    ).firing(Fired("missing-close-reply", "server")),
)
def ignored_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1000)
    for number in range(4):
        talk.wait(3)
        talk.server.text(f"tick {number}")


@chapter.connection(
    "missing-close-reply.near-miss",
    "The client ended TCP before the server's Close could reach it: its TCP answers with RST and never acknowledges it",
    Expected(
        state="closed",
        initiator="server",
        server_close=Close(1001),
        tcp=("fin", "client"),
        client_event=ABNORMAL,
        server_event=ABNORMAL,
    ),
)
def close_never_arrived(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("hello")
    talk.client.fin(acked=False)
    talk.server.close(1001, acked=False)
    talk.client.rst()
