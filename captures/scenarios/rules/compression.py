"""Rules about compressed messages that inflate, but oddly (RFC 7692 §7.2; RFC 6455 §10.4)."""

from captures.encoder.deflate import TAIL, Deflater, bomb
from captures.encoder.frames import BINARY, CONTINUATION, RSV1, TEXT
from captures.encoder.websocket import WebSocket
from captures.scenario import Chapter, Fired, closed

chapter = Chapter("rules/")

DEFLATE = "permessage-deflate"
CLEAN = closed("client").having(extensions=(DEFLATE,))
WORDS = b"the same words, the same words, and once more the same words"


def payloads(name: str, shows: str, messages: list[bytes], *fired: Fired, opcode: int = TEXT) -> None:
    """Compressed messages of the server as they are written here."""

    def script(talk: WebSocket) -> None:
        talk.negotiate(DEFLATE, DEFLATE)
        for message in messages:
            talk.server.frame(opcode, message, rsv=RSV1)
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(messages=(0, len(messages))).firing(*fired))(script)


def compressed(data: bytes, *, final: bool = False) -> bytes:
    return Deflater(takeover=False).compress(data, final=final)


payloads(
    "deflate-tail-kept",
    "A message with the tail 00 00 FF FF still on it",
    [compressed(WORDS) + TAIL],
    Fired("deflate-tail-kept", "server", 0),
)
payloads(
    "deflate-tail-kept.near-miss",
    "A message whose content ends with 00 00 FF FF",
    [compressed(WORDS + TAIL)],
    opcode=BINARY,
)


def in_two(name: str, shows: str, first: bytes, second: bytes, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.negotiate(DEFLATE, DEFLATE)
        talk.server.frame(TEXT, first, fin=False, rsv=RSV1)
        talk.server.frame(CONTINUATION, second)
        talk.close(talk.client)

    chapter.connection(
        name, shows, CLEAN.having(messages=(0, 1), payload=(0, len(WORDS) + len(WORDS[:20]))).firing(*fired)
    )(script)


_EACH = Deflater()
FIRST, SECOND = _EACH.compress(WORDS), _EACH.compress(WORDS[:20])
in_two(
    "deflate-tail-cut-early",
    "A message in two fragments, the tail cut off each of them",
    FIRST,
    SECOND,
    Fired("deflate-tail-cut-early", "server", 1),
)
in_two(
    "deflate-tail-cut-early.near-miss",
    "The same two fragments, the tail cut off the last one alone",
    FIRST + TAIL,
    SECOND,
)
payloads(
    "deflate-bfinal",
    "A message that ends with a final block",
    [compressed(WORDS, final=True) + b"\x00"],
    Fired("deflate-bfinal", "server", 0),
)
payloads("deflate-bfinal.near-miss", "Two messages, neither with a final block", [compressed(WORDS), compressed(WORDS)])
payloads(
    "deflate-empty-message",
    "A compressed message of no bytes at all: a warning",
    [b""],
    Fired("deflate-empty-message", "server", 0, severity="warning"),
)
payloads(
    "deflate-empty-message.long",
    "An empty message as an empty block of fixed codes and what is left of the tail",
    [b"\x02\x00"],
    Fired("deflate-empty-message", "server", 0),
)
payloads("deflate-empty-message.near-miss", "An empty message as the byte 00", [b"\x00"])
payloads(
    "deflate-bomb",
    "4 kB that inflate to 4 MiB, a thousand times as many",
    [bomb(16256)],
    Fired("deflate-bomb", "server", 0),
    opcode=BINARY,
)
payloads("deflate-bomb.near-miss", "The same ratio, but less than 1 MiB", [bomb(4000)], opcode=BINARY)

NOISE = [bytes((number * 7 + place * 13) % 256 for place in range(8)) for number in range(20)]
payloads(
    "deflate-expands",
    "20 short messages that compression makes longer",
    [b"\x00\x08\x00\xf7\xff" + noise + b"\x00" for noise in NOISE],
    Fired("deflate-expands", "server"),
    opcode=BINARY,
)
payloads(
    "deflate-expands.near-miss",
    "19 such messages",
    [b"\x00\x08\x00\xf7\xff" + noise + b"\x00" for noise in NOISE[:19]],
    opcode=BINARY,
)


def rarely(name: str, shows: str, plain: int, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.negotiate(DEFLATE, DEFLATE)
        talk.server.compressed(WORDS.decode())
        for number in range(plain):
            talk.server.text(f"short {number}")
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(messages=(0, plain + 1)).firing(*fired))(script)


rarely("deflate-rarely-used", "One of 20 messages is compressed", 19, Fired("deflate-rarely-used", "server"))
rarely("deflate-rarely-used.near-miss", "One of 19 messages is compressed", 18)
