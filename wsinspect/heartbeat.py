"""Pings and Pongs of an open WebSocket: which answers which, and how soon (RFC 6455 §5.5.2, §5.5.3)."""

from wsinspect.acknowledgements import Acknowledgements
from wsinspect.rules.judge import Judge
from wsinspect.rules.pong import Mismatch, PingBurst, Pong
from wsinspect.rules.thresholds import nanoseconds
from wsinspect.websocket.frames import FrameHeader, FramePiece
from wsinspect.websocket.half import Half, end_of
from wsinspect.websocket.pings import UNKNOWN_FRAMES, Answer
from wsinspect.websocket.roundtrips import RoundTrip, RoundTrips
from wsinspect.websocket.side import Side


class Heartbeat:
    """Those of both directions of a connection."""

    __slots__ = ("_acknowledgements", "_judge", "_mismatches", "round_trips", "seen", "slow_ns")

    def __init__(self, judge: Judge, acknowledgements: Acknowledgements) -> None:
        self.round_trips = RoundTrips()
        self.seen = False
        """Whether any Ping or Pong has passed."""
        self.slow_ns = nanoseconds(judge.thresholds.pong_slow)
        """From when on a Pong is late."""
        self._judge = judge
        self._acknowledgements = acknowledgements
        self._mismatches: dict[Side, Mismatch] = {}  # Pongs that fit no Ping, while one that does may still come

    def ping(self, header: FrameHeader, payload: bytes, time_ns: int, half: Half, peer: Half) -> None:
        """Take a Ping of `half`; one with a hole is not waited for."""
        self.seen = True
        if not half.control_is_whole:
            return
        half.add_ping(header, payload, peer.frames_sent if peer.decoder.synced else UNKNOWN_FRAMES)
        self._acknowledgements.watch(half.side, end_of(header))
        burst = half.ping_burst.add(time_ns)
        if burst:
            self._judge.found(PingBurst(burst), half, (header.number, header.packet, header.time_ns))

    def expect(self, payload: bytes, half: Half, peer: Half) -> None:
        """A Pong of `half` comes: whether it is in place is known before its header is judged."""
        self.seen = True
        asked = peer.pings.awaits(payload) or not self._acknowledgements.all_seen(peer)
        half.pong_is_owed = half.close_received is None and asked
        half.answers_after_close = _answers_later_ping(payload, half, peer)

    def pong(self, payload: bytes, piece: FramePiece, half: Half, peer: Half) -> RoundTrip | None:
        """Take a Pong of `half` that was expected so; the round trip it ends, if any."""
        header = piece.header
        answer = peer.pings.answer(payload, header.packet, piece.time_ns)
        if answer is None:
            return None
        ping = answer.ping
        place = (header.number, header.packet, header.time_ns)
        all_seen = self._acknowledgements.all_seen(peer)
        if ping is None and not all_seen:
            half.answered_unseen_pings = True
        if half.control_is_whole and not (half.close is not None and not half.pong_is_owed):
            if ping is None and answer.outstanding and not answer.repeats_ns:
                self._note_mismatch(Mismatch(payload, answer.outstanding, *place), half, peer)
            else:
                if ping is not None:
                    self._match(half, peer, piece.time_ns)
                self._judge.found(self._facts(answer, payload, piece.time_ns, half, peer), half, place)
        if ping is None:
            half.pongs_unsolicited += not (answer.outstanding or answer.repeats_ns) and all_seen
            return None
        acknowledged_ns = self._acknowledgements.time_ns(peer.side, ping.end_offset)
        trip = self.round_trips.add(ping.time_ns, acknowledged_ns, piece.time_ns)
        half.pongs_late += trip.rtt_ns >= self.slow_ns
        return trip

    def finish(self, half: Half, peer: Half, now_ns: int, ended: bool) -> None:
        """No more Pongs of `half` will come; the capture has gone on until `now_ns`. `ended`: TCP has begun to end."""
        mismatch = self._mismatches.pop(half.side, None)
        if mismatch is not None and (ended or now_ns - mismatch.time_ns >= self.slow_ns):
            self._tell_mismatch(mismatch, half, peer)

    def _facts(self, answer: Answer, payload: bytes, time_ns: int, half: Half, peer: Half) -> Pong:
        ping = answer.ping
        acknowledgements = self._acknowledgements
        acknowledged_ns = acknowledgements.time_ns(peer.side, ping.end_offset) if ping is not None else 0
        held_up = (
            ping is not None
            and 0 <= ping.inside < peer.messages.count
            and acknowledgements.reached(peer.side, peer.final_fragment_end)
        )
        since = max(1, time_ns - answer.repeats_ns) if answer.repeats_ns else 0
        seen = acknowledgements.all_seen(peer)
        if not seen or (not payload and since > self.slow_ns):
            since = 0  # an unseen Ping may be what it answers, and empty Pongs of a heartbeat all look alike
        sure = seen and half.nothing_missed and not half.answered_unseen_pings
        skipped = answer.skipped if sure else 0
        return Pong(payload, ping, skipped, since, acknowledged_ns, held_up, seen, time_ns)

    def _note_mismatch(self, mismatch: Mismatch, half: Half, peer: Half) -> None:
        self._match(half, peer, mismatch.time_ns, fits=False)
        self._mismatches.setdefault(half.side, mismatch)

    def _match(self, half: Half, peer: Half, time_ns: int, fits: bool = True) -> None:
        """A Pong came: one that `fits` clears a mismatched one if it follows soon."""
        mismatch = self._mismatches.get(half.side)
        if mismatch is None:
            return
        late = time_ns - mismatch.time_ns > self.slow_ns
        if late:
            self._tell_mismatch(mismatch, half, peer)
        if late or fits:
            del self._mismatches[half.side]

    def _tell_mismatch(self, mismatch: Mismatch, half: Half, peer: Half) -> None:
        if half.nothing_missed and peer.nothing_missed:
            half.mismatched_pong = mismatch.packet
            self._judge.found(mismatch, half, (mismatch.frame, mismatch.packet, mismatch.time_ns))


def _answers_later_ping(payload: bytes, half: Half, peer: Half) -> bool:
    """Whether a Pong behind its sender's own Close answers a Ping that came after that."""
    close = half.close
    return close is not None and any(
        ping.payload == payload and ping.packet > close.packet for ping in peer.pings.outstanding
    )
