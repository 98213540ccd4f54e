"""The tour's connections on which somebody breaks the protocol."""

from captures.encoder.frames import CONTINUATION, TEXT
from captures.encoder.handshake import ACCEPT, Head, accept
from captures.encoder.packets import Host
from captures.scenario import (
    ABNORMAL,
    ANY,
    Close,
    Event,
    Expected,
    Fired,
    abnormal,
    closed,
    failing,
    rejected_by_client,
)
from captures.scenarios.tour.cast import (
    DEVICES,
    GRAPHQL,
    LIVE,
    REPORTS,
    Stories,
    Visit,
    aiohttp,
    chrome,
    compact,
    device,
    firefox,
    ws,
)

book = Stories()


@book.story(
    44.0,
    Host("192.0.2.63", 6113),
    DEVICES,
    "/sensor",
    device,
    failing("server", 1002, "MASK must be set").firing(Fired("unmasked-client-frame", "client", 1)),
)
def unmasked(talk: Visit) -> None:
    """Firmware that forgets to mask its second message."""
    talk.open()
    talk.client.text(compact(id="hall", t=20.5))
    talk.wait(5)
    talk.client.frame(TEXT, compact(id="hall", t=20.6).encode(), mask=None)
    talk.close(talk.server, 1002, "MASK must be set")


@book.story(
    139.3,
    Host("192.0.2.25", 55098),
    DEVICES,
    "/dashboard",
    chrome,
    failing("client", 1002, "Masked frame from server").firing(Fired("masked-server-frame", "server", 0)),
)
def masked(talk: Visit) -> None:
    """A server made from client code masks what it sends; Chromium says so in its reason."""
    talk.open()
    talk.server.frame(TEXT, compact(devices=17, online=15).encode(), mask=b"\x12\xc4\x77\x0a")
    talk.close(talk.client, 1002, "Masked frame from server")


@book.story(
    66.4,
    Host("192.0.2.64", 6205),
    DEVICES,
    "/sensor",
    device,
    failing("server", 1007, "invalid UTF-8").firing(Fired("invalid-utf8-text", "client", 2)),
)
def latin_1(talk: Visit) -> None:
    """A degree sign in Latin-1 where UTF-8 is demanded."""
    talk.open()
    for number in range(2):
        talk.client.text(compact(id="roof", t=f"{3 + number} °C"))
        talk.wait(4)
    talk.client.frame(TEXT, '{"id":"roof","t":"5 °C"}'.encode("latin-1"))
    talk.close(talk.server, 1007, "invalid UTF-8")


@book.story(
    75.1,
    Host("192.0.2.24", 52760),
    LIVE,
    "/scores",
    chrome,
    abnormal("server").having(frames=ANY, messages=(0, 2)).firing(Fired("http-inside-stream", "server")),
)
def error_page(talk: Visit) -> None:
    """The backend dies, and the proxy writes its error page into the open WebSocket."""
    talk.open()
    for minute in (51, 52):
        talk.server.text(compact(match="EXA-MPL", minute=minute, score="2:1"))
        talk.wait(5)
    page = b"<html><head><title>502 Bad Gateway</title></head></html>\r\n"
    talk.server.send(talk.signed(Head("HTTP/1.1 502 Bad Gateway", (("Connection", "close"),))).carrying(page).encode())
    talk.end_tcp()


@book.story(
    84.6,
    Host("192.0.2.65", 6301),
    DEVICES,
    "/sensor",
    device,
    closed("client", 1000)
    .having(messages=(4, 2), pings=(1, 0))
    .firing(
        Fired("non-minimal-length", "client", 1, count=3),
        Fired("repeated-masking-key", "client", 2, count=2),
        Fired("missing-pong", "client"),
    ),
)
def sloppy(talk: Visit) -> None:
    """Long length forms, one masking key for everything, and deaf to Pings; yet the server bears with it."""
    talk.open()
    talk.client.text(compact(id="cellar", t=11.5))
    talk.server.text(compact(ok=True))
    talk.server.ping(b"?")
    for number in range(3):
        talk.wait(6)
        sample = compact(id="cellar", t=11.6 + number / 10).encode()
        talk.client.frame(TEXT, sample, length_form=16, mask=b"\xde\xad\xbe\xef")
    talk.server.text(compact(ok=True))
    talk.close(talk.client, 1000)


@book.story(
    90.9,
    Host("192.0.2.34", 38118),
    REPORTS,
    "/upload?name=notes.txt",
    aiohttp,
    failing("server", 1002, "expected CONTINUATION").firing(Fired("interleaved-data-frame", "client", 2)),
)
def two_writers(talk: Visit) -> None:
    """Two tasks write to one connection: a heartbeat message in the middle of a fragmented one."""
    talk.open()
    talk.client.frame(TEXT, b"first part of a long text, ", fin=False)
    talk.client.frame(CONTINUATION, b"second part, ", fin=False)
    talk.client.text(compact(heartbeat=17))
    talk.close(talk.server, 1002, "expected CONTINUATION")


@book.story(
    97.7,
    Host("192.0.2.35", 41020),
    GRAPHQL,
    "/events",
    ws,
    closed("server", 1000, "stream complete").having(messages=ANY).firing(Fired("data-after-close", "server", 3)),
)
def afterthought(talk: Visit) -> None:
    """The server closes, and then sends what was still in its queue."""
    talk.open()
    for number in range(2):
        talk.server.text(compact(event=number, of=3))
        talk.wait(1)
    talk.server.close(1000, "stream complete")
    talk.server.text(compact(event=2, of=3))
    talk.client.close(1000)
    talk.end_tcp()


@book.story(
    171.4,
    Host("192.0.2.22", 54100),
    LIVE,
    "/scores",
    firefox,
    rejected_by_client().firing(Fired("wrong-accept", "server")),
)
def cached_answer(talk: Visit) -> None:
    """A cache on the way answers with the 101 of somebody else's handshake."""
    talk.open(None, talk.switching.having(ACCEPT, accept("bm90IHRoZSByaWdodCBrZQ==")))
    talk.end_tcp(talk.client)


@book.story(
    151.2,
    Host("192.0.2.28", 60177),
    LIVE,
    "/scores",
    chrome,
    Expected(
        state="closed",
        initiator="server",
        server_close=Close(1001, "maintenance"),
        tcp=("fin", "client"),
        client_event=Event(1001, False, "maintenance"),
        server_event=ABNORMAL,
        messages=(0, 2),
    ).firing(Fired("missing-close-reply", "client")),
)
def hung_up(talk: Visit) -> None:
    """A telephone hangs up on the server's Close without a word."""
    talk.open()
    for minute in (78, 79):
        talk.server.text(compact(match="EXA-MPL", minute=minute, score="2:2"))
        talk.wait(4)
    talk.server.close(1001, "maintenance")
    talk.end_tcp(talk.client)
