"""Rules about Ping and Pong, text, and the closing handshake (RFC 6455 §5.5, §5.6, §7, §8.1)."""

from captures.encoder.conversation import SERVER, Trace
from captures.encoder.frames import CLOSE, CONTINUATION, PING, RSV1, TEXT, close_payload
from captures.encoder.packets import Host
from captures.encoder.websocket import WebSocket
from captures.scenario import ABNORMAL, ANY, Chapter, Close, Event, Expected, Fired, closed, failing

chapter = Chapter("rules")

CLEAN = closed("client")
DEFLATE = "permessage-deflate"

AUTOBAHN_TEXT = "κόσμε".encode()
"""The Greek word that the UTF-8 cases of the Autobahn suite are built around, 11 bytes."""
SURROGATE = b"\xed\xa0\x80"
"""U+D800 as if it were a character; the second byte is the one no UTF-8 can have there."""


@chapter.connection(
    "missing-pong",
    "A Ping of the client is acknowledged by TCP and never answered, though the server goes on sending",
    CLEAN.having(messages=(0, 2), pings=(1, 0)).firing(Fired("missing-pong", "server", 0)),
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
        talk = WebSocket(trace, client=Host("192.0.2.10", 50500 + index), server=SERVER, at=index)
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
    ).firing(Fired("missing-close-reply", "client", 1)),
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
    ).firing(Fired("missing-close-reply", "server", 0, "note")),
)
def closer_hung_up(talk: WebSocket) -> None:
    talk.open()
    talk.client.close(1001, acked=False)
    talk.end_tcp(talk.client)


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
