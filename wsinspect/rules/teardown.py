"""Rules of the end of TCP under a WebSocket (RFC 6455 §5.5.1, §7.1): who ends it, how, and what is lost with it."""

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.wording import counted
from wsinspect.websocket.closing import Ending, SideEnding, TcpEnd, TcpEndKind
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.side import Side


@rule(
    "closed-without-close-frame",
    Severity.WARNING,
    "RFC 6455 §7.1.5, §10.7",
    tier=2,
    needs={Need.BOTH_SYNCED, Need.END},
    means="TCP was ended while the WebSocket was open and nobody had sent a Close. Both programs are told 1006, with "
    "no word about the reason.",
    look_at="Who ended it and how: a FIN by a server that stops or crashed, an RST by a device on the way. An idle "
    "time that is round (60 s, 350 s) points to a proxy's or balancer's timer; see the diagnosis.",
    aka=(
        "1006",
        'gorilla "close 1006 (abnormal closure): unexpected EOF"',
        'websockets "no close frame received or sent"',
    ),
    thresholds=("reaction_time",),
)
def closed_without_close_frame(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    first = ending.tcp[0] if ending.tcp else None
    if first is None or first.by is not side or ending.may_have_failed or ending.client.close or ending.server.close:
        return None
    if first.stream is not None:
        return None  # `h2-stream-ended-without-close` and `h2-stream-reset`
    if not (_complete(ending.client) and _complete(ending.server)):
        return None
    if ending.client.end_may_be_missed or ending.server.end_may_be_missed or failed_for_breach(ending, side, limits):
        return None
    kind = first.name
    parts = [f"{kind} of the {side} (packet {first.packet}) without a Close of either side"]
    for end in (ending.client, ending.server):
        if end.unacknowledged_bytes:
            parts.append(f"{counted(end.unacknowledged_bytes, 'byte')} of the {end.side} not acknowledged")
    if ending.last_payload_ns:
        parts.append(f"idle for {max(0, first.time_ns - ending.last_payload_ns) / 1e9:.3f} s")
    if ending.opened_ns:
        parts.append(f"{(first.time_ns - ending.opened_ns) / 1e9:.3f} s old")
    return _at(first, "; ".join(parts))


def failed_for_breach(ending: Ending, side: Side, limits: Thresholds) -> bool:
    """Whether `side` ended TCP so soon after the other side's broken frame that this will be why."""
    first = ending.tcp[0] if ending.tcp else None
    breach = ending.side(side.peer).first_breach
    if first is None or first.by is not side or not 0 < breach <= first.packet:
        return False
    return first.time_ns - ending.side(side.peer).last_breach_ns <= nanoseconds(limits.reaction_time)


def _complete(side: SideEnding) -> bool:
    """Whether all that a side said is known, up to the end."""
    return side.in_sync and not side.may_have_missed_frames and side.last_gap_packet <= side.last_packet


@rule(
    "server-keeps-tcp-open",
    Severity.ERROR,
    "RFC 6455 §5.5.1",
    by=By.SERVER,
    tier=2,
    needs={Need.ROLES, Need.BOTH_SYNCED, Need.END, Need.TIMING},
    means="After both Closes the server ends TCP at once. This one keeps it open, so the client waits, or gives up "
    "and drops the connection itself. Up to the timeout it is a warning.",
    look_at="The server's closing code, and a proxy before it that keeps its side of the connection open.",
    thresholds=("server_fin_slow", "server_fin_timeout"),
)
def server_keeps_tcp_open(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    later = _later_close(ending)
    if later is None or side is not Side.SERVER or ending.server.end_may_be_missed or _is_patched(ending):
        return None
    if ending.server.reset_may_be_missed:
        return None
    end = next((end for end in ending.tcp if end.by is Side.SERVER), None)
    reset = next((end for end in ending.tcp if end.kind is TcpEndKind.RST), None)
    until_ns = min(one.time_ns for one in (end, reset) if one) if end or reset else ending.now_ns
    waited = until_ns - later.time_ns
    if waited < nanoseconds(limits.server_fin_slow):
        return None
    how = f"then its {end.name} came (packet {end.packet})" if end else "and no FIN or RST of the server"
    detail = f"{waited / 1e9:.3f} s after both Closes (packet {later.packet}), {how}"
    severity = None if waited >= nanoseconds(limits.server_fin_timeout) else Severity.WARNING
    return Finding(detail, severity, Side.SERVER, (None, later.packet, later.time_ns))


@rule(
    "client-closes-tcp-first",
    Severity.WARNING,
    "RFC 6455 §5.5.1, §7.1.1",
    by=By.CLIENT,
    tier=2,
    needs={Need.ROLES, Need.BOTH_SYNCED, Need.END, Need.TIMING},
    means="After both Closes the server ends TCP first and the client waits for that. Here the client did not wait. "
    "The connection ends in order, but the client keeps the port in TIME_WAIT, and some 60 s pass until it is free.",
    look_at="Clients that open many connections and run out of ports. Most HTTP libraries close like this.",
    thresholds=("client_fin_grace",),
)
def client_closes_tcp_first(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    later = _later_close(ending)
    first = ending.tcp[0] if ending.tcp else None
    if later is None or first is None or side is not Side.CLIENT:
        return None
    if ending.server.end_may_be_missed or _is_patched(ending):
        return None
    if first.by is not Side.CLIENT or first.kind is not TcpEndKind.FIN or first.packet < later.packet:
        return None
    waited = first.time_ns - later.time_ns
    if waited >= nanoseconds(limits.client_fin_grace):
        return None
    after = f"{waited / 1e9:.3f} s after both Closes"
    return _at(first, f"FIN of the client (packet {first.packet}) {after}, and none of the server before")


@rule(
    "reset-after-close",
    Severity.WARNING,
    "RFC 6455 §7.1.1",
    tier=2,
    needs={Need.BOTH_SYNCED, Need.END},
    means="Both Closes were exchanged, and then TCP was reset instead of ended with FIN. As a rule the socket was "
    "closed while data lay in it unread; what was on its way, perhaps the Close itself, can be lost.",
    look_at="Who reset: does it read until the other side's FIN? Frames that came after the Close are the usual unread "
    "data.",
    aka=("ECONNRESET",),
)
def reset_after_close(ending: Ending, side: Side) -> Finding | None:
    later = _later_close(ending)
    reset = next((end for end in ending.tcp if end.kind is TcpEndKind.RST and end.by is side), None)
    if later is None or reset is None or reset.packet < later.packet or _is_patched(ending):
        return None
    waited = (reset.time_ns - later.time_ns) / 1e9
    return _at(reset, f"RST of the {side} (packet {reset.packet}) {waited:.3f} s after both Closes")


@rule(
    "half-open-connection",
    Severity.WARNING,
    "RFC 6455 §7.1.1",
    tier=2,
    needs={Need.SYNCED, Need.ACKS, Need.END, Need.TIMING},
    means="One side has ended its half of TCP, the other one knows it and goes on sending data. A WebSocket has no "
    "half-open state: nobody reads this data, and the sender finds out only when it is reset.",
    look_at="Why the sender does not react to the end of the stream: nobody reads on that socket, or the application "
    "is not told.",
    aka=("EPIPE",),
    thresholds=("half_open_time",),
)
def half_open_connection(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    mine, peer = ending.side(side), ending.side(side.peer)
    fin = next((end for end in ending.tcp if end.kind is TcpEndKind.FIN and end.by is side.peer), None)
    if fin is None or not peer.fin_acknowledged or not mine.in_sync or ending.may_have_failed:
        return None
    lasted = mine.last_data_ns - fin.time_ns
    if lasted <= nanoseconds(limits.half_open_time):
        return None
    after = f"{lasted / 1e9:.3f} s after the FIN of the {side.peer} (packet {fin.packet})"
    return _at(fin, f"data of the {side} until {after}")


@rule(
    "unacknowledged-data-lost",
    Severity.NOTE,
    "RFC 6455 §7.1.5",
    tier=2,
    needs={Need.ACKS, Need.END},
    means="TCP was reset while bytes were on their way that had not been acknowledged. They are lost, or at least "
    "nobody knows. If a Close was among them, the program it was for is told 1006.",
    look_at="Who reset and why: a socket closed with data unread, a process that was killed, a device on the way.",
)
def unacknowledged_data_lost(ending: Ending, side: Side) -> Finding | None:
    reset = next((end for end in ending.tcp if end.kind is TcpEndKind.RST), None)
    if reset is None or reset.by is not side or ending.may_have_failed:
        return None
    parts = []
    for end in (ending.client, ending.server):
        if end.unacknowledged_bytes and end.known_unacknowledged and not end.end_may_be_missed:
            what = f"{counted(end.unacknowledged_bytes, 'byte')} of the {end.side}"
            if end.close is not None and not end.close_acknowledged:
                what += f", its Close among them (the {end.side.peer} reports 1006)"
            parts.append(what)
    if not parts:
        return None
    return _at(reset, f"RST of the {side} (packet {reset.packet}) before this was acknowledged: {'; '.join(parts)}")


@rule(
    "missing-tls-close-notify",
    Severity.WARNING,
    "RFC 6455 §7.1.1; RFC 8446 §6.1",
    tier=2,
    needs={Need.TLS, Need.END},
    means="TLS says goodbye with a close_notify alert before TCP ends; without it nobody can tell a real end from a "
    "cut. This side's FIN came without one.",
    look_at="Programs that close the socket below TLS, and balancers that end idle connections. Many libraries do it "
    "always and no harm is done.",
    aka=("unexpected EOF", "SSL_ERROR_ZERO_RETURN", "truncation attack"),
)
def missing_tls_close_notify(ending: Ending, side: Side) -> Finding | None:
    fin = next((end for end in ending.tcp if end.by is side), None)
    if ending.handshake_unknown:
        return None
    if fin is None or fin.kind is not TcpEndKind.FIN or not ending.side(side).lacks_close_notify:
        return None
    return _at(fin, f"FIN of the {side} (packet {fin.packet}) without a close_notify before it")


def _later_close(ending: Ending) -> CloseFrame | None:
    """The second one of both Closes; None unless both are there."""
    client, server = ending.client.close, ending.server.close
    if client is None or server is None:
        return None
    return max(client, server, key=lambda close: close.packet)


def _is_patched(ending: Ending) -> bool:
    """Whether frames of a side went by unread: then it is not certain that both Closes are what they look like."""
    return any(side.may_have_missed_frames and side.gap_bytes for side in (ending.client, ending.server))


def _at(end: TcpEnd, detail: str) -> Finding:
    return Finding(detail, place=(None, end.packet, end.time_ns))


RULES: tuple[Rule[...], ...] = (
    closed_without_close_frame,
    server_keeps_tcp_open,
    client_closes_tcp_first,
    reset_after_close,
    half_open_connection,
    unacknowledged_data_lost,
    missing_tls_close_notify,
)
"""Asked about each side once the connection is over."""
OF_TCP: tuple[Rule[...], ...] = RULES[1:]
"""Those of them that make no sense where TCP goes on, under the streams of HTTP/2."""
