"""A connection becomes facts: the only place in this package that knows the pipeline's objects."""

import ipaddress

from wsinspect.connection import Connection
from wsinspect.diagnosis.facts import Beat, End, EndKind, Facts, Reset, SideFacts, Silence
from wsinspect.diagnosis.thresholds import CROSSING
from wsinspect.dialogue import Dialogue
from wsinspect.transport.marks import Marks
from wsinspect.websocket.closing import Ending, TcpEnd, TcpEndKind
from wsinspect.websocket.half import Half
from wsinspect.websocket.rhythm import Cadence
from wsinspect.websocket.side import Side


def gather(connection: Connection, now_ns: int = 0) -> Facts:
    """The facts about `connection`; on one that is not over, the capture has gone on until `now_ns`."""
    until_ns = max(connection.seen_until_ns or now_ns, connection.last_ns)
    ending = connection.ending(until_ns)
    marks, dialogue = connection.stream.marks, connection.dialogue
    rtt = _rtt(marks)
    end = _end(ending)
    request = connection.handshake.request
    target = request.target if request else ""
    idle, idle_client, idle_server = _idle(connection, end, rtt)
    flow = connection.stream.flow
    width = (len(flow) - 4) // 2
    ends = [(flow[:width], flow[-4:-2]), (flow[width : 2 * width], flow[-2:])]
    client, server = (ends[0], ends[1]) if connection.client_direction == 0 else (ends[1], ends[0])
    return Facts(
        id=connection.id,
        client=_address(client[0]),
        server=f"{_address(server[0])}:{int.from_bytes(server[1], 'big')}",
        host=(request.value("Host") or "") if request else "",
        path=target.partition("?")[0],
        user_agent=(request.value("User-Agent") or "") if request else "",
        handshake=connection.handshake,
        ending=ending,
        http_text=next((one.detail for one in connection.violations if one.rule == "http-inside-stream"), ""),
        started_ns=request.time_ns if request and connection.attempt else connection.started_ns,
        opened_ns=connection.opened_ns,
        last_ns=connection.last_ns,
        seen_until_ns=until_ns,
        end=end,
        idle=idle,
        idle_client=idle_client,
        idle_server=idle_server,
        rtt=rtt,
        client_side=_side(connection, Side.CLIENT, marks),
        server_side=_side(connection, Side.SERVER, marks),
        resets=_resets(connection, marks),
        silences=tuple(Silence(s.end_ns, s.length_ns / 1e9) for s in dialogue.silences.latest) if dialogue else (),
        gap_at_end=_gap_at_end(ending),
    )


def _direction(connection: Connection, side: Side) -> int:
    return connection.client_direction if side is Side.CLIENT else 1 - connection.client_direction


def _side(connection: Connection, side: Side, marks: Marks) -> SideFacts:
    direction = _direction(connection, side)
    last_packet_ns, run = marks.last_ns(direction), marks.run(direction)
    if connection.dialogue is None:
        return SideFacts(side, last_packet_ns=last_packet_ns, run=run)
    half = connection.dialogue.half(side)
    pings = half.rhythm.pings
    return SideFacts(
        side,
        half.last_payload_ns,
        last_packet_ns,
        half.parting,
        _ping_period(connection, pings) / 1e9,
        _beats(half),
        run,
    )


def _ping_period(connection: Connection, pings: Cadence | None) -> int:
    """Nanoseconds between Pings, or from the opening to the only one."""
    if pings is None:
        return 0
    return pings.period_ns or pings.first_ns - (connection.opened_ns or pings.first_ns)


def _beats(half: Half) -> tuple[Beat, ...]:
    beats = []
    pings = half.rhythm.pings
    if pings is not None and pings.is_steady:
        beats.append(Beat(True, pings.period_ns / 1e9, pings.count - 1, pings.last_ns))
    for shape, cadence in half.rhythm.heartbeats.items():
        if cadence.is_steady:
            text = shape.decode("utf-8", "replace")
            beats.append(Beat(False, cadence.period_ns / 1e9, cadence.count - 1, cadence.last_ns, text))
    return tuple(beats)


def _rtt(marks: Marks) -> float:
    """From the SYN to the SYN/ACK and from there to the ACK: wherever the capture was made, that is all the way."""
    syn_ns, answer_ns, ack_ns = marks.handshake_ns
    if not 0 < syn_ns <= answer_ns:
        return 0.0
    return (max(answer_ns, ack_ns) - syn_ns) / 1e9


def _resets(connection: Connection, marks: Marks) -> tuple[Reset, ...]:
    resets = []
    for mark in marks.resets:
        side = connection.side_of(mark.direction)
        resets.append(Reset(side, mark, marks.last_ns(mark.direction), marks.outlived(mark.mark.time_ns)))
    return tuple(resets)


def _end(ending: Ending) -> End | None:
    found = [_tcp_end(end) for end in ending.tcp]
    for side in (ending.client, ending.server):
        if side.close is not None:
            # It lies before the FIN in the stream, even if it was lost, and its repetition was captured behind the FIN.
            marks = [(side.close.packet, side.close.time_ns)]
            marks += [(end.packet, end.time_ns) for end in found if end.by is side.side and end.kind is EndKind.FIN]
            found.append(End(EndKind.CLOSE, side.side, *min(marks), side.close.code))
    # A Close and a FIN can come in one packet: then the Close is the first.
    return min(found, key=lambda end: (end.packet, end.kind is not EndKind.CLOSE), default=None)


def _tcp_end(end: TcpEnd) -> End:
    return End(EndKind.FIN if end.kind is TcpEndKind.FIN else EndKind.RST, end.by, end.packet, end.time_ns)


def _idle(connection: Connection, end: End | None, rtt: float) -> tuple[float | None, float | None, float | None]:
    """Seconds without payload before the end: of either side, of the client, of the server."""
    dialogue, opened_ns = connection.dialogue, connection.opened_ns
    if dialogue is None or opened_ns is None:
        return None, None, None
    end_ns = end.time_ns if end else connection.last_ns
    crossing_ns = end_ns - int(max(2 * rtt, CROSSING) * 1e9)
    last_ns = max(opened_ns, dialogue.client.last_payload_ns, dialogue.server.last_payload_ns)
    since_ns = last_ns
    if last_ns > crossing_ns:
        since_ns = _silence_since(dialogue, crossing_ns, end_ns)
    idle = (end_ns - since_ns) / 1e9
    sides = []
    for half in (dialogue.client, dialogue.server):
        mine_ns = max(opened_ns, half.last_payload_ns)
        sides.append(max(idle, (end_ns - mine_ns) / 1e9) if mine_ns <= end_ns else idle)
    return idle, sides[0], sides[1]


def _silence_since(dialogue: Dialogue, crossing_ns: int, end_ns: int) -> int:
    """Beginning of the silence that lasted until the end, or until what crossed it; the end if there was none."""
    for silence in dialogue.silences.latest:
        if silence.end_ns >= crossing_ns and silence.end_ns - silence.length_ns < end_ns:
            return min(silence.end_ns - silence.length_ns, end_ns)
    return end_ns


def _gap_at_end(ending: Ending) -> bool:
    return any(
        side.may_have_missed_frames or side.last_gap_packet > side.last_packet
        for side in (ending.client, ending.server)
    )


def _address(packed: bytes) -> str:
    return str(ipaddress.ip_address(packed))
