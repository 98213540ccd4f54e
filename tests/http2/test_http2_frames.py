"""wsinspect/http2/frames.py and likeness.py: bytes to frames, however they are cut, and around holes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder.http2 import DATA, END_STREAM, HEADERS, PADDED, PREFACE, SETTINGS, frame
from wsinspect.http2.frames import Data, Frame, FrameEvent, FrameReader, Missed, NoPreface
from wsinspect.http2.likeness import like_http2
from wsinspect.transport.reassembly import Chunk, Gap

FRAMES = [
    frame(SETTINGS, 0, 0),
    frame(HEADERS, 4, 1, b"\x82\x84"),
    frame(DATA, 0, 1, b"hello"),
    frame(DATA, PADDED, 1, b"\x03world" + bytes(3)),
    frame(DATA, PADDED, 1, b"\x09" + bytes(9)),
    frame(DATA, PADDED, 1, b"\x09pad is longer"[:5]),
    frame(DATA, 0, 3),
    frame(0xBE, 0xFF, 5, b"an extension"),
    frame(DATA, END_STREAM, 1, b"bye"),
]


def fed(parts: list[bytes], preface: bool = True) -> list[FrameEvent]:
    reader = FrameReader(preface=preface)
    events: list[FrameEvent] = []
    offset = 0
    for packet, part in enumerate(parts, 1):
        events += reader.feed(Chunk(0, offset, part, packet, packet))
        offset += len(part)
    return events


def data_of(events: list[FrameEvent]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Data))


def headers_of(events: list[FrameEvent]) -> list[tuple[int, int, int, bytes | None]]:
    return [(*event.header[1:], event.payload) for event in events if isinstance(event, Frame)]


def test_frames_and_data() -> None:
    events = fed([PREFACE + b"".join(FRAMES)])
    assert data_of(events) == b"helloworldbye"
    assert headers_of(events)[:3] == [(SETTINGS, 0, 0, b""), (HEADERS, 4, 1, b"\x82\x84"), (DATA, 0, 1, None)]
    assert headers_of(events)[-1] == (DATA, END_STREAM, 1, None)
    assert len(headers_of(events)) == len(FRAMES)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=30))
def test_cut_anywhere_it_is_the_same(sizes: list[int]) -> None:
    whole = PREFACE + b"".join(FRAMES)
    parts, at = [], 0
    for size in sizes:
        parts.append(whole[at : at + size])
        at += size
    cut = fed([part for part in (*parts, whole[at:]) if part])
    once = fed([whole])
    assert data_of(cut) == data_of(once)
    assert headers_of(cut) == headers_of(once)


def test_each_byte_of_data_leads_to_its_packet() -> None:
    whole = frame(DATA, 0, 7, b"abcdef")
    events = fed([whole[:11], whole[11:13], whole[13:]], preface=False)
    found = [(event.data, event.packet, event.end) for event in events if isinstance(event, Data)]
    assert found == [(b"ab", 1, 11), (b"cd", 2, 13), (b"ef", 3, 15)]


def test_what_is_no_preface() -> None:
    assert fed([b"PRI * HTTP/2.0\r\n", b"\r\nXX"]) == [NoPreface()]


def test_hole_inside_data_keeps_the_frames() -> None:
    reader = FrameReader(preface=False)
    whole = frame(DATA, 0, 1, bytes(100))
    reader.feed(Chunk(0, 0, whole[:50], 1, 1))
    gap = Gap(0, 50, 30, 2, 2)
    assert reader.gap(gap) == [Missed(1, gap, 30, 80)]
    events = reader.feed(Chunk(0, 80, whole[80:] + frame(DATA, 0, 1, b"next"), 3, 3))
    assert data_of(events) == bytes(29) + b"next"
    assert reader.synced


def test_hole_over_the_end_of_data_and_its_padding() -> None:
    reader = FrameReader(preface=False)
    whole = frame(DATA, PADDED, 1, b"\x0a" + bytes(20) + bytes(10))
    reader.feed(Chunk(0, 0, whole[:20], 1, 1))
    gap = Gap(0, 20, len(whole) - 20, 2, 2)
    events = reader.gap(gap)
    assert events[0] == Missed(1, gap, 10, len(whole))  # the padding is nobody's
    assert isinstance(events[1], Frame)


def test_hole_over_a_header_and_on_with_the_next_segments() -> None:
    reader = FrameReader(preface=False)
    reader.feed(Chunk(0, 0, frame(DATA, 0, 1, b"one"), 1, 1))
    gap = Gap(0, 12, 30, 2, 2)
    assert reader.gap(gap) == [Missed(None, gap, 30, 42)]
    assert not reader.synced
    assert data_of(reader.feed(Chunk(0, 42, frame(DATA, 0, 1, b"three"), 3, 3))) == b"three"


def test_a_frame_that_is_too_long_is_passed_over() -> None:
    events = fed([frame(HEADERS, 4, 1, bytes(70_000)) + frame(HEADERS, 4, 3, b"\x82")], preface=False)
    assert headers_of(events) == [(HEADERS, 4, 1, None), (HEADERS, 4, 3, b"\x82")]


@pytest.mark.parametrize(
    ("start", "opening_seen", "like"),
    [
        (PREFACE, True, True),
        (PREFACE[:5], True, None),
        (b"P", True, None),
        (b"POST / HTTP/1.1\r\n", True, False),
        (b"PROPFIND / HTTP", True, False),
        (b"GET / HTTP/1.1", True, False),
        (frame(SETTINGS, 0, 0, bytes(6)), True, True),
        (frame(SETTINGS, 0, 0, bytes(5)), True, False),
        (frame(DATA, 0, 1, b"hello"), True, False),
        (frame(DATA, 0, 1, b"hello") + frame(DATA, 0, 3, b"you"), False, True),
        (bytes(64), False, False),
        (b"\x16\x03\x01\x02\x00\x01", False, False),
    ],
)  # fmt: skip
def test_likeness(start: bytes, opening_seen: bool, like: bool | None) -> None:
    assert like_http2(start, opening_seen) is like
