"""HTTP/2 on a channel: each stream opened by an extended CONNECT is a channel of its own, with a WebSocket on it."""

import base64
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from wsinspect.connection import Connection
from wsinspect.conversation import Conversation
from wsinspect.http2 import codes
from wsinspect.http2.facts import GoAway, SessionFacts, StreamEnd, StreamFacts
from wsinspect.http2.fields import Headers
from wsinspect.http2.frames import Data
from wsinspect.http2.session import Ended, Lost, NotHttp2, Said, Sent, Session, SessionEvent
from wsinspect.latejoin import Joined, LateJoin
from wsinspect.transport.carried import CarriedChannel
from wsinspect.transport.channel import Channel, Layer
from wsinspect.transport.reassembly import Chunk, Gap, Remark
from wsinspect.websocket.http2_handshake import Http2Handshake, asks_for_websocket, request_head, response_head
from wsinspect.websocket.whole_frames import begins_with_close, whole_frames

MAX_STREAMS: Final = 4096
"""WebSockets of one HTTP/2 connection followed at once; of further ones nothing is known."""
MAX_UNKNOWN: Final = 64
"""Streams of unknown purpose in which frames are sought at once, where header fields could not be read."""
MAX_EARLY: Final = 64 * 1024
"""Bytes of a client kept that it sends before it is answered."""
MAX_UNREAD: Final = 4 * 1024 * 1024
"""Bytes kept of all streams together of which the header fields could not be read and frames have to tell."""
LINGER_NS: Final = 2_000_000_000
"""Packet time for which a closed stream is kept open to what was under way still."""


class _Stream:
    """A WebSocket, or what may be one."""

    __slots__ = ("channel", "connection", "early", "early_bytes", "facts", "late_join", "starts")

    def __init__(self, channel: CarriedChannel, facts: StreamFacts) -> None:
        self.channel = channel
        self.facts = facts
        self.connection: Connection | None = None
        self.late_join: LateJoin | None = None  # while nothing else tells whether it is one
        self.starts: tuple[bytearray, bytearray] | None = None  # what both sides sent, while its request is unread
        self.early: list[Chunk | Gap] = []  # of the client, before it is answered
        self.early_bytes = 0


class Http2Layer:
    """Finds the WebSockets among the streams."""

    __slots__ = ("_below", "_conversation", "_over", "_session", "_streams", "_unknown", "_unread_bytes")

    def __init__(
        self, conversation: Conversation, below: Channel, client_direction: int, opening_seen: bool = True
    ) -> None:
        self._conversation = conversation
        self._below = below
        self._session = Session(client_direction, opening_seen)
        self._streams: dict[int, _Stream] = {}
        self._unknown = 0  # of the streams, those with a late join
        self._unread_bytes = 0  # kept of streams with `starts`
        self._over: deque[tuple[int, int]] = deque()  # time and id of closed streams that linger
        self._note_problem()

    @property
    def facts(self) -> SessionFacts:
        """What both sides said about the connection as a whole."""
        return self._session.facts

    def upgraded(self, settings: str, packet: int, time_ns: int) -> None:
        """The client's settings came with its `Upgrade: h2c`, as base64url without padding (RFC 7540 §3.2.1)."""
        try:
            payload = base64.urlsafe_b64decode(settings + "=" * (-len(settings) % 4))
        except ValueError:
            return
        self._take(self._session.settings(self.facts.client_direction, payload, packet, time_ns))

    def feed_all(self, pieces: Iterable[Chunk | Gap]) -> Layer:
        """Take all of these bytes."""
        for piece in pieces:
            self.feed(piece)
        return self

    def feed(self, piece: Chunk | Gap) -> Layer:
        """Take the next bytes."""
        self._take(self._session.feed(piece))
        while self._over and self._over[0][0] + LINGER_NS < piece.time_ns:
            self._leave(self._over.popleft()[1])
        return self

    def finish(self) -> None:
        """No more bytes will come."""
        for stream in self._streams.values():
            if stream.late_join is not None:
                self._joined(stream, stream.late_join.finish())

    def _take(self, events: list[SessionEvent]) -> None:
        for event in events:
            if isinstance(event, Sent):
                self._data(event.direction, event.data)
            elif isinstance(event, Said):
                self._headers(event.direction, event.headers)
            elif isinstance(event, Ended):
                self._ended(event.stream_id, event.end)
            elif isinstance(event, Lost):
                self._lost(event)
            elif isinstance(event, GoAway):
                self._go_away(event)
            elif isinstance(event, NotHttp2):
                self._conversation.stream.ignore()

    # Header fields

    def _headers(self, direction: int, headers: Headers) -> None:
        if headers.fields is None:
            self._note_problem()
        stream = self._streams.get(headers.stream_id)
        if direction == self.facts.client_direction:
            if stream is None:
                self._asked(headers)
        elif stream is not None and stream.connection is not None:
            self._answered(stream, stream.connection, headers)

    def _asked(self, headers: Headers) -> None:
        if headers.fields is None:
            self._asked_unread(headers)
            return
        for_websocket = asks_for_websocket(headers.fields)
        self._conversation.asked(for_websocket, dict(headers.fields).get("user-agent"))
        if not for_websocket:
            return
        stream = self._open(headers.stream_id, headers.time_ns)
        if stream is None:
            return
        request = request_head(
            headers.fields, headers.packet, headers.last_packet, headers.time_ns, headers.end_time_ns
        )
        allowed = self.facts.connect_allowed or (False if self._all_settings_seen() else None)
        secure = self._conversation.tls is not None
        connection = self._begin(stream)
        connection.request(request, Http2Handshake(request, None, allowed=allowed, secure=secure))

    def _all_settings_seen(self) -> bool:
        """Whether no SETTINGS frame of the server can have passed unseen."""
        return self.facts.complete and not self._conversation.stream.waits(1 - self.facts.client_direction)

    def _asked_unread(self, headers: Headers) -> None:
        """Header fields that cannot be read: of a WebSocket, if frames follow and nothing else."""
        if headers.end_stream or self._unknown >= MAX_UNKNOWN:
            return
        stream = self._open(headers.stream_id, headers.time_ns)
        if stream is not None:
            stream.facts.hidden = headers.why
            stream.starts = (bytearray(), bytearray())
            self._unknown += 1

    def _answered(self, stream: _Stream, connection: Connection, headers: Headers) -> None:
        known = connection.handshake
        if known.response is not None or not isinstance(known, Http2Handshake):
            return
        if headers.fields is None:
            connection.answer_missed = True
            connection.open_unseen()
            self._deliver_early(stream, connection)
            return
        response = response_head(
            headers.fields, headers.packet, headers.last_packet, headers.time_ns, headers.end_time_ns
        )
        if response is None or response.status < 200:
            return
        handshake = Http2Handshake(known.request, response, allowed=known.allowed, secure=known.secure)
        connection.answer(handshake)
        if handshake.accepted:
            connection.open(True)
            self._deliver_early(stream, connection)
        stream.early = []

    # Streams

    def _open(self, stream_id: int, time_ns: int) -> _Stream | None:
        if len(self._streams) >= MAX_STREAMS:
            return None
        facts = StreamFacts(stream_id, self.facts, self._session.windows(stream_id), time_ns)
        stream = _Stream(CarriedChannel(self._below), facts)
        self._streams[stream_id] = stream
        return stream

    def _begin(self, stream: _Stream) -> Connection:
        connection = self._conversation.begin(stream.channel, self.facts.client_direction, self._below)
        connection.http2 = stream.facts
        connection.started_ns = stream.facts.started_ns
        stream.connection = connection
        return connection

    def _data(self, direction: int, data: Data) -> None:
        stream = self._streams.get(data.stream_id)
        if stream is None:
            if self.facts.complete or self._unknown >= MAX_UNKNOWN or data.stream_id % 2 == 0:
                return
            stream = self._seek(data)
            if stream is None:
                return
        offset = stream.channel.add(direction, len(data.data), data.end)
        self._feed(stream, Chunk(direction, offset, data.data, data.packet, data.time_ns))

    def _lost(self, lost: Lost) -> None:
        """Bytes that may have been DATA of one stream, or of any."""
        self._note_problem()
        missed, direction, gap = lost.missed, lost.direction, lost.missed.gap
        if direction != self.facts.client_direction:
            self._forget_allowed()
        if missed.stream_id is not None:
            streams = [self._streams[missed.stream_id]] if missed.stream_id in self._streams else []
        else:
            # What is told now may have been sent before the other side reset the stream.
            streams = [
                stream for stream in self._streams.values()
                if not stream.facts.over or all(end.direction != direction for end in stream.facts.ends)
            ]  # fmt: skip
        for stream in streams:
            if missed.length:
                offset = stream.channel.add(direction, missed.length, missed.end, missing=True)
                certain = missed.stream_id is not None
                self._feed(stream, Gap(direction, offset, missed.length, gap.packet, gap.time_ns, certain))

    def _forget_allowed(self) -> None:
        """SETTINGS of the server may have been missed: whether it had allowed the requests that wait is unknown."""
        for stream in self._streams.values():
            known = stream.connection.handshake if stream.connection is not None else None
            if stream.connection is not None and isinstance(known, Http2Handshake) and known.allowed is False:
                stream.connection.handshake = replace(known, allowed=None)

    def _feed(self, stream: _Stream, piece: Chunk | Gap) -> None:
        connection = stream.connection
        if stream.late_join is not None:
            self._joined(stream, stream.late_join.feed(piece))
        elif stream.starts is not None:
            self._feed_unread(stream, stream.starts, piece)
        elif connection is None:
            pass
        elif connection.dialogue is not None:
            connection.piece(piece)
        elif isinstance(piece, Gap):
            connection.piece(piece)
            stream.early.append(piece)
            if connection.answer_missed:
                # Whether the server agreed, only frames can tell now.
                connection.open_unseen()
                self._deliver_early(stream, connection)
        elif connection.handshake.response is None and stream.early_bytes <= MAX_EARLY:
            stream.early.append(piece)
            stream.early_bytes += len(piece.data)

    def _deliver_early(self, stream: _Stream, connection: Connection) -> None:
        early, stream.early = stream.early, []
        for piece in early:
            connection.piece(piece)

    def _ended(self, stream_id: int, end: StreamEnd) -> None:
        stream = self._streams.get(stream_id)
        if stream is None:
            self._session.forget(stream_id)
            return
        was_over = stream.facts.over
        if stream.connection is not None:
            stream.connection.end_stream(end)
        else:
            stream.facts.take_end(end)
            stream.facts.over = True  # of an ordinary request the other end may have passed unseen
        if stream.facts.over and not was_over:
            self._over.append((end.time_ns, stream_id))

    def _leave(self, stream_id: int) -> None:
        stream = self._streams.pop(stream_id, None)
        self._session.forget(stream_id)
        if stream is None:
            return
        if stream.late_join is not None:
            self._joined(stream, stream.late_join.finish())
        self._unknown -= stream.late_join is not None or stream.starts is not None
        self._forget_starts(stream)
        if stream.connection is not None:
            self._conversation.leave(stream.connection)

    # What could not be read

    def _seek(self, data: Data) -> _Stream | None:
        """DATA of a stream whose header fields are unknown: only frames can tell whether it is a WebSocket."""
        stream = self._open(data.stream_id, data.time_ns)
        if stream is not None:
            stream.channel.opening_seen = False
            stream.facts.hidden = self._session.why_lost(self.facts.client_direction) or "bytes were not captured"
            stream.starts = (bytearray(), bytearray())
            self._unknown += 1
        return stream

    def _feed_unread(self, stream: _Stream, starts: tuple[bytearray, bytearray], piece: Chunk | Gap) -> None:
        """Frames in both directions, or several in one, or a Close, and not a byte besides: it is a WebSocket."""
        stream.early.append(piece)
        from_start = stream.channel.opening_seen
        if isinstance(piece, Gap):
            self._join_late(stream)
            return
        starts[piece.direction].extend(piece.data)
        self._unread_bytes += len(piece.data)
        client = self.facts.client_direction
        counts = [whole_frames(starts[direction], direction == client) for direction in (0, 1)]
        is_websocket = (min(counts) >= 0 and sum(counts) > 1) or any(map(begins_with_close, starts))
        if not is_websocket and (min(counts) < 0 or self._unread_bytes > MAX_UNREAD):
            if not from_start:
                self._join_late(stream)
                return
            self._forget_starts(stream)
            stream.early = []
            self._unknown -= 1
        elif is_websocket:
            self._forget_starts(stream)
            self._unknown -= 1
            connection = self._begin(stream)
            if from_start:
                connection.open_unread()
            else:
                connection.open_joined()
            self._deliver_early(stream, connection)
            for end in stream.facts.take_back():
                connection.end_stream(end)

    def _join_late(self, stream: _Stream) -> None:
        """It does not begin with a frame, as far as was captured: seek one."""
        self._forget_starts(stream)
        stream.late_join = LateJoin()
        stream.channel.opening_seen = False
        early, stream.early = stream.early, []
        for held in early:
            self._feed(stream, held)

    def _forget_starts(self, stream: _Stream) -> None:
        starts, stream.starts = stream.starts, None
        self._unread_bytes -= sum(map(len, starts or ()))

    def _joined(self, stream: _Stream, joined: Joined | None) -> None:
        late_join = stream.late_join
        if joined is not None:
            if not any(one.connection is not None for one in self._streams.values()):
                self.facts.client_direction = joined.client_direction  # masks tell more than ports
            stream.late_join = None
            self._unknown -= 1
            connection = self._begin(stream)
            connection.open_unseen()
            for piece in joined.pieces:
                connection.piece(piece)
        elif late_join is not None and late_join.hopeless:
            stream.late_join = None
            self._unknown -= 1

    def _note_problem(self) -> None:
        session = self._session
        lost = session.why_lost(self.facts.client_direction) or session.why_lost(1 - self.facts.client_direction)
        if lost:
            self._conversation.problem = lost

    def _go_away(self, go_away: GoAway) -> None:
        debug = go_away.debug_data.decode("utf-8", "replace")
        text = f"GOAWAY ({codes.error_name(go_away.code)}), last stream {go_away.last_stream_id}"
        text += f': "{debug}"' if debug else ""
        self._conversation.remark(Remark(go_away.direction, text, go_away.packet, go_away.time_ns))
