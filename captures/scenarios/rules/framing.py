"""Rules about frame headers, masking, and what may follow what (RFC 6455 §5.1 to §5.5, §6.1)."""

from collections.abc import Callable

from captures.encoder.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, RSV1, RSV2, RSV3, TEXT, close_payload
from captures.encoder.handshake import Head
from captures.encoder.websocket import Endpoint, WebSocket
from captures.scenario import ANY, Chapter, Expected, Fired, Side, abnormal, closed, failing, other

chapter = Chapter("rules")

CLEAN = closed("client")
DEFLATE = "permessage-deflate"


def broken(
    rule: str,
    shows: str,
    by: Side,
    frame: int,
    offence: Callable[[Endpoint], None],
    *,
    variant: str = "",
    reason: str = "",
    extension: str = "",
) -> None:
    """One offending frame (or several) after a greeting; the other side fails the connection with 1002."""
    name = f"{rule}.{variant}" if variant else rule
    expected = failing(other(by), 1002, reason).having(extensions=(extension,) if extension else ())

    def script(talk: WebSocket) -> None:
        if extension:
            talk.negotiate(extension, extension)
        else:
            talk.open()
        sender, receiver = (talk.client, talk.server) if by == "client" else (talk.server, talk.client)
        offence(sender)
        talk.close(receiver, 1002, reason)

    chapter.connection(name, f"{shows}; the {other(by)} fails the connection", expected.firing(Fired(rule, by, frame)))(
        script
    )


def after_hello(offence: Callable[[Endpoint], None]) -> Callable[[Endpoint], None]:
    """The offence as the second frame, index 1."""

    def both(sender: Endpoint) -> None:
        sender.text("hello")
        offence(sender)

    return both


broken(
    "rsv-bits-set",
    "RSV2 on a text frame",
    "client",
    1,
    after_hello(lambda sender: sender.frame(TEXT, b"reserved", rsv=RSV2)),
)
broken(
    "rsv-bits-set",
    "RSV1 on a text frame, though no extension was agreed",
    "server",
    0,
    lambda sender: sender.frame(TEXT, b"not compressed", rsv=RSV1),
    variant="rsv1-without-extension",
    reason="Invalid reserved bit",
)
broken(
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
    "reserved-opcode",
    "Opcode 3, a data frame of no known kind",
    "client",
    1,
    after_hello(lambda sender: sender.frame(0x3, b"?")),
)
broken(
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
    "non-minimal-length",
    "16-bit length form for 5 bytes",
    "server",
    0,
    lambda sender: sender.frame(TEXT, b"hello", length_form=16),
)
broken(
    "non-minimal-length",
    "64-bit length form for 300 bytes",
    "client",
    1,
    after_hello(lambda sender: sender.frame(TEXT, b"x" * 300, length_form=64)),
    variant="64-bit",
)
broken(
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
    abnormal("server").having(frames=ANY).firing(Fired("http-inside-stream", "server", 1)),
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
    abnormal("server").having(frames=ANY).firing(Fired("http-inside-stream", "client", 1)),
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


broken(
    "unmasked-client-frame",
    "A text frame of the client without a mask",
    "client",
    1,
    after_hello(lambda sender: sender.frame(TEXT, b"plain", mask=None)),
    reason="MASK must be set",
)
broken(
    "unmasked-client-frame",
    "An empty Pong of the client without a mask: zero bytes count like any other frame",
    "client",
    1,
    after_hello(lambda sender: sender.frame(PONG, mask=None)),
    variant="empty",
)


@chapter.connection("unmasked-client-frame.near-miss", "Masked frames of zero bytes", CLEAN.having(messages=(2, 0)))
def masked_nothing(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("")
    talk.client.binary(b"")
    talk.client.ping()
    talk.server.pong()
    talk.close(talk.client)


broken(
    "masked-server-frame",
    "A text frame of the server with a mask",
    "server",
    1,
    after_hello(lambda sender: sender.frame(TEXT, b"masked", mask=b"\x37\xfa\x21\x3d")),
    reason="Masked frame from server",
)


@chapter.connection(
    "masked-server-frame.near-miss",
    "Bytes with their top bit set where a careless eye sees MASK: in the extended length and at the payload's start",
    CLEAN.having(messages=(0, 2)),
)
def top_bits(talk: WebSocket) -> None:
    talk.open()
    talk.server.binary(b"\x81\x80" * (0x8182 // 2))
    talk.server.binary(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")
    talk.close(talk.client)


def _same_key_twice(sender: Endpoint) -> None:
    for word in (b"one", b"two"):
        sender.frame(TEXT, word, mask=b"\x37\xfa\x21\x3d")


@chapter.connection(
    "repeated-masking-key",
    "Two frames in a row masked with the same key; the server cannot mind",
    CLEAN.having(messages=(2, 0)).firing(Fired("repeated-masking-key", "client", 1)),
)
def repeated_key(talk: WebSocket) -> None:
    talk.open()
    _same_key_twice(talk.client)
    talk.close(talk.client)


@chapter.connection(
    "repeated-masking-key.near-miss", "A key comes back after another one was used", CLEAN.having(messages=(3, 0))
)
def key_comes_back(talk: WebSocket) -> None:
    talk.open()
    for word, key in ((b"one", b"\x37\xfa\x21\x3d"), (b"two", b"\xa1\x0c\x5e\x90"), (b"three", b"\x37\xfa\x21\x3d")):
        talk.client.frame(TEXT, word, mask=key)
    talk.close(talk.client)


broken(
    "continuation-without-message",
    "A continuation frame although the message before was whole",
    "client",
    1,
    after_hello(lambda sender: sender.frame(CONTINUATION, b"of what?")),
)
broken(
    "continuation-without-message",
    "A continuation frame with FIN = 0 as the very first frame",
    "server",
    0,
    lambda sender: sender.frame(CONTINUATION, b"of what?", fin=False),
    variant="first-frame",
    reason="Unexpected continuation",
)


@chapter.connection(
    "continuation-without-message.near-miss",
    "Continuation frames behind empty fragments and a Ping, all of one open message",
    CLEAN.having(messages=(1, 0), payload=(8, 0), pings=(1, 1)),
)
def continued(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(TEXT, b"", fin=False)
    talk.client.frame(CONTINUATION, b"", fin=False)
    talk.client.ping(b"?")
    talk.server.pong(b"?")
    talk.client.frame(CONTINUATION, b"one", fin=False)
    talk.client.frame(CONTINUATION, b"piece", fin=True)
    talk.close(talk.client)


def _new_message_inside(sender: Endpoint) -> None:
    sender.frame(TEXT, b"the beginning", fin=False)
    sender.frame(TEXT, b"of something else")


broken(
    "interleaved-data-frame",
    "A new text frame while a message is open",
    "server",
    1,
    _new_message_inside,
    reason="Previous data frame unfinished",
)


@chapter.connection(
    "interleaved-data-frame.near-miss",
    "Both sides have a message open at once, with Pings and whole messages of the other side between the fragments",
    CLEAN.having(messages=(1, 2), pings=(2, 2)),
)
def interleaved_directions(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("whole")
    talk.client.frame(TEXT, b"client ", fin=False)
    talk.server.frame(BINARY, b"\x01", fin=False)
    talk.client.ping(b"c")
    talk.server.pong(b"c")
    talk.server.ping(b"s")
    talk.client.pong(b"s")
    talk.client.frame(CONTINUATION, b"done")
    talk.server.frame(CONTINUATION, b"\x02")
    talk.close(talk.client)


broken(
    "fragmented-control-frame",
    "An unsolicited Pong with FIN = 0",
    "client",
    1,
    after_hello(lambda sender: sender.frame(PONG, b"half a", fin=False)),
)


@chapter.connection(
    "fragmented-control-frame.tolerated",
    "A Ping with FIN = 0, which the server answers as if it were whole",
    CLEAN.having(pings=(1, 1)).firing(Fired("fragmented-control-frame", "client", 0)),
)
def fragmented_ping(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(PING, b"half a ping", fin=False)
    talk.server.pong(b"half a ping")
    talk.client.text("a new message, not the rest of the Ping")
    talk.close(talk.client)


@chapter.connection(
    "fragmented-control-frame.near-miss",
    "Ping and Pong, whole, between the fragments of a message",
    CLEAN.having(messages=(1, 0), pings=(1, 1)),
)
def control_between_fragments(talk: WebSocket) -> None:
    talk.open()
    talk.client.frame(TEXT, b"half ", fin=False)
    talk.client.ping(b"in between")
    talk.server.pong(b"in between")
    talk.client.pong(b"unsolicited")
    talk.client.frame(CONTINUATION, b"and half")
    talk.close(talk.client)


broken(
    "control-frame-too-long",
    "An unsolicited Pong of 126 bytes",
    "client",
    1,
    after_hello(lambda sender: sender.frame(PONG, b"x" * 126)),
)


@chapter.connection(
    "control-frame-too-long.close",
    "A Close with a reason of 124 bytes, so 126 in all; the client fails the connection",
    closed("server", 1000, "x" * 124, reply=1002)
    .having(client_event=ANY)
    .firing(Fired("control-frame-too-long", "server", 0)),
)
def long_close(talk: WebSocket) -> None:
    talk.open()
    talk.server.frame(CLOSE, close_payload(1000, "x" * 124))
    talk.client.close(1002)
    talk.end_tcp()


@chapter.connection(
    "control-frame-too-long.near-miss",
    "A Ping, its Pong and a Close of 125 bytes each, beside text of 126",
    closed("client", 1000, "x" * 123).having(messages=(1, 0), pings=(1, 1)),
)
def control_at_the_edge(talk: WebSocket) -> None:
    talk.open()
    talk.client.ping(b"p" * 125)
    talk.server.pong(b"p" * 125)
    talk.client.text("t" * 126)
    talk.close(talk.client, 1000, "x" * 123)
