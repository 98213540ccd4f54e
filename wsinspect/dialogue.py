"""An open WebSocket: the frames of both directions, in the order in which they passed, and what they break."""

from array import array
from typing import Final

from wsinspect.rules.judge import Judge
from wsinspect.timeline import Timeline
from wsinspect.transport.reassembly import Chunk, Gap
from wsinspect.websocket.closing import SideEnding
from wsinspect.websocket.frames import FrameEvent, FrameHeader, FramePiece, HttpInStream, Opcode, OutOfSync
from wsinspect.websocket.half import CloseFrame, Half, Parting, is_data
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.messages import Message, MessageEvent
from wsinspect.websocket.plain import skip_plain_frames
from wsinspect.websocket.resync import Resynced
from wsinspect.websocket.rhythm import QUIET_NS, Silences
from wsinspect.websocket.side import Side

LARGE_MESSAGE: Final = 1024
"""Bytes from which a message can be the reason of a Close 1009."""
MAX_RTTS: Final = 4096
"""Ping round-trip times kept per connection."""


class Dialogue:
    """What client and server say to each other in frames."""

    __slots__ = ("_judge", "_opened_ns", "_timeline", "client", "rtts", "server", "silences")

    def __init__(
        self, handshake: Handshake, in_sync: tuple[bool, bool], judge: Judge, timeline: Timeline | None
    ) -> None:
        """`in_sync` tells of the client's and the server's bytes whether they begin with a frame."""
        self._judge = judge
        self._timeline = timeline
        self.client = Half(Side.CLIENT, handshake, in_sync[0], keep_payload=timeline is not None)
        self.server = Half(Side.SERVER, handshake, in_sync[1], keep_payload=timeline is not None)
        self.rtts = array("q")
        """Nanoseconds from a Ping to the Pong that answers it, both directions."""
        self.silences = Silences()
        self._opened_ns = handshake.response.end_time_ns if handshake.response else 0

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
        if self._timeline is None:
            plain = skip_plain_frames(half, data)
            if plain:
                half.last_packet, half.last_time_ns = packet, time_ns
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

    def finish(self) -> None:
        """No more bytes will come."""
        for half, peer in ((self.client, self.server), (self.server, self.client)):
            if not half.decoder.synced and half.may_have_missed_frames:
                self._resume(half.resynchroniser.finish(), half, peer)
            for event in half.decoder.finish():
                self._take(event, half, peer)
            half.messages.finish()

    def part(self, side: Side, time_ns: int) -> None:
        """`side` begins to leave, with a Close or by ending TCP: keep how things stand."""
        half, peer = (self.client, self.server) if side is Side.CLIENT else (self.server, self.client)
        if half.parting is None:
            inside = peer.decoder.inside
            announced = inside.length if inside is not None and is_data(inside.opcode) else 0
            messages = peer.messages
            half.parting = Parting(
                time_ns,
                tuple(half.outstanding_pings),
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
        if half.decoder.synced and half.decoder.at_boundary:
            half.rhythm.after_pause(data, time_ns)

    def side_ending(self, side: Side, acknowledged: int, sent: int, gap_bytes: int, first_breach: int) -> SideEnding:
        """What `side` did; stream offsets acknowledged and sent, and bytes missed, are TCP's to know."""
        half = self.half(side)
        close = half.close
        return SideEnding(
            side=side,
            close=close,
            close_acknowledged=close is not None and acknowledged >= close.end_offset,
            unacknowledged_bytes=max(0, sent - acknowledged),
            in_sync=half.decoder.synced,
            may_have_missed_frames=half.may_have_missed_frames,
            gap_bytes=gap_bytes,
            last_gap_packet=half.last_gap_packet,
            frames=half.frames_sent,
            last_packet=half.last_packet,
            unanswered_pings=tuple(half.outstanding_pings),
            acknowledged=acknowledged,
            broke_after_close=half.broke_after_close,
            first_breach=first_breach,
            close_follows_large_message=half.close_follows_large_message,
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
        if self._timeline is not None:
            self._timeline.resynced(half.side, found)
        for piece in found.pieces:
            self._decode(piece, half, peer)

    def _take(self, event: FrameEvent, half: Half, peer: Half) -> None:
        if type(event) is FramePiece:
            self._take_piece(event, half, peer)
        elif isinstance(event, HttpInStream):
            self._judge.fact(event, half)
        else:
            half.messages.lose_sync()

    def _take_piece(self, piece: FramePiece, half: Half, peer: Half) -> None:
        header = piece.header
        opcode = header.opcode
        if piece.first and half.close is not None:
            half.broke_after_close = True
        if piece.first and opcode != Opcode.PONG:  # whether a Pong is in place shows in its payload
            self._judge.frame(header, half)
            half.last_masking_key = header.masking_key if header.masked else None
        message: Message | None = None
        if is_data(opcode):
            facts = half.messages.feed(piece)
            if facts:
                message = self._take_facts(facts, half)
            if piece.last:
                half.counts[opcode] += 1
                half.last_packet, half.last_time_ns = piece.packet, piece.time_ns
        else:
            payload = half.add_control(piece)
            if payload is not None:
                self._take_control(header, payload, piece, half, peer)
                return
        if self._timeline is not None:
            self._timeline.piece(half.side, piece, message=message)

    def _take_facts(self, facts: list[MessageEvent], half: Half) -> Message | None:
        message = None
        for fact in facts:
            if isinstance(fact, Message):
                message = fact
            else:
                self._judge.fact(fact, half)
        return message

    def _take_control(self, header: FrameHeader, payload: bytes, piece: FramePiece, half: Half, peer: Half) -> None:
        """A complete frame that is no data frame."""
        opcode = header.opcode
        close: CloseFrame | None = None
        rtt_ns: int | None = None
        if opcode == Opcode.PONG:
            half.pong_is_owed = half.close_received is None and peer.awaits_pong(payload)
            self._judge.frame(header, half)
            half.last_masking_key = header.masking_key if header.masked else None
            rtt_ns = self._take_pong(payload, piece.time_ns, peer)
        elif opcode == Opcode.PING and half.control_is_whole:
            half.add_ping(header, payload, peer.frames_sent)
        elif opcode == Opcode.CLOSE:
            close = half.add_close(header, payload, piece)
            if half.close is close:
                half.close_follows_large_message = _latest_is_large(peer)
                self.part(half.side, piece.time_ns)
            if close.whole:
                self._judge.close(close, half)
            if peer.close_received is None:
                peer.close_received = close
        half.counts[opcode] += 1
        half.last_packet, half.last_time_ns = piece.packet, piece.time_ns
        if self._timeline is not None:
            self._timeline.piece(half.side, piece, close=close, rtt_ns=rtt_ns)

    def _take_pong(self, payload: bytes, time_ns: int, peer: Half) -> int | None:
        ping = peer.answer_ping(payload)
        if ping is None:
            return None
        rtt_ns = time_ns - ping.time_ns
        if len(self.rtts) < MAX_RTTS:
            self.rtts.append(rtt_ns)
        return rtt_ns


def _latest_is_large(half: Half) -> bool:
    """Whether the latest frame or message of `half` is its largest, and not small."""
    inside = half.decoder.inside
    latest = max(half.messages.latest, half.messages.latest_inflated, inside.length if inside else 0)
    return latest >= max(LARGE_MESSAGE, half.messages.largest)
