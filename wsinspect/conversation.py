"""What is said on one TCP connection: the layers that read its bytes, and the WebSockets that they find."""

from collections.abc import Callable
from typing import Final

from wsinspect.connection import Connection
from wsinspect.tls.facts import TlsFacts
from wsinspect.tls.familiar import FamiliarClients
from wsinspect.tls.keylog import KeyLog
from wsinspect.transport.channel import Channel, Layer
from wsinspect.transport.packet_places import PacketPlaces
from wsinspect.transport.reassembly import Chunk, Fin, Gap, Note, Remark, Reset, StreamEvent, Syn
from wsinspect.transport.stream import TcpStream

MAX_PROLOGUE: Final = 4096
"""Events kept before the first WebSocket of a TCP connection is found."""


class Conversation:
    """One TCP connection. There can be several WebSockets on it, one after the other or, with HTTP/2, at once."""

    __slots__ = (
        "_asked", "_keeps_prologue", "_new_connection", "_prologue", "_straight", "_under_way", "all_tls",
        "connections", "ending", "familiar", "keys", "layer", "packets", "problem", "stream", "tls",
    )  # fmt: skip

    def __init__(
        self, stream: TcpStream, new_connection: Callable[[TcpStream, Channel, int, int], Connection],
        keep_prologue: bool, keys: KeyLog, all_tls: bool, familiar: FamiliarClients,
    ) -> None:  # fmt: skip
        """`new_connection` makes one from stream, channel, the client's direction and the number of attempts before."""
        self.stream = stream
        self.layer: Layer | None = None
        """Who reads the bytes of TCP; to be set before the first ones come."""
        self.connections: list[Connection] = []
        """All attempts to open a WebSocket."""
        self.ending = False
        """Set by whoever follows the stream once its TCP is done and only stragglers are waited for."""
        self.keys = keys
        """The TLS secrets that are known."""
        self.all_tls = all_tls
        """Whether TLS that cannot be decrypted is listed though nothing says that it is a WebSocket."""
        self.familiar = familiar
        """Which programs opened WebSockets over TLS."""
        self.tls: TlsFacts | None = None
        """What is known of the TLS on it, if there is any."""
        self.problem = ""
        """Why WebSockets on it may have been overlooked; empty if that cannot be."""
        self.packets = PacketPlaces()
        """Of all packets so far, if an index is kept; the connections found share them."""
        self._asked = False  # whether a request was seen
        self._new_connection = new_connection
        self._under_way: list[Connection] = []
        self._straight: Connection | None = None
        # What happened before it was known whose connection it is: the ends of TCP; all, if anybody wants to know.
        self._prologue: list[Syn | Note | Fin | Reset | Remark] = []
        self._keeps_prologue = keep_prologue

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
        self.layer = self._straight = None  # they know of this one, and would keep it in memory
        self._under_way = []

    def note_acknowledgements(self, time_ns: int) -> None:
        """A packet of this time was taken, and somebody waits for what it may acknowledge."""
        waiting = False
        for connection in self._under_way:
            if connection.acknowledgements.note(time_ns):
                waiting = True
        self.stream.watching = waiting

    # For the layers

    def remark(self, remark: Remark) -> None:
        """Something that a layer has to say about the connection as a whole."""
        for connection in self._under_way:
            connection.remark(remark)
        if not self.connections and self._wants(False):
            self._prologue.append(remark)

    def asked(self, for_websocket: bool, user_agent: str | None) -> None:
        """A client's request; the first one tells what such connections are for."""
        if self.tls is not None and not self._asked:
            self.familiar.asked(self.stream.flow, self.tls, for_websocket, user_agent)
        self._asked = True

    def begin(self, channel: Channel, client_direction: int, carrier: Channel | None = None) -> Connection:
        """An attempt to open a WebSocket on `channel` begins; or what was listed as encrypted turns out to be one.

        `carrier` is what it is listed by, if `channel` is but one of those on it.
        """
        for listed in self._under_way:
            if listed.channel is (carrier or channel) and listed.sealed:
                listed.carry(channel, client_direction)
                return listed
        connection = self._new_connection(self.stream, channel, client_direction, len(self.connections))
        connection.packets = self.packets
        self.packets.connections += 1
        connection.tls, connection.keys = self.tls, self.keys
        for event in self._prologue:
            if isinstance(event, Remark):
                connection.remark(event)
            else:
                connection.tcp(event)
        self._prologue = []
        self._under_way.append(connection)
        self.connections.append(connection)
        return connection

    def likely_client(self) -> int:
        """The client's direction if TLS tells; else that from the higher port, which most clients have."""
        if self.tls is not None and self.tls.decrypted:
            return self.tls.client_direction
        flow = self.stream.flow
        return 0 if flow[-4:-2] >= flow[-2:] else 1

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
        if not self.connections and self._wants(isinstance(event, Fin | Reset)):
            self._prologue.append(event)

    def _wants(self, is_end: bool) -> bool:
        return (is_end or self._keeps_prologue) and len(self._prologue) < MAX_PROLOGUE
