"""WebSockets over HTTP/2 (RFC 8441): framing, several at once, ends of the connection, what the capture missed."""

from captures.encoder import frames
from captures.encoder.conversation import Trace
from captures.encoder.http2 import (
    ENABLE_CONNECT_PROTOCOL,
    INITIAL_WINDOW_SIZE,
    PADDED,
    PRIORITY,
    WINDOW_UPDATE,
    Http2,
    connect,
    frame,
)
from captures.scenario import ABNORMAL, ANY, Chapter, Close, Event, Expected, closed

chapter = Chapter("situations/")

CLEAN = closed("client").having(status=200, tcp=("fin", "server"), messages=(1, 1))


@chapter.capture("http2", "Prior knowledge, one WebSocket, and the end of TCP", CLEAN)
def prior_knowledge(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    stream = talk.stream()
    stream.open()
    stream.greet()
    stream.finish(stream.client)
    talk.end_tcp()


@chapter.capture("http2-upgrade", "Upgrade: h2c; the WebSocket is on stream 3", CLEAN)
def upgrade(trace: Trace) -> None:
    talk = Http2(trace)
    talk.upgrade()
    stream = talk.stream(3)
    stream.open()
    stream.greet()
    stream.finish(stream.client)
    talk.end_tcp()


@chapter.capture("http2-continuation", "HEADERS in parts, padded and with a priority; DATA padded", CLEAN)
def continuation(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    stream = talk.stream()
    talk.headers(talk.client, stream.id, connect(), flags=PADDED | PRIORITY, parts=3)
    talk.headers(talk.server, stream.id, [(":status", "200")], flags=PADDED)
    stream.client.data(stream.client.encode(frames.TEXT, b"hello"), padding=9)
    stream.server.data(stream.server.encode(frames.TEXT, b"hello to you"), padding=0)
    stream.finish(stream.client)


@chapter.capture(
    "http2-many",
    "Three WebSockets at once, their frames cut by DATA frames; header fields that refer to earlier ones",
    CLEAN.having(url="ws://ws.example.com/1"),
    closed("server", 1001, "restart").having(
        status=200, url="ws://ws.example.com/2", messages=(1, 1), tcp=("fin", "client")
    ),
    Expected(status=200, url="ws://ws.example.com/3", messages=(1, 1)),
)
def many(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    streams = [talk.stream() for _ in range(3)]
    for index, stream in enumerate(streams, 1):
        stream.open(connect(f"/{index}"))
    cut = [stream.client.encode(frames.TEXT, b"a message in two DATA frames") for stream in streams]
    for part in (slice(0, 3), slice(3, None)):
        for stream, data in zip(streams, cut, strict=True):
            stream.client.data(data[part])
    for stream in streams:
        stream.server.text("hello to you")
    streams[0].finish(streams[0].client)
    streams[1].finish(streams[1].server, 1001, "restart")


@chapter.capture(
    "http2-go-away",
    "The server says GOAWAY, ENHANCE_YOUR_CALM, and ends TCP; the WebSocket had no Close",
    Expected(
        state="closed", status=200, tcp=("fin", "server"), client_event=ABNORMAL, server_event=ABNORMAL,
        messages=(1, 1), also=frozenset({"closed-without-close-frame"}),
    ),
)  # fmt: skip
def go_away(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    stream = talk.stream()
    stream.open()
    stream.greet()
    talk.go_away(talk.server, stream.id, 11, b"too many pings")
    talk.end_tcp()


@chapter.capture(
    "http2-stalled",
    "The server may send 1000 bytes, has sent them, and is not allowed more for 30 s",
    closed("client", 1001).having(status=200, tcp=("fin", "server"), messages=(0, 1)),
)
def stalled(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start(of_client={INITIAL_WINDOW_SIZE: 1000})
    stream = talk.stream()
    stream.open()
    message = stream.server.encode(frames.BINARY, bytes(2000))
    stream.server.data(message[:1000])
    talk.wait(30)
    talk.client.send(frame(WINDOW_UPDATE, 0, stream.id, (65535).to_bytes(4, "big")))
    stream.server.data(message[1000:])
    stream.finish(stream.client, 1001)


@chapter.capture(
    "http2-gap-in-data",
    "A segment with the middle of a DATA frame was not captured",
    CLEAN.having(messages=(1, 2), gaps=(0, 1460), frames=ANY, payload=ANY),
)
def gap_in_data(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    stream = talk.stream()
    stream.open()
    stream.greet()
    data = frame(0, 0, stream.id, stream.server.encode(frames.BINARY, bytes(4000)))
    talk.server.send(data[:1460], acked=False)
    talk.server.send(data[1460:2920], acked=False, captured=False)
    talk.server.send(data[2920:])
    stream.finish(stream.client)


@chapter.capture(
    "http2-gap-over-headers",
    "The request of a second WebSocket was not captured; the first one goes on, the second is found by its frames",
    CLEAN.having(gaps=ANY, frames=ANY, messages=ANY),
    Expected(
        state=ANY, status=ANY, url=None, joined_midstream=True, frames=ANY, gaps=ANY, initiator="client",
        client_close=Close(1000), server_close=ANY, tcp=ANY, client_event=ANY, server_event=ANY,
    ),
    damaged=True,
)  # fmt: skip
def gap_over_headers(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    first, second = talk.stream(), talk.stream()
    first.open()
    talk.headers(talk.client, second.id, connect("/2"), captured=False)
    talk.headers(talk.server, second.id, [(":status", "200")])
    for _ in range(4):
        first.client.text("this is the first one")
        second.client.text("this is the second one")
        second.server.text("and this its answer")
    first.server.text("hello")
    first.finish(first.client)
    second.finish(second.client)


@chapter.capture(
    "http2-midstream",
    "The capture begins when the WebSocket was open for long",
    Expected(
        state=ANY, status=None, url=None, joined_midstream=True, frames=ANY, initiator="client",
        client_close=Close(1000), server_close=ANY, tcp=ANY, client_event=ANY, server_event=Event(1000, ANY),
    ),
    damaged=True,
)  # fmt: skip
def midstream(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start({ENABLE_CONNECT_PROTOCOL: 1})
    stream = talk.stream()
    stream.open()
    trace.records.clear()
    for _ in range(5):
        stream.client.text("is anybody there?")
        stream.server.text("yes, somebody is there")
    stream.finish(stream.client)
