"""Connections as facts, made by hand: opened at 0 s, everything captured, but for the given facts. Times in seconds."""

from dataclasses import replace
from typing import Any

from wsinspect.diagnosis.facts import Beat, End, EndKind, Facts, Reset, SideFacts, Silence
from wsinspect.transport.httphead import parse_request, parse_response
from wsinspect.transport.marks import IpMark, ResetMark, Run
from wsinspect.websocket.closing import Ending, SideEnding, TcpEnd, TcpEndKind
from wsinspect.websocket.half import CloseFrame, Parting
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.pings import Ping
from wsinspect.websocket.side import Side

CLIENT, SERVER = Side.CLIENT, Side.SERVER
DAY_NS = 86_400_000_000_000
"""Connections open a day after the epoch, so that a time of 0 can mean "never"."""


def ns(seconds: float) -> int:
    """A moment, counted from the opening of the connection."""
    return DAY_NS + round(seconds * 1e9)


def handshake(
    target: str = "/ws", status: str = "101 Switching Protocols", request: str = "", **fields: str
) -> Handshake:
    """A handshake; `fields` are of the response, `_` standing for `-`."""
    wanted = request or "Host: ws.example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x"
    lines = "".join(f"\r\n{name.replace('_', '-')}: {value}" for name, value in fields.items())
    upgrade = "\r\nUpgrade: websocket" if status.startswith("101") else ""
    head = parse_request(f"GET {target} HTTP/1.1\r\n{wanted}\r\n".encode(), 4, 4, ns(0), ns(0))
    answer = parse_response(f"HTTP/1.1 {status}{upgrade}{lines}\r\n".encode(), 6, 6, ns(0), ns(0)) if status else None
    return Handshake(head, answer)


def close_frame(side: Side, at: float, code: int | None = 1000, reason: str = "") -> CloseFrame:
    """A Close; the moment in hundredths of a second is its packet."""
    body = b"" if code is None else code.to_bytes(2, "big") + reason.encode()
    return CloseFrame(side, 5, code, reason, body, packet(at), ns(at), 200, True, True)


def packet(at: float) -> int:
    """The number of the packet at that moment."""
    return round(at * 100) + 100


def side_ending(side: Side, close: CloseFrame | None = None, **facts: Any) -> SideEnding:
    """Everything was captured and acknowledged, but for the given facts."""
    made = replace(SideEnding.without_frames(side, 0), close=close, acknowledged=1000, frames=10)
    return replace(made, **facts)


def made(
    *,
    id: int = 1,
    start: float = 0.0,
    end: tuple[Side, str, float] | None = (SERVER, "fin", 60.0),
    code: int | None = None,
    reason: str = "",
    idle: float | None = 1.0,
    shake: Handshake | None = None,
    ends: dict[Side, dict[str, Any]] | None = None,
    sides: dict[Side, dict[str, Any]] | None = None,
    failed: bool = False,
    **facts: Any,
) -> Facts:
    """`end`: by whom, with what (`fin`, `rst`, `close` and then a FIN of the same side), at what age."""
    frames: dict[Side, CloseFrame | None] = {CLIENT: None, SERVER: None}
    tcp: tuple[TcpEnd, ...] = ()
    over: End | None = None
    last = start
    if end is not None:
        by, how, age = end
        last = start + age
        kind = {"fin": EndKind.FIN, "rst": EndKind.RST, "close": EndKind.CLOSE}[how]
        over = End(kind, by, packet(last), ns(last), code)
        if kind is EndKind.CLOSE:
            frames[by] = close_frame(by, last, code, reason)
        tcp = (TcpEnd(TcpEndKind.RST if how == "rst" else TcpEndKind.FIN, by, packet(last), ns(last)),)
    shake = shake or handshake()
    endings = {side: side_ending(side, **{"close": frames[side], **(ends or {}).get(side, {})}) for side in Side}
    values: dict[str, Any] = {
        "handshake": shake,
        "opened": not failed,
        "answer_missed": False,
        "refusal": (),
        "client": endings[CLIENT],
        "server": endings[SERVER],
        "tcp": tcp,
        "last_ns": ns(last),
        "now_ns": ns(last + 100),
    }
    usual = {"last_payload_ns": ns(start), "last_packet_ns": ns(last)}
    made_sides = {side: SideFacts(side, **{**usual, **(sides or {}).get(side, {})}) for side in Side}
    return Facts(
        **{
            "id": id,
            "client": "10.0.0.1",
            "server": "10.0.0.2:443",
            "host": "ws.example.test",
            "path": "/ws",
            "user_agent": "test",
            "handshake": shake,
            "ending": Ending(**values),
            "http_text": "",
            "started_ns": ns(start),
            "opened_ns": None if failed else ns(start),
            "last_ns": ns(last),
            "seen_until_ns": ns(last + 100),
            "end": over,
            "idle": idle,
            "idle_client": idle,
            "idle_server": idle,
            "rtt": 0.01,
            "client_side": made_sides[CLIENT],
            "server_side": made_sides[SERVER],
            **facts,
        }
    )


def parting(at: float, *, ping_at: float | None = None, message: int = 0, accepted: int = 0, inflated: int = 0,
            message_at: float = 0.0) -> Parting:  # fmt: skip
    """How things stood when a side began to leave."""
    pings = () if ping_at is None else (Ping(2, b"", packet(ping_at), ns(ping_at), 100, 0),)
    return Parting(ns(at), pings, message, inflated, accepted, ns(message_at))


def run(*times: float, length: int = 18, keep_alive: bool = False) -> Run:
    """Retransmissions."""
    return Run(len(times), ns(times[0]), tuple(map(ns, times)), length, keep_alive)


def beat(period: float, *, intervals: int = 5, last: float = 0.0, is_ping: bool = True) -> Beat:
    """A heartbeat."""
    return Beat(is_ping, period, intervals, ns(last))


def silence(end: float, seconds: float) -> Silence:
    """A silence that ended at that moment."""
    return Silence(ns(end), seconds)


def reset(
    by: Side, at: float, *, hops: int = 62, ip_id: int = 6, usual: int = 62, ids: tuple[int, ...] = (1, 2, 3, 4, 5),
    ahead: int = 0, acknowledges: bool = True, other: float | None = None, later: float | None = None,
    ignored: bool = False, last: float = 0.0, repeats: bool = False,
) -> Reset:  # fmt: skip
    """An RST; the packets before it came at `last`, the other side's last one at `other`."""
    before = tuple(IpMark(ns(last), usual, one) for one in ids)
    other_ns = ns(at - 0.005 if other is None else other)
    mark = ResetMark(0, packet(at), IpMark(ns(at), hops, ip_id), before, ahead, acknowledges, other_ns, repeats)
    return Reset(by, mark, ns(last if later is None else later), ignored)
