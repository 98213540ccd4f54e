"""wsinspect/transport/ip.py and tcp.py: headers that say odd things, seen from outside."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder.conversation import CLIENT, SERVER, Trace
from captures.encoder.packets import ETHERNET, RAW, Host, Link, Quirks
from captures.encoder.websocket import WebSocket
from tests.transport.segments import inspect, packets
from wsinspect.capture.packet import Packet
from wsinspect.report import model
from wsinspect.report.build import connection_report

HOSTS = {4: (CLIENT, SERVER), 6: (Host("2001:db8::10", 50412), Host("2001:db8:1::20", 80))}
IP, TCP = 14, 34
"""Offsets of the headers in an Ethernet packet with IPv4."""


def captured(quirks: Quirks = Quirks(), version: int = 4, link: Link = ETHERNET) -> list[Packet]:  # noqa: B008
    trace = Trace("headers", link)
    client, server = HOSTS[version]
    talk = WebSocket(trace, client=client, server=server)
    talk.client.quirks = talk.server.quirks = quirks
    talk.open_greet_and_close()
    return packets(trace)


def report(captured: list[Packet]) -> list[model.Connection]:
    return [connection_report(connection) for connection in inspect(captured).connections]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("link", [ETHERNET, RAW], ids=["ethernet", "raw"])
@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(ip_options=True),
        Quirks(partial_checksum=True),
        Quirks(zero_ip_length=True),
        Quirks(padding=b"\x00" * 6),
        Quirks(padding=b"\x81\x02hi"),
        Quirks(ip_options=True, padding=b"\xff" * 9, partial_checksum=True),
    ],
    ids=str,
)
def test_what_does_not_matter(quirks: Quirks, version: int, link: Link) -> None:
    usual = report(captured(version=version, link=link))
    assert report(captured(quirks, version, link)) == usual
    assert len(usual) == 1 and usual[0].messages == model.BySide(1, 1)


def changed(packet: Packet, place: int, value: bytes) -> Packet:
    data = packet.data[:place] + value + packet.data[place + len(value) :]
    return packet.replace(data=data)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param(IP, b"\x44", id="an IP header of 16 bytes"),
        pytest.param(IP, b"\x4f", id="an IP header longer than the packet"),
        pytest.param(IP, b"\x55", id="IP version 5"),
        pytest.param(IP, b"\x65", id="an IPv6 header that is none"),
        pytest.param(IP + 2, b"\x00\x14", id="no room for TCP"),
        pytest.param(IP + 2, b"\x00\x27", id="no room for a whole TCP header"),
        pytest.param(IP + 9, b"\x01", id="ICMP"),
        pytest.param(IP + 9, b"\x11", id="UDP"),
        pytest.param(TCP + 12, b"\x40", id="a TCP header of 16 bytes"),
        pytest.param(TCP + 12, b"\xf0", id="a TCP header longer than the packet"),
    ],
)
def test_a_packet_that_contradicts_itself_is_left_out(place: int, value: bytes) -> None:
    """One more packet between the others, a copy of the first frame's: as it is wrong, nothing comes of it."""
    usual = captured()
    frame = next(packet for packet in usual if b"\x81\x85" in packet.data)
    added = changed(frame, place, value)
    position = usual.index(frame) + 1
    # Its bytes may not even be told as a retransmission, so that the reports are the same up to packet numbers.
    with_it = [*usual[:position], added, *usual[position:]]
    assert report(with_it) == report(usual)


@pytest.mark.parametrize("version", [4, 6])
def test_a_cut_packet_leaves_a_gap(version: int) -> None:
    usual = captured(version=version)
    place = next(place for place, packet in enumerate(usual) if b"\x81\x85" in packet.data)
    frame = usual[place]
    usual[place] = frame.replace(data=frame.data[:-3])
    (connection,) = report(usual)
    assert connection.gaps == model.BySide(3, 0)
    assert connection.frames.client.text == 1 and connection.close.client_frame is not None


def test_a_cut_header_leaves_a_gap_that_an_acknowledgement_tells() -> None:
    usual = captured()
    place = next(place for place, packet in enumerate(usual) if b"\x81\x85" in packet.data)
    usual[place] = usual[place].replace(data=usual[place].data[:40])
    (connection,) = report(usual)
    assert connection.gaps == model.BySide(11, 0)


def test_a_length_beyond_the_captured_bytes_is_a_cut() -> None:
    """The IP header says 20 bytes more than there are: they were on the wire, whatever the record says."""
    usual = captured()
    last = next(place for place in range(len(usual) - 1, 0, -1) if b"\x88\x82" in usual[place].data)
    packet = usual[last]
    length = int.from_bytes(packet.data[IP + 2 : IP + 4], "big") + 20
    usual[last] = changed(packet, IP + 2, length.to_bytes(2, "big"))
    (connection,) = report(usual)
    assert connection.gaps.client == 20


def test_ports_tell_connections_apart() -> None:
    trace = Trace("ports")
    for port in (40001, 40002, 40003):
        WebSocket(trace, client=replace(CLIENT, port=port), at=port - 40001).open_greet_and_close()
    inspector = inspect(packets(trace))
    assert [connection_report(connection).client.port for connection in inspector.connections] == [40001, 40002, 40003]
    assert inspector.tcp_streams == 3


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_byte_of_any_header_may_be_anything(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from([4, 6]))
    usual = captured(data.draw(st.sampled_from([Quirks(), Quirks(ip_options=True)])), version)
    place = data.draw(st.integers(0, len(usual) - 1))
    packet = usual[place]
    changes = data.draw(st.lists(st.tuples(st.integers(12, 79), st.integers(0, 255)), min_size=1, max_size=3))
    for at, value in changes:
        if at < len(packet.data):
            packet = changed(packet, at, bytes([value]))
    usual[place] = packet
    assert len(report(usual)) <= 2
