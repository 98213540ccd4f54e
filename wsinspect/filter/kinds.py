"""What kinds of values fields have, and how each is written in a filter."""

import ipaddress
import re
from datetime import datetime
from enum import Enum
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final, NamedTuple


class Kind(Enum):
    """The kind of a field's values: what it is called, which comparisons it knows, how a value is written."""

    BOOLEAN = ("yes or no", ("==", "!="), "true or false")
    NUMBER = ("number", ("==", "!=", "<", "<=", ">", ">=", "in"), "a number")
    DURATION = ("duration", ("==", "!=", "<", "<=", ">", ">=", "in"), "a duration such as 250ms, 60s, 8m12s or 2h")
    TIME = ("time", ("==", "!=", "<", "<=", ">", ">=", "in"),
            'a time such as "2026-11-23 14:03:22", 14:03, or seconds since 1970')  # fmt: skip
    TEXT = ("text", ("==", "!=", "<", "<=", ">", ">=", "in", "contains", "matches"), "a text")
    WORD = ("word", ("==", "!=", "<", "<=", ">", ">=", "in", "contains", "matches"), "one of a few words")
    ADDRESS = ("address", ("==", "!=", "<", "<=", ">", ">=", "in"),
               "an address or a network, such as 10.0.0.7, 10.0.0.0/8 or 2001:db8::1")  # fmt: skip

    def __init__(self, title: str, comparisons: tuple[str, ...], wanted: str) -> None:
        self.title = title
        self.comparisons = comparisons
        self.wanted = wanted


class Clock(NamedTuple):
    """A time of day in local time, in seconds since midnight: what the screens show of a time."""

    seconds: float


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Literal = str | int | float | bool | Clock | Network
"""What fields are compared with."""

_UNITS: Final = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_PART: Final = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)(us|µs|ms|min|s|m|h|d)")
_DURATION: Final = re.compile(r"(-?)((?:\d{1,12}(?:\.\d{1,12})?(?:us|µs|ms|min|s|m|h|d))+)")
_NUMBER: Final = re.compile(r"-?(?:0[xX][0-9a-fA-F]{1,16}|\d{1,20}(?:\.\d{1,20})?)")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,9})?))?")
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read(kind: Kind, text: str) -> Literal | None:
    """The value of that kind that `text` names; None if it names none. A WORD is any: the field knows its words."""
    match kind:
        case Kind.BOOLEAN:
            return _TRUTH.get(text.lower())
        case Kind.NUMBER:
            return _number(text)
        case Kind.DURATION:
            return _duration(text)
        case Kind.TIME:
            return _time(text)
        case Kind.TEXT:
            return text
        case Kind.WORD:
            return text.lower()
        case Kind.ADDRESS:
            try:
                return ipaddress.ip_network(text, strict=False)
            except ValueError:
                return None


def write(value: Literal) -> str:
    """The opposite of `read`: a text that names `value`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Clock):
        hours, rest = divmod(value.seconds, 3600)
        return f"{hours:02.0f}:{rest // 60:02.0f}:{rest % 60:012.9f}".rstrip("0").rstrip(".")
    if isinstance(value, float):
        return f"{value:.9f}".rstrip("0").rstrip(".")
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network) and value.num_addresses == 1:
        return str(value.network_address)
    return str(value)


def clock_of(seconds: float) -> float | None:
    """The local time of day, in seconds since midnight, of a time since 1970; None for a broken clock's."""
    try:
        moment = datetime.fromtimestamp(seconds)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6


def address_key(text: str) -> bytes:
    """What orders addresses as the report writes them: IPv4 before IPv6. Several times as fast as `ip_address`."""
    return b"\6" + inet_pton(AF_INET6, text) if ":" in text else b"\4" + inet_pton(AF_INET, text)


def bounds(network: Network) -> tuple[bytes, bytes]:
    """The keys of its first and its last address."""
    version = bytes((network.version,))
    return version + network.network_address.packed, version + network.broadcast_address.packed


def _number(text: str) -> int | float | None:
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text, 0) if "x" in text.lower() else int(text)


def _duration(text: str) -> float | None:
    number = _number(text)
    if number is not None:
        return float(number)
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    seconds = sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(match[2]))
    return -seconds if match[1] else seconds


def _time(text: str) -> float | Clock | None:
    if (clock := _CLOCK.fullmatch(text)) is not None:
        return Clock(int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3] or 0))
    number = _number(text)
    if number is not None:
        return float(number)
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
