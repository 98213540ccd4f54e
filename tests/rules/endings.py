"""How a connection ended, for the rules' tests: packet numbers are hundredths of a second."""

from typing import Any

from wsinspect.websocket.closing import Ending, SideEnding, TcpEnd, TcpEndKind
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.pings import Ping
from wsinspect.websocket.side import Side

TICK_NS = 10_000_000


def fin(by: Side, packet: int) -> TcpEnd:
    """A FIN."""
    return TcpEnd(TcpEndKind.FIN, by, packet, packet * TICK_NS)


def rst(by: Side, packet: int) -> TcpEnd:
    """An RST."""
    return TcpEnd(TcpEndKind.RST, by, packet, packet * TICK_NS)


def close(side: Side, packet: int, body: bytes = b"\x03\xe8") -> CloseFrame:
    """A Close with that payload; it ends at stream offset 200."""
    code = int.from_bytes(body[:2], "big") if len(body) >= 2 else None
    reason = body[2:].decode("utf-8", "replace")
    return CloseFrame(side, 5, code, reason, body, packet, packet * TICK_NS, 200, True, True)


def ping(packet: int, peer_frames: int = 0, end_offset: int = 100) -> Ping:
    """A Ping; by then the other side had sent `peer_frames` frames."""
    return Ping(2, b"", packet, packet * TICK_NS, end_offset, peer_frames)


def side_ending(side: Side, **facts: Any) -> SideEnding:
    """A side of which everything was captured and acknowledged, but for the given facts."""
    sent_close = facts.get("close")
    values: dict[str, Any] = {
        "close": None,
        "close_acknowledged": sent_close is not None,
        "unacknowledged_bytes": 0,
        "in_sync": True,
        "may_have_missed_frames": False,
        "gap_bytes": 0,
        "last_gap_packet": 0,
        "frames": 10,
        "last_packet": 0,
        "unanswered_pings": (),
        "acknowledged": 1000,
        "broke_after_close": False,
        "breaches": (),
        "close_follows_large_message": False,
    }
    return SideEnding(side, **{**values, **facts})


def ending(client: SideEnding, server: SideEnding, *tcp: TcpEnd, now: int = 1000) -> Ending:
    """The end; `now` in packet numbers."""
    return Ending(Handshake(None, None), True, False, (), client, server, tcp, now * TICK_NS, now * TICK_NS)
