"""wsinspect/http2/session.py, facts.py and codes.py: what happens on the streams; arbitrary bytes raise nothing."""

from hpack import Encoder
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder import http2 as wire
from wsinspect.http2.codes import error_name
from wsinspect.http2.facts import GoAway, SessionFacts, Setting, StreamEnd, StreamFacts
from wsinspect.http2.flow import Window
from wsinspect.http2.session import Ended, Said, Sent, Session, SessionEvent
from wsinspect.transport.reassembly import Chunk, Gap

CLIENT, SERVER = 0, 1


class Fed:
    """A session that is told its bytes frame by frame, each in a packet of its own."""

    def __init__(self) -> None:
        self.session = Session(CLIENT, opening_seen=True)
        self.offsets = [0, 0]
        self.packet = 0
        self.feed(CLIENT, wire.PREFACE)

    def feed(self, direction: int, data: bytes) -> list[SessionEvent]:
        self.packet += 1
        offset = self.offsets[direction]
        self.offsets[direction] += len(data)
        return self.session.feed(Chunk(direction, offset, data, self.packet, self.packet))


def test_settings() -> None:
    fed = Fed()
    values = {wire.ENABLE_CONNECT_PROTOCOL: 1, wire.INITIAL_WINDOW_SIZE: 10}
    assert fed.feed(SERVER, wire.settings(values)) == [Setting(SERVER, 1, 2, 2)]
    assert fed.feed(SERVER, wire.settings(values)) == []  # nothing new
    assert fed.session.facts.connect_allowed
    assert fed.session.windows(1)[CLIENT].size == 10
    assert fed.session.windows(1)[SERVER].size == 65535


def test_windows() -> None:
    fed = Fed()
    windows = fed.session.windows(1)
    fed.feed(CLIENT, wire.frame(wire.DATA, wire.PADDED, 1, b"\x05hello" + bytes(5)))
    assert windows[CLIENT].size == 65535 - 11  # padding counts
    assert fed.session.facts.windows[CLIENT].size == 65535 - 11
    fed.feed(SERVER, wire.frame(wire.WINDOW_UPDATE, 0, 1, (100).to_bytes(4, "big")))
    fed.feed(SERVER, wire.frame(wire.WINDOW_UPDATE, 0, 0, (1000).to_bytes(4, "big")))
    assert windows[CLIENT].size == 65535 + 89
    assert fed.session.facts.windows[CLIENT].size == 65535 + 989
    fed.feed(SERVER, wire.settings({wire.INITIAL_WINDOW_SIZE: 65536}))
    assert windows[CLIENT].size == 65535 + 90


def test_ends() -> None:
    fed = Fed()
    assert fed.feed(CLIENT, wire.frame(wire.DATA, wire.END_STREAM, 1)) == [Ended(1, StreamEnd(CLIENT, None, 2, 2))]
    reset = wire.frame(wire.RST_STREAM, 0, 3, (8).to_bytes(4, "big"))
    assert fed.feed(SERVER, reset) == [Ended(3, StreamEnd(SERVER, 8, 3, 3))]
    payload = (5).to_bytes(4, "big") + (11).to_bytes(4, "big") + b"too much"
    go_away = GoAway(SERVER, 5, 11, b"too much", 4, 4)
    assert fed.feed(SERVER, wire.frame(wire.GOAWAY, 0, 0, payload)) == [go_away]
    assert fed.session.facts.go_aways == [go_away]


def test_headers_that_end_the_stream() -> None:
    fed = Fed()
    block = Encoder().encode([(":status", "403")])
    events = fed.feed(SERVER, wire.frame(wire.HEADERS, wire.END_HEADERS | wire.END_STREAM, 1, block))
    assert [type(event) for event in events] == [Said, Ended]


def test_a_stream_is_over_when_both_sides_ended_it_or_one_reset_it() -> None:
    def facts() -> StreamFacts:
        return StreamFacts(1, SessionFacts(CLIENT), (Window(1), Window(1)))

    ended = facts()
    ended.take_end(StreamEnd(CLIENT, None, 1, 1))
    ended.take_end(StreamEnd(CLIENT, None, 2, 2))
    assert not ended.over
    ended.take_end(StreamEnd(SERVER, None, 3, 3))
    assert ended.over
    reset = facts()
    reset.take_end(StreamEnd(SERVER, 8, 1, 1))
    assert reset.over


def test_stall_of_the_connection_counts_from_the_beginning_of_the_stream() -> None:
    session = SessionFacts(CLIENT)
    stream = StreamFacts(3, session, (Window(9), Window(9)), started_ns=50)
    session.windows[CLIENT].change(-65535, 20)
    assert stream.stall(CLIENT, 80) == (50, 80)
    assert stream.stall(SERVER, 80) == (0, 0)
    session.complete = False
    assert stream.stall(CLIENT, 80) == (0, 0)


def test_names() -> None:
    assert [error_name(code) for code in (0, 8, 13, 14)] == ["NO_ERROR", "CANCEL", "HTTP_1_1_REQUIRED", "error 0xe"]


PIECES = st.tuples(
    st.integers(0, 1),
    st.one_of(
        st.binary(max_size=60),
        st.builds(wire.frame, st.integers(0, 12), st.integers(0, 255), st.integers(0, 2**31), st.binary(max_size=60)),
        st.integers(1, 100),
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=40), st.booleans())
def test_arbitrary_bytes_and_holes_raise_nothing(pieces: list[tuple[int, bytes | int]], opening_seen: bool) -> None:
    session = Session(CLIENT, opening_seen)
    offsets = [len(wire.PREFACE), 0]
    if opening_seen:
        session.feed(Chunk(CLIENT, 0, wire.PREFACE, 1, 1))
    sent = fed = 0
    for packet, (direction, piece) in enumerate(pieces, 2):
        offset = offsets[direction]
        length = piece if isinstance(piece, int) else len(piece)
        offsets[direction] += length
        if isinstance(piece, int):
            events = session.feed(Gap(direction, offset, piece, packet, packet))
        else:
            fed += length
            events = session.feed(Chunk(direction, offset, piece, packet, packet))
        sent += sum(len(event.data.data) for event in events if isinstance(event, Sent))
    assert sent <= fed
