"""Facts go in, violations come out: asks the rules, and keeps each violation once per connection and side."""

from collections.abc import Callable
from typing import Any, Final

from wsinspect.rules import (
    close_etiquette,
    closing,
    content,
    deflate,
    deflate_habits,
    fragmentation,
    framing,
    http2,
    masking,
    masking_keys,
    ping,
    pong,
    reactions,
    subprotocol,
    teardown,
    text,
    unfinished,
)
from wsinspect.rules.catalogue import HANDSHAKE_RULES, HTTP2_HANDSHAKE_RULES
from wsinspect.rules.pong import Mismatch, PingBurst, Pong
from wsinspect.rules.reactions import FailedSilently, FailureClose, Tolerated
from wsinspect.rules.rule import By, Finding, Need, Place, Rule, Severity
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.unfinished import TinyFrames
from wsinspect.rules.violation import Violation
from wsinspect.websocket.closing import Ending
from wsinspect.websocket.failing import Breach
from wsinspect.websocket.frames import FrameHeader, HttpInStream, TlsRecord
from wsinspect.websocket.half import CloseFrame, Half, Limits
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.http2_handshake import Http2Handshake
from wsinspect.websocket.message_facts import (
    BadUtf8,
    ContextUse,
    FinalBlock,
    InflateError,
    InflateLimit,
    InflateRatio,
    MessageEvent,
    OddEmpty,
    TailCutEarly,
    TailKept,
    WindowExceeded,
)
from wsinspect.websocket.sample import (
    BrokenJson,
    ControlCharacters,
    EarlySubscribe,
    JsonInBinary,
    MaskingKeys,
    MqttConnect,
    SampleFact,
    UnknownChannel,
)
from wsinspect.websocket.side import Side

FRAME_RULES: Final[tuple[Rule[...], ...]] = (
    *framing.FRAME_RULES,
    *masking.RULES,
    *masking_keys.FRAME_RULES,
    *fragmentation.RULES,
    *unfinished.FRAME_RULES,
    *subprotocol.FRAME_RULES,
    *closing.FRAME_RULES,
    *reactions.FRAME_RULES,
)
"""Asked about each frame's header, the sender's state being as it was before the frame."""
CLOSE_RULES: Final[tuple[Rule[...], ...]] = (*closing.CLOSE_RULES, *close_etiquette.RULES)
"""Asked about each complete Close."""
_FACT_RULES: Final[dict[type, tuple[Rule[Any], ...]]] = {
    BadUtf8: (text.invalid_utf8_text,),
    InflateError: (deflate.inflate_error,),
    ContextUse: (deflate.context_takeover_used,),
    WindowExceeded: (deflate.deflate_window_exceeded,),
    InflateLimit: (deflate.deflate_bomb,),
    InflateRatio: (deflate.deflate_bomb,),
    TailKept: (deflate_habits.deflate_tail_kept,),
    TailCutEarly: (deflate_habits.deflate_tail_cut_early,),
    FinalBlock: (deflate_habits.deflate_bfinal,),
    OddEmpty: (deflate_habits.deflate_empty_message,),
    HttpInStream: (framing.http_inside_stream,),
    TlsRecord: (framing.tls_inside_stream,),
    TinyFrames: (unfinished.tiny_frame_flood,),
    MaskingKeys: masking_keys.SAMPLE_RULES,
    ControlCharacters: (content.binary_sent_as_text,),
    JsonInBinary: (content.text_sent_as_binary,),
    BrokenJson: (content.broken_json_message,),
    MqttConnect: (subprotocol.mqtt_subprotocol_missing,),
    EarlySubscribe: (subprotocol.graphql_subscribe_before_ack,),
    UnknownChannel: (subprotocol.k8s_unknown_channel,),
    Pong: pong.PONG_RULES,
    Mismatch: (pong.mismatched_pong,),
    PingBurst: (pong.ping_flood,),
    Tolerated: (reactions.violation_tolerated,),
    FailedSilently: (reactions.failed_without_close,),
    FailureClose: reactions.FAILURE_RULES,
}
Fact = (
    MessageEvent | HttpInStream | TlsRecord | TinyFrames | SampleFact | Pong | Mismatch | PingBurst | Tolerated
    | FailedSilently | FailureClose
)  # fmt: skip
"""What the rules can be asked about in the course of a dialogue."""

FAILING: Final = reactions.MUST_FAIL | reactions.MAY_FAIL | {"data-after-close", "repeated-masking-key"}
"""Rules about bytes in the open connection: for breaking one of them a peer may fail the connection."""
ENDING_RULES: Final[tuple[Rule[...], ...]] = (
    *closing.ENDING_RULES,
    *ping.ENDING_RULES,
    *pong.ENDING_RULES,
    *unfinished.ENDING_RULES,
    *deflate_habits.ENDING_RULES,
    *teardown.RULES,
)
"""Asked about each side once the connection is over."""
HTTP2_ENDING_RULES: Final = tuple(rule for rule in ENDING_RULES if rule not in teardown.OF_TCP)
"""The same for a WebSocket over HTTP/2: its end is not that of TCP."""

EXPLAINED_BY: Final = {
    "predictable-masking-key": ("repeated-masking-key",),
    "low-entropy-masking-key": ("repeated-masking-key", "predictable-masking-key"),
    "unfinished-message": ("truncated-frame",),
    "deflate-expands": ("deflate-tail-kept",),
}
"""One cause, one violation: what follows from another violation of the same side is not told again."""


def _blamable(by: By) -> tuple[Side, ...]:
    if by is By.CLIENT:
        return (Side.CLIENT,)
    if by is By.SERVER:
        return (Side.SERVER,)
    return (Side.CLIENT, Side.SERVER)


_HANDSHAKE_RULES, _HTTP2_HANDSHAKE_RULES = (
    tuple((rule, Need.REQUEST in rule.needs, Need.RESPONSE in rule.needs, _blamable(rule.by)) for rule in rules)
    for rules in (HANDSHAKE_RULES, HTTP2_HANDSHAKE_RULES)
)
"""Each rule with what it needs and whom it may blame, found out once."""


def is_plain(header: FrameHeader, half: Half, limits: Thresholds = DEFAULTS) -> bool:
    """Whether no frame rule can fire, told by a few comparisons: nearly every frame of healthy traffic is plain."""
    opcode = header.opcode
    if opcode > 2:
        if not (8 < opcode < 11 and header.fin and header.length < 126):
            return False
    elif (
        half.messages.open is not (opcode == 0)
        or (opcode == 1 and half.text_is_wrong)
        or (opcode == 0 and not _goes_on_well(header, half, limits))
    ):
        return False
    return (
        half.close is None
        and (not header.rsv or (header.rsv == 4 and half.deflate_agreed and 0 < opcode < 3))
        and header.masked is (half.side is Side.CLIENT)
        and (not header.masked or header.masking_key not in (half.last_masking_key, masking_keys.ZERO_KEY))
        and (header.length_form == 7 or 125 < header.length < 65536 or 65535 < header.length < limits.huge_frame)
        and (header.length_form < 64 or header.length > 65535)
    )


def _goes_on_well(header: FrameHeader, half: Half, limits: Thresholds) -> bool:
    """Whether a fragment is none too many, none of many empty ones, and not late."""
    messages = half.messages
    return (
        messages.fragments < limits.max_fragments
        and (header.length > 0 or messages.empty_run + 1 < limits.empty_fragments)
        and header.time_ns - messages.fragment_ns <= nanoseconds(limits.fragment_stall)
    )


def limits_of(thresholds: Thresholds) -> Limits:
    """The thresholds that say how much a side's state has to count."""
    return Limits(
        (thresholds.mask_sequence_frames, thresholds.mask_pattern_frames, thresholds.mask_entropy_frames),
        thresholds.tiny_frame_bytes,
        thresholds.tiny_frame_count,
        thresholds.ping_flood,
        thresholds.inflate_limit,
    )


_USUAL: Final = limits_of(DEFAULTS)


class Judge:
    """The violations of one connection."""

    __slots__ = ("fresh", "limits", "on_violation", "thresholds", "violations")

    def __init__(self, thresholds: Thresholds = DEFAULTS) -> None:
        self.thresholds = thresholds
        self.limits = _USUAL if thresholds is DEFAULTS else limits_of(thresholds)
        """For the state of each side."""
        self.fresh: list[tuple[str, Side, Place]] = []
        """Rules that were broken for the first time, for which the other side may fail the connection; to be taken."""
        self.violations: dict[tuple[str, Side | None], Violation] = {}
        self.on_violation: Callable[[Rule[Any], Side | None, Place, Finding], None] | None = None
        """Told of every occurrence, for whoever wants more than the first and a count."""

    def handshake(self, handshake: Handshake) -> None:
        """Judge an opening handshake that is complete, or as complete as it will get."""
        rules = _HTTP2_HANDSHAKE_RULES if isinstance(handshake, Http2Handshake) else _HANDSHAKE_RULES
        for rule, needs_request, needs_response, sides in rules:
            if (needs_request and handshake.request is None) or (needs_response and handshake.response is None):
                continue
            for side in sides:
                finding = rule.ask(self.thresholds, handshake, side)
                if finding is not None:
                    self._add(rule, finding, finding.by or side, _handshake_place(handshake, finding.by or side))

    def frame(self, header: FrameHeader, half: Half) -> None:
        """Judge a frame by its header; `half` is the sender's state before it."""
        if is_plain(header, half, self.thresholds):
            return
        for rule in FRAME_RULES:
            if not _known(rule, half):
                continue
            finding = rule.ask(self.thresholds, header, half)
            if finding is not None:
                self._add(rule, finding, finding.by or half.side, (header.number, header.packet, header.time_ns))

    def close(self, close: CloseFrame, half: Half) -> None:
        """Judge a Close by its payload."""
        place = (close.frame, close.packet, close.time_ns)
        for rule in CLOSE_RULES:
            if not _known(rule, half):
                continue
            finding = rule.ask(self.thresholds, close, half)
            if finding is not None:
                self._add(rule, finding, close.side, place)

    def fact(self, fact: MessageEvent | HttpInStream, half: Half) -> None:
        """Judge something that the decoder found wrong."""
        self.found(fact, half, (getattr(fact, "frame", None), fact.packet, fact.time_ns))  # type: ignore[union-attr]

    def found(self, fact: Fact, half: Half, place: Place) -> None:
        """Judge something about what the sender `half` did at `place`."""
        for rule in _FACT_RULES.get(type(fact), ()):
            if _known(rule, half):
                finding = rule.ask(self.thresholds, fact, half)
                if finding is not None:
                    self._add(rule, finding, finding.by or half.side, place)

    def ending(self, ending: Ending) -> None:
        """Judge the end of a connection whose frames were seen."""
        for rule in ENDING_RULES if ending.http2 is None else HTTP2_ENDING_RULES:
            for side in Side:
                finding = rule.ask(self.thresholds, ending, side)
                if finding is not None:
                    self._add(rule, finding, finding.by or side, finding.place or (None, None, None))

    def stream(self, ending: Ending) -> None:
        """Judge the HTTP/2 stream of a WebSocket, opened or not, once it is over."""
        for rule in http2.STREAM_RULES:
            for side in _blamable(rule.by):
                finding = rule.ask(self.thresholds, ending, side)
                if finding is not None:
                    self._add(rule, finding, finding.by or side, finding.place or (None, None, None))

    def outside(self, rule: Rule[...], by: Side | None, place: Place, *facts: object) -> None:
        """Judge by facts about the connection that are no part of its dialogue."""
        finding = rule.ask(self.thresholds, *facts)
        if finding is not None:
            self._add(rule, finding, finding.by or by, finding.place or place)

    def breaches(self, side: Side) -> list[Violation]:
        """What `side` broke, errors and warnings, in the order of the first occurrences."""
        return [one for one in self.violations.values() if one.by is side and one.severity is not Severity.NOTE]

    def frame_breaches(self, side: Side) -> tuple[Breach, ...]:
        """The first frame of `side` that broke each MUST for which its peer may fail the connection."""
        return tuple(
            Breach(one.rule, one.frame, one.packet)
            for one in self.violations.values()
            if one.by is side and one.severity is Severity.ERROR and one.rule in FAILING and one.packet
        )

    def last_breach_ns(self, side: Side) -> int:
        """Time of the last frame of `side` that broke one; 0 if none did."""
        times = [one.last_time_ns for one in self.breaches(side) if one.rule in FAILING]
        return max((time_ns for time_ns in times if time_ns), default=0)

    def _add(self, rule: Rule[Any], finding: Finding, by: Side | None, place: Place) -> None:
        frame, packet, time_ns = place
        severity = finding.severity or rule.severity
        if any((other, by) in self.violations for other in EXPLAINED_BY.get(rule.id, ())):
            return
        if self.on_violation is not None:
            self.on_violation(rule, by, place, finding)
        known = self.violations.get((rule.id, by))
        if known is None:
            if by is not None and reactions.awaited(rule.id, by):
                self.fresh.append((rule.id, by, place))
            self.violations[rule.id, by] = Violation(
                rule.id, severity, by, rule.section, frame, packet, time_ns, finding.detail, 1, frame, time_ns
            )
            return
        if severity.rank > known.severity.rank:  # a graver case of it: that one is told
            known.severity, known.detail = severity, finding.detail
            known.frame, known.packet, known.time_ns = frame, packet, time_ns
        known.count += 1
        known.last_frame, known.last_time_ns = frame, time_ns


def _known(rule: Rule[Any], half: Half) -> bool:
    """Whether everything that the rule needs of this direction was captured."""
    needs = rule.needs
    return not (
        (Need.EXTENSIONS in needs and not half.extensions_known)
        or (Need.ROLES in needs and not half.roles_known)
        or (Need.MESSAGE_STATE in needs and not half.message_state_known)
    )


def _handshake_place(handshake: Handshake, by: Side) -> Place:
    head = handshake.request if by is Side.CLIENT else handshake.response
    return (None, head.packet, head.time_ns) if head else (None, None, None)
