"""What must not matter: how bytes are cut into segments, in which order and how often they come, the masking keys.

And what must not happen whatever comes: an exception, a hang, a buffer beyond its limit.
"""

import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.encoder import frames
from captures.encoder.conversation import Trace
from captures.encoder.deflate import Deflater
from captures.encoder.packets import RST, Host
from captures.encoder.websocket import Endpoint, WebSocket
from tests.fuzz.run import trouble_with
from tests.transport.segments import packets
from wsinspect.capture.packet import Packet
from wsinspect.capture.source import open_capture
from wsinspect.inspector import Inspector
from wsinspect.replay import replay
from wsinspect.report.build import connection_report
from wsinspect.timeline import FrameEntry, GapEntry, Timeline
from wsinspect.websocket.message_facts import Message

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
FILES = sorted(path for path in CAPTURES.rglob("*") if ".pcap" in path.name)


# A conversation, as what is said and not how it travels ---------------------------------------------------------------


class Said(NamedTuple):
    """One write of a side: a frame of any kind."""

    client: bool
    opcode: int
    payload: bytes
    fin: bool = True
    rsv: int = 0
    masked: bool | None = None
    """None: as the side should."""


def write(said: Said, key: bytes) -> bytes:
    masked = said.client if said.masked is None else said.masked
    return frames.encode(said.opcode, said.payload, fin=said.fin, rsv=said.rsv, mask=key if masked else None)


TEXTS = st.sampled_from(["", "hello", "Grüße aus Köln €", "x" * 130, "{" * 3000]).map(str.encode)
SIDES = st.booleans()


@st.composite
def messages(draw: st.DrawFn) -> list[Said]:
    """A message in one to four frames, perhaps with a Ping between them."""
    client, opcode = draw(SIDES), draw(st.sampled_from([1, 2]))
    payload = draw(TEXTS)
    cuts = sorted(min(cut, len(payload)) for cut in draw(st.lists(st.integers(0, 200), max_size=3)))
    places = [0, *cuts, len(payload)]
    said = []
    for number, start in enumerate(places[:-1]):
        last = number == len(places) - 2
        said.append(Said(client, 0 if number else opcode, payload[start : places[number + 1]], last))
        if not last and draw(st.booleans()):
            said.append(Said(client, 9, b"between"))
    return said


@st.composite
def compressed(draw: st.DrawFn) -> list[Said]:
    """A compressed message; the payload stands for itself until it is deflated in turn."""
    return [Said(draw(SIDES), draw(st.sampled_from([1, 2])), draw(TEXTS), rsv=4)]


CONTROL = st.builds(
    lambda client, opcode, payload: [Said(client, opcode, payload)],
    SIDES,
    st.sampled_from([9, 10]),
    st.binary(max_size=9),
)
BROKEN = st.sampled_from(
    [
        Said(True, 1, b"not masked", masked=False),
        Said(False, 1, b"masked", masked=True),
        Said(True, 1, b"bad \xff text"),
        Said(False, 3, b"reserved"),
        Said(False, 2, b"rsv", rsv=2),
        Said(True, 0, b"belongs to nothing"),
        Said(False, 9, b"x" * 130),
        Said(True, 8, b"\x03"),
        Said(False, 8, b"\x03\xed"),
        Said(True, 8, b"\x03\xe8bye"),
    ]
).map(lambda said: [said])  # fmt: skip
CLOSES = st.sampled_from([b"", b"\x03\xe8", b"\x03\xe9going", b"\x0f\xa0" + "früh".encode()])


class Script(NamedTuple):
    """A whole conversation."""

    said: tuple[Said, ...]
    deflate: bool
    ending: str
    """`fin`, `rst` or nothing."""


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    deflate = draw(st.booleans())
    kinds = [messages(), CONTROL, BROKEN] + ([compressed(), compressed()] if deflate else [])
    said = [one for group in draw(st.lists(st.one_of(kinds), max_size=8)) for one in group]
    if draw(st.booleans()):
        opener, body = draw(SIDES), draw(CLOSES)
        said += [Said(opener, 8, body), Said(not opener, 8, body[:2])]
    deflaters = {True: Deflater(), False: Deflater()}
    ready = [one._replace(payload=deflaters[one.client].compress(one.payload)) if one.rsv == 4 else one for one in said]
    return Script(tuple(ready), deflate, draw(st.sampled_from(["fin", "rst", ""])))


class Way(NamedTuple):
    """How it travels."""

    sizes: tuple[int, ...] = (1460,)
    """Payload bytes of the segments, in turn."""
    seed: int = 0
    """Of the order within a run of packets and of what comes twice; 0: in order, once."""
    keys: int = 1
    """Seed of the masking keys."""


PLAIN = Way()


def travel(script: Script, way: Way = PLAIN) -> list[Packet]:
    """The packets of the script."""
    trace = Trace("the same each time")
    talk = WebSocket(trace, client=Host("192.0.2.1", 40000), server=Host("192.0.2.2", 80))
    offer = "permessage-deflate"
    talk.connect()
    exchange = (talk.request, talk.switching)
    if script.deflate:
        exchange = tuple(head.having("Sec-WebSocket-Extensions", offer) for head in exchange)  # type: ignore[assignment]
    keys = random.Random(way.keys)
    writes = [(talk.client, exchange[0].encode()), (talk.server, exchange[1].encode())]
    writes += [(talk.client if said.client else talk.server, write(said, keys.randbytes(4))) for said in script.said]
    turn = 0
    for endpoint, data in writes:
        place = 0
        while place < len(data):
            size = way.sizes[turn % len(way.sizes)]
            turn += 1
            endpoint.segment(data[place : place + size])
            place += size
        endpoint.other.ack()
    end(talk, script.ending)
    return disturbed(packets(trace), way.seed)


def end(talk: WebSocket, ending: str) -> None:
    if ending == "fin":
        talk.end_tcp()
    elif ending == "rst":
        talk.client.segment(flags=RST)


REORDERED = 30
"""Packets that may change places."""


def disturbed(captured: list[Packet], seed: int) -> list[Packet]:
    """Packets of one side between two of the other in another order, some of them twice; TCP's handshake stays."""
    if not seed:
        return captured
    chance = random.Random(seed)
    order: list[Packet] = captured[:3]
    run: list[Packet] = []
    for packet in [*captured[3:], None]:
        if packet is None or (run and packet.data[26:30] != run[0].data[26:30]):
            run += [again for again in run if chance.random() < 0.2]
            for start in range(0, len(run), REORDERED):
                # An acknowledgement or a FIN of the same side may overtake its data, too.
                order += chance.sample(run[start : start + REORDERED], k=len(run[start : start + REORDERED]))
            run = []
        if packet is not None:
            run.append(packet)
    times = sorted(packet.time_ns for packet in order)
    return [
        packet.replace(number=number, time_ns=time_ns)
        for number, (packet, time_ns) in enumerate(zip(order, times, strict=True), 1)
    ]


# What is reported of it, less packet numbers and times ---------------------------------------------------------------


TIMING = {"started", "opened", "ended", "seconds", "time", "packet", "request_packet", "response_packet"}
RTTS = {"rtt_min", "rtt_median", "rtt_max", "network_median", "network_max", "peer_median", "peer_max"}
DETAILS = re.compile(r"packet \d+|\d+\.\d+ s|key( [0-9A-F]{2}){4}")


def essence(value: Any) -> Any:
    """A report without what tells of packets and of time."""
    if isinstance(value, dict):
        return {name: essence(part) for name, part in value.items() if name not in TIMING | RTTS}
    if isinstance(value, list):
        return [essence(part) for part in value]
    return DETAILS.sub("…", value) if isinstance(value, str) else value


def inspected(captured: Iterable[Packet], **options: bool) -> Inspector:
    inspector = Inspector(**options)
    for packet in captured:
        inspector.feed(packet)
    inspector.finish()
    return inspector


def reported(captured: Iterable[Packet], **options: bool) -> list[Any]:
    """The report on each connection, in essence."""
    return [
        essence(msgspec.to_builtins(connection_report(connection)))
        for connection in inspected(captured, **options).connections
    ]


def messages_of(captured: Iterable[Packet]) -> list[tuple[str, Message]]:
    (connection,) = inspected(captured, timelines=True).connections
    assert connection.timeline is not None
    entries = [entry for entry in connection.timeline.entries if isinstance(entry, FrameEntry)]
    return [(entry.side, entry.message) for entry in entries if entry.message]


SIZES = st.lists(st.integers(1, 400), min_size=1, max_size=6).map(tuple)


@given(scripts(), SIZES)
@settings(max_examples=60, deadline=None)
def test_the_cut_into_segments_does_not_matter(script: Script, sizes: tuple[int, ...]) -> None:
    assert reported(travel(script, Way(sizes))) == reported(travel(script))


@given(scripts())
@settings(max_examples=20, deadline=None)
def test_not_even_into_single_bytes(script: Script) -> None:
    assert reported(travel(script, Way((1,)))) == reported(travel(script))


@given(scripts(), SIZES, st.integers(1, 2**32))
@settings(max_examples=60, deadline=None)
def test_order_and_copies_do_not_matter(script: Script, sizes: tuple[int, ...], seed: int) -> None:
    assert reported(travel(script, Way(sizes, seed))) == reported(travel(script, Way(sizes)))


@given(scripts(), st.integers(2, 2**32))
@settings(max_examples=60, deadline=None)
def test_masking_keys_do_not_matter(script: Script, keys: int) -> None:
    assert reported(travel(script, Way(keys=keys))) == reported(travel(script))
    assert messages_of(travel(script, Way(keys=keys))) == messages_of(travel(script))


@given(scripts(), SIZES, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_short_cut_and_the_detailed_way_tell_the_same(script: Script, sizes: tuple[int, ...], seed: int) -> None:
    captured = travel(script, Way(sizes, seed))
    assert reported(captured, timelines=True) == reported(captured)


class Kept:
    """A source of packets for a replay."""

    def __init__(self, captured: Sequence[Packet]) -> None:
        self._captured = captured

    def packet_at(self, offset: int, number: int) -> Packet:
        packet = self._captured[offset - 1]
        return packet.replace(number=number)


@given(scripts(), SIZES, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_replay_tells_what_the_first_pass_told(script: Script, sizes: tuple[int, ...], seed: int) -> None:
    captured = [packet.replace(offset=packet.number) for packet in travel(script, Way(sizes, seed))]
    for connection in inspected(captured, index=True).connections:
        timeline = replay(connection, Kept(captured))
        assert violations_in(timeline) == violations_of(connection)


def test_a_replay_places_gaps_where_the_first_pass_did() -> None:
    """The Ping is not answered, but bytes behind it are missing: a rule may not speak in one pass and not the other."""
    trace = Trace("gap at the end")
    other = WebSocket(trace, client=Host("192.0.2.99", 1234))
    other.open()
    for _ in range(100):
        other.client.text("traffic of somebody else")
    talk = WebSocket(trace, at=50.0)
    talk.open()
    talk.client.ping(b"?")
    talk.server.send(b"\x81\x02hi", captured=False, acked=False)
    talk.server.send(b"\x81\x02ho", acked=False)
    talk.wait(60)
    talk.client.segment(flags=RST)
    captured = [packet.replace(offset=packet.number) for packet in packets(trace)]
    connection = inspected(captured, index=True).connections[1]
    timeline = replay(connection, Kept(captured))
    assert violations_in(timeline) == violations_of(connection)
    (gap,) = [entry for entry in timeline.entries if isinstance(entry, GapEntry)]
    assert gap.packet in connection.packets.numbers()


def violations_in(timeline: Timeline) -> dict[tuple[Any, ...], int]:
    """By rule, side and the place that is told: how often."""
    counts: dict[tuple[Any, ...], int] = {}
    for entry in timeline.violations:
        key = (entry.rule, entry.by, entry.frame, entry.packet, entry.severity, entry.detail)
        known = next((other for other in counts if other[:2] == key[:2]), None)
        count = counts.pop(known) if known else 0
        # The first time is told, or the first graver one.
        counts[known if known and entry.severity.rank <= known[4].rank else key] = count + 1
    return counts


def violations_of(connection: Any) -> dict[tuple[Any, ...], int]:
    return {
        (told.rule, told.by, told.frame, told.packet, told.severity, told.detail): told.count
        for told in connection.violations
    }


# The captures of the project ------------------------------------------------------------------------------------------


EVERY_THIRD = [path for place, path in enumerate(FILES) if place % 3 == 0 or path.parent == CAPTURES]
"""The fuzzer looks at them all, sooner or later."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_capture_replayed_tells_what_the_first_pass_told(path: Path) -> None:
    with open_capture(str(path), random_access=True) as reader:
        captured = list(reader)
        inspector = inspected(captured, index=True)
        detailed = inspected(captured, timelines=True)
        for connection, other in zip(inspector.connections, detailed.connections, strict=True):
            assert essence(msgspec.to_builtins(connection_report(connection))) == essence(
                msgspec.to_builtins(connection_report(other))
            )
            timeline = replay(connection, reader)
            assert violations_in(timeline) == violations_of(connection)
            assert timeline.entries


@pytest.mark.parametrize("path", EVERY_THIRD, ids=lambda path: path.name)
def test_a_capture_cut_and_flipped_raises_nothing_and_ends(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    chance = random.Random(path.name)
    flipped = bytearray(data)
    for place in chance.sample(range(24, len(data)), k=min(len(data) - 24, 1 + len(data) // 500)):
        flipped[place] ^= 1 << chance.randrange(8)
    for spoilt in (data[: chance.randrange(len(data))], bytes(flipped)):
        assert trouble_with(spoilt, tmp_path / "input") == ""


@given(st.binary(max_size=400), st.sampled_from([0, 1, 12, 101, 108, 113, 127, 228, 229, 276]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_may_be_a_packet(data: bytes, link: int) -> None:
    assert not inspected([Packet(1, 0, link, data, len(data), 0)] * 2).connections


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_bytes_may_follow_the_opening_handshake(said: list[tuple[bool, bytes]]) -> None:
    trace = Trace("any")
    talk = WebSocket(trace)
    talk.open()
    for client, data in said:
        endpoint: Endpoint = talk.client if client else talk.server
        endpoint.send(data or b"\0")
    captured = packets(trace)
    assert len(reported(captured)) == 1
    assert reported(captured, timelines=True) == reported(captured)
