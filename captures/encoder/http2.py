"""A scripted HTTP/2 connection with WebSockets on its streams (RFC 9113, RFC 8441)."""

import base64
from collections import Counter

from captures.encoder import frames
from captures.encoder.conversation import CLIENT, SERVER, Conversation, Peer, Trace
from captures.encoder.hpack import HpackEncoder

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
ENABLE_CONNECT_PROTOCOL = 0x8
INITIAL_WINDOW_SIZE = 0x4
CANCEL = 8

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
AUTHORITY = "ws.example.com"

Fields = list[tuple[str, str]]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """RFC 9113 §4.1."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def settings(values: dict[int, int]) -> bytes:
    payload = b"".join(key.to_bytes(2, "big") + value.to_bytes(4, "big") for key, value in values.items())
    return frame(SETTINGS, 0, 0, payload)


def connect(path: str = "/chat", **pseudo: str | None) -> Fields:
    """An extended CONNECT (RFC 8441 §5.1); a pseudo-header field can be changed, or left out with None."""
    known: dict[str, str | None] = {
        "method": "CONNECT", "protocol": "websocket", "scheme": "http", "path": path, "authority": AUTHORITY,
    }  # fmt: skip
    fields = [(f":{name}", value) for name, value in (known | pseudo).items() if value is not None]
    return [*fields, ("sec-websocket-version", "13"), ("user-agent", "example/1.0")]


class Half:
    """One side of a stream: it speaks WebSocket in DATA frames."""

    def __init__(self, stream: "Stream", peer: Peer) -> None:
        self.stream = stream
        self.peer = peer
        self.sent: Counter[str] = Counter()

    def encode(self, opcode: int, payload: bytes = b"") -> bytes:
        """A WebSocket frame, masked by the client."""
        self.sent[frames.name(opcode)] += 1
        talk = self.peer.conversation
        mask = talk.trace.random.randbytes(4) if self.peer is talk.ends[0] else None
        return frames.encode(opcode, payload, mask=mask)

    def data(self, data: bytes, *, flags: int = 0, padding: int | None = None, captured: bool = True) -> None:
        """A DATA frame, in segments of its own."""
        if padding is not None:
            flags, data = flags | PADDED, bytes([padding]) + data + bytes(padding)
        self.peer.send(frame(DATA, flags, self.stream.id, data), captured=captured)

    def text(self, message: str) -> None:
        self.data(self.encode(frames.TEXT, message.encode()))

    def close(self, code: int | None = None, reason: str = "", *, flags: int = 0) -> None:
        self.data(self.encode(frames.CLOSE, frames.close_payload(code, reason)), flags=flags)

    def end(self) -> None:
        """An empty DATA frame with END_STREAM."""
        self.data(b"", flags=END_STREAM)

    def reset(self, code: int = CANCEL) -> None:
        self.peer.send(frame(RST_STREAM, 0, self.stream.id, code.to_bytes(4, "big")))


class Stream:
    """A stream with a WebSocket."""

    def __init__(self, talk: "Http2", id: int) -> None:
        self.id = id
        self.talk = talk
        self.started = talk.clock
        self.client, self.server = Half(self, talk.client), Half(self, talk.server)

    def open(self, asked: Fields | None = None, answered: Fields | None = None) -> None:
        """Extended CONNECT and a 200."""
        self.talk.headers(self.talk.client, self.id, asked or connect())
        self.talk.headers(self.talk.server, self.id, answered or [(":status", "200"), ("server", "example")])

    def greet(self) -> None:
        self.client.text("hello")
        self.server.text("hello to you")

    def finish(self, by: Half, code: int = 1000, reason: str = "") -> None:
        """The closing handshake, begun by `by`; then both sides end the stream."""
        other = self.server if by is self.client else self.client
        by.close(code, reason)
        other.close(code, flags=END_STREAM)
        by.end()


class Http2(Conversation):
    """An HTTP/2 connection in cleartext."""

    def __init__(self, trace: Trace, *, at: float = 0.0) -> None:
        super().__init__(trace, client=CLIENT, server=SERVER, at=at)
        self.client, self.server = self.ends
        self.encoders = {self.client: HpackEncoder(), self.server: HpackEncoder()}
        self.streams: list[Stream] = []

    def start(self, of_server: dict[int, int] | None = None, of_client: dict[int, int] | None = None) -> None:
        """TCP's handshake, the preface and the SETTINGS of both sides (prior knowledge, RFC 9113 §3.3)."""
        self.connect()
        self.client.send(PREFACE + settings(of_client or {}))
        self.greet(of_server)

    def greet(self, of_server: dict[int, int] | None = None) -> None:
        """SETTINGS of the server, and acknowledgements of both."""
        allowed = {ENABLE_CONNECT_PROTOCOL: 1} if of_server is None else of_server
        self.server.send(settings(allowed) + frame(SETTINGS, ACK, 0))
        self.client.send(frame(SETTINGS, ACK, 0))

    def upgrade(self) -> None:
        """The way from HTTP/1.1 (RFC 7540 §3.2): the response to the request comes on stream 1."""
        self.connect()
        encoded = base64.urlsafe_b64encode(settings({3: 100})[9:]).rstrip(b"=").decode()
        lines = ["GET / HTTP/1.1", f"Host: {AUTHORITY}", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"]
        self.client.send("\r\n".join([*lines, f"HTTP2-Settings: {encoded}", "", ""]).encode())
        self.server.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        self.client.send(PREFACE + settings({}))
        self.greet()
        self.headers(self.server, 1, [(":status", "204")], flags=END_STREAM)

    def headers(
        self, peer: Peer, stream: int, fields: Fields, *, flags: int = 0, parts: int = 1, captured: bool = True
    ) -> None:
        """HEADERS, and CONTINUATION if there are several parts; with PADDED and PRIORITY these are put in front."""
        block = self.encoders[peer].encode(fields)
        size = -(-len(block) // parts)
        pieces = [block[at : at + size] for at in range(0, len(block), size)]
        first = pieces[0]
        if flags & PRIORITY:
            first = b"\x00\x00\x00\x00\x0f" + first
        if flags & PADDED:
            first = b"\x07" + first + bytes(7)
        last = END_HEADERS if len(pieces) == 1 else 0
        data = frame(HEADERS, flags | last, stream, first)
        for index, piece in enumerate(pieces[1:], 2):
            data += frame(CONTINUATION, END_HEADERS if index == len(pieces) else 0, stream, piece)
        peer.send(data, captured=captured)

    def stream(self, id: int | None = None) -> Stream:
        """The next stream of the client."""
        stream = Stream(self, id or 2 * len(self.streams) + 1)
        self.streams.append(stream)
        return stream

    def go_away(self, peer: Peer, last_stream: int, code: int = 0, debug_data: bytes = b"") -> None:
        peer.send(frame(GOAWAY, 0, 0, last_stream.to_bytes(4, "big") + code.to_bytes(4, "big") + debug_data))
