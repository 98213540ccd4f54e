"""Everything that happened on one connection, in capture order: what a detail view shows. Made by replaying packets."""

from dataclasses import dataclass, field
from typing import NamedTuple

from wsinspect.rules.rule import Finding, Rule, Severity
from wsinspect.transport.httphead import RequestHead, ResponseHead
from wsinspect.websocket.frames import FrameHeader, opcode_name
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.messages import Message
from wsinspect.websocket.side import Side


class TcpEntry(NamedTuple):
    """A SYN, SYN/ACK, FIN or RST."""

    flag: str
    side: Side
    packet: int
    time_ns: int


class HeadEntry(NamedTuple):
    """The request or the response of the opening handshake."""

    head: RequestHead | ResponseHead
    side: Side
    packet: int
    time_ns: int


class FrameEntry(NamedTuple):
    """A frame; `message` stands on the frame that completes one."""

    header: FrameHeader
    side: Side
    payload: bytes
    """Unmasked, as on the wire otherwise (compressed stays compressed); what was captured of it."""
    missing: int
    """Payload bytes that were not captured or had not come when the capture ended."""
    packet: int
    """Packet that completes the frame (or, unfinished, the last one that brought a part of it)."""
    time_ns: int
    message: Message | None = None
    close: CloseFrame | None = None
    rtt_ns: int | None = None
    """On a Pong: time since the Ping that it answers."""
    complete: bool = True

    @property
    def name(self) -> str:
        """`text`, `ping` …"""
        return opcode_name(self.header.opcode)


class GapEntry(NamedTuple):
    """Bytes of this side that were not captured; `reason` tells if frames cannot be told apart any more behind it."""

    length: int
    side: Side
    packet: int
    time_ns: int
    reason: str = ""


class NoteEntry(NamedTuple):
    """A remark of TCP reassembly in Wireshark's words: `Retransmission`, `Out-Of-Order` …"""

    text: str
    side: Side
    packet: int
    time_ns: int


class ViolationEntry(NamedTuple):
    """One occurrence of a broken rule."""

    rule: str
    severity: Severity
    by: Side | None
    frame: int | None
    packet: int | None
    detail: str


Entry = TcpEntry | HeadEntry | FrameEntry | GapEntry | NoteEntry


@dataclass(slots=True)
class Timeline:
    """The entries of one connection, and every occurrence of a violation on it."""

    entries: list[Entry] = field(default_factory=list)
    violations: list[ViolationEntry] = field(default_factory=list)

    def add_violation(self, rule: Rule[...], by: Side | None, place: tuple[int | None, int | None, int | None],
                      finding: Finding) -> None:  # fmt: skip
        """Take down an occurrence (`Judge.on_violation`)."""
        frame, packet, _ = place
        severity = finding.severity or rule.severity
        self.violations.append(ViolationEntry(rule.id, severity, by, frame, packet, finding.detail))
