"""Everything that happened on one connection, in capture order: what a detail view shows. Made by replaying packets."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from wsinspect.entries import Entries
from wsinspect.outline import Other, Outline
from wsinspect.rules.rule import Finding, Place, Rule, Severity
from wsinspect.rules.violation import Violation
from wsinspect.transport.httphead import RequestHead, ResponseHead
from wsinspect.transport.reassembly import Fin, Gap, Note, Remark, Reset, Syn
from wsinspect.websocket.frames import RSV1, FrameHeader, FramePiece, Opcode, opcode_name
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.message_facts import Message
from wsinspect.websocket.messages import MAX_KEPT_PAYLOAD
from wsinspect.websocket.resync import Resynced
from wsinspect.websocket.roundtrips import RoundTrip
from wsinspect.websocket.side import Side

FIRST_SENT_KEPT: Final = 1024
"""Bytes of the client's first message that are kept: where protocols name their version."""


class TcpEntry(NamedTuple):
    """The opening or ending of TCP."""

    flag: str
    """`SYN`, `SYN, ACK`, `FIN` or `RST`; for a stream of HTTP/2 `END_STREAM` or `RST_STREAM (CANCEL)`."""
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
    trip: RoundTrip | None = None
    """On a Pong: times since the Ping that it answers."""
    complete: bool = True

    @property
    def name(self) -> str:
        """`text`, `ping` …"""
        return opcode_name(self.header.opcode)

    @property
    def content(self) -> tuple[bytes, bool]:
        """What it carries, unmasked and inflated, and whether that is said to be text.

        The whole message where the frame completes one; else the frame's own payload.
        """
        message = self.message
        if message is not None and message.data:
            return message.data, message.opcode == Opcode.TEXT
        compressed = bool(self.header.rsv & RSV1)
        return self.payload, self.header.opcode == Opcode.TEXT and not compressed


class GapEntry(NamedTuple):
    """Bytes of this side that were not captured; `reason` tells if frames cannot be told apart any more behind it."""

    length: int
    side: Side
    packet: int
    time_ns: int
    reason: str = ""


class NoteEntry(NamedTuple):
    """A remark: of TCP reassembly in Wireshark's words (`Retransmission`, `Out-Of-Order` …), or of the decoder."""

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

_KINDS: Final = {TcpEntry: Other.TCP, HeadEntry: Other.HEAD, GapEntry: Other.GAP, NoteEntry: Other.NOTE}


def _weight(entry: Entry) -> int:
    return len(entry.content[0]) if isinstance(entry, FrameEntry) else 0


class Timeline:
    """The entries of one connection, and every occurrence of a violation on it."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.entries: Entries[Entry] = Entries(_weight, self._note)
        self.violations: list[ViolationEntry] = []
        self.first_close: dict[Side, tuple[int, CloseFrame]] = {}
        """Place and content of the first Close of each side that sent one."""
        self.first_sent = b""
        """The beginning of the client's first message, where protocols name their version; empty if it is missing."""
        self._awaits_first = True
        self._unfinished: dict[Side, FrameEntry] = {}
        self._payload: dict[Side, bytearray] = {}

    def _note(self, entry: Entry) -> None:
        if isinstance(entry, FrameEntry):
            header = entry.header
            if entry.close is not None:
                self.first_close.setdefault(entry.side, (len(self.entries), entry.close))
            if self._awaits_first and entry.side is Side.CLIENT and entry.message is not None:
                self._awaits_first = False
                self.first_sent = entry.message.data[:FIRST_SENT_KEPT] if not entry.message.first_frame else b""
            self.outline.add_frame(
                entry.side, header.opcode, header.number, header.length, entry.packet, entry.time_ns,
                partial=not entry.complete or entry.missing > 0, answers=entry.trip is not None,
            )  # fmt: skip
        else:
            self.outline.add_other(entry.side, _KINDS[type(entry)], entry.packet, entry.time_ns)

    def tcp(self, side: Side, event: Syn | Note | Fin | Reset) -> None:
        """A flag of TCP or a remark on a segment."""
        if isinstance(event, Note):
            self.entries.append(NoteEntry(event.oddity.value, side, event.packet, event.time_ns))
            return
        if isinstance(event, Syn):
            flag = "SYN, ACK" if event.answers else "SYN"
        else:
            flag = "FIN" if isinstance(event, Fin) else "RST"
        self.entries.append(TcpEntry(flag, side, event.packet, event.time_ns))

    def end(self, flag: str, side: Side, packet: int, time_ns: int) -> None:
        """The end of a stream of HTTP/2, which stands for that of TCP."""
        self.entries.append(TcpEntry(flag, side, packet, time_ns))

    def remark(self, side: Side, remark: Remark) -> None:
        """What a protocol above TCP has to say."""
        self.entries.append(NoteEntry(remark.text, side, remark.packet, remark.time_ns))

    def head(self, side: Side, head: RequestHead | ResponseHead) -> None:
        """A head of the opening handshake."""
        self.entries.append(HeadEntry(head, side, head.last_packet, head.end_time_ns))

    def gap(self, side: Side, gap: Gap, reason: str) -> None:
        """Bytes that were not captured; `reason` if they cost the frame boundaries."""
        self.entries.append(GapEntry(gap.length, side, gap.packet, gap.time_ns, reason))

    def resynced(self, side: Side, found: Resynced) -> None:
        """The frame boundaries were found again."""
        first = found.pieces[0]
        text = f"Frame boundaries found again, {found.skipped} bytes skipped"
        self.entries.append(NoteEntry(text, side, first.packet, first.time_ns))

    def piece(
        self, side: Side, piece: FramePiece, *, message: Message | None = None, close: CloseFrame | None = None,
        trip: RoundTrip | None = None,
    ) -> None:  # fmt: skip
        """A part of a frame; the frame becomes an entry when it is complete."""
        if piece.first:
            self._payload[side] = bytearray()
        payload = self._payload[side]
        payload += piece.data[: MAX_KEPT_PAYLOAD - len(payload)]
        earlier = self._unfinished.pop(side, None)
        missing = piece.missing + (earlier.missing if earlier and not piece.first else 0)
        entry = FrameEntry(
            piece.header, side, b"", missing, piece.packet, piece.time_ns, message, close, trip, piece.last
        )
        if piece.last:
            # Most messages are one frame and not compressed: they are not kept twice.
            whole = message is not None and message.data == payload
            self.entries.append(entry._replace(payload=message.data if whole and message else bytes(payload)))
        else:
            self._unfinished[side] = entry

    def finish(self) -> None:
        """Frames that never came to an end are entries too, at the end."""
        for side, entry in self._unfinished.items():
            payload = bytes(self._payload[side])
            self.entries.append(entry._replace(payload=payload, missing=entry.header.length - len(payload)))
        self._unfinished.clear()

    def complete(self, known: Iterable[Violation]) -> None:
        """Add what one connection by itself does not show: `known` was found with all of them in view."""
        found = {(entry.rule, entry.by): place for place, entry in reversed(list(enumerate(self.violations)))}
        for one in known:
            entry = ViolationEntry(one.rule, one.severity, one.by, one.frame, one.packet, one.detail)
            place = found.get((one.rule, one.by))
            if place is None:
                self.violations.append(entry)
            elif self.violations[place].packet == one.packet:
                self.violations[place] = entry

    def violation(self, rule: Rule[...], by: Side | None, place: Place, finding: Finding) -> None:
        """An occurrence of a broken rule."""
        frame, packet, _ = place
        severity = finding.severity or rule.severity
        self.violations.append(ViolationEntry(rule.id, severity, by, frame, packet, finding.detail))
