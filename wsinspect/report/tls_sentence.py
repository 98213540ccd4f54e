"""The close story of a connection of which TLS shows all that is known."""

from typing import Final

from wsinspect.connection import Connection
from wsinspect.report.text import duration
from wsinspect.tls.alerts import Alert
from wsinspect.tls.facts import TlsFacts
from wsinspect.websocket.closing import Ending, TcpEnd, TcpEndKind
from wsinspect.websocket.side import Side
from wsinspect.websocket.verdict import ABNORMAL, close_event

LONG: Final = 600
"""Seconds of silence from which on they are told in minutes or hours."""


def tls_summary(connection: Connection, ending: Ending, tls: TlsFacts) -> str:
    """Why the handshake of TLS failed, or how a connection ended that cannot be decrypted."""
    if ending.failed:
        return _failed(connection, ending, tls)
    text = "Encrypted, probably a WebSocket" if tls.likely else "Encrypted"
    text += f" ({tls.locked})" if tls.locked else ""
    if not ending.tcp:
        return f"{text}: {'still open' if tls.established else 'TLS not established'} when the capture ended."
    first = ending.tcp[0]
    idle = (first.time_ns - min(tls.last_ns, first.time_ns)) / 1e9
    # Timers are set in seconds and recognised by them: 60.0 s, not 1 min 0 s.
    length = f"{idle:.1f} s" if idle < LONG else duration(idle)
    gone = f", {length} after the last record" if idle >= 1 else ""
    return f"{text}: {_tcp_ended(first)}{gone}; {_close_notify(connection, tls)}."


def _failed(connection: Connection, ending: Ending, tls: TlsFacts) -> str:
    alert = tls.failure
    if alert is not None:
        return f"The TLS handshake failed: {_alert_sent(connection, alert)}; {_told(ending)}."
    likely = [direction for direction in (0, 1) if tls.likely_alert[direction]]
    hint = ""
    if likely:
        hint = f" The {connection.side_of(likely[0])}'s last record has the size of an alert, which is encrypted."
    return f"The TLS handshake was not completed: {_tcp_ended(ending.tcp[0])}; {_told(ending)}.{hint}"


def tls_failed_behind_request(connection: Connection, ending: Ending) -> str:
    """An alert was the answer to the request: so the server of TLS 1.3 refuses what the client sent with it."""
    alerts = connection.tls.alerts if connection.tls is not None else []
    alert = next(alert for alert in alerts if alert.is_failure)
    return f"The handshake was never answered, TLS failed: {_alert_sent(connection, alert)}; {_told(ending)}."


def _alert_sent(connection: Connection, alert: Alert) -> str:
    meaning = f" ({alert.meaning})" if alert.meaning else ""
    return f"the {connection.side_of(alert.direction)} sent {alert.name}{meaning}"


def _told(ending: Ending) -> str:
    """What the client's program is told; where nothing names it, a browser is meant."""
    event = close_event(ending, Side.CLIENT)
    code = event.code if event is not None else ABNORMAL
    if code != ABNORMAL:
        return f"the client's program is told {code} (TLS handshake)"
    return f"the client's program is told {ABNORMAL}, for which 1015 (TLS handshake) stands in some libraries"


def _close_notify(connection: Connection, tls: TlsFacts) -> str:
    """Who said goodbye to TLS: what is encrypted shows by type (TLS 1.2) or size (TLS 1.3) alone."""
    said = [connection.side_of(direction) for direction in (0, 1) if tls.close_notify[direction]]
    seems = [connection.side_of(d) for d in (0, 1) if tls.likely_alert[d] and not tls.close_notify[d]]
    if said:
        return f"close_notify from {' and '.join(said)}"
    if seems:
        return f"an alert before it, probably close_notify, from {' and '.join(seems)}"
    return "no close_notify"


def _tcp_ended(end: TcpEnd) -> str:
    return f"{end.by} {'ended TCP (FIN)' if end.kind is TcpEndKind.FIN else 'reset TCP (RST)'}"
