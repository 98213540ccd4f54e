"""wsinspect/layers/tls.py and beginning.py: WebSockets inside TLS, with and without keys, to the report."""

import ssl
from pathlib import Path

import pytest

from captures.encoder.conversation import Conversation, Trace
from tests.tls.talking import CLIENT, SERVER, Talk
from wsinspect.capture.packet import Packet
from wsinspect.inspector import Inspector
from wsinspect.replay import replay
from wsinspect.report import model
from wsinspect.report.build import connection_report
from wsinspect.timeline import NoteEntry
from wsinspect.tls.keylog import KeyLog

REQUEST = (
    b"GET /room?x=1 HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
MASK = b"\x01\x02\x03\x04"
HELLO = b"\x81\x85" + MASK + bytes(a ^ b for a, b in zip(b"hello", MASK * 2, strict=False))
LONG = b"\x82\x7e\x40\x00" + bytes(0x4000)
BYE = b"\x88\x04\x0f\xa0ok"
BYE_TOO = b"\x88\x82\x0b\x5d\x77\xe1" + bytes(a ^ b for a, b in zip(b"\x0f\xa0", b"\x0b\x5d", strict=True))
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


class Kept:
    """Packets to be read again: their number is their offset."""

    def __init__(self, packets: list[Packet]) -> None:
        self.packets = packets

    def packet_at(self, offset: int, number: int) -> Packet:
        return self.packets[number - 1]


def websocket(directory: Path, version: ssl.TLSVersion, alpn: list[str]) -> Talk:
    """A WebSocket that the server closes with 4000."""
    talk = Talk(directory, version, alpn)
    for direction, data in (
        (CLIENT, REQUEST), (SERVER, RESPONSE), (CLIENT, HELLO), (SERVER, LONG), (SERVER, BYE), (CLIENT, BYE_TOO),
    ):  # fmt: skip
        talk.say(direction, data)
    talk.close(SERVER)
    return talk


def packets(talk: Talk, before: tuple[tuple[int, bytes], ...] = (), end: bool = True) -> list[Packet]:
    """The same on TCP, with what was said before in the clear."""
    trace = Trace(1)
    tcp = Conversation(trace)
    tcp.connect()
    for direction, data in (*before, *talk.flights):
        tcp.ends[direction].send(data)
    if end:
        tcp.wait(2)
        tcp.end_tcp()
    return [
        Packet(number, record.time_ns, record.link, record.data, len(record.data), number)
        for number, record in enumerate(trace.records, 1)
    ]


def inspect(
    captured: list[Packet], keys: bytes = b"", *, all_tls: bool = False
) -> tuple[Inspector, list[model.Connection]]:
    log = KeyLog()
    log.add(keys)
    inspector = Inspector(index=True, keys=log, all_tls=all_tls)
    inspector.feed_batch(captured)
    inspector.finish()
    return inspector, [connection_report(connection) for connection in inspector.connections]


@pytest.mark.parametrize("version", VERSIONS)
def test_decrypted_it_is_a_websocket_like_any_other(version: ssl.TLSVersion, tmp_path: Path) -> None:
    talk = websocket(tmp_path, version, ["http/1.1"])
    captured = packets(talk)
    inspector, [found] = inspect(captured, talk.keys)
    assert (found.tls, found.url, found.state) == ("decrypted", "wss://chat.example/room?x=1", "closed")
    assert (found.frames.client.text, found.frames.server.binary) == (1, 1)
    assert found.close.server_frame is not None and found.close.server_frame.reason == "ok"
    event = found.close.event
    assert (
        event is not None and event.client is not None and (event.client.code, event.client.was_clean) == (4000, True)
    )
    # The nonce and the masks are RFC 6455's examples.
    assert "error" not in {violation.severity for violation in found.violations}
    assert found.gaps == model.BySide(0, 0)
    # Every fact stands on the packet that brought its record.
    close = captured[found.close.server_frame.packet - 1]
    assert talk.flights[-3][1] in close.data or talk.flights[-2][1] in close.data
    ending = inspector.connections[0].ending(0)
    assert ending.client.unacknowledged_bytes == ending.server.unacknowledged_bytes == 0
    assert ending.server.close_acknowledged


def test_a_replay_decrypts_and_tells_what_tls_did(tmp_path: Path) -> None:
    talk = websocket(tmp_path, ssl.TLSVersion.TLSv1_3, ["http/1.1"])
    captured = packets(talk)
    inspector, _ = inspect(captured, talk.keys)
    timeline = replay(inspector.connections[0], Kept(captured))
    texts = [entry.text for entry in timeline.entries if isinstance(entry, NoteEntry)]
    assert texts[0] == "ClientHello for chat.example, ALPN http/1.1"
    assert texts[1].startswith("ServerHello: TLS 1.3, TLS_") and "Alert: close_notify" in texts


@pytest.mark.parametrize("version", VERSIONS)
def test_without_keys_it_is_probably_one(version: ssl.TLSVersion, tmp_path: Path) -> None:
    talk = websocket(tmp_path, version, ["http/1.1"])
    _, [found] = inspect(packets(talk))
    assert (found.tls, found.url, found.state) == ("encrypted", "wss://chat.example:80", "closed")
    assert found.handshake is None and found.close.event is None and found.violations == []
    assert found.close.summary == (
        "Encrypted, probably a WebSocket (there are no keys): server ended TCP (FIN), 2.0 s after the last record; "
        "an alert before it, probably close_notify, from server."
    )
    _, [still_open] = inspect(packets(talk, end=False))
    assert (still_open.state, still_open.close.tcp) == ("open", None)


def test_without_alpn_the_sizes_of_its_records_tell(tmp_path: Path) -> None:
    _, [found] = inspect(packets(websocket(tmp_path, ssl.TLSVersion.TLSv1_3, [])))
    assert found.tls == "encrypted"


def test_other_tls_is_listed_on_request_alone(tmp_path: Path) -> None:
    talk = Talk(tmp_path, ssl.TLSVersion.TLSv1_3, ["h2", "http/1.1"])
    talk.say(CLIENT, bytes(500))
    talk.say(SERVER, bytes(5000))
    captured = packets(talk)
    assert inspect(captured)[1] == []
    [found] = inspect(captured, all_tls=True)[1]
    assert found.tls == "encrypted" and found.close.summary.startswith("Encrypted (there are no keys): ")


def test_decrypted_http_is_no_websocket(tmp_path: Path) -> None:
    talk = Talk(tmp_path, ssl.TLSVersion.TLSv1_3, ["http/1.1"])
    talk.say(CLIENT, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    talk.say(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    assert inspect(packets(talk), talk.keys)[1] == []


def test_in_the_tunnel_of_a_proxy(tmp_path: Path) -> None:
    talk = websocket(tmp_path, ssl.TLSVersion.TLSv1_3, ["http/1.1"])
    connect = (
        (CLIENT, b"CONNECT chat.example:443 HTTP/1.1\r\nHost: chat.example:443\r\n\r\n"),
        (SERVER, b"HTTP/1.1 200 Connection established\r\n\r\n"),
    )
    [found] = inspect(packets(talk, connect), talk.keys)[1]
    assert (found.tls, found.url, found.state) == ("decrypted", "wss://chat.example/room?x=1", "closed")


@pytest.mark.parametrize("cut", [0, 5, 20])
def test_behind_a_proxy_header(cut: int, tmp_path: Path) -> None:
    talk = websocket(tmp_path, ssl.TLSVersion.TLSv1_3, ["http/1.1"])
    header = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes([192, 0, 2, 1, 192, 0, 2, 2, 0x9C, 0x40, 1, 0xBB])
    hello = talk.flights.pop(0)[1]
    before = tuple((CLIENT, part) for part in (header[:cut], header[cut:] + hello) if part)
    captured = packets(talk, before)
    inspector, [found] = inspect(captured, talk.keys)
    assert (found.tls, found.url, found.state) == ("decrypted", "wss://chat.example/room?x=1", "closed")
    texts = [one.text for one in replay(inspector.connections[0], Kept(captured)).entries if isinstance(one, NoteEntry)]
    assert texts[0] == "PROXY protocol v2: from 192.0.2.1:40000 to 192.0.2.2:443"


def test_a_refused_certificate_is_a_failed_handshake(tmp_path: Path) -> None:
    talk = Talk(tmp_path, ssl.TLSVersion.TLSv1_2, ["http/1.1"], trusts=False)
    [found] = inspect(packets(talk))[1]
    assert found.state == "failed" and "TLS handshake failed: the client sent unknown_ca" in found.close.summary
    told = found.close.event and found.close.event.client
    assert told and (told.code, told.reason, told.was_clean) == (1006, "", False)
    assert [diagnosis.id for diagnosis in found.close.diagnosis] == ["failed-handshake"]


def test_keys_that_come_while_it_is_open(tmp_path: Path) -> None:
    """First it is listed as encrypted; the same connection is decrypted when its keys are there."""
    talk = websocket(tmp_path, ssl.TLSVersion.TLSv1_3, ["http/1.1"])
    captured = packets(talk)
    slow = [
        Packet(p.number, p.time_ns + p.number * 10**9, p.link_type, p.data, p.wire_length, p.offset) for p in captured
    ]
    log = KeyLog()
    log.growing = True
    inspector = Inspector(index=True, keys=log)
    where = next(n for n, p in enumerate(slow) if talk.flights[-3][1][:60] in p.data)
    inspector.feed_batch(slow[:where])
    [connection] = inspector.connections
    assert connection_report(connection).tls == "encrypted"
    log.feed(talk.keys)
    inspector.feed_batch(slow[where:])
    inspector.finish()
    assert inspector.connections == [connection]
    assert connection_report(connection).tls == "decrypted"


def test_bytes_that_are_hardly_tls_after_all(tmp_path: Path) -> None:
    talk = websocket(tmp_path, ssl.TLSVersion.TLSv1_3, ["http/1.1"])
    talk.flights = [(CLIENT, b"\x16\x03\x01\x00\x05hello"), (SERVER, b"-ERR no such thing\r\n"), (CLIENT, b"QUIT\r\n")]
    assert inspect(packets(talk), talk.keys)[1] == []
