"""HTTP/1.x on a channel, and the WebSocket that it leads to; or a WebSocket whose opening was not captured."""

from wsinspect.connection import Connection
from wsinspect.conversation import Conversation
from wsinspect.latejoin import Joined, LateJoin
from wsinspect.tls.records import holds_record
from wsinspect.transport.channel import Channel, Layer
from wsinspect.transport.exchange import Answered, Exchange, GaveUp, Requested, Switched, Tunnelled
from wsinspect.transport.reassembly import Chunk, Gap
from wsinspect.websocket.handshake import Handshake, looks_like_websocket
from wsinspect.websocket.side import Side
from wsinspect.websocket.stray import frame_by_shape


class Http1Layer:
    """HTTP first, then perhaps a WebSocket; most often neither is of interest.

    There can be several: each refused handshake on a kept-alive connection is an attempt of its own.
    """

    __slots__ = ("_channel", "_connection", "_conversation", "_exchange", "_late_join", "_upgrade")

    def __init__(self, conversation: Conversation, channel: Channel) -> None:
        self._conversation = conversation
        self._channel = channel
        self._connection: Connection | None = None  # the attempt under way, or the last one
        self._exchange: Exchange | None = Exchange()
        self._late_join: LateJoin | None = None
        self._upgrade: Answered | None = None  # the 101, if it switches to something else than a WebSocket

    def feed(self, piece: Chunk | Gap) -> Layer:
        """Take the next bytes."""
        if self._exchange is not None:
            return self._feed_exchange(self._exchange, piece)
        if self._connection is not None:
            self._connection.piece(piece)
        elif self._late_join is not None:
            if isinstance(piece, Chunk) and holds_record(piece.data) and self._conversation.tls is None:
                return self._tls(piece)
            self._join_late(self._late_join, self._late_join.feed(piece))
        return self

    def _tls(self, piece: Chunk) -> Layer:
        """The capture began inside a TLS record: the next one shows what it is."""
        from wsinspect.layers.tls import TlsLayer  # which knows this module

        return TlsLayer(self._conversation, self._channel).feed(piece)

    def finish(self) -> None:
        """No more bytes will come."""
        if self._late_join is not None:
            self._join_late(self._late_join, self._late_join.finish())

    def _feed_exchange(self, exchange: Exchange, piece: Chunk | Gap) -> Layer:
        """HTTP is spoken still, as far as is known."""
        if isinstance(piece, Gap) and self._connection is not None:
            self._connection.gap(piece)
            if self._connection.answer_missed:
                # Whether the server switched, only frames can tell now.
                self._connection.open_unseen()
                self._leave_http(self._connection, exchange.waiting())
                return self
        events = exchange.feed(piece)
        if not events and self._connection is not None and self._connection.server_is_unseen:
            # The client goes on although nothing was captured of the server: it has had its answer.
            self._connection.answer_missed = True
            self._connection.open_unseen()
            self._leave_http(self._connection, exchange.waiting())
            return self
        for event in events:
            if isinstance(event, Requested):
                for_websocket = looks_like_websocket(event.request)
                self._conversation.asked(for_websocket, event.request.value("User-Agent"))
                if for_websocket:
                    self._begin(exchange.client_direction).request(event.request)
            elif isinstance(event, Answered):
                self._answered(event, exchange)
            elif isinstance(event, Switched):
                if self._upgrade is not None and self._upgrade.response.has_token("Upgrade", "h2c"):
                    return self._http2(self._upgrade, exchange.client_direction, event)
                self._switched(event)
            elif isinstance(event, Tunnelled):
                return self._tunnel(event)
            elif isinstance(event, GaveUp):
                self._give_up(exchange)
        return self

    def _http2(self, upgrade: Answered, client_direction: int, switched: Switched) -> Layer:
        """The client asked for HTTP/2 in cleartext, with its settings, and got it (RFC 7540 §3.2)."""
        from wsinspect.layers.http2 import Http2Layer  # with hpack, which most captures do not need

        layer = Http2Layer(self._conversation, self._channel, client_direction)
        request = upgrade.request
        if request is not None:
            layer.upgraded(request.value("HTTP2-Settings") or "", request.last_packet, request.end_time_ns)
        return layer.feed_all(switched.pieces)

    def _tunnel(self, tunnelled: Tunnelled) -> Layer:
        """Behind a proxy anything may be spoken."""
        from wsinspect.layers.beginning import BeginningLayer  # which knows this module

        layer: Layer = BeginningLayer(self._conversation, self._channel)
        for piece in tunnelled.pieces:
            layer = layer.feed(piece)
        return layer

    def _join_late(self, late_join: LateJoin, joined: Joined | None) -> None:
        """Frames were found on a connection of which the beginning is unknown, or too many bytes without any."""
        if joined is not None:
            self._late_join = None
            connection = self._begin(joined.client_direction)
            connection.open_unseen()
            self._leave_http(connection, joined.pieces)
        elif late_join.hopeless:
            self._late_join = None
            self._conversation.stream.ignore()

    def _begin(self, client_direction: int) -> Connection:
        """An attempt to open a WebSocket begins; an earlier one is over."""
        if self._connection is not None:
            self._conversation.leave(self._connection)
        self._connection = self._conversation.begin(self._channel, client_direction)
        return self._connection

    def _answered(self, answered: Answered, exchange: Exchange) -> None:
        handshake = Handshake(answered.request, answered.response, answered.early_bytes, answered.early_packet)
        # Who asked for a WebSocket gets one or none, whatever else the answer lists in its Upgrade.
        switches = answered.response.status == 101 and not handshake.is_websocket
        self._upgrade = answered if switches else None
        if not handshake.is_websocket:
            return
        connection = self._connection
        if connection is None or connection.handshake.request is not answered.request:
            connection = self._begin(exchange.client_direction)
            if answered.request is not None:
                connection.request(answered.request)
        connection.answer(handshake)

    def _switched(self, switched: Switched) -> None:
        connection = self._connection
        if connection is None or not connection.handshake.accepted:
            self._give_up(None)
            return
        connection.open(switched.client_in_sync)
        self._leave_http(connection, switched.pieces)

    def _leave_http(self, connection: Connection, pieces: tuple[Chunk | Gap, ...] | list[Chunk | Gap]) -> None:
        """All bytes from `pieces` on are those of `connection`."""
        self._exchange = None
        for piece in pieces:
            connection.piece(piece)
        self._conversation.lead_straight(self._channel, connection)

    def _look_for_frames(self, connection: Connection, pieces: list[Chunk | Gap]) -> None:
        """Bytes that are no HTTP behind a response that opened no WebSocket: are they its frames all the same?"""
        for direction in (0, 1):
            chunks = [piece for piece in pieces if isinstance(piece, Chunk) and piece.direction == direction]
            side = connection.side_of(direction)
            frame = frame_by_shape(b"".join(chunk.data for chunk in chunks), side is Side.CLIENT)
            if frame is not None:
                connection.stray(side, frame[0], frame[1], chunks[0].packet, chunks[0].time_ns)

    def _give_up(self, exchange: Exchange | None) -> None:
        """No HTTP here, or none any more. Where the beginning was not captured it may be an open WebSocket."""
        self._exchange = None
        if self._connection is not None:
            if exchange is not None and self._connection.handshake.response is not None:
                self._look_for_frames(self._connection, exchange.waiting())
            self._connection.dialogue = None
            self._leave_http(self._connection, [])
        elif exchange is not None and not self._channel.opening_seen:
            self._late_join = LateJoin()
            for piece in exchange.waiting():
                if self._late_join is not None:
                    self._join_late(self._late_join, self._late_join.feed(piece))
        else:
            self._conversation.stream.ignore()
