"""wsinspect/websocket/inflate.py: compressed messages, one after another, however they are cut."""

import random
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder.deflate import Deflater, bomb, literals_and_reference, stored
from wsinspect.websocket.inflate import MAX_KEPT_INPUT, TAIL, Inflater, Outcome

OK, USED, BROKEN, LIMIT, LOST = (
    Outcome.OK,
    Outcome.CONTEXT_USED,
    Outcome.BROKEN,
    Outcome.LIMIT,
    Outcome.CONTEXT_LOST,
)
TEXT = b"The same words again: the same words again, and again the same words."
NOISE = random.Random(2).randbytes(3000)


def inflate(inflater: Inflater, payload: bytes, cuts: list[int] | None = None) -> bytes:
    """One message in parts that end at `cuts`; its output."""
    inflater.begin()
    places = [0, *sorted(min(cut, len(payload)) for cut in cuts or []), len(payload)]
    output = b""
    for start, end in zip(places, places[1:], strict=False):  # noqa: RUF007
        output += b"".join(inflater.feed(payload[start:end]))
    return output + b"".join(inflater.finish())


def squeeze(messages: list[bytes], *, takeover: bool, window: int = 15, level: int = 6) -> list[bytes]:
    """What a real sender makes of `messages`."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -window)
    payloads = []
    for message in messages:
        if not takeover:
            compressor = zlib.compressobj(level, zlib.DEFLATED, -window)
        payload = compressor.compress(message) + compressor.flush(zlib.Z_SYNC_FLUSH)
        assert payload.endswith(TAIL)
        payloads.append(payload.removesuffix(TAIL) or b"\x00")
    return payloads


MESSAGES = st.lists(
    st.one_of(st.binary(max_size=60), st.sampled_from([TEXT, TEXT[5:40], NOISE, b"", b"a" * 5000])), max_size=5
)


@given(
    MESSAGES, st.booleans(), st.sampled_from([9, 12, 15]), st.integers(0, 9), st.lists(st.integers(0, 400), max_size=6)
)
@settings(max_examples=200, deadline=None)
def test_what_zlib_squeezed(messages: list[bytes], takeover: bool, window: int, level: int, cuts: list[int]) -> None:
    inflater = Inflater(takeover)
    for message, payload in zip(
        messages, squeeze(messages, takeover=takeover, window=window, level=level), strict=True
    ):
        assert inflate(inflater, payload, cuts) == message
        assert inflater.outcome is OK
        assert inflater.produced == len(message)


@pytest.mark.parametrize("takeover", [True, False])
def test_the_examples_of_the_rfc(takeover: bool) -> None:
    """RFC 7692 §7.2.3: one block, the same block with the window, a stored block, a final block, two blocks."""
    hello = bytes.fromhex("f2 48 cd c9 c9 07 00")
    again = bytes.fromhex("f2 00 11 00 00")
    inflater = Inflater(takeover)
    assert inflate(inflater, hello) == b"Hello"
    assert inflate(inflater, hello) == b"Hello"
    assert inflate(inflater, again) == b"Hello"
    assert inflater.outcome is (OK if takeover else USED)
    assert inflate(inflater, bytes.fromhex("00 05 00 fa ff 48 65 6c 6c 6f 00")) == b"Hello"
    assert inflate(inflater, bytes.fromhex("f3 48 cd c9 c9 07 00 00")) == b"Hello"
    assert inflate(inflater, bytes.fromhex("f3 48 cd c9 c9 07 00")) == b"Hello"  # without the empty block behind it
    assert inflater.outcome is OK
    assert inflater.bfinal_seen
    assert inflate(inflater, bytes.fromhex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00")) == b"Hello"
    assert inflate(inflater, b"\x00") == b""
    assert inflater.outcome is OK


def cut_everywhere(payload: bytes) -> list[list[int]]:
    return [[], list(range(len(payload))), *([place] for place in range(len(payload)))]


@pytest.mark.parametrize("takeover", [True, False])
def test_context_of_earlier_messages(takeover: bool) -> None:
    """A sender that keeps its window though it agreed not to: the output is right, and the use is told."""
    payloads = squeeze([TEXT, NOISE[:200], b"zz" + TEXT, NOISE[:100] + TEXT], takeover=True)
    for cuts in cut_everywhere(payloads[2]):
        inflater = Inflater(takeover)
        assert inflate(inflater, payloads[0], cuts) == TEXT
        assert inflate(inflater, payloads[1], cuts) == NOISE[:200]
        assert inflater.outcome is OK
        assert inflate(inflater, payloads[2], cuts) == b"zz" + TEXT
        assert inflater.outcome is (OK if takeover else USED)
        assert inflate(inflater, payloads[3], cuts) == NOISE[:100] + TEXT
        assert inflater.outcome is (OK if takeover else USED)


BROKEN_PAYLOADS = [
    pytest.param(b"\x07", "invalid block type", id="reserved block type"),
    pytest.param(stored(b"abc")[:1] + b"\x03\x00\x00\x00abc", "invalid stored block lengths", id="stored length"),
    pytest.param(squeeze([TEXT], takeover=False)[0][:20], "the message ends inside a block", id="truncated"),
    pytest.param(stored(b"abc")[:6], None, id="truncated stored block"),
    pytest.param(literals_and_reference(b"abc", 5, 9), "invalid distance too far back", id="before the start"),
    pytest.param(b"\x05\xc0" + b"\x81" * 8, None, id="code lengths"),
    pytest.param(b"\xff" * 30, "invalid block type", id="ones"),
    pytest.param(b"hello, this is not compressed", None, id="text"),
]


@pytest.mark.parametrize(("payload", "error"), BROKEN_PAYLOADS)
@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("before", [b"", b"a message before", NOISE], ids=["first", "second", "after a long one"])
def test_broken(payload: bytes, error: str | None, takeover: bool, before: bytes) -> None:
    told = set()
    for cuts in cut_everywhere(payload):
        inflater = Inflater(takeover)
        if before:
            assert inflate(inflater, squeeze([before], takeover=True)[0]) == before
        inflate(inflater, payload, cuts)
        if before and "distance" in (error or ""):
            assert inflater.outcome is (OK if takeover else USED)
            continue
        assert inflater.outcome is BROKEN, cuts
        told.add(inflater.error)
        inflate(inflater, squeeze([TEXT], takeover=False)[0])
        assert inflater.outcome is (LOST if takeover else OK)
    assert told <= {error} if error else len(told) <= 1


def test_a_broken_message_gives_what_came_before_the_break() -> None:
    payload = squeeze([NOISE], takeover=False, level=0)[0][:1000]
    inflater = Inflater(takeover=False)
    output = inflate(inflater, payload, [500])
    assert inflater.outcome is BROKEN
    assert output.endswith(TAIL)  # it took the place of the bytes that are missing
    assert NOISE.startswith(output.removesuffix(TAIL)) and len(output) > 900


def test_a_break_discovered_late_is_told_once_and_repeats_no_output() -> None:
    """Without takeover a message that needs the window before is tried again: what came out stays out once."""
    first = bytes(range(97, 123)) * 8
    payloads = squeeze([first, NOISE[:40] + first], takeover=True)
    for cuts in cut_everywhere(payloads[1]):
        inflater = Inflater(takeover=False)
        inflate(inflater, payloads[0])
        assert inflate(inflater, payloads[1], cuts) == NOISE[:40] + first
        assert inflater.outcome is USED
        assert inflater.produced == 40 + len(first)


def test_the_window_after_a_second_try_is_that_of_the_sender() -> None:
    """Three messages of a sender that keeps its window: the third refers to the first, across the second."""
    first, second = NOISE[:300], NOISE[300:500]
    payloads = squeeze([first, second + first[:50], first[100:300]], takeover=True)
    for cuts in cut_everywhere(payloads[1]):
        inflater = Inflater(takeover=False)
        assert inflate(inflater, payloads[0]) == first
        assert inflate(inflater, payloads[1], cuts) == second + first[:50]
        assert inflate(inflater, payloads[2]) == first[100:300]
        assert inflater.outcome is USED


@pytest.mark.parametrize("takeover", [True, False])
def test_final_blocks(takeover: bool) -> None:
    """RFC 7692 §7.2.3.4: behind a block with BFINAL the message goes on; the window stays for the next message."""
    deflater = Deflater()
    final = deflater.compress(TEXT, final=True)
    payload = final + final + b"\x00"
    for cuts in cut_everywhere(payload):
        inflater = Inflater(takeover)
        assert inflate(inflater, payload, cuts) == TEXT + TEXT
        assert inflater.outcome is OK and inflater.bfinal_seen
        assert inflate(inflater, literals_and_reference(b"x", 20, 21)) == b"x" + TEXT[-20:]
        assert inflater.outcome is (OK if takeover else USED)


def test_behind_a_final_block_the_window_is_that_of_the_message() -> None:
    """Without takeover a reference behind a final block may reach into this message, not into the one before."""
    final = Deflater().compress(b"fresh text", final=True)
    inflater = Inflater(takeover=False)
    inflate(inflater, squeeze([TEXT], takeover=False)[0])
    assert inflate(inflater, final + literals_and_reference(b"", 5, 10)) == b"fresh textfresh"
    assert inflater.outcome is OK
    assert inflate(inflater, final + literals_and_reference(b"", 5, 15)) == b"fresh text" + b"fresh"
    assert inflater.outcome is USED


@pytest.mark.parametrize("takeover", [True, False])
def test_the_limit_stops_the_output_and_nothing_else(takeover: bool) -> None:
    inflater = Inflater(takeover, limit=10_000)
    output = inflate(inflater, bomb(10_000))
    assert inflater.outcome is LIMIT
    assert 10_000 < len(output) <= 10_000 + (1 << 18)
    assert b"".join(inflater.feed(b"more")) == b""
    assert inflate(inflater, squeeze([TEXT], takeover=False)[0]) == (b"" if takeover else TEXT)
    assert inflater.outcome is (LOST if takeover else OK)


def test_exactly_the_limit_is_within_it() -> None:
    inflater = Inflater(True, limit=5000)
    assert len(inflate(inflater, squeeze([b"a" * 5000], takeover=True)[0])) == 5000
    assert inflater.outcome is OK


@pytest.mark.parametrize("takeover", [True, False])
def test_a_bomb_never_exists_in_memory(takeover: bool) -> None:
    payload = bomb(200_000)  # 100 kB that inflate to 51 MB
    inflater = Inflater(takeover)
    inflate(inflater, squeeze([TEXT], takeover=True)[0])
    inflater.begin()
    tracemalloc.start()
    size = sum(len(part) for part in inflater.feed(payload)) + sum(len(part) for part in inflater.finish())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert inflater.outcome is OK
    assert size == inflater.produced == 1 + 258 * 200_000
    assert peak < 4_000_000


@pytest.mark.parametrize("takeover", [True, False])
def test_bytes_that_were_not_captured(takeover: bool) -> None:
    first, second = squeeze([TEXT, TEXT], takeover=takeover)
    inflater = Inflater(takeover)
    inflater.begin()
    assert b"".join(inflater.feed(first[:10]))
    inflater.lose_context("a hole")
    assert b"".join(inflater.feed(first[20:])) == b""
    assert b"".join(inflater.finish()) == b""
    assert inflater.outcome is LOST
    assert inflate(inflater, second) == (b"" if takeover else TEXT)
    assert inflater.outcome is (LOST if takeover else OK)


@given(st.binary(max_size=120), st.booleans(), st.lists(st.integers(0, 120), max_size=6))
@settings(max_examples=500, deadline=None)
def test_any_bytes_inflate_the_same_however_they_are_cut(payload: bytes, takeover: bool, cuts: list[int]) -> None:
    def told(cuts: list[int]) -> tuple[object, ...]:
        inflater = Inflater(takeover)
        inflate(inflater, squeeze([TEXT], takeover=True)[0])
        output = inflate(inflater, payload, cuts)
        # How much comes out before a break depends on when zlib notices; whether and why it breaks does not.
        return inflater.outcome, inflater.error, output if inflater.outcome is not BROKEN else None

    assert told([]) == told(cuts) == told(list(range(len(payload))))


def test_any_number_of_final_blocks_takes_time_in_proportion() -> None:
    """Behind each final block a stream begins anew: neither the rest of the data nor the window is to be copied."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = squeezer.compress(b"x") + squeezer.flush()
    inflater = Inflater(True)
    began = time.process_time()
    assert inflate(inflater, block * 100_000) == b"x" * 100_000
    assert inflate(inflater, block * 100_000, [place * 4 for place in range(100_000)]) == b"x" * 100_000
    assert time.process_time() - began < 60  # a few seconds; an hour if each block copied what is behind it


@pytest.mark.parametrize("takeover", [True, False])
def test_tails_cut_off_at_fragments_are_put_back_however_much_went_before(takeover: bool) -> None:
    """The limit of what is kept is that of a message, not of all messages together."""
    inflater = Inflater(takeover)
    letters = bytes(random.Random(3).choices(b"0123456789abcdef", k=MAX_KEPT_INPUT // 4))
    for message in range(12):
        compressor = zlib.compressobj(1, zlib.DEFLATED, -15)
        inflater.begin(in_fragments=True)
        output = b""
        for part in (b"%d" % message, letters, TEXT):
            if output:
                inflater.fragment_edge()
            fragment = compressor.compress(part) + compressor.flush(zlib.Z_SYNC_FLUSH)
            output += b"".join(inflater.feed(fragment.removesuffix(TAIL)))
        output += b"".join(inflater.finish())
        assert (inflater.outcome, inflater.edges_restored) == (OK, 2), message
        assert output == b"%d" % message + letters + TEXT
