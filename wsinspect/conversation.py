"""What is said on one TCP connection: HTTP first, then perhaps a WebSocket; most often neither is of interest."""

from array import array
from collections.abc import Callable

from wsinspect.connection import Connection
from wsinspect.latejoin import Joined, LateJoin
from wsinspect.transport.exchange import Answered, Exchange, GaveUp, Requested, Switched
from wsinspect.transport.reassembly import Chunk, Fin, Gap, Note, Reset, StreamEvent, Syn
from wsinspect.transport.stream import TcpStream
from wsinspect.websocket.handshake import Handshake, looks_like_websocket


class Conversation:
    """Follows the bytes of one TCP connection and finds the WebSockets on it.

    There can be several: each refused handshake on a kept-alive connection is an attempt of its own.
    """

    __slots__ = (
        "_exchange", "_late_join", "_new_connection", "_prologue", "connection", "connections", "ending",
        "packet_numbers", "packet_offsets", "stream",
    )  # fmt: skip

    def __init__(
        self, stream: TcpStream, new_connection: Callable[[TcpStream, int, int], Connection], keep_prologue: bool
    ) -> None:
        """`new_connection` makes one from the stream, the client's direction and the number of attempts before."""
        self.stream = stream
        self.connection: Connection | None = None
        """The attempt under way, or the last one."""
        self.connections: list[Connection] = []
        """All attempts."""
        self.ending = False
        """Set by whoever follows the stream once its TCP is done and only stragglers are waited for."""
        self.packet_offsets = array("Q")
        self.packet_numbers = array("Q")
        """Of all packets so far, if an index is kept; the connections found share them."""
        self._new_connection = new_connection
        self._exchange: Exchange | None = Exchange()
        self._late_join: LateJoin | None = None
        # What TCP did before it was known whose connection it is, if anybody wants to know.
        self._prologue: list[Syn | Note | Fin | Reset] | None = [] if keep_prologue else None

    def feed_next(self, direction: int, offset: int, data: bytes, packet: int, time_ns: int) -> None:
        """Take the next bytes of a direction: the same as a single `Chunk` in `feed`."""
        connection = self.connection
        if self._exchange is None and connection is not None:
            connection.feed(direction, offset, data, packet, time_ns)
        else:
            self.feed([Chunk(direction, offset, data, packet, time_ns)])

    def feed(self, events: list[StreamEvent]) -> None:
        """Take what the TCP stream delivered."""
        for event in events:
            if isinstance(event, Chunk | Gap):
                if self._exchange is not None:
                    self._feed_exchange(self._exchange, event)
                elif self.connection is not None:
                    self._pass_on(self.connection, event)
                elif self._late_join is not None:
                    self._join_late(self._late_join, self._late_join.feed(event))
            elif self.connection is not None:
                self.connection.tcp(event)
            elif self._prologue is not None:
                self._prologue.append(event)

    def finish(self, now_ns: int) -> None:
        """Nothing more will come; the capture has gone on until `now_ns`."""
        if self._late_join is not None:
            self._join_late(self._late_join, self._late_join.finish())
        if self.connection is not None:
            self.connection.finish(now_ns)

    @staticmethod
    def _pass_on(connection: Connection, piece: Chunk | Gap) -> None:
        if isinstance(piece, Chunk):
            connection.feed(*piece)
        else:
            connection.gap(piece)

    def _feed_exchange(self, exchange: Exchange, piece: Chunk | Gap) -> None:
        """HTTP is spoken still, as far as is known."""
        if isinstance(piece, Gap) and self.connection is not None:
            self.connection.gap(piece)
            if self.connection.answer_missed:
                # Whether the server switched, only frames can tell now.
                self._exchange = None
                self.connection.open_unseen()
                for waiting in exchange.waiting():
                    self._pass_on(self.connection, waiting)
                return
        for event in exchange.feed(piece):
            if isinstance(event, Requested):
                if looks_like_websocket(event.request):
                    self._begin(exchange.client_direction).request(event.request)
            elif isinstance(event, Answered):
                self._answered(event, exchange)
            elif isinstance(event, Switched):
                self._switched(event)
            elif isinstance(event, GaveUp):
                self._give_up(exchange)
                return

    def _join_late(self, late_join: LateJoin, joined: Joined | None) -> None:
        """Frames were found on a connection of which the beginning is unknown, or too many bytes without any."""
        if joined is not None:
            self._late_join = None
            connection = self._begin(joined.client_direction)
            connection.open_unseen()
            for piece in joined.pieces:
                self._pass_on(connection, piece)
        elif late_join.hopeless:
            self._late_join = None
            self.stream.ignore()

    def _begin(self, client_direction: int) -> Connection:
        """An attempt to open a WebSocket begins; an earlier one on the same TCP connection is over."""
        if self.connection is not None:
            self.connection.finish(self.connection.last_ns)
        connection = self._new_connection(self.stream, client_direction, len(self.connections))
        connection.packet_offsets, connection.packet_numbers = self.packet_offsets, self.packet_numbers
        for event in self._prologue or ():
            connection.tcp(event)
        self._prologue = None
        self.connection = connection
        self.connections.append(connection)
        return connection

    def _answered(self, answered: Answered, exchange: Exchange) -> None:
        handshake = Handshake(answered.request, answered.response, answered.early_bytes, answered.early_packet)
        if not handshake.is_websocket:
            return
        connection = self.connection
        if connection is None or connection.handshake.request is not answered.request:
            connection = self._begin(exchange.client_direction)
            if answered.request is not None:
                connection.request(answered.request)
        connection.answer(handshake)

    def _switched(self, switched: Switched) -> None:
        connection = self.connection
        if connection is None or not connection.handshake.accepted:
            self._give_up(None)
            return
        self._exchange = None
        connection.open(switched.client_in_sync)
        for piece in switched.pieces:
            self._pass_on(connection, piece)

    def _give_up(self, exchange: Exchange | None) -> None:
        """No HTTP here, or none any more. Where the beginning was not captured it may be an open WebSocket."""
        self._exchange = None
        if self.connection is not None:
            self.connection.dialogue = None
        elif exchange is not None and not self.stream.opening_seen:
            self._late_join = LateJoin()
            for piece in exchange.waiting():
                if self._late_join is not None:
                    self._join_late(self._late_join, self._late_join.feed(piece))
        else:
            self.stream.ignore()
