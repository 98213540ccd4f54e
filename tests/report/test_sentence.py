"""wsinspect/report/sentence.py: how each kind of ending reads."""

from collections.abc import Callable

import pytest

from captures.encoder.conversation import Trace
from captures.encoder.handshake import refusal
from captures.encoder.websocket import WebSocket
from tests.transport.segments import inspect, packets
from wsinspect.report.build import connection_report

Play = Callable[[WebSocket], None]


def opened(*acts: Play) -> Play:
    def play(talk: WebSocket) -> None:
        talk.open()
        talk.client.text("hello")
        for act in acts:
            act(talk)

    return play


def close(side: str, code: int | None = None, reason: str | bytes = "", *, acked: bool = True) -> Play:
    return lambda talk: getattr(talk, side).close(code, reason, acked=acked)


def one_byte_close(talk: WebSocket) -> None:
    talk.client.frame(8, b"x")


def fin(side: str) -> Play:
    return lambda talk: talk.end_tcp(getattr(talk, side))


def half_fin(side: str) -> Play:
    return lambda talk: getattr(talk, side).fin()


def rst(side: str) -> Play:
    return lambda talk: getattr(talk, side).rst()


def wait(seconds: float) -> Play:
    return lambda talk: talk.wait(seconds)


def lose(side: str) -> Play:
    def act(talk: WebSocket) -> None:
        getattr(talk, side).send(b"\x81\x01x" * 30, captured=False)

    return act


def refused(status: int, location: str = "") -> Play:
    head = refusal(status)
    return lambda talk: talk.refuse(head.plus("Location", location) if location else head)


def unanswered(*acts: Play) -> Play:
    def play(talk: WebSocket) -> None:
        talk.connect()
        talk.client.send(talk.request.encode())
        for act in acts:
            act(talk)

    return play


SENTENCES: list[tuple[Play, str]] = [
    (
        opened(close("client", 1000), close("server", 1000), fin("server")),
        "Client closed first: 1000 Normal Closure; "
        "server echoed 1000; server ended TCP (FIN); both programs are told 1000.",
    ),
    (
        opened(close("server", 1001, "restart"), close("client", 1001), fin("server")),
        'Server closed first: 1001 Going Away "restart"; '
        "client echoed 1001; server ended TCP (FIN); both programs are told 1001.",
    ),
    (
        opened(close("server", 1000, "bye"), close("client", 1001, "no"), fin("server")),
        'Server closed first: 1000 Normal Closure "bye"; '
        'client answered 1001 Going Away "no"; server ended TCP (FIN); '
        "client's program is told 1000, server's program is told 1001.",
    ),
    (
        opened(close("client"), close("server"), fin("client")),
        "Client closed first: a Close without a code; "
        "server answered with an empty Close; client ended TCP (FIN); both programs are told 1005.",
    ),
    (
        opened(close("client"), close("server", 1000), fin("client")),
        "Client closed first: a Close without a code; "
        "server answered 1000 Normal Closure; client ended TCP (FIN); "
        "client's program is told 1000, server's program is told 1005.",
    ),
    (
        opened(one_byte_close, close("server", 1002), fin("server")),
        "Client closed first: a Close with a payload of one byte; "
        "server answered 1002 Protocol error; server ended TCP (FIN); "
        "client's program is told 1002, server's program is told 1006 (not clean).",
    ),
    (
        opened(close("server", 4000), close("client", 4000), rst("server")),
        "Server closed first: 4000 (private, 4 codebooks know it); "
        "client echoed 4000; server reset TCP (RST); both programs are told 4000.",
    ),
    (
        opened(close("client", 1000), fin("server")),
        "Client closed first: 1000 Normal Closure; "
        "server sent no Close; server ended TCP (FIN); "
        "client's program is told 1006 (not clean), server's program is told 1000 (not clean).",
    ),
    (
        opened(close("client", 1000), rst("server")),
        "Client closed first: 1000 Normal Closure; "
        "server sent no Close; server reset TCP (RST); "
        "client's program is told 1006 (not clean), server's program is told 1000 (not clean).",
    ),
    (opened(close("client", 1000)), "Client closed first: 1000 Normal Closure; no Close of the server yet."),
    (
        opened(close("client", 1000), close("server", 1000)),
        "Client closed first: 1000 Normal Closure; server echoed 1000; both programs are told 1000.",
    ),
    (
        opened(close("client", 1000), half_fin("client")),
        "Client closed first: 1000 Normal Closure; "
        "server sent no Close; client ended TCP (FIN); "
        "client's program is told 1006 (not clean), server's program is told 1000 (not clean).",
    ),
    (
        opened(close("server", 1011, "\x1b[2J[/b]\u202e")),
        'Server closed first: 1011 Internal Error "\x1b[2J[/b]\u202e"; no Close of the client yet.',
    ),
    (opened(fin("client")), "No Close frame: client ended TCP (FIN); both programs are told 1006 (not clean)."),
    (opened(rst("server")), "No Close frame: server reset TCP (RST); both programs are told 1006 (not clean)."),
    (
        opened(wait(60), fin("server")),
        "No Close frame: server ended TCP (FIN), 60.0 s after the last byte; both programs are told 1006 (not clean).",
    ),
    (
        opened(wait(3600), rst("client")),
        "No Close frame: client reset TCP (RST), 1 h 0 min after the last byte; "
        "both programs are told 1006 (not clean).",
    ),
    (opened(half_fin("server")), "No Close frame: server ended TCP (FIN); both programs are told 1006 (not clean)."),
    (opened(), "Still open when the capture ended."),
    (
        opened(lose("server"), fin("server")),
        "Server ended TCP (FIN); a Close may have been among the bytes that were not captured.",
    ),
    (opened(lose("server")), "Still open when the capture ended; 90 bytes of it were not captured."),
    (refused(403), "The server refused the handshake: HTTP 403 Forbidden; the client's program is told 1006."),
    (
        refused(302, "https://h/login"),
        "The server refused the handshake: HTTP 302 Found, to https://h/login; the client's program is told 1006.",
    ),
    (
        refused(503),
        "The server refused the handshake: HTTP 503 Service Unavailable; the client's program is told 1006.",
    ),
    (unanswered(), "The handshake was not answered as far as the capture goes."),
    (
        unanswered(fin("server")),
        "The handshake was never answered: server ended TCP (FIN); the client's program is told 1006.",
    ),
    (
        unanswered(rst("server")),
        "The handshake was never answered: server reset TCP (RST); the client's program is told 1006.",
    ),
    (
        unanswered(wait(60), fin("client")),
        "The handshake was never answered: client ended TCP (FIN); the client's program is told 1006.",
    ),
]


def sentence(play: Play) -> str:
    trace = Trace("sentence")
    play(WebSocket(trace))
    (connection,) = inspect(packets(trace)).connections
    return connection_report(connection).close.summary


@pytest.mark.parametrize(("play", "expected"), SENTENCES, ids=[expected for _, expected in SENTENCES])
def test_sentence(play: Play, expected: str) -> None:
    assert sentence(play) == expected
