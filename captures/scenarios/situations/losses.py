"""What the capture missed. Loss is a fact of its own: it may silence rules, and never breaks one."""

from captures.encoder.frames import BINARY, TEXT
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Close, Expected, closed

chapter = Chapter("situations/")

CLEAN = closed("client").having(messages=(1, 1))


@chapter.connection(
    "gap-in-payload",
    "A segment inside a long payload was not captured; its length is known, so the frames behind it are found",
    closed("client").having(gaps=(0, 1460), messages=ANY),
)
def gap_in_payload(talk: WebSocket) -> None:
    talk.open()
    data = talk.server.encode(BINARY, b"\x42" * 4000)
    talk.server.send(data[:1460], acked=False)
    talk.server.send(data[1460:2920], acked=False, captured=False)
    talk.server.send(data[2920:])
    talk.greet_and_close()


@chapter.connection(
    "gap-in-text",
    "The same inside a text message, between the two halves of a character: not a case of bad UTF-8",
    closed("client").having(gaps=(1460, 0), messages=ANY),
)
def gap_in_text(talk: WebSocket) -> None:
    talk.open()
    data = talk.client.encode(TEXT, "é".encode() * 2000)
    talk.client.send(data[:1460], acked=False)
    talk.client.send(data[1460:2920], acked=False, captured=False)
    talk.client.send(data[2920:])
    talk.greet_and_close()


@chapter.connection(
    "gap-over-header",
    "The segment with a frame header was not captured: the server's frame boundaries are lost, the client's are not",
    closed("client").having(
        gaps=(0, 1460),
        messages=ANY,
        frames=ANY,
        server_close=ANY,
        client_event=ANY,
        server_event=ANY,
    ),
)
def gap_over_header(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("before the gap")
    data = talk.server.encode(BINARY, b"\x00\xff" * 2000)
    talk.server.send(data[:1460], acked=False, captured=False)
    talk.server.send(data[1460:])
    talk.client.text("hello")
    talk.server.text("hello to you")
    talk.server.text("and another whole frame to find the way by")
    talk.close(talk.client)


@chapter.connection(
    "gap-over-whole-frame",
    "A small frame was not captured at all; the next segment begins with a frame, but nobody can be sure of that",
    closed("client").having(
        gaps=(0, 9), messages=ANY, frames=ANY, server_close=ANY, client_event=ANY, server_event=ANY
    ),
)
def gap_over_frame(talk: WebSocket) -> None:
    talk.open()
    talk.server.send(talk.server.encode(TEXT, b"missing"), captured=False)
    talk.client.text("hello")
    talk.server.text("hello to you")
    talk.close(talk.client)


@chapter.connection(
    "lost-close",
    "The server's Close was not captured but acknowledged; so nobody can be blamed for a missing answer",
    Expected(
        state="closed",
        initiator=ANY,
        client_close=Close(1000),
        tcp=("fin", "server"),
        client_event=ANY,
        server_event=ANY,
        gaps=(0, 4),
        server_close=ANY,
        frames={"client": {"text": 1, "close": 1}, "server": {}},
        messages=(1, 0),
    ),
)
def lost_close(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.close(1000)
    talk.server.send(talk.server.encode(0x8, b"\x03\xe8"), captured=False)
    talk.end_tcp()


@chapter.connection(
    "close-repeated-behind-fin",
    "The server's Close is lost before the capture point, its FIN is not: the Close comes again, behind the FIN",
    closed("server", 1011, "keepalive ping timeout").having(server_event=ANY),
)
def close_behind_fin(talk: WebSocket) -> None:
    talk.open()
    talk.server.ping(b"?")
    talk.wait(20)
    start, close = talk.server.sequence, talk.server.encode(0x8, b"\x03\xf3keepalive ping timeout")
    talk.server.send(close, acked=False, captured=False)
    talk.server.fin(acked=False)
    talk.wait(0.2)
    talk.server.segment(close, sequence=start)
    talk.client.receive()
    talk.client.close(1011)
    talk.client.fin()


@chapter.connection(
    "lost-pong",
    "The server's Pong was not captured: not a missing one",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(1000),
        server_close=ANY,
        tcp=("fin", "server"),
        client_event=ANY,
        server_event=ANY,
        gaps=(0, 3),
        messages=ANY,
        frames=ANY,
    ),
)
def lost_pong(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"?")
    talk.server.send(talk.server.encode(0xA, b"?"), captured=False)
    talk.server.text("hello")
    talk.server.text("more to find the way by")
    talk.close(talk.client)


@chapter.connection(
    "joined-midstream",
    "The capture began after the opening handshake; the masks tell who is the client, and little can be judged",
    closed("client").having(
        status=None, url=None, joined_midstream=True, client_event=ANY, server_event=ANY, messages=ANY
    ),
)
def midstream(talk: WebSocket) -> None:
    talk.open()
    talk.trace.records.clear()
    for number in range(3):
        talk.client.text(f'{{"op": "ask", "id": {number}}}')
        talk.server.text(f'{{"op": "answer", "id": {number}}}')
    talk.close(talk.client)


@chapter.connection(
    "joined-midstream-compressed",
    "Joined late, and the messages refer to a window that was never captured: nothing to blame the sender for",
    closed("client").having(
        status=None, url=None, joined_midstream=True, extensions=ANY, client_event=ANY, server_event=ANY, messages=ANY
    ),
)
def midstream_compressed(talk: WebSocket) -> None:
    talk.negotiate("permessage-deflate", "permessage-deflate")
    quote = '{"symbol": "EXMP", "bid": 101.25, "ask": 101.27}'
    for endpoint in (talk.client, talk.server):
        endpoint.compressed(quote)
    talk.trace.records.clear()
    talk.client.sent.clear()
    talk.server.sent.clear()
    for _ in range(3):
        for endpoint in (talk.client, talk.server):
            endpoint.compressed(quote)
    talk.close(talk.client)


@chapter.connection(
    "one-direction",
    "Not one packet of the server was captured; that the client sends frames shows that its request was answered",
    Expected(
        state=ANY,
        status=None,
        initiator=ANY,
        client_close=Close(1000),
        tcp=("fin", "client"),
        joined_midstream=ANY,
        extensions=ANY,
        client_event=ANY,
        server_event=ANY,
        messages=(2, 0),
        frames={"client": {"text": 2, "close": 1}, "server": {}},
    ),
)
def one_direction(talk: WebSocket) -> None:
    talk.open()
    for number in range(2):
        talk.client.text(f'{{"op": "ask", "id": {number}}}')
        talk.server.text(f'{{"op": "answer", "id": {number}}}')
    talk.close(talk.client)
    source = slice(26, 30)  # of IPv4 in Ethernet
    mine = talk.trace.records[0].data[source]
    talk.trace.records[:] = [record for record in talk.trace.records if record.data[source] == mine]


@chapter.connection(
    "lost-segment-of-handshake",
    "The first half of the 101 was not captured",
    closed("client").having(
        status=ANY,
        gaps=(0, 60),
        client_close=ANY,
        server_close=ANY,
        initiator=ANY,
        client_event=ANY,
        server_event=ANY,
        messages=ANY,
        frames=ANY,
        url=ANY,
        joined_midstream=ANY,
    ),
)
def half_response(talk: WebSocket) -> None:
    talk.connect()
    talk.client.send(talk.request.encode())
    data = talk.switching.encode()
    talk.server.send(data[:60], acked=False, captured=False)
    talk.server.send(data[60:])
    talk.greet_and_close()
