"""An open WebSocket: the frames of both directions, in the order in which they passed, and what they break."""

from collections.abc import Callable
from typing import Final

from wsinspect.acknowledgements import Acknowledgements
from wsinspect.heartbeat import Heartbeat
from wsinspect.rules.judge import FAILING, Judge
from wsinspect.rules.reactions import FailureClose, Reactions, failure_of
from wsinspect.rules.rule import Place
from wsinspect.rules.thresholds import nanoseconds
from wsinspect.rules.unfinished import TinyFrames
from wsinspect.timeline import Timeline
from wsinspect.transport.reassembly import Chunk, Gap
from wsinspect.websocket.closing import CarriedSide, SideEnding
from wsinspect.websocket.frames import FrameEvent, FrameHeader, FramePiece, HttpInStream, Opcode, OutOfSync, tls_record
from wsinspect.websocket.half import CloseFrame, CloseReply, Half, Parting, end_of, is_data
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.message_facts import Content, Message, MessageEvent
from wsinspect.websocket.plain import skip_plain_frames
from wsinspect.websocket.resync import Resynced
from wsinspect.websocket.rhythm import QUIET_NS, Silences
from wsinspect.websocket.roundtrips import RoundTrip
from wsinspect.websocket.sample import EarlySubscribe, MaskingKeys, MqttConnect, Subprotocol
from wsinspect.websocket.side import Side

LARGE_MESSAGE: Final = 1024
"""Bytes from which a message can be the reason of a Close 1009."""
_VERY_LONG: Final = 1 << 20
"""From this length on a frame is judged by its header, long before its end."""


class Dialogue:
    """What client and server say to each other in frames."""

    __slots__ = (
        "_acknowledgements", "_first_keys", "_judge", "_on_trial", "_opened_ns", "_reactions", "_timeline", "client",
        "heartbeat", "longest_silence_ns", "server", "silences",
    )  # fmt: skip

    def __init__(
        self, handshake: Handshake, in_sync: tuple[bool, bool], judge: Judge, timeline: Timeline | None,
        acknowledgements: Acknowledgements, first_keys: Callable[[tuple[bytes, ...], Place], None],
    ) -> None:  # fmt: skip
        """`in_sync` tells of the client's and the server's bytes whether they begin with a frame.

        `first_keys` is told the masking keys that the client begins with, if they were captured.
        """
        self._first_keys = first_keys
        self._judge = judge
        self._timeline = timeline
        self._acknowledgements = acknowledgements
        keep, subprotocol, limits = timeline is not None, Subprotocol(handshake), judge.limits
        self.client = Half(Side.CLIENT, handshake, in_sync[0], keep, subprotocol, limits)
        self.server = Half(Side.SERVER, handshake, in_sync[1], keep, subprotocol, limits)
        self._reactions = Reactions(nanoseconds(judge.thresholds.reaction_time))
        self._on_trial = False  # whether a reaction is awaited
        self.heartbeat = Heartbeat(judge, acknowledgements)
        self.silences = Silences()
        self.longest_silence_ns = 0
        """Longest time without a byte before anybody began to leave, and before any Ping or Pong."""
        self._opened_ns = handshake.response.end_time_ns if handshake.response else 0
        self._await_reactions(self.server, 0)

    @property
    def has_frames(self) -> bool:
        """Whether either side has sent a whole frame."""
        return any(self.client.counts) or any(self.server.counts)

    def half(self, side: Side) -> Half:
        """What `side` says."""
        return self.client if side is Side.CLIENT else self.server

    def feed(self, by_client: bool, offset: int, data: bytes, packet: int, time_ns: int) -> None:
        """In-order bytes of the client or of the server, behind its head: the parts of a `Chunk`."""
        half, peer = (self.client, self.server) if by_client else (self.server, self.client)
        if time_ns - half.last_time_ns > QUIET_NS:
            self._after_pause(half, data, time_ns)
        if peer.close is not None:
            peer.answers_after_close = True
        if self._timeline is None and not half.messages.needs_content and not self._on_trial:
            plain = skip_plain_frames(half, data, time_ns)
            if plain:
                half.last_packet = packet
                half.last_time_ns = half.last_data_ns = time_ns
                if half.sampling or half.flood:
                    self._look(half, packet, time_ns)
                if plain == len(data):
                    return
                offset += plain
                data = data[plain:]
        half.last_piece_ns = time_ns
        chunk = Chunk(not by_client, offset, data, packet, time_ns)
        if half.decoder.synced or not half.may_have_missed_frames:
            self._decode(chunk, half, peer)
        else:
            self._resume(half.resynchroniser.feed(chunk), half, peer)
        if half.sampling or half.flood:
            self._look(half, packet, time_ns)

    def _look(self, half: Half, packet: int, time_ns: int) -> None:
        """Judge what the sample of a side has shown, and see whether it is complete."""
        sample = half.sample
        for fact in sample.facts:
            if isinstance(fact, EarlySubscribe | MqttConnect) and not self._both_seen():
                continue
            place = (fact.frame, packet, time_ns)
            self._judge.found(fact, half, place)
            if isinstance(fact, MaskingKeys) and half.from_start and not half.last_gap_packet:
                self._compare_keys(fact.keys, place)
        sample.facts.clear()
        if half.flood:
            self._judge.found(TinyFrames(half.flood), half, (half.flood_frame, packet, time_ns))
            half.flood = 0
        half.sampling = sample.wants_keys or sample.wants_messages
        half.expects_json = sample.expects_json and not sample.wants_messages
        half.messages.collects = sample.wants_messages or sample.expects_json

    def _both_seen(self) -> bool:
        return self._acknowledgements.all_seen(self.client) and self._acknowledgements.all_seen(self.server)

    def _compare_keys(self, keys: tuple[bytes, ...], place: Place) -> None:
        """The client's first masking keys, nothing missed before them: are they those of another connection?"""
        if len(keys) == self._judge.thresholds.mask_sequence_frames:
            self._first_keys(keys, place)

    def gap(self, side: Side, gap: Gap) -> None:
        """Bytes of `side` are missing."""
        half, peer = (self.client, self.server) if side is Side.CLIENT else (self.server, self.client)
        half.last_gap_packet = gap.packet
        if not half.decoder.synced:
            half.resynchroniser.gap()
        events = half.decoder.gap(gap)
        if not half.decoder.synced and any(isinstance(event, OutOfSync) for event in events):
            half.may_have_missed_frames = True
        if self._timeline is not None:
            reason = next((event.reason for event in events if isinstance(event, OutOfSync)), "")
            self._timeline.gap(side, gap, reason)
        for event in events:
            self._take(event, half, peer)

    def finish(self, now_ns: int, ended: bool) -> None:
        """No more bytes will come; the capture has gone on until `now_ns`. `ended`: TCP has begun to end."""
        for half, peer in ((self.client, self.server), (self.server, self.client)):
            if not half.decoder.synced and half.may_have_missed_frames:
                self._resume(half.resynchroniser.finish(), half, peer)
            half.unfinished = half.decoder.unfinished
            for event in half.decoder.finish():
                self._take(event, half, peer)
            half.messages.finish()
            self.heartbeat.finish(half, peer, now_ns, ended)
        for tolerated, place in self._reactions.finish():
            self._judge.found(tolerated, self.half(tolerated.by), place)

    def longest_silence(self, now_ns: int) -> int:
        """Nanoseconds of the longest time without a byte before anybody began to leave, or said Ping or Pong."""
        last_ns = self.last_payload_ns()
        if self.heartbeat.seen or not last_ns:
            return self.longest_silence_ns
        left = [half.parting.time_ns for half in (self.client, self.server) if half.parting is not None]
        return max(self.longest_silence_ns, min([now_ns, *left]) - last_ns)

    def end_tcp(self, side: Side, how: str, packet: int, time_ns: int, first: bool) -> None:
        """`side` sent a FIN or an RST; `first`: the other one cannot have done so before unseen."""
        half, peer = (self.client, self.server) if side is Side.CLIENT else (self.server, self.client)
        first = first and not peer.ended
        half.ended = True
        failed = self._reactions.ended(half, how, time_ns, packet, first)
        if failed is not None and half.decoder.synced:
            self._judge.found(failed, half, (None, packet, time_ns))
        self.part(side, time_ns)

    def part(self, side: Side, time_ns: int) -> None:
        """`side` begins to leave, with a Close or by ending TCP: keep how things stand."""
        half, peer = (self.client, self.server) if side is Side.CLIENT else (self.server, self.client)
        if half.parting is None:
            inside = peer.decoder.inside
            announced = inside.length if inside is not None and is_data(inside.opcode) else 0
            messages = peer.messages
            half.parting = Parting(
                time_ns,
                tuple(half.pings.outstanding),
                max(messages.latest, announced),
                messages.latest_inflated,
                messages.accepted,
                peer.last_payload_ns,
            )

    def last_payload_ns(self) -> int:
        """Time of the last bytes of either side behind its head; that of the 101 before any came."""
        return max(self.client.last_payload_ns, self.server.last_payload_ns, self._opened_ns)

    def _after_pause(self, half: Half, data: bytes, time_ns: int) -> None:
        """New bytes of a side that was quiet: do they end a silence, and are they a heartbeat?"""
        last = self.last_payload_ns()
        if last:
            self.silences.add(time_ns, time_ns - last)
            if not self.heartbeat.seen and self.client.parting is None and self.server.parting is None:
                self.longest_silence_ns = max(self.longest_silence_ns, time_ns - last)
        # What follows the other side's bytes at once is an answer, or an echo: no heartbeat of its own.
        if time_ns - last > QUIET_NS and half.decoder.synced and half.decoder.at_boundary:
            half.rhythm.after_pause(data, time_ns)

    def side_ending(self, side: Side, below: CarriedSide) -> SideEnding:
        """What `side` did; `below` is what its carrier knows."""
        half = self.half(side)
        close = half.close
        return SideEnding(
            side=side,
            close=close,
            close_acknowledged=close is not None and below.acknowledged >= close.end_offset,
            unacknowledged_bytes=max(0, below.sent - below.acknowledged),
            in_sync=half.decoder.synced,
            may_have_missed_frames=half.may_have_missed_frames,
            gap_bytes=below.gap_bytes,
            last_gap_packet=half.last_gap_packet,
            frames=half.frames_sent,
            last_packet=half.last_packet,
            unanswered_pings=tuple(half.pings.outstanding),
            acknowledged=below.acknowledged,
            broke_after_close=half.broke_after_close,
            breaches=self._judge.frame_breaches(side),
            close_follows_large_message=half.close_follows_large_message,
            unfinished=half.unfinished,
            message_open=half.message_open and half.message_state_known,
            messages=half.messages.tally,
            last_data_ns=half.last_data_ns,
            mismatched_pong=half.mismatched_pong,
            answered_unseen_pings=half.answered_unseen_pings,
            last_breach_ns=self._judge.last_breach_ns(side),
            end_may_be_missed=below.end_may_be_missed,
            fin_acknowledged=below.fin_acknowledged,
            known_unacknowledged=below.known_unacknowledged,
            reset_may_be_missed=below.reset_may_be_missed,
            lacks_close_notify=below.lacks_close_notify,
        )

    def _decode(self, chunk: Chunk, half: Half, peer: Half) -> None:
        for event in half.decoder.feed(chunk):
            self._take(event, half, peer)

    def _resume(self, found: Resynced | None, half: Half, peer: Half) -> None:
        """Decode on from where the frame boundaries were found again."""
        if found is None:
            return
        half.decoder.resume()
        half.last_masking_key = None
        half.sample.lose_keys()
        if self._timeline is not None:
            self._timeline.resynced(half.side, found)
        for piece in found.pieces:
            self._decode(piece, half, peer)

    def _take(self, event: FrameEvent, half: Half, peer: Half) -> None:
        if type(event) is FramePiece:
            self._take_piece(event, half, peer)
        elif isinstance(event, HttpInStream):
            self._judge.fact(event, half)
            self._await_reactions(half, event.offset + 1)
        else:
            half.messages.lose_sync()

    def _take_piece(self, piece: FramePiece, half: Half, peer: Half) -> None:
        header = piece.header
        opcode = header.opcode
        if piece.first and half.close is not None:
            half.broke_after_close = True
        if piece.first and opcode != Opcode.PONG:  # whether a Pong is in place shows in its payload
            self._begin_frame(header, half)
        if header.rsv and not header.fin:
            self._look_for_tls(piece, half)
        message: Message | None = None
        if is_data(opcode):
            facts = half.messages.feed(piece)
            if facts:
                message = self._take_facts(facts, header, half)
            if piece.last:
                self._end_data_frame(header, piece, half, peer)
        else:
            payload = half.add_control(piece)
            if payload is not None:
                self._take_control(header, payload, piece, half, peer)
                return
        if self._timeline is not None:
            self._timeline.piece(half.side, piece, message=message)

    def _begin_frame(self, header: FrameHeader, half: Half) -> None:
        """The header of a frame; of a Pong's once its payload is known."""
        self._judge.frame(header, half)
        half.last_masking_key = header.masking_key if header.masked else None
        if header.masked and half.sample.wants_keys:
            half.sample.key(header.masking_key, header.number, header.time_ns)
        if self._judge.fresh:
            self._await_reactions(half, end_of(header) if header.length < _VERY_LONG else header.offset + 1)

    def _end_data_frame(self, header: FrameHeader, piece: FramePiece, half: Half, peer: Half) -> None:
        half.counts[header.opcode] += 1
        half.last_packet = piece.packet
        half.last_time_ns = half.last_data_ns = piece.time_ns
        if header.fin and header.opcode == Opcode.CONTINUATION:
            half.final_fragment_end = end_of(header)
        if header.length <= half.tiny_bytes:
            half.add_tiny(header.number, piece.time_ns)
        if self._on_trial:
            self._went_on(half, peer, "it sent data", (header.number, piece.packet, piece.time_ns))

    def _look_for_tls(self, piece: FramePiece, half: Half) -> None:
        """The third byte of a TLS record is the first one of what the frame decoder takes for a payload."""
        header = piece.header
        if piece.data and piece.packet >= header.packet and (piece.first or half.tls_suspect == header.number):
            record = tls_record(header, piece.data)
            if record is not None:
                self._judge.found(record, half, (header.number, header.packet, header.time_ns))
        half.tls_suspect = header.number if piece.first and not piece.data else -1

    def _take_facts(self, facts: list[MessageEvent], header: FrameHeader, half: Half) -> Message | None:
        message = None
        for fact in facts:
            if isinstance(fact, Message):
                message = fact
            elif isinstance(fact, Content):
                half.sample.message(fact.opcode, fact.data, fact.frame)
                self._look(half, fact.packet, fact.time_ns)
            else:
                self._judge.fact(fact, half)
        if self._judge.fresh:
            self._await_reactions(half, end_of(header))
        return message

    def _take_control(self, header: FrameHeader, payload: bytes, piece: FramePiece, half: Half, peer: Half) -> None:
        """A complete frame that is no data frame."""
        opcode = header.opcode
        close: CloseFrame | None = None
        trip: RoundTrip | None = None
        if opcode == Opcode.PONG:
            self.heartbeat.expect(payload, half, peer)
            self._begin_frame(header, half)
            trip = self.heartbeat.pong(payload, piece, half, peer)
            if self._on_trial:
                self._went_on(half, peer, "it sent a Pong", (header.number, piece.packet, piece.time_ns))
        elif opcode == Opcode.PING:
            self.heartbeat.ping(header, payload, piece.time_ns, half, peer)
        elif opcode == Opcode.CLOSE:
            close = self._take_close(header, payload, piece, half, peer)
        half.counts[opcode] += 1
        half.last_packet, half.last_time_ns = piece.packet, piece.time_ns
        if self._timeline is not None:
            self._timeline.piece(half.side, piece, close=close, trip=trip)

    def _take_close(self, header: FrameHeader, payload: bytes, piece: FramePiece, half: Half, peer: Half) -> CloseFrame:
        close = half.add_close(header, payload, piece)
        first = half.close is close
        if first:
            half.close_follows_large_message = _latest_is_large(peer)
            half.answers_after_close = False
            received = peer.close
            half.close_in_the_dark = not self._both_seen()
            # Bytes that are delivered late, behind a gap, are no sign of what came first.
            if received is not None and received.packet <= close.packet and not half.close_in_the_dark:
                had_arrived = self._acknowledgements.reached(peer.side, received.end_offset)
                acknowledged_ns = self._acknowledgements.time_ns(peer.side, received.end_offset)
                data = half.data_frames - half.data_at_close
                half.close_reply = CloseReply(received, had_arrived, acknowledged_ns, data)
            self._acknowledgements.watch(half.side, close.end_offset)
            self._reactions.closed(close, self._acknowledgements.offset(peer.side))
            self.part(half.side, piece.time_ns)
        if close.whole:
            self._judge.close(close, half)
            if first and failure_of(close):
                self._judge.found(self._failure(close, peer), half, (close.frame, close.packet, close.time_ns))
            if self._judge.fresh:
                self._await_reactions(half, close.end_offset)
        if peer.close_received is None:
            peer.close_received = close
            peer.data_at_close = peer.data_frames
        return close

    def _failure(self, close: CloseFrame, peer: Half) -> FailureClose:
        """A Close that says that its sender fails the connection: for what?"""
        breaches = [one for one in self._judge.breaches(peer.side) if (one.packet or 0) <= close.packet]
        since_ns = close.time_ns - nanoseconds(self._judge.thresholds.reaction_time)
        recent = tuple(one.rule for one in breaches if (one.last_time_ns or 0) >= since_ns)
        all_seen = self._both_seen()
        causes = tuple(rule for rule in recent if rule in FAILING)
        return FailureClose(close, causes, bool(breaches), all_seen and not peer.unknown_extension)

    def _await_reactions(self, half: Half, end: int) -> None:
        """What was broken in the frame that ends at stream offset `end`: does the other side mind?"""
        for rule, by, place in self._judge.fresh:
            if by is half.side:
                self._reactions.breach(rule, by, place, end)
                self._on_trial = True
        self._judge.fresh.clear()

    def _went_on(self, half: Half, peer: Half, what: str, place: Place) -> None:
        """`half` sends something that is no sign of failure."""
        if half.close is None:
            acknowledged = self._acknowledgements.offset(peer.side)
            for tolerated, where in self._reactions.went_on(half, peer, acknowledged, what, place):
                self._judge.found(tolerated, half, where)
            self._on_trial = bool(self._reactions.cases)


def _latest_is_large(half: Half) -> bool:
    """Whether the latest frame or message of `half` is its largest, and not small."""
    inside = half.decoder.inside
    latest = max(half.messages.latest, half.messages.latest_inflated, inside.length if inside else 0)
    return latest >= max(LARGE_MESSAGE, half.messages.largest)
