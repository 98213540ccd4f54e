"""One direction of an open WebSocket: what its sender has said so far. Rules read it as it was before a frame."""

from typing import Final, NamedTuple

from wsinspect.websocket.extensions import DEFLATE
from wsinspect.websocket.frames import FrameDecoder, FrameHeader, FramePiece, Opcode
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.messages import DeflateSetup, MessageAssembler
from wsinspect.websocket.resync import Resynchroniser
from wsinspect.websocket.rhythm import Rhythm
from wsinspect.websocket.side import Side

MAX_CONTROL_PAYLOAD: Final = 4096
"""Payload bytes of a control frame that are kept (RFC 6455 §5.5 allows 125; a broken one may have any number)."""
MAX_OUTSTANDING_PINGS: Final = 64
"""Unanswered Pings remembered per direction; older ones are no longer matched with Pongs."""


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

    @property
    def reason_is_utf8(self) -> bool:
        """Whether the bytes behind the code are UTF-8."""
        try:
            self.body[2:].decode()
        except UnicodeDecodeError:
            return False
        return True


class Ping(NamedTuple):
    """A Ping that has not been answered."""

    frame: int
    payload: bytes
    packet: int
    time_ns: int
    end_offset: int
    peer_frames: int
    """Frames that the other side had sent by then."""


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


class Half:
    """The sender's side of one direction."""

    __slots__ = (
        "_control", "_control_missing", "_resynchroniser", "broke_after_close", "close", "close_follows_large_message",
        "close_received", "counts", "decoder", "deflate_agreed", "deflate_offered", "extensions_known",
        "last_gap_packet", "last_masking_key", "last_packet", "last_piece_ns", "last_time_ns",
        "may_have_missed_frames", "messages", "outstanding_pings", "parting", "pings_answered", "pong_is_owed",
        "rhythm", "roles_known", "side", "unknown_extension",
    )  # fmt: skip

    def __init__(self, side: Side, handshake: Handshake, synced: bool, keep_payload: bool) -> None:
        self.side = side
        self.decoder = FrameDecoder(synced)
        self.messages = MessageAssembler(_deflate_setup(handshake, side), keep_payload)
        self.messages.state_known = synced
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
        self.outstanding_pings: list[Ping] = []
        self.pings_answered = 0
        self.pong_is_owed = False
        """On a Pong under judgement: whether it answers a Ping, and no Close had reached this sender before it."""
        self.last_packet = 0
        """Packet that completed the last frame; 0 before the first."""
        self.last_time_ns = 0
        """Its time."""
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
    def close_sent(self) -> bool:
        """Whether this sender has sent a Close."""
        return self.close is not None

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
        well_framed = header.fin and not header.rsv and header.length_form == 7
        close = CloseFrame(
            self.side,
            header.number,
            code,
            reason,
            body,
            header.packet,
            piece.time_ns,
            _end(header),
            well_framed,
            whole=self.control_is_whole,
        )
        if self.close is None:
            self.close = close
        return close

    def add_ping(self, header: FrameHeader, payload: bytes, peer_frames: int) -> None:
        """A Ping: remembered until a Pong answers it or a later one."""
        self.rhythm.ping(header.time_ns)
        if len(self.outstanding_pings) >= MAX_OUTSTANDING_PINGS:
            del self.outstanding_pings[0]
        self.outstanding_pings.append(
            Ping(header.number, payload, header.packet, header.time_ns, _end(header), peer_frames)
        )

    def awaits_pong(self, payload: bytes) -> bool:
        """Whether a Ping with this payload is unanswered."""
        return any(ping.payload == payload for ping in self.outstanding_pings)

    def answer_ping(self, payload: bytes) -> Ping | None:
        """The other side's Pong answers this Ping and all before it (RFC 6455 §5.5.3); None if it answers none."""
        pings = self.outstanding_pings
        for position in range(len(pings) - 1, -1, -1):
            if pings[position].payload == payload:
                answered = pings[position]
                del pings[: position + 1]
                self.pings_answered += 1
                return answered
        return None


def is_data(opcode: int) -> bool:
    """Whether frames of `opcode` make up messages: continuation, text, binary."""
    return opcode <= Opcode.BINARY


def _end(header: FrameHeader) -> int:
    """Stream offset right behind the frame."""
    return header.offset + {7: 2, 16: 4, 64: 10}[header.length_form] + (4 if header.masked else 0) + header.length


def _deflate_setup(handshake: Handshake, side: Side) -> DeflateSetup | None:
    agreed = handshake.deflate
    if agreed is None:
        return None
    if side is Side.CLIENT:
        return DeflateSetup(not agreed.client_no_context_takeover, agreed.client_max_window_bits)
    return DeflateSetup(not agreed.server_no_context_takeover, agreed.server_max_window_bits)
