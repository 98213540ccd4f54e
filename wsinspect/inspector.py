"""All connections of a capture: packets go in, WebSocket connections come out."""

from collections import Counter, deque
from typing import Final

from wsinspect.capture.packet import Packet
from wsinspect.connection import Connection
from wsinspect.conversation import Conversation
from wsinspect.layers.beginning import BeginningLayer
from wsinspect.neighbours import Neighbours
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.timeline import Timeline
from wsinspect.tls.familiar import FamiliarClients
from wsinspect.tls.keylog import KeyLog
from wsinspect.transport import ip
from wsinspect.transport.channel import Channel
from wsinspect.transport.exotic import ExoticDissector
from wsinspect.transport.marks import TCP_BYTES
from wsinspect.transport.reassembly import Note, Oddity
from wsinspect.transport.stream import StreamTable, TcpStream
from wsinspect.transport.tcp import ACK, FIN, NUMBERS, RST, SYN, Segment, parse_segment

LINGER_NS: Final = 2_000_000_000
"""Packet time for which an ended connection is kept open to stragglers (retransmissions, a second RST)."""

MAX_STREAMS: Final = 65536
"""TCP connections remembered when the input has no end; only open WebSockets and busy connections may be more."""
ABANDONED_NS: Final = 60_000_000_000
"""Packet time of silence after which a TCP connection that brought no WebSocket may be forgotten."""

LONGEST_REST_NS: Final = 24 * 3600 * 1_000_000_000
"""How long a capture may say that it went on behind its latest packet. Beyond, a wrong clock is more likely."""

_NONE: Final[list[Connection]] = []
_EXOTIC: Final = ip.EXOTIC[0]


class Inspector:
    """Finds every WebSocket connection in the packets it is fed, in capture order."""

    def __init__(
        self, *, index: bool = False, timelines: bool = False, keys: KeyLog | None = None, all_tls: bool = False,
        thresholds: Thresholds = DEFAULTS,
    ) -> None:  # fmt: skip
        """`index` keeps where each connection's packets are in the file; `timelines` keeps all that happens on each.

        With `keys` TLS is decrypted. What cannot be is listed if it is probably a WebSocket; with `all_tls`, always.
        Rules judge by `thresholds`.
        """
        self.connections: list[Connection] = []
        """In the order of first appearance. Who has no memory for more may take ended ones out."""
        self.packets = 0
        self.bytes = 0
        """Captured bytes of all packets."""
        self.copies = 0
        """Packets that were captured a moment before already, as mirror ports have it; their bytes count once."""
        self.first_ns: int | None = None
        self.last_ns = 0
        """Times of the first packet and of the latest one."""
        self.only: int | None = None
        """The attempt on each TCP connection whose timeline is wanted; None: every one."""
        self._number = 0  # of the latest packet
        self._begun = 0  # connections, those taken out included
        self._index = index
        self._timelines = timelines
        self._keys = KeyLog() if keys is None else keys
        self._all_tls = all_tls
        self._familiar = FamiliarClients()
        self._neighbours = Neighbours(thresholds)
        self._table = StreamTable()
        self._conversations: dict[int, Conversation] = {}  # by stream number, those that may still bring something
        self._ended: deque[tuple[int, Conversation]] = deque()  # with the time of the end, oldest first
        self._exotic = ExoticDissector()
        self._unread: Counter[str] = Counter()  # HTTP/2 connections whose header fields were not all read, by why
        self._trim_at = MAX_STREAMS

    @property
    def tcp_streams(self) -> int:
        """TCP connections seen, WebSocket or not."""
        return self._table.count

    @property
    def problems(self) -> list[str]:
        """What of the packets could not be looked into, and why."""
        fragments = self._exotic.fragments
        counts = (
            (self._exotic.undissected, "packets contradict themselves inside and were left out"),
            (fragments.timed_out, "IP datagrams were left out: some of their fragments were not captured"),
            (fragments.evicted, "IP datagrams were left out: too many fragments waited at once"),
            (fragments.malformed, "IP fragments were left out: they fit into no datagram"),
        )
        problems = [f"{count} {what}" for count, what in counts if count]
        unread = self._unread + Counter(one.problem for one in self._conversations.values() if one.problem)
        return problems + [
            f"{count} HTTP/2 connections: WebSockets may be missing, for {why}" for why, count in unread.items()
        ]

    def feed(self, packet: Packet) -> list[Connection]:
        """Take the next packet; returns the connections that are over for good with it (most often none)."""
        data, time_ns = packet.data, packet.time_ns
        self.packets += 1
        self._number = packet.number
        self.bytes += len(data)
        if self.first_ns is None:
            self.first_ns = time_ns
        if time_ns > self.last_ns:
            self.last_ns = time_ns
        start, end, flow = ip.find_tcp(packet.link_type, data)
        if start >= 0:
            self._feed_tcp(packet, data, start, end, flow)
        elif start == _EXOTIC:
            self._feed_exotic(packet)
        if self._ended and self._ended[0][0] + LINGER_NS < time_ns:
            return self._finish_ended(time_ns)
        return _NONE

    def feed_batch(self, packets: list[Packet]) -> list[Connection]:
        """Take the next packets; returns the connections that are over for good with them."""
        ended: list[Connection] = []
        for packet in packets:
            over = self.feed(packet)
            if over:
                ended += over
        return ended

    def advance(self, time_ns: int) -> list[Connection]:
        """The capture has gone on until `time_ns` and brought nothing; the connections that are over by then."""
        return self._finish_ended(time_ns)

    def trim(self) -> None:
        """Forget the oldest TCP connections that bring nothing any more, if there are many: for input without an end.

        A straggler of one that was forgotten begins another connection, with a number of its own.
        """
        table = self._table
        if len(table) <= self._trim_at:
            return
        wanted = MAX_STREAMS * 3 // 4
        table.forget_over(len(table) - wanted)
        useless = [
            stream
            for stream, direction in table.by_flow.values()
            if not direction and (stream.ignored or self._is_abandoned(stream))
        ]
        for stream in useless[: max(0, len(table) - wanted)]:
            table.forget(stream)
            if stream.number in self._conversations:
                self._drop(self._conversations[stream.number])
        # Not with every call, if they are all wanted.
        self._trim_at = max(MAX_STREAMS, len(table) + MAX_STREAMS // 4)

    def _is_abandoned(self, stream: TcpStream) -> bool:
        """Whether nothing has passed for long, and no WebSocket before."""
        conversation = self._conversations.get(stream.number)
        if conversation is not None and conversation.connections:
            return False
        return max(stream.marks.last_ns(0), stream.marks.last_ns(1)) + ABANDONED_NS < self.last_ns

    def finish(self, end_ns: int = 0) -> list[Connection]:
        """There are no more packets: the connections that were not over yet.

        `end_ns` is until when the capture has gone on, if that is known: silence until then is a fact.
        """
        if self.packets and end_ns - self.last_ns <= LONGEST_REST_NS:
            self.last_ns = max(self.last_ns, end_ns)
        finished: list[Connection] = []
        for conversation in list(self._conversations.values()):
            finished += self._finish(conversation)
        self._ended.clear()
        # What further packets would have been compared with, some 500 bytes for each connection.
        self._table.clear()
        self._neighbours = Neighbours(self._neighbours.thresholds)
        return finished

    def _feed_exotic(self, packet: Packet) -> None:
        """Take the complete road: a tunnel, a fragment, a link layer that is not common."""
        fragments = self._exotic.fragments
        fragments.carrier = (packet.offset, packet.number)
        fragments.carriers = []
        for data in self._exotic.feed(packet.link_type, packet.data, packet.time_ns):
            start, end, flow = ip.find_tcp_in_ip(data, 0)
            if start >= 0:
                self._feed_tcp(packet, data, start, end, flow)
                if self._index:
                    self._index_fragments(flow, fragments.carriers[:-1])

    def _index_fragments(self, flow: bytes, earlier: list[tuple[int, int]]) -> None:
        """A datagram came in several packets: to read it again takes the earlier ones, too."""
        found = self._table.by_flow.get(flow) if earlier else None  # none for what is no TCP segment after all
        conversation = self._conversations.get(found[0].number) if found else None
        if conversation is not None:
            for offset, number in earlier:
                conversation.packets.insert(offset, number)

    def _feed_tcp(self, packet: Packet, data: bytes, start: int, end: int, flow: bytes) -> None:
        """Take a packet in which TCP was found."""
        found = self._table.by_flow.get(flow)
        if found is not None and end <= len(data) and self._takes_next(packet, data, start, end, found[0], found[1]):
            return
        segment = parse_segment(data, start, end, flow, packet.number, packet.time_ns)
        if segment is not None:
            self._feed_segment(segment, packet, data, start)

    def _takes_next(self, packet: Packet, data: bytes, start: int, end: int, stream: TcpStream, direction: int) -> bool:
        """Whether the packet brings just the next bytes of its direction, as nearly every one does; if so, take it."""
        payload_start = start + (data[start + 12] >> 4 << 2)
        if data[start + 13] & (SYN | FIN | RST | ACK) != ACK or not start + 20 <= payload_start <= end:
            return False
        if stream.ignored:
            return True
        seq: int  # declared, since to the compiler a struct's fields could be anything
        ack: int
        seq, ack = NUMBERS.unpack_from(data, start + 4)
        payload = data[payload_start:end]
        place = stream.take_next(direction, seq, ack, payload)
        if place < 0:
            return False
        number, time_ns = packet.number, packet.time_ns
        tails = stream.tails
        tail = tails[1] if direction else tails[0]
        tail.append((time_ns, data[start - stream.ip_width : start + TCP_BYTES]))
        conversation = self._conversations[stream.number]
        if self._index:
            conversation.packets.add(packet.offset, number)
        if stream.watching:
            conversation.note_acknowledgements(time_ns)
        if payload:
            conversation.feed_next(direction, place, payload, number, time_ns)
            if stream.ignored:
                self._drop(conversation)
        return True

    def _feed_segment(self, segment: Segment, packet: Packet, data: bytes, start: int) -> None:
        streams = self._table.count
        stream, direction, replaced = self._table.find(segment)
        if self._table.count != streams:
            conversation = self._begin(stream, replaced, segment.time_ns)
        else:
            known = self._conversations.get(stream.number)
            if known is None:
                stream.feed(segment, direction)
                if stream.closed:
                    self._table.retire(stream)
                return
            conversation = known
        if self._index:
            conversation.packets.add(packet.offset, packet.number)
        header = data[start - stream.ip_width : start + TCP_BYTES]
        if stream.is_copy(segment, direction, header):
            self.copies += 1
            conversation.feed([Note(direction, Oddity.COPY, packet.number, packet.time_ns)])
            return
        stream.mark_irregular(segment, direction, header)
        events = stream.feed(segment, direction)
        if stream.watching:
            conversation.note_acknowledgements(segment.time_ns)
        if events:
            conversation.feed(events)
            if stream.ignored:
                self._drop(conversation)
            elif stream.closed:
                self._end_soon(conversation, segment.time_ns)

    def _drop(self, conversation: Conversation) -> None:
        """Nothing of it is of interest any more."""
        del self._conversations[conversation.stream.number]
        conversation.layer = None  # which knows the conversation, and would keep it in memory

    def _begin(self, stream: TcpStream, replaced: TcpStream | None, time_ns: int) -> Conversation:
        """Follow a new TCP connection; one that had its addresses and ports before is over."""
        if replaced is not None and replaced.number in self._conversations:
            self._end_soon(self._conversations[replaced.number], time_ns)
        conversation = Conversation(
            stream, self._new_connection, self._timelines, self._keys, self._all_tls, self._familiar
        )
        conversation.layer = BeginningLayer(conversation, stream)
        self._conversations[stream.number] = conversation
        return conversation

    def _new_connection(self, stream: TcpStream, channel: Channel, client_direction: int, attempt: int) -> Connection:
        timeline = Timeline() if self._timelines and self.only in (None, attempt) else None
        self._begun += 1
        connection = Connection(self._begun, stream, channel, client_direction, attempt, timeline, self._neighbours)
        self.connections.append(connection)
        return connection

    def _end_soon(self, conversation: Conversation, time_ns: int) -> None:
        if not conversation.ending:
            conversation.ending = True
            self._ended.append((time_ns, conversation))

    def _finish_ended(self, time_ns: int) -> list[Connection]:
        finished: list[Connection] = []
        while self._ended and self._ended[0][0] + LINGER_NS < time_ns:
            conversation = self._ended.popleft()[1]
            if conversation.stream.outlives_reset():
                conversation.ending = False
            else:
                finished += self._finish(conversation)
        return finished

    def _finish(self, conversation: Conversation) -> list[Connection]:
        """Deliver what is left of a conversation and forget it; returns the WebSocket connections it brought."""
        stream = conversation.stream
        if self._conversations.pop(stream.number, None) is None:
            return _NONE
        conversation.feed(stream.finish(self._number, self.last_ns))
        conversation.finish(self.last_ns)
        if conversation.problem:
            self._unread[conversation.problem] += 1
        if conversation.connections:
            stream.settle()
        else:
            stream.ignore()
        if stream.closed and self._table.is_current(stream):
            self._table.retire(stream)
        return conversation.connections
