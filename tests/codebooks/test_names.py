"""wsinspect/codebooks/names.py: how a close code is shown, in every case; and the way there from packets."""

import pytest

from captures.encoder.conversation import Trace
from captures.encoder.websocket import WebSocket
from tests.transport.segments import inspect, packets
from wsinspect.codebooks.book import Book
from wsinspect.codebooks.names import CloseName, Namer
from wsinspect.codebooks.recognise import Clues, Hint, Library
from wsinspect.report import model
from wsinspect.report.build import connection_report

NOTHING = Clues("ws://h/", None)
GRAPHQL = Clues("ws://h/", "graphql-transport-ws")
PUSHER = Clues("wss://ws-eu.pusher.com/app/k?protocol=7", None)
CENTRIFUGE = Clues("ws://h/connection/websocket", None)
SOCKJS = Clues("ws://h/", None, (), b"", b"o")
SOCKETS = Clues("ws://h/socket.io/?EIO=4", None)
AWS = Clues("wss://a1.execute-api.eu-west-1.amazonaws.com/prod", None)


@pytest.mark.parametrize(
    ("code", "clues", "shown"),
    [
        (1001, NOTHING, "1001 Going Away (RFC 6455)"),
        (1012, NOTHING, "1012 Service Restart (IANA)"),
        (3000, NOTHING, "3000 Unauthorized (IANA)"),
        (4401, GRAPHQL, "4401 Unauthorized (graphql-transport-ws, because subprotocol=graphql-transport-ws)"),
        (3008, CENTRIFUGE, "3008 slow (Centrifuge, likely, because path=/connection/websocket); IANA: Timeout"),
        (4123, PUSHER, "4123 not in the codebook (Pusher, because host=ws-eu.pusher.com); "
                       "band 4100–4199: reconnect after ≥ 1 s"),
        (4700, PUSHER, "4700 not in the codebook (Pusher, because host=ws-eu.pusher.com)"),
        (3000, PUSHER, "3000 Unauthorized (IANA)"),
        (3000, SOCKJS, "3000 Go away! (SockJS, because first server message); IANA: Unauthorized"),
        (2010, SOCKJS, "2010 another connection still open (SockJS, because first server message); "
                       "unassigned, must not be sent"),
        (4004, NOTHING, "4004 private; 6 codebooks know it"),
        (4029, NOTHING, "4029 private; 1 codebook knows it"),
        (4999, NOTHING, "4999 private; no codebook knows it"),
        (4403, NOTHING, "4403 private; 2 codebooks know it; perhaps HTTP 403 + 4000"),
        (4599, NOTHING, "4599 private; no codebook knows it; perhaps HTTP 599 + 4000"),
        (3500, NOTHING, "3500 unregistered library code"),
        (1006, NOTHING, "1006 reserved, must not be sent"),
        (999, NOTHING, "999 not used, must not be sent"),
        (2999, NOTHING, "2999 unassigned, must not be sent"),
        (5000, NOTHING, "5000 out of range, must not be sent"),
        (4001, SOCKETS, "4001 private; Engine.IO / Socket.IO (likely, because path=/socket.io/) has no codes, look for "
                        'packet 1 (close); "transport close" and "ping timeout" are words of its API, not codes'),
        (1009, AWS, "1009 Message Too Big (RFC 6455); AWS API Gateway, because "
                    "host=a1.execute-api.eu-west-1.amazonaws.com: a frame above 32 KB or a message above 128 KB"),
        (1009, NOTHING, "1009 Message Too Big (RFC 6455)"),
    ],
)  # fmt: skip
def test_shown(code: int, clues: Clues, shown: str) -> None:
    assert Namer(lambda: clues)(code).shown == shown


def test_a_reason_names_the_program() -> None:
    name = Namer(lambda: NOTHING)(1002, "Masked frame from server")
    assert (name.name, name.registry) == ("Protocol error", "RFC 6455")
    assert (name.codebook, name.because) == ("Chromium", "reason=Masked frame from server")
    assert "masked-server-frame" in name.shown
    assert Namer(lambda: NOTHING)(1001, "keepalive ping timeout").codebook is None


def test_fields() -> None:
    assert Namer(lambda: CENTRIFUGE)(3501) == CloseName(
        3501, "bad request", "Centrifuge", "Centrifuge", "likely, path=/connection/websocket",
        "3501 bad request (Centrifuge, likely, because path=/connection/websocket)",
    )  # fmt: skip
    assert Namer(lambda: PUSHER)(4123)[1:5] == ("Private Use", "private", "Pusher", "host=ws-eu.pusher.com")


def test_set_by_the_user() -> None:
    pusher = next(book for book in Library().books() if book.name == "Pusher")
    name = Namer(lambda: NOTHING, Library((), (Hint("ws://h/*", pusher),)))(4004)
    assert name.shown == "4004 over connection quota (Pusher, because set by the user)"


def test_the_signs_are_asked_only_if_the_number_does_not_say_all() -> None:
    def never() -> Clues:
        raise AssertionError

    namer = Namer(never, Library((Book(name="acme", users=True, everywhere=True, codes={4000: "mine"}),)))
    assert [namer(code).name for code in (1000, 1006, 1014)] == ["Normal Closure", "Abnormal Closure", "Bad Gateway"]


def test_every_code_is_shown_with_its_number() -> None:
    for clues in (NOTHING, PUSHER, CENTRIFUGE):
        namer = Namer(lambda clues=clues: clues)  # type: ignore[misc]
        wrong = [
            code for code in (*range(5001), *range(5001, 65536, 101)) if not namer(code).shown.startswith(f"{code} ")
        ]
        assert wrong == []


def closed(
    code: int, *sent: tuple[str, str | list[bytes]], target: str = "/", subprotocol: str = "", deflate: bool = False
) -> model.Close:
    """The report on a connection that the server closes with `code` behind these messages."""
    trace = Trace(1)
    talk = WebSocket(trace, target=target)
    if subprotocol:
        talk.request = talk.request.having("Sec-WebSocket-Protocol", subprotocol)
        talk.switching = talk.switching.having("Sec-WebSocket-Protocol", subprotocol)
    if deflate:
        talk.negotiate("permessage-deflate", "permessage-deflate")
    else:
        talk.open()
    for side, message in sent:
        end = talk.client if side == "client" else talk.server
        if isinstance(message, list):
            end.fragments(1, message)
        elif deflate:
            end.compressed(message)
        else:
            end.text(message)
    talk.close(talk.server, code, "why")
    return connection_report(inspect(packets(trace)).connections[0]).close


def named(close: model.Close) -> tuple[str | None, str | None, str | None]:
    assert close.server_frame is not None
    assert close.event is not None
    event = close.event.client
    assert event is not None
    assert (event.name, event.registry, event.because) == (
        close.server_frame.name, close.server_frame.registry, close.server_frame.because,
    )  # fmt: skip
    return close.server_frame.name, close.server_frame.registry, close.server_frame.because


WELCOME = '{"event":"pusher:connection_established"}'


@pytest.mark.parametrize(
    ("close", "name"),
    [
        (closed(4401, subprotocol="graphql-transport-ws"),
         ("Unauthorized", "graphql-transport-ws", "subprotocol=graphql-transport-ws")),
        (closed(4004, ("server", WELCOME), ("server", "x")),
         ("over connection quota", "Pusher", "first server message")),
        (closed(4004, ("server", [b'{"event":"pusher', b':connection_established"}'])),
         ("over connection quota", "Pusher", "first server message")),
        (closed(4004, ("server", WELCOME), deflate=True), ("over connection quota", "Pusher", "first server message")),
        (closed(4004, ("server", "{}"), ("server", WELCOME)), ("Private Use", "private", None)),
        (closed(4004, ("client", WELCOME)), ("Private Use", "private", None)),
        (closed(3500, target="/connection/websocket"),
         ("invalid token", "Centrifuge", "likely, path=/connection/websocket")),
    ],
)  # fmt: skip
def test_from_packets(close: model.Close, name: tuple[str, str, str | None]) -> None:
    assert named(close) == name


def test_the_summary_names_the_codebook() -> None:
    close = closed(4401, subprotocol="graphql-transport-ws")
    assert close.summary.startswith(
        "Server closed first: 4401 Unauthorized (graphql-transport-ws, because subprotocol=graphql-transport-ws) "
    )


@pytest.mark.parametrize("deflate", [False, True])
def test_the_code_in_a_message_of_sockjs(deflate: bool) -> None:
    close = closed(1000, ("server", "o"), ("server", 'a["c[1"]'), ("server", 'c[3000,"Go away!"]'), deflate=deflate)
    assert close.message is not None
    assert (close.message.code, close.message.reason) == (3000, "Go away!")
    assert (close.message.name, close.message.codebook) == ("Go away!", "SockJS")
    assert close.summary.startswith(
        'c[3000,"Go away!"] (SockJS message). Server closed first: 1000 Normal Closure "why"'
    )


@pytest.mark.parametrize("message", ["c[", 'c["3000","x"]', 'c[70000,"x"]', "c[3000]", "cx", 'c[3000,"' + "x" * 1000])
def test_a_broken_message_of_sockjs_is_none(message: str) -> None:
    assert closed(1000, ("server", "o"), ("server", message)).message is None


def test_only_sockjs_says_so_in_a_message() -> None:
    assert closed(1000, ("server", "hello"), ("server", 'c[3000,"Go away!"]')).message is None
    assert closed(1000, ("client", "o"), ("client", 'c[3000,"Go away!"]')).message is None
