"""How long Pings took to be answered, and whose time that was: the network's until TCP acknowledged, then the peer's.

Seen from where the packets were captured. An acknowledgement that travels with the Pong leaves nothing for the peer.
"""

from array import array
from typing import Final, NamedTuple

MAX_RTTS: Final = 4096
"""Ping round-trip times kept per connection."""


class RoundTrip(NamedTuple):
    """From a Ping to the Pong that answers it, in nanoseconds."""

    rtt_ns: int
    network_ns: int | None
    """From the Ping to the acknowledgement that covers it; None if that was not seen."""

    @property
    def peer_ns(self) -> int | None:
        """From the acknowledgement to the Pong."""
        return None if self.network_ns is None else self.rtt_ns - self.network_ns


class RoundTrips:
    """Those of both directions of a connection."""

    __slots__ = ("network", "peer", "rtts")

    def __init__(self) -> None:
        self.rtts = array("q")
        self.network = array("q")
        self.peer = array("q")
        """Nanoseconds, the first MAX_RTTS; the parts only where they are known."""

    def add(self, ping_ns: int, acknowledged_ns: int, pong_ns: int) -> RoundTrip:
        """A Ping was answered; times of the three packets, 0 for an acknowledgement that was not seen."""
        trip = RoundTrip(pong_ns - ping_ns, acknowledged_ns - ping_ns if acknowledged_ns else None)
        if len(self.rtts) < MAX_RTTS:
            self.rtts.append(trip.rtt_ns)
            if acknowledged_ns:
                self.network.append(acknowledged_ns - ping_ns)
                self.peer.append(pong_ns - acknowledged_ns)
        return trip
