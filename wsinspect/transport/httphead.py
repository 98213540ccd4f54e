"""HTTP/1.x message heads as facts: what was on the wire, however wrong (RFC 9112 §2, §3, §4, §5).

An endpoint library refuses a broken head; an inspector has to show it. So nothing here validates.
"""

from dataclasses import dataclass
from functools import lru_cache
from sys import intern

Fields = tuple[tuple[str, str], ...]
"""Header field lines in wire order: name as sent, value with outer white space removed and folds joined (latin-1)."""


@dataclass(frozen=True, slots=True)
class Head:
    """What request and response heads have in common."""

    version: str
    """As sent, e.g. `HTTP/1.1`; empty when the start line has none (HTTP/0.9 style)."""
    fields: Fields
    packet: int
    """Packet that holds the first byte of the head."""
    last_packet: int
    """Packet that holds the last byte of the head (the empty line)."""
    time_ns: int
    """Time of `packet`."""
    end_time_ns: int
    """Time of `last_packet`."""

    def values(self, name: str) -> list[str]:
        """Every value of the field lines called `name` (case does not matter), in wire order."""
        return list(_values(self.fields, name))

    def value(self, name: str) -> str | None:
        """The field's lines joined with commas as RFC 9110 §5.3 says; None if there is no such line."""
        values = self.values(name)
        return ", ".join(values) if values else None

    def tokens(self, name: str) -> list[str]:
        """The members of a comma list over all lines of `name`, empty members left out, case as sent."""
        return _tokens(self.fields, name)

    def has_token(self, name: str, token: str) -> bool:
        """Whether the comma list `name` contains `token`, case ignored."""
        return _has_token(self.fields, name, token)


@dataclass(frozen=True, slots=True)
class RequestHead(Head):
    """A request line and its fields (RFC 9112 §3)."""

    method: str
    target: str
    """The request target exactly as sent: origin-form, absolute-form or authority-form."""


@dataclass(frozen=True, slots=True)
class ResponseHead(Head):
    """A status line and its fields (RFC 9112 §4)."""

    status: int
    reason: str


def parse_request(head: bytes, packet: int, last_packet: int, time_ns: int, end_time_ns: int) -> RequestHead | None:
    """The request in `head` (everything up to the empty line); None if the first line is no request line."""
    lines = _unfolded_lines(head)
    parts = lines[0].split()
    if len(parts) < 2 or not is_token(parts[0]):
        return None
    version = parts[-1] if len(parts) > 2 and parts[-1].upper().startswith("HTTP/") else ""
    target = " ".join(parts[1:-1] if version else parts[1:])
    return RequestHead(version, _fields(lines[1:]), packet, last_packet, time_ns, end_time_ns, parts[0], target)


def parse_response(head: bytes, packet: int, last_packet: int, time_ns: int, end_time_ns: int) -> ResponseHead | None:
    """The response in `head` (everything up to the empty line); None if the first line is no status line."""
    lines = _unfolded_lines(head)
    version, _, rest = lines[0].partition(" ")
    status, _, reason = rest.strip().partition(" ")
    if not version.startswith("HTTP/") or len(status) != 3 or not (status.isascii() and status.isdigit()):
        return None
    fields = _fields(lines[1:])
    return ResponseHead(version, fields, packet, last_packet, time_ns, end_time_ns, int(status), reason.strip())


# Dozens of rules ask each pair of heads the same questions, all within one handshake: a small memory answers them.
_ANSWERS = 128


@lru_cache(_ANSWERS)
def _values(fields: Fields, name: str) -> tuple[str, ...]:
    wanted = name.lower()
    return tuple(value for field, value in fields if field.lower() == wanted)


def _tokens(fields: Fields, name: str) -> list[str]:
    return [token for value in _values(fields, name) for part in value.split(",") if (token := part.strip())]


@lru_cache(_ANSWERS)
def _has_token(fields: Fields, name: str, token: str) -> bool:
    return token.lower() in (member.lower() for member in _tokens(fields, name))


def is_token(text: str) -> bool:
    """Whether `text` is a token of RFC 9110 §5.6.2: one or more visible ASCII characters, none a separator."""
    return bool(text) and all("!" <= character <= "~" and character not in _SEPARATORS for character in text)


_SEPARATORS = frozenset('()<>@,;:\\"/[]?={}')


def _unfolded_lines(head: bytes) -> list[str]:
    """The head's lines, continuation lines (obs-fold, RFC 9112 §5.2) joined to the one before by a space."""
    lines: list[str] = []
    for raw in head.decode("latin-1").split("\n"):
        line = raw.removesuffix("\r")
        if lines and len(lines) > 1 and line[:1] in (" ", "\t") and line.strip(" \t"):
            lines[-1] += " " + line.strip(" \t")
        elif line or not lines:
            lines.append(line)
    return lines


def _fields(lines: list[str]) -> Fields:
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            # Thousands of heads say the same in most of their lines.
            fields.append((intern(name.rstrip(" \t")), intern(value.strip(" \t"))))
    return tuple(fields)
