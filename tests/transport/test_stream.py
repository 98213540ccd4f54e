"""wsinspect/transport/stream.py: how TCP connections begin and end, and their numbers."""

import pytest

from captures.encoder.conversation import Trace
from captures.encoder.packets import ACK, FIN, RST, SYN, Host
from captures.encoder.websocket import WebSocket
from tests.transport.segments import FLOWS, inspect, packets, segment, told
from wsinspect.report.build import connection_report
from wsinspect.transport.reassembly import Fin, Reset, StreamEvent, Syn
from wsinspect.transport.stream import StreamTable

C, S = 0, 1
ISN = (1000, 2**32 - 3)
"""The client's and the server's; the server's numbers wrap at once."""
Row = tuple[int, int, int, bytes] | tuple[int, int, int, bytes, int]
"""Sender, flags, offset of the payload (or of the FIN), payload, and offset acknowledged (default: nothing new)."""

OPEN: list[Row] = [(C, SYN, -1, b""), (S, SYN | ACK, -1, b"", 0), (C, ACK, 0, b"", 0)]
OPENED = ["Syn", "Syn"]


def play(rows: list[Row], finish: bool = True) -> list[StreamEvent]:
    """The events of one connection."""
    table = StreamTable()
    events: list[StreamEvent] = []
    known = [0, 0]
    stream = None
    for number, (sender, flags, offset, payload, *acknowledged) in enumerate(rows, 1):
        if acknowledged:
            known[1 - sender] = acknowledged[0]
        packet = segment(
            ISN[sender] + 1 + offset,
            payload,
            packet=number,
            direction=sender,
            flags=flags,
            ack=ISN[1 - sender] + 1 + known[1 - sender] if flags & ACK else 0,
        )
        stream, direction, replaced = table.find(packet)
        assert replaced is None
        events += stream.feed(packet, direction)
    assert table.count == 1 and stream is not None
    if finish:
        events += stream.finish(99, 0)
    return events


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([*OPEN, (C, ACK, 0, b"ab"), (S, ACK, 0, b"xy", 2)], [*OPENED, b"ab", b"xy"], id="opened by SYNs"),
        pytest.param(
            [(C, SYN, -1, b""), (C, SYN, -1, b""), *OPEN[1:], (C, ACK, 0, b"a")],
            ["Syn", "Syn", "Syn", b"a"],
            id="SYN repeated",
        ),
        pytest.param(
            [(C, SYN, -1, b"early"), (S, SYN | ACK, -1, b"", 5), (C, ACK, 5, b"late", 0)],
            ["Syn", b"early", "Syn", b"late"],
            id="data with the SYN",
        ),
        pytest.param(
            [(C, SYN, -1, b"early"), (S, SYN | ACK, -1, b"", 0), (C, ACK, 0, b"early", 0), (C, ACK, 5, b"late", 0)],
            ["Syn", b"early", "Syn", "Retransmission", b"late"],
            id="data with the SYN that was not taken",
        ),
        pytest.param(
            [
                (C, SYN, -1, b""),
                (S, SYN, -1, b""),
                (C, SYN | ACK, -1, b"", 0),
                (S, SYN | ACK, -1, b"", 0),
                (C, ACK, 0, b"a"),
            ],
            ["Syn", "Syn", "Syn", "Syn", b"a"],
            id="simultaneous open",
        ),
        pytest.param(
            [(S, SYN | ACK, -1, b"", 0), (C, ACK, 0, b"a", 0), (S, ACK, 0, b"x", 1)],
            ["Syn", b"a", b"x"],
            id="SYN/ACK first",
        ),
        pytest.param([(C, ACK, 0, b"a", 0), (S, ACK, 0, b"x", 1)], [b"a", b"x"], id="joined midstream"),
        pytest.param(
            [(C, ACK, 5, b"", 7), (S, ACK, 9, b"later", 5), (S, ACK, 7, b"xy", 5)],
            ["Out-Of-Order", b"xy", b"later"],
            id="joined midstream, told where by an acknowledgement",
        ),
        pytest.param(
            [*OPEN, (C, FIN | ACK, 0, b"bye"), (S, FIN | ACK, 0, b"", 4), (C, ACK, 4, b"", 1)],
            [*OPENED, b"bye", "Fin", "Fin"],
            id="FIN with data",
        ),
        pytest.param(
            [*OPEN, (C, FIN | ACK, 0, b""), (S, ACK, 0, b"still", 1), (S, FIN | ACK, 5, b"", 1)],
            [*OPENED, "Fin", b"still", "Fin"],
            id="half-closed",
        ),
        pytest.param([*OPEN, (C, FIN | ACK, 0, b""), (C, FIN | ACK, 0, b"")], [*OPENED, "Fin"], id="FIN repeated"),
        pytest.param(
            [*OPEN, (C, FIN | ACK, 2, b""), (C, ACK, 0, b"ab")], [*OPENED, b"ab", "Fin"], id="FIN before its data"
        ),
        pytest.param([*OPEN, (C, FIN | ACK, 2, b"")], [*OPENED, 2, "Fin"], id="FIN behind a hole"),
        pytest.param(
            [*OPEN, (C, FIN | ACK, 2, b""), *[(S, ACK, 0, b"", 3)] * 5],
            [*OPENED, 2, "Fin"],
            id="FIN behind a hole that was acknowledged",
        ),
        pytest.param(
            [*OPEN, (C, FIN | ACK, 0, b""), (C, ACK, 1, b"more")],
            [*OPENED, "Fin", "Outside every window"],
            id="data behind the FIN",
        ),
        pytest.param(
            [*OPEN, (C, FIN | ACK, 0, b""), (C, ACK, 0, b"\0")],
            [*OPENED, "Fin", "Keep-Alive"],
            id="keep-alive behind the FIN",
        ),
        pytest.param([*OPEN, (C, RST, 0, b"a text for people")], [*OPENED, "Reset"], id="RST"),
        pytest.param(
            [*OPEN, (C, RST | ACK, 0, b""), (S, ACK, 0, b"x", 0)],
            [*OPENED, "Reset", b"x"],
            id="what was under way when the RST came",
        ),
        pytest.param(
            [*OPEN, (S, ACK, 5, b"x"), (S, RST, 6, b"")],
            [*OPENED, "Out-Of-Order", "Reset", 5, b"x"],
            id="RST behind a hole",
        ),
    ],
)
def test_what_a_connection_brings(rows: list[Row], expected: list[object]) -> None:
    assert told(play(rows)) == expected


def test_data_with_the_syn_that_the_snap_length_cut_off() -> None:
    table = StreamTable()
    stream, direction, _ = table.find(segment(ISN[C], flags=SYN))
    events = stream.feed(segment(ISN[C], flags=SYN, cut=5), direction)
    events += stream.feed(segment(ISN[C] + 6, b"late"), direction)
    assert told(events) == ["Syn", 5, b"late"]


def test_events_know_their_direction_and_packet() -> None:
    events = play([*OPEN, (S, FIN | ACK, 0, b""), (C, RST, 0, b"")])
    assert events == [
        Syn(C, False, 1, 1_000_000_000),
        Syn(S, True, 2, 2_000_000_000),
        Fin(S, 4, 4_000_000_000),
        Reset(C, 5, 5_000_000_000),
    ]


def test_a_fin_has_the_packet_that_carried_it_however_late_its_turn_comes() -> None:
    events = play([*OPEN, (C, FIN | ACK, 2, b""), (C, ACK, 0, b"ab")])
    assert events[-1] == Fin(C, 4, 4_000_000_000)


@pytest.mark.parametrize(
    ("first", "again", "new"),
    [
        # Wireshark's rules (packet-tcp.c, dissect_tcp): a SYN with another number, or any SYN once it is over.
        pytest.param([(C, SYN, 0)], (C, SYN, 0), False, id="SYN repeated"),
        pytest.param([(C, SYN, 0)], (C, SYN, 5000), True, id="SYN with another number"),
        pytest.param([(C, SYN, 0), (C, RST, 1)], (C, SYN, 0), True, id="the same SYN after an RST"),
        pytest.param([(C, SYN, 0), (C, FIN, 1), (S, FIN, 1)], (C, SYN, 0), True, id="the same SYN after both FINs"),
        pytest.param([(C, SYN, 0), (C, FIN, 1)], (C, SYN, 0), False, id="the same SYN after one FIN"),
        pytest.param([(C, SYN, 0)], (S, SYN, 77), False, id="a SYN of the other side"),
        pytest.param([(C, SYN, 0), (S, SYN | ACK, 50)], (S, SYN | ACK, 50), False, id="SYN/ACK repeated"),
        pytest.param([(C, ACK, 0)], (C, SYN, 9000), True, id="SYN after joining midstream"),
        pytest.param([(C, SYN, 0)], (C, ACK, 2**31), False, id="any other segment"),
    ],
)
def test_when_ports_are_used_again(first: list[tuple[int, int, int]], again: tuple[int, int, int], new: bool) -> None:
    table = StreamTable()
    for number, (sender, flags, seq) in enumerate(first, 1):
        packet = segment(seq, packet=number, direction=sender, flags=flags, ack=1)
        stream, direction, _ = table.find(packet)
        stream.feed(packet, direction)
    sender, flags, seq = again
    found, direction, replaced = table.find(segment(seq, packet=9, direction=sender, flags=flags, ack=1))
    assert (found.number, table.count) == ((1, 2) if new else (0, 1))
    assert (replaced is stream) is new
    assert direction == (0 if new else sender)


def test_direction_0_is_that_of_who_opened() -> None:
    table = StreamTable()
    stream, direction, _ = table.find(segment(5, direction=S, flags=SYN | ACK, ack=1))
    assert (direction, stream.flow) == (1, FLOWS[C])
    other = StreamTable()
    stream, direction, _ = other.find(segment(5, direction=S, flags=ACK, ack=1))
    assert (direction, stream.flow) == (0, FLOWS[S])


def test_an_ignored_stream_brings_nothing_and_still_ends() -> None:
    table = StreamTable()
    stream, direction, _ = table.find(segment(5, flags=SYN))
    stream.ignore()
    assert stream.feed(segment(6, b"abc"), direction) == []
    assert stream.feed(segment(9, flags=RST), direction) == []
    assert stream.closed and stream.finish(9, 0) == []
    assert table.find(segment(5, flags=SYN))[0].number == 1


LATER = 5.0
"""Seconds after which an ended connection is no longer waited upon."""


@pytest.mark.parametrize("ending", ["rst", "fin", "fin of one side, rst of the other"])
@pytest.mark.parametrize("straggler", ["ack", "data", "syn", "fin", "rst", "keep-alive"])
def test_stragglers_long_after_the_end(ending: str, straggler: str) -> None:
    trace = Trace("stragglers")
    talk = WebSocket(trace)
    talk.open()
    talk.client.text("hello")
    if ending == "rst":
        talk.server.rst()
    elif ending == "fin":
        talk.end_tcp()
    else:
        talk.client.fin()
        talk.server.rst()
    talk.wait(LATER)
    other = WebSocket(trace, client=Host("192.0.2.77", 5555), at=LATER + 1)
    other.open_greet_and_close()
    talk.wait(LATER)
    before = len(packets(trace))
    if straggler == "keep-alive":
        talk.client.segment(b"\0", sequence=talk.client.sequence - 1)
    else:
        flags = {"ack": ACK, "data": ACK, "syn": SYN, "fin": FIN | ACK, "rst": RST}[straggler]
        talk.client.segment(b"late" if straggler == "data" else b"", flags)
    captured = packets(trace)
    assert len(captured) == before + 1
    with_it = [connection_report(connection) for connection in inspect(captured).connections]
    without = [connection_report(connection) for connection in inspect(captured[:-1]).connections]
    assert with_it == without


def test_a_long_silence_does_not_end_a_connection() -> None:
    trace = Trace("silence")
    talk = WebSocket(trace)
    talk.open()
    talk.wait(86400)
    talk.client.text("still here")
    (connection,) = inspect(packets(trace)).connections
    assert connection_report(connection).messages.client == 1
