"""Rules about masking (RFC 6455 §5.1, §5.3)."""

from captures.encoder.frames import PONG, TEXT
from captures.encoder.websocket import Endpoint, WebSocket
from captures.scenario import Chapter, Fired, closed
from captures.scenarios.rules.offence import after_hello, broken

chapter = Chapter("rules/")

CLEAN = closed("client")

broken(
    chapter,
    "unmasked-client-frame",
    "A text frame of the client without a mask",
    "client",
    1,
    after_hello(lambda sender: sender.frame(TEXT, b"plain", mask=None)),
    reason="MASK must be set",
)
broken(
    chapter,
    "unmasked-client-frame",
    "An empty Pong of the client without a mask: zero bytes count like any other frame",
    "client",
    1,
    after_hello(lambda sender: sender.frame(PONG, mask=None)),
    variant="empty",
)


@chapter.connection("unmasked-client-frame.near-miss", "Masked frames of zero bytes", CLEAN.having(messages=(2, 0)))
def masked_nothing(talk: WebSocket) -> None:
    talk.open()
    talk.client.text("")
    talk.client.binary(b"")
    talk.client.ping()
    talk.server.pong()
    talk.close(talk.client)


broken(
    chapter,
    "masked-server-frame",
    "A text frame of the server with a mask",
    "server",
    1,
    after_hello(lambda sender: sender.frame(TEXT, b"masked", mask=b"\x37\xfa\x21\x3d")),
    reason="Masked frame from server",
)


@chapter.connection(
    "masked-server-frame.near-miss",
    "Bytes with their top bit set where a careless eye sees MASK: in the extended length and at the payload's start",
    CLEAN.having(messages=(0, 2)),
)
def top_bits(talk: WebSocket) -> None:
    talk.open()
    talk.server.binary(b"\x81\x80" * (0x8182 // 2))
    talk.server.binary(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")
    talk.close(talk.client)


def _same_key_twice(sender: Endpoint) -> None:
    for word in (b"one", b"two"):
        sender.frame(TEXT, word, mask=b"\x37\xfa\x21\x3d")


@chapter.connection(
    "repeated-masking-key",
    "Two frames in a row masked with the same key; the server cannot mind",
    CLEAN.having(messages=(2, 0)).firing(Fired("repeated-masking-key", "client", 1)),
)
def repeated_key(talk: WebSocket) -> None:
    talk.open()
    _same_key_twice(talk.client)
    talk.close(talk.client)


@chapter.connection(
    "repeated-masking-key.near-miss", "A key comes back after another one was used", CLEAN.having(messages=(3, 0))
)
def key_comes_back(talk: WebSocket) -> None:
    talk.open()
    for word, key in ((b"one", b"\x37\xfa\x21\x3d"), (b"two", b"\xa1\x0c\x5e\x90"), (b"three", b"\x37\xfa\x21\x3d")):
        talk.client.frame(TEXT, word, mask=key)
    talk.close(talk.client)
