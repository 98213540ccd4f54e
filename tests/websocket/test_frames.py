"""wsinspect/websocket/frames.py: in-order bytes in, frames exactly as sent out."""

import tracemalloc
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder.frames import encode, masked
from tests.transport.segments import chunk, chunks_of, gap
from wsinspect.transport.reassembly import Chunk, Gap
from wsinspect.websocket.frames import (
    FrameDecoder,
    FrameEvent,
    FrameHeader,
    FramePiece,
    HttpInStream,
    OutOfSync,
    opcode_name,
    unmask,
)

KEY = bytes.fromhex("37fa213d")
HELLO = bytes.fromhex("810548656c6c6f")  # RFC 6455 §5.7: "Hello", unmasked …
MASKED_HELLO = bytes.fromhex("818537fa213d7f9f4d5158")  # … and masked
PING = encode(9, b"?", mask=KEY)


class Seen(NamedTuple):
    """A frame as it came out, however many pieces it came in."""

    number: int
    fin: bool
    rsv: int
    opcode: int
    masking_key: bytes
    length: int
    form: int
    offset: int
    payload: bytes = b""
    missing: int = 0
    complete: bool = True


def collect(events: Iterable[FrameEvent]) -> list[Seen | str]:
    """The frames, the lines of HTTP text and the reasons for losing sync."""
    seen: list[Seen | str] = []
    for event in events:
        if isinstance(event, HttpInStream):
            seen.append(f"HTTP {event.line!r} at {event.offset}")
        elif isinstance(event, OutOfSync):
            seen.append(f"{event.reason} at {event.offset}")
        else:
            h = event.header
            assert h.masked is bool(h.masking_key) or not event.last
            if event.first:
                key = h.masking_key
                seen.append(
                    Seen(h.number, h.fin, h.rsv, h.opcode, key, h.length, h.length_form, h.offset, b"", 0, False)
                )
            frame = next(frame for frame in reversed(seen) if isinstance(frame, Seen))
            assert frame.number == h.number and not frame.complete
            place = len(seen) - 1 - seen[::-1].index(frame)
            seen[place] = frame._replace(
                payload=frame.payload + event.data, missing=frame.missing + event.missing, complete=event.last
            )
    return seen


def decode(pieces: Sequence[Chunk | Gap]) -> list[Seen | str]:
    decoder = FrameDecoder()
    events: list[FrameEvent] = []
    for piece in pieces:
        events += decoder.gap(piece) if isinstance(piece, Gap) else decoder.feed(piece)
    return collect([*events, *decoder.finish()])


def frame(
    opcode: int,
    payload: bytes,
    *,
    fin: bool = True,
    rsv: int = 0,
    key: bytes = b"",
    form: int = 7,
    declared: int | None = None,
) -> Seen:
    """What is to be seen of a frame; with a `declared` length it is incomplete."""
    length = len(payload) if declared is None else declared
    return Seen(0, fin, rsv, opcode, key, length, form, 0, payload, 0, declared is None)


def in_a_row(*frames: Seen | str) -> list[Seen | str]:
    """The same frames numbered and placed one behind the other; texts are placed where they stand."""
    placed: list[Seen | str] = []
    offset = number = 0
    for seen in frames:
        if isinstance(seen, str):
            placed.append(f"{seen} at {offset}")
            continue
        placed.append(seen._replace(number=number, offset=offset))
        number += 1
        if seen.complete:
            offset += {7: 2, 16: 4, 64: 10}[seen.form] + len(seen.masking_key) + seen.length
    return placed


MSB = "a 64-bit payload length has its top bit set"
HTTP = "HTTP text stands where a frame should begin"
NO_HEADER = "bytes of a frame header were not captured"
HELLO_SEEN, PING_SEEN = frame(1, b"Hello"), frame(9, b"?", key=KEY)


def sized(length: int, key: bytes | None = None) -> bytes:
    """A binary frame that declares a length and has three bytes."""
    return encode(2, b"abc", mask=key, declared=length, length_form=64)


CASES: list[tuple[str, bytes, list[Seen | str]]] = [
    ("Hello", HELLO, [HELLO_SEEN]),
    ("masked Hello", MASKED_HELLO, [frame(1, b"Hello", key=KEY)]),
    ("two frames", HELLO + PING, [HELLO_SEEN, PING_SEEN]),
    (
        "fragments with a control frame between",
        encode(1, b"a", fin=False) + PING + encode(0, b"b", fin=False) + encode(0, b""),
        [frame(1, b"a", fin=False), PING_SEEN, frame(0, b"b", fin=False), frame(0, b"")],
    ),
    ("16-bit form for 5 bytes", encode(2, b"Hello", length_form=16), [frame(2, b"Hello", form=16)]),
    ("64-bit form for nothing", encode(2, b"", length_form=64, mask=KEY), [frame(2, b"", form=64, key=KEY)]),
    ("64-bit form for 300 bytes", encode(2, b"x" * 300, length_form=64), [frame(2, b"x" * 300, form=64)]),
    ("a key of zeros", encode(1, b"hi", mask=bytes(4)), [frame(1, b"hi", key=bytes(4))]),
    (
        "broken control frames",
        encode(8, b"x" * 130, fin=False) + encode(9, b"y" * 126, rsv=7),
        [frame(8, b"x" * 130, fin=False, form=16), frame(9, b"y" * 126, rsv=7, form=16)],
    ),
    (
        "frames that begin as HTTP does",
        encode(8, b"zz", fin=False, rsv=4) + encode(7, b"T/" + b"x" * 67, fin=False, rsv=4) + HELLO,
        [frame(8, b"zz", fin=False, rsv=4), frame(7, b"T/" + b"x" * 67, fin=False, rsv=4), HELLO_SEEN],
    ),
    ("a length with the top bit set", sized(2**63) + HELLO, [frame(2, b"", form=64, declared=2**63), MSB]),
    (
        "a length of ones",
        HELLO + sized(2**64 - 1, KEY),
        [HELLO_SEEN, frame(2, b"", form=64, key=KEY, declared=2**64 - 1), MSB],
    ),
    ("the largest legal length", sized(2**63 - 1, KEY), [frame(2, b"abc", form=64, key=KEY, declared=2**63 - 1)]),
    ("a payload without an end", HELLO + encode(2, b"abc", declared=10), [HELLO_SEEN, frame(2, b"abc", declared=10)]),
    ("one byte of a header", HELLO + b"\x82", [HELLO_SEEN]),
    ("a header without its key", HELLO + b"\x82\x85\x01", [HELLO_SEEN, frame(2, b"", declared=5)]),
    ("a header without its length", HELLO + b"\x89\x7e\x01", [HELLO_SEEN, frame(9, b"", declared=126)]),
    (
        "an HTTP response",
        HELLO + b"HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n" + HELLO,
        [HELLO_SEEN, HTTP, r"HTTP b'HTTP/1.1 502 Bad Gateway\r'"],
    ),
    ("an HTTP request", b"GET / HTTP/1.1\r\n\r\n", [HTTP, r"HTTP b'GET / HTTP/1.1\r'"]),
    ("HTTP text without a line end", b"POST /x", [HTTP, "HTTP b'POST /x'"]),
    ("a long line of HTTP text", b"GET /" + b"x" * 300 + b"\r\n", [HTTP, f"HTTP {b'GET /' + b'x' * 115!r}"]),
]
PARAMETERS = [pytest.param(data, in_a_row(*frames), id=name) for name, data, frames in CASES]


@pytest.mark.parametrize(("data", "expected"), PARAMETERS)
def test_whole(data: bytes, expected: list[Seen | str]) -> None:
    assert decode([chunk(data)]) == expected


@pytest.mark.parametrize(("data", "expected"), PARAMETERS)
def test_byte_by_byte(data: bytes, expected: list[Seen | str]) -> None:
    assert decode(chunks_of(data, range(len(data)))) == expected


@pytest.mark.parametrize(("data", "expected"), PARAMETERS)
def test_cut_in_two_everywhere(data: bytes, expected: list[Seen | str]) -> None:
    for place in range(1, len(data)):
        assert decode(chunks_of(data, [place])) == expected, place


@given(st.sampled_from(CASES), st.lists(st.integers(1, 310), max_size=12))
@settings(max_examples=200, deadline=None)
def test_cut_at_random(case: tuple[str, bytes, list[Seen | str]], cuts: list[int]) -> None:
    _, data, frames = case
    assert decode(chunks_of(data, cuts)) == in_a_row(*frames)


@pytest.mark.parametrize("length", [0, 1, 124, 125, 126, 127, 65535, 65536, 70000])
@pytest.mark.parametrize("key", [None, KEY])
def test_the_shortest_form_of_each_length(length: int, key: bytes | None) -> None:
    payload = bytes(place % 251 for place in range(length))
    data = encode(2, payload, mask=key) + HELLO
    form = 7 if length < 126 else 16 if length < 65536 else 64
    expected = in_a_row(frame(2, payload, key=key or b"", form=form), HELLO_SEEN)
    assert decode([chunk(data)]) == expected
    assert decode(chunks_of(data, range(1, len(data), 1460))) == expected


@pytest.mark.parametrize("first", range(256))
def test_every_first_byte_is_kept_as_it_is(first: int) -> None:
    data = bytes([first, 0x01]) + b"x"
    expected = frame(first & 15, b"x", fin=first >= 0x80, rsv=first >> 4 & 7)
    assert decode([chunk(data)]) == decode(chunks_of(data, [1, 2])) == [expected]


def test_pieces_know_their_packets() -> None:
    """The header's packet is that of its first byte; each piece's that of its bytes; the last one's completes it."""
    decoder = FrameDecoder()
    pieces = [piece for part in chunks_of(MASKED_HELLO + HELLO, [1, 7, 9]) for piece in decoder.feed(part)]
    assert all(isinstance(piece, FramePiece) for piece in pieces)
    told = [(p.header.number, p.header.packet, p.packet, p.data, p.last) for p in pieces if isinstance(p, FramePiece)]
    assert [row for row in told if row[3]] == [
        (0, 1, 2, b"H", False),
        (0, 1, 3, b"el", False),
        (0, 1, 4, b"lo", True),
        (1, 4, 4, b"Hello", True),
    ]


STREAM = encode(1, b"first", mask=KEY) + encode(2, b"x" * 130, mask=KEY) + encode(1, b"last", mask=KEY)
HEADERS = {*range(6), *range(11, 19), *range(149, 155)}
"""Offsets of header bytes in STREAM; the others are payload."""


@pytest.mark.parametrize("length", [1, 2, 5, 50, 140])
def test_a_hole_inside_a_payload_keeps_the_frames_apart_and_any_other_does_not(length: int) -> None:
    whole = [seen for seen in decode([chunk(STREAM)]) if isinstance(seen, Seen)]
    for start in range(len(STREAM) - length + 1):
        end = start + length
        seen = decode([chunk(STREAM[:start]), gap(start, length), chunk(STREAM[end:], end)])
        if HEADERS & set(range(start, end)):
            assert seen[-1] == f"{NO_HEADER} at {start}"
            before = [frame for frame in seen if isinstance(frame, Seen) and frame.complete]
            assert before == whole[: len(before)]
            continue
        frames = [frame for frame in seen if isinstance(frame, Seen)]
        assert len(frames) == len(seen) == len(whole)
        for frame, original in zip(frames, whole, strict=True):
            body = original.offset + (8 if original.form == 16 else 6)
            low, high = max(start, body), min(end, body + original.length)
            lost = max(0, high - low)
            kept = original.payload[: low - body] + original.payload[high - body :] if lost else original.payload
            assert frame == original._replace(payload=kept, missing=lost)


def test_nothing_is_told_of_bytes_behind_a_lost_boundary() -> None:
    decoder = FrameDecoder()
    decoder.gap(gap(0, 3))
    assert not decoder.synced
    assert decoder.feed(chunk(HELLO, 3)) == []
    assert decoder.gap(gap(9, 3)) == []
    assert decoder.finish() == []


def test_frames_are_read_again_once_somebody_has_found_a_boundary() -> None:
    decoder = FrameDecoder()
    decoder.feed(chunk(HELLO))
    decoder.gap(gap(len(HELLO), 3))
    decoder.resume()
    assert decoder.synced and decoder.at_boundary
    (seen,) = collect(decoder.feed(chunk(MASKED_HELLO, len(HELLO) + 3)))
    assert seen == frame(1, b"Hello", key=KEY)._replace(number=1, offset=len(HELLO) + 3)


def test_without_sync_from_the_start_nothing_is_told() -> None:
    decoder = FrameDecoder(synced=False)
    assert decoder.feed(chunk(HELLO)) == []
    assert not decoder.at_boundary


def test_where_the_stream_stands() -> None:
    decoder = FrameDecoder()
    assert decoder.at_boundary and decoder.inside is None
    decoder.feed(chunk(MASKED_HELLO[:1]))
    assert not decoder.at_boundary
    decoder.feed(chunk(MASKED_HELLO[1:8]))
    assert decoder.inside is not None and decoder.inside.length == 5
    decoder.gap(gap(8, 1))
    assert not decoder.at_boundary
    decoder.feed(chunk(MASKED_HELLO[9:]))
    assert decoder.at_boundary


def test_a_declared_length_allocates_nothing() -> None:
    data = sized(2**62, KEY)
    tracemalloc.start()
    decoder = FrameDecoder()
    decoder.feed(chunk(data))
    for _ in range(50):
        decoder.feed(chunk(bytes(1460)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert decoder.inside is not None and decoder.inside.length == 2**62
    assert peak < 100_000


@given(st.binary(max_size=70), st.binary(min_size=4, max_size=4), st.integers(0, 70))
def test_unmasking(payload: bytes, key: bytes, cut: int) -> None:
    hidden = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))
    assert masked(payload, key) == hidden
    assert unmask(hidden, key) == payload
    assert unmask(hidden[:cut], key) + unmask(hidden[cut:], key, cut) == payload


@given(st.lists(st.binary(max_size=40), max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_decoded_the_same_however_they_are_cut(parts: list[bytes]) -> None:
    data = b"".join(parts)
    ends = [sum(map(len, parts[:count])) for count in range(1, len(parts))]
    assert decode([chunk(data)]) == decode(chunks_of(data, ends)) == decode(chunks_of(data, range(len(data))))


@pytest.mark.parametrize(
    ("opcode", "name"),
    [(0, "continuation"), (1, "text"), (2, "binary"), (3, "reserved"), (8, "close"), (15, "reserved")],
)
def test_names(opcode: int, name: str) -> None:
    header = FrameHeader(0, True, 0, opcode, False, b"", 0, 7, 0, 1, 0)
    assert opcode_name(opcode) == name
    assert header.is_control is (opcode >= 8)
