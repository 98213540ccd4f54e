"""The first bytes of a channel: they tell which protocol is spoken on it."""

from typing import Final

from wsinspect.conversation import Conversation
from wsinspect.http2.likeness import PREFACE, like_http2
from wsinspect.layers.http1 import Http1Layer
from wsinspect.tls.records import holds_record, like_record
from wsinspect.transport.channel import Channel, Layer
from wsinspect.transport.proxyheader import proxy_header
from wsinspect.transport.reassembly import Chunk, Gap, Remark

MAX_HELD: Final = 64
"""Pieces that may come before the first bytes tell anything; then it is taken for HTTP/1.x or nothing."""


class BeginningLayer:
    """Holds bytes until it is known who reads them, which most often the first ones tell."""

    __slots__ = ("_channel", "_conversation", "_held")

    def __init__(self, conversation: Conversation, channel: Channel) -> None:
        self._conversation = conversation
        self._channel = channel
        self._held: list[Chunk | Gap] = []

    def feed(self, piece: Chunk | Gap) -> Layer:
        """Take the next bytes; returns the layer that they are for."""
        if not self._held:
            self._conversation.stream.marks.first_bytes()
        self._held.append(piece)
        if isinstance(piece, Gap) and len(self._held) < MAX_HELD:
            return self
        start = self._start(piece.direction)
        header = proxy_header(start)
        if header is None and len(self._held) < MAX_HELD:
            return self
        if header is not None and header.length:
            self._conversation.remark(Remark(piece.direction, header.text, piece.packet, piece.time_ns))
            self._skip(piece.direction, header.length)
            start = start[header.length :]
            if not start:
                return self
        is_tls, is_http2 = like_record(start), like_http2(start, self._channel.opening_seen)
        if is_tls is False and not self._channel.opening_seen:
            is_tls = holds_record(start)
        if (is_tls is None or is_http2 is None) and len(self._held) < MAX_HELD:
            return self
        if is_http2:
            layer = self._http2(start, piece.direction)
        else:
            layer = self._tls() if is_tls else Http1Layer(self._conversation, self._channel)
        for held in self._held:
            layer = layer.feed(held)
        return layer

    def _start(self, direction: int) -> bytes:
        return b"".join(held.data for held in self._held if isinstance(held, Chunk) and held.direction == direction)

    def _skip(self, direction: int, length: int) -> None:
        """Let go the first bytes of a direction."""
        held, self._held = self._held, []
        for piece in held:
            if isinstance(piece, Chunk) and piece.direction == direction and length:
                skipped = min(length, len(piece.data))
                length -= skipped
                piece = piece._replace(offset=piece.offset + skipped, data=piece.data[skipped:])
                if not piece.data:
                    continue
            self._held.append(piece)

    def _tls(self) -> Layer:
        from wsinspect.layers.tls import TlsLayer  # with the ciphers, which take a while to load

        return TlsLayer(self._conversation, self._channel)

    def _http2(self, start: bytes, direction: int) -> Layer:
        from wsinspect.layers.http2 import Http2Layer  # with hpack, which most captures do not need

        if start.startswith(PREFACE):
            return Http2Layer(self._conversation, self._channel, direction)
        if self._channel.opening_seen:
            return Http2Layer(self._conversation, self._channel, 1 - direction)
        return Http2Layer(self._conversation, self._channel, self._conversation.likely_client(), opening_seen=False)

    def finish(self) -> None:
        """No more bytes will come: there were too few to tell anything."""
