"""Rules about frame headers, and what stands where a frame should begin (RFC 6455 §5.2, §6.1)."""

from captures.encoder.frames import BINARY, CONTINUATION, PONG, RSV1, RSV2, RSV3, TEXT
from captures.encoder.handshake import Head
from captures.encoder.websocket import Endpoint, WebSocket
from captures.scenario import ANY, Chapter, Expected, Fired, abnormal, closed
from captures.scenarios.rules.offence import after_hello, broken

chapter = Chapter("rules/")

CLEAN = closed("client")
DEFLATE = "permessage-deflate"

broken(
    chapter,
    "rsv-bits-set",
    "RSV2 on a text frame",
    "client",
    1,
    after_hello(lambda sender: sender.frame(TEXT, b"reserved", rsv=RSV2)),
)
broken(
    chapter,
    "rsv-bits-set",
    "RSV1 on a text frame, though no extension was agreed",
    "server",
    0,
    lambda sender: sender.frame(TEXT, b"not compressed", rsv=RSV1),
    variant="rsv1-without-extension",
    reason="Invalid reserved bit",
)
broken(
    chapter,
    "rsv-bits-set",
    "RSV1 on an unsolicited Pong: permessage-deflate never touches control frames",
    "client",
    1,
    after_hello(lambda sender: sender.frame(PONG, b"still here", rsv=RSV1)),
    variant="rsv1-on-control",
    extension=DEFLATE,
)


def _rsv1_on_both_fragments(sender: Endpoint) -> None:
    data = sender.deflater.compress(b"one message in two frames")
    sender.frame(TEXT, data[:8], rsv=RSV1, fin=False)
    sender.frame(CONTINUATION, data[8:], rsv=RSV1)


broken(
    chapter,
    "rsv-bits-set",
    "RSV1 on the second fragment of a compressed message too, where only the first may have it",
    "server",
    1,
    _rsv1_on_both_fragments,
    variant="rsv1-on-continuation",
    extension=DEFLATE,
)


@chapter.connection(
    "rsv-bits-set.near-miss",
    "RSV1 on the first frame of compressed messages, whole and fragmented, as permessage-deflate wants it",
    CLEAN.having(extensions=(DEFLATE,), messages=(2, 1)),
)
def rsv1_where_allowed(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    talk.client.compressed("compressed")
    data = talk.client.deflater.compress(b"compressed and fragmented")
    talk.client.fragments(TEXT, [data[:9], data[9:]], rsv=RSV1)
    talk.server.text("not compressed, which is fine")
    talk.close(talk.client)


@chapter.connection(
    "rsv-bits-set.near-miss.unknown-extension",
    "RSV2 and RSV3 after an extension was agreed whose bits nobody here knows",
    CLEAN.having(extensions=("x-example-priority; levels=4",)),
)
def unknown_extension(talk: WebSocket) -> None:
    talk.negotiate("x-example-priority; levels=4", "x-example-priority; levels=4")
    talk.client.frame(TEXT, b"urgent", rsv=RSV2 | RSV3)
    talk.server.frame(BINARY, b"\x01", rsv=RSV3)
    talk.close(talk.client)


broken(
    chapter,
    "reserved-opcode",
    "Opcode 3, a data frame of no known kind",
    "client",
    1,
    after_hello(lambda sender: sender.frame(0x3, b"?")),
)
broken(
    chapter,
    "reserved-opcode",
    "Opcode 11, a control frame of no known kind",
    "server",
    1,
    after_hello(lambda sender: sender.frame(0xB, b"?")),
    variant="control",
    reason="Unknown opcode",
)


@chapter.connection(
    "reserved-opcode.near-miss",
    "All six opcodes there are, from both sides",
    CLEAN.having(messages=(2, 2), pings=(2, 2)),
)
def all_opcodes(talk: WebSocket) -> None:
    talk.open()
    for asking, answering in ((talk.client, talk.server), (talk.server, talk.client)):
        asking.text("text")
        asking.fragments(BINARY, [b"\x00\x01", b"\x02"])
        asking.ping(b"?")
        answering.pong(b"?")
    talk.close(talk.client)


broken(
    chapter,
    "non-minimal-length",
    "16-bit length form for 5 bytes",
    "server",
    0,
    lambda sender: sender.frame(TEXT, b"hello", length_form=16),
)
broken(
    chapter,
    "non-minimal-length",
    "64-bit length form for 300 bytes",
    "client",
    1,
    after_hello(lambda sender: sender.frame(TEXT, b"x" * 300, length_form=64)),
    variant="64-bit",
)
broken(
    chapter,
    "non-minimal-length",
    "16-bit length form on an unsolicited Pong of 4 bytes",
    "client",
    1,
    after_hello(lambda sender: sender.frame(PONG, b"pong", length_form=16)),
    variant="control",
)


@chapter.connection(
    "non-minimal-length.near-miss",
    "Every length at the edge of its form: 0, 125, 126, 65535 and 65536 bytes",
    CLEAN.having(messages=(2, 5), payload=(251, 131322)),
)
def lengths_at_the_edges(talk: WebSocket) -> None:
    talk.open()
    for size in (125, 126):
        talk.client.text("c" * size)
    for size in (0, 125, 126, 65535, 65536):
        talk.server.binary(b"\x00" * size)
    talk.close(talk.client)


@chapter.connection(
    "length-msb-set",
    "A 64-bit length with its top bit set: the server can only drop TCP, and the frame boundaries are lost",
    abnormal("server").having(frames=ANY).firing(Fired("length-msb-set", "client", 1)),
)
def length_msb(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.frame(BINARY, b"\x00" * 40, length_form=64, declared=1 << 63 | 40)
    talk.end_tcp()


@chapter.connection(
    "length-msb-set.near-miss",
    "A 64-bit length of 2^63 - 1: absurd, but legal; the capture ends while its payload flows",
    Expected(frames=ANY),
)
def largest_length(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.frame(BINARY, b"\x00" * 40, length_form=64, declared=(1 << 63) - 1)


BAD_GATEWAY = Head("HTTP/1.1 502 Bad Gateway", (("Server", "proxy.example.com"), ("Connection", "close"))).carrying(
    b"<html><body>502 Bad Gateway</body></html>"
)


@chapter.connection(
    "http-inside-stream",
    "A proxy writes its 502 page into the open WebSocket and ends TCP",
    abnormal("server").having(frames=ANY).firing(Fired("http-inside-stream", "server")),
)
def error_page(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.server.text("hello to you")
    talk.server.send(BAD_GATEWAY.encode())
    talk.end_tcp()


@chapter.connection(
    "http-inside-stream.request",
    "The client writes a second request into the open WebSocket; the server ends TCP",
    abnormal("server").having(frames=ANY).firing(Fired("http-inside-stream", "client")),
)
def second_request(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.send(b"POST /poll HTTP/1.1\r\nHost: ws.example.com\r\nContent-Length: 0\r\n\r\n")
    talk.end_tcp()


@chapter.connection(
    "http-inside-stream.near-miss",
    "Messages that hold HTTP; one begins a segment with it, as its frame header came in the segment before",
    CLEAN.having(messages=(1, 2)),
)
def http_as_payload(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("GET /chat HTTP/1.1")
    talk.server.text("HTTP/1.1 200 OK")
    data = talk.server.encode(TEXT, BAD_GATEWAY.encode())
    talk.server.send(data[:4])
    talk.server.send(data[4:])
    talk.close(talk.client)
