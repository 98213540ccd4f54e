"""What is sent in a Close, what is sent after it, and whether it is answered."""

import pytest
from endings import close as sent_close
from endings import ending, fin, rst, side_ending
from frame_facts import close, frame, half

from wsinspect.rules import closing as rules
from wsinspect.rules.rule import Severity
from wsinspect.websocket.closing import TcpEnd
from wsinspect.websocket.failing import Breach
from wsinspect.websocket.half import MAX_CONTROL_PAYLOAD
from wsinspect.websocket.side import Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER


@pytest.mark.parametrize(
    ("body", "ids", "detail"),
    [
        (b"", [], None),
        (b"\x03\xe8", [], None),
        (b"\x03\xe8bye", [], None),
        (b"\x03\xe8" + "é".encode() * 61 + b".", [], None),
        (
            b"\x03",
            ["close-payload-one-byte"],
            "Close with one byte of payload (03); none, or two and more, are allowed",
        ),
        (
            b"\x03\xe8\xff",
            ["invalid-utf8-close-reason"],
            "bad byte FF at reason offset 0 (no UTF-8 byte FF)",
        ),
        (
            b"\x03\xe8" + "é".encode() * 61 + b"\xc3",
            ["invalid-utf8-close-reason"],
            "reason ends inside a character, at reason offset 123 (begun with C3); cut at 123 bytes?",
        ),
        (
            b"\x03\xe8\xc3",
            ["invalid-utf8-close-reason"],
            "reason ends inside a character, at reason offset 1 (begun with C3)",
        ),
        # only this much of an overlong reason is kept
        (b"\x03\xe8" + b"a" * (MAX_CONTROL_PAYLOAD - 3) + b"\xc3", [], None),
        (b"\x03\xee\xff", ["invalid-utf8-close-reason", "invalid-close-code"], None),
    ],
)
def test_payloads(body: bytes, ids: list[str], detail: str | None) -> None:
    sent = close(body)
    findings = {rule.id: rule.check(sent, half()) for rule in rules.CLOSE_RULES}
    fired = {id: finding for id, finding in findings.items() if finding}
    assert list(fired) == ids
    if detail:
        assert fired[ids[0]].detail == detail


@pytest.mark.parametrize(
    ("code", "severity", "detail"),
    [
        (0, None, "close code 0 is below 1000 and not used"),
        (999, None, "close code 999 is below 1000 and not used"),
        (1004, None, "close code 1004 is reserved without a meaning"),
        (1005, None, "close code 1005 is for APIs only and must not be sent"),
        (1006, None, "close code 1006 is for APIs only and must not be sent"),
        (1015, None, "close code 1015 is for APIs only and must not be sent"),
        (1016, None, "close code 1016 is unassigned; applications use 4000 to 4999"),
        (2999, None, "close code 2999 is unassigned; applications use 4000 to 4999"),
        (5000, Severity.WARNING, "close code 5000 is outside every range (1000 to 4999)"),
        (65535, Severity.WARNING, "close code 65535 is outside every range (1000 to 4999)"),
    ],
)
def test_invalid_codes(code: int, severity: Severity | None, detail: str) -> None:
    finding = rules.invalid_close_code.check(close(code.to_bytes(2, "big")), half())
    assert finding is not None
    assert (finding.severity, finding.detail) == (severity, detail)


@pytest.mark.parametrize("code", [*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999])
def test_valid_codes(code: int) -> None:
    assert rules.invalid_close_code.check(close(code.to_bytes(2, "big")), half()) is None


@pytest.mark.parametrize(
    ("opcode", "closed", "owed", "ids"),
    [
        (1, False, False, []),
        (8, False, False, []),
        (0, True, False, ["data-after-close"]),
        (2, True, False, ["data-after-close"]),
        (8, True, False, ["frame-after-close"]),
        (9, True, False, ["frame-after-close"]),
        (10, True, False, ["frame-after-close"]),
        # a Ping that came before the peer's Close is answered even now
        (10, True, True, []),
        (9, True, True, ["frame-after-close"]),
    ],
)
def test_after_close(opcode: int, closed: bool, owed: bool, ids: list[str]) -> None:
    sender = half()
    sender.close = close() if closed else None
    sender.pong_is_owed = owed
    assert [rule.id for rule in rules.FRAME_RULES if rule.check(frame(opcode), sender)] == ids


def test_after_close_detail() -> None:
    sender = half()
    sender.close = close(b"")
    finding = rules.data_after_close.check(frame(), sender)
    assert finding is not None
    assert finding.detail == "TEXT frame of 5 bytes after the sender's Close (no code, frame 5, packet 40)"


@pytest.mark.parametrize(
    ("tcp", "now", "severity"),
    [
        ([], 1039, False),  # still time to answer
        ([], 1040, None),
        ([fin(CLIENT, 41), fin(SERVER, 42)], 43, None),
        ([rst(CLIENT, 41)], 43, None),
        # whoever closed did not wait for the answer
        ([fin(SERVER, 41), fin(CLIENT, 42)], 43, Severity.NOTE),
        ([fin(SERVER, 1039)], 1040, Severity.NOTE),
        # it waited long enough
        ([fin(SERVER, 1040)], 1040, None),
        # the receiver had ended TCP before the Close came
        ([fin(CLIENT, 39), fin(SERVER, 41)], 43, Severity.NOTE),
    ],
)
def test_missing_reply(tcp: list[TcpEnd], now: int, severity: Severity | bool | None) -> None:
    server = side_ending(SERVER, close=sent_close(SERVER, 40))
    finding = rules.missing_close_reply.check(ending(side_ending(CLIENT), server, *tcp, now=now), CLIENT)
    if severity is False:
        assert finding is None
    else:
        assert finding is not None
        assert (finding.severity, finding.by) == (severity, CLIENT)


def test_missing_reply_detail() -> None:
    server = side_ending(SERVER, close=sent_close(SERVER, 40, b"\x03\xe9restart"))
    facts = ending(side_ending(CLIENT), server, fin(CLIENT, 45), fin(SERVER, 46))
    finding = rules.missing_close_reply.check(facts, CLIENT)
    assert finding is not None
    assert finding.detail == (
        'Close 1001 "restart" of the server (packet 40) was acknowledged, not answered; the client ended TCP 0.050 s '
        "later (FIN, packet 45); the client's API reports 1001, the server's 1006"
    )
    assert finding.place == (None, 45, 450_000_000)


@pytest.mark.parametrize(
    ("client", "server"),
    [
        ({}, {}),
        ({"close": sent_close(CLIENT, 41)}, {"close": sent_close(SERVER, 40)}),
        ({}, {"close": sent_close(SERVER, 40), "close_acknowledged": False}),
        ({"last_gap_packet": 41}, {"close": sent_close(SERVER, 40)}),
        ({"in_sync": False}, {"close": sent_close(SERVER, 40)}),
    ],
)
def test_no_missing_reply(client: dict[str, object], server: dict[str, object]) -> None:
    facts = ending(side_ending(CLIENT, **client), side_ending(SERVER, **server), fin(CLIENT, 45))
    assert rules.missing_close_reply.check(facts, CLIENT) is None
    assert rules.missing_close_reply.check(facts, SERVER) is None


@pytest.mark.parametrize(("first_breach", "severity"), [(0, None), (38, Severity.NOTE), (50, None)])
def test_a_peer_that_broke_the_protocol_may_be_failed_instead(first_breach: int, severity: Severity | None) -> None:
    breaches = (Breach("reserved-opcode", 1, first_breach),) if first_breach else ()
    server = side_ending(SERVER, close=sent_close(SERVER, 40), breaches=breaches)
    finding = rules.missing_close_reply.check(ending(side_ending(CLIENT), server, fin(CLIENT, 41)), CLIENT)
    assert finding is not None
    assert finding.severity is severity
    assert ("client's API reports 1000" in finding.detail) is (severity is None)
    assert "the server's API reports 1006" in finding.detail or "the server's 1006" in finding.detail


@pytest.mark.parametrize("body", [b"\x03", b"\x03\xee", b"\x03\xe8\xff"])
def test_a_broken_close_may_be_failed_instead(body: bytes) -> None:
    server = side_ending(SERVER, close=sent_close(SERVER, 40, body))
    finding = rules.missing_close_reply.check(ending(side_ending(CLIENT), server, rst(CLIENT, 41)), CLIENT)
    assert finding is not None
    assert finding.severity is Severity.NOTE
