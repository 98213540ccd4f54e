"""Rules of how a side reacts to what the other one breaks (RFC 6455 §7.1.7, §7.4.1): tolerance, failure, its code.

`Reactions` follows a dialogue and finds out; the rules say what it means.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from wsinspect.rules.rule import By, Finding, Need, Place, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.rules.wording import quoted
from wsinspect.websocket.frames import FrameHeader
from wsinspect.websocket.half import CloseFrame, Half
from wsinspect.websocket.side import Side

MUST_FAIL: Final = frozenset({
    "unmasked-client-frame", "masked-server-frame", "rsv-bits-set", "reserved-opcode", "invalid-utf8-text",
    "invalid-utf8-close-reason",
})  # fmt: skip
"""RFC 6455 §5.1, §5.2, §8.1, RFC 7692 §6: for these a receiver has to fail the connection."""
MUST_REFUSE_RESPONSE: Final = frozenset({
    "invalid-extension-header", "missing-response-upgrade", "missing-response-connection-upgrade",
    "missing-sec-websocket-accept", "wrong-accept", "unrequested-extension", "unrequested-subprotocol",
    "duplicate-sec-websocket-accept", "duplicate-subprotocol-response", "invalid-subprotocol-response",
    "response-http-version", "invalid-deflate-response", "unrequested-client-max-window-bits",
    "server-max-window-bits-not-honoured", "server-no-context-takeover-not-honoured", "conflicting-extensions",
})  # fmt: skip
"""RFC 6455 §4.1, RFC 7692 §5, §7: for these a client has to."""
MAY_FAIL: Final = frozenset({
    "non-minimal-length", "length-msb-set", "http-inside-stream", "continuation-without-message",
    "interleaved-data-frame", "fragmented-control-frame", "control-frame-too-long", "close-payload-one-byte",
    "invalid-close-code", "inflate-error", "context-takeover-used", "deflate-window-exceeded",
})  # fmt: skip
"""RFC 6455 §10.7: the sender breaks a MUST, and the receiver is allowed to drop it. Strict ones do."""
BROKEN_CLOSES: Final = frozenset({"close-payload-one-byte", "invalid-close-code", "invalid-utf8-close-reason"})
FAILURE_CODES: Final = frozenset({1002, 1003, 1007, 1009, 1010})
"""What a side closes with when it fails the connection for what it received."""
_GENERIC: Final = frozenset({1008, 1011})
_PROTOCOL: Final = frozenset({1002})
_CONTENT: Final = frozenset({1007})
_COMPRESSED: Final = frozenset({1002, 1007})
_FITS: Final = {
    "invalid-utf8-text": _CONTENT,
    "invalid-utf8-close-reason": _CONTENT,
    "inflate-error": _COMPRESSED,
    "context-takeover-used": _COMPRESSED,
    "deflate-window-exceeded": _COMPRESSED,
    "deflate-bomb": frozenset({1009}),
    "huge-frame": frozenset({1009}),
    "mqtt-text-frame": frozenset({1003}),
}
"""Codes for what is wrong with a message; every other breach of a frame is a matter of the protocol."""


class Tolerated(NamedTuple):
    """A breach that the receiver went on after."""

    rule: str
    frame: int | None
    packet: int
    must_fail: bool
    did: str
    """What the receiver did instead of failing the connection."""
    by: Side
    """The receiver."""


class FailedSilently(NamedTuple):
    """The receiver ended TCP over a breach and sent no Close."""

    rule: str
    packet: int
    how: str
    seconds: float


class FailureClose(NamedTuple):
    """A Close with which a side fails the connection, and what the other side had broken by then."""

    close: CloseFrame
    causes: tuple[str, ...]
    """Rules broken within `reaction_time` before."""
    broken: bool
    """Whether the other side had broken any rule before."""
    all_seen: bool
    """Whether nothing that it sent can have escaped judgement."""


@rule(
    "violation-tolerated",
    Severity.ERROR,
    "RFC 6455 §5.1, §5.2, §4.1, §8.1; RFC 7692 §5, §6, §7",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED, Need.ACKS, Need.TIMING},
    means="The other side broke a rule for which this one must fail the connection, and it went on as if nothing had "
    "happened. It is a note where the standard only allows to fail. The fault stays hidden until a stricter peer "
    "comes along.",
    look_at="The rule in the detail first. Then how strict the receiver's library is, and whether it can be told to "
    "be stricter.",
    aka=("Autobahn NON-STRICT", "Autobahn FAILED"),
    thresholds=("reaction_time",),
)
def violation_tolerated(tolerated: Tolerated, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    frame = f"frame {tolerated.frame}, " if tolerated.frame is not None else ""
    detail = (
        f"{tolerated.rule} by the {half.side.peer} ({frame}packet {tolerated.packet}) was accepted: {tolerated.did}"
    )
    return Finding(detail, None if tolerated.must_fail else Severity.NOTE)


@rule(
    "failed-without-close",
    Severity.NOTE,
    "RFC 6455 §7.1.7",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED, Need.ACKS, Need.END, Need.TIMING},
    means="The receiver ended TCP over a broken frame without a Close that says so. It may, but the sender's program "
    "learns 1006 and nothing about the reason.",
    look_at="The rule in the detail: that is why the connection ended. A Close with 1002 or 1007 would have told.",
    aka=("1006",),
    thresholds=("reaction_time",),
)
def failed_without_close(failed: FailedSilently, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    return Finding(
        f"{failed.how} of the {half.side} {failed.seconds:.3f} s after {failed.rule} of the {half.side.peer} "
        f"(packet {failed.packet}), without a Close"
    )


@rule(
    "processed-after-failing",
    Severity.ERROR,
    "RFC 6455 §7.1.7",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED},
    means="A side that has failed the connection does not process what comes afterwards. This one still answered: its "
    "Close with the failure's code was no end to it.",
    look_at="Whether the code that sends the Close also stops the reader; in some libraries close() with 1002 is no "
    "more than a message to be sent.",
)
def processed_after_failing(frame: FrameHeader, half: Half) -> Finding | None:
    close = half.close
    if close is None or close.code not in FAILURE_CODES or half.close_reply is not None or not half.answers_after_close:
        return None
    what = "Pong to a later Ping" if frame.is_control else "data after later frames"
    return Finding(f"{what} of the {half.side.peer}, behind its own Close {close.code} (packet {close.packet})")


@rule(
    "unexpected-failure-code",
    Severity.NOTE,
    "RFC 6455 §7.4.1",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED},
    means="The connection was failed for a breach, with a code that stands for another kind of fault. Whoever reads "
    "the code alone looks in the wrong place.",
    look_at="The breach in the detail, not the code. Chromium sends 1002 for text that is no UTF-8.",
    thresholds=("reaction_time",),
)
def unexpected_failure_code(failure: FailureClose, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    code = failure.close.code
    if code not in FAILURE_CODES or not failure.causes:
        return None
    fitting = frozenset[int]().union(*(_FITS.get(cause, _PROTOCOL) for cause in failure.causes))
    if code in fitting:
        return None
    expected = " or ".join(map(str, sorted(fitting)))
    return Finding(f"Close {code} after {', '.join(failure.causes)} of the {half.side.peer}; {expected} would say so")


@rule(
    "unexplained-failure",
    Severity.WARNING,
    "–",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED, Need.GAP_FREE},
    means="A side failed the connection for a breach of the protocol, and this capture shows none before it. Either "
    "the bytes that reached it are not those seen here, or it is wrong, or this program is.",
    look_at="A capture at the side that failed: a device on the way that changes bytes shows in the difference. Else "
    "the library's log for its reason, and applications that use 1002 or 1007 as they please.",
    aka=("WebSocket Protocol Error", "1002", "1007"),
)
def unexplained_failure(failure: FailureClose, half: Half) -> Finding | None:
    close = failure.close
    if close.code not in (1002, 1007) or failure.broken or not failure.all_seen or half.close_reply is not None:
        return None
    reason = f" {quoted(close.reason)}" if close.reason else ""
    return Finding(
        f"Close {close.code}{reason} of the {half.side}, and nothing wrong with what the {half.side.peer} had sent"
    )


MAX_CASES: Final = 64
"""Breaches of one dialogue that wait for a reaction at once; there is one for each rule and side."""


@dataclass(slots=True)
class _Case:
    """A breach whose receiver's reaction is awaited."""

    rule: str
    by: Side
    frame: int | None
    packet: int
    time_ns: int
    end: int
    """Stream offset behind the broken frame."""
    did: str = ""
    did_ns: int = 0
    place: Place = (None, None, None)


@dataclass(slots=True)
class Reactions:
    """The breaches of a dialogue that wait for a reaction."""

    reaction_ns: int
    cases: list[_Case] = field(default_factory=list)

    def breach(self, rule_id: str, by: Side, place: Place, end: int) -> None:
        """A rule was broken for the first time, in the frame that ends at stream offset `end`."""
        frame, packet, time_ns = place
        if len(self.cases) < MAX_CASES:
            self.cases.append(_Case(rule_id, by, frame, packet or 0, time_ns or 0, end))

    def went_on(
        self, by: Half, peer: Half, acknowledged: int, what: str, place: Place
    ) -> list[tuple[Tolerated, Place]]:
        """`by` sent something that is no sign of failure; returns what it has tolerated beyond doubt by now."""
        decided = []
        time_ns = place[2] or 0
        for case in list(self.cases):
            if case.by is by.side or (place[1] or 0) < case.packet:
                continue  # what is read late, behind a gap, may have been sent before
            if case.did:
                if time_ns - case.did_ns > self.reaction_ns:
                    decided.append(self._decide(case))
                continue
            # Bad text need not be noticed before the message is complete; a broken Close is judged by its answer.
            early = acknowledged < case.end or (case.rule == "invalid-utf8-text" and peer.message_open)
            if not early and case.rule not in BROKEN_CLOSES:
                case.did, case.did_ns, case.place = what, time_ns, place
        return decided

    def closed(self, close: CloseFrame, acknowledged: int) -> None:
        """A side sent its first Close."""
        side, code = close.side, close.code
        place = (close.frame, close.packet, close.time_ns)
        for case in list(self.cases):
            if case.by is side:
                continue
            if close.packet < case.packet:  # read late, behind a gap: it is no reaction
                self.cases.remove(case)
                continue
            if case.rule in BROKEN_CLOSES:
                if code not in (1002, 1007) and acknowledged >= case.end:
                    told = "an empty Close" if code is None else f"Close {code}"
                    case.did, case.did_ns, case.place = f"answered with {told}", close.time_ns, place
                    continue
                self.cases.remove(case)
            elif code in (None, 1000, 1001):
                if not case.did and acknowledged >= case.end:
                    told = "an empty Close" if code is None else f"Close {code}"
                    case.did, case.did_ns, case.place = f"it sent {told}", close.time_ns, place
            elif not case.did or close.time_ns - case.did_ns <= self.reaction_ns:
                self.cases.remove(case)

    def ended(self, half: Half, how: str, time_ns: int, packet: int, first: bool) -> FailedSilently | None:
        """A side sent FIN or RST; `first` if the other had not before."""
        failed = None
        for case in list(self.cases):
            if case.by is half.side or half.close is not None or not first:
                continue
            if case.did and time_ns - case.did_ns > self.reaction_ns:
                continue
            self.cases.remove(case)
            seconds = (time_ns - case.time_ns) / 1e9
            if failed is None and time_ns - case.time_ns <= self.reaction_ns and case.end:
                failed = FailedSilently(case.rule, case.packet, how, seconds)
        return failed

    def finish(self) -> list[tuple[Tolerated, Place]]:
        """Nothing more will come."""
        return [self._decide(case) for case in list(self.cases) if case.did]

    def _decide(self, case: _Case) -> tuple[Tolerated, Place]:
        self.cases.remove(case)
        must_fail = case.rule in MUST_FAIL or case.rule in MUST_REFUSE_RESPONSE
        return Tolerated(case.rule, case.frame, case.packet, must_fail, case.did, case.by.peer), case.place


def awaited(rule_id: str, by: Side) -> bool:
    """Whether a breach of this rule makes the receiver's reaction worth a look."""
    return rule_id in MUST_FAIL or rule_id in MAY_FAIL or (rule_id in MUST_REFUSE_RESPONSE and by is Side.SERVER)


def failure_of(close: CloseFrame) -> bool:
    """Whether a Close says that its sender failed the connection."""
    return close.code in FAILURE_CODES or close.code in _GENERIC


FRAME_RULES: tuple[Rule[...], ...] = (processed_after_failing,)
"""Asked about every frame's header."""
FAILURE_RULES: tuple[Rule[...], ...] = (unexpected_failure_code, unexplained_failure)
"""Asked about each Close that says that its sender failed the connection."""
RULES: tuple[Rule[...], ...] = (violation_tolerated, failed_without_close, *FRAME_RULES, *FAILURE_RULES)
