"""The story: everything is told once, what matters in full, the rest in folds."""

from fakes import Teller, make_report
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinspect.timeline import GapEntry, NoteEntry, TcpEntry
from wsinspect.tui.connection import story as module
from wsinspect.tui.connection.ladder import Ladder
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.connection.story import CHUNK, Kind, Story
from wsinspect.tui.ink import shown_width, text_of
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.roundtrips import RoundTrip
from wsinspect.websocket.side import Side


def told(teller: Teller) -> tuple[Opened, Story]:
    opened = Opened(0, make_report(1), teller.timeline)
    return opened, Story(opened)


def kinds(story: Story) -> list[str]:
    return [step.kind.name for step in story.steps]


def unfold_everything(story: Story) -> None:
    position = 0
    while position < len(story.steps):
        if story.steps[position].is_fold and not story.is_unfolded(position):
            story.toggle(position)
        position += 1


def places(story: Story) -> list[int]:
    """Places of the entries that are told, in the order of the lines, folds not counted."""
    return [step.first for step in story.steps if step.kind is Kind.ENTRY]


def test_a_short_connection_is_told_in_full() -> None:
    teller = Teller()
    teller.opening()
    teller.frame(Side.CLIENT, b"one")
    teller.frame(Side.SERVER, b"two")
    teller.closing()
    _, story = told(teller)
    assert kinds(story) == ["ENTRY"] * 10


def test_data_frames_of_one_side_in_a_row_are_folded() -> None:
    teller = Teller()
    for _ in range(5):
        teller.frame(Side.SERVER, b"text")
    teller.frame(Side.CLIENT, b"one")
    teller.frame(Side.CLIENT, b"two")
    _, story = told(teller)
    assert kinds(story) == ["RUN", "ENTRY", "ENTRY"]
    digest = story.digest(story.steps[0])
    assert digest.frames[Side.SERVER] == {"text": 5}
    assert digest.bytes[Side.SERVER] == 20


def test_a_long_conversation_keeps_its_beginning_and_its_end() -> None:
    teller = Teller()
    teller.opening()
    for _ in range(100):
        teller.frame(Side.CLIENT, b"ask")
        teller.frame(Side.SERVER, b"answer")
    teller.closing()
    _, story = told(teller)
    assert kinds(story) == ["ENTRY"] * 8 + ["TALK"] + ["ENTRY"] * 8
    digest = story.digest(story.steps[8])
    assert (digest.frames[Side.CLIENT]["text"], digest.frames[Side.SERVER]["text"]) == (96, 96)


def test_silence_is_a_line() -> None:
    teller = Teller()
    teller.frame(Side.CLIENT, b"one")
    teller.wait(60)
    teller.closing()
    _, story = told(teller)
    assert kinds(story)[:5] == ["ENTRY", "SPACE", "IDLE", "SPACE", "ENTRY"]


def lines_of(teller: Teller, width: int = 80) -> list[str]:
    opened, story = told(teller)
    ladder = Ladder(opened, story)
    return [text_of(ladder.draw(place, width)) for place in range(len(story.steps))]


def test_the_closing_handshake_is_never_folded() -> None:
    teller = Teller()
    teller.frame(Side.SERVER, b"\x03\xe9bye", Opcode.CLOSE)
    for _ in range(500):
        teller.frame(Side.CLIENT, b"much to say yet")
    teller.frame(Side.CLIENT, b"\x03\xe9", Opcode.CLOSE)
    teller.timeline.entries.append(TcpEntry("RST", Side.CLIENT, 900, teller.timeline.entries[-1].time_ns))
    close, fold, echo, reset = lines_of(teller)
    assert 'Close 1001 Going Away "bye"' in close
    assert "500 text" in fold
    assert "Close 1001 Going Away  echo" in echo
    assert "RST" in reset


def test_pings_that_nobody_answered() -> None:
    teller = Teller()
    for _ in range(2):
        teller.frame(Side.SERVER, b"a", Opcode.PING)
    entries = teller.timeline.entries
    teller.frame(Side.CLIENT, b"a", Opcode.PONG, trip=RoundTrip(5, 3))
    teller.frame(Side.SERVER, b"b", Opcode.PING)
    assert ["no pong" in line for line in lines_of(teller)] == [False, False, False, True]
    entries.append(GapEntry(5, Side.CLIENT, 9, entries[-1].time_ns))
    assert not any("no pong" in line for line in lines_of(teller))


def test_what_came_earlier_has_a_step_below_zero() -> None:
    teller = Teller()
    first = teller.frame(Side.SERVER, b"a")
    teller.timeline.entries.append(NoteEntry("Out-Of-Order", Side.SERVER, 9, first.time_ns - 20_000_000))
    assert " -20ms " in lines_of(teller)[1]


def test_a_hole_says_what_it_costs_even_where_it_is_narrow() -> None:
    teller = Teller()
    teller.frame(Side.SERVER, b"a")
    reason = "bytes of a frame header were not captured"
    teller.timeline.entries.append(GapEntry(1460, Side.SERVER, 9, teller.timeline.entries[0].time_ns, reason))
    assert "1,460 bytes of the server missing, frame boundaries lost" in lines_of(teller, 80)[1]
    assert reason in lines_of(teller, 130)[1]


def test_a_fold_tells_of_retransmissions_in_it() -> None:
    teller = Teller()
    for number in range(60):
        last = teller.frame(Side.SERVER if number % 2 else Side.CLIENT, b"talk")
        if number == 30:
            teller.timeline.entries.append(NoteEntry("Retransmission", Side.SERVER, last.packet, last.time_ns))
    assert any("1 remark ·" in line for line in lines_of(teller))


def test_a_silence_ends_a_run() -> None:
    teller = Teller()
    for number in range(8):
        teller.frame(Side.SERVER, b"text")
        if number == 3:
            teller.wait(10)
    _, story = told(teller)
    assert kinds(story) == ["RUN", "IDLE", "RUN"]


def test_violations_stand_under_their_frame_until_they_are_too_many() -> None:
    teller = Teller()
    for _ in range(10):
        teller.break_rule(teller.frame(Side.CLIENT, b"text"))
    _, story = told(teller)
    assert kinds(story) == ["ENTRY", "VIOLATION"] * 3 + ["RUN"]
    assert story.digest(story.steps[-1]).violations == 7
    story.toggle(6)
    assert kinds(story)[7:] == ["ENTRY", "VIOLATION"] * 7


def test_a_large_fold_unfolds_into_folds() -> None:
    teller = Teller()
    for _ in range(CHUNK * 3):
        teller.frame(Side.SERVER, b"text")
    _, story = told(teller)
    assert kinds(story) == ["RUN"]
    story.toggle(0)
    assert kinds(story) == ["RUN"] * 4
    assert [step.depth for step in story.steps] == [0, 1, 1, 1]
    story.toggle(1)
    assert len(story.steps) == 4 + CHUNK
    story.toggle(0)
    assert kinds(story) == ["RUN"]


def test_gaps_and_unfinished_frames_are_told() -> None:
    teller = Teller()
    teller.frame(Side.SERVER, b"text")
    teller.timeline.entries.append(GapEntry(100, Side.SERVER, 9, 10**18 * 2, "framing lost"))
    _, story = told(teller)
    assert "ENTRY" in kinds(story)
    opened, story = told(teller)
    lines = [text_of(Ladder(opened, story).draw(place, 100)) for place in range(len(story.steps))]
    assert any("100 bytes of the server not captured: framing lost" in line for line in lines)


ACTS = st.lists(
    st.sampled_from(["up", "down", "ping", "pong", "note", "wait", "sleep", "gap", "broken", "close", "syn"]),
    max_size=120,
)


@given(ACTS, st.integers(5, 40))
@settings(deadline=None, max_examples=150)
def test_every_entry_is_told_exactly_once(acts: list[str], chunk: int) -> None:
    teller = Teller()
    for act in acts:
        match act:
            case "up":
                teller.frame(Side.CLIENT, b"up")
            case "down":
                teller.frame(Side.SERVER, b"down")
            case "ping":
                teller.frame(Side.SERVER, b"p", Opcode.PING)
            case "pong":
                teller.frame(Side.CLIENT, b"p", Opcode.PONG)
            case "wait":
                teller.wait(7)
            case "sleep":
                teller.wait(100)
            case "broken":
                teller.break_rule(teller.frame(Side.CLIENT, b"x"))
            case "close":
                teller.frame(Side.CLIENT, b"\x03\xe8", Opcode.CLOSE)
            case "syn":
                teller.opening()
            case "note" | "gap":
                last = teller.frame(Side.SERVER, b"before it")
                entry = NoteEntry("Keep-Alive", Side.CLIENT, last.packet, last.time_ns)
                gap = GapEntry(5, Side.CLIENT, last.packet, last.time_ns)
                teller.timeline.entries.append(entry if act == "note" else gap)
    kept = module.CHUNK
    module.CHUNK = chunk  # type: ignore[misc]  # the same code, with folds that a test can fill
    try:
        opened, story = told(teller)
        folded = [step for step in story.steps if step.has_entries]
        covered = [place for step in folded for place in range(step.first, step.last + 1)]
        assert covered == list(range(len(opened.entries)))
        closed = list(story.steps)
        unfold_everything(story)
        assert places(story) == list(range(len(opened.entries)))
        violations = [step.last for step in story.steps if step.kind is Kind.VIOLATION]
        assert sorted(violations) == list(range(len(opened.violations)))
        spaces = [(step.first, step.last) for step in story.steps if step.kind is Kind.SPACE]
        silences = [(step.first, step.last) for step in story.steps if step.kind is Kind.IDLE]
        entries = opened.entries
        assert silences == [
            (place - 1, place)
            for place in range(1, len(entries))
            if entries[place].time_ns - entries[place - 1].time_ns >= module.IDLE_NS
        ]
        assert spaces == [
            (place - 1, place)
            for place in range(1, len(entries))
            if entries[place].time_ns - entries[place - 1].time_ns >= module.LONG_NS
            for _ in range(2)
        ]
        ladder = Ladder(opened, story)
        for width in (80, 200):
            for place in range(len(story.steps)):
                line = ladder.draw(place, width)
                assert sum(shown_width(text) for text, _ in line) <= width
        for place in reversed(range(len(story.steps))):
            if place < len(story.steps) and not story.steps[place].depth and story.is_unfolded(place):
                story.toggle(place)
        assert story.steps == closed
    finally:
        module.CHUNK = kept  # type: ignore[misc]
