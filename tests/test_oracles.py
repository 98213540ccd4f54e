"""Other programs as oracles: what wsproto and websockets accept is sound to us as well, what either refuses is not.

And Wireshark: frames per opcode and stream numbers. Each disagreement that is known and right is written down.
"""

import itertools
import re
import zlib
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import State
from websockets.uri import parse_uri
from wsproto.extensions import PerMessageDeflate as WsprotoDeflate
from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed

from captures.encoder import frames
from captures.encoder.conversation import Trace
from captures.encoder.frames import RSV1, encode
from captures.encoder.websocket import WebSocket
from tests.transport.segments import packets
from wsinspect.inspector import Inspector
from wsinspect.rules.rule import Severity
from wsinspect.timeline import FrameEntry

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "captures"


class Verdict(NamedTuple):
    """What a program makes of the server's stream."""

    messages: list[tuple[int, bytes]]
    close: int | None
    """Code of the Close; 1005 for one without; None if there was none."""
    refused: str
    """Why the stream was refused; empty if it was not."""


# The three readers of the same bytes ----------------------------------------------------------------------------------


def by_wsproto(data: bytes, deflate: bool) -> Verdict:
    extensions = []
    if deflate:
        extension = WsprotoDeflate()
        extension.finalize("permessage-deflate")
        extensions = [extension]
    protocol = FrameProtocol(client=True, extensions=extensions)
    messages: list[tuple[int, bytes]] = []
    opcode, payload = 0, b""
    close: int | None = None
    protocol.receive_bytes(data)
    try:
        for frame in protocol.received_frames():
            if frame.opcode is Opcode.CLOSE:
                close = int(frame.payload[0])
            elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION):
                opcode = int(frame.opcode) or opcode
                payload += frame.payload.encode() if isinstance(frame.payload, str) else bytes(frame.payload)
                if frame.message_finished:
                    messages.append((opcode, payload))
                    payload = b""
    except ParseFailed as error:
        return Verdict(messages, close, str(error))
    return Verdict(messages, close, "")


def by_websockets(data: bytes, deflate: bool) -> Verdict:
    protocol = ClientProtocol(parse_uri("ws://h/"), state=State.OPEN, max_size=None)
    if deflate:
        protocol.extensions = [PerMessageDeflate(False, False, 15, 15)]
    protocol.receive_data(data)
    messages: list[tuple[int, bytes]] = []
    opcode, parts = 0, b""
    close: int | None = None
    for frame in protocol.events_received():
        assert not isinstance(frame, Exception)
        if frame.opcode in (0, 1, 2):  # type: ignore[union-attr]
            opcode = frame.opcode or opcode  # type: ignore[union-attr]
            parts += bytes(frame.data)  # type: ignore[union-attr]
            if frame.fin:  # type: ignore[union-attr]
                messages.append((opcode, parts))
                parts = b""
        elif frame.opcode == 8:  # type: ignore[union-attr]
            close = int(protocol.close_rcvd.code) if protocol.close_rcvd else None
    refused = repr(protocol.parser_exc) if protocol.parser_exc and close is None else ""
    if not refused and any(opcode == 1 and not is_utf8(payload) for opcode, payload in messages):
        refused = "not UTF-8"  # websockets leaves that to the layer above
    return Verdict(messages, close, refused)


def is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def by_us(data: bytes, deflate: bool) -> tuple[Verdict, set[str]]:
    """Our verdict, and the ids of all errors."""
    trace = Trace("oracle")
    talk = WebSocket(trace)
    if deflate:
        talk.negotiate("permessage-deflate", "permessage-deflate")
    else:
        talk.open()
    talk.server.send(data)
    inspector = Inspector(timelines=True)
    for packet in packets(trace):
        inspector.feed(packet)
    inspector.finish()
    (connection,) = inspector.connections
    assert connection.timeline is not None and connection.dialogue is not None
    entries = [entry for entry in connection.timeline.entries if isinstance(entry, FrameEntry)]
    # A Close ends the conversation for an endpoint; we go on.
    first_close = next((place for place, entry in enumerate(entries) if entry.close), len(entries))
    messages = [(entry.message.opcode, entry.message.data) for entry in entries[:first_close] if entry.message]
    frame = connection.dialogue.server.close
    close = None if frame is None else 1005 if frame.code is None else frame.code
    errors = {told.rule for told in connection.violations if told.severity is Severity.ERROR and told.by == "server"}
    return Verdict(messages, close, ", ".join(sorted(errors))), errors


# Streams --------------------------------------------------------------------------------------------------------------

PAYLOADS = st.one_of(st.binary(max_size=20), st.sampled_from([b"", b"x" * 126, bytes(70000)]))
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["€" * 50])).map(str.encode)
CODES = st.sampled_from([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999])


def closing(code: int, reason: str) -> bytes:
    return encode(8, frames.close_payload(code, reason.encode()[:123].decode("utf-8", "ignore")))


def split(opcode: int, payload: bytes, cuts: list[int], rsv: int = 0) -> list[bytes]:
    """A message as frames."""
    places = [0, *sorted({cut for cut in cuts if 0 < cut < len(payload)}), len(payload)]
    return [
        encode(0 if start else opcode, payload[start:end], fin=end == len(payload), rsv=0 if start else rsv)
        for start, end in itertools.pairwise(places)
    ]


@st.composite
def streams(draw: st.DrawFn, broken: bool = False) -> tuple[bytes, bool]:
    """What a server may send (with `broken`: and one thing that it may not), and whether deflate was agreed."""
    deflate = draw(st.booleans())
    compressor = zlib.compressobj(wbits=-15)
    out: list[bytes] = []
    fault_at = draw(st.integers(0, 4)) if broken else -1
    for number in range(max(draw(st.integers(0, 6)), fault_at + 1)):
        if number == fault_at:
            out.append(draw(FAULTS))
            continue
        kind = draw(st.sampled_from(["text", "binary", "control", "compressed"]))
        cuts = draw(st.lists(st.integers(0, 60), max_size=2))
        if kind == "control":
            out.append(encode(draw(st.sampled_from([9, 10])), draw(st.binary(max_size=125))))
        elif kind == "compressed" and deflate:
            opcode = draw(st.sampled_from([1, 2]))
            payload = draw(TEXTS if opcode == 1 else PAYLOADS)
            packed = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
            out += split(opcode, packed[:-4] or b"\0", cuts, RSV1)
        else:
            opcode = 1 if kind == "text" else 2
            out += with_control(draw, split(opcode, draw(TEXTS if opcode == 1 else PAYLOADS), cuts))
    if draw(st.booleans()):
        out.append(draw(st.one_of(st.just(encode(8)), st.builds(closing, CODES, st.text(max_size=10)))))
    return b"".join(out), deflate


def with_control(draw: st.DrawFn, parts: list[bytes]) -> list[bytes]:
    """A Ping between fragments, now and then."""
    if len(parts) > 1 and draw(st.booleans()):
        return [parts[0], encode(9, b"between"), *parts[1:]]
    return parts


FAULTS = st.sampled_from(
    [
        encode(1, b"masked", mask=b"abcd"),
        encode(1, b"rsv2", rsv=2),
        encode(2, b"rsv3", rsv=1),
        encode(9, b"rsv1 on a control frame", rsv=4),
        encode(3, b"reserved data"),
        encode(7, b""),
        encode(11, b"reserved control"),
        encode(15, b""),
        encode(0, b"continues nothing"),
        encode(0, b"continues nothing", fin=False),
        encode(1, b"a", fin=False) + encode(2, b"another begins"),
        encode(9, b"fragmented", fin=False),
        encode(8, b"", fin=False),
        encode(9, b"x" * 126),
        encode(10, b"x" * 70000),
        encode(1, b"\xff"),
        encode(1, b"a\xc3") + encode(1, b"\xa9"),
        encode(1, b"ok", fin=False) + encode(0, b"\xed\xa0\x80"),
        encode(1, b"cut short \xe2\x82"),
        encode(8, b"\x03"),
        encode(8, b"\x03\xe8\xff"),
        encode(8, frames.close_payload(999)),
        encode(8, frames.close_payload(1004)),
        encode(8, frames.close_payload(1005)),
        encode(8, frames.close_payload(1006)),
        encode(8, frames.close_payload(1015)),
        encode(8, frames.close_payload(1016)),
        encode(8, frames.close_payload(2999)),
        encode(8, frames.close_payload(0)),
        encode(1, b"not the shortest form", length_form=16),
        encode(1, b"not the shortest form", length_form=64),
        encode(2, b"", length_form=64, declared=2**63),
    ]
)


@given(streams())
@settings(max_examples=150, deadline=None)
def test_what_both_accept_we_accept_with_the_same_messages(stream: tuple[bytes, bool]) -> None:
    data, deflate = stream
    wsproto_, websockets_ = by_wsproto(data, deflate), by_websockets(data, deflate)
    ours, errors = by_us(data, deflate)
    assert (wsproto_.refused, websockets_.refused, errors) == ("", "", set())
    assert ours.messages == wsproto_.messages == websockets_.messages
    assert ours.close == wsproto_.close == websockets_.close


@given(streams(broken=True))
@example((encode(8, frames.close_payload(5000)), False))
@settings(max_examples=200, deadline=None)
def test_what_either_refuses_has_an_error_for_us(stream: tuple[bytes, bool]) -> None:
    data, deflate = stream
    refusals = [
        verdict.refused for verdict in (by_wsproto(data, deflate), by_websockets(data, deflate)) if verdict.refused
    ]
    _, errors = by_us(data, deflate)
    if not errors:
        assert all(any(pattern.search(refusal) for pattern in TOLERATED) for refusal in refusals), refusals


TOLERATED: Final = (
    # "invalid-close-code" is a warning from 5000 on: no range at all, but nothing forbids it by name.
    re.compile(r"CLOSE with (unknown )?(invalid|reserved)( status)? code|invalid status code"),
)
"""Refusals of streams that have no error for us."""


class Disagreement(NamedTuple):
    """A stream about which the programs differ, and why we take the side that we take."""

    why: str
    data: bytes
    wsproto: bool
    websockets: bool
    ours: bool
    """Whether each accepts it."""
    deflate: bool = False


DISAGREEMENTS = [
    Disagreement(
        "1014 Bad Gateway is in IANA's registry; wsproto's list is older",
        encode(8, frames.close_payload(1014)), False, True, True,
    ),
    Disagreement(
        "RFC 6455 §5.2: the minimal number of bytes MUST be used; websockets does not look",
        encode(2, b"x", length_form=16), False, True, False,
    ),
    Disagreement(
        "the same with eight bytes", encode(2, b"x" * 200, length_form=64), False, True, False
    ),
    Disagreement(
        "UTF-8 that ends inside a character: both refuse, as we do", encode(1, b"\xe2\x82"), False, False, False
    ),
    Disagreement(
        "RFC 6455 §5.5.1: no more data after a Close; endpoints stop reading there, we look on",
        encode(8) + encode(1, b"late"), True, True, False,
    ),
    Disagreement(
        "wsproto takes the fragments behind a Ping for uncompressed",
        encode(1, b"", rsv=RSV1, fin=False) + encode(9) + encode(0, bytes.fromhex("f248cdc9c90700")),
        False, True, True, deflate=True,
    ),
    Disagreement(
        "RFC 7692 §7.2.1 wants an empty block behind a final one; nobody misses it, for the data is complete",
        encode(2, bytes.fromhex("f348cdc9c90700"), rsv=RSV1), True, True, True, deflate=True,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", DISAGREEMENTS, ids=lambda case: case.why)
def test_known_disagreement(case: Disagreement) -> None:
    _, errors = by_us(case.data, case.deflate)
    told = [
        not by_wsproto(case.data, case.deflate).refused,
        not by_websockets(case.data, case.deflate).refused,
        not errors,
    ]
    assert told == [case.wsproto, case.websockets, case.ours]


def test_a_program_that_refuses_everything_would_be_noticed() -> None:
    data = encode(1, b"hello") + closing(1000, "bye")
    assert by_wsproto(data, False) == by_websockets(data, False) == Verdict([(1, b"hello")], 1000, "")
