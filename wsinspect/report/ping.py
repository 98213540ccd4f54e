"""Pings and Pongs of a connection become the report's `ping`, and the sentence about them."""

import statistics
from collections.abc import Sequence

from wsinspect.connection import Connection
from wsinspect.dialogue import Dialogue
from wsinspect.report import model
from wsinspect.websocket.closing import Ending
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side


def ping_report(connection: Connection, ending: Ending) -> model.PingTimes:
    """The report's `ping`."""
    dialogue = connection.dialogue
    if dialogue is None:
        return model.PingTimes(0, 0)
    client, server, trips = dialogue.client, dialogue.server, dialogue.heartbeat.round_trips
    end_ns = ending.tcp[0].time_ns if ending.tcp else max(connection.seen_until_ns, connection.last_ns)
    return model.PingTimes(
        sent=client.counts[Opcode.PING] + server.counts[Opcode.PING],
        answered=client.pings.answered + server.pings.answered,
        rtt_min=_seconds(min(trips.rtts, default=None)),
        rtt_median=_median(trips.rtts),
        rtt_max=_seconds(max(trips.rtts, default=None)),
        network_median=_median(trips.network),
        network_max=_seconds(max(trips.network, default=None)),
        peer_median=_median(trips.peer),
        peer_max=_seconds(max(trips.peer, default=None)),
        missed=model.BySide(*(_missed(dialogue, side, end_ns) for side in (Side.CLIENT, Side.SERVER))),
        late=model.BySide(client.pongs_late, server.pongs_late),
        unsolicited=model.BySide(client.pongs_unsolicited, server.pongs_unsolicited),
    )


def _missed(dialogue: Dialogue, side: Side, end_ns: int) -> int:
    """Pings of `side` that had time to be answered and were not, as far as the other side's frames are known."""
    if not dialogue.half(side.peer).nothing_missed:
        return 0
    patience_ns = dialogue.heartbeat.slow_ns
    return sum(end_ns - ping.time_ns >= patience_ns for ping in dialogue.half(side).pings.outstanding)


def _seconds(value: float | None) -> float | None:
    return value / 1_000_000_000 if value is not None else None


def _median(values: Sequence[int]) -> float | None:
    return _seconds(statistics.median(values)) if values else None
