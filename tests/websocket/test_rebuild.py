"""Messages behind a window that was not captured: what is known of them is true, and the window comes back."""

import random
import zlib
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from wsinspect.websocket.inflate import TAIL
from wsinspect.websocket.rebuild import UNKNOWN_BYTE, WINDOW, Rebuilder

WORDS = b"the same words again and again, now and then with others; "


def squeeze(messages: list[bytes]) -> list[bytes]:
    """What a sender with context takeover makes of `messages`, with the tail put back."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    return [compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH) for message in messages]


class Part(NamedTuple):
    data: bytes
    unknown: int


def inflate(rebuilder: Rebuilder, payload: bytes) -> Part:
    rebuilder.begin()
    data = b"".join([*rebuilder.feed(payload.removesuffix(TAIL)), *rebuilder.finish(TAIL)])
    assert rebuilder.produced == len(data)
    return Part(data, rebuilder.unknown)


def test_a_message_that_decodes_alone_is_known() -> None:
    rebuilder = Rebuilder()
    assert inflate(rebuilder, squeeze([WORDS])[0]) == Part(WORDS, 0)
    assert rebuilder.window is None


def test_what_refers_to_a_missed_message_is_unknown_and_has_its_length() -> None:
    _, second = squeeze([WORDS, b"NEW:" + WORDS])
    found = inflate(Rebuilder(), second)
    assert len(found.data) == 4 + len(WORDS)
    assert found.data.startswith(b"NEW:")
    assert found.unknown >= len(WORDS) - 3
    assert found.data.count(UNKNOWN_BYTE) == found.unknown


def test_unknown_bytes_stay_unknown_when_they_are_copied_on() -> None:
    _, second, third = squeeze([WORDS * 3, WORDS * 3, WORDS * 3])
    rebuilder = Rebuilder()
    inflate(rebuilder, second)
    assert inflate(rebuilder, third).unknown > 0


def test_the_window_is_known_again_once_32_kib_are() -> None:
    choice = random.Random(7692)
    fresh = [choice.randbytes(9000) for _ in range(4)]
    _, *rest = squeeze([WORDS, *fresh, fresh[3][:500]])
    rebuilder = Rebuilder()
    for message, payload in zip(fresh, rest, strict=False):
        assert rebuilder.window is None
        assert inflate(rebuilder, payload) == Part(message, 0)
    assert rebuilder.window == b"".join(fresh)[-WINDOW:]
    assert inflate(rebuilder, rest[4]) == Part(fresh[3][:500], 0)


def test_behind_a_final_block_the_window_stays() -> None:
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    final = compressor.compress(WORDS) + compressor.flush(zlib.Z_FINISH)
    later = zlib.compressobj(6, zlib.DEFLATED, -15, zdict=WORDS)
    payload = later.compress(WORDS) + later.flush(zlib.Z_SYNC_FLUSH)
    rebuilder = Rebuilder()
    assert inflate(rebuilder, final + payload) == Part(WORDS + WORDS, 0)


def test_what_is_no_deflate_is_refused() -> None:
    rebuilder = Rebuilder()
    inflate(rebuilder, b"\x07" * 20)
    assert rebuilder.broken
    assert inflate(rebuilder, squeeze([WORDS])[0]) == Part(WORDS, 0)
    assert not rebuilder.broken


@given(
    st.lists(st.one_of(st.binary(max_size=200), st.just(WORDS), st.just(WORDS[7:30])), min_size=1, max_size=8),
    st.integers(0, 7),
    st.data(),
)
@settings(deadline=None, max_examples=150)
def test_what_is_known_is_true(messages: list[bytes], missed: int, data: st.DataObject) -> None:
    rebuilder = Rebuilder()
    for message, payload in list(zip(messages, squeeze(messages), strict=True))[missed:]:
        assert payload.endswith(TAIL)
        cut = data.draw(st.integers(0, len(payload)))
        rebuilder.begin()
        found = b"".join([*rebuilder.feed(payload[:cut]), *rebuilder.feed(payload[cut:])])
        assert len(found) == len(message)
        wrong = sum(1 for seen, sent in zip(found, message, strict=True) if seen != sent)
        assert wrong <= rebuilder.unknown
        assert all(seen in (sent, UNKNOWN_BYTE) for seen, sent in zip(found, message, strict=True))
