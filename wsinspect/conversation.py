"""What is said on one TCP connection: the layers that read its bytes, and the WebSockets that they find."""

from array import array
from collections.abc import Callable

from wsinspect.connection import Connection
from wsinspect.transport.channel import Channel, Layer
from wsinspect.transport.reassembly import Chunk, Fin, Gap, Note, Reset, StreamEvent, Syn
from wsinspect.transport.stream import TcpStream


class Conversation:
    """One TCP connection. There can be several WebSockets on it, one after the other or, with HTTP/2, at once."""

    __slots__ = (
        "_new_connection", "_prologue", "_straight", "_under_way", "connections", "ending", "layer",
        "packet_numbers", "packet_offsets", "stream",
    )  # fmt: skip

    def __init__(
        self, stream: TcpStream, new_connection: Callable[[TcpStream, Channel, int, int], Connection],
        keep_prologue: bool,
    ) -> None:  # fmt: skip
        """`new_connection` makes one from stream, channel, the client's direction and the number of attempts before."""
        self.stream = stream
        self.layer: Layer | None = None
        """Who reads the bytes of TCP; to be set before the first ones come."""
        self.connections: list[Connection] = []
        """All attempts to open a WebSocket."""
        self.ending = False
        """Set by whoever follows the stream once its TCP is done and only stragglers are waited for."""
        self.packet_offsets = array("Q")
        self.packet_numbers = array("Q")
        """Of all packets so far, if an index is kept; the connections found share them."""
        self._new_connection = new_connection
        self._under_way: list[Connection] = []
        self._straight: Connection | None = None
        # What TCP did before it was known whose connection it is, if anybody wants to know.
        self._prologue: list[Syn | Note | Fin | Reset] | None = [] if keep_prologue else None

    def feed_next(self, direction: int, offset: int, data: bytes, packet: int, time_ns: int) -> None:
        """Take the next bytes of a direction: the same as a single `Chunk` in `feed`."""
        connection = self._straight
        if connection is not None:
            connection.feed(direction, offset, data, packet, time_ns)
        else:
            self.feed([Chunk(direction, offset, data, packet, time_ns)])

    def feed(self, events: list[StreamEvent]) -> None:
        """Take what the TCP stream delivered."""
        for event in events:
            if not isinstance(event, Chunk | Gap):
                self._tcp(event)
            elif self._straight is not None:
                self._straight.piece(event)
            elif self.layer is not None:
                self.layer = self.layer.feed(event)

    def finish(self, now_ns: int) -> None:
        """Nothing more will come; the capture has gone on until `now_ns`."""
        if self.layer is not None:
            self.layer.finish()
        for connection in self._under_way:
            connection.finish(now_ns)

    # For the layers

    def begin(self, channel: Channel, client_direction: int) -> Connection:
        """An attempt to open a WebSocket on `channel` begins."""
        connection = self._new_connection(self.stream, channel, client_direction, len(self.connections))
        connection.packet_offsets, connection.packet_numbers = self.packet_offsets, self.packet_numbers
        for event in self._prologue or ():
            connection.tcp(event)
        self._prologue = None
        self._under_way.append(connection)
        self.connections.append(connection)
        return connection

    def leave(self, connection: Connection) -> None:
        """A WebSocket, or the attempt to open it, is over although TCP goes on."""
        self._under_way.remove(connection)
        connection.finish(connection.last_ns)

    def lead_straight(self, channel: Channel, connection: Connection) -> None:
        """All further bytes of `channel` are those of `connection`: if the channel is TCP, no layer need see them."""
        if channel is self.stream:
            self._straight = connection

    def _tcp(self, event: Syn | Note | Fin | Reset) -> None:
        for connection in self._under_way:
            connection.tcp(event)
        if not self.connections and self._prologue is not None:
            self._prologue.append(event)
