"""wsinspect/report/ping.py and roundtrips.py: how long Pings took, whose time it was, and what went unanswered."""

import pytest

from captures.encoder.conversation import Trace
from captures.encoder.frames import PING, PONG
from captures.encoder.websocket import WebSocket
from tests.transport.segments import inspect, packets
from wsinspect.report import model
from wsinspect.report.build import connection_report
from wsinspect.report.text import ping_sentence
from wsinspect.websocket.roundtrips import MAX_RTTS, RoundTrip, RoundTrips

RTT = 0.02
"""Seconds of the scripted network, there and back."""


def opened() -> WebSocket:
    talk = WebSocket(Trace(1), rtt=RTT)
    talk.open()
    return talk


def ping_of(talk: WebSocket) -> model.PingTimes:
    return connection_report(inspect(packets(talk.trace)).connections[0]).ping


def test_the_time_is_split_at_the_acknowledgement() -> None:
    talk = opened()
    talk.client.frame(PING, b"1")  # the capture point is beside the client; an empty packet acknowledges
    talk.wait(0.3)
    talk.server.frame(PONG, b"1")
    talk.close(talk.client)
    ping = ping_of(talk)
    assert (ping.sent, ping.answered) == (1, 1)
    assert ping.rtt_median is not None and ping.network_median is not None and ping.peer_median is not None
    assert ping.network_median == pytest.approx(RTT, abs=0.01)
    assert ping.peer_median == pytest.approx(0.3, abs=0.03)
    assert ping.rtt_median == pytest.approx(ping.network_median + ping.peer_median)
    assert (ping.network_max, ping.peer_max) == (ping.network_median, ping.peer_median)
    assert (ping.missed, ping.late, ping.unsolicited) == (model.BySide(0, 0),) * 3


def test_an_acknowledgement_that_travels_with_the_pong_leaves_nothing_for_the_peer() -> None:
    talk = opened()
    talk.client.frame(PING, b"1", acked=False)
    talk.server.receive()
    talk.server.frame(PONG, b"1")
    talk.close(talk.client)
    ping = ping_of(talk)
    assert ping.rtt_median is not None
    assert ping.network_median == ping.rtt_median
    assert ping.peer_median == 0


def test_without_an_acknowledgement_the_parts_are_unknown() -> None:
    talk = opened()
    talk.client.frame(PING, b"1", acked=False)
    talk.server.frame(PONG, b"1")
    talk.close(talk.client)
    ping = ping_of(talk)
    assert ping.rtt_median is not None
    assert (ping.network_median, ping.peer_median) == (None, None)


def test_late() -> None:
    talk = opened()
    talk.server.frame(PING, b"1")
    talk.wait(1.2)
    talk.client.frame(PONG, b"1")
    talk.close(talk.client)
    ping = ping_of(talk)
    assert ping.late == model.BySide(1, 0)
    assert ping.missed == model.BySide(0, 0)
    assert ping_sentence(ping).endswith("; late pongs: client 1")


def test_missed() -> None:
    talk = opened()
    talk.server.frame(PING, b"1")
    talk.wait(1.5)
    talk.client.frame(PING, b"2")  # has no time for an answer
    talk.close(talk.client)
    ping = ping_of(talk)
    assert ping.missed == model.BySide(0, 1)
    assert (ping.sent, ping.answered, ping.rtt_median, ping.network_median) == (2, 0, None, None)
    assert ping_sentence(ping) == "pings: 2 sent, 0 answered; pings without a pong: server 1"


def test_what_was_not_captured_is_not_missed() -> None:
    talk = opened()
    talk.server.frame(PING, b"1")
    talk.client.send(talk.client.encode(PONG, b"1"), captured=False)
    talk.wait(1.5)
    talk.client.text("more")
    talk.close(talk.client)
    assert ping_of(talk).missed == model.BySide(0, 0)


def test_unsolicited() -> None:
    talk = opened()
    talk.client.frame(PONG, b"heartbeat")
    talk.server.frame(PING, b"1")
    talk.client.frame(PONG, b"1")
    talk.client.frame(PONG, b"1")  # a second answer is another thing
    talk.close(talk.client)
    ping = ping_of(talk)
    assert ping.unsolicited == model.BySide(1, 0)
    assert ping.answered == 1


def test_the_median_and_the_longest() -> None:
    talk = opened()
    for wait in (0.1, 0.5, 0.2):
        talk.client.frame(PING, b"1")
        talk.wait(wait)
        talk.server.frame(PONG, b"1")
    talk.close(talk.client)
    ping = ping_of(talk)
    assert ping.peer_median == pytest.approx(0.2, abs=0.03)
    assert ping.peer_max == pytest.approx(0.5, abs=0.03)
    assert "median 2" in ping_sentence(ping)
    assert ", longest 5" in ping_sentence(ping)


def test_the_times_are_limited() -> None:
    trips = RoundTrips()
    for _ in range(MAX_RTTS + 5):
        assert trips.add(10, 11, 13) == RoundTrip(3, 1)
    assert trips.add(10, 0, 13) == RoundTrip(3, None)
    assert len(trips.rtts) == len(trips.network) == len(trips.peer) == MAX_RTTS
    assert RoundTrip(3, None).peer_ns is None
