"""Rules about the quality of masking keys (RFC 6455 §5.3, §10.3)."""

from captures.encoder.conversation import START_NS
from captures.encoder.frames import TEXT
from captures.encoder.websocket import WebSocket
from captures.scenario import Chapter, Fired, closed

chapter = Chapter("rules/")


def masked(name: str, shows: str, keys: list[bytes], *fired: Fired) -> None:
    """Text messages of the client with these keys; its Close has another."""
    expected = closed("client").having(messages=(len(keys), 0)).firing(*fired)

    def script(talk: WebSocket) -> None:
        talk.open()
        for number, key in enumerate(keys):
            talk.client.frame(TEXT, f"message {number}".encode(), mask=key)
        talk.close(talk.client)

    chapter.connection(name, shows, expected)(script)


def scattered(number: int) -> bytes:
    """Keys without a pattern: a multiplicative hash, every byte of which varies."""
    return ((number * 2654435761 + 0x9E3779B9) ^ (number * number * 40503 << 7)).to_bytes(12, "big")[-4:]


ORDINARY = [scattered(number) for number in range(1, 41)]

masked(
    "zero-masking-key",
    "One frame with the key 00 00 00 00",
    [ORDINARY[0], bytes(4), ORDINARY[1]],
    Fired("zero-masking-key", "client", 1),
)
masked(
    "zero-masking-key.near-miss", "Keys with three zero bytes", [b"\x00\x00\x00\x01", ORDINARY[0], b"\x01\x00\x00\x00"]
)

PREDICTABLE = Fired("predictable-masking-key", "client", 15)
masked(
    "predictable-masking-key",
    "Sixteen keys that count up by one",
    [(0xFFFFFFF8 + number & 0xFFFFFFFF).to_bytes(4, "big") for number in range(16)],
    PREDICTABLE,
    Fired("zero-masking-key", "client", 8),
)
masked(
    "predictable-masking-key.little-endian",
    "Sixteen keys that grow by 1000 as little-endian numbers",
    [(70_000 + 1000 * number).to_bytes(4, "little") for number in range(16)],
    PREDICTABLE,
)
masked(
    "predictable-masking-key.few",
    "Four keys in turn",
    [ORDINARY[number % 4] for number in range(16)],
    PREDICTABLE,
)


@chapter.connection(
    "predictable-masking-key.clock",
    "The time of day as the key, a message every 1.4 s",
    closed("client").having(messages=(16, 0)).firing(PREDICTABLE),
)
def clock(talk: WebSocket) -> None:
    talk.open()
    for number in range(16):
        talk.wait(1.4)
        seconds = (START_NS + round(talk.elapsed * 1e9)) // 10**9
        talk.client.frame(TEXT, f"message {number}".encode(), mask=seconds.to_bytes(4, "big"))
    talk.close(talk.client)


masked(
    "predictable-masking-key.near-miss",
    "Fifteen keys that count up by one: one too few for a pattern",
    [(0x12345678 + number).to_bytes(4, "big") for number in range(15)],
)

LOW = Fired("low-entropy-masking-key", "client", 31)
masked(
    "low-entropy-masking-key",
    "32 keys whose third byte is always 5C",
    [key[:2] + b"\x5c" + key[3:] for key in ORDINARY[:32]],
    LOW,
)
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
masked(
    "low-entropy-masking-key.text",
    "32 keys of letters and digits",
    [bytes(LETTERS[byte % len(LETTERS)] for byte in key) for key in ORDINARY[:32]],
    LOW,
)
masked(
    "low-entropy-masking-key.near-miss",
    "31 keys whose third byte is always 5C, and one with another",
    [key[:2] + (b"\x5c" if number < 31 else b"\x5d") + key[3:] for number, key in enumerate(ORDINARY[:32])],
)
