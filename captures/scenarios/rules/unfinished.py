"""Rules about frames and messages that do not end, or take long (RFC 6455 §5.2, §5.4, §10.4)."""

from captures.encoder.frames import BINARY, CONTINUATION, TEXT
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Fired, abnormal, closed, failing

chapter = Chapter("rules/")

CLEAN = closed("client")
WITHOUT_CLOSE = Fired("closed-without-close-frame", "server")


@chapter.connection(
    "truncated-frame",
    "The server ends TCP after 10 of 100 payload bytes",
    abnormal("server").having(frames=ANY).firing(Fired("truncated-frame", "server", 1), WITHOUT_CLOSE),
)
def truncated(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("hello")
    talk.server.send(talk.server.encode(BINARY, bytes(100))[:12])
    talk.end_tcp()


@chapter.connection(
    "truncated-frame.header",
    "The server ends TCP after the first three bytes of a header",
    abnormal("server").having(frames=ANY).firing(Fired("truncated-frame", "server", 1), WITHOUT_CLOSE),
)
def truncated_header(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("hello")
    talk.server.send(talk.server.encode(BINARY, bytes(300))[:3])
    talk.end_tcp()


@chapter.connection(
    "truncated-frame.near-miss",
    "TCP ends right behind the last byte of a frame",
    abnormal("server").firing(WITHOUT_CLOSE),
)
def whole_frame(talk: WebSocket) -> None:
    talk.open()
    talk.server.binary(bytes(100))
    talk.end_tcp()


@chapter.connection(
    "unfinished-message",
    "The server ends TCP between two fragments",
    abnormal("server").firing(Fired("unfinished-message", "server"), WITHOUT_CLOSE),
)
def unfinished(talk: WebSocket) -> None:
    talk.open()
    talk.server.frame(TEXT, b"to be ", fin=False)
    talk.end_tcp()


@chapter.connection(
    "unfinished-message.near-miss", "The message ends with an empty fragment", abnormal("server").firing(WITHOUT_CLOSE)
)
def finished(talk: WebSocket) -> None:
    talk.open()
    talk.server.frame(TEXT, b"the end", fin=False)
    talk.server.frame(CONTINUATION)
    talk.end_tcp()


def fragmented(name: str, shows: str, parts: list[bytes], *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        data = [
            talk.server.encode(CONTINUATION if number else TEXT, part, fin=number == len(parts) - 1)
            for number, part in enumerate(parts)
        ]
        talk.server.send(b"".join(data))
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(messages=(0, 1)).firing(*fired))(script)


EXCESSIVE = "excessive-fragments"
fragmented(EXCESSIVE, "A message in 1001 fragments", [b"a"] * 1001, Fired(EXCESSIVE, "server", 1000))
fragmented(
    f"{EXCESSIVE}.empty", "Eight empty fragments in a row", [b"a", *[b""] * 8, b"b"], Fired(EXCESSIVE, "server", 8)
)
fragmented(
    f"{EXCESSIVE}.near-miss", "1000 fragments, seven of them empty and in a row", [b"a"] * 992 + [b""] * 7 + [b"b"]
)


def stalled(name: str, shows: str, seconds: float, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        talk.client.frame(TEXT, b"one ", fin=False)
        talk.wait(seconds)
        talk.client.frame(CONTINUATION, b"two")
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(messages=(1, 0)).firing(*fired))(script)


stalled("stalled-message", "6 s between two fragments", 6, Fired("stalled-message", "client", 1))
stalled("stalled-message.near-miss", "4.9 s between two fragments", 4.9)


def flood(name: str, shows: str, size: int, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        for _ in range(10):
            talk.server.send(b"".join(talk.server.encode(BINARY, bytes(size)) for _ in range(100)))
            talk.wait(0.05)
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(messages=(0, 1000)).firing(*fired))(script)


flood("tiny-frame-flood", "1000 frames of 4 bytes in half a second", 4, Fired("tiny-frame-flood", "server", 999))
flood("tiny-frame-flood.near-miss", "1000 frames of 5 bytes in half a second", 5)


@chapter.connection(
    "huge-frame",
    "A header that declares 64 MiB; the server ends TCP over it",
    abnormal("server")
    .having(frames=ANY)
    .firing(Fired("huge-frame", "client", 0), Fired("truncated-frame", "client", 0), WITHOUT_CLOSE),
)
def huge(talk: WebSocket) -> None:
    talk.open()
    talk.client.send(talk.client.encode(BINARY, b"start", declared=64 * 1024 * 1024))
    talk.end_tcp()


@chapter.connection(
    "huge-frame.near-miss",
    "One byte less than 64 MiB",
    abnormal("server").having(frames=ANY).firing(Fired("truncated-frame", "client", 0), WITHOUT_CLOSE),
)
def hardly_huge(talk: WebSocket) -> None:
    talk.open()
    talk.client.send(talk.client.encode(BINARY, b"start", declared=64 * 1024 * 1024 - 1))
    talk.end_tcp()


@chapter.connection(
    "tls-inside-stream",
    "The client sends a TLS ClientHello into the open WebSocket; the server fails the connection",
    failing("server", 1002)
    .having(frames=ANY, messages=ANY, violations=())
    .firing(
        Fired("tls-inside-stream", "client", 1),
        Fired("rsv-bits-set", "client", 1, count=1),
        Fired("reserved-opcode", "client", 1),
        Fired("unmasked-client-frame", "client", 1),
    ),
)
def tls(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("hello")
    talk.client.send(b"\x16\x03\x01\x02\x00")
    talk.close(talk.server, 1002)


@chapter.connection(
    "tls-inside-stream.near-miss", "Messages that hold a TLS record, in frames", CLEAN.having(messages=(1, 1))
)
def tls_in_frames(talk: WebSocket) -> None:
    talk.open()
    talk.client.binary(b"\x16\x03\x01\x02\x00")
    talk.server.binary(b"\x17\x03\x03\x00\x05hello")
    talk.close(talk.client)
