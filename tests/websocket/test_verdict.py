"""wsinspect/websocket/verdict.py: what the program at each end is told (docs/close-events.md)."""

from collections.abc import Callable

import pytest

from captures.encoder.conversation import Trace
from captures.encoder.handshake import refusal
from captures.encoder.websocket import Endpoint, WebSocket
from tests.transport.segments import inspect, packets
from wsinspect.connection import Connection
from wsinspect.websocket.closing import CloseEvent
from wsinspect.websocket.side import Side

Act = Callable[[WebSocket], None]
Told = tuple[int, str, bool] | None
"""Code, reason, clean."""

ABNORMAL = (1006, "", False)
FIREFOX_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROMIUM_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


def side(talk: WebSocket, letter: str) -> Endpoint:
    return talk.client if letter == "c" else talk.server


def close(who: str, code: int | None = None, reason: str | bytes = "", *, acked: bool = True) -> Act:
    return lambda talk: side(talk, who).close(code, reason, acked=acked)


def frame(who: str, opcode: int, payload: bytes = b"", *, rsv: int = 0) -> Act:
    return lambda talk: side(talk, who).frame(opcode, payload, rsv=rsv)


def fin(who: str) -> Act:
    return lambda talk: side(talk, who).fin()


def rst(who: str) -> Act:
    return lambda talk: side(talk, who).rst()


def lost(who: str, size: int) -> Act:
    """Bytes of a large frame that the capture missed, and the rest of it with what may be behind."""
    return lambda talk: side(talk, who).send(bytes(size), captured=False)


def unfinished(who: str) -> Act:
    return lambda talk: side(talk, who).frame(1, b"part", fin=False)


def long_close(who: str, code: int) -> Act:
    return lambda talk: side(talk, who).frame(8, code.to_bytes(2, "big"), length_form=16)


AIO = "Python/3.11 aiohttp/3.14.5"
WEB = "Python/3.11 websockets/17.4"

ENDINGS: list[tuple[str, list[Act], Told, Told]] = [
    # what happens, what the client is told, what the server is told
    ("answered", [close("c", 1000, "bye"), close("s", 1000), fin("s")], (1000, "", True), (1000, "bye", True)),
    ("answered, not yet ended", [close("s", 1001), close("c", 1001)], (1001, "", True), (1001, "", True)),
    ("crossing", [close("c", 1001, acked=False), close("s", 1000), fin("s")], (1000, "", True), (1001, "", True)),
    ("without a code", [close("c"), close("s"), fin("s")], (1005, "", True), (1005, "", True)),
    ("answered otherwise", [close("c", 4000), close("s", 1000), fin("s")], (1000, "", True), (4000, "", True)),
    ("not answered, FIN", [close("c", 1011, "x"), fin("c")], ABNORMAL, (1011, "x", False)),
    ("answered by a FIN", [close("c", 1000), fin("s"), fin("c")], ABNORMAL, (1000, "", False)),
    ("not answered yet", [close("c", 1000)], None, None),
    ("nothing, FIN of the client", [fin("c")], ABNORMAL, ABNORMAL),
    ("nothing, RST of the server", [rst("s")], ABNORMAL, ABNORMAL),
    ("nothing at all", [], None, None),
    ("frames go on", [frame("c", 9)], None, None),
    ("an RST before the Close", [rst("c"), close("s", 1000)], ABNORMAL, ABNORMAL),
    (
        "an RST instead of the answer, the Close not acknowledged",
        [close("s", 1000, acked=False), rst("c")],
        ABNORMAL,
        ABNORMAL,
    ),
    ("an RST behind both", [close("c", 1000), close("s", 1000), rst("c")], (1000, "", True), (1000, "", True)),
    (
        "an RST right behind the Close: what came before it is read",
        [close("s", 1001, "bye", acked=False), rst("s")],
        (1001, "bye", False),
        ABNORMAL,
    ),
    (
        "broken text behind the own Close",
        [close("c", 1000), frame("s", 1, b"\xff"), close("s", 1000), fin("s")],
        ABNORMAL,
        (1000, "", True),
    ),
    (
        "a breach and the Close before the answer could go out",
        [frame("s", 3), close("s", 1000), rst("s")],
        ABNORMAL,
        ABNORMAL,
    ),
    (
        "the server gave up waiting for a Pong before the answer came",
        [close("s", 1011, "keepalive ping timeout"), close("c", 1011), fin("s")],
        (1011, "keepalive ping timeout", True),
        ABNORMAL,
    ),
    (
        "the server fails the connection for a reserved opcode",
        [frame("c", 3), close("s", 1002), close("c", 1002), fin("s")],
        (1002, "", True),
        ABNORMAL,
    ),
    (
        "1002 without a fault is a code like any other",
        [close("s", 1002), close("c", 1002), fin("s")],
        (1002, "", True),
        (1002, "", True),
    ),
    (
        "the server fails the connection for bad text",
        [frame("c", 1, b"\xff"), close("s", 1007), close("c", 1007), fin("s")],
        (1007, "", True),
        ABNORMAL,
    ),
    (
        "the server finds a message too big",
        [frame("c", 1, b"small"), frame("c", 2, bytes(5000)), close("s", 1009), close("c", 1009), fin("s")],
        (1009, "", True),
        ABNORMAL,
    ),
    (
        "1009 behind small messages is a code like any other",
        [frame("c", 2, bytes(5000)), frame("c", 1, b"small"), close("s", 1009), close("c", 1009), fin("s")],
        (1009, "", True),
        (1009, "", True),
    ),
    (
        "the server fails the connection without a word",
        [frame("c", 3), fin("s"), fin("c")],
        ABNORMAL,
        ABNORMAL,
    ),
    ("the Close is refused: one byte", [frame("c", 8, b"x"), close("s", 1002), fin("s")], (1002, "", True), ABNORMAL),
    ("the Close is refused: 1005", [close("c", 1005), close("s", 1002), fin("s")], (1002, "", True), ABNORMAL),
    ("a refused Close without an answer", [close("c", 1006), fin("s")], ABNORMAL, ABNORMAL),
    ("a reason that is no UTF-8", [close("c", 1000, b"\xff"), fin("s")], ABNORMAL, ABNORMAL),
    ("a Close with RSV bits", [frame("c", 8, b"\x03\xe8", rsv=2), fin("s")], ABNORMAL, ABNORMAL),
    (
        "a second Close counts for nothing",
        [close("c", 1000), close("c", 1001), close("s", 1000), fin("s")],
        (1000, "", True),
        (1000, "", True),
    ),
    (
        "frames behind the Close count for nothing",
        [close("c", 1000), frame("c", 1, b"late"), close("s", 1000), fin("s")],
        (1000, "", True),
        (1000, "", True),
    ),
]


def opened(acts: list[Act], agent: str = "", server: str = "") -> Connection:
    trace = Trace("closing")
    talk = WebSocket(trace)
    asked = talk.request.plus("User-Agent", agent) if agent else talk.request
    talk.open(asked, talk.switching.plus("Server", server) if server else talk.switching)
    talk.client.text("hello")
    for act in acts:
        act(talk)
    (connection,) = inspect(packets(trace)).connections
    return connection


def told(connection: Connection, side: Side) -> Told:
    event: CloseEvent | None = connection.close_event(side)
    return None if event is None else (event.code, event.reason, event.was_clean)


@pytest.mark.parametrize(("acts", "client", "server"), [pytest.param(*row, id=name) for name, *row in ENDINGS])
def test_both_ends(acts: list[Act], client: Told, server: Told) -> None:
    connection = opened(acts)
    assert (told(connection, Side.CLIENT), told(connection, Side.SERVER)) == (client, server)


@pytest.mark.parametrize(
    ("acts", "agent", "server", "client_told", "server_told"),
    [
        pytest.param([close("s", 1016), fin("s")], "", "", ABNORMAL, ABNORMAL, id="the RFC: 1016 is refused"),
        pytest.param(
            [close("s", 1016), fin("s")], "x Chrome/126 y", "", (1016, "", False), ABNORMAL, id="Chromium: it is not"
        ),
        pytest.param(
            [close("s", 1006), fin("s")], "x Chrome/126 y", "", ABNORMAL, ABNORMAL, id="Chromium refuses 1006"
        ),
        pytest.param(
            [close("s", 1006), fin("s")], "Firefox/127.0", "", (1006, "", False), ABNORMAL, id="Firefox does not"
        ),
        pytest.param(
            [close("s", 1000), frame("s", 1, b"late"), close("c", 1000), fin("s")],
            "x Chrome/126 y",
            "",
            ABNORMAL,
            (1000, "", True),
            id="Chromium: frames behind the Close",
        ),
        pytest.param(
            [close("s"), close("c"), fin("s")],
            "Python aiohttp/3.9",
            "",
            ABNORMAL,
            (1005, "", True),
            id="aiohttp: a client answers a Close without a code and waits for another one",
        ),
        pytest.param(
            [frame("s", 3), close("c", 1002, "why"), close("s", 1002), fin("s")],
            "Python aiohttp/3.9",
            "",
            (1002, "why", False),
            (1002, "why", True),
            id="aiohttp is told its own failure",
        ),
        pytest.param(
            [frame("c", 3), close("s", 1002, "why"), close("c", 1002), fin("s")],
            "",
            "Python aiohttp/3.9",
            (1002, "why", True),
            ABNORMAL,
            id="but not as a server",
        ),
        pytest.param(
            [close("s", 4001), fin("s"), close("c", 4001)],
            "",
            "Python aiohttp/3.9",
            (4001, "", True),
            (1000, "", False),
            id="aiohttp: a server that does not wait for the answer",
        ),
        pytest.param(
            [close("s", 4001), fin("c"), fin("s")],
            "",
            "Python aiohttp/3.9",
            (4001, "", False),
            ABNORMAL,
            id="but not if the client leaves first",
        ),
        pytest.param(
            [frame("s", 3), rst("s")], AIO, "", (1002, "", False), ABNORMAL, id="aiohttp: its failure without a Close"
        ),
        pytest.param(
            [frame("s", 1, b"\xff"), rst("s")], AIO, "", (1007, "", False), ABNORMAL, id="aiohttp: the code that fits"
        ),
        pytest.param(
            [close("s", 999), close("c", 1002), fin("s")],
            AIO,
            "",
            (1002, "", False),
            (1002, "", True),
            id="aiohttp: 999",
        ),
        pytest.param([close("s", 5000), fin("s")], AIO, "", (5000, "", False), ABNORMAL, id="aiohttp: not 5000"),
        pytest.param(
            [close("c", 1000), frame("s", 3), fin("s")],
            AIO,
            "",
            ABNORMAL,
            (1000, "", False),
            id="aiohttp: not behind its own Close",
        ),
        pytest.param(
            [close("c", 4000), close("s"), fin("s")],
            AIO,
            "",
            (0, "", True),
            (4000, "", True),
            id="aiohttp: no code is 0",
        ),
        pytest.param(
            [close("c", 1000), frame("s", 1, b"\xff"), close("s", 1000), fin("s")],
            WEB,
            "",
            (1000, "", True),
            (1000, "", True),
            id="websockets: reads no text behind its own Close",
        ),
        pytest.param(
            [unfinished("s"), close("s", 4000), close("c", 1002), fin("s")],
            WEB,
            "",
            (4000, "", True),
            (1002, "", True),
            id="websockets: a Close inside a message",
        ),
        pytest.param(
            [unfinished("s"), close("s", 4000), close("c", 1002), fin("s")],
            "",
            "",
            ABNORMAL,
            (1002, "", True),
            id="others: a Close inside a message",
        ),
        pytest.param(
            [close("c", 1000), long_close("s", 1001), fin("s")],
            WEB,
            "",
            (1001, "", True),
            (1000, "", True),
            id="websockets: a length in a longer form",
        ),
        pytest.param(
            [close("c", 1000), long_close("s", 1001), fin("s")],
            "",
            "",
            ABNORMAL,
            (1000, "", True),
            id="others: a length in a longer form",
        ),
        pytest.param([close("s", 1001), rst("s")], "node", "", (1001, "", True), ABNORMAL, id="undici is always clean"),
        pytest.param([close("s", 1001), rst("s")], "", "", (1001, "", False), ABNORMAL, id="others have to answer"),
        pytest.param(
            [close("c", 4000), frame("s", 8, b"x"), fin("s")],
            FIREFOX_AGENT,
            "",
            (1005, "", True),
            (4000, "", True),
            id="Firefox: a Close of one byte has no code",
        ),
        pytest.param(
            [close("s", 1001), close("c", 1001), rst("s")],
            FIREFOX_AGENT,
            "",
            (1001, "", True),
            (1001, "", True),
            id="Firefox: an RST behind the answer changes nothing",
        ),
        pytest.param(
            [close("s", 1001), close("c", 1001), rst("s")],
            CHROMIUM_AGENT,
            "",
            (1001, "", False),
            (1001, "", True),
            id="Chromium: it makes it unclean",
        ),
        pytest.param(
            [close("s", 1001, acked=False), rst("s")],
            FIREFOX_AGENT,
            "",
            (1001, "", False),
            ABNORMAL,
            id="Firefox: the Close is read before the RST",
        ),
        pytest.param(
            [close("s", 1001, acked=False), rst("s")],
            CHROMIUM_AGENT,
            "",
            ABNORMAL,
            ABNORMAL,
            id="Chromium: it cannot answer",
        ),
        pytest.param(
            [close("c", 4000), frame("s", 1, b"\xff"), close("s", 4000), fin("s")],
            FIREFOX_AGENT,
            "",
            ABNORMAL,
            (4000, "", True),
            id="Firefox: bad text while it closes",
        ),
        pytest.param(
            [close("c", 4000), frame("s", 1, b"\xff"), close("s", 4000), fin("s")],
            CHROMIUM_AGENT,
            "",
            (4000, "", True),
            (4000, "", True),
            id="Chromium: text is dropped by then",
        ),
        pytest.param(
            [close("c", 4000), frame("s", 3), close("s", 4000), fin("s")],
            CHROMIUM_AGENT,
            "",
            ABNORMAL,
            (4000, "", True),
            id="Chromium: but not a frame that is none",
        ),
        pytest.param(
            [frame("s", 3), close("s", 4000), fin("s"), fin("c")],
            FIREFOX_AGENT,
            "",
            ABNORMAL,
            ABNORMAL,
            id="Firefox: a bad frame, no Close in return, whoever ends TCP",
        ),
        pytest.param(
            [close("s", 4000), frame("s", 3), fin("c"), fin("s")],
            FIREFOX_AGENT,
            "",
            (4000, "", False),
            ABNORMAL,
            id="Firefox: garbage behind the Close keeps it from answering",
        ),
    ],
)
def test_libraries_differ(acts: list[Act], agent: str, server: str, client_told: Told, server_told: Told) -> None:
    connection = opened(acts, agent, server)
    assert (told(connection, Side.CLIENT), told(connection, Side.SERVER)) == (client_told, server_told)


@pytest.mark.parametrize(
    ("acts", "agent", "server", "side", "doubt"),
    [
        ([close("s", 1016), fin("s")], "", "", Side.CLIENT, "some libraries take it"),
        ([close("s", 1016), fin("s")], "x Chrome/126 y", "", Side.CLIENT, ""),
        ([close("s", 1016), close("c", 1002), fin("s")], "", "", Side.CLIENT, ""),  # its answer tells
        ([frame("s", 1, b"\xff"), fin("s")], "", "", Side.CLIENT, "some libraries take it"),
        ([close("s"), close("c"), fin("s")], "", "", Side.CLIENT, "aiohttp's is told 0"),
        ([close("s"), close("c"), fin("s")], FIREFOX_AGENT, "", Side.CLIENT, ""),
        ([close("s", 4000), close("c", 4000), fin("s")], "", AIO, Side.SERVER, "1000 all the same"),
        ([close("s", 4000), close("c", 4000), fin("s")], "", "", Side.SERVER, ""),
        ([close("c", 4000), close("s", 4000), fin("s")], "", AIO, Side.SERVER, ""),
    ],
)
def test_what_the_packets_cannot_tell_is_said(acts: list[Act], agent: str, server: str, side: Side, doubt: str) -> None:
    event = opened(acts, agent, server).close_event(side)
    assert event is not None
    assert doubt in event.why and (";" in event.why) is bool(doubt), event.why


def handshake(answer: int | None, *acts: Act) -> Connection:
    trace = Trace("handshake")
    talk = WebSocket(trace)
    talk.connect()
    talk.client.send(talk.request.encode())
    if answer:
        talk.server.send(refusal(answer).encode())
    for act in acts:
        act(talk)
    (connection,) = inspect(packets(trace)).connections
    return connection


@pytest.mark.parametrize(("agent", "client"), [("undici", ABNORMAL), ("", (1000, "", False))])
def test_a_101_without_a_subprotocol_is_given_up_by_undici_and_tcp_stays(agent: str, client: Told) -> None:
    trace = Trace("subprotocol")
    talk = WebSocket(trace)
    asked = talk.request.plus("Sec-WebSocket-Protocol", "chat")
    talk.open(asked.plus("User-Agent", agent) if agent else asked, talk.switching)
    talk.server.close(1000)
    talk.server.fin()
    (connection,) = inspect(packets(trace)).connections
    assert told(connection, Side.CLIENT) == client


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 426, 500, 503])
def test_a_refused_handshake_is_1006_for_the_client_and_nothing_for_the_server(status: int) -> None:
    connection = handshake(status)
    assert (told(connection, Side.CLIENT), told(connection, Side.SERVER)) == (ABNORMAL, None)


@pytest.mark.parametrize(("acts", "client"), [([], None), ([fin("s")], ABNORMAL), ([rst("s")], ABNORMAL)])
def test_a_handshake_that_was_not_answered(acts: list[Act], client: Told) -> None:
    connection = handshake(None, *acts)
    assert (told(connection, Side.CLIENT), told(connection, Side.SERVER)) == (client, None)


def test_a_close_among_bytes_that_were_not_captured_is_unknown() -> None:
    connection = opened([lost("s", 30), fin("s")])
    assert told(connection, Side.CLIENT) is None
