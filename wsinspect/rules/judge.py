"""Facts go in, violations come out: asks the rules, and keeps each violation once per connection and side."""

from collections.abc import Callable
from typing import Any, Final

from wsinspect.rules import closing, deflate, fragmentation, framing, masking, ping, text
from wsinspect.rules.catalogue import HANDSHAKE_RULES
from wsinspect.rules.rule import By, Finding, Need, Place, Rule, Severity
from wsinspect.rules.violation import Violation
from wsinspect.websocket.closing import Ending
from wsinspect.websocket.frames import FrameHeader, HttpInStream
from wsinspect.websocket.half import CloseFrame, Half
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.messages import (
    BadUtf8,
    ContextUse,
    InflateError,
    InflateLimit,
    MessageEvent,
    WindowExceeded,
)
from wsinspect.websocket.side import Side

FRAME_RULES: Final[tuple[Rule[[FrameHeader, Half]], ...]] = (
    *framing.FRAME_RULES,
    *masking.RULES,
    *fragmentation.RULES,
    *closing.FRAME_RULES,
)
"""Asked about each frame's header, the sender's state being as it was before the frame."""
CLOSE_RULES: Final = closing.CLOSE_RULES
"""Asked about each complete Close."""
_FACT_RULES: Final[dict[type, Rule[Any]]] = {
    BadUtf8: text.invalid_utf8_text,
    InflateError: deflate.inflate_error,
    ContextUse: deflate.context_takeover_used,
    WindowExceeded: deflate.deflate_window_exceeded,
    InflateLimit: deflate.deflate_bomb,
    HttpInStream: framing.http_inside_stream,
}

FAILING: Final = frozenset(rule.id for rules in (FRAME_RULES, CLOSE_RULES, _FACT_RULES.values()) for rule in rules)
"""Rules about bytes in the open connection: for breaking one of them a peer may fail the connection."""
ENDING_RULES: Final = (*closing.ENDING_RULES, *ping.ENDING_RULES)
"""Asked about each side once the connection is over."""


def _blamable(by: By) -> tuple[Side, ...]:
    if by is By.CLIENT:
        return (Side.CLIENT,)
    if by is By.SERVER:
        return (Side.SERVER,)
    return (Side.CLIENT, Side.SERVER)


_HANDSHAKE_RULES: Final = tuple(
    (rule, Need.REQUEST in rule.needs, Need.RESPONSE in rule.needs, _blamable(rule.by)) for rule in HANDSHAKE_RULES
)
"""Each rule with what it needs and whom it may blame, found out once."""


def is_plain(header: FrameHeader, half: Half) -> bool:
    """Whether no frame rule can fire, told by a few comparisons: nearly every frame of healthy traffic is plain."""
    opcode = header.opcode
    if opcode > 2:
        if not (8 < opcode < 11 and header.fin and header.length < 126):
            return False
    elif half.messages.open is not (opcode == 0):
        return False
    return (
        half.close is None
        and (not header.rsv or (header.rsv == 4 and half.deflate_agreed and 0 < opcode < 3))
        and header.masked is (half.side is Side.CLIENT)
        and (not header.masked or header.masking_key != half.last_masking_key)
        and (header.length_form == 7 or 125 < header.length < 65536 or 65535 < header.length < framing.HUGE_FRAME)
        and (header.length_form < 64 or header.length > 65535)
    )


class Judge:
    """The violations of one connection."""

    __slots__ = ("on_violation", "violations")

    def __init__(self) -> None:
        self.violations: dict[tuple[str, Side | None], Violation] = {}
        self.on_violation: Callable[[Rule[Any], Side | None, Place, Finding], None] | None = None
        """Told of every occurrence, for whoever wants more than the first and a count."""

    def handshake(self, handshake: Handshake) -> None:
        """Judge an opening handshake that is complete, or as complete as it will get."""
        for rule, needs_request, needs_response, sides in _HANDSHAKE_RULES:
            if (needs_request and handshake.request is None) or (needs_response and handshake.response is None):
                continue
            for side in sides:
                finding = rule.check(handshake, side)
                if finding is not None:
                    self._add(rule, finding, finding.by or side, _handshake_place(handshake, finding.by or side))

    def frame(self, header: FrameHeader, half: Half) -> None:
        """Judge a frame by its header; `half` is the sender's state before it."""
        if is_plain(header, half):
            return
        for rule in FRAME_RULES:
            if not _known(rule, half):
                continue
            finding = rule.check(header, half)
            if finding is not None:
                self._add(rule, finding, half.side, (header.number, header.packet, header.time_ns))

    def close(self, close: CloseFrame, half: Half) -> None:
        """Judge a Close by its payload."""
        for rule in CLOSE_RULES:
            finding = rule.check(close, half)
            if finding is not None:
                self._add(rule, finding, close.side, (close.frame, close.packet, close.time_ns))

    def fact(self, fact: MessageEvent | HttpInStream, half: Half) -> None:
        """Judge something that the decoder found wrong."""
        rule = _FACT_RULES.get(type(fact))
        if rule is not None and _known(rule, half):
            finding = rule.check(fact, half)
            if finding is not None:
                frame = getattr(fact, "frame", None)
                self._add(rule, finding, half.side, (frame, fact.packet, fact.time_ns))  # type: ignore[union-attr]

    def ending(self, ending: Ending) -> None:
        """Judge the end of a connection whose frames were seen."""
        for rule in ENDING_RULES:
            for side in Side:
                finding = rule.check(ending, side)
                if finding is not None:
                    self._add(rule, finding, finding.by or side, finding.place or (None, None, None))

    def first_breach(self, side: Side) -> int:
        """Packet of the first frame of `side` that broke a MUST; 0 if none did."""
        packets = [
            violation.packet
            for violation in self.violations.values()
            if violation.by is side and violation.severity is Severity.ERROR and violation.rule in FAILING
        ]
        return min((packet for packet in packets if packet), default=0)

    def _add(self, rule: Rule[Any], finding: Finding, by: Side | None, place: Place) -> None:
        frame, packet, time_ns = place
        severity = finding.severity or rule.severity
        if self.on_violation is not None:
            self.on_violation(rule, by, place, finding)
        known = self.violations.get((rule.id, by))
        if known is None:
            self.violations[rule.id, by] = Violation(
                rule.id, severity, by, rule.section, frame, packet, time_ns, finding.detail, 1, frame, time_ns
            )
            return
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
