"""wsinspect/transport/link.py: the same conversation over every link layer of the fast road, and what is none."""

import struct

import pytest

from captures.encoder.conversation import Trace
from captures.encoder.packets import ETHERNET, LOOP, NULL, QINQ, RAW, SLL, SLL2, VLAN, Host, Link, ethernet
from captures.encoder.websocket import WebSocket
from tests.transport.segments import inspect, packets
from wsinspect.capture.packet import Packet
from wsinspect.report import model
from wsinspect.report.build import connection_report
from wsinspect.transport.link import EXOTIC, NOT_IP, ip_start

CLIENT_6, SERVER_6 = Host("2001:db8::10", 50412), Host("2001:db8:1::20", 80)


def captured(link: Link, version: int = 4) -> list[Packet]:
    trace = Trace("links", link)
    hosts = {"client": CLIENT_6, "server": SERVER_6} if version == 6 else {}
    WebSocket(trace, **hosts).open_greet_and_close()
    return packets(trace)


def report(link: Link, version: int = 4) -> list[model.Connection]:
    return [connection_report(connection) for connection in inspect(captured(link, version)).connections]


def family(value: int, order: str) -> Link:
    """BSD loopback with this address family."""
    return Link(0, lambda packet, source, destination: struct.pack(order + "I", value) + packet)


def sll2_tagged(packet: bytes, source: Host, destination: Host) -> bytes:
    head = SLL2.wrap(packet, source, destination)[:20]
    return b"\x81\x00" + head[2:] + b"\x00\x2a" + head[:2] + packet


LINKS = [
    pytest.param(VLAN, id="VLAN"),
    pytest.param(QINQ, id="QinQ"),
    pytest.param(ethernet((0x9100, 1), (0x8100, 2), (0x8100, 3)), id="three tags"),
    pytest.param(SLL, id="cooked"),
    pytest.param(SLL2, id="cooked v2"),
    pytest.param(Link(276, sll2_tagged), id="cooked v2 with a VLAN tag"),
    pytest.param(RAW, id="raw IP"),
    pytest.param(Link(12, RAW.wrap), id="raw IP, 12"),
    pytest.param(Link(14, RAW.wrap), id="raw IP, 14"),
    pytest.param(NULL, id="loopback"),
    pytest.param(LOOP, id="OpenBSD loopback"),
]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("link", LINKS)
def test_the_link_layer_does_not_matter(link: Link, version: int) -> None:
    assert report(link, version) == report(ETHERNET, version)
    assert len(report(link, version)) == 1


@pytest.mark.parametrize(("number", "version"), [(228, 4), (229, 6)])
def test_links_for_one_version(number: int, version: int) -> None:
    assert report(Link(number, RAW.wrap), version) == report(ETHERNET, version)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("value", "version"), [(2, 4), (10, 6), (24, 6), (28, 6), (30, 6)])
def test_address_families_of_every_system(value: int, version: int, order: str) -> None:
    assert report(family(value, order), version) == report(ETHERNET, version)


IPV4 = bytes([0x45]) + bytes(19)


@pytest.mark.parametrize(
    ("link", "data", "start"),
    [
        (1, bytes(12) + b"\x08\x00" + IPV4, 14),
        (1, bytes(12) + b"\x86\xdd" + IPV4, 14),
        (1, bytes(12) + b"\x81\x00\x00\x01\x08\x00" + IPV4, 18),
        (1, bytes(12) + b"\x08\x06" + bytes(28), NOT_IP),
        (1, bytes(12) + b"\x88\xcc" + bytes(28), NOT_IP),
        (1, bytes(12) + b"\x88\x47" + bytes(28), EXOTIC),
        (1, bytes(12) + b"\x88\x64" + bytes(28), EXOTIC),
        (1, bytes(12) + b"\x00\x2e" + bytes(46), EXOTIC),
        (1, bytes(13), NOT_IP),
        (1, bytes(12) + b"\x81\x00\x00", NOT_IP),
        (1, b"", NOT_IP),
        (113, bytes(14) + b"\x08\x00" + IPV4, 16),
        (113, bytes(15), NOT_IP),
        (276, b"\x08\x00" + bytes(18) + IPV4, 20),
        (276, b"\x08\x00" + bytes(17), NOT_IP),
        (276, b"\x08\x06" + bytes(18), NOT_IP),
        (0, b"\x02\x00\x00\x00" + IPV4, 4),
        (0, b"\x00\x00\x00\x02" + IPV4, 4),
        (0, b"\x07\x00\x00\x00" + IPV4, NOT_IP),
        (0, b"\x02\x00\x00\x00", NOT_IP),
        (101, IPV4, 0),
        (101, b"\x60" + bytes(39), 0),
        (101, b"\x50" + bytes(39), NOT_IP),
        (101, b"", NOT_IP),
        (127, bytes(40), EXOTIC),
        (65535, bytes(40), EXOTIC),
    ],
)
def test_where_ip_begins(link: int, data: bytes, start: int) -> None:
    assert ip_start(link, data) == start
