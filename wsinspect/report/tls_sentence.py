"""The close story of a connection of which TLS shows all that is known."""

from typing import Final

from wsinspect.connection import Connection
from wsinspect.report.text import duration
from wsinspect.tls.facts import TlsFacts
from wsinspect.websocket.closing import Ending, TcpEnd, TcpEndKind

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
    told = "a browser's page is told 1006, for which 1015 (TLS handshake) stands in some libraries"
    alert = tls.failure
    if alert is not None:
        meaning = f" ({alert.meaning})" if alert.meaning else ""
        return (
            f"The TLS handshake failed: the {connection.side_of(alert.direction)} sent {alert.name}{meaning}; {told}."
        )
    likely = [direction for direction in (0, 1) if tls.likely_alert[direction]]
    hint = ""
    if likely:
        hint = f" The {connection.side_of(likely[0])}'s last record has the size of an alert, which is encrypted."
    return f"The TLS handshake was not completed: {_tcp_ended(ending.tcp[0])}; {told}.{hint}"


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
