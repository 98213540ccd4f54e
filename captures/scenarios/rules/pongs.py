"""Rules about how Pings are answered, and how often anybody asks (RFC 6455 §5.5.2, §5.5.3)."""

from captures.encoder.frames import CONTINUATION, PING, TEXT
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Fired, closed

chapter = Chapter("rules/")

CLEAN = closed("client")


@chapter.connection(
    "mismatched-pong",
    "The server answers a Ping with another payload, and never with the right one; then the client closes",
    CLEAN.having(pings=(1, 0)).firing(Fired("mismatched-pong", "server", 0)),
)
def mismatched(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"one")
    talk.server.pong(b"two")
    talk.wait(2)
    talk.close(talk.client)


@chapter.connection(
    "mismatched-pong.near-miss", "A heartbeat Pong crosses a Ping, whose own Pong follows", CLEAN.having(pings=(1, 1))
)
def heartbeat_between(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"one")
    talk.server.pong(b"heartbeat")
    talk.server.pong(b"one")
    talk.close(talk.client)


def answered_after(name: str, shows: str, seconds: float, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.ping(b"?")
        talk.wait(seconds)
        talk.server.pong(b"?")
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(pings=(1, 1)).firing(*fired))(script)


answered_after("late-pong", "A Pong after 1.5 s", 1.5, Fired("late-pong", "server", 0))
answered_after("late-pong.near-miss", "A Pong after 0.9 s", 0.9)


@chapter.connection(
    "control-frame-delayed-by-message",
    "A Ping between two fragments is answered 1.2 s later, behind the final one",
    CLEAN.having(messages=(1, 0), pings=(1, 1)).firing(Fired("control-frame-delayed-by-message", "server", 0)),
)
def delayed(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(TEXT, b"one ", fin=False)
    talk.client.ping(b"?")
    talk.wait(1.2)
    talk.client.frame(CONTINUATION, b"two")
    talk.server.pong(b"?")
    talk.close(talk.client)


@chapter.connection(
    "control-frame-delayed-by-message.near-miss",
    "A Ping between two fragments is answered behind the final one, 0.5 s later",
    CLEAN.having(messages=(1, 0), pings=(1, 1)),
)
def hardly_delayed(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(TEXT, b"one ", fin=False)
    talk.client.ping(b"?")
    talk.wait(0.5)
    talk.client.frame(CONTINUATION, b"two")
    talk.server.pong(b"?")
    talk.close(talk.client)


@chapter.connection(
    "unsolicited-pong",
    "The client sends a Pong that nobody asked for",
    CLEAN.firing(Fired("unsolicited-pong", "client", 0)),
)
def unsolicited(talk: WebSocket) -> None:
    talk.open()
    talk.client.pong(b"still here")
    talk.close(talk.client)


@chapter.connection("unsolicited-pong.near-miss", "Two empty Pings, two empty Pongs", CLEAN.having(pings=ANY))
def two_and_two(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping()
    talk.client.ping()
    talk.server.pong()
    talk.server.pong()
    talk.close(talk.client)


@chapter.connection(
    "duplicate-pong",
    "A Ping is answered twice",
    CLEAN.having(pings=(1, 1)).firing(Fired("duplicate-pong", "server", 1)),
)
def twice(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"one")
    talk.server.pong(b"one")
    talk.server.pong(b"one")
    talk.close(talk.client)


@chapter.connection("duplicate-pong.near-miss", "Two Pings with one payload, each answered", CLEAN.having(pings=(2, 2)))
def each(talk: WebSocket) -> None:
    talk.open()
    for _ in range(2):
        talk.client.ping(b"one")
        talk.server.pong(b"one")
    talk.close(talk.client)


@chapter.connection(
    "coalesced-pong",
    "Three Pings, and one Pong for the newest",
    CLEAN.having(pings=(3, 1)).firing(Fired("coalesced-pong", "server", 0)),
)
def coalesced(talk: WebSocket) -> None:
    talk.open()
    for payload in (b"1", b"2", b"3"):
        talk.client.ping(payload)
    talk.server.pong(b"3")
    talk.close(talk.client)


@chapter.connection(
    "coalesced-pong.near-miss", "Three Pings at once, three Pongs in their order", CLEAN.having(pings=(3, 3))
)
def in_order(talk: WebSocket) -> None:
    talk.open()
    for payload in (b"1", b"2", b"3"):
        talk.client.ping(payload)
    for payload in (b"1", b"2", b"3"):
        talk.server.pong(payload)
    talk.close(talk.client)


def pings(name: str, shows: str, count: int, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        for number in range(count):
            payload = number.to_bytes(2, "big")
            talk.server.frame(PING, payload)
            talk.client.pong(payload)
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(pings=(count, count)).firing(*fired))(script)


pings("ping-flood", "50 Pings of the server within 3 s", 50, Fired("ping-flood", "server", 49))
pings("ping-flood.near-miss", "49 Pings of the server within 3 s", 49)


def quiet(name: str, shows: str, seconds: float, asks: bool, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.text("hello")
        if asks:
            talk.server.ping(b"?")
            talk.client.pong(b"?")
        talk.wait(seconds)
        talk.server.text("you were saying?")
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(messages=(1, 1)).firing(*fired))(script)


quiet("no-keepalive", "Nothing for 31 s, and never a Ping", 31, False, Fired("no-keepalive", "server"))
quiet("no-keepalive.near-miss", "Nothing for 31 s, but a Ping before", 31, True)
