"""wsinspect/websocket/messages.py: data frames become messages, and what is wrong with their bytes is told at once."""

import random
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder.deflate import Deflater, bomb, literals_and_reference, stored
from captures.encoder.frames import BINARY, CONTINUATION, RSV1, TEXT, encode
from tests.transport.segments import chunk, chunks_of, gap
from wsinspect.transport.reassembly import Chunk, Gap
from wsinspect.websocket.frames import FrameDecoder, FramePiece
from wsinspect.websocket.inflate import INFLATE_LIMIT, TAIL
from wsinspect.websocket.message_facts import (
    BadUtf8,
    ContextUse,
    InflateError,
    InflateLimit,
    Message,
    MessageEvent,
    WindowExceeded,
)
from wsinspect.websocket.messages import MAX_DISTANCE_INPUT, DeflateSetup, MessageAssembler

TAKEOVER, NO_TAKEOVER = DeflateSetup(True, 15), DeflateSetup(False, 15)
SMALL = DeflateSetup(True, 8)


def assemble(
    pieces: list[Chunk | Gap], deflate: DeflateSetup | None = None, keep: bool = True
) -> tuple[MessageAssembler, list[MessageEvent]]:
    """Frames decoded and put together; control frames are left out, as the dialogue does."""
    decoder, messages = FrameDecoder(), MessageAssembler(deflate, keep)
    events: list[MessageEvent] = []
    for part in pieces:
        for piece in decoder.gap(part) if isinstance(part, Gap) else decoder.feed(part):
            if not isinstance(piece, FramePiece):
                messages.lose_sync()
            elif piece.header.opcode < 8:
                events += messages.feed(piece)
    return messages, events


def tell(events: list[MessageEvent]) -> list[object]:
    """Events in short."""
    told: list[object] = []
    for event in events:
        if isinstance(event, Message):
            told.append((event.opcode, event.data))
        elif isinstance(event, BadUtf8):
            told.append(f"bad byte at {event.bad.offset} in frame {event.frame}")
        elif isinstance(event, WindowExceeded):
            told.append(f"distance {event.distance} in frame {event.frame}")
        elif isinstance(event, InflateError):
            told.append(f"{event.reason} in frame {event.frame}")
        else:
            told.append(f"{type(event).__name__} in frame {event.frame}")
    return told


def packed(*messages: bytes, takeover: bool = True) -> list[bytes]:
    deflater = Deflater(takeover=takeover)
    return [deflater.compress(message) for message in messages]


def compressed(payload: bytes, opcode: int = BINARY) -> bytes:
    return encode(opcode, payload, rsv=RSV1)


WORDS = b"words that come again, and again words"
FIRST, SECOND = packed(WORDS, b"again: " + WORDS)
FRAGMENTED = (
    encode(TEXT, FIRST[:5], rsv=RSV1, fin=False)
    + encode(9, b"?")
    + encode(CONTINUATION, b"", fin=False)
    + encode(CONTINUATION, FIRST[5:])
)

CASES: list[tuple[str, bytes, DeflateSetup | None, list[object]]] = [
    ("text and binary", encode(TEXT, b"a") + encode(BINARY, b"\xff"), None, [(1, b"a"), (2, b"\xff")]),
    ("empty", encode(TEXT, b"") + encode(BINARY, b""), None, [(1, b""), (2, b"")]),
    ("large", encode(BINARY, b"x" * 70000), None, [(2, b"x" * 70000)]),
    (
        "fragments, a Ping between",
        encode(TEXT, b"a", fin=False) + encode(9, b"?") + encode(0, b"b", fin=False) + encode(0, b""),
        None,
        [(1, b"ab")],
    ),
    (
        "a character across fragments",
        encode(TEXT, b"\xe2", fin=False) + encode(0, b"\x82", fin=False) + encode(0, b"\xac"),
        None,
        [(1, "€".encode())],
    ),
    ("bad text", encode(TEXT, b"ab\xff"), None, ["bad byte at 2 in frame 0", (1, b"ab\xff")]),
    (
        "bad text in a later fragment",
        encode(TEXT, b"ab", fin=False) + encode(0, b"c\xff\xff", fin=False) + encode(0, b"\xff"),
        None,
        ["bad byte at 3 in frame 1", (1, b"abc\xff\xff\xff")],
    ),
    ("bad text in an unfinished message", encode(TEXT, b"a\xff", fin=False), None, ["bad byte at 1 in frame 0"]),
    ("bad text in an unfinished frame", encode(TEXT, b"a\xff", declared=99), None, ["bad byte at 1 in frame 0"]),
    ("text cut off", encode(TEXT, b"a\xc3"), None, ["bad byte at 2 in frame 0", (1, b"a\xc3")]),
    ("a continuation of nothing", encode(0, b"\xff") + encode(TEXT, b"a"), None, [(1, b"a")]),
    (
        "a message inside a message: the second one goes on",
        encode(TEXT, b"a", fin=False) + encode(BINARY, b"\xff", fin=False) + encode(0, b"c"),
        None,
        [(2, b"\xffc")],
    ),
    ("RSV1 and nothing agreed: the bytes are not judged", compressed(b"\xff", TEXT), None, [(1, b"\xff")]),
    (
        "RSV2 is judged as what it says it is",
        encode(TEXT, b"\xff", rsv=2),
        None,
        ["bad byte at 0 in frame 0", (1, b"\xff")],
    ),
    ("compressed", compressed(FIRST, TEXT) + compressed(SECOND), TAKEOVER, [(1, WORDS), (2, b"again: " + WORDS)]),
    ("compressed fragments", FRAGMENTED + compressed(SECOND), TAKEOVER, [(1, WORDS), (2, b"again: " + WORDS)]),
    (
        "a plain one among compressed",
        compressed(FIRST) + encode(TEXT, b"a") + compressed(SECOND),
        TAKEOVER,
        [(2, WORDS), (1, b"a"), (2, b"again: " + WORDS)],
    ),
    (
        "compressed nothing",
        compressed(b"\x00") + compressed(b""),
        TAKEOVER,
        [(2, b""), "OddEmpty in frame 1", (2, b"")],
    ),
    (
        "RSV1 on a continuation means nothing",
        encode(TEXT, b"a", fin=False) + encode(0, b"b", rsv=RSV1),
        TAKEOVER,
        [(1, b"ab")],
    ),
    (
        "bad text inside compressed data",
        compressed(stored(b"a\xff"), TEXT),
        TAKEOVER,
        ["bad byte at 1 in frame 0", (1, b"a\xff")],
    ),
    (
        "context used",
        compressed(FIRST) + compressed(SECOND),
        NO_TAKEOVER,
        [(2, WORDS), "ContextUse in frame 1", (2, b"again: " + WORDS)],
    ),
    (
        "no DEFLATE data",
        compressed(b"\x07") + compressed(FIRST),
        NO_TAKEOVER,
        ["invalid block type in frame 0", (2, b""), (2, WORDS)],
    ),
    (
        "no DEFLATE data, with takeover",
        compressed(b"\x07") + compressed(FIRST),
        TAKEOVER,
        ["invalid block type in frame 0", (2, b""), (2, WORDS)],
    ),
    (
        "a window that was not agreed",
        compressed(literals_and_reference(bytes(300), 3, 257)),
        SMALL,
        ["distance 257 in frame 0", (2, bytes(303))],
    ),
    (
        "the whole window that was agreed",
        compressed(literals_and_reference(bytes(300), 3, 256)),
        SMALL,
        [(2, bytes(303))],
    ),
]
PARAMETERS = [pytest.param(data, deflate, told, id=name) for name, data, deflate, told in CASES]


@pytest.mark.parametrize(("data", "deflate", "told"), PARAMETERS)
def test_whole(data: bytes, deflate: DeflateSetup | None, told: list[object]) -> None:
    assert tell(assemble([chunk(data)], deflate)[1]) == told


@pytest.mark.parametrize(("data", "deflate", "told"), PARAMETERS)
def test_cut(data: bytes, deflate: DeflateSetup | None, told: list[object]) -> None:
    size = len(data)
    cuts = [range(1, size, 1460)] if size > 1000 else [range(size), *([place] for place in range(1, size))]
    for places in cuts:
        assert tell(assemble([*chunks_of(data, places)], deflate)[1]) == told, places


@pytest.mark.parametrize(("data", "deflate", "told"), PARAMETERS)
def test_without_keeping_payloads_the_facts_and_counts_are_the_same(
    data: bytes, deflate: DeflateSetup | None, told: list[object]
) -> None:
    for pieces in ([chunk(data)], [*chunks_of(data, [3, 9])]):
        kept, events = assemble([*pieces], deflate)
        lean, facts = assemble([*pieces], deflate, keep=False)
        assert tell(facts) == [fact for fact in told if isinstance(fact, str)]
        for name in ("count", "payload_bytes", "latest", "largest", "open", "state_known"):
            assert getattr(kept, name) == getattr(lean, name), name
        messages = [event for event in events if isinstance(event, Message)]
        assert kept.count == len(messages)
        assert sum(len(message.data) for message in messages) == sum(message.length for message in messages)


@given(st.sampled_from(CASES), st.lists(st.integers(1, 200), max_size=8))
@settings(max_examples=200, deadline=None)
def test_cut_at_random(case: tuple[str, bytes, DeflateSetup | None, list[object]], cuts: list[int]) -> None:
    _, data, deflate, told = case
    assert tell(assemble([*chunks_of(data, cuts)], deflate)[1]) == told


def test_a_message_knows_its_frames_and_sizes() -> None:
    _, events = assemble([chunk(FRAGMENTED)], TAKEOVER)
    assert events == [Message(TEXT, True, 0, 3, len(FIRST), len(WORDS), 0, WORDS)]


@pytest.mark.parametrize(
    ("deflate", "told"),
    [(None, [(1, b"abhi"), (1, b"ok")]), (TAKEOVER, [(1, b"abhi"), (1, b"ok")])],
)
def test_a_hole_in_a_text_silences_the_judgement_of_that_text(deflate: DeflateSetup | None, told: list[object]) -> None:
    data = encode(TEXT, b"ab\xe2\x82\xachi") + encode(TEXT, b"ok")
    messages, events = assemble([chunk(data[:4]), gap(4, 3), chunk(data[7:], 7)], deflate)
    assert tell(events) == told
    assert isinstance(events[0], Message) and events[0].missing == 3
    assert messages.count == 2


@pytest.mark.parametrize("deflate", [TAKEOVER, NO_TAKEOVER])
def test_a_hole_in_a_compressed_message(deflate: DeflateSetup) -> None:
    data = compressed(FIRST, TEXT) + compressed(FIRST, TEXT)
    _, events = assemble([chunk(data[:6]), gap(6, 2), chunk(data[8:], 8)], deflate)
    told = tell(events)
    assert [fact for fact in told if isinstance(fact, str)] == []
    assert told[1] == (1, WORDS)  # it refers to nothing before it


def test_after_a_lost_boundary_it_is_not_known_what_is_open() -> None:
    messages, _ = assemble([chunk(encode(TEXT, b"a", fin=False)), gap(3, 3)])
    assert not messages.open and not messages.state_known


def test_a_bomb_stops_at_the_limit_and_framing_goes_on() -> None:
    payload = bomb(INFLATE_LIMIT // 258 + 10)
    data = compressed(payload, TEXT) + encode(TEXT, b"after")
    pieces: list[Chunk | Gap] = [*chunks_of(data, range(0, len(data), 1460))]
    tracemalloc.start()
    messages, events = assemble(pieces, NO_TAKEOVER, keep=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [type(event) for event in events] == [InflateLimit]
    assert messages.count == 2
    assert INFLATE_LIMIT < messages.payload_bytes < INFLATE_LIMIT + (1 << 19)
    assert peak < 8_000_000


def test_distances_are_measured_up_to_a_limit() -> None:
    """Also within one message: it may be of any size."""
    noise = zlib.compress(bytes(9))  # anything short
    block = stored(noise * 3000)[:-1]
    far = literals_and_reference(bytes(300), 3, 257)
    frames = encode(BINARY, far, rsv=RSV1)
    long = encode(BINARY, block, rsv=RSV1, fin=False) + encode(0, block, fin=False) * (MAX_DISTANCE_INPUT // len(block))
    messages, events = assemble([chunk(frames + long + encode(0, far) + frames)], SMALL, keep=False)
    assert messages.count == 3
    assert [type(event) for event in events] == [WindowExceeded]


@given(st.binary(max_size=120), st.sampled_from([None, TAKEOVER, NO_TAKEOVER, SMALL]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes, deflate: DeflateSetup | None, keep: bool) -> None:
    messages, events = assemble([*chunks_of(data, range(0, len(data), 7))], deflate, keep)
    messages.finish()
    assert all(not isinstance(event, ContextUse) or deflate is NO_TAKEOVER for event in events)


def squeezed(*texts: bytes) -> list[bytes]:
    """Frames of messages that a sender with context takeover compressed one after the other."""
    compressor = zlib.compressobj(wbits=-15)
    payloads = [compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH) for text in texts]
    return [encode(TEXT, payload.removesuffix(TAIL), rsv=RSV1) for payload in payloads]


def messages_of(frames: list[bytes], messages: MessageAssembler) -> list[Message]:
    decoder = FrameDecoder()
    events: list[MessageEvent] = []
    for piece in decoder.feed(chunk(b"".join(frames))):
        assert isinstance(piece, FramePiece)
        events += messages.feed(piece)
    assert all(isinstance(event, Message) for event in events)
    return [event for event in events if isinstance(event, Message)]


def test_joined_late_compression_is_inferred_and_what_is_known_is_shown() -> None:
    quote = b'{"symbol": "EXMP", "bid": 101.25, "ask": 101.27}'
    joined = MessageAssembler(None, True, may_infer=True)
    first, second = messages_of(squeezed(quote, b"NEWS" + quote, b"all of it is new here")[1:], joined)
    assert joined.deflate_inferred
    assert (first.compressed, first.length, first.data[:4]) == (True, 4 + len(quote), b"NEWS")
    assert 0 < first.unknown <= len(quote)
    assert (second.data, second.unknown) == (b"all of it is new here", 0)


def test_rsv1_that_is_no_deflate_is_left_alone() -> None:
    joined = MessageAssembler(None, True, may_infer=True)
    other = [encode(BINARY, b"\x07not deflate", rsv=RSV1), encode(BINARY, b"\x07still not", rsv=RSV1)]
    first, second = messages_of(other, joined)
    assert not joined.deflate_inferred
    assert first.data == b""
    assert (second.compressed, second.data) == (False, b"\x07still not")


def test_nothing_is_inferred_where_the_handshake_was_seen() -> None:
    known = MessageAssembler(None, True)
    messages_of(squeezed(b"anything"), known)
    assert not known.deflate_inferred


def test_behind_a_loss_the_window_is_rebuilt_and_text_is_judged_again() -> None:
    choice = random.Random(7692)
    texts = [choice.randbytes(5000).hex().encode() for _ in range(5)]
    frames = squeezed(b"lost", *texts, b"bad \xff byte")
    messages = MessageAssembler(TAKEOVER, True)
    messages.lose_sync()
    told = tell([event for frame in frames[1:] for event in feed_one(messages, frame)])
    assert told == [*((TEXT, text) for text in texts), "bad byte at 4 in frame 0", (TEXT, b"bad \xff byte")]


def feed_one(messages: MessageAssembler, frame: bytes) -> list[MessageEvent]:
    events: list[MessageEvent] = []
    for piece in FrameDecoder().feed(chunk(frame)):
        assert isinstance(piece, FramePiece)
        events += messages.feed(piece)
    return events


@pytest.mark.parametrize(("deflate", "rsv"), [(None, 0), (SMALL, RSV1), (NO_TAKEOVER, RSV1)])
def test_fragments_without_payload_take_no_room(deflate: DeflateSetup | None, rsv: int) -> None:
    """A message may go on for ever with them."""
    decoder, messages = FrameDecoder(), MessageAssembler(deflate, True)
    messages.collects = True
    start = encode(BINARY, b"", fin=False, rsv=rsv) if rsv else encode(TEXT, b"", fin=False)
    empty = encode(CONTINUATION, b"", fin=False) * 1000
    offset = 0
    tracemalloc.start()
    for data in (start, *[empty] * 200):
        for piece in decoder.feed(chunk(data, offset)):
            assert isinstance(piece, FramePiece)
            assert not messages.feed(piece)
        offset += len(data)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert messages.fragments == 200_001
    assert size < 4_000_000
