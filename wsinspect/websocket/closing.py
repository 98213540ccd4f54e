"""How a connection ended, and what the application at each end was told (RFC 6455 §7).

In: what both sides sent: Close frames, acknowledgements, FIN and RST, in order. Out: `Ending`, the facts; and
`close_event`, the verdict: what a program at that end sees in its API, as a browser's page sees in its CloseEvent.
The codes 1005 and 1006 never travel; they are derived here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple, Self

from wsinspect.http2.codes import error_name
from wsinspect.http2.facts import StreamEnd, StreamFacts
from wsinspect.tls.facts import TlsFacts
from wsinspect.websocket.closecodes import describe
from wsinspect.websocket.failing import BAD_DEFLATE, BAD_REASON, BAD_TEXT, MASKS, Breach, failure_code, fatal_breach
from wsinspect.websocket.frames import Unfinished
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.library import Library, library_of
from wsinspect.websocket.message_facts import NO_MESSAGES, Tally
from wsinspect.websocket.pings import Ping
from wsinspect.websocket.side import Side

NO_STATUS: Final = 1005
ABNORMAL: Final = 1006
PROTOCOL_FAILURES: Final = frozenset({1002, 1007})
"""What an endpoint sends when it fails the connection for what the peer sent (RFC 6455 §7.1.7, §7.4.1)."""
HURRY_NS: Final = 100_000_000
"""Within this time nobody has given up waiting for the answer to a Close."""
ACK_DELAY_NS: Final = 500_000_000
"""Within this time a missing acknowledgement says nothing (RFC 1122 §4.2.3.2)."""
KEEPALIVE: Final = "keepalive ping timeout"
"""Reason of the Close with which `websockets` gives up waiting for a Pong."""
TOO_BIG: Final = 1009
AT_ONCE_NS: Final = 1_000_000_000
"""Within this time behind the 101 a client that does not accept it has given up."""


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


def close_event(ending: Ending, side: Side) -> CloseEvent | None:
    """The verdict for `side`; None while it is told nothing, or where the capture does not show enough to know.

    What an endpoint reports follows from what it received, never from what it sent (RFC 6455 §7.1.5).
    """
    if ending.repeat is not None and side is Side.CLIENT:
        return _told_of_repeat(ending.repeat)
    if ending.failed and (side is Side.CLIENT or not ending.opened):
        # The server's program never had a WebSocket. A browser's page sees 1006 and nothing else.
        return _abnormal(_why_failed(ending)) if side is Side.CLIENT and _handshake_over(ending) else None
    if not ending.over or ending.answer_missed or ending.tls is not None:
        return None
    mine, peer = ending.side(side), ending.side(side.peer)
    library = library_of(ending.handshake, side)
    received = peer.close
    if library.needs_subprotocol and _lacks_subprotocol(ending, mine):
        return _abnormal(f"{library.name} gave up on a 101 that selects none of the subprotocols it offered")
    failure = _failure(ending, mine, peer, library)
    if failure is not None:
        return failure
    if library.hurried_server_code is not None and side is Side.SERVER and _hurried(ending, mine, received):
        why = f"the {side} ended TCP right behind its own Close, and {library.name} then tells its program so"
        return CloseEvent(library.hurried_server_code, "", False, why)
    if received is None:
        known = ending.tcp and not peer.may_have_missed_frames
        return _abnormal(f"no Close frame reached the {side} before TCP ended{_by(ending)}") if known else None
    if not received.whole:
        return None
    if not _arrived(ending, mine, peer, received):
        return _abnormal(f"the {peer.side}'s Close did not reach the {side} before TCP ended{_by(ending)}")
    if _refused(mine, peer, received, library):
        why = f"the {side} took the {peer.side}'s Close for broken"
        rule = "invalid-close-code" if received.reason_is_utf8 else BAD_REASON
        return _own_failure(mine, library, why, Breach(rule, received.frame, received.packet))
    if library.answers_every_close and _gave_up_unheard(ending, mine, peer):
        return _abnormal(f"the {side} ended TCP and left the Close unanswered: {library.name} did not accept the 101")
    if library.needs_to_answer and mine.close is None and _reset_by_peer(ending, mine) and not ending.secure:
        return _abnormal(f"the {peer.side}'s RST came before the answer to its Close, and so {library.name} failed")
    if peer.broke_after_close and library.frames_after_close_fail:
        return _abnormal(f"frames followed the {peer.side}'s Close, which {library.name} takes for a failure")
    # A side whose frames cannot be told apart has most likely answered: the peer accepted what it said until then.
    answered = mine.close is not None or not mine.in_sync or _could_not_answer(ending, mine, received)
    clean = library.clean_without_answer or (answered and not (library.reset_spoils and _reset_by_peer(ending, mine)))
    if received.code is None:
        return _without_code(mine, received, library, clean)
    why = f"the {peer.side}'s Close frame reached the {side}"
    if ending.tcp and not peer.close_acknowledged and _reset_by_peer(ending, mine):
        why += " before the RST; some systems discard then what the program has not read yet"
    return CloseEvent(received.code, received.reason, clean, why)


def _failure(ending: Ending, mine: SideEnding, peer: SideEnding, library: Library) -> CloseEvent | None:
    """What this end is told if it failed the connection before any Close reached it; None if it did not."""
    accepted = library.accepts | (library.accepts_with_deflate if ending.handshake.deflate is not None else set())
    over = next((end.packet for end in ending.tcp if _deafens(end, mine)), None)
    breaches = [one for one in peer.breaches if one.rule not in accepted and (over is None or one.packet < over)]
    breach = fatal_breach(breaches, mine.close, peer.close, library)
    if breach is not None and _read_on(peer, library):
        return None
    if _failed(ending, mine, peer, breaches):
        return _own_failure(mine, library, _why_failed_by(mine), breach)
    if breach is None:
        return None
    why = f"the {mine.side} failed the connection for what came before a Close ({breach.rule})"
    return _own_failure(mine, library, why, breach)


def _deafens(end: TcpEnd, mine: SideEnding) -> bool:
    """Whether this end takes nothing in behind it. Who ends its half of an HTTP/2 stream goes on reading the other."""
    return end.kind is TcpEndKind.RST or (end.by is mine.side and end.stream is None)


def _read_on(peer: SideEnding, library: Library) -> bool:
    """Whether the Close counts though it came behind a text for which this end failed the connection."""
    close = peer.close
    if close is None or not library.reads_past_bad_text:
        return False
    return any(one.rule == BAD_TEXT and one.packet == close.packet for one in peer.breaches)


def _own_failure(mine: SideEnding, library: Library, why: str, breach: Breach | None) -> CloseEvent:
    """It failed the connection, for `breach` if that is known: 1006, save where a library tells its own code."""
    own, code = mine.close, failure_code(breach.rule) if breach is not None else ABNORMAL
    reason = ""
    if own is not None and (breach is None or own.packet >= breach.packet):
        code, reason = own.code or ABNORMAL, own.reason
    elif own is not None or (breach is not None and breach.rule == BAD_DEFLATE and library.bad_deflate_code):
        code = ABNORMAL
    if not library.tells_own_failure or mine.side is Side.SERVER or code in (ABNORMAL, library.bad_deflate_code):
        return _abnormal(why)
    return CloseEvent(code, reason, False, f"{why}, and {library.name} tells its program the code it sends")


def _without_code(mine: SideEnding, received: CloseFrame, library: Library, clean: bool) -> CloseEvent:
    why = f"the Close frame that reached the {mine.side} has no code"
    first = mine.close is not None and mine.close.packet < received.packet
    if library.awaits_code and mine.side is Side.CLIENT and not first:
        return _abnormal(f"{why}, and {library.name} waits for another one")
    if library.empty_close_code != NO_STATUS:
        why += f", and {library.name} tells its program {library.empty_close_code}"
    return CloseEvent(library.empty_close_code, "", clean, why)


def _abnormal(why: str) -> CloseEvent:
    return CloseEvent(ABNORMAL, "", False, why)


def _told_of_repeat(repeat: Repeat) -> CloseEvent | None:
    event = repeat.event(Side.CLIENT)
    if event is None:
        return None
    again = f"the client repeated the request with credentials: connection {repeat.id}, TCP stream {repeat.tcp_stream}"
    return replace(event, why=f"{again}; of that its program is told, and {event.why}")


def _by(ending: Ending) -> str:
    return f" ({ending.tcp[0].kind.upper()} by the {ending.tcp[0].by})" if ending.tcp else ""


def _why_failed(ending: Ending) -> str:
    if ending.tls is not None:
        return "TLS could not be set up; RFC 6455 calls that 1015, but no program is told so"
    if ending.refusal:
        return f"the client gave up on the server's 101 ({', '.join(ending.refusal)})"
    if ending.handshake.status is not None:
        return f"the handshake was answered with {ending.handshake.status}, not 101"
    return f"the handshake was not answered before TCP ended{_by(ending)}"


def _why_failed_by(mine: SideEnding) -> str:
    how = "by ending TCP" if mine.close is None else f"with {mine.close.code}" if mine.close.code else "with a Close"
    return f"the {mine.side} failed the connection itself, {how}, before a Close reached it"


def _handshake_over(ending: Ending) -> bool:
    return ending.handshake.response is not None or bool(ending.tcp) or ending.tls is not None


def _lacks_subprotocol(ending: Ending, mine: SideEnding) -> bool:
    """Whether the client offered subprotocols, the server chose none, and the client never sent a frame."""
    handshake = ending.handshake
    chosen = handshake.subprotocol is not None or handshake.response is None
    return mine.side is Side.CLIENT and not mine.frames and not chosen and bool(handshake.offered_subprotocols)


def _hurried(ending: Ending, mine: SideEnding, received: CloseFrame | None) -> bool:
    """Whether this end sent its Close and then, before an answer came, its FIN: sooner than any patience ends."""
    if mine.close is None or not ending.tcp:
        return False
    first = ending.tcp[0]
    own = first.kind is TcpEndKind.FIN and first.by is mine.side
    unanswered = received is None or received.packet > first.packet
    return own and unanswered and first.packet >= mine.close.packet and first.time_ns - mine.close.time_ns < HURRY_NS


def _arrived(ending: Ending, mine: SideEnding, peer: SideEnding, received: CloseFrame) -> bool:
    """Whether the peer's Close reached this end before its TCP was torn down."""
    resets = [end for end in ending.tcp if end.kind is TcpEndKind.RST]
    if any(end.packet < received.packet for end in resets):
        return False
    if any(end.by is mine.side and end.packet < received.packet and end.stream is None for end in ending.tcp):
        # It had sent its FIN. Half-closed it still reads; a socket that is gone answers the Close with an RST.
        return not any(end.by is mine.side for end in resets)
    if not resets or peer.close_acknowledged:
        return True
    if mine.close is not None and mine.close.packet > received.packet:
        return True
    # What TCP got in order before an RST is still read, if the RST was not sent because nothing was acknowledged.
    return resets[0].by is peer.side and resets[0].time_ns - received.time_ns < ACK_DELAY_NS


def _could_not_answer(ending: Ending, mine: SideEnding, received: CloseFrame) -> bool:
    """Whether a stream of HTTP/2 was over for this end with the Close: a browser drops the answer and cancels it."""
    ends = [end for end in ending.tcp if end.stream is not None and end.packet >= received.packet]
    return len(ends) > 1 and ends[0].kind is TcpEndKind.FIN and ends[0].by is not mine.side and ends[1].by is mine.side


def _failed(ending: Ending, mine: SideEnding, peer: SideEnding, breaches: list[Breach]) -> bool:
    """Whether this end failed the connection before any Close reached it: its program saw 1006 then and there.

    The code alone does not say so: a program may close with 1002 as it pleases, and is then told the answer to that.
    """
    close, received = mine.close, peer.close
    if close is None and ending.tcp and ending.tcp[0].by is mine.side:
        # It may also fail the connection without a word (RFC 6455 §7.1.7), in the middle of what it has just received.
        return any(received is None or not breach.is_behind(received) for breach in breaches)
    if close is None or (received is not None and received.packet < close.packet):
        return False
    broken = 0 < peer.first_breach <= close.packet
    if close.code == TOO_BIG:
        return mine.close_follows_large_message or broken
    return (close.code in PROTOCOL_FAILURES and broken) or KEEPALIVE in close.reason


def _gave_up_unheard(ending: Ending, mine: SideEnding, peer: SideEnding) -> bool:
    """Whether this end ended TCP right behind the handshake, and has not said anything, not even to a good Close."""
    first = ending.tcp[0] if ending.tcp else None
    alert = ending.tls_alerts[0 if peer.side is Side.CLIENT else 1]
    return (
        first is not None
        and first.by is mine.side
        and first.stream is None
        and not 0 < alert < first.packet  # or TLS was over before it could answer
        and mine.frames == 0
        and not peer.broke_after_close
        and 0 < ending.opened_ns <= first.time_ns < ending.opened_ns + AT_ONCE_NS
    )


def _refused(mine: SideEnding, peer: SideEnding, received: CloseFrame, library: Library) -> bool:
    """Whether this end took the Close for broken. If it could still answer, the answer shows it."""
    answer = mine.close
    if answer is not None and answer.packet > received.packet:
        if (peer.message_open and library.close_inside_message_counts) or _read_on(peer, library):
            return False
        return answer.code in PROTOCOL_FAILURES and answer.code != received.code
    if len(received.body) == 1:
        return "close-payload-one-byte" not in library.accepts
    if not received.reason_is_utf8:
        return True
    if not received.well_framed and not (received.only_form_wrong and "non-minimal-length" in library.accepts):
        return True
    if any(one.frame == received.frame and one.rule in MASKS - library.accepts for one in peer.breaches):
        return True
    if received.code is None:
        return False
    if library.refused_codes is None:
        return not describe(received.code).allowed_on_wire
    return received.code in library.refused_codes


def _reset_by_peer(ending: Ending, mine: SideEnding) -> bool:
    """Whether TCP ended by an RST of the other side."""
    ends = ending.tcp
    if ends and ends[0].by is mine.side and ends[0].stream is not None and ends[0].kind is TcpEndKind.FIN:
        ends = ends[1:]  # its answer has ended its half of an HTTP/2 stream; the other half is left
    return bool(ends) and ends[0].kind is TcpEndKind.RST and ends[0].by is not mine.side
