"""wsinspect/layers/http2.py: WebSockets on streams to the report and to the replay of one of them."""

import pytest

from captures.encoder import frames
from captures.encoder.conversation import Trace
from captures.encoder.http2 import DATA, END_HEADERS, HEADERS, RST_STREAM, Http2, connect, frame
from wsinspect.capture.packet import Packet
from wsinspect.inspector import Inspector
from wsinspect.replay import replay
from wsinspect.report import model
from wsinspect.report.build import connection_report
from wsinspect.timeline import FrameEntry, HeadEntry, NoteEntry, TcpEntry


class Kept:
    """Packets to be read again: their number is their offset."""

    def __init__(self, packets: list[Packet]) -> None:
        self.packets = packets

    def packet_at(self, offset: int, number: int) -> Packet:
        return self.packets[number - 1]


def packets_of(trace: Trace) -> list[Packet]:
    return [
        Packet(number, record.time_ns, record.link, record.data, len(record.data), number)
        for number, record in enumerate(trace.in_order(), 1)
    ]


def inspected(trace: Trace) -> tuple[Inspector, Kept]:
    kept = Kept(packets_of(trace))
    inspector = Inspector(index=True)
    inspector.feed_batch(kept.packets)
    inspector.finish()
    return inspector, kept


def reports(trace: Trace) -> list[model.Connection]:
    return [connection_report(one) for one in inspected(trace)[0].connections]


def started() -> tuple[Trace, Http2]:
    trace = Trace("layers")
    talk = Http2(trace)
    talk.start()
    return trace, talk


def test_each_stream_is_a_connection() -> None:
    trace, talk = started()
    streams = [talk.stream() for _ in range(3)]
    for number, stream in enumerate(streams):
        stream.open(connect(f"/{number}"))
    for stream in reversed(streams):
        stream.greet()
    found = reports(trace)
    assert [one.http2_stream for one in found] == [1, 3, 5]
    assert {one.tcp_stream for one in found} == {0}
    assert {one.http_version for one in found} == {"2"}
    assert [one.url for one in found] == [f"ws://ws.example.com/{number}" for number in range(3)]
    assert [one.messages.client for one in found] == [1, 1, 1]
    assert found[0].started < found[1].started < found[2].started


def test_replay_shows_one_stream() -> None:
    trace, talk = started()
    streams = [talk.stream() for _ in range(3)]
    for stream in streams:
        stream.open()
    for number, stream in enumerate(streams):
        stream.client.text(f"this is {number}")
    talk.go_away(talk.server, 5, 0, b"bye")
    streams[1].client.reset()
    talk.end_tcp()
    inspector, kept = inspected(trace)
    entries = replay(inspector.connections[1], kept).entries
    assert [entry.payload for entry in entries if isinstance(entry, FrameEntry)] == [b"this is 1"]
    assert [entry.head.version for entry in entries if isinstance(entry, HeadEntry)] == ["HTTP/2", "HTTP/2"]
    assert [entry.flag for entry in entries if isinstance(entry, TcpEntry)] == ["RST_STREAM (CANCEL)"]
    notes = [entry.text for entry in entries if isinstance(entry, NoteEntry)]
    assert notes == ['GOAWAY (NO_ERROR), last stream 5: "bye"']


def test_the_story_names_frames_and_codes() -> None:
    trace, talk = started()
    first, second = talk.stream(), talk.stream()
    first.open()
    second.open()
    first.server.end()
    talk.go_away(talk.server, 3, 11, b"\x1b[2Jtoo many")
    talk.server.send(frame(RST_STREAM, 0, 3, (2).to_bytes(4, "big")))
    ended, reset = reports(trace)
    assert "server ended the HTTP/2 stream (END_STREAM)" in ended.close.summary
    assert "server reset the HTTP/2 stream (RST_STREAM, INTERNAL_ERROR)" in reset.close.summary
    assert 'Server sent GOAWAY (ENHANCE_YOUR_CALM, last stream 3, "\x1b[2Jtoo many").' in reset.close.summary
    assert reset.close.tcp is not None
    assert reset.close.tcp.http2 == model.Http2End("RST_STREAM", 2, "INTERNAL_ERROR")
    assert [(one.code, one.last_stream) for one in reset.close.go_away] == [(11, 3)]


def test_the_end_of_tcp_ends_the_streams_that_are_open() -> None:
    trace, talk = started()
    first, second = talk.stream(), talk.stream()
    first.open()
    second.open()
    first.finish(first.client)
    talk.client.rst()
    done, cut = reports(trace)
    assert done.close.tcp is not None
    assert done.close.tcp.kind == "fin"
    assert done.close.event is not None
    assert done.close.event.client is not None
    assert (done.close.event.client.code, done.close.event.client.was_clean) == (1000, True)
    assert cut.close.tcp is not None
    assert (cut.close.tcp.kind, cut.close.tcp.http2) == ("rst", None)


@pytest.mark.parametrize("acknowledged", [False, True])
def test_whether_a_close_was_acknowledged_is_told_by_tcp(acknowledged: bool) -> None:
    trace, talk = started()
    stream = talk.stream()
    stream.open()
    data = stream.server.encode(frames.CLOSE, frames.close_payload(1001))
    talk.server.send(frame(0, 0, stream.id, data), acked=acknowledged)
    talk.client.rst()
    event = reports(trace)[0].close.event
    assert event is not None
    assert event.client is not None
    assert event.client.code == (1001 if acknowledged else 1006)


@pytest.mark.parametrize(("later", "code"), [(0.0002, 1006), (0.1, 1001)])
def test_a_stream_that_is_reset_right_behind_the_answer_brings_no_close(later: float, code: int) -> None:
    """Chromium's and Firefox's pages were told 1006 then; the Close counted where the reset left it some time."""
    trace, talk = started()
    stream = talk.stream()
    talk.headers(talk.client, stream.id, connect())
    answer = frame(HEADERS, END_HEADERS, stream.id, talk.encoders[talk.server].encode([(":status", "200")]))
    close = frame(DATA, 0, stream.id, stream.server.encode(frames.CLOSE, frames.close_payload(1001)))
    talk.server.send(answer + close, acked=False)
    talk.wait(later)
    talk.server.send(frame(RST_STREAM, 0, stream.id, (8).to_bytes(4, "big")))
    event = reports(trace)[0].close.event
    assert event is not None and event.client is not None
    assert event.client.code == code


def test_data_of_a_client_that_does_not_wait() -> None:
    trace, talk = started()
    stream = talk.stream()
    talk.headers(talk.client, stream.id, connect())
    stream.client.text("hello")
    talk.headers(talk.server, stream.id, [(":status", "200")])
    stream.server.text("hello to you")
    assert reports(trace)[0].messages == model.BySide(1, 1)


def test_other_streams_are_not_listed() -> None:
    trace, talk = started()
    get = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "ws.example.com")]
    talk.headers(talk.client, 1, get, flags=1)
    talk.headers(talk.server, 1, [(":status", "200")])
    talk.server.send(frame(0, 1, 1, bytes(500)))
    assert reports(trace) == []


def test_interim_responses_and_trailers_change_nothing() -> None:
    trace, talk = started()
    stream = talk.stream()
    talk.headers(talk.client, stream.id, connect())
    talk.headers(talk.server, stream.id, [(":status", "103")])
    talk.headers(talk.server, stream.id, [(":status", "200")])
    stream.greet()
    talk.headers(talk.server, stream.id, [("x-trailer", "1")], flags=1)
    report = reports(trace)[0]
    assert report.handshake is not None
    assert report.handshake.status == 200
    assert report.close.tcp is not None
    assert report.close.tcp.by == "server"


def test_lost_header_fields_are_told() -> None:
    trace, talk = started()
    stream = talk.stream()
    talk.headers(talk.client, stream.id, connect(), captured=False)
    talk.headers(talk.server, stream.id, [(":status", "200")])
    talk.client.send(frame(6, 0, 0, bytes(8)))
    inspector, _ = inspected(trace)
    assert len(inspector.problems) == 1
    assert "WebSockets may be missing" in inspector.problems[0]


def lost_request(trace: Trace, talk: Http2) -> Http2:
    """Requests from now on refer to one that was not captured."""
    talk.headers(talk.client, 1, connect(), captured=False)
    talk.client.send(frame(6, 0, 0, bytes(8)))
    return talk


def test_a_request_that_cannot_be_read_is_a_websocket_if_frames_follow() -> None:
    trace, talk = started()
    lost_request(trace, talk)
    stream = talk.stream(3)
    stream.open()
    stream.server.close(1001, "restart")
    stream.server.end()
    (found,) = reports(trace)
    assert (found.http2_stream, found.url, found.handshake) == (3, None, None)
    assert found.close.server_frame is not None
    assert found.close.server_frame.code == 1001


def test_a_request_that_cannot_be_read_is_none_if_anything_else_follows() -> None:
    trace, talk = started()
    lost_request(trace, talk)
    talk.headers(talk.client, 3, connect())
    talk.headers(talk.server, 3, [(":status", "200")])
    for _ in range(5):
        talk.client.send(frame(0, 0, 3, b"\x00\x00\x00\x00\x07of gRPC"))
        talk.server.send(frame(0, 0, 3, b"\x00\x00\x00\x00\x07of gRPC"))
    assert reports(trace) == []
