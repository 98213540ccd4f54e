"""TCP at its worst: order, repeats, overlaps, wraps, probes. None of it is the WebSocket's fault, nothing may fire."""

from captures.encoder.conversation import SYN_OPTIONS, Trace
from captures.encoder.frames import BINARY, TEXT
from captures.encoder.packets import ACK, PSH, SYN
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Expected, closed

chapter = Chapter("situations/")

CLEAN = closed("client").having(messages=(1, 1))
PATTERN = bytes(range(256)) * 20
PATTERN_ARRIVES = closed("client").having(messages=(1, 2), payload=(5, len(PATTERN) + 12))


@chapter.connection(
    "sequence-wrap",
    "Both initial sequence numbers are just below 2^32; the client's wraps in its request, the server's in a message",
    PATTERN_ARRIVES,
)
def wrap(talk: WebSocket) -> None:
    talk.client.sequence = 2**32 - 100
    talk.server.sequence = 2**32 - 2000
    talk.open()
    talk.server.binary(PATTERN)
    talk.greet_and_close()


@chapter.connection("out-of-order", "The segments of a message arrive in the order 2, 4, 1, 3", PATTERN_ARRIVES)
def out_of_order(talk: WebSocket) -> None:
    talk.open()
    start, data = talk.server.sequence, talk.server.encode(BINARY, PATTERN)
    for offset in (1400, 4200, 0, 2800):
        talk.server.segment(data[offset : offset + 1400], ACK | PSH, sequence=start + offset)
        talk.client.segment()
    talk.server.sequence += len(data)
    talk.client.ack()
    talk.greet_and_close()


@chapter.connection(
    "retransmission", "A segment is repeated twice although the first copy was captured", PATTERN_ARRIVES
)
def retransmission(talk: WebSocket) -> None:
    talk.open()
    start, data = talk.server.sequence, talk.server.encode(BINARY, PATTERN)
    talk.server.send(data, acked=False)
    for _ in range(2):
        talk.wait(0.2)
        talk.server.segment(data[1460:2920], sequence=start + 1460)
    talk.client.ack()
    talk.greet_and_close()


def overlapping(name: str, shows: str, second_copy: bytes) -> None:
    """The first 2000 bytes of a message, then its segments again cut elsewhere: the overlap holds `second_copy`."""

    def script(talk: WebSocket) -> None:
        talk.open()
        start, data = talk.server.sequence, talk.server.encode(BINARY, PATTERN)
        talk.server.segment(data[:1000], sequence=start)
        talk.server.segment(data[1000:2000], sequence=start + 1000)
        talk.wait(0.2)
        talk.server.segment(second_copy + data[2000:3000], sequence=start + 1500)
        talk.server.segment(data[3000:], ACK | PSH, sequence=start + 3000)
        talk.server.sequence += len(data)
        talk.client.ack()
        talk.greet_and_close()

    chapter.connection(name, shows, PATTERN_ARRIVES)(script)


# The frame header is 4 bytes long, so stream offsets are pattern offsets + 4.
overlapping(
    "overlap-same-bytes", "A retransmission that overlaps what was seen and goes on behind it", PATTERN[1496:1996]
)
overlapping("overlap-other-bytes", "The same with other bytes in the overlap: the first copy wins", b"\xee" * 500)


@chapter.connection(
    "keep-alive-probes",
    "TCP keep-alive probes of both sides: without payload, and with one garbage byte below the next sequence number",
    CLEAN,
)
def probes(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    for garbage in (b"", b"\x00"):
        for peer in (talk.client, talk.server):
            talk.wait(75)
            peer.segment(garbage, sequence=peer.sequence - 1)
            peer.other.ack()
    talk.server.text("hello to you")
    talk.close(talk.client)


@chapter.connection(
    "zero-window",
    "The client's window is full; the server probes with the next byte, which is dropped at first and accepted later",
    PATTERN_ARRIVES,
)
def zero_window(talk: WebSocket) -> None:
    talk.open()
    start, data = talk.server.sequence, talk.server.encode(BINARY, PATTERN)
    talk.server.send(data[:2920], acked=False)
    talk.client.window = 0
    talk.client.ack()
    for _ in range(2):
        talk.wait(0.3)
        talk.server.segment(data[2920:2921], sequence=start + 2920)
        talk.client.segment()
    talk.client.window = 502
    talk.client.ack()
    talk.server.send(data[2920:])
    talk.greet_and_close()


@chapter.capture(
    "port-reuse",
    "The same addresses and ports again with a new SYN: two connections; the end of the first was not captured",
    Expected(state=ANY, tcp=ANY, client_event=ANY, server_event=ANY, messages=(1, 1)),
    CLEAN,
)
def port_reuse(trace: Trace) -> None:
    first = WebSocket(trace)
    first.open()
    first.client.text("hello")
    first.server.text("hello to you")
    second = WebSocket(trace, at=90)
    second.open()
    second.greet_and_close()


@chapter.connection(
    "simultaneous-open", "Both sides send a SYN at once; who is the client shows in the handshake alone", CLEAN
)
def simultaneous_open(talk: WebSocket) -> None:
    client, server = talk.client, talk.server
    starts = {peer: peer.sequence for peer in (client, server)}
    server.segment(flags=SYN, options=SYN_OPTIONS)
    client.segment(flags=SYN, options=SYN_OPTIONS)
    for peer in (client, server):
        peer.receive()
    for peer in (client, server):
        peer.segment(flags=SYN | ACK, sequence=starts[peer], options=SYN_OPTIONS)
    talk.exchange()
    talk.greet_and_close()


@chapter.connection(
    "mirror-port",
    "A mirror port delivers every packet twice, SYN to FIN, the second copy behind a router: none is a retransmission",
    closed("client").having(messages=(1, 1)),
)
def mirrored(talk: WebSocket) -> None:
    talk.open()
    talk.greet_and_close()
    copies = []
    for record in talk.trace.records:
        copy = bytearray(record.data)
        copy[22] -= 1  # the time to live …
        checksum = int.from_bytes(copy[24:26], "big") + 0x100  # … and the checksum that follows it (RFC 1624)
        copy[24:26] = ((checksum & 0xFFFF) + (checksum >> 16)).to_bytes(2, "big")
        copies.append(record._replace(time_ns=record.time_ns + 30_000, data=bytes(copy)))
    talk.trace.records.extend(copies)


@chapter.connection(
    "duplicated-packets",
    "Every packet of a message is captured twice, as on two interfaces of one host",
    closed("client").having(messages=(2, 1)),
)
def duplicated(talk: WebSocket) -> None:
    talk.open()
    before = len(talk.trace.records)
    talk.client.frame(TEXT, b"only once, please")
    talk.trace.records.extend(record._replace(time_ns=record.time_ns + 2_000) for record in talk.trace.records[before:])
    talk.greet_and_close()
