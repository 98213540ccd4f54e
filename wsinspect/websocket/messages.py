"""Frames of one direction become messages: fragments joined, inflated, text checked (RFC 6455 §5.4, §5.6, RFC 7692).

In: the pieces of data frames. Out: facts: what was wrong with a message's bytes, at once; and, when payloads are kept,
the messages. Control frames never come here, so they cannot disturb a message between whose fragments they stand.
"""

from typing import Final, NamedTuple

from wsinspect.websocket.distances import largest_distance
from wsinspect.websocket.frames import RSV1, FrameHeader, FramePiece, Opcode
from wsinspect.websocket.inflate import INFLATE_LIMIT, TAIL, Inflater, Outcome
from wsinspect.websocket.message_facts import (
    BadUtf8,
    Content,
    ContextUse,
    FinalBlock,
    InflateError,
    InflateLimit,
    InflateRatio,
    Message,
    MessageEvent,
    OddEmpty,
    TailCutEarly,
    TailKept,
    Tally,
    WindowExceeded,
)
from wsinspect.websocket.rebuild import Rebuilder
from wsinspect.websocket.sample import MAX_CONTENT
from wsinspect.websocket.utf8 import Utf8Validator

MAX_DISTANCE_INPUT: Final = 256 * 1024
"""Compressed bytes of one direction whose back-references are measured; what follows is not judged by that."""
MAX_KEPT_PAYLOAD: Final = 16 * 1024 * 1024
"""Bytes of one message that are kept for showing when payloads are kept at all."""


LEAST_BOMB: Final = 1024 * 1024
"""Bytes that a message has to inflate to before its ratio is of interest."""
EMPTY: Final = b"\x00"
"""A compressed message without content (RFC 7692 §7.2.3.6)."""


MAX_FIRST: Final = 256
"""Bytes kept of the first message of a side: what a service is recognised by."""
MAX_CLOSING: Final = 512
"""Bytes kept of a message that says why the connection closes."""
SOCKJS_OPEN: Final = b"o"
"""What a SockJS server says first: each of its messages has to be looked at from then on."""


class ClosingText(NamedTuple):
    """A text message that says why the connection closes, as SockJS has it: `c[3000,"Go away!"]`."""

    data: bytes
    """Its first bytes, MAX_CLOSING at most."""
    packet: int
    time_ns: int


_NOTHING: Final[list[MessageEvent]] = []
_INFLATED: Final = (Outcome.OK, Outcome.CONTEXT_USED)


class DeflateSetup(NamedTuple):
    """What the handshake agreed for one sender's compression."""

    takeover: bool
    window_bits: int


class MessageAssembler:
    """The messages of one direction."""

    __slots__ = (
        "_before", "_compressed", "_content", "_context_use", "_distance_input", "_first", "_first_lost",
        "_infers", "_inflate_limit", "_inflater", "_joined", "_keep", "_kept", "_may_infer", "_missing",
        "_opcode", "_peak", "_rebuilder", "_rebuilds", "_record", "_setup", "_tail", "_unknown", "_utf8",
        "closing", "collects", "compressed", "compressed_plain", "compressed_wire", "count",
        "deflate_inferred", "empty_run", "first", "fragment_ns", "fragments", "inflated", "largest", "latest",
        "latest_inflated", "open", "payload_bytes", "state_known",
    )  # fmt: skip

    def __init__(
        self, deflate: DeflateSetup | None, keep_payload: bool, inflate_limit: int = INFLATE_LIMIT,
        may_infer: bool = False,
    ) -> None:  # fmt: skip
        """`may_infer`: what was agreed is unknown, and RSV1 may mean that messages are compressed."""
        self._setup = deflate
        self._may_infer = may_infer
        self.deflate_inferred = False
        """Whether messages were found to be compressed although nobody saw that agreed."""
        self._rebuilder: Rebuilder | None = None  # while the window is not known
        self._rebuilds = False  # the message under way
        self._infers = False  # whether the setup is a guess
        self._unknown = 0  # bytes of the message that were copied out of an unknown window
        self._inflate_limit = inflate_limit
        self._keep = keep_payload
        self._inflater: Inflater | None = None
        self._distance_input = 0
        self.count = 0
        """Complete messages."""
        self.first = b""
        """Beginning of the first message, inflated, as far as it has come; empty if it was not captured."""
        self._first_lost = False
        self.closing: ClosingText | None = None
        """The latest message in which SockJS says why it closes."""
        self.payload_bytes = 0
        """Of text and binary messages, inflated, finished or not."""
        self.latest = 0
        """Bytes on the wire of the message under way, or of the last one."""
        self.largest = 0
        """The same of the largest message."""
        # The largest message on the wire or inflated, its number, and the largest one before it.
        self._peak = self._record = self._before = 0
        self.open = False
        """Whether a message has begun and its final fragment has not come."""
        self.state_known = True
        """Whether `open` can be trusted: not after a loss of frame sync, until a data frame with FIN was seen."""
        self._opcode = 0
        self._compressed = False
        self._context_use: ContextUse | None = None  # where it began; a use only if the rest inflates as well
        self._first = 0
        self.latest_inflated = 0
        """Its bytes inflated, if it is compressed."""
        self._missing = 0
        self._utf8: Utf8Validator | None = None
        self._joined: list[bytes] | None = None  # compressed bytes, if their distances are to be measured
        self._kept: list[bytes] = []
        self.collects = False
        """Whether `Content` is told."""
        self._content: list[bytes] | None = None  # of the message under way; None if it is too long or has a hole
        self._tail = b""  # the last bytes of the compressed message under way
        self.compressed = self.inflated = self.compressed_wire = self.compressed_plain = 0
        """Compressed messages, and the bytes of those that inflate, on the wire and inflated."""
        self.fragments = 0
        """Frames of the open message so far."""
        self.empty_run = 0
        """How many of the last of them had no payload."""
        self.fragment_ns = 0
        """Time of the last of them."""

    @property
    def blind(self) -> bool:
        """Whether compressed messages can no longer be inflated, and so not be judged."""
        return self._inflater is not None and bool(self._inflater.context_lost)

    @property
    def tally(self) -> Tally:
        """The messages so far."""
        return Tally(self.count, self.compressed, self.compressed_wire, self.compressed_plain, self.inflated)

    def feed(self, piece: FramePiece) -> list[MessageEvent]:
        """The facts that a piece of a data frame (opcode 0, 1 or 2) completes."""
        header = piece.header
        if piece.first:
            if piece.last and header.fin and not self.open and header.opcode and not header.rsv and not self._keep:
                data = piece.data
                if self.needs_content:
                    self._notice(data, True, piece)
                self.add_whole(len(data))
                facts = _NOTHING
                if header.opcode == Opcode.TEXT and not data.isascii():
                    facts = self._check_text(data, piece)
                if self.collects and not facts and len(data) <= MAX_CONTENT:
                    return [Content(header.opcode, data, header.number, piece.packet, piece.time_ns)]
                return facts
            if not self._begin(header):
                return _NOTHING
            self.fragments += 1
            self.empty_run = 0 if header.length else self.empty_run + 1
        elif not self.open:
            return _NOTHING  # a continuation that belongs to nothing
        return self._go_on(piece)

    def add_whole(self, length: int) -> None:
        """Count an uncompressed message of one frame."""
        self.state_known = True
        self.count += 1
        self.payload_bytes += length
        self.latest = length
        self.latest_inflated = 0
        if length > self.largest:
            self.largest = length
            self._peaked(length, self.count)

    @property
    def accepted(self) -> int:
        """Bytes, on the wire or inflated, of the largest message before the latest one."""
        return self._before if self._record == self.count + self.open else self._peak

    def _peaked(self, size: int, number: int) -> None:
        if size > self._peak:
            if number != self._record:
                self._before, self._record = self._peak, number
            self._peak = size

    def lose_sync(self) -> None:
        """Frame boundaries are lost: the message under way is given up, and with takeover the window too."""
        self.open = False
        self.state_known = False
        self._rebuilder = None
        self.lose_first()
        if self._setup is not None:
            self._get_inflater(self._setup).lose_context("bytes of this direction were not captured")

    def finish(self) -> None:
        """Nothing more will come: free what decoding needs."""
        self._inflater = self._rebuilder = self._utf8 = self._joined = None
        self._kept = []

    @property
    def needs_content(self) -> bool:
        """Whether the next message has to be looked at: the first one, and all of SockJS."""
        return not self.count or self.first == SOCKJS_OPEN

    def _notice(self, data: bytes, begins: bool, piece: FramePiece) -> None:
        """The next bytes of the message under way, or the first ones, if they may tell who speaks or why it closes."""
        if not self.count:
            if not self._first_lost and len(self.first) < MAX_FIRST:
                self.first += data[: MAX_FIRST - len(self.first)]
        elif begins and data.startswith(b"c["):
            self.closing = ClosingText(data[:MAX_CLOSING], piece.packet, piece.time_ns)

    def lose_first(self) -> None:
        """Bytes of this direction were not captured; the first message may have been among them."""
        if not self.count:
            self.first, self._first_lost = b"", True

    def _check_text(self, data: bytes, piece: FramePiece) -> list[MessageEvent]:
        """Whether a text message that is a single frame is UTF-8; quick if it is."""
        try:
            data.decode()
            return _NOTHING
        except UnicodeDecodeError:
            validator = Utf8Validator()
            bad = validator.feed(data) or validator.finish()
            return [BadUtf8(bad, piece.header.number, piece.packet, piece.time_ns)] if bad else _NOTHING

    def _begin(self, header: FrameHeader) -> bool:
        """A data frame begins; False if it belongs to no message."""
        if header.opcode == Opcode.CONTINUATION:
            return self.open
        self.open = True
        self.state_known = True
        self._opcode = header.opcode
        self._first = header.number
        self.latest = self.latest_inflated = self._missing = 0
        self._kept = []
        self._tail = b""
        self.fragments = self.empty_run = 0
        self._joined = self._context_use = None
        self._rebuilds = False
        self._unknown = 0
        if self._may_infer and header.rsv & RSV1:
            self._infer()
        self._compressed = self._setup is not None and bool(header.rsv & RSV1)
        self._content = [] if self.collects and (self._compressed or not header.rsv) else None
        # With RSV1 and nothing agreed the payload may be anything; the bit has been reported, its bytes are not judged.
        judged = header.opcode == Opcode.TEXT and (self._compressed or not header.rsv & RSV1)
        self._utf8 = Utf8Validator() if judged else None
        if self._compressed and self._setup is not None:
            inflater = self._get_inflater(self._setup)
            inflater.begin(in_fragments=not header.fin)
            if inflater.context_lost:
                self._begin_rebuilding()
            if self._setup.window_bits < 15 and self._distance_input <= MAX_DISTANCE_INPUT:
                self._joined = []
        return True

    def _infer(self) -> None:
        """RSV1 where nobody knows what was agreed: most likely permessage-deflate, as nothing else is in use."""
        self._may_infer = False
        self._infers = True
        self._setup = DeflateSetup(takeover=True, window_bits=15)
        self._get_inflater(self._setup).lose_context("the beginning of the connection was not captured")

    def _begin_rebuilding(self) -> None:
        """The window before this message is not known: find out as much of it as can be."""
        self._rebuilds = True
        self._utf8 = self._content = None
        if self._rebuilder is None:
            self._rebuilder = Rebuilder()
        self._rebuilder.begin()

    def _rebuild(self, piece: FramePiece, events: list[MessageEvent]) -> None:
        rebuilder, inflater = self._rebuilder, self._inflater
        if rebuilder is None or inflater is None:
            return
        for part in rebuilder.feed(piece.data):
            self._take(part, piece, events)
            if self.latest_inflated > self._inflate_limit:
                rebuilder.give_up()
        if not (piece.last and piece.header.fin):
            return
        for part in rebuilder.finish(TAIL):
            self._take(part, piece, events)
        self._unknown = rebuilder.unknown
        if rebuilder.broken:
            self._kept = []
            if self._infers and not self.deflate_inferred:
                self._setup = self._rebuilder = None  # RSV1 means something else here
        else:
            self.deflate_inferred = self._infers
            if rebuilder.window is not None:
                inflater.restore_context(rebuilder.window)
                self._rebuilder = None

    def _get_inflater(self, setup: DeflateSetup) -> Inflater:
        if self._inflater is None:
            self._inflater = Inflater(setup.takeover, self._inflate_limit)
        return self._inflater

    def _go_on(self, piece: FramePiece) -> list[MessageEvent]:
        events: list[MessageEvent] = []
        if piece.missing:
            self._missing += piece.missing
            self.lose_first()
            self._utf8 = self._joined = self._content = None
            if self._compressed and self._inflater:
                self._inflater.lose_context("bytes of an earlier message were not captured")
                if self._rebuilder is not None:
                    self._rebuilder.give_up()
        self.latest += len(piece.data) + piece.missing
        self.largest = max(self.largest, self.latest)
        if self._rebuilds:
            self._rebuild(piece, events)
        elif self._compressed:
            self._inflate(piece, events)
        else:
            self._take(piece.data, piece, events)
        self._peaked(max(self.latest, self.latest_inflated), self.count + 1)
        self.fragment_ns = piece.time_ns
        if piece.last and piece.header.fin:
            self._finish(piece, events)
        return events

    def _take(self, data: bytes, piece: FramePiece, events: list[MessageEvent]) -> None:
        """Payload of the message, inflated."""
        if not data:
            return  # nothing to keep of fragments without payload, of which there may be any number
        if self.needs_content:
            self._notice(data, not self.latest_inflated, piece)
        self.latest_inflated += len(data)
        self.payload_bytes += len(data)
        if self._keep and self.latest_inflated <= MAX_KEPT_PAYLOAD:
            self._kept.append(data)
        if self._content is not None:
            if self.latest_inflated <= MAX_CONTENT:
                self._content.append(data)
            else:
                self._content = None
        if self._utf8 is not None and (bad := self._utf8.feed(data)):
            events.append(BadUtf8(bad, piece.header.number, piece.packet, piece.time_ns))
            self._utf8 = None

    def _inflate(self, piece: FramePiece, events: list[MessageEvent]) -> None:
        inflater = self._inflater
        assert inflater is not None
        before = inflater.outcome
        self._tail = (self._tail + piece.data[-len(TAIL) :])[-len(TAIL) :]
        if piece.first and piece.header.opcode == Opcode.CONTINUATION:
            inflater.fragment_edge()
        if self._joined is not None and piece.data:
            self._joined.append(piece.data)
            self._distance_input += len(piece.data)
            if self._distance_input > MAX_DISTANCE_INPUT:
                self._joined = None
        for part in inflater.feed(piece.data):
            self._take(part, piece, events)
        # A message of no bytes at all is shown as empty, though RFC 7692 §7.2.3.6 wants one byte for that.
        if piece.last and piece.header.fin and self.latest:
            for part in inflater.finish(self._tail == TAIL):
                self._take(part, piece, events)
        if inflater.outcome is not before:
            self._tell_outcome(inflater, piece, events)

    def _tell_outcome(self, inflater: Inflater, piece: FramePiece, events: list[MessageEvent]) -> None:
        place = (piece.header.number, piece.packet, piece.time_ns)
        if inflater.outcome is Outcome.BROKEN:
            self._utf8 = self._joined = self._content = self._context_use = None
            events.append(InflateError(inflater.error, *place))
        elif inflater.outcome is Outcome.CONTEXT_USED:
            self._context_use = ContextUse(*place)
        elif inflater.outcome is Outcome.LIMIT:
            self._utf8 = self._joined = self._content = None
            events.append(InflateLimit(inflater.limit, self.latest, *place))

    def _finish(self, piece: FramePiece, events: list[MessageEvent]) -> None:
        self.open = False
        self.count += 1
        place = (piece.header.number, piece.packet, piece.time_ns)
        if self._compressed and self._inflater and self._inflater.outcome is Outcome.CONTEXT_LOST:
            self._utf8 = None
        if self._utf8 is not None and (bad := self._utf8.finish()):
            events.append(BadUtf8(bad, *place))
        if self._context_use is not None:
            events.append(self._context_use)
            self._context_use = None
        if self._joined is not None and self._setup is not None:
            distance = largest_distance(b"".join(self._joined))
            if distance > 1 << self._setup.window_bits:
                events.append(WindowExceeded(distance, self._setup.window_bits, *place))
        if self._compressed and self._inflater:
            self._judge_compressed(self._inflater, place, events)
        inflated = not self._compressed or (self._inflater is not None and self._inflater.outcome in _INFLATED)
        if self._content is not None and inflated and not (events and isinstance(events[-1], BadUtf8)):
            events.append(Content(self._opcode, b"".join(self._content), *place))
            self._content = None
        if self._keep:
            data = b"".join(self._kept)
            self._kept = []
            events.append(
                Message(
                    self._opcode, self._compressed, self._first, piece.header.number, self.latest,
                    self.latest_inflated, self._missing, data, self._unknown,
                )
            )  # fmt: skip

    def _judge_compressed(self, inflater: Inflater, place: tuple[int, int, int], events: list[MessageEvent]) -> None:
        """What is odd about a compressed message that is complete."""
        self.compressed += 1
        outcome = inflater.outcome
        if self._tail == TAIL and not self._missing:
            events.append(TailKept(*place))
        if outcome not in _INFLATED:
            return
        wire, length = self.latest, self.latest_inflated
        self.inflated += 1
        self.compressed_wire += wire
        self.compressed_plain += length
        if inflater.edges_restored:
            events.append(TailCutEarly(inflater.edges_restored, *place))
        if inflater.bfinal_seen:
            events.append(FinalBlock(*place))
        if not length and (wire != 1 or self._tail != EMPTY):
            events.append(OddEmpty(wire, *place))
        if length >= LEAST_BOMB:
            events.append(InflateRatio(wire, length, *place))
