"""TLS on a channel: decrypted if its keys are known, else listed if it looks like a WebSocket."""

from wsinspect.connection import Connection
from wsinspect.conversation import Conversation
from wsinspect.layers.http1 import Http1Layer
from wsinspect.tls.likely import offers_websocket
from wsinspect.tls.session import Missing, Plaintext, TlsEvent, TlsSession
from wsinspect.transport.carried import CarriedChannel
from wsinspect.transport.channel import Channel, Layer
from wsinspect.transport.reassembly import Chunk, Gap, Remark


class TlsLayer:
    """Feeds the layer above with the plaintext."""

    __slots__ = ("_above", "_channel", "_conversation", "_listed", "_random", "_session")

    def __init__(self, conversation: Conversation, below: Channel) -> None:
        self._conversation = conversation
        self._session = TlsSession(conversation.keys, below.opening_seen, conversation.likely_client())
        self._channel = CarriedChannel(below)
        self._above: Layer | None = None
        self._listed: Connection | None = None  # as one that is encrypted
        self._random: bytes | None = None  # by which secrets are waited for
        conversation.tls = self._session.facts

    def feed(self, piece: Chunk | Gap) -> Layer:
        """Take the next bytes."""
        self._deliver(self._session.feed(piece))
        session = self._session
        if self._random is None and session.client_random is not None and self._conversation.keys.growing:
            self._random = session.client_random
            self._conversation.keys.wait(self._random, self._wake)
        if not session.facts.decrypted:
            self._consider(over=False)
        if self._listed is not None:
            self._listed.encrypted(session.facts.last_ns)
        return self

    def finish(self) -> None:
        """No more bytes will come."""
        self._deliver(self._session.finish())
        if self._random is not None:
            self._conversation.keys.forget(self._random, self._wake)
        if self._above is not None:
            self._above.finish()
        self._consider(over=True)

    def _wake(self) -> None:
        """Secrets came."""
        self._deliver(self._session.wake())

    def _deliver(self, events: list[TlsEvent]) -> None:
        for event in events:
            if isinstance(event, Remark):
                self._conversation.remark(event)
            elif isinstance(event, Plaintext):
                offset = self._channel.add(event.direction, len(event.data), event.end)
                self._feed_above(Chunk(event.direction, offset, event.data, event.packet, event.time_ns))
            else:
                self._miss(event)

    def _miss(self, missing: Missing) -> None:
        direction, length = missing.direction, missing.length
        offset = self._channel.add(direction, length, missing.end, missing=True)
        self._feed_above(Gap(direction, offset, length, missing.packet, missing.time_ns, missing.certain))

    def _feed_above(self, piece: Chunk | Gap) -> None:
        if self._above is None:
            self._above = self._layer_above()
        if self._above is not None:
            self._above = self._above.feed(piece)

    def _layer_above(self) -> Layer | None:
        """Who reads the plaintext: what the two sides agreed on, or HTTP/1.x if they said nothing."""
        if not self._session.facts.alpn_seen:
            from wsinspect.layers.beginning import BeginningLayer  # which knows this module

            return BeginningLayer(self._conversation, self._channel)
        if self._session.facts.alpn in (None, "http/1.1", "http/1.0"):
            return Http1Layer(self._conversation, self._channel)
        if self._session.facts.alpn == "h2":
            from wsinspect.layers.http2 import Http2Layer  # with hpack, which most captures do not need

            facts = self._session.facts
            return Http2Layer(self._conversation, self._channel, facts.client_direction)
        self._conversation.stream.ignore()
        return None

    def _consider(self, over: bool) -> None:
        """Whether to list a connection that is not decrypted, or whose handshake failed."""
        facts, conversation = self._session.facts, self._conversation
        if conversation.connections or facts.client_hello is None:
            if facts.locked and facts.client_hello is None and not conversation.all_tls:
                conversation.stream.ignore()
            return
        failed = facts.failure is not None or (over and not facts.established)
        if not (facts.locked or failed):
            return
        familiar = conversation.familiar.user_agent(conversation.stream.flow, facts)
        facts.user_agent = familiar or ""
        facts.likely = offers_websocket(facts.client_hello) or facts.shape.is_websocket or familiar is not None
        if facts.likely or conversation.all_tls:
            self._listed = conversation.begin(self._channel, facts.client_direction)
            self._listed.encrypted(facts.last_ns)
        elif facts.locked and not conversation.keys.growing and (facts.client_hello.alpn or facts.shape.decided):
            conversation.stream.ignore()
