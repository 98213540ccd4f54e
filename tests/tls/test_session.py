"""wsinspect/tls/session.py: keys that come late or never, packets that never came, bytes that are no TLS."""

import random
import ssl
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tls.talking import CLIENT, SERVER, Read, Talk, pieces, read, without
from wsinspect.tls.keylog import KeyLog
from wsinspect.tls.session import Plaintext, TlsSession
from wsinspect.tls.waiting import MAX_WAITING, WAIT_NS
from wsinspect.transport.reassembly import Chunk, Gap

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
SAID = [(CLIENT, b"question %d" % n) if n % 2 else (SERVER, bytes([n]) * (1 + 680 * n)) for n in range(1, 25)]


@pytest.fixture(scope="module", params=VERSIONS, ids=["1.2", "1.3"])
def talk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Talk:
    made = Talk(tmp_path_factory.mktemp("talk"), request.param, ["http/1.1"])
    for direction, data in SAID:
        made.say(direction, data)
    made.close(SERVER)
    return made


def said(direction: int) -> bytes:
    return b"".join(data for by, data in SAID if by == direction)


def test_everything_is_read(talk: Talk) -> None:
    found = read(pieces(talk.flights), talk.keys)
    facts = found.session.facts
    assert (found.text(CLIENT), found.text(SERVER)) == (said(CLIENT), said(SERVER))
    assert (facts.server_name, facts.alpn, facts.established) == ("chat.example", "http/1.1", True)
    assert facts.close_notify[SERVER] == len(pieces(talk.flights)) and not facts.close_notify[CLIENT]


def test_each_record_tells_the_packet_that_completed_it(talk: Talk) -> None:
    chunks = pieces(talk.flights)
    found = read(chunks, talk.keys)
    for event in found.events:
        if isinstance(event, Plaintext):
            packet = chunks[event.packet - 1]
            assert packet.direction == event.direction
            assert packet.offset < event.end <= packet.offset + len(packet.data)


def test_how_the_bytes_are_cut_changes_nothing(talk: Talk) -> None:
    for size in (1, 7, 1 << 20):
        found = read(pieces(talk.flights, size), talk.keys)
        assert (found.text(CLIENT), found.text(SERVER)) == (said(CLIENT), said(SERVER))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_lost_is_missing_and_the_rest_is_read(talk: Talk, seed: int) -> None:
    chunks = pieces(talk.flights)
    first = next(n for n, chunk in enumerate(chunks) if len(chunk.data) == 1400 and chunk.packet > 6)
    lost = set(random.Random(seed).sample(range(first, len(chunks)), 4))
    found = read(without(chunks, lost), talk.keys)
    whole = {d: said(d) for d in (CLIENT, SERVER)}
    for direction in (CLIENT, SERVER):
        at = 0
        for event in found.events:
            if isinstance(event, Plaintext) and event.direction == direction:
                # Every record that was read is there as it was said, in order.
                at = whole[direction].index(event.data, at) + len(event.data)
    read_bytes = len(found.text(CLIENT)) + len(found.text(SERVER))
    assert found.missing and read_bytes < sum(map(len, whole.values()))
    hit = {chunks[place].direction for place in lost}
    # Of one record that is lost the header tells how much it held; nothing else is longer than what was lost in all.
    assert {missing.direction for missing in found.missing} <= hit
    for missing in found.missing:
        if missing.certain:
            assert any(len(data) == missing.length for by, data in SAID if by == missing.direction)


@pytest.mark.parametrize("direction", [CLIENT, SERVER])
def test_what_is_lost_at_the_end_is_missing_too(talk: Talk, direction: int) -> None:
    chunks = pieces(talk.flights)
    last = max(n for n, chunk in enumerate(chunks) if chunk.direction == direction)
    [missing] = read(without(chunks, {last}), talk.keys).missing
    assert (missing.direction, missing.certain) == (direction, False)


def test_a_damaged_record_at_the_end_is_nothing_that_was_not_captured(talk: Talk) -> None:
    """Its receiver could not open it either, and gives up on the connection."""
    chunks = pieces(talk.flights)
    chunks[-1] = chunks[-1]._replace(data=chunks[-1].data[:-1] + bytes([chunks[-1].data[-1] ^ 1]))
    found = read(chunks, talk.keys)
    assert not found.missing and found.remarks[-1] == "A record that cannot be decrypted"


def late(talk: Talk, after: int, spread_ns: int = 0) -> Read:
    """The keys come when `after` packets have passed."""
    log = KeyLog()
    log.growing = True
    found = Read(TlsSession(log))

    def wake() -> None:
        found.events += found.session.wake()

    chunks = [c._replace(time_ns=c.time_ns + c.packet * spread_ns) for c in pieces(talk.flights)]
    for chunk in chunks[:after]:
        found.events += found.session.feed(chunk)
        random_ = found.session.client_random
        if random_ is not None and chunk is chunks[0]:
            log.wait(random_, wake)
    assert not found.text(CLIENT)
    log.feed(talk.keys)
    for chunk in chunks[after:]:
        found.events += found.session.feed(chunk)
    found.events += found.session.finish()
    return found


@pytest.mark.parametrize("after", [1, 5, 12, 20])
def test_keys_that_come_later_open_what_waited(talk: Talk, after: int) -> None:
    found = late(talk, after)
    assert (found.text(CLIENT), found.text(SERVER)) == (said(CLIENT), said(SERVER))
    assert not found.missing and found.session.facts.decrypted


def test_keys_that_come_too_late_open_what_follows(talk: Talk) -> None:
    found = late(talk, 30, spread_ns=WAIT_NS // 4)
    assert found.text(SERVER) and said(SERVER).endswith(found.text(SERVER))
    assert len(found.text(SERVER)) < len(said(SERVER))
    assert {missing.direction for missing in found.missing} == {CLIENT, SERVER}
    assert not any(missing.certain for missing in found.missing)
    assert found.session.facts.decrypted and not found.session.facts.locked


def test_what_waits_is_bounded(talk: Talk) -> None:
    log = KeyLog()
    log.growing = True
    session = TlsSession(log)
    chunks = pieces(talk.flights)
    for chunk in chunks:
        session.feed(chunk)
    record = b"\x17\x03\x03\x40\x00" + bytes(16384)
    offset = sum(len(c.data) for c in chunks if c.direction == CLIENT)
    for n in range(MAX_WAITING // len(record) + 2):
        session.feed(Chunk(CLIENT, offset + n * len(record), record, 1000 + n, chunks[-1].time_ns))
    assert session.facts.locked == "its keys are not in the key log so far"
    assert not session.waits


def test_without_keys_the_shape_is_known(talk: Talk) -> None:
    found = read(pieces(talk.flights), b"")
    facts = found.session.facts
    assert facts.locked == "there are no keys" and not facts.decrypted and facts.established
    assert facts.likely_alert[SERVER] and not facts.likely_alert[CLIENT]
    assert not found.text(CLIENT) and not found.text(SERVER)


def test_a_refused_certificate(tmp_path: Path) -> None:
    talk = Talk(tmp_path, ssl.TLSVersion.TLSv1_3, [], trusts=False)
    found = read(pieces(talk.flights), talk.keys)
    failure = found.session.facts.failure
    assert failure is not None and failure.direction == CLIENT
    assert failure.name == "unknown_ca" or "certificate" in failure.name


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_never_raises(talk: Talk, data: st.DataObject) -> None:
    """Bytes changed, pieces left out, cut, or repeated at the wrong place."""
    chunks: list[Chunk | Gap] = list(pieces(talk.flights))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(chunks) - 1))
        piece = chunks[place]
        if isinstance(piece, Chunk) and data.draw(st.booleans()):
            at = data.draw(st.integers(0, len(piece.data) - 1))
            changed = bytearray(piece.data)
            changed[at] = data.draw(st.integers(0, 255))
            chunks[place] = piece._replace(data=bytes(changed))
        elif isinstance(piece, Chunk):
            chunks[place] = Gap(piece.direction, piece.offset, len(piece.data), piece.packet, piece.time_ns)
    found = read(chunks, talk.keys)
    assert len(found.text(CLIENT)) <= len(said(CLIENT)) and len(found.text(SERVER)) <= len(said(SERVER))


@given(st.lists(st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=80)), max_size=20))
@settings(max_examples=200, deadline=None)
def test_noise_never_raises(turns: list[tuple[int, bytes]]) -> None:
    read(pieces([(CLIENT, b"\x16\x03\x01"), *turns]), b"")
