"""What causes are judged by: the measures of one connection, taken once it is over or the capture is.

`t_end` is the first Close, FIN or RST of either side (an RST that the other side ignored does not count), and without
one the last packet. Idle times count new payload only: no bare ACKs, no keep-alives, no retransmissions.
"""

from dataclasses import dataclass
from enum import StrEnum

from wsinspect.transport.marks import ResetMark, Run
from wsinspect.websocket.closing import Ending, SideEnding
from wsinspect.websocket.half import Parting
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.pings import Ping
from wsinspect.websocket.side import Side


class EndKind(StrEnum):
    """What a connection ended with."""

    CLOSE = "Close"
    FIN = "FIN"
    RST = "RST"


@dataclass(frozen=True, slots=True)
class End:
    """The first Close, FIN or RST that counts."""

    kind: EndKind
    by: Side
    packet: int
    time_ns: int
    code: int | None = None
    """Of a Close."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Pings, or a text that serves as a heartbeat, at a steady pace."""

    is_ping: bool
    period: float
    """Seconds."""
    intervals: int
    last_ns: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class SideFacts:
    """What one side did towards the end."""

    side: Side
    last_payload_ns: int = 0
    last_packet_ns: int = 0
    """Of any packet but an RST."""
    parting: Parting | None = None
    ping_period: float = 0.0
    """Mean seconds between its Pings, or from the opening to the only one; 0 without any."""
    beats: tuple[Beat, ...] = ()
    run: Run | None = None
    """The retransmissions that it ended with."""


@dataclass(frozen=True, slots=True)
class Reset:
    """An RST with the packets around it."""

    by: Side
    """Who claims to have sent it."""
    mark: ResetMark
    later_ns: int
    """Time of the claimed sender's last packet; before the RST if none came after it."""
    ignored: bool
    """Whether the connection went on."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A time without new payload in either direction."""

    end_ns: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One connection."""

    id: int
    client: str
    """Address."""
    server: str
    """Address and port."""
    host: str
    path: str
    """Without the query."""
    user_agent: str
    handshake: Handshake
    ending: Ending
    http_text: str
    """What the rule found that finds HTTP where a frame should begin; empty if it found none."""
    started_ns: int
    opened_ns: int | None
    last_ns: int
    seen_until_ns: int
    """Up to here the capture shows that nothing more happened."""
    end: End | None
    idle: float | None
    """Seconds from the last new payload to the end; payload that crossed the end is left out. None if unknown."""
    idle_client: float | None
    """The same for what the client sent …"""
    idle_server: float | None
    """… and the server."""
    rtt: float
    """Seconds; from the TCP handshake, 0 if that was not captured."""
    client_side: SideFacts
    server_side: SideFacts
    resets: tuple[Reset, ...] = ()
    silences: tuple[Silence, ...] = ()
    gap_at_end: bool = False
    """Whether bytes are missing in the last idle period, or frames could not be told apart."""

    def side(self, side: Side) -> SideFacts:
        """What `side` did."""
        return self.client_side if side is Side.CLIENT else self.server_side

    @property
    def is_one_sided(self) -> bool:
        """Whether not one packet of a side was captured: then nobody knows who ended it, nor what was answered."""
        return not (self.client_side.last_packet_ns and self.server_side.last_packet_ns)

    @property
    def end_ns(self) -> int:
        """Time of the end, or of the last packet."""
        return self.end.time_ns if self.end else self.last_ns

    @property
    def open_until_ns(self) -> int:
        """Time of the end, or up to which it was open as far as the capture goes."""
        return self.end.time_ns if self.end else self.seen_until_ns

    @property
    def age(self) -> float | None:
        """Seconds from the 101 to the end; None without either."""
        if self.opened_ns is None or self.end is None:
            return None
        return (self.end.time_ns - self.opened_ns) / 1e9

    @property
    def is_silent_end(self) -> bool:
        """Whether it ended with FIN or RST before any Close."""
        return self.end is not None and self.end.kind is not EndKind.CLOSE

    @property
    def ended_abnormally(self) -> bool:
        """Whether it ended without a Close, with a code that tells of trouble, or never opened."""
        if self.ending.failed:
            return self.handshake.response is not None or bool(self.ending.tcp)
        if self.end is None:
            return False
        return self.end.kind is not EndKind.CLOSE or self.end.code not in (None, 1000, 1001)

    @property
    def long_silence(self) -> float:
        """Seconds of the longest time without payload, the last one included."""
        return max([self.idle or 0.0, *(silence.seconds for silence in self.silences)])

    def ending_of(self, side: Side) -> SideEnding:
        """How `side` ended."""
        return self.ending.side(side)

    def side_name(self, side: Side) -> str:
        """`server side`: behind a balancer or proxy that is not the server itself."""
        return f"{side} side"


def first_unanswered(parting: Parting | None) -> Ping | None:
    """The oldest Ping that a leaving side had no Pong for."""
    return parting.unanswered[0] if parting and parting.unanswered else None
