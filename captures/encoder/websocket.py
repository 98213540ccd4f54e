"""A scripted WebSocket connection: the conversation of two endpoints that count the frames they send."""

import base64
from collections import Counter

from captures.encoder import frames
from captures.encoder.conversation import CLIENT, SERVER, Conversation, Peer, Trace
from captures.encoder.deflate import Deflater
from captures.encoder.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, RSV1, TEXT
from captures.encoder.handshake import Head, request, switching
from captures.encoder.http2 import Http2, Stream
from captures.encoder.packets import Host, Link

OWN = b""
"""As a mask: a fresh key for the client, none for the server."""


class Endpoint(Peer):
    """A peer that speaks WebSocket."""

    conversation: "WebSocket"

    def __init__(self, conversation: Conversation, host: Host) -> None:
        super().__init__(conversation, host)
        self.deflater = Deflater()
        self.sent: Counter[str] = Counter()
        """How many frames of each kind were encoded: what an inspector has to count."""

    def _mask(self) -> bytes | None:
        return self.conversation.trace.random.randbytes(4) if self is self.conversation.client else None

    def encode(
        self,
        opcode: int,
        payload: bytes = b"",
        *,
        mask: bytes | None = OWN,
        fin: bool = True,
        rsv: int = 0,
        length_form: int | None = None,
        declared: int | None = None,
    ) -> bytes:
        """The bytes of a frame, for scenarios that join or cut frames before sending."""
        self.sent[frames.name(opcode)] += 1
        key = self._mask() if mask == OWN else mask
        return frames.encode(opcode, payload, mask=key, fin=fin, rsv=rsv, length_form=length_form, declared=declared)

    def frame(
        self,
        opcode: int,
        payload: bytes = b"",
        *,
        mask: bytes | None = OWN,
        fin: bool = True,
        rsv: int = 0,
        length_form: int | None = None,
        declared: int | None = None,
        acked: bool = True,
    ) -> None:
        """One frame in segments of its own."""
        data = self.encode(opcode, payload, mask=mask, fin=fin, rsv=rsv, length_form=length_form, declared=declared)
        self.send(data, acked=acked)

    def text(self, message: str) -> None:
        self.frame(TEXT, message.encode())

    def binary(self, message: bytes) -> None:
        self.frame(BINARY, message)

    def fragments(self, opcode: int, parts: list[bytes], *, rsv: int = 0) -> None:
        """One message in several frames; `rsv` is for the first alone."""
        for index, part in enumerate(parts):
            first, last = index == 0, index == len(parts) - 1
            self.frame(opcode if first else CONTINUATION, part, fin=last, rsv=rsv if first else 0)

    def compressed(self, message: str | bytes, *, final: bool = False) -> None:
        """A message through permessage-deflate; behind a `final` block goes one more byte (RFC 7692 §7.2.3.4)."""
        opcode = TEXT if isinstance(message, str) else BINARY
        data = message.encode() if isinstance(message, str) else message
        payload = self.deflater.compress(data, final=final)
        self.frame(opcode, payload + b"\x00" if final else payload, rsv=RSV1)

    def ping(self, payload: bytes = b"") -> None:
        self.frame(PING, payload)

    def pong(self, payload: bytes = b"") -> None:
        self.frame(PONG, payload)

    def close(self, code: int | None = None, reason: str | bytes = "", *, acked: bool = True) -> None:
        self.frame(CLOSE, frames.close_payload(code, reason), acked=acked)


class WebSocket(Conversation):
    """A conversation with an opening handshake, frames and a closing handshake."""

    peer_type = Endpoint

    def __init__(
        self,
        trace: Trace,
        *,
        client: Host = CLIENT,
        server: Host = SERVER,
        at: float = 0.0,
        rtt: float = 0.02,
        link: Link | None = None,
        interface: int = 0,
        target: str = "/chat",
    ) -> None:
        super().__init__(trace, client=client, server=server, at=at, rtt=rtt, link=link, interface=interface)
        first, second = self.ends
        assert isinstance(first, Endpoint) and isinstance(second, Endpoint)
        self.client, self.server = first, second
        self.target = target
        self.use_key(base64.b64encode(trace.random.randbytes(16)).decode())

    def use_key(self, key: str) -> None:
        """Make a good request and a good 101 for the key; scenarios change them."""
        self.key = key
        self.request = request(self.target, key=key)
        self.switching = switching(key)

    def exchange(self, asked: Head | None = None, answered: Head | None = None) -> None:
        """A request and its response, both good ones by default."""
        self.client.send((asked or self.request).encode())
        self.server.send((answered or self.switching).encode())

    def open(self, asked: Head | None = None, answered: Head | None = None) -> None:
        """TCP's handshake and the opening handshake."""
        self.connect()
        self.exchange(asked, answered)

    def negotiate(self, offer: str, response: str | None) -> None:
        """Open with `Sec-WebSocket-Extensions` of both sides."""
        answered = self.switching if response is None else self.switching.having("Sec-WebSocket-Extensions", response)
        self.open(self.request.having("Sec-WebSocket-Extensions", offer), answered)
        for name, endpoint in (("client", self.client), ("server", self.server)):
            if response is not None and f"{name}_no_context_takeover" in response:
                endpoint.deflater = Deflater(takeover=False)

    def close(
        self, by: Endpoint, code: int | None = 1000, reason: str | bytes = "", *, reply: int | None = None
    ) -> None:
        """The closing handshake (RFC 6455 §7.1.2), answered with the same code or `reply`; then the server ends TCP."""
        by.close(code, reason)
        other = self.server if by is self.client else self.client
        other.close(code if reply is None else reply)
        self.end_tcp()

    def greet_and_close(self) -> None:
        """One message each way and a closing handshake by the client: the connection works."""
        self.client.text("hello")
        self.server.text("hello to you")
        self.close(self.client)

    def open_greet_and_close(self) -> None:
        """A whole connection with nothing special about it."""
        self.open()
        self.greet_and_close()

    def refuse(self, answered: Head, asked: Head | None = None) -> None:
        """A handshake that the server turns down, and the end of TCP."""
        self.open(asked, answered)
        self.end_tcp()


def frames_sent(trace: Trace) -> list[dict[str, dict[str, int]]]:
    """How many frames of each kind each WebSocket of the capture has sent, by the order of their first packets."""
    talks: list[WebSocket | Stream] = []
    for talk in trace.conversations:
        if isinstance(talk, WebSocket):
            talks.append(talk)
        elif isinstance(talk, Http2):
            talks += talk.streams
    return [
        {"client": dict(talk.client.sent), "server": dict(talk.server.sent)}
        for talk in sorted(talks, key=lambda talk: talk.started)
    ]
