"""The tour's connections that never opened, and those that ended before their time."""

from captures.encoder.frames import BINARY, PING
from captures.encoder.handshake import VERSION, refusal
from captures.encoder.packets import Host
from captures.scenario import ABNORMAL, Close, Event, Expected, Fired, abnormal, closed, failing, refused
from captures.scenarios.tour.cast import (
    BALANCED,
    CHAT,
    DEVICES,
    GRAPHQL,
    LIVE,
    QUOTES,
    REPORTS,
    Stories,
    Visit,
    aiohttp,
    chrome,
    compact,
    device,
    firefox,
    websockets,
    ws,
)

book = Stories()

NGINX_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center></body>\r\n</html>\r\n"


def turned_down(talk: Visit, status: int, body: str = "", **fields: str) -> None:
    answer = talk.signed(refusal(status, body.encode()))
    for name, value in fields.items():
        answer = answer.plus(name.replace("_", "-"), value)
    talk.refuse(answer)


@book.story(6.0, Host("192.0.2.34", 38102), REPORTS, "/private", aiohttp, refused(401))
def unauthorised(talk: Visit) -> None:
    """Turned away for want of a token."""
    turned_down(talk, 401, '{"error":"token required"}', WWW_Authenticate='Bearer realm="reports"')


@book.story(9.2, Host("192.0.2.24", 52710), LIVE, "/admin", chrome, refused(403))
def forbidden_origin(talk: Visit) -> None:
    """A page of the wrong origin knocks."""
    turned_down(talk, 403, "origin https://www.example.com is not allowed")


@book.story(11.3, Host("192.0.2.22", 53990), GRAPHQL, "/graphql-old", firefox, refused(404))
def moved_away(talk: Visit) -> None:
    """A path that is no more."""
    turned_down(talk, 404, NGINX_PAGE.format("404 Not Found"))


@book.story(55.7, Host("192.0.2.24", 52744), LIVE, "/scores", chrome, refused(502))
def upstream_down(talk: Visit) -> None:
    """nginx is there, the program behind it is not."""
    turned_down(talk, 502, NGINX_PAGE.format("502 Bad Gateway"))


@book.story(
    12.5,
    Host("192.0.2.62", 6007),
    DEVICES,
    "/v1",
    device,
    refused(426).firing(Fired("wrong-sec-websocket-version", "client")),
)
def old_device(talk: Visit) -> None:
    """Firmware from the time of the drafts asks for version 8."""
    talk.refuse(refusal(426), talk.request.having(VERSION, "8"))


@book.story(14.1, Host("192.0.2.23", 50104), LIVE, "/notifications", chrome, abnormal("server").having(messages=(1, 2)))
def idle_proxy(talk: Visit) -> None:
    """nginx ends TCP after 60 s without a byte; nobody sent a Close, and nobody pinged."""
    talk.open()
    talk.client.text(compact(subscribe="builds"))
    talk.server.text(compact(subscribed="builds"))
    talk.wait(7.4)
    talk.server.text(compact(build=4711, status="passed"))
    talk.wait(60)
    talk.end_tcp()


@book.story(16.6, Host("192.0.2.35", 40988), BALANCED, "/feed", ws, abnormal("server", "rst").having(messages=(1, 1)))
def idle_balancer(talk: Visit) -> None:
    """A balancer does the same with RST."""
    talk.open()
    talk.client.text(compact(hello="feed"))
    talk.server.text(compact(hello="client 8812"))
    talk.wait(60)
    talk.server.rst()


@book.story(
    24.2,
    Host("192.0.2.36", 47001),
    CHAT,
    "/room/lobby",
    ws,
    closed("server", 1008, "rate limit: 20 messages in 10 s").having(messages=(21, 1)),
)
def flooding(talk: Visit) -> None:
    """A bot that talks too much."""
    talk.open()
    talk.client.text(compact(type="join", room="lobby", name="totally-not-a-bot"))
    for number in range(20):
        talk.wait(0.12)
        talk.client.text(compact(type="message", text=f"buy now, offer {number + 1}"))
    talk.server.text(compact(type="warning", text="slow down"))
    talk.close(talk.server, 1008, "rate limit: 20 messages in 10 s")


@book.story(
    29.0,
    Host("192.0.2.34", 38110),
    REPORTS,
    "/upload?name=video.mp4",
    aiohttp,
    failing("server", 1009, "Message size 24000 exceeds limit 16384").having(messages=(2, 1)),
)
def too_big(talk: Visit) -> None:
    """More than the server takes in one message."""
    talk.open()
    talk.client.text(compact(action="upload", name="video.mp4", size=24000))
    talk.server.text(compact(ready=True))
    talk.client.frame(BINARY, talk.trace.random.randbytes(24000))
    talk.close(talk.server, 1009, "Message size 24000 exceeds limit 16384")


@book.story(
    30.5,
    Host("192.0.2.33", 44352),
    QUOTES,
    "/v2/trades",
    websockets,
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1011, "keepalive ping timeout"),
        tcp=("fin", "client"),
        client_event=ABNORMAL,
        server_event=Event(1011, False, "keepalive ping timeout"),
        messages=(1, 4),
        pings=(2, 1),
    ).firing(Fired("missing-close-reply", "server")),
)
def keepalive(talk: Visit) -> None:
    """The server's program hangs: its TCP still acknowledges, but nobody answers Ping and Close, until it is killed."""
    talk.open()
    talk.client.text(compact(op="subscribe", channel="trades"))
    for number in range(4):
        talk.wait(4)
        talk.server.text(compact(op="trade", price=101.25 + number / 100, size=100 * (number + 1)))
    talk.wait(4)
    talk.client.ping(b"\x8d\x01\x4f\x22")
    talk.server.pong(b"\x8d\x01\x4f\x22")
    talk.wait(20)
    talk.client.frame(PING, b"\x5c\xe0\x7a\x19")
    talk.wait(20)
    talk.client.close(1011, "keepalive ping timeout")
    talk.wait(10.4)
    talk.client.fin()
    talk.until(141.2)
    talk.server.rst()


@book.story(
    162.9, Host("192.0.2.25", 55120), CHAT, "/room/team?token=expired", chrome, closed("server", 3000, "token expired")
)
def token_expired(talk: Visit) -> None:
    """The first thing the server says is that the token has expired."""
    talk.open()
    talk.wait(0.05)
    talk.close(talk.server, 3000, "token expired")


@book.story(
    4.3,
    Host("192.0.2.24", 52688),
    GRAPHQL,
    "/graphql",
    chrome,
    closed("server", 4401, "Unauthorized")
    .having(subprotocol="graphql-transport-ws", messages=(1, 0))
    .firing(Fired("graphql-subscribe-before-ack", "client", 0)),
)
def subscribed_too_early(talk: Visit) -> None:
    """A subscribe before the connection was acknowledged."""
    talk.select("graphql-transport-ws", offered="graphql-transport-ws, graphql-ws")
    talk.client.text(compact(type="subscribe", id="1", payload={"query": "subscription { userAdded { id } }"}))
    talk.close(talk.server, 4401, "Unauthorized")


def restarted(at: float, client: Host, room: str, number: int) -> None:
    """A long connection that ends when the chat server restarts."""

    @book.story(
        at, client, CHAT, room, chrome, closed("server", 1012, "service restart").having(messages=(1, 1), pings=(4, 4))
    )
    def story(talk: Visit) -> None:
        """A long connection that ends when the chat server restarts."""
        talk.open()
        talk.client.text(compact(type="join", room=room.rpartition("/")[2], name=f"user-{number}"))
        talk.server.text(compact(type="welcome", members=[f"user-{number}"]))
        for _ in range(4):
            talk.wait(25)
            talk.server.ping()
            talk.client.pong()
        talk.until(150 + number * 0.07)
        talk.close(talk.server, 1012, "service restart")


for number, (client, room) in enumerate(
    ((Host("192.0.2.26", 50900), "/room/ops"), (Host("192.0.2.27", 58231), "/room/ops"))
):
    restarted(34.9 + 2.3 * number, client, room, number)


@book.story(158.6, Host("192.0.2.26", 50914), CHAT, "/room/ops", chrome, Expected(messages=(1, 2), pings=(1, 1)))
def reconnected(talk: Visit) -> None:
    """Back again eight seconds after the restart, and still there."""
    talk.open()
    talk.client.text(compact(type="join", room="ops", name="user-0"))
    talk.server.text(compact(type="welcome", members=["user-0"]))
    talk.wait(9)
    talk.server.text(compact(type="notice", text="restart done, all green"))
    talk.wait(9)
    talk.server.ping()
    talk.client.pong()
