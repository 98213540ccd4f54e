"""What is known of a TLS connection, decrypted or not."""

from dataclasses import dataclass, field
from typing import Final

from wsinspect.tls.alerts import CLOSE_NOTIFY, Alert
from wsinspect.tls.handshake import TLS_1_3, VERSION_NAMES, ClientHello, ServerHello
from wsinspect.tls.likely import Shape
from wsinspect.tls.suites import suite_name

MAX_ALERTS: Final = 16
"""Alerts of a connection that are kept; the first by which a side gives up is kept beyond."""


@dataclass(slots=True)
class TlsFacts:
    """Grows while the connection goes on."""

    client_hello: ClientHello | None = None
    """The first one."""
    client_randoms: list[bytes] = field(default_factory=list)
    """Of every ClientHello, renegotiations included: by them a key log names the secrets."""
    server_hello: ServerHello | None = None
    client_direction: int = 0
    suite_found: int = 0
    """Number of the cipher suite of TLS 1.3 that opens the records, where no ServerHello was captured; else 0."""
    alpn: str | None = None
    """The application protocol that the server chose, if that could be read."""
    alpn_seen: bool = False
    """Whether it could be: what the server says about it was captured."""
    decrypted: bool = False
    """Whether the records can be read."""
    locked: str = ""
    """Why they cannot; empty while they can, or while that is not known yet."""
    likely: bool = False
    """Not decrypted: whether it is probably a WebSocket."""
    user_agent: str = ""
    """Not decrypted: the program that opened WebSockets with such a ClientHello before, if that is known."""
    established: bool = False
    """Whether the handshake was completed, as far as the records show."""
    early_data: int = 0
    """Bytes of 0-RTT data that could not be decrypted, as they are on the wire."""
    alerts: list[Alert] = field(default_factory=list)
    """Those that could be read: the first ones, and the first by which a side gives up."""
    close_notify: list[int] = field(default_factory=lambda: [0, 0])
    """For each direction the packet of its close_notify; 0 without one that could be read."""
    shape: Shape = field(default_factory=Shape)
    """Not decrypted: what the sizes of its records look like."""
    last_ns: int = 0
    """Time of the last record."""
    likely_alert: list[int] = field(default_factory=lambda: [0, 0])
    """Not decrypted: packet of the direction's last record if that has the type or the size of an alert; else 0."""

    @property
    def version(self) -> str:
        """`TLS 1.3` …; empty before the ServerHello."""
        if self.server_hello is None:
            return VERSION_NAMES[TLS_1_3] if self.suite_found else ""
        number = self.server_hello.version
        return VERSION_NAMES.get(number, f"version 0x{number:04X}")

    @property
    def suite(self) -> str:
        """Name of the cipher suite; empty before the ServerHello."""
        number = self.server_hello.suite if self.server_hello else self.suite_found
        return suite_name(number) if number else ""

    @property
    def server_name(self) -> str | None:
        """SNI."""
        return self.client_hello.server_name if self.client_hello else None

    @property
    def failure(self) -> Alert | None:
        """The alert that ended the handshake."""
        return next((a for a in self.alerts if a.is_failure), None) if not self.established else None

    def add_alert(self, alert: Alert) -> None:
        """An alert that could be read."""
        if len(self.alerts) < MAX_ALERTS or (alert.is_failure and not any(one.is_failure for one in self.alerts)):
            self.alerts.append(alert)
        if alert.description == CLOSE_NOTIFY and not self.close_notify[alert.direction]:
            self.close_notify[alert.direction] = alert.packet
