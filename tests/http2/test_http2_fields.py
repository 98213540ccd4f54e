"""wsinspect/http2/fields.py: header blocks, with `hpack` as the encoder; and what is known when its state is lost."""

import pytest
from hpack import Encoder

from captures.encoder.http2 import CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PADDED, PRIORITY
from wsinspect.http2.fields import FieldReader, Headers
from wsinspect.http2.frames import Frame
from wsinspect.http2.resync import FrameHeader

FIELDS = ((":method", "CONNECT"), (":protocol", "websocket"), (":path", "/chat"), ("x-long", "v" * 300))


def made(kind: int, flags: int, payload: bytes | None, stream: int = 1, packet: int = 1) -> Frame:
    return Frame(FrameHeader(len(payload or b""), kind, flags, stream), payload, packet, packet, packet, packet)


def fields_of(headers: Headers | None) -> tuple[tuple[str, str], ...] | None:
    assert headers is not None
    return headers.fields


def test_fields_and_the_dynamic_table() -> None:
    encoder, reader = Encoder(), FieldReader()
    for stream in (1, 3, 5):
        headers = reader.feed(made(HEADERS, END_HEADERS | END_STREAM, encoder.encode(FIELDS), stream))
        assert headers is not None
        assert (headers.fields, headers.stream_id, headers.end_stream) == (FIELDS, stream, True)


def test_table_size_may_grow_beyond_the_default() -> None:
    encoder, reader = Encoder(), FieldReader()
    encoder.header_table_size = 65536
    many = [(f"x-{number}", "v" * 100) for number in range(60)]
    assert fields_of(reader.feed(made(HEADERS, END_HEADERS, encoder.encode(many)))) == tuple(many)
    assert fields_of(reader.feed(made(HEADERS, END_HEADERS, encoder.encode(many)))) == tuple(many)


def test_parts_padding_and_priority() -> None:
    block, reader = Encoder().encode(FIELDS), FieldReader()
    first = b"\x05" + bytes(5) + block[:4] + bytes(5)
    assert reader.feed(made(HEADERS, PADDED | PRIORITY, first, packet=3)) is None
    assert reader.feed(made(CONTINUATION, 0, block[4:9], packet=4)) is None
    headers = reader.feed(made(CONTINUATION, END_HEADERS, block[9:], packet=6))
    assert headers is not None
    assert (headers.fields, headers.packet, headers.last_packet) == (FIELDS, 3, 6)


@pytest.mark.parametrize(
    "block", [b"\xff\xff\xff\xff\xff\xff", b"\xbe", b"\x40", b"\x00\x85", b"\x3f\xe1\xff\xff\x7f", b"\x80"]
)
def test_broken_blocks_are_facts(block: bytes) -> None:
    reader = FieldReader()
    headers = reader.feed(made(HEADERS, END_HEADERS, block))
    assert headers is not None
    assert headers.fields is None
    assert "cannot be decompressed" in headers.why
    assert reader.lost == headers.why


def test_after_a_loss_only_what_is_certain_is_told() -> None:
    encoder, reader = Encoder(), FieldReader()
    encoder.encode(FIELDS)  # never captured
    reader.lose("bytes were not captured")
    assert fields_of(reader.feed(made(HEADERS, END_HEADERS, encoder.encode(FIELDS)))) is None  # refers to it
    known = (("x-new", "1"), (":status", "200"))
    assert fields_of(reader.feed(made(HEADERS, END_HEADERS, encoder.encode(known)))) == known
    assert fields_of(reader.feed(made(HEADERS, END_HEADERS, encoder.encode(known)))) == known
    assert reader.lost == "bytes were not captured"


def test_continuation_without_a_beginning() -> None:
    reader = FieldReader()
    assert reader.feed(made(CONTINUATION, END_HEADERS, b"\x82")) is None
    assert reader.lost


def test_a_block_without_end_is_given_up() -> None:
    reader = FieldReader()
    reader.feed(made(HEADERS, 0, b""))
    for _ in range(10):
        reader.feed(made(CONTINUATION, 0, bytes(16_000)))
    headers = reader.feed(made(CONTINUATION, END_HEADERS, b""))
    assert fields_of(headers) is None


def test_a_list_that_grows_without_measure_is_given_up() -> None:
    reader = FieldReader()
    block = Encoder().encode([("x", "v" * 4000)]) + b"\xbe" * 1000
    headers = reader.feed(made(HEADERS, END_HEADERS, block))
    assert fields_of(headers) is None
