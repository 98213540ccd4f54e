"""Frame boundaries are found again where frames are, and nowhere else."""

import random

import pytest

from captures.encoder.frames import close_payload, encode
from wsinspect.transport.reassembly import Chunk
from wsinspect.websocket.resync import EVIDENCE_AT_SEGMENT, MAX_BUFFER, Resynced, Resynchroniser

KEY = bytes.fromhex("a1b2c3d4")
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def frame(opcode: int, payload: bytes, *, masked: bool) -> bytes:
    return encode(opcode, payload, mask=KEY if masked else None)


def seek(seeker: Resynchroniser, segments: list[bytes]) -> Resynced | None:
    """Feed the segments, and say that there are no more."""
    offset = 0
    for packet, data in enumerate(segments, 1):
        found = seeker.feed(Chunk(0, offset, data, packet, packet))
        if found is not None:
            return found
        offset += len(data)
    return seeker.finish()


def messages(masked: bool) -> list[bytes]:
    return [frame(TEXT, f'{{"sequence":{number},"text":"hello"}}'.encode(), masked=masked) for number in range(4)]


@pytest.mark.parametrize("masked", [False, True])
def test_a_segment_that_begins_with_a_frame(masked: bool) -> None:
    found = seek(Resynchroniser(masked), messages(masked))
    assert found is not None
    assert (found.skipped, found.masked, found.pieces[0].offset) == (0, masked, 0)
    assert found.evidence >= EVIDENCE_AT_SEGMENT


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("rest", [b"-", b"the end of a lost frame", bytes(range(32, 90))])
def test_the_rest_of_a_lost_frame_before_it_in_the_same_segment(masked: bool, rest: bytes) -> None:
    found = seek(Resynchroniser(masked), [rest + b"".join(messages(masked))])
    assert found is not None
    assert found.skipped == len(rest)
    assert b"".join(piece.data for piece in found.pieces) == b"".join(messages(masked))


@pytest.mark.parametrize("masked", [False, True])
def test_a_close_that_ends_the_stream_is_believed_alone(masked: bool) -> None:
    close = frame(CLOSE, close_payload(1001, "restart"), masked=masked)
    found = seek(Resynchroniser(masked), [close])
    assert found is not None
    assert found.pieces[0].data == close


@pytest.mark.parametrize(
    "alone",
    [
        frame(PING, b"", masked=False),
        frame(BINARY, b"12345678", masked=False),
        frame(CLOSE, close_payload(1005), masked=False),
        frame(CLOSE, b"\x03", masked=False),
    ],
    ids=["a ping", "a binary message", "a code that is never sent", "a close of one byte"],
)
def test_one_frame_alone_proves_too_little(alone: bytes) -> None:
    assert seek(Resynchroniser(False), [alone]) is None


def test_frames_of_the_other_side_are_not_taken() -> None:
    assert seek(Resynchroniser(True), messages(masked=False)) is None


def test_a_chain_does_not_go_on_behind_a_gap() -> None:
    seeker = Resynchroniser(False)
    first, second, third, fourth = messages(masked=False)
    assert seeker.feed(Chunk(0, 0, first, 1, 1)) is None
    seeker.gap()
    for packet, data in enumerate((second, third, fourth), 3):
        found = seeker.feed(Chunk(0, 1000 * packet, data, packet, packet))
        if found is not None:
            assert found.pieces[0].packet == 3
            return
    pytest.fail("not found behind the gap")


@pytest.mark.parametrize(
    "data",
    [
        bytes(40_000),
        b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n" * 800,
        b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n" * 900,
        b"\xff" * 40_000,
        "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ".encode() * 500,
    ],
    ids=["zeros", "HTTP", "Redis", "ones", "prose"],
)
def test_other_protocols_are_not_taken_for_frames(data: bytes) -> None:
    segments = [data[start : start + 1400] for start in range(0, len(data), 1400)]
    assert seek(Resynchroniser(None, known=False), segments) is None


def test_random_bytes_are_not_taken_for_frames() -> None:
    choice = random.Random(6455)
    for _ in range(150):
        segments = [choice.randbytes(choice.randint(1, 1400)) for _ in range(12)]
        assert seek(Resynchroniser(None, known=False), segments) is None


def test_what_is_held_is_bounded() -> None:
    seeker = Resynchroniser(False)
    choice = random.Random(1)
    for packet in range(600):
        seeker.feed(Chunk(0, packet * 1400, b"\xff" + choice.randbytes(1399), packet, packet))
        assert sum(len(piece.data) for piece in seeker.held) <= MAX_BUFFER
