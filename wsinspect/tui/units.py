"""Numbers as people read them: counts, bytes, spans of time, times of day."""

from datetime import datetime

_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def count(number: int) -> str:
    """`1,204,331`."""
    return f"{number:,}"


def short_count(number: int) -> str:
    """At most five characters: `312`, `9.1k`, `120k`, `4.0M`."""
    if number < 10_000:
        return str(number)
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            value = number / factor
            return f"{value:.1f}{unit}" if value < 100 else f"{value:.0f}{unit}"
    return str(number)


def size(number: float) -> str:
    """`17 B`, `1.2 kB`, `80 MB`."""
    for factor, unit in _SIZES:
        if number >= factor:
            value = number / factor
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{number:.0f} B"


def span(seconds: float, space: str = "") -> str:
    """A duration with about three digits: `340µs`, `3.1ms`, `48.2s`, `8m12s`, `3h05m`, `2d04h`."""
    if seconds < 0:
        return "-" + span(-seconds, space)
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f}{space}µs" if seconds else f"0{space}s"
    if seconds < 0.9995:
        value = seconds * 1e3
        return f"{value:.1f}{space}ms" if value < 9.95 else f"{value:.0f}{space}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}{space}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02}h"


def signed_span(seconds: float) -> str:
    """A step in time: `+20ms`, and `-20ms` where what came earlier could be read only later."""
    return span(seconds) if seconds < 0 else "+" + span(seconds)


def stopwatch(seconds: float) -> str:
    """Time since a beginning, to the millisecond: `0.003`, `61.250`, `1:00:01.250`."""
    if seconds < 3600:
        return f"{seconds:.3f}"
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}.{milliseconds:03}"


def clock(seconds: float) -> str:
    """How long something has been going on: `00:12:31`."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole % 3600 // 60:02}:{whole % 60:02}"


def time_of_day(seconds: float, width: int = 8) -> str:
    """Local time of day, with milliseconds where `width` has room for them: `14:03:22.123`."""
    try:
        moment = datetime.fromtimestamp(seconds)
    except (OverflowError, OSError, ValueError):
        return "?"  # a broken clock in the capture
    text = moment.strftime("%H:%M:%S")
    return f"{text}.{moment.microsecond // 1000:03}" if width >= 12 else text


def address(host: str, port: int) -> str:
    """`10.0.0.7:50512`, `[2001:db8::1]:443`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def plural(number: int, noun: str) -> str:
    """`1 frame`, `1,204 frames`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
