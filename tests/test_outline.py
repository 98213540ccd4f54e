"""wsinspect/outline.py: it says of a timeline what the entries themselves say."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wsinspect.outline import BLOCK, FramePlaces, Other, Outline
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side

LARGE = 2**40
"""Bytes that a frame may announce: too many for 32 bits."""

frames = st.fixed_dictionaries({
    "side": st.sampled_from(list(Side)), "opcode": st.integers(0, 15), "partial": st.booleans(),
    "answers": st.booleans(), "length": st.sampled_from((0, 5, 70_000, LARGE)),
})  # fmt: skip
others = st.fixed_dictionaries({"side": st.sampled_from(list(Side)), "kind": st.sampled_from(list(Other))})
histories = st.lists(st.one_of(frames, others), min_size=1, max_size=60)


def outline_of(history: list[dict[str, Any]]) -> Outline:
    """An entry in a packet of its own each second."""
    outline = Outline()
    numbers = dict.fromkeys(Side, 0)
    for place, entry in enumerate(history):
        side, when = entry["side"], (place + 100, place * 10**9)
        if "kind" in entry:
            outline.add_other(side, entry["kind"], *when)
        else:
            outline.add_frame(side, entry["opcode"], numbers[side], entry["length"], *when,
                              partial=entry["partial"], answers=entry["answers"])  # fmt: skip
            numbers[side] += 1
    return outline


@given(histories, st.integers(0, 60))
def test_places_of_frames(history: list[dict[str, Any]], count: int) -> None:
    places = [place for place, entry in enumerate(history[:count]) if "opcode" in entry]
    assert list(FramePlaces(outline_of(history), min(count, len(history)))) == places


@given(histories)
def test_what_is_unusual(history: list[dict[str, Any]]) -> None:
    def is_usual(entry: dict[str, Any]) -> bool:
        if "kind" in entry:
            return entry["kind"] is Other.NOTE
        return entry["opcode"] in (0, 1, 2, Opcode.PING, Opcode.PONG) and not entry["partial"]

    unusual = [place for place, entry in enumerate(history) if not is_usual(entry)]
    assert outline_of(history).unusual(len(history)) == unusual


@given(histories, st.data())
def test_a_digest_adds_up(history: list[dict[str, Any]], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(history) - 1))
    last = data.draw(st.integers(first, len(history) - 1))
    digest = outline_of(history).digest(first, last)
    inside = history[first : last + 1]
    sent = [entry for entry in inside if "opcode" in entry and entry["opcode"] <= Opcode.BINARY]
    for side in Side:
        own = [entry for entry in sent if entry["side"] is side]
        assert digest.frames[side] == Counter(("continuation", "text", "binary")[entry["opcode"]] for entry in own)
        assert digest.bytes[side] == sum(entry["length"] for entry in own)
    assert digest.pings == sum(entry.get("opcode") == Opcode.PING for entry in inside)
    assert digest.notes == sum("kind" in entry for entry in inside)
    assert digest.duration_ns == (last - first) * 10**9
    assert digest.longest_silence_ns == (10**9 if last > first else 0)


@given(histories)
def test_pings_without_an_answer(history: list[dict[str, Any]]) -> None:
    """Those behind which the peer has neither answered nor been missed."""

    def excuses(entry: dict[str, Any]) -> bool:
        return entry["kind"] is Other.GAP if "kind" in entry else entry["answers"] or entry["partial"]

    unanswered = {
        place
        for place, entry in enumerate(history)
        if entry.get("opcode") == Opcode.PING
        and not excuses(entry)
        and not any(excuses(later) and later["side"] is entry["side"].peer for later in history[place:])
    }
    assert outline_of(history).unanswered_pings() == unanswered


@given(histories, st.data())
def test_a_run_of_data_frames(history: list[dict[str, Any]], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(history) - 1))
    stop = outline_of(history).data_run(place, len(history), 10**10)
    first = history[place]

    def goes_on(entry: dict[str, Any]) -> bool:
        return entry.get("opcode", 15) <= Opcode.BINARY and entry["side"] is first["side"]

    length = next((n for n, entry in enumerate(history[place:]) if not goes_on(entry)), len(history) - place)
    assert stop == place + max(1, length)
    assert outline_of(history).data_run(place, len(history), 10**9) == place + 1  # a second is a silence here


def test_marks_tell_where_a_frame_is() -> None:
    history = [{"side": Side.SERVER if place % 3 else Side.CLIENT, "opcode": 1, "partial": False, "answers": False,
                "length": 1} for place in range(3 * BLOCK)]  # fmt: skip
    outline = outline_of(history)
    assert list(outline.packets) == [100, 100 + BLOCK, 100 + 2 * BLOCK]
    assert list(outline.frames_before[Side.CLIENT]) == [0, 86, 171]
    assert list(outline.frames_before[Side.SERVER]) == [0, 170, 341]
