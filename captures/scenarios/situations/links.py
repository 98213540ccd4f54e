"""Where and how packets were captured: link layers, IP versions, offloading, cut packets."""

from captures.encoder.conversation import Trace
from captures.encoder.files import pcap
from captures.encoder.packets import ETHERNET, LOOP, NULL, PLAIN, QINQ, RAW, SLL, SLL2, VLAN, Host, Link, Quirks
from captures.encoder.tunnels import (
    ERSPAN_TYPE_2,
    ERSPAN_TYPE_3,
    GENEVE,
    GRE,
    GTP_U,
    IPIP,
    MPLS,
    PPPOE,
    SIX_IN_FOUR,
    VXLAN,
    WIFI,
)
from captures.encoder.websocket import WebSocket
from captures.scenario import Chapter, closed

chapter = Chapter("situations/")

CLEAN = closed("client").having(messages=(1, 1))
CLIENT_6 = Host("2001:db8::10", 50412)
SERVER_6 = Host("2001:db8:80::20", 80, ttl=52)

for name, shows, link in (
    ("link-vlan", "Ethernet with a VLAN tag", VLAN),
    ("link-qinq", "Ethernet with two VLAN tags (802.1ad)", QINQ),
    ("link-sll", "Linux cooked capture, as of the interface any", SLL),
    ("link-sll2", "Linux cooked capture v2", SLL2),
    ("link-null", "BSD loopback, the family in the byte order of the capturing host", NULL),
    ("link-loop", "OpenBSD loopback, the family in network byte order", LOOP),
    ("link-raw", "Raw IP, as of a tunnel interface", RAW),
    ("tunnel-mpls", "Two MPLS labels", MPLS),
    ("tunnel-pppoe", "PPPoE, as on a DSL line", PPPOE),
    ("tunnel-gre", "GRE between two routers", GRE),
    ("tunnel-vxlan", "VXLAN between two hypervisors", VXLAN),
    ("tunnel-ipip", "IP in IP", IPIP),
    ("tunnel-geneve", "GENEVE with an option", GENEVE),
    ("tunnel-gtp-u", "GTP-U, as in a mobile network", GTP_U),
    ("tunnel-erspan-2", "ERSPAN type II: a switch mirrors frames to a far host", ERSPAN_TYPE_2),
    ("tunnel-erspan-3", "ERSPAN type III", ERSPAN_TYPE_3),
    ("link-802-11", "IEEE 802.11 data frames", WIFI),
):
    chapter.connection(name, shows, CLEAN, link=link)(WebSocket.open_greet_and_close)


def over_ipv6(name: str, shows: str, link: Link, quirks: Quirks = PLAIN) -> None:
    def script(trace: Trace) -> None:
        talk = WebSocket(trace, client=CLIENT_6, server=SERVER_6)
        talk.client.quirks = talk.server.quirks = quirks
        talk.open(talk.request.having("Host", "[2001:db8:80::20]"))
        talk.greet_and_close()

    chapter.capture(name, shows, CLEAN.having(url="ws://[2001:db8:80::20]/chat"), link=link)(script)


over_ipv6("ipv6", "IPv6 on Ethernet, with an address in the URL", ETHERNET)
over_ipv6("tunnel-6in4", "IPv6 in IPv4", SIX_IN_FOUR)
over_ipv6("ipv6-null", "IPv6 on BSD loopback, with the family number of macOS", NULL)


over_ipv6("ipv6-extension-headers", "Hop-by-hop and destination options before TCP", ETHERNET, Quirks(ip_options=True))
over_ipv6("ipv6-fragments", "IPv6 fragments of 128 bytes", ETHERNET, Quirks(fragment_size=128))


def with_quirks(name: str, shows: str, quirks: Quirks) -> None:
    """Every packet of both sides has the quirks."""

    def script(talk: WebSocket) -> None:
        talk.client.quirks = talk.server.quirks = quirks
        talk.open_greet_and_close()

    chapter.connection(name, shows, CLEAN)(script)


with_quirks("ipv4-options", "IPv4 headers of 24 bytes, with an option", Quirks(ip_options=True))
with_quirks("ipv4-fragments", "IPv4 fragments of 64 bytes", Quirks(fragment_size=64))


@chapter.connection(
    "ethernet-padding", "Bare acknowledgements padded to Ethernet's minimum; the padding is no payload", CLEAN
)
def padding(talk: WebSocket) -> None:
    talk.server.quirks = Quirks(padding=b"\x81\x03pad")
    talk.open()
    talk.greet_and_close()


@chapter.connection(
    "ip-length-zero",
    "Captured before segmentation offload: segments of 20 000 bytes with an IP total length of 0",
    closed("client").having(messages=(1, 1), payload=(30000, 30000)),
)
def zero_length(talk: WebSocket) -> None:
    offload = Quirks(zero_ip_length=True, partial_checksum=True)
    talk.open()
    for endpoint in (talk.client, talk.server):
        endpoint.send(endpoint.encode(0x2, b"\x01" * 30000), size=20000, quirks=offload)
    talk.close(talk.client)


@chapter.connection(
    "giant-segments",
    "Segments of 60 000 bytes, as receive offload makes them",
    closed("client").having(messages=(0, 1), payload=(0, 70000)),
)
def giant_segments(talk: WebSocket) -> None:
    talk.open()
    talk.server.send(talk.server.encode(0x2, b"\x01" * 70000), size=60000)
    talk.close(talk.client)


@chapter.connection(
    "bad-checksums",
    "Captured on the client before its card filled in the checksums: they are wrong, the data is not",
    CLEAN,
)
def bad_checksums(talk: WebSocket) -> None:
    talk.client.quirks = Quirks(partial_checksum=True)
    talk.open()
    talk.greet_and_close()


CUT_AT = 400
LONG = 1000


@chapter.capture(
    "snaplen",
    "Captured with -s 400: the packet of a long message is cut, but its length is known and the framing goes on",
    closed("client").having(
        messages=(1, 2),
        # 14 + 20 + 20 bytes of headers and 4 of the frame's leave 342 of 1000.
        gaps=(0, LONG - (CUT_AT - 14 - 20 - 20 - 4)),
    ),
    write=lambda trace: pcap(trace.in_order(), snaplen=CUT_AT),
)
def cut_packets(trace: Trace) -> None:
    talk = WebSocket(trace)
    talk.open()
    talk.server.text("x" * LONG)
    talk.greet_and_close()
