"""wsinspect/transport/exchange.py (with http1.py): who asked what, what was answered, and when HTTP ends."""

import gzip
import time
from collections import deque
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transport.segments import chunk, chunks_of, gap
from wsinspect.transport.exchange import (
    MAX_FIRST,
    MAX_HELD,
    MAX_PENDING,
    Answered,
    Exchange,
    ExchangeEvent,
    GaveUp,
    Requested,
    Switched,
    Tunnelled,
)
from wsinspect.transport.http1 import MAX_CHUNK_LINE, MAX_HEAD
from wsinspect.transport.reassembly import Chunk, Gap


def head(start_line: str, *fields: str, body: bytes = b"") -> bytes:
    return "\r\n".join([start_line, *fields, "", ""]).encode() + body


UPGRADE = head("GET /chat HTTP/1.1", "Host: h", "Upgrade: websocket", "Connection: Upgrade")
PLAIN = head("GET /page HTTP/1.1", "Host: h")
CONNECT = head("CONNECT h:443 HTTP/1.1", "Host: h:443")
POST = "POST /p HTTP/1.1"
CHUNKED = "Transfer-Encoding: chunked"
CHUNKS = b"5;x=y\r\nHTTP/\r\n1\r\n1\r\n0\r\nSum: 1\r\nY: 2\r\n\r\n"
ONE_CHUNK = b"00A\r\n0123456789\r\n0\r\n\r\n"
SWITCHING = head("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket")
OK = head("HTTP/1.1 200 OK", "Content-Length: 2", body=b"hi")
CONTINUE, HINTS = head("HTTP/1.1 100 Continue"), head("HTTP/1.1 103 Early Hints", "Link: x")
CONNECTED = head("HTTP/1.1 200 Connection established")
FRAME, MASKED = b"\x81\x02hi", b"\x81\x82\x01\x02\x03\x04ik"

C, S = 0, 1
Turn = tuple[int, bytes]
"""A direction and what it says."""
Case = tuple[str, list[Turn], list[str]]

CHAT, PAGE, POSTED, SWITCH = "GET /chat", "GET /page", "POST /p", "101 to GET /chat"
PAGE_DONE, POST_DONE = "200 to GET /page", "200 to POST /p"
EARLY = f"{SWITCH}, {len(MASKED)} early"
TUNNEL, TUNNEL_DONE = "CONNECT h:443", "200 to CONNECT h:443"
UP: list[Turn] = [(C, UPGRADE), (S, SWITCHING)]
UP_TOLD = [CHAT, SWITCH, "switched", "client ", "server "]
CLIENT_SENT = f"client {MASKED!r}"
SERVER_SENT = f"server {FRAME!r}"

UPGRADES: list[Case] = [
    ("upgrade", UP, UP_TOLD),
    ("frames follow", [*UP, (S, FRAME), (C, MASKED)], [*UP_TOLD[:3], CLIENT_SENT, SERVER_SENT]),
    ("a frame with the 101", [(C, UPGRADE), (S, SWITCHING + FRAME)], [*UP_TOLD[:4], SERVER_SENT]),
    (
        "a client that does not wait",
        [(C, UPGRADE + MASKED), (S, SWITCHING)],
        [CHAT, EARLY, "switched", CLIENT_SENT, "server "],
    ),
    (
        "a client that waits for an interim response only",
        [(C, UPGRADE), (S, HINTS), (C, MASKED), (S, SWITCHING)],
        [CHAT, EARLY, "switched", CLIENT_SENT, "server "],
    ),
    (
        "an upgrade with a body",
        [(C, head(UPGRADE.decode().rstrip(), "Content-Length: 2", body=b"xx") + MASKED), (S, SWITCHING)],
        [CHAT, EARLY, "switched", CLIENT_SENT, "server "],
    ),
    ("100 and 103 before 101", [(C, UPGRADE), (S, CONTINUE + HINTS), (S, SWITCHING)], UP_TOLD),
    ("no answer", [(C, UPGRADE)], [CHAT]),
    ("bare line feeds", [(C, UPGRADE.replace(b"\r\n", b"\n")), (S, SWITCHING.replace(b"\r\n", b"\n"))], UP_TOLD),
    ("odd case", [(C, UPGRADE.replace(b"Upgrade:", b"uPGRADE:")), (S, SWITCHING)], UP_TOLD),
    ("folded fields", [(C, UPGRADE.replace(b"Host: h", b"Host:\r\n\th")), (S, SWITCHING)], UP_TOLD),
    ("empty lines before it", [(C, b"\r\n\r\n\n" + UPGRADE), (S, SWITCHING)], UP_TOLD),
    (
        "the server's direction alone",
        [(S, SWITCHING + FRAME)],
        ["101 to nobody", "switched, client unknown", "client ", SERVER_SENT],
    ),
    ("an unsolicited 101", [(C, PLAIN), (S, SWITCHING)], [PAGE, "101 to GET /page", *UP_TOLD[2:]]),
]
EXCHANGES_BEFORE: list[Case] = [
    ("a page before", [(C, PLAIN), (S, OK), *UP], [PAGE, PAGE_DONE, *UP_TOLD]),
    (
        "pipelined requests",
        [(C, PLAIN + PLAIN + UPGRADE), (S, OK + OK + SWITCHING)],
        [PAGE, PAGE, CHAT, PAGE_DONE, PAGE_DONE, *UP_TOLD[1:]],
    ),
    (
        "empty lines before the second request",
        [(C, PLAIN), (S, OK), (C, b"\r\n" + UPGRADE), (S, SWITCHING)],
        [PAGE, PAGE_DONE, *UP_TOLD],
    ),
    (
        "refused, then granted",
        [(C, UPGRADE), (S, head("HTTP/1.1 401 Unauthorized", "Content-Length: 3", body=b"no!")), *UP],
        [CHAT, "401 to GET /chat", *UP_TOLD],
    ),
    (
        "a body up to the end of the connection",
        [(C, UPGRADE), (S, head("HTTP/1.1 403 Forbidden", body=SWITCHING))],
        [CHAT, "403 to GET /chat"],
    ),
    (
        "a chunked body with extensions and trailers",
        [(C, PLAIN), (S, head("HTTP/1.1 200 OK", CHUNKED, body=CHUNKS)), *UP],
        [PAGE, PAGE_DONE, *UP_TOLD],
    ),
    (
        "a chunked body without trailers",
        [(C, PLAIN), (S, head("HTTP/1.1 200 OK", "transfer-encoding: gzip, Chunked", body=ONE_CHUNK)), *UP],
        [PAGE, PAGE_DONE, *UP_TOLD],
    ),
    (
        "HEAD has no body",
        [(C, head("HEAD /page HTTP/1.1")), (S, head("HTTP/1.1 200 OK", "Content-Length: 999")), *UP],
        ["HEAD /page", "200 to HEAD /page", *UP_TOLD],
    ),
    ("204 has no body", [(C, PLAIN), (S, head("HTTP/1.1 204 No Content")), *UP], [PAGE, "204 to GET /page", *UP_TOLD]),
    (
        "304 has no body",
        [(C, PLAIN), (S, head("HTTP/1.1 304 Not Modified", "Content-Length: 7")), *UP],
        [PAGE, "304 to GET /page", *UP_TOLD],
    ),
    (
        "a request body that looks like a request",
        [(C, head(POST, f"Content-Length: {len(UPGRADE)}", body=UPGRADE)), (S, OK), *UP],
        [POSTED, POST_DONE, *UP_TOLD],
    ),
    (
        "a chunked request body",
        [(C, head(POST, CHUNKED, body=b"3\r\nabc\r\n0\r\n\r\n")), (S, OK), *UP],
        [POSTED, POST_DONE, *UP_TOLD],
    ),
]
PROXIES: list[Case] = [
    (
        "absolute form",
        [(C, UPGRADE.replace(b"/chat", b"http://h/chat")), (S, SWITCHING)],
        ["GET http://h/chat", "101 to GET http://h/chat", *UP_TOLD[2:]],
    ),
    ("CONNECT", [(C, CONNECT), (S, CONNECTED), *UP], [TUNNEL, TUNNEL_DONE, *UP_TOLD]),
    (
        "CONNECT and everything at once",
        [(C, CONNECT + UPGRADE), (S, CONNECTED + SWITCHING)],
        [TUNNEL, f"{TUNNEL_DONE}, {len(UPGRADE)} early", *UP_TOLD],
    ),
    (
        "CONNECT behind a request: what is in the tunnel waits for the proxy",
        [(C, PLAIN + CONNECT + UPGRADE), (S, OK), (S, CONNECTED + SWITCHING)],
        [PAGE, TUNNEL, PAGE_DONE, f"{TUNNEL_DONE}, {len(UPGRADE)} early", *UP_TOLD],
    ),
    (
        "CONNECT to something else",
        [(C, CONNECT), (S, CONNECTED), (C, b"\x16\x03\x01\x02\x00\x01")],
        [TUNNEL, TUNNEL_DONE, "gave up"],
    ),
    (
        "CONNECT refused",
        [(C, CONNECT), (S, head("HTTP/1.1 407 Proxy Authentication Required", "Content-Length: 0")), *UP],
        [TUNNEL, "407 to CONNECT h:443", *UP_TOLD],
    ),
]
NO_HTTP: list[Case] = [
    ("TLS", [(C, b"\x16\x03\x01\x02\x00\x01\x00")], ["gave up"]),
    ("HTTP/2 with prior knowledge", [(C, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))], ["gave up"]),
    ("SSH", [(S, b"SSH-2.0-OpenSSH_9\r\n")], ["gave up"]),
    ("PostgreSQL", [(C, b"\x00\x00\x00\x08\x04\xd2\x16/")], ["gave up"]),
    ("binary behind a page", [(C, PLAIN), (S, OK), (C, b"\x00\x01\x02\x03")], [PAGE, PAGE_DONE, "gave up"]),
    ("an answer that is none", [(C, PLAIN), (S, b"\x00\x01\x02\x03")], [PAGE, "gave up"]),
    ("a broken status line", [(C, PLAIN), (S, head("HTTP/1.1 abc"))], [PAGE, "gave up"]),
    (
        "a broken chunk size",
        [(C, PLAIN), (S, head("HTTP/1.1 200 OK", CHUNKED, body=b"zz\r\n"))],
        [PAGE, PAGE_DONE, "gave up"],
    ),
    (
        "a Content-Length beyond all reason",
        [(C, PLAIN), (S, head("HTTP/1.1 200 OK", f"Content-Length: {'9' * 5000}", body=SWITCHING))],
        [PAGE, PAGE_DONE],
    ),
    (
        "a Content-Length that is no number",
        [(C, PLAIN), (S, head("HTTP/1.1 200 OK", "Content-Length: many", body=SWITCHING))],
        [PAGE, PAGE_DONE],
    ),
]
CASES = UPGRADES + EXCHANGES_BEFORE + PROXIES + NO_HTTP


def tell(pieces: Sequence[Chunk | Gap]) -> list[str]:
    """What an exchange makes of the pieces, independent of how they are cut: up to a switch or the end of HTTP.

    What a proxy's tunnel carries is told as well, by an exchange of its own.
    """
    exchange = Exchange()
    told: list[str] = []
    left: list[Chunk | Gap] = []
    switched = False
    coming = deque(pieces)
    while coming:
        piece = coming.popleft()
        if switched:
            left.append(piece)
            continue
        for event in exchange.feed(piece):
            if isinstance(event, Requested):
                told.append(f"{event.request.method} {event.request.target}")
            elif isinstance(event, Answered):
                asked = f"{event.request.method} {event.request.target}" if event.request else "nobody"
                early = f", {event.early_bytes} early" if event.early_bytes else ""
                told.append(f"{event.response.status} to {asked}{early}")
            elif isinstance(event, Switched):
                switched = True
                told.append("switched" if event.client_in_sync else "switched, client unknown")
                left += event.pieces
            elif isinstance(event, Tunnelled):
                exchange = Exchange()
                coming.extendleft(reversed(event.pieces))
            else:
                return [*told, "gave up"]
    if switched:
        for side, direction in (("client", exchange.client_direction), ("server", 1 - exchange.client_direction)):
            data = b"".join(p.data for p in left if isinstance(p, Chunk) and p.direction == direction)
            told.append(f"{side} {data!r}" if data else f"{side} ")
    return told


def cut(turns: list[Turn], place: Callable[[bytes], Sequence[int]]) -> list[Chunk]:
    return [piece for direction, data in turns for piece in chunks_of(data, place(data), direction=direction)]


def cut_whole(turns: list[Turn]) -> list[Chunk]:
    return cut(turns, lambda data: [])


PARAMETERS = [pytest.param(turns, told, id=name) for name, turns, told in CASES]


@pytest.mark.parametrize(("turns", "told"), PARAMETERS)
def test_whole(turns: list[Turn], told: list[str]) -> None:
    assert tell(cut_whole(turns)) == told


@pytest.mark.parametrize(("turns", "told"), PARAMETERS)
def test_byte_by_byte(turns: list[Turn], told: list[str]) -> None:
    assert tell(cut(turns, lambda data: range(len(data)))) == told


@pytest.mark.parametrize(("turns", "told"), PARAMETERS)
def test_cut_in_two_everywhere(turns: list[Turn], told: list[str]) -> None:
    for place in range(1, min(300, max(len(data) for _, data in turns))):
        assert tell(cut(turns, lambda data, place=place: [place])) == told, place  # type: ignore[misc]


@pytest.mark.parametrize(("turns", "told"), PARAMETERS)
def test_directions_numbered_the_other_way(turns: list[Turn], told: list[str]) -> None:
    assert tell(cut([(1 - direction, data) for direction, data in turns], lambda data: [])) == told


@given(st.sampled_from(CASES), st.lists(st.integers(1, 200), max_size=8))
@settings(max_examples=200, deadline=None)
def test_cut_at_random(case: Case, cuts: list[int]) -> None:
    _, turns, told = case
    assert tell(cut(turns, lambda data: cuts)) == told


def test_heads_know_their_packets_and_early_bytes_theirs() -> None:
    exchange = Exchange()
    events = exchange.feed(chunk(UPGRADE[:20], packet=1))
    events += exchange.feed(chunk(UPGRADE[20:] + MASKED[:3], 20, packet=2))
    events += exchange.feed(chunk(MASKED[3:], len(UPGRADE) + 3, packet=3))
    events += exchange.feed(chunk(SWITCHING[:9], packet=4, direction=1))
    events += exchange.feed(chunk(SWITCHING[9:] + FRAME, 9, packet=5, direction=1))
    requested, answered, switched = events
    assert isinstance(requested, Requested) and isinstance(answered, Answered) and isinstance(switched, Switched)
    assert (requested.request.packet, requested.request.last_packet) == (1, 2)
    assert (answered.response.packet, answered.response.last_packet) == (4, 5)
    assert (answered.early_bytes, answered.early_packet) == (len(MASKED), 2)
    placed = [(p.direction, p.offset, p.data, p.packet) for p in switched.pieces if isinstance(p, Chunk)]
    assert placed == [
        (0, len(UPGRADE), MASKED[:3], 2),
        (0, len(UPGRADE) + 3, MASKED[3:], 3),
        (1, len(SWITCHING), FRAME, 5),
    ]


UNKNOWN_CLIENT = ["switched, client unknown", "client ", "server "]


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        pytest.param(
            [chunk(UPGRADE), gap(len(UPGRADE), 9), chunk(SWITCHING, direction=S)],
            [CHAT, SWITCH, *UNKNOWN_CLIENT],
            id="behind the upgrade request",
        ),
        pytest.param(
            [gap(0, len(UPGRADE)), chunk(SWITCHING, direction=S)],
            ["101 to nobody", *UNKNOWN_CLIENT],
            id="the request is missing",
        ),
        pytest.param(
            [chunk(UPGRADE[:9]), gap(9, 9), chunk(UPGRADE[18:], 18), chunk(SWITCHING, direction=S)],
            ["101 to nobody", *UNKNOWN_CLIENT],
            id="in the request",
        ),
        pytest.param(
            [chunk(PLAIN), chunk(OK[:-1], direction=S), gap(0, 1, direction=S), *cut_whole(UP)],
            [PAGE, PAGE_DONE, *UP_TOLD],
            id="in a body: stepped over",
        ),
        pytest.param(
            [chunk(PLAIN), gap(0, len(OK), direction=S), *cut_whole(UP)],
            [PAGE, *UP_TOLD],
            id="a response is missing: a 101 answers who asked for it",
        ),
        pytest.param(
            [chunk(UPGRADE), chunk(b"GET /b HT"), gap(0, 5), chunk(OK, direction=S), chunk(b"x\r\n\r\n")],
            [CHAT, "200 to GET /chat, 9 early"],
            id="what was held before the hole does not go on behind it",
        ),
    ],
)
def test_holes(pieces: list[Chunk | Gap], told: list[str]) -> None:
    assert tell(pieces) == told


BLOCK = bytes(65536)
ENDLESS_LINE: list[Chunk] = [chunk(b"1" * 3000, direction=S)] * 9


@pytest.mark.parametrize(
    ("pieces", "limit"),
    [
        pytest.param(
            [chunk(b"GET / HTTP/1.1\r\nX: "), *[chunk(b"x" * 65536)] * 99], MAX_HEAD, id="a head without an end"
        ),
        pytest.param([chunk(UPGRADE), *[chunk(BLOCK)] * 99], MAX_HELD, id="bytes behind a request not answered"),
        pytest.param([chunk(PLAIN * 100)] * 99, MAX_PENDING * len(PLAIN), id="requests without answers"),
        pytest.param(
            [chunk(PLAIN), chunk(head("HTTP/1.1 200 OK", CHUNKED), direction=S), *ENDLESS_LINE],
            MAX_CHUNK_LINE,
            id="a chunk line without an end",
        ),
    ],
)
def test_limits_end_http(pieces: list[Chunk], limit: int) -> None:
    exchange = Exchange()
    taken = 0
    for piece in pieces:
        if GaveUp() in exchange.feed(piece):
            break
        taken += len(piece.data)
    assert limit // 2 <= taken <= limit + 65536


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\r\n" * 32768, id="empty lines"),
        pytest.param(head(POST, CHUNKED) + b"1\r\nx\r\n" * 10900, id="tiny chunks"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n" * 200, id="pipelined"),
        pytest.param(head(POST, CHUNKED) + b"0\r\n" + b"a: b\r\n" * 10900, id="trailers"),
        pytest.param(gzip.compress(bytes(65536)), id="not HTTP"),
    ],
)
def test_hostile_segments_of_64_kib_take_no_time(data: bytes) -> None:
    begun = time.process_time()
    exchange = Exchange()
    exchange.feed(chunk(PLAIN))
    exchange.feed(chunk(data))
    assert time.process_time() - begun < 0.5


def test_empty_lines_without_end_are_given_up() -> None:
    """Some protocols send nothing else for hours, to keep a connection alive."""
    exchange = Exchange()
    events: list[ExchangeEvent] = []
    for number in range(MAX_FIRST + 1):
        assert not events
        events = exchange.feed(Chunk(0, 4 * number, b"\r\n\r\n", number + 1, 0))
    assert events == [GaveUp()]
    assert exchange.client_direction == -1
