"""wsinspect/websocket/plain.py: what the short cut counts is what the general way counts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload, encode
from tests.transport.segments import CLIENT_TO_SERVER, SECOND, segment
from wsinspect.connection import Connection
from wsinspect.neighbours import Neighbours
from wsinspect.report.build import connection_report
from wsinspect.rules.thresholds import DEFAULTS
from wsinspect.timeline import Timeline
from wsinspect.transport.httphead import parse_request, parse_response
from wsinspect.transport.stream import TcpStream
from wsinspect.websocket.half import Half
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.plain import skip_plain_frames
from wsinspect.websocket.side import Side

KEY = b"\x12\xf3\x80\x01"
OFFER = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
)

PIECES = tuple[tuple[int, bytes], ...]
"""Direction and bytes, one packet each."""

payloads = st.one_of(
    st.binary(max_size=12),
    st.text(max_size=12).map(str.encode),
    st.sampled_from([124, 125, 126, 127, 128, 1300, 65535, 65536]).map(lambda size: b"a" * size),
    st.sampled_from([close_payload(1000, "bye"), b"a" * 300 + b"\x80", b"\xc3", "grün".encode() * 40]),
)
keys = st.one_of(
    st.sampled_from([None, KEY, b"\x00\x00\x00\x00", b"\xff\xff\xff\xff"]), st.binary(min_size=4, max_size=4)
)


@st.composite
def frames(draw: st.DrawFn, direction: int) -> bytes:
    """Mostly plain frames, and everything else that a frame can be."""
    payload = draw(payloads)
    if draw(st.integers(0, 9)) < 7:
        key = draw(st.binary(min_size=4, max_size=4)) if direction == 0 else None
        return encode(draw(st.sampled_from([TEXT, BINARY])), payload, mask=key)
    forms = [form for form, limit in ((7, 125), (16, 65535), (64, 1 << 62)) if len(payload) <= limit]
    return encode(
        draw(st.sampled_from([CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG, 0x3, 0xB])),
        payload,
        mask=draw(keys),
        fin=draw(st.booleans()),
        rsv=draw(st.sampled_from([0, 0, 4, 7])),
        length_form=draw(st.sampled_from(forms)),
    )


@st.composite
def traffic(draw: st.DrawFn) -> PIECES:
    """Frames of both sides, several to a packet, cut anywhere."""
    pieces: list[tuple[int, bytes]] = []
    for _ in range(draw(st.integers(1, 5))):
        direction = draw(st.integers(0, 1))
        data = b"".join(draw(st.lists(frames(direction), min_size=1, max_size=4)))
        cuts = sorted({0, len(data), *draw(st.lists(st.integers(0, len(data)), max_size=2))})
        pieces += [(direction, data[start:end]) for start, end in zip(cuts, cuts[1:], strict=False)]  # noqa: RUF007
    return tuple(pieces)


def connection(pieces: PIECES, deflate: bool, general: bool) -> Connection:
    """A connection that has seen `pieces`; with a timeline to write, everything goes the general way."""
    extensions = OFFER if deflate else b""
    request = parse_request(REQUEST + extensions, 1, 1, SECOND, SECOND)
    response = parse_response(RESPONSE + extensions, 2, 2, SECOND, SECOND)
    assert request is not None and response is not None
    stream, timeline = TcpStream(0, CLIENT_TO_SERVER, segment(0), 0), Timeline() if general else None
    made = Connection(1, stream, stream, 0, 0, timeline, Neighbours(DEFAULTS))
    made.request(request)
    made.answer(Handshake(request, response))
    made.open(client_in_sync=True)
    offsets = [0, 0]
    for packet, (direction, data) in enumerate(pieces, 3):
        made.feed(direction, offsets[direction], data, packet, packet * SECOND)
        offsets[direction] += len(data)
    made.finish((len(pieces) + 3) * SECOND)
    return made


def state(half: Half) -> tuple[object, ...]:
    """What rules and diagnoses read of a side beside the report."""
    messages = half.messages
    return (
        half.counts, half.decoder.count, half.decoder.at_boundary, half.last_masking_key, half.last_packet,
        half.last_payload_ns, half.close, half.rhythm.heartbeats.keys(), messages.count, messages.payload_bytes,
        messages.latest, max(messages.latest, messages.latest_inflated), messages.largest, messages.accepted,
        messages.open, messages.state_known,
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(pieces=traffic(), deflate=st.booleans())
def test_the_short_cut_changes_nothing(pieces: PIECES, deflate: bool) -> None:
    short, general = (connection(pieces, deflate, general) for general in (False, True))
    assert connection_report(short) == connection_report(general)
    assert short.violations == general.violations
    assert short.dialogue is not None and general.dialogue is not None
    for side in Side:
        assert state(short.dialogue.half(side)) == state(general.dialogue.half(side))


def sender(side: Side) -> Half:
    return Half(side, Handshake(None, None), True, keep_payload=False)


@pytest.mark.parametrize("size", [0, 1, 3, 125, 126, 1300, 65535])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("key", [KEY, b"\x00\x00\x00\x01", b"\xff\xff\xff\xff", None])
def test_plain_frames_take_it(size: int, opcode: int, key: bytes | None) -> None:
    half = sender(Side.SERVER if key is None else Side.CLIENT)
    data = encode(opcode, b"a" * size, mask=key)
    assert skip_plain_frames(half, data + data[:1], 0) == len(data)
    assert (half.counts[opcode], half.messages.count, half.messages.payload_bytes) == (1, 1, size)


@settings(max_examples=300)
@given(payload=st.binary(min_size=1, max_size=40), key=st.binary(min_size=4, max_size=4).filter(any))
def test_masked_text_is_taken_if_it_is_ascii(payload: bytes, key: bytes) -> None:
    for text in (payload, bytes(byte & 0x7F for byte in payload)):
        data = encode(TEXT, text, mask=key)
        assert skip_plain_frames(sender(Side.CLIENT), data, 0) == (len(data) if text.isascii() else 0)


@pytest.mark.parametrize(
    "data",
    [
        encode(TEXT, b"a"),
        encode(TEXT, b"a", mask=KEY, fin=False),
        encode(TEXT, b"a", mask=KEY, rsv=4),
        encode(TEXT, b"a", mask=KEY, length_form=16),
        encode(TEXT, b"a" * 65536, mask=KEY),
        encode(CONTINUATION, b"a", mask=KEY),
        encode(CLOSE, mask=KEY),
        encode(PING, mask=KEY),
        encode(BINARY, b"a", mask=KEY)[:-1],
        encode(BINARY, b"a", mask=bytes(4)),
        encode(BINARY, b"a" * 200, mask=KEY)[:3],
        encode(BINARY, b"a" * 200, mask=KEY)[:6],
        b"\x81",
    ],
    ids=range(13),
)
def test_everything_else_goes_the_general_way(data: bytes) -> None:
    half = sender(Side.CLIENT)
    assert skip_plain_frames(half, data, 0) == 0
    assert sum(half.counts) == half.messages.count == 0


def test_a_repeated_key_is_for_the_rules() -> None:
    half = sender(Side.CLIENT)
    data = encode(BINARY, b"a", mask=KEY)
    assert skip_plain_frames(half, data + data, 0) == len(data)
