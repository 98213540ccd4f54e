"""wsinspect/tls/familiar.py: TLS that fails, by a client known to open WebSockets, and what its program is told."""

import ssl
from pathlib import Path

import pytest

from captures.encoder.conversation import Conversation, Trace
from tests.tls.talking import CLIENT, SERVER, Talk
from tests.tls.test_layers_tls import REQUEST, RESPONSE, inspect
from wsinspect.capture.packet import Packet
from wsinspect.report import model

FIREFOX = REQUEST.replace(b"Host", b"User-Agent: Mozilla/5.0 (X11) Gecko/20100101 Firefox/153.0\r\nHost")
PAGE = b"GET / HTTP/1.1\r\nHost: chat.example\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
ALPN = ["h2", "http/1.1"]
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
CLOSE_NOTIFY = b"\x15\x03\x03\x00\x02\x01\x00"


def spoken(directory: Path, request: bytes, response: bytes, alpn: list[str] = ALPN) -> Talk:
    """A connection on which one request was answered."""
    directory.mkdir()
    talk = Talk(directory, ssl.TLSVersion.TLSv1_3, alpn, server_alpn=["http/1.1"])
    talk.say(CLIENT, request)
    talk.say(SERVER, response)
    return talk


def refused(directory: Path, answer: bytes, alpn: list[str] = ALPN) -> Talk:
    """A ClientHello of the same client that gets no ServerHello."""
    directory.mkdir()
    talk = Talk(directory, ssl.TLSVersion.TLSv1_3, alpn, server_alpn=["http/1.1"])
    talk.flights = [talk.flights[0], (SERVER, answer)]
    return talk


def captured(trace: Trace) -> list[Packet]:
    return [
        Packet(number, record.time_ns, record.link, record.data, len(record.data), number)
        for number, record in enumerate(trace.records, 1)
    ]


def found(*talks: Talk) -> list[model.Connection]:
    """What is listed when they follow each other in one capture; all keys are known."""
    trace = Trace(1)
    for number, talk in enumerate(talks):
        tcp = Conversation(trace, at=number)
        tcp.connect()
        for direction, data in talk.flights:
            tcp.ends[direction].send(data)
        tcp.end_tcp(tcp.ends[SERVER])
    return inspect(captured(trace), b"".join(talk.keys for talk in talks))[1]


@pytest.mark.parametrize(("answer", "code"), [(ALERT, 1015), (CLOSE_NOTIFY, 1006), (b"", 1006)])
def test_who_opened_websockets_so_before_is_listed_and_told_as_its_browser_tells(
    answer: bytes, code: int, tmp_path: Path
) -> None:
    first, failed = found(spoken(tmp_path / "1", FIREFOX, RESPONSE), refused(tmp_path / "2", answer))
    assert (first.tls, failed.tls, failed.state) == ("decrypted", "encrypted", "failed")
    event = failed.close.event
    assert event is not None and event.client is not None and event.server is None
    assert (event.client.code, event.client.was_clean) == (code, False)
    assert str(code) in failed.close.summary


def test_another_program_is_told_1006(tmp_path: Path) -> None:
    _, failed = found(spoken(tmp_path / "1", REQUEST, RESPONSE), refused(tmp_path / "2", ALERT))
    assert failed.close.event is not None and failed.close.event.client is not None
    assert failed.close.event.client.code == 1006


def test_who_asks_for_pages_as_often_is_not_listed(tmp_path: Path) -> None:
    websocket, page = spoken(tmp_path / "1", FIREFOX, RESPONSE), spoken(tmp_path / "2", PAGE, EMPTY)
    assert len(found(websocket, page, refused(tmp_path / "3", ALERT))) == 1
    assert len(found(page, refused(tmp_path / "4", ALERT))) == 0


def test_another_kind_of_client_hello_is_not_listed(tmp_path: Path) -> None:
    assert len(found(spoken(tmp_path / "1", FIREFOX, RESPONSE), refused(tmp_path / "2", ALERT, ["h2"]))) == 1


def test_an_alert_instead_of_the_answer_to_the_request(tmp_path: Path) -> None:
    talk = spoken(tmp_path / "1", FIREFOX, b"")
    talk.flights.append((CLIENT, ALERT))  # it could not read what came
    [failed] = found(talk)
    assert failed.close.event is not None and failed.close.event.client is not None
    assert failed.close.event.client.code == 1015
    assert "never answered, TLS failed: the client sent handshake_failure" in failed.close.summary


def test_an_alert_behind_the_end_changes_nothing(tmp_path: Path) -> None:
    talk = spoken(tmp_path / "1", FIREFOX, b"")
    trace = Trace(1)
    tcp = Conversation(trace)
    tcp.connect()
    for direction, data in talk.flights:
        tcp.ends[direction].send(data)
    tcp.ends[SERVER].fin()
    tcp.ends[CLIENT].send(ALERT)
    tcp.ends[CLIENT].fin()
    [failed] = inspect(captured(trace), talk.keys)[1]
    assert failed.close.event is not None and failed.close.event.client is not None
    assert failed.close.event.client.code == 1006
