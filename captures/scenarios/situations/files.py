"""Capture file formats, and TCP connections that are no WebSockets beside one that is."""

import struct

from captures.encoder.conversation import SERVER, Conversation, Trace
from captures.encoder.files import NANOSECOND, PcapNg, gzip, pcap, pcapng
from captures.encoder.handshake import Head, ok
from captures.encoder.packets import ETHERNET, SLL, Host
from captures.encoder.websocket import WebSocket
from captures.scenario import Chapter, Expected, classic, closed

chapter = Chapter("situations/")

CLEAN = closed("client").having(messages=(1, 1))


def _one_connection(trace: Trace) -> None:
    talk = WebSocket(trace)
    talk.open()
    talk.greet_and_close()


chapter.capture(
    "file-big-endian",
    "A pcap file of a big-endian host",
    CLEAN,
    write=lambda trace: pcap(trace.in_order(), byteorder=">"),
)(_one_connection)
chapter.capture(
    "file-nanoseconds",
    "A pcap file with nanoseconds",
    CLEAN,
    write=lambda trace: pcap(trace.in_order(), resolution=NANOSECOND),
)(_one_connection)
chapter.capture("file-gzip", "A pcap file in gzip", CLEAN, write=lambda trace: gzip(classic(trace)), suffix=".pcap.gz")(
    _one_connection
)
chapter.capture(
    "file-pcapng",
    "A pcapng file with a comment",
    CLEAN,
    write=lambda trace: pcapng(trace.in_order(), comment="one connection"),
    suffix=".pcapng",
)(_one_connection)
chapter.capture(
    "file-truncated",
    "The file ends in the middle of the last packet; all before it counts",
    CLEAN,
    write=lambda trace: classic(trace)[:-20],
    damaged=True,
)(_one_connection)


def _two_sections(trace: Trace) -> bytes:
    """First section little-endian with two interfaces, second big-endian with one, whose times have nanoseconds."""
    records = trace.in_order()
    half = len(records) // 2
    file = PcapNg()
    file.section("first section")
    file.interface(ETHERNET.number, "eth0")
    file.unknown(0x0BAD, b"a block nobody knows")
    file.interface(SLL.number, "any", resolution=NANOSECOND)
    for record in records[:half]:
        file.packet(record)
    file.section("second section, big-endian", byteorder=">")
    file.interface(ETHERNET.number, "eth0", resolution=NANOSECOND)
    file.interface(SLL.number, "any")
    for record in records[half:]:
        file.packet(record)
    return file.to_bytes()


@chapter.capture(
    "file-pcapng-sections",
    "A pcapng file with two sections, interfaces of different link layers and time units, comments, an unknown block",
    CLEAN,
    CLEAN,
    write=_two_sections,
    suffix=".pcapng",
)
def two_interfaces(trace: Trace) -> None:
    for index, link in enumerate((ETHERNET, SLL)):
        talk = WebSocket(trace, client=Host("192.0.2.10", 50412 + index), at=index * 0.001, link=link, interface=index)
        talk.comment = f"first packet on interface {index}"
        talk.open()
        talk.greet_and_close()


@chapter.capture(
    "other-tcp",
    "Plain HTTP, something like TLS, random bytes, a connection attempt and a port scan beside one WebSocket",
    CLEAN,
)
def other_tcp(trace: Trace) -> None:
    web = Conversation(trace, client=Host("192.0.2.11", 40001))
    web.connect()
    for path in ("/", "/style.css"):
        web.ends[0].send(Head(f"GET {path} HTTP/1.1", (("Host", "www.example.com"),)).encode())
        web.ends[1].send(ok(b"x" * 300).encode())
    web.end_tcp(web.ends[0])

    tls = Conversation(trace, client=Host("192.0.2.11", 40002), server=Host(SERVER.address, 443), at=0.1)
    tls.connect()
    for peer, kind, size in ((0, 22, 500), (1, 22, 1200), (0, 20, 1), (0, 23, 90), (1, 23, 700), (0, 21, 19)):
        record = struct.pack(">BHH", kind, 0x0303, size) + trace.random.randbytes(size)
        tls.ends[peer].send(record)
    tls.end_tcp(tls.ends[0])

    noise = Conversation(trace, client=Host("192.0.2.12", 40003), server=Host(SERVER.address, 9000), at=0.2)
    noise.connect()
    for peer in (0, 1, 0, 1):
        noise.ends[peer].send(trace.random.randbytes(400))
    noise.end_tcp(noise.ends[1])

    for index, port in enumerate((21, 22, 23, 25)):
        scan = Conversation(
            trace, client=Host("203.0.113.66", 41000), server=Host(SERVER.address, port), at=0.3 + index / 100
        )
        scan.ends[0].segment(flags=0x02)
        scan.ends[1].receive()
        scan.ends[1].rst()

    _one_connection(trace)


@chapter.capture("nothing", "A file without a single WebSocket: one answered HTTP request")
def no_websocket(trace: Trace) -> None:
    web = Conversation(trace)
    web.connect()
    web.ends[0].send(Head("GET / HTTP/1.1", (("Host", "www.example.com"),)).encode())
    web.ends[1].send(ok(b"hello").encode())
    web.end_tcp(web.ends[0])


@chapter.capture(
    "live-file",
    "A file that is still being written: it ends between two packets with the connection open",
    Expected(messages=(2, 1)),
)
def still_written(trace: Trace) -> None:
    talk = WebSocket(trace)
    talk.open()
    talk.client.text("hello")
    talk.server.text("hello to you")
    talk.client.text("how are you?")
