"""The tour's connections on which nothing is wrong, though not all of them were captured completely."""

import struct

from captures.encoder.deflate import Deflater
from captures.encoder.frames import BINARY, CONTINUATION, TEXT
from captures.encoder.packets import Host
from captures.encoder.websocket import Endpoint
from captures.scenario import ANY, Close, Event, Expected, closed
from captures.scenarios.tour.cast import (
    CHAT,
    DEVICES,
    GRAPHQL,
    LIVE,
    QUOTES,
    REPORTS,
    SIX,
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

LOBBY = (
    ("client", 0.4, compact(type="join", room="lobby", name="Ada")),
    ("server", 0.0, compact(type="welcome", room="lobby", members=["Ada", "Grace", "Linus"])),
    ("server", 6.1, compact(type="message", **{"from": "Grace"}, text="Morning! The build is green again 🎉")),
    ("client", 4.7, compact(type="typing")),
    ("client", 5.2, compact(type="message", text="Lovely. Who found it?")),
    ("server", 9.8, compact(type="message", **{"from": "Linus"}, text="Étienne, at 3 in the morning")),
    ("server", 0.6, compact(type="reaction", emoji="👏", **{"from": "Grace"})),
    ("client", 21.0, compact(type="message", text="Coffee is on me then ☕")),
    ("server", 12.3, compact(type="presence", left=["Linus"])),
    ("client", 24.5, compact(type="message", text="Back to work, see you at noon")),
)


@book.story(0.0, Host("192.0.2.21", 51022), CHAT, "/room/lobby", chrome, closed("client", 1001).having(messages=(5, 5)))
def lobby(talk: Visit) -> None:
    """A chat in a browser; the server pings every 25 s, and at last the page is left."""
    talk.open()
    ping_at = 25.0
    for sender, pause, message in LOBBY:
        talk.wait(pause)
        while talk.elapsed > ping_at:
            beat(talk, talk.server, b"")
            ping_at += 25
        (talk.client if sender == "client" else talk.server).text(message)
    talk.until(118)
    talk.close(talk.client, 1001)


def beat(talk: Visit, sender: Endpoint, payload: bytes) -> None:
    """A Ping and its Pong."""
    sender.ping(payload)
    (talk.server if sender is talk.client else talk.client).pong(payload)


AGREED = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"


@book.story(
    1.1,
    Host("192.0.2.33", 44310),
    QUOTES,
    "/v2/quotes?symbols=EXMP,ACME",
    websockets,
    closed("client", 1000).having(extensions=(AGREED,), messages=(1, 61), pings=(6, 6)),
)
def quotes(talk: Visit) -> None:
    """Market data, compressed with both windows taken over; a segment is repeated on the way."""
    talk.agree(AGREED)
    talk.client.deflater, talk.server.deflater = Deflater(12), Deflater(12)
    talk.client.compressed(compact(op="subscribe", symbols=["EXMP", "ACME"]))
    talk.server.compressed(compact(op="subscribed", symbols=["EXMP", "ACME"], depth=1))
    price, random = 10125, talk.trace.random
    for number in range(60):
        talk.wait(1.7 + random.random() / 2)
        price += random.randint(-9, 9)
        symbol = ("EXMP", "ACME")[number % 2]
        before = talk.server.sequence
        quote = compact(op="quote", symbol=symbol, bid=price / 100, ask=(price + 2) / 100, seq=1000 + number)
        talk.server.compressed(quote)
        if number == 37:
            talk.wait(0.21)
            repeat_last_segment(talk, before)
        if number % 10 == 9:
            beat(talk, talk.client, random.randbytes(4))
    talk.close(talk.client, 1000)


def repeat_last_segment(talk: Visit, start: int) -> None:
    """What the server sent since `start` once more, as if its acknowledgement had been lost."""
    record = next(record for record in reversed(talk.trace.records) if len(record.data) > 60)
    talk.server.segment(record.data[54:], sequence=start)
    talk.client.ack()


def graphql(kind: str, **more: object) -> str:
    return compact(type=kind, **more)


@book.story(
    2.4,
    Host("192.0.2.22", 53980),
    GRAPHQL,
    "/graphql",
    firefox,
    closed("client", 1000, "Normal Closure").having(subprotocol="graphql-transport-ws", messages=(3, 8)),
)
def subscription(talk: Visit) -> None:
    """A GraphQL subscription that runs its course."""
    talk.select("graphql-transport-ws")
    talk.client.text(graphql("connection_init", payload={"authorization": "Bearer eyJhbGciOi…"}))
    talk.server.text(graphql("connection_ack"))
    query = "subscription { ticketUpdated(project: 7) { id status } }"
    talk.client.text(graphql("subscribe", id="1", payload={"query": query}))
    for number, status in enumerate(("open", "assigned", "in review", "in review", "merged", "closed")):
        talk.wait(5 + number)
        ticket = {"id": f"T-{1800 + number}", "status": status}
        talk.server.text(graphql("next", id="1", payload={"data": {"ticketUpdated": ticket}}))
    talk.client.text(graphql("complete", id="1"))
    talk.server.text(graphql("complete", id="1"))
    talk.close(talk.client, 1000, "Normal Closure")


@book.story(
    133.0,
    Host("192.0.2.34", 38114),
    REPORTS,
    "/upload?name=site-plan.png",
    aiohttp,
    closed("client", 1000).having(messages=(2, 2), pings=(1, 1)),
)
def upload(talk: Visit) -> None:
    """A picture in fragments; the server's Ping comes between them, and so does the Pong."""
    picture = b"\x89PNG\r\n\x1a\n" + talk.trace.random.randbytes(11_000)
    talk.open(talk.request.plus("Authorization", "Bearer eyJhbGciOi..."))
    talk.client.text(compact(action="upload", name="site-plan.png", size=len(picture)))
    talk.server.text(compact(ready=True))
    talk.client.frame(BINARY, picture[:4096], fin=False)
    talk.client.frame(CONTINUATION, picture[4096:8192], fin=False)
    beat(talk, talk.server, b"\x00\x00\x00\x01")
    talk.client.frame(CONTINUATION, picture[8192:])
    talk.wait(0.8)
    talk.server.text(compact(stored=True, id="c8f0", bytes=len(picture)))
    talk.close(talk.client, 1000)


@book.story(
    95.5,
    Host("192.0.2.34", 38120),
    REPORTS,
    "/download?id=2026-02",
    aiohttp,
    closed("client", 1000).having(gaps=(0, 2920), messages=ANY),
)
def download(talk: Visit) -> None:
    """A report in one large message, of which two segments escaped the capture."""
    data = b"date;plant;energy_kwh\n" + b"".join(
        f"2026-02-{1 + row // 24 % 28:02};north;{4000 + row * 37 % 911}\n".encode() for row in range(560)
    )
    talk.open()
    talk.client.text(compact(action="download", id="2026-02"))
    frame = talk.server.encode(TEXT, data)
    talk.server.send(frame[:5840], acked=False)
    talk.server.send(frame[5840:8760], acked=False, captured=False)
    talk.server.send(frame[8760:])
    talk.close(talk.client, 1000)


@book.story(
    20.3,
    Host("2001:db8:10::5", 49720),
    SIX,
    "/telemetry",
    ws,
    Expected(messages=(10, 1), pings=(8, 8)),
)
def telemetry(talk: Visit) -> None:
    """Over IPv6, kept alive by Pings of both sides, still open at the end."""
    talk.open()
    talk.server.text(compact(interval=15))
    for number in range(10):
        talk.wait(14.9)
        sample = {"cpu": 12 + number * 7 % 30, "mem": 61.5 + number / 10}
        talk.client.text(compact(t=1772442035 + 15 * number, **sample))
        if number % 5 != 4:
            beat(talk, talk.client if number % 2 else talk.server, struct.pack(">I", number))


@book.story(
    40.2,
    Host("192.0.2.61", 6021),
    DEVICES,
    "/mqtt",
    device,
    closed("client", 1000).having(subprotocol="mqtt", messages=(7, 1)),
)
def mqtt(talk: Visit) -> None:
    """MQTT in binary messages, from a thermostat far away."""
    talk.select("mqtt")
    name = b"therm-0042"
    connect = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack(">H", len(name)) + name
    talk.client.binary(bytes([0x10, len(connect)]) + connect)
    talk.server.binary(b"\x20\x02\x00\x00")
    topic = b"home/hall/temperature"
    for number in range(5):
        talk.wait(8)
        body = struct.pack(">H", len(topic)) + topic + f"{20.5 + number / 10}".encode()
        talk.client.binary(bytes([0x30, len(body)]) + body)
    talk.client.binary(b"\xe0\x00")
    talk.close(talk.client, 1000)


@book.story(
    128.8,
    Host("192.0.2.23", 50288),
    CHAT,
    "/room/planning",
    chrome,
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1001),
        server_close=Close(1000, "room closed"),
        tcp=("fin", "server"),
        client_event=Event(1000, True, "room closed"),
        server_event=Event(1001, True),
        messages=(1, 2),
    ),
)
def crossing(talk: Visit) -> None:
    """The moderator closes the room in the moment in which the page is left."""
    talk.open()
    talk.client.text(compact(type="join", room="planning", name="Grace"))
    talk.server.text(compact(type="welcome", room="planning", members=["Grace"]))
    talk.wait(11)
    talk.server.text(compact(type="notice", text="This room closes in 5 seconds"))
    talk.wait(5)
    talk.client.close(1001, acked=False)
    talk.server.close(1000, "room closed", acked=False)
    talk.client.ack()
    talk.server.ack()
    talk.end_tcp()


@book.story(120.4, Host("192.0.2.22", 54002), LIVE, "/scores", firefox, closed("client", None).having(messages=(0, 3)))
def scores(talk: Visit) -> None:
    """A page calls close() without arguments: an empty Close, which is 1005 at the other end."""
    talk.open()
    for minute, score in ((12, "1:0"), (31, "1:1"), (44, "2:1")):
        talk.server.text(compact(match="EXA-MPL", minute=minute, score=score))
        talk.wait(6.5)
    talk.close(talk.client, None)
