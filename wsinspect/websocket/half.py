"""One direction of an open WebSocket: what its sender has said so far. Rules read it as it was before a frame."""

from collections import deque
from typing import Final, NamedTuple

from wsinspect.websocket.extensions import DEFLATE
from wsinspect.websocket.frames import FrameDecoder, FrameHeader, FramePiece, Opcode, Unfinished, header_size
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.messages import DeflateSetup, MessageAssembler
from wsinspect.websocket.pings import Ping, Pings
from wsinspect.websocket.resync import Resynchroniser
from wsinspect.websocket.rhythm import Rhythm
from wsinspect.websocket.sample import Sample, Subprotocol
from wsinspect.websocket.side import Side

MAX_CONTROL_PAYLOAD: Final = 4096
"""Payload bytes of a control frame that are kept (RFC 6455 §5.5 allows 125; a broken one may have any number)."""


class CloseFrame(NamedTuple):
    """A Close as sent."""

    side: Side
    frame: int
    code: int | None
    """None if the payload has fewer than two bytes."""
    reason: str
    """UTF-8 decoded, what cannot be decoded replaced by U+FFFD."""
    body: bytes
    packet: int
    time_ns: int
    end_offset: int
    """Stream offset right behind the frame: acknowledged that far, the peer's TCP has it."""
    well_framed: bool
    """Whether its header is that of a legal control frame: FIN, no RSV bit, shortest length form, 125 bytes at most."""
    whole: bool
    """Whether all of its payload was captured."""
    only_form_wrong: bool = False
    """Whether nothing is wrong with its header but that the length form is not the shortest one (RFC 6455 §5.2)."""

    @property
    def reason_is_utf8(self) -> bool:
        """Whether the bytes behind the code are UTF-8."""
        try:
            self.body[2:].decode()
        except UnicodeDecodeError:
            return False
        return True


class CloseReply(NamedTuple):
    """What a side had of the other's Close when it sent its own."""

    received: CloseFrame
    had_arrived: bool
    """Whether its TCP had acknowledged that Close by then."""
    acknowledged_ns: int
    """When it had; 0 if that is not known."""
    data_frames: int
    """Data frames it sent in between."""


class Limits(NamedTuple):
    """What the user wants counted; see `wsinspect/rules/thresholds.py`."""

    key_counts: tuple[int, ...] = (4, 16, 32)
    tiny_bytes: int = 4
    tiny_count: int = 1000
    ping_flood: int = 50
    inflate_limit: int = 64 * 1024 * 1024


class Parting(NamedTuple):
    """How things stood when a side sent its Close, or ended TCP without one."""

    time_ns: int
    unanswered: tuple[Ping, ...]
    """Its Pings that no Pong had answered."""
    message: int
    """Bytes of the other side's latest message on the wire, as far as they had come or a frame header announced."""
    message_inflated: int
    accepted: int
    """Bytes of the largest message before that one, on the wire or inflated, whichever is more."""
    message_ns: int
    """Time of the other side's last bytes."""


class Burst:
    """Counts what comes in quick succession."""

    __slots__ = ("_count", "_times", "_window_ns")

    def __init__(self, count: int, window_ns: int) -> None:
        self._count = count
        self._window_ns = window_ns
        self._times: deque[int] | None = None

    def add(self, time_ns: int) -> int:
        """Once more; how many within the window if they are as many as count, else 0. It begins anew then."""
        if self._times is None:
            self._times = deque()
        times = self._times
        times.append(time_ns)
        while times[0] < time_ns - self._window_ns:
            times.popleft()
        if len(times) < self._count:
            return 0
        count = len(times)
        times.clear()
        return count


_USUAL: Final = Limits()
_TINY_WINDOW_NS: Final = 1_000_000_000
_PING_WINDOW_NS: Final = 5_000_000_000


class Half:
    """The sender's side of one direction."""

    __slots__ = (
        "_control", "_control_missing", "_resynchroniser", "answered_unseen_pings", "answers_after_close",
        "broke_after_close", "close", "close_follows_large_message", "close_in_the_dark", "close_received",
        "close_reply", "counts", "data_at_close", "decoder", "deflate_agreed", "deflate_offered", "ended",
        "expects_json", "extensions_known", "final_fragment_end", "flood", "flood_frame", "from_start",
        "last_data_ns", "last_gap_packet", "last_masking_key", "last_packet", "last_piece_ns", "last_time_ns",
        "may_have_missed_frames", "messages", "mismatched_pong", "parting", "ping_burst", "pings",
        "pong_is_owed", "pongs_late", "pongs_unsolicited", "rhythm", "roles_known", "sample", "sampling",
        "side", "subprotocol", "text_is_wrong", "tiny_bytes", "tiny_frames", "tls_suspect", "unfinished",
        "unknown_extension",
    )  # fmt: skip

    def __init__(
        self,
        side: Side,
        handshake: Handshake,
        synced: bool,
        keep_payload: bool,
        subprotocol: Subprotocol | None = None,
        limits: Limits = _USUAL,
    ) -> None:
        self.side = side
        self.decoder = FrameDecoder(synced)
        self.messages = MessageAssembler(
            _deflate_setup(handshake, side), keep_payload, limits.inflate_limit, may_infer=handshake.response is None
        )
        self.messages.state_known = synced
        if not synced:
            self.messages.lose_first()
        self.from_start = synced
        """Whether its first frame was captured."""
        self.subprotocol = subprotocol or Subprotocol(handshake)
        self.sample = Sample(side, self.subprotocol, limits.key_counts)
        self.sampling = self.messages.collects = True
        """Whether `sample` wants to see what comes."""
        self.expects_json = False
        """Whether a text message that is no JSON is news."""
        self.text_is_wrong = self.subprotocol.is_mqtt
        """Whether the subprotocol knows no text messages."""
        self.tiny_bytes = limits.tiny_bytes
        """Data frames up to this length count as tiny."""
        self.tiny_frames = Burst(limits.tiny_count, _TINY_WINDOW_NS)
        self.ping_burst = Burst(limits.ping_flood, _PING_WINDOW_NS)
        self.flood = 0
        """Of tiny frames: how many within a second; 0 unless they are too many."""
        self.flood_frame = 0
        """The last of them."""
        self.extensions_known = handshake.response is not None
        self.roles_known = handshake.request is not None or handshake.response is not None
        """Whether the handshake told who is the client, and not only the masks."""
        self.deflate_agreed = handshake.deflate is not None
        self.deflate_offered = bool(handshake.offered.named(DEFLATE))
        self.unknown_extension = handshake.has_unknown_extension
        self.counts = [0] * 16
        """Complete frames by opcode."""
        self.last_masking_key: bytes | None = None
        """Key of the frame before, if that was masked."""
        self.close: CloseFrame | None = None
        """The first Close of this sender."""
        self.broke_after_close = False
        """Whether any frame followed that Close."""
        self.close_follows_large_message = False
        """Whether that Close came on top of the largest message of the other side."""
        self.close_received: CloseFrame | None = None
        """The first Close of the other side, once it has passed the capture point."""
        self.close_reply: CloseReply | None = None
        """What was known of the other side's Close when this one sent its own; None if nothing."""
        self.answers_after_close = False
        """Once it has sent its Close: whether what it sends now comes after something new of the other side."""
        self.mismatched_pong = 0
        """Packet of its last Pong that was told as mismatched; 0 without one."""
        self.ended = False
        """Whether it has sent a FIN or RST."""
        self.tls_suspect = -1
        """Frame that began like a TLS record, its payload being yet to come."""
        self.answered_unseen_pings = False
        """Whether a Pong of it came that may answer a Ping which was not captured, or comes late."""
        self.close_in_the_dark = False
        """Whether bytes of the other side, perhaps its Close, may have been missed before this one sent its own."""
        self.data_at_close = 0
        """Data frames it had sent when `close_received` passed."""
        self.pings = Pings()
        self.final_fragment_end = 0
        """Stream offset behind the last final fragment."""
        self.unfinished: Unfinished | None = None
        """At the end: the frame of which only a part came."""
        self.pongs_late = 0
        """Its Pongs that took as long as `pong_slow`."""
        self.pongs_unsolicited = 0
        """Its Pongs that nobody had asked for."""
        self.pong_is_owed = False
        """On a Pong under judgement: whether it answers a Ping, and no Close had reached this sender before it."""
        self.last_packet = 0
        """Packet that completed the last frame; 0 before the first."""
        self.last_time_ns = 0
        """Its time."""
        self.last_data_ns = 0
        """Time of the last data frame."""
        self.last_piece_ns = 0
        """Time of the last bytes, those of unfinished frames included; plain frames count in `last_time_ns` only."""
        self.parting: Parting | None = None
        self.rhythm = Rhythm()
        self.may_have_missed_frames = not synced
        """Whether frames can no longer be told apart because bytes were not captured."""
        self._resynchroniser: Resynchroniser | None = None
        self.last_gap_packet = 0
        """Packet that showed the last gap; 0 without one."""
        self._control = bytearray()
        self._control_missing = 0

    @property
    def resynchroniser(self) -> Resynchroniser:
        """Seeks the frame boundaries while bytes that were not captured have cost them."""
        if self._resynchroniser is None:
            self._resynchroniser = Resynchroniser(
                self.side is Side.CLIENT, self.deflate_agreed or not self.extensions_known
            )
        return self._resynchroniser

    @property
    def last_payload_ns(self) -> int:
        """Time of the last bytes behind the head; 0 before the first."""
        return max(self.last_time_ns, self.last_piece_ns)

    @property
    def message_open(self) -> bool:
        """Whether this sender has begun a message and not finished it."""
        return self.messages.open

    @property
    def message_state_known(self) -> bool:
        """Whether `message_open` can be trusted."""
        return self.messages.state_known

    @property
    def nothing_missed(self) -> bool:
        """Whether all that it sent since its first captured frame could be judged."""
        return self.decoder.synced and not self.last_gap_packet and not self.messages.blind

    @property
    def data_frames(self) -> int:
        """Complete data frames so far."""
        return self.counts[0] + self.counts[1] + self.counts[2]

    @property
    def frames_sent(self) -> int:
        """Complete frames so far."""
        return sum(self.counts)

    def add_control(self, piece: FramePiece) -> bytes | None:
        """Collect a control frame's payload (what a gap swallowed is left out); returns it once it is complete."""
        if piece.first:
            self._control_missing = 0
            if piece.last:
                return piece.data[:MAX_CONTROL_PAYLOAD]
            self._control.clear()
        self._control_missing += piece.missing
        self._control += piece.data[: MAX_CONTROL_PAYLOAD - len(self._control)]
        return bytes(self._control) if piece.last else None

    @property
    def control_is_whole(self) -> bool:
        """Whether every payload byte of the control frame that `add_control` returned was captured."""
        return not self._control_missing

    def add_close(self, header: FrameHeader, body: bytes, piece: FramePiece) -> CloseFrame:
        """A complete Close; the first one is the one that counts (RFC 6455 §7.1.5)."""
        code = int.from_bytes(body[:2], "big") if len(body) >= 2 else None
        reason = body[2:].decode("utf-8", "replace")
        legal_but_for_form = header.fin and not header.rsv and header.length < 126
        close = CloseFrame(
            self.side,
            header.number,
            code,
            reason,
            body,
            header.packet,
            piece.time_ns,
            end_of(header),
            legal_but_for_form and header.length_form == 7,
            whole=self.control_is_whole,
            only_form_wrong=legal_but_for_form and header.length_form > 7,
        )
        if self.close is None:
            self.close = close
        return close

    def add_ping(self, header: FrameHeader, payload: bytes, peer_frames: int) -> None:
        """A Ping: remembered until a Pong answers it or a later one."""
        self.rhythm.ping(header.time_ns)
        inside = self.messages.count if self.messages.open else -1
        self.pings.add(Ping(header.number, payload, header.packet, header.time_ns, end_of(header), peer_frames, inside))

    def add_tiny(self, frame: int, time_ns: int) -> None:
        """One more tiny data frame."""
        count = self.tiny_frames.add(time_ns)
        if count:
            self.flood, self.flood_frame = count, frame


def is_data(opcode: int) -> bool:
    """Whether frames of `opcode` make up messages: continuation, text, binary."""
    return opcode <= Opcode.BINARY


def end_of(header: FrameHeader) -> int:
    """Stream offset right behind the frame."""
    return header.offset + header_size(header) + header.length


def _deflate_setup(handshake: Handshake, side: Side) -> DeflateSetup | None:
    agreed = handshake.deflate
    if agreed is None:
        return None
    if side is Side.CLIENT:
        return DeflateSetup(not agreed.client_no_context_takeover, agreed.client_max_window_bits)
    return DeflateSetup(not agreed.server_no_context_takeover, agreed.server_max_window_bits)
