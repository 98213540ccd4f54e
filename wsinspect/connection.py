"""One WebSocket connection: its opening handshake, its dialogue, its end."""

from bisect import insort
from dataclasses import replace
from typing import Final

from wsinspect.acknowledgements import Acknowledgements
from wsinspect.dialogue import Dialogue
from wsinspect.http2.facts import StreamEnd, StreamFacts
from wsinspect.neighbours import Neighbours
from wsinspect.rules.handshake_failed import (
    StrayFrame,
    Unanswered,
    frames_after_rejected_handshake,
    handshake_not_answered,
)
from wsinspect.rules.judge import Judge
from wsinspect.rules.refusal import client_refuses
from wsinspect.rules.rule import Place
from wsinspect.rules.thresholds import Thresholds
from wsinspect.rules.violation import Violation
from wsinspect.timeline import Timeline
from wsinspect.tls.facts import TlsFacts
from wsinspect.tls.keylog import NO_KEYS
from wsinspect.transport.channel import Channel
from wsinspect.transport.httphead import RequestHead
from wsinspect.transport.packet_places import PacketPlaces
from wsinspect.transport.reassembly import Chunk, Fin, Gap, Note, Remark, Reset, Syn
from wsinspect.transport.stream import TcpStream
from wsinspect.websocket.closing import CarriedSide, CloseEvent, Ending, Repeat, SideEnding, TcpEnd, TcpEndKind
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side
from wsinspect.websocket.verdict import close_event

MAX_TCP_ENDS: Final = 16
"""FINs and RSTs remembered per connection."""

NO_PACKETS: Final = PacketPlaces()


class Connection:
    """A WebSocket connection, or the attempt to open one."""

    __slots__ = (
        "_asked_late", "_judge", "_neighbours", "_refusal", "_repeat", "_server_began", "acknowledgements",
        "answer_missed", "attempt", "channel", "client_direction", "dialogue", "finished", "handshake", "http2", "id",
        "keys", "last_ns", "opened_ns", "packets", "revision", "seen_until_ns", "started_ns", "stream",
        "tcp_ends", "timeline", "tls",
    )  # fmt: skip

    def __init__(
        self, id: int, stream: TcpStream, channel: Channel, client_direction: int, attempt: int,
        timeline: Timeline | None, neighbours: Neighbours,
    ) -> None:  # fmt: skip
        self.id = id
        """From 1, in the order of first appearance."""
        self.stream = stream
        """The TCP connection."""
        self.channel = channel
        """What carries its bytes: the TCP connection itself, or something on top of it."""
        self.client_direction = client_direction
        """The TCP direction in which the client sends."""
        self.attempt = attempt
        """Attempts to open a WebSocket on this TCP connection before this one."""
        self.timeline = timeline
        """Everything that happens, if it is to be kept."""
        self.tls: TlsFacts | None = None
        """What is known of the TLS under it, if there is any."""
        self.http2: StreamFacts | None = None
        """The stream of HTTP/2 that it is on, if it is on one."""
        self.keys = NO_KEYS
        """The TLS secrets that are known; a replay asks them again."""
        self.revision = 0
        """Grows with every change that a list of connections shows."""
        self.started_ns = stream.time_ns
        self.opened_ns: int | None = None
        self.last_ns = stream.time_ns
        self.handshake = Handshake(None, None)
        self.answer_missed = False
        """Whether bytes of the server are missing where its response should be."""
        self.dialogue: Dialogue | None = None
        """Frames; None before the 101."""
        self.tcp_ends: list[TcpEnd] = []
        """FINs and RSTs in capture order, MAX_TCP_ENDS at most."""
        self.seen_until_ns = 0
        """Once it is finished: time up to which the capture shows that nothing more happened."""
        self.finished = False
        """Whether every rule has been asked and nothing will change any more."""
        self.packets = NO_PACKETS
        """Where the packets of the TCP connection are in the capture file; none unless an index was asked for."""
        self.acknowledgements = Acknowledgements(stream, channel, client_direction)
        """When the other side's TCP had what was sent."""
        self._neighbours = neighbours
        self._asked_late = False  # whether the server has sent something between the request and its being read
        self._server_began = 0  # bytes of the server before the request
        self._judge = Judge(neighbours.thresholds)
        self._repeat: Repeat | None = None
        self._refusal: tuple[str, ...] = ()  # why a client that keeps to the standard gives up on the 101
        if timeline is not None:
            self._judge.on_violation = timeline.violation

    @property
    def thresholds(self) -> Thresholds:
        """What its rules judge by."""
        return self._judge.thresholds

    @property
    def violations(self) -> list[Violation]:
        """In the order of their first occurrence."""
        return list(self._judge.violations.values())

    @property
    def sealed(self) -> bool:
        """Whether nothing is known of it but what TLS itself shows."""
        seen = self.handshake.request or self.handshake.response or self.dialogue
        return self.tls is not None and seen is None

    def carry(self, channel: Channel, client_direction: int) -> None:
        """It was listed as encrypted, and is now known to be carried by `channel`."""
        self.channel, self.client_direction = channel, client_direction
        self.acknowledgements = Acknowledgements(self.stream, channel, client_direction)

    def side_of(self, direction: int) -> Side:
        """Who sends in a TCP direction."""
        return Side.CLIENT if direction == self.client_direction else Side.SERVER

    def request(self, request: RequestHead, handshake: Handshake | None = None) -> None:
        """The client asked; `handshake` if it did so otherwise than over HTTP/1.x."""
        self.handshake = handshake or Handshake(request, None)
        self._changed(request.end_time_ns)
        if self.timeline is not None:
            self.timeline.head(Side.CLIENT, request)
        server = self._direction(Side.SERVER)
        self._server_began = self.channel.sent(server)
        # Behind a gap it is read late; what has come since may be the answer.
        self._asked_late = self.stream.marks.last_ns(server) > request.end_time_ns
        if self.http2 is None:
            self._neighbours.asked(self.id, self.handshake, self._pair, self._judge, self._still_waits)
        self._neighbours.authorised(self.handshake, self._pair, Repeat(self.id, self.stream.number, self.close_event))

    def answer(self, handshake: Handshake) -> None:
        """The server answered: the handshake is complete, for better or worse."""
        response = handshake.response
        assert response is not None
        if handshake.accept is not None and handshake.accept != handshake.expected_accept:
            handshake = replace(handshake, accept_owner=self._neighbours.owner_of_accept(handshake.accept))
        self.handshake = handshake
        self._changed(response.end_time_ns)
        if self.timeline is not None:
            self.timeline.head(Side.SERVER, response)
        self._judge.handshake(handshake)
        self._neighbours.answered(self.id, handshake, self._pair)
        self._neighbours.unauthorised(handshake, self._pair, self._repeated)
        self._refusal = client_refuses(handshake)

    def open(self, client_in_sync: bool) -> None:
        """Frames follow; `client_in_sync` says whether the client's bytes are complete behind its request."""
        response = self.handshake.response
        self.opened_ns = response.end_time_ns if response else None
        self._begin_dialogue(client_in_sync, True)

    def open_unseen(self) -> None:
        """Frames may follow, but what was said before them was not captured: they are sought on both sides."""
        self._begin_dialogue(False, False)

    def open_joined(self) -> None:
        """Frames follow, with the beginning of one first; what was said before them was not captured."""
        self.open_unseen()
        assert self.dialogue is not None
        self.dialogue.client.decoder.resume()
        self.dialogue.server.decoder.resume()

    def open_unread(self) -> None:
        """Frames follow from their beginning on, but the heads before them could not be read."""
        self._begin_dialogue(True, True)

    def _begin_dialogue(self, client_in_sync: bool, server_in_sync: bool) -> None:
        self.dialogue = Dialogue(
            self.handshake, (client_in_sync, server_in_sync), self._judge, self.timeline, self.acknowledgements,
            self._begins_with,
        )  # fmt: skip

    def _repeated(self, repeat: Repeat) -> None:
        self._repeat = repeat
        self.revision += 1

    def _begins_with(self, keys: tuple[bytes, ...], place: Place) -> None:
        self._neighbours.masked(self.id, keys, self._judge, place)

    @property
    def joined_midstream(self) -> bool:
        """Whether the connection was found by its frames alone."""
        return self.dialogue is not None and self.handshake.request is None and self.handshake.response is None

    def feed(self, direction: int, offset: int, data: bytes, packet: int, time_ns: int) -> None:
        """In-order bytes of one direction, behind its head: the parts of a `Chunk`."""
        if self.dialogue is not None:
            self.dialogue.feed(direction == self.client_direction, offset, data, packet, time_ns)
        self.last_ns = time_ns
        self.revision += 1

    def piece(self, piece: Chunk | Gap) -> None:
        """In-order bytes of one direction, behind its head, or their lack."""
        if isinstance(piece, Chunk):
            self.feed(*piece)
        else:
            self.gap(piece)

    def gap(self, gap: Gap) -> None:
        """Bytes of one direction are missing."""
        if self.dialogue is not None:
            self.dialogue.gap(self.side_of(gap.direction), gap)
        else:
            if self.side_of(gap.direction) is Side.SERVER and self.handshake.response is None:
                self.answer_missed = True
            if self.timeline is not None:
                self.timeline.gap(self.side_of(gap.direction), gap, "")
        self._changed(gap.time_ns)

    def tcp(self, event: Syn | Note | Fin | Reset) -> None:
        """Something of TCP that carries no bytes."""
        if self.http2 is not None and self.http2.over:
            return
        side = self.side_of(event.direction)
        if self.timeline is not None:
            self.timeline.tcp(side, event)
        if isinstance(event, Fin | Reset):
            kind = TcpEndKind.FIN if isinstance(event, Fin) else TcpEndKind.RST
            first = not self.stream.end_may_be_missed(1 - event.direction)
            sure = first and not self._bytes_missed(event.direction)
            self._end(TcpEnd(kind, side, event.packet, event.time_ns), sure)

    def end_stream(self, end: StreamEnd) -> None:
        """A side has ended or reset the stream of HTTP/2 that it is on."""
        if self.http2 is None or self.http2.over:
            return
        kind = TcpEndKind.FIN if end.reset is None else TcpEndKind.RST
        it = TcpEnd(kind, self.side_of(end.direction), end.packet, end.time_ns, end)
        self.http2.take_end(end)
        if self.timeline is not None:
            self.timeline.end(it.name, it.by, it.packet, it.time_ns)
        self._end(it, not self._bytes_missed(end.direction))

    def _end(self, end: TcpEnd, peer_complete: bool) -> None:
        if self.dialogue is not None:
            self.dialogue.end_tcp(end.by, end.name, end.packet, end.time_ns, peer_complete)
        if len(self.tcp_ends) < MAX_TCP_ENDS:
            # A FIN behind a gap is delivered later than it was captured.
            insort(self.tcp_ends, end, key=lambda end: end.packet)
        self._changed(end.time_ns)

    def remark(self, remark: Remark) -> None:
        """Something that concerns the connection without being part of it."""
        if self.timeline is not None:
            self.timeline.remark(self.side_of(remark.direction), remark)

    def encrypted(self, time_ns: int) -> None:
        """Bytes came that cannot be decrypted."""
        self._changed(max(time_ns, self.last_ns))

    def finish(self, now_ns: int) -> None:
        """Nothing more will come of this connection; the capture has gone on until `now_ns`."""
        if self.finished:
            return
        self.finished = True
        self.seen_until_ns = max(now_ns, self.last_ns)
        self.revision += 1
        if self.handshake.response is None and self.handshake.request is not None:
            self.answer_missed = self.answer_missed or (self.dialogue is None and self.server_is_unseen)
            self._judge.handshake(self.handshake)
            self._neighbours.answered(self.id, self.handshake, self._pair, certain=not self._answer_may_be_missed())
            self._judge_silence(self.handshake.request, self.seen_until_ns)
        if self.http2 is not None:
            self._judge.stream(self.ending(now_ns))
        if self.dialogue is not None:
            self.dialogue.finish(self.seen_until_ns, bool(self.tcp_ends))
            self._judge.ending(self.ending(now_ns))
            self._compare_legs(self.dialogue)
        if self.timeline is not None:
            self.timeline.finish()

    def release(self) -> None:
        """Nobody asks any more: let go what would keep it in memory."""
        self.dialogue = None

    def ending(self, now_ns: int) -> Ending:
        """The facts of the end, as far as it has come."""
        client, server = self._side_ending(Side.CLIENT), self._side_ending(Side.SERVER)
        gave_up = client.frames == 0 and bool(self.tcp_ends)
        opened = self.handshake.accepted or (self.dialogue is not None and self.dialogue.has_frames)
        return Ending(
            self.handshake,
            opened,
            (self.answer_missed or (self._asked_late and self.handshake.response is None)) and not opened,
            self._refusal if gave_up else (),
            client,
            server,
            tuple(end for end in self.tcp_ends if not self._was_ignored(end)),
            self.last_ns,
            max(now_ns, self.last_ns),
            self.tls if self.sealed else None,
            self.opened_ns or 0,
            self.dialogue.last_payload_ns() if self.dialogue is not None else 0,
            self.dialogue.longest_silence(max(now_ns, self.last_ns)) if self.dialogue is not None else 0,
            self.http2,
            self._first_alerts(),
            self.tls is not None,
            self._repeat,
            self._tls_failed(),
        )

    def close_event(self, side: Side) -> CloseEvent | None:
        """What the application at that end was told; None while nothing, or if it cannot be known."""
        return close_event(self.ending(self.last_ns), side)

    def gap_bytes(self, side: Side) -> int:
        """Bytes of `side` that were not captured."""
        return self.channel.gap_bytes(self._direction(side))

    def _was_ignored(self, end: TcpEnd) -> bool:
        return end.kind is TcpEndKind.RST and end.stream is None and self.stream.marks.outlived(end.time_ns)

    def _direction(self, side: Side) -> int:
        return self.client_direction if side is Side.CLIENT else 1 - self.client_direction

    def _side_ending(self, side: Side) -> SideEnding:
        channel, direction = self.channel, self._direction(side)
        gap_bytes = channel.gap_bytes(direction)
        if self.dialogue is None:
            return SideEnding.without_frames(side, gap_bytes)
        below = CarriedSide(
            channel.sent(direction),
            channel.acknowledged(direction),
            gap_bytes,
            self._end_may_be_missed(direction),
            self.stream.fin_acknowledged(direction),
            self._known_unacknowledged(side),
            self._reset_may_be_missed(side),
            self._lacks_close_notify(direction),
        )
        return self.dialogue.side_ending(side, below)

    def _known_unacknowledged(self, side: Side) -> bool:
        """Whether packets of the other side show that it had not got all: one behind the last bytes, or its RST."""
        if self.dialogue is None:
            return False
        if self.gap_bytes(side.peer) or self.answer_missed or any(reset.ahead for reset in self.stream.marks.resets):
            return False  # a packet of the other side that was not captured may have acknowledged them
        later_ns = self.stream.marks.last_ns(1 - self._direction(side))
        reset = any(end.kind is TcpEndKind.RST and end.by is not side for end in self.tcp_ends)
        head = self.handshake.response if side is Side.SERVER else self.handshake.request
        return reset or later_ns > max(self.dialogue.half(side).last_payload_ns, head.end_time_ns if head else 0)

    def _reset_may_be_missed(self, side: Side) -> bool:
        """Whether what `side` sent behind the other's FIN was neither acknowledged nor repeated: as if it were gone."""
        direction, stream = self._direction(side), self.stream
        fin = any(end.kind is TcpEndKind.FIN and end.by is not side for end in self.tcp_ends)
        return fin and stream.acknowledged(direction) < stream.sent(direction) and stream.marks.run(direction) is None

    def _bytes_missed(self, direction: int) -> bool:
        """Whether bytes of a direction are missing, or may be and it is not known yet."""
        lost_below = self.channel is not self.stream and self.stream.gap_bytes(direction) > 0
        return lost_below or self.stream.waits(direction)

    def _end_may_be_missed(self, direction: int) -> bool:
        """Whether a direction sent something at its end, a FIN at least, that was not captured."""
        if self.stream.end_may_be_missed(direction) or self.stream.waits(direction):
            return True
        # An RST without ACK behind its sender's FIN answers bytes, or a FIN, for a socket that is closed already.
        side, ends = self.side_of(direction), self.tcp_ends
        fin = next((end for end in ends if end.kind is TcpEndKind.FIN and end.by is not side), None)
        if fin is None or self.dialogue is None or any(end.by is side for end in ends):
            return False
        answers = any(one.direction != direction and not one.acknowledges for one in self.stream.marks.resets)
        return answers and self.dialogue.half(side).last_payload_ns <= fin.time_ns and self.channel is self.stream

    def _lacks_close_notify(self, direction: int) -> bool:
        """Whether TLS was set up, all of a direction was captured, and it has no close_notify nor what may be one."""
        tls = self.tls
        if tls is None or not tls.established or self.stream.gap_bytes(direction):
            return False
        return not tls.close_notify[direction] and not tls.likely_alert[direction]

    def _tls_failed(self) -> bool:
        """Whether an alert ended TLS before a WebSocket came to be."""
        if self.tls is None or self.handshake.response or self.dialogue or self.http2:
            return False
        over = self.tcp_ends[0].packet if self.tcp_ends else 0  # what is sent then changes nothing any more
        return any(alert.is_failure and (not over or alert.packet <= over) for alert in self.tls.alerts)

    def _first_alerts(self) -> tuple[int, int]:
        """Packets of the first TLS alert of client and server that could be read; 0 without one."""
        if self.tls is None or not self.tls.alerts:
            return 0, 0
        packets = [[one.packet for one in self.tls.alerts if self.side_of(one.direction) is side] for side in Side]
        return min(packets[0], default=0), min(packets[1], default=0)

    @property
    def server_is_unseen(self) -> bool:
        """Whether the client asks, and not one packet of the server was captured: then its answer was not, either."""
        return self.handshake.response is None and not self.stream.marks.last_ns(self._direction(Side.SERVER))

    @property
    def _pair(self) -> bytes:
        """Who asks whom: the addresses of both ends and the server's port."""
        flow = self.stream.flow
        width = (len(flow) - 4) // 2
        first, second = flow[:width], flow[width : 2 * width]
        return first + second + flow[-2:] if self.client_direction == 0 else second + first + flow[-4:-2]

    def _still_waits(self) -> bool:
        """Whether its request waits for an answer, of which nothing can have been missed."""
        return not (self._answer_may_be_missed() or self.handshake.response or self.tcp_ends)

    def _answer_may_be_missed(self) -> bool:
        return self.answer_missed or self._asked_late or self._bytes_missed(self._direction(Side.SERVER))

    def _judge_silence(self, request: RequestHead, now_ns: int) -> None:
        """A request that has got no answer: not even a byte of one?"""
        if self._answer_may_be_missed() or not self.handshake.asks_for_websocket:
            return
        if self.http2 is not None and self.http2.over:
            return
        end = next((end for end in self.tcp_ends if end.packet > request.last_packet), None)
        sent = self.channel.sent(self._direction(Side.SERVER))
        fin = any(one.kind is TcpEndKind.FIN and one.by is Side.SERVER for one in self.tcp_ends)  # takes an offset
        if sent - fin > self._server_began or self._end_may_be_missed(self._direction(Side.SERVER)):
            return
        waited_ns = (end.time_ns if end else now_ns) - request.end_time_ns
        facts = Unanswered(end, waited_ns, request.packet)
        place = (None, request.packet, request.time_ns)
        self._judge.outside(handshake_not_answered, Side.SERVER, place, facts)

    def stray(self, side: Side, opcode: int, length: int, packet: int, time_ns: int) -> None:
        """What looks like a frame follows a response that opened no WebSocket."""
        facts = StrayFrame(opcode, length, self.handshake.status or 0)
        self._judge.outside(frames_after_rejected_handshake, side, (None, packet, time_ns), facts)

    def _compare_legs(self, dialogue: Dialogue) -> None:
        """Tell what passed, for the case that the other side of a proxy was captured too."""
        key = self.handshake.key
        halves = (dialogue.client, dialogue.server)
        whole = all(half.from_start and half.decoder.synced and not self.gap_bytes(half.side) for half in halves)
        if key is not None and self.handshake.extensions and whole:
            client, server = ((half.messages.count, half.messages.payload_bytes, half.data_frames) for half in halves)
            self._neighbours.finished(self.id, key, (client, server), self._judge)

    def _changed(self, time_ns: int) -> None:
        self.last_ns = time_ns
        self.revision += 1
