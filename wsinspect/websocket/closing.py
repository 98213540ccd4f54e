"""How a connection ended: the facts (RFC 6455 §7). What the programs are told for them is in `verdict.py`.

In: what both sides sent: Close frames, acknowledgements, FIN and RST, in order. Out: `Ending`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Self

from wsinspect.http2.codes import error_name
from wsinspect.http2.facts import StreamEnd, StreamFacts
from wsinspect.tls.facts import TlsFacts
from wsinspect.websocket.failing import Breach
from wsinspect.websocket.frames import Unfinished
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.message_facts import NO_MESSAGES, Tally
from wsinspect.websocket.pings import Ping
from wsinspect.websocket.side import Side


class TcpEndKind(StrEnum):
    """How a side ends TCP."""

    FIN = "fin"
    RST = "rst"


@dataclass(frozen=True, slots=True)
class TcpEnd:
    """A FIN (in its turn behind all data) or an RST."""

    kind: TcpEndKind
    by: Side
    packet: int
    time_ns: int
    stream: StreamEnd | None = None
    """Set if a stream of HTTP/2 ended, not TCP: END_STREAM stands for FIN, RST_STREAM for RST (RFC 8441 §5)."""

    @property
    def name(self) -> str:
        """What was sent: `FIN`, `RST`, `END_STREAM` or `RST_STREAM (CANCEL)`."""
        if self.stream is None:
            return self.kind.value.upper()
        return "END_STREAM" if self.stream.reset is None else f"RST_STREAM ({error_name(self.stream.reset)})"

    @property
    def did(self) -> str:
        """What that does: `ended TCP (FIN)`."""
        verb = "ended" if self.kind is TcpEndKind.FIN else "reset"
        what, sign = ("TCP", self.name) if self.stream is None else ("the HTTP/2 stream", self.name.replace(" (", ", "))
        return f"{verb} {what} ({sign.removesuffix(')')})"


class CarriedSide(NamedTuple):
    """What TCP, or what else carries a WebSocket, knows of the bytes of one side."""

    sent: int
    """Stream offset behind the last byte."""
    acknowledged: int
    """Stream offset up to which the other side acknowledged it."""
    gap_bytes: int
    """Bytes that were not captured."""
    end_may_be_missed: bool
    """Whether the other side acknowledged a FIN that was not captured."""
    fin_acknowledged: bool
    """Whether the other side knows that this one has ended its half."""
    known_unacknowledged: bool
    """Whether packets of the other side show that it had not got all."""
    reset_may_be_missed: bool
    """Whether it sent bytes behind the other side's FIN that were neither acknowledged nor repeated."""
    lacks_close_notify: bool
    """Whether it ended TCP below TLS without the alert that says goodbye."""


@dataclass(frozen=True, slots=True)
class SideEnding:
    """What one side did, as the capture shows it at the end."""

    side: Side
    close: CloseFrame | None
    """Its first Close."""
    close_acknowledged: bool
    """Whether the other side's TCP acknowledged that Close."""
    unacknowledged_bytes: int
    """Bytes it sent that were never acknowledged."""
    in_sync: bool
    """Whether its frames could be told apart to the end."""
    may_have_missed_frames: bool
    """Whether they could not because bytes were not captured; then anything may have been among these."""
    gap_bytes: int
    """Bytes of it that were not captured."""
    last_gap_packet: int
    """Packet that showed the last gap; 0 without one."""
    frames: int
    """Complete frames it sent."""
    last_packet: int
    """Packet of its last frame; 0 without one."""
    unanswered_pings: tuple[Ping, ...]
    """Its Pings that no Pong answered."""
    acknowledged: int
    """Stream offset up to which the other side acknowledged it."""
    broke_after_close: bool
    """Whether it sent more frames after its own Close."""
    breaches: tuple[Breach, ...]
    """The first frame of it that broke each MUST for which the other side may fail the connection."""
    close_follows_large_message: bool
    """Whether its Close came on top of the largest message that the other side had sent."""
    last_breach_ns: int = 0
    """Time of the last frame of it that broke a rule for which a peer may fail the connection."""
    unfinished: Unfinished | None = None
    """The frame of which only a part was sent."""
    message_open: bool = False
    """Whether it left a message unfinished."""
    messages: Tally = NO_MESSAGES
    last_data_ns: int = 0
    """Time of its last data frame."""
    mismatched_pong: int = 0
    """Packet of its last Pong that fitted none of the Pings that waited; 0 without one."""
    answered_unseen_pings: bool = False
    """Whether it sent a Pong that may answer a Ping which was not captured."""
    end_may_be_missed: bool = False
    """Whether the other side acknowledged a FIN that was not captured."""
    fin_acknowledged: bool = False
    known_unacknowledged: bool = False
    """Whether packets of the other side show that `unacknowledged_bytes` are what they seem."""
    reset_may_be_missed: bool = False
    """Whether its last bytes were neither acknowledged nor repeated, as if it had been sent an RST."""
    lacks_close_notify: bool = False
    """Whether it ended TCP below TLS without the alert that says goodbye; False without TLS."""

    @classmethod
    def without_frames(cls, side: Side, gap_bytes: int) -> Self:
        """A side of a connection that never left HTTP."""
        return cls(side, None, False, 0, False, gap_bytes > 0, gap_bytes, 0, 0, 0, (), 0, False, (), False)

    @property
    def first_breach(self) -> int:
        """Packet of the first of `breaches`; 0 without one."""
        return min((breach.packet for breach in self.breaches), default=0)


@dataclass(frozen=True, slots=True)
class Repeat:
    """The connection on which a client repeated a refused request of itself; the program has one WebSocket for both."""

    id: int
    tcp_stream: int
    event: Callable[[Side], "CloseEvent | None"]
    """What the program at an end of it was told."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a connection, or where it stood when the capture ended."""

    handshake: Handshake
    opened: bool
    """Whether frames follow: the server switched, or what was sent shows it though its response was not captured."""
    answer_missed: bool
    """Whether bytes of the server are missing where its response should be, and nothing else tells what it was."""
    refusal: tuple[str, ...]
    """Rules for whose breach the client gave up on the 101; empty if it did not."""
    client: SideEnding
    server: SideEnding
    tcp: tuple[TcpEnd, ...]
    """Every FIN and RST in capture order."""
    last_ns: int
    """Time of the connection's last packet that meant something."""
    now_ns: int
    """Time up to which the capture shows that nothing more happened."""
    tls: TlsFacts | None = None
    """Set if nothing is known of it but what TLS itself shows: its handshake failed, or it cannot be decrypted."""
    opened_ns: int = 0
    """Time of the 101; 0 if it is unknown."""
    last_payload_ns: int = 0
    """Time of the last bytes of either side; 0 without any."""
    longest_silence_ns: int = 0
    """Longest time without a byte of either side before the first Close, FIN or RST."""
    http2: StreamFacts | None = None
    """The stream of HTTP/2 that it is on."""
    tls_alerts: tuple[int, int] = (0, 0)
    """Packets of the first TLS alerts of client and server that could be read, be it close_notify; 0 without one."""
    secure: bool = False
    """Whether there is TLS under it."""
    repeat: Repeat | None = None
    """The request once more, with the credentials for want of which it was refused."""
    tls_failed: bool = False
    """Whether an alert ended TLS before a WebSocket came to be."""

    def side(self, side: Side) -> SideEnding:
        """What `side` did."""
        return self.client if side is Side.CLIENT else self.server

    @property
    def initiator(self) -> Side | None:
        """Who sent the first Close; None if nobody did."""
        first, second = self.client.close, self.server.close
        if first is None or second is None:
            return Side.CLIENT if first else Side.SERVER if second else None
        return Side.CLIENT if (first.time_ns, first.packet) <= (second.time_ns, second.packet) else Side.SERVER

    @property
    def failed(self) -> bool:
        """Whether no WebSocket came to be: no answer, another answer than 101, or a 101 that the client gave up on."""
        if self.tls is not None:
            return self.tls.failure is not None or (bool(self.tcp) and not self.tls.established)
        return bool(self.refusal) or not (self.opened or self.answer_missed)

    @property
    def may_have_failed(self) -> bool:
        """Whether no WebSocket came to be, or half of the handshake is unknown and no frame of the client tells."""
        return self.failed or self.handshake_unknown

    @property
    def handshake_unknown(self) -> bool:
        """Whether request or response was not captured and no frame of the client tells that it was content."""
        seen = self.handshake.request is not None and self.handshake.response is not None
        return not seen and not self.client.frames and self.http2 is None

    @property
    def over(self) -> bool:
        """Whether TCP has begun to end, or both Closes are through."""
        return bool(self.tcp) or (self.client.close is not None and self.server.close is not None)


@dataclass(frozen=True, slots=True)
class CloseEvent:
    """What the application is told."""

    code: int
    reason: str
    was_clean: bool
    """Whether the closing handshake was completed (RFC 6455 §7.1.4)."""
    why: str = field(default="", compare=False)
    """What made it so, in words."""
