"""The heads of the opening handshake: a good request and a good response, and ways to spoil them."""

import base64
import hashlib
from dataclasses import dataclass, replace

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

HOST = "ws.example.com"
KEY = "Sec-WebSocket-Key"
VERSION = "Sec-WebSocket-Version"
ACCEPT = "Sec-WebSocket-Accept"
PROTOCOL = "Sec-WebSocket-Protocol"
EXTENSIONS = "Sec-WebSocket-Extensions"

REASONS = {
    100: "Continue",
    101: "Switching Protocols",
    103: "Early Hints",
    200: "OK",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    426: "Upgrade Required",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


@dataclass(frozen=True)
class Head:
    """A start line and field lines; every change gives a new head."""

    start: str
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def without(self, *names: str) -> "Head":
        gone = {name.lower() for name in names}
        return replace(self, fields=tuple(field for field in self.fields if field[0].lower() not in gone))

    def plus(self, name: str, value: str) -> "Head":
        """One more field line at the end."""
        return replace(self, fields=(*self.fields, (name, value)))

    def having(self, name: str, value: str, *, spelt: str | None = None) -> "Head":
        """The field's value replaced where it stands, or added; `spelt` changes the letters of its name."""
        line = (spelt or name, value)
        if self.get(name) is None:
            return self.plus(*line)
        return replace(self, fields=tuple(line if old[0].lower() == name.lower() else old for old in self.fields))

    def starting(self, start: str) -> "Head":
        return replace(self, start=start)

    def carrying(self, body: bytes) -> "Head":
        """With a body and its Content-Length."""
        return replace(self.having("Content-Length", str(len(body))), body=body)

    def get(self, name: str) -> str | None:
        return next((value for field, value in self.fields if field.lower() == name.lower()), None)

    def encode(self) -> bytes:
        """Values are written as Latin-1, so that any byte can be put into one."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.fields), "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


def request(target: str = "/chat", *, key: str, host: str = HOST) -> Head:
    """The least that RFC 6455 §4.1 demands of a client that is no browser."""
    return Head(
        f"GET {target} HTTP/1.1",
        (("Host", host), ("Upgrade", "websocket"), ("Connection", "Upgrade"), (KEY, key), (VERSION, "13")),
    )


def accept(key: str) -> str:
    """RFC 6455 §4.2.2: the key is hashed as text, whatever bytes it stands for."""
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def switching(key: str) -> Head:
    """The 101 of RFC 6455 §4.2.2."""
    return Head(
        f"HTTP/1.1 101 {REASONS[101]}", (("Upgrade", "websocket"), ("Connection", "Upgrade"), (ACCEPT, accept(key)))
    )


def refusal(status: int, body: bytes = b"") -> Head:
    """An answer that ends the attempt and the TCP connection; with 400 and 426 it says which version is spoken."""
    head = Head(f"HTTP/1.1 {status} {REASONS[status]}", (("Connection", "close"),))
    if status in (400, 426):
        head = head.plus(VERSION, "13")
    return head.carrying(body)


def ok(body: bytes) -> Head:
    """An ordinary answer that keeps the connection."""
    return Head("HTTP/1.1 200 OK", (("Content-Type", "text/plain"),)).carrying(body)
