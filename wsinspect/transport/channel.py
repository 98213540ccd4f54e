"""The seam between two protocols: the channel below brings bytes, the layer above reads them.

TCP is a channel, and so is what TLS or a stream of HTTP/2 carries; HTTP/1.x, TLS and HTTP/2 are layers.
"""

from typing import Protocol

from wsinspect.transport.reassembly import Chunk, Gap


class Channel(Protocol):
    """Two directions of bytes in order, as a layer above sees them.

    A `TcpStream` is one. Any other has an offset space of its own (its first byte has 0); its `Chunk`s and `Gap`s tell
    the packet that brought the bytes. Directions are those of TCP, everywhere.
    """

    @property
    def opening_seen(self) -> bool:
        """Whether the capture has the channel from its first byte on."""

    def sent(self, direction: int) -> int:
        """Offset behind the last byte that was sent, missing bytes included."""

    def acknowledged(self, direction: int) -> int:
        """Offset up to which the receiver's TCP has acknowledged the bytes."""

    def gap_bytes(self, direction: int) -> int:
        """Bytes that were sent and not captured."""


class Layer(Protocol):
    """Reads the bytes of a channel, both directions, and finds the WebSockets on it: itself, or through layers above.

    A layer that carries others (TLS, HTTP/2) makes a `Channel` for each and feeds the layers above with their bytes.
    WebSockets begin and end with `Conversation.begin` and `leave`; several may be open at once.
    """

    def feed(self, piece: Chunk | Gap) -> "Layer":
        """Take the next bytes; returns the layer that the ones behind them are for: most often itself."""

    def finish(self) -> None:
        """No more bytes will come."""
