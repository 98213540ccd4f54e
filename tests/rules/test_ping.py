"""Pings that are never answered."""

from dataclasses import replace
from typing import Any

import pytest
from endings import close, ending, fin, ping, side_ending

from wsinspect.rules.ping import missing_pong
from wsinspect.rules.pong import no_keepalive
from wsinspect.rules.rule import Severity
from wsinspect.websocket.side import Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


def test_ignored() -> None:
    server = side_ending(SERVER, unanswered_pings=(ping(40, peer_frames=7), ping(60, peer_frames=8)))
    finding = missing_pong.check(ending(side_ending(CLIENT), server, fin(SERVER, 90)), CLIENT)
    assert finding is not None
    assert (finding.severity, finding.by) == (None, CLIENT)
    assert finding.detail == (
        "2 Pings of the server without a Pong, the first in frame 2, packet 40: acknowledged, 3 other frames of the "
        "client after it, 0.500 s until TCP ended"
    )
    assert missing_pong.check(ending(side_ending(CLIENT), server, fin(SERVER, 90)), SERVER) is None


@pytest.mark.parametrize(
    ("client", "server"),
    [
        ({}, {}),
        # not acknowledged: it may never have arrived
        ({}, {"unanswered_pings": (ping(40, end_offset=1001),)}),
        # nothing came after it: the client may have been gone
        ({"frames": 3}, {"unanswered_pings": (ping(40, peer_frames=3),)}),
        # only a Close came, which may have crossed it
        ({"frames": 4, "close": close(CLIENT, 41)}, {"unanswered_pings": (ping(40, peer_frames=3),)}),
        # the Pong may be in the gap
        ({"last_gap_packet": 41}, {"unanswered_pings": (ping(40),)}),
        ({"in_sync": False}, {"unanswered_pings": (ping(40),)}),
        ({}, {"in_sync": False, "unanswered_pings": (ping(40),)}),
        # a Close had been received
        ({}, {"close": close(SERVER, 39), "unanswered_pings": (ping(40),)}),
    ],
)
def test_excused(client: dict[str, Any], server: dict[str, Any]) -> None:
    facts = ending(side_ending(CLIENT, **client), side_ending(SERVER, **server), fin(SERVER, 90))
    assert missing_pong.check(facts, CLIENT) is None


@pytest.mark.parametrize(("now", "severity"), [(2039, None), (2040, Severity.WARNING)])
def test_while_the_connection_is_open(now: int, severity: Severity | None) -> None:
    server = side_ending(SERVER, unanswered_pings=(ping(40),))
    finding = missing_pong.check(ending(side_ending(CLIENT), server, now=now), CLIENT)
    assert (finding.severity if finding else None) is severity


@pytest.mark.parametrize(("opened_ns", "silence_s", "told"), [(1, 31, True), (1, 29, False), (0, 31, False)])
def test_no_keepalive_is_told_of_a_connection_whose_opening_was_seen(
    opened_ns: int, silence_s: int, told: bool
) -> None:
    """Before a capture that joined late there may have been Pings."""
    facts = replace(
        ending(side_ending(CLIENT), side_ending(SERVER), fin(SERVER, 90)),
        opened_ns=opened_ns,
        longest_silence_ns=silence_s * 10**9,
    )
    assert (no_keepalive.check(facts, SERVER) is not None) is told
    assert no_keepalive.check(facts, CLIENT) is None
