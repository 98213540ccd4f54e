"""Formats of data, with bytes that the real libraries wrote."""

import base64
import datetime
import gzip
import json
import zlib

import cbor2
import msgpack
import pytest
from google.protobuf import descriptor_pb2, struct_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinspect.payload import plain
from wsinspect.payload.choose import VIEWERS, choices, rows, summary
from wsinspect.payload.compressed import MAX_INFLATED
from wsinspect.payload.json_text import json_rows
from wsinspect.payload.viewer import MAX_ROWS, MAX_VALUE, SUMMARY, Context, Viewer

BINARY = Context()
TEXT = Context(is_text=True)


def told(data: bytes, context: Context = BINARY, name: str = "") -> list[str]:
    found = choices(data, context)
    choice = next(choice for choice in found if choice.name == name) if name else found[0]
    return ["  " * row.depth + row.name + row.value for row in rows(choice.viewer, data, context)]


@pytest.mark.parametrize(
    ("data", "is_text", "names"),
    [
        (b'{"a": 1}', True, ["JSON", "text", "hex", "base64"]),
        (b'{"a": 1}', False, ["JSON", "hex", "text", "base64"]),
        (b"{not json", True, ["text", "hex", "base64"]),
        (b"[" * 100_000, True, ["text", "hex", "base64"]),
        (b"\xff\x00\xfe\xff\xff\xff\xff", False, ["hex", "base64"]),
        (b"\xff", True, ["text", "hex", "base64"]),
        (b"plain", False, ["hex", "text", "base64"]),
        (b"", False, ["hex", "base64"]),
    ],
)
def test_views_that_make_sense(data: bytes, is_text: bool, names: list[str]) -> None:
    assert [choice.name for choice in choices(data, Context(is_text=is_text))] == names


def test_json_changes_white_space_only() -> None:
    data = b'{"a":1.0e5,"a":[],"b":{"c":[true,"x\\u001by"]},"d":{ }}'
    assert told(data, TEXT) == [
        "{", '  "a": 1.0e5,', '  "a": [],', '  "b": {', '    "c": [', "      true,", '      "x\\u001by"', "    ]",
        "  },", '  "d": {}', "}",
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(JSON, max_size=5))
@settings(deadline=None, max_examples=40)
def test_json_still_says_the_same(value: object) -> None:
    text = json.dumps(value)
    assert json.loads("\n".join(row.name + row.value for row in json_rows(text))) == json.loads(text)


def test_large_json_is_not_parsed_before_it_is_shown() -> None:
    data = b'{"a":[' + b"1," * 10_000_000 + b"1]}"
    (first, *_) = choices(data, TEXT)
    assert first.name == "JSON"
    told = rows(first.viewer, data, TEXT)
    assert [next(told).value for _ in range(3)] == ["{", "[", "1,"]


VALUE = {"a": [1, -2, 2.5, None, True], "b": {"c": "x\ny"}, "d": b"\x00\xff"}
ROWS = [
    "{", '  "a": [', "    1", "    -2", "    2.5", "    null", "    true", "  ]", '  "b": {', '    "c": "x\ny"', "  }",
    "  \"d\": h'00ff'", "}",
]  # fmt: skip


def test_msgpack() -> None:
    data = msgpack.packb(VALUE)
    assert choices(data, BINARY)[0].explanation.startswith("perhaps msgpack, because the bytes decode")
    assert told(data) == ROWS
    assert summary(msgpack.packb({"a": 1}), BINARY) == 'perhaps msgpack {"a": 1}'
    assert told(msgpack.packb([msgpack.ExtType(5, b"x"), {1: 2}])) == [
        "[",
        "  ext(5, h'78')",
        "  {",
        "    1: 2",
        "  }",
        "]",
    ]
    assert choices(msgpack.packb(7), Context("x.msgpack"))[0].explanation == "msgpack, because subprotocol=x.msgpack"


def test_cbor() -> None:
    data = cbor2.dumps(VALUE)
    assert told(data) == ROWS
    assert choices(data, BINARY)[0].is_perhaps
    assert not choices(b"\xd9\xd9\xf7" + data, BINARY)[0].is_perhaps
    moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    assert told(cbor2.dumps([moment, cbor2.CBORTag(4711, [1])])) == [
        "[", "  2026-01-02T00:00:00+00:00", "  4711(", "    [", "      1", "    ]", "  )", "]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hostile", ["d81c81d81d00", "9b0000001000000000", "5b0000001000000000", "c482" + "1b" + "7f" * 8 + "01"]
)
def test_cbor_that_lies(hostile: str) -> None:
    lines = told(bytes.fromhex(hostile), Context("cbor"))
    assert 0 < len(lines) < 300


def test_protobuf() -> None:
    struct = struct_pb2.Struct()
    struct.update({"name": "x", "n": 2.5, "ok": True})
    data = struct.SerializeToString(deterministic=True)
    lines = told(data)
    assert choices(data, BINARY)[0].explanation.startswith("perhaps protobuf")
    assert lines[0].startswith("1: {  (message, ")
    assert '  1: "name"  (string)' in lines
    assert '    3: "x"  (string)' in lines
    assert "    2: 4612811918334230528 or 2.5  (64 bits)" in lines
    assert "    4: 1  (varint)" in lines


def test_protobuf_of_a_large_schema_is_read_whole() -> None:
    file = descriptor_pb2.FileDescriptorProto()
    descriptor_pb2.DESCRIPTOR.CopyToProto(file)
    lines = told(file.SerializeToString())
    assert lines[0] == '1: "google/protobuf/descriptor.proto"  (string)'
    assert any('1: "FileDescriptorSet"  (string)' in line for line in lines)
    assert not any("not readable" in line for line in lines)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_compressed(pack: object) -> None:
    data = pack(b'{"a": 1}')  # type: ignore[operator]
    name = "gzip" if pack is gzip.compress else "zlib"
    assert told(data) == [
        f"{name}, {len(data)} bytes inflated to 8: (8 bytes, shown as JSON)", "  {", '    "a": 1', "  }",
    ]  # fmt: skip
    assert summary(data, BINARY) == f'{name} {{"a": 1}}'
    assert told(data[:-6])[0] == "cut off: the end is missing"
    damaged = data[:-4] + bytes(byte ^ 0xFF for byte in data[-4:])
    assert told(damaged)[0].startswith("damaged: ")
    assert '    "a": 1' in told(pack(data), BINARY) or '      "a": 1' in told(pack(data), BINARY)  # type: ignore[operator]


def test_a_bomb_stops() -> None:
    bomb = gzip.compress(b"\0" * (MAX_INFLATED * 4))
    lines = told(bomb)
    assert lines[0] == "only the first 4,194,304 bytes; there are more"
    assert len(lines) <= MAX_ROWS + 1
    assert "first 20,000 lines" in lines[-1]


def test_a_russian_doll_is_opened_a_few_times() -> None:
    data = b"the inside of everything"
    for _ in range(10):
        data = gzip.compress(data)
    assert told(data)[3].strip().startswith("gzip, ")
    assert len(told(data)) < 40


def test_base64_both_ways() -> None:
    data = bytes(range(100))
    assert base64.b64decode("".join(told(data, BINARY, "base64"))) == data
    text = base64.b64encode(b'{"inside": [1, 2]}')
    found = choices(text, TEXT)
    assert [choice.name for choice in found] == ["text", "from base64", "hex", "base64"]
    assert '    "inside": [' in told(text, TEXT, "from base64")
    assert "from base64" not in [choice.name for choice in choices(b"thisisjustalongword", TEXT)]


def test_text_rows_lose_nothing() -> None:
    assert told(b"a\r\nb\tc", TEXT) == ["a", "b   c"]
    data = ("ü" * 10_000).encode()
    lines = told(data, TEXT)
    assert "".join(lines) == "ü" * 10_000
    assert max(map(len, lines)) <= MAX_VALUE


@given(st.binary(max_size=200), st.sampled_from([8, 16]))
def test_hex_dump_shows_every_byte(data: bytes, step: int) -> None:
    parts = [plain.hex_parts(data, start, step) for start in range(0, len(data), step)]
    assert "".join(digits.replace(" ", "") for _, digits, _ in parts) == data.hex()
    assert all(sum(map(len, part)) <= 75 for part in parts)


SEEDS = [
    b"", b"\x30\x0a\x00\x03a/bhello", b'42["a",{"b":[1]}]', b'a["x"]', b"SEND\na:b\n\nx\0", b"[1,2,3]",
    b'{"type":"x"}\x1e', gzip.compress(b"x" * 50), msgpack.packb(VALUE), cbor2.dumps(VALUE), b"\x01out",
    b"\x08\x96\x01\x12\x07testing",
]  # fmt: skip


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Something real with a few bytes changed, or anything."""
    data = bytearray(draw(st.sampled_from(SEEDS)) + draw(st.binary(max_size=40)))
    for _ in range(draw(st.integers(0, 4))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


SUBPROTOCOLS = [
    "", "mqtt", "v12.stomp", "graphql-ws", "wamp.2.json", "wamp.2.msgpack", "wamp.2.cbor", "wamp.2.msgpack.batched",
    "wamp.2.flatbuffers", "ocpp2.0.1", "v4.channel.k8s.io", "base64.channel.k8s.io", "cbor", "msgpack", "protobuf",
]  # fmt: skip
CONTEXTS = st.builds(
    Context,
    subprotocol=st.sampled_from(SUBPROTOCOLS),
    url=st.sampled_from(["", "ws://h/socket.io/?EIO=3", "ws://h/e/1/x/websocket", "ws://[::1/%", "/portforward"]),
    is_text=st.booleans(),
    first_sent=st.sampled_from([b"", b"\x10\x10\x00\x04MQTT\x05", b'{"protocol":"messagepack"}\x1e']),
)  # fmt: skip


@pytest.mark.parametrize("viewer", VIEWERS, ids=lambda viewer: viewer.name)
@given(data=payloads(), context=CONTEXTS)
@settings(deadline=None, max_examples=120)
def test_no_payload_harms_a_viewer(viewer: Viewer, data: bytes, context: Context) -> None:
    if viewer.recognise(data, context) is None:
        return
    lines = list(rows(viewer, data, context))
    assert len(lines) <= MAX_ROWS + 1
    assert all(len(row.value) <= MAX_VALUE + 100 for row in lines)
    line = summary(data, context)
    assert line is None or len(line) <= SUMMARY
