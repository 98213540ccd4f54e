"""One message: named by any of its frames."""

import pytest
from exporting import CAPTURES, selected

from wsinspect.errors import WsinspectError
from wsinspect.export.message import frame_name, is_printable, payload_of
from wsinspect.timeline import FrameEntry
from wsinspect.websocket.side import Side


def test_names() -> None:
    assert frame_name("client:12") == (Side.CLIENT, 12)
    for wrong in ("12", "client", "client:", "client:-1", "Server:1", "client:1x"):
        with pytest.raises(WsinspectError, match="names no frame"):
            frame_name(wrong)


def test_every_frame_of_a_fragmented_message_names_it() -> None:
    with selected(CAPTURES / "tour.pcapng", [28]) as selection:
        timeline = selection.timeline(0)
    frames = [entry for entry in timeline.entries if isinstance(entry, FrameEntry) and entry.side is Side.CLIENT]
    whole = next(
        it.message for it in frames if it.message is not None and it.message.first_frame < it.message.last_frame
    )
    assert whole.length == len(whole.data) > 0
    between = 0
    for number in range(whole.first_frame, whole.last_frame + 1):
        frame = next(it for it in frames if it.header.number == number)
        is_control = frame.header.opcode >= 8
        between += is_control
        want = frame.payload if is_control else whole.data
        assert payload_of(timeline, frame_name(f"client:{number}")) == want
    assert between
    with pytest.raises(WsinspectError, match="no frame client:999"):
        payload_of(timeline, frame_name("client:999"))


@pytest.mark.parametrize(
    ("payload", "shown"), [(b"a\tb\nc", True), ("grüße".encode(), True), (b"\x1b[31m", False), (b"\xff", False)]
)
def test_what_a_terminal_may_be_given(payload: bytes, shown: bool) -> None:
    assert is_printable(payload) is shown
