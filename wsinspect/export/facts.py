"""The facts about a connection in words, for people: the same in Markdown and on a page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from wsinspect.report import model
from wsinspect.report.text import duration, ping_sentence, sides, size

MAX_TEXT: Final = 2000
"""Characters of a URL or reason that are shown; JSON and HAR hold them whole."""


class Fact(NamedTuple):
    """A line of a table."""

    name: str
    value: str
    sent: bool
    """Whether the value was sent by a stranger: shown as what it is, never as words of ours."""


def facts(connection: model.Connection) -> Iterator[Fact]:
    """What is known, the most important first."""
    yield Fact("URL", connection.url or "not captured", connection.url is not None)
    yield Fact("client", endpoint(connection.client), False)
    yield Fact("server", endpoint(connection.server), False)
    yield Fact("state", connection.state + (", joined midstream" if connection.joined_midstream else ""), False)
    yield Fact("began", utc(connection.started), False)
    if connection.opened is not None and connection.ended is not None:
        yield Fact("open for", duration(connection.ended - connection.opened), False)
    if connection.handshake is not None and connection.handshake.status is not None:
        took = connection.handshake.seconds
        after = f" after {duration(took)}" if took is not None else ""
        yield Fact("handshake", f"HTTP {connection.handshake.status}{after}", False)
    if connection.subprotocol is not None:
        yield Fact("subprotocol", connection.subprotocol, True)
    for extension in connection.extensions:
        yield Fact("extension", extension, True)
    if connection.state not in ("connecting", "failed"):
        messages, payload = connection.messages, connection.payload_bytes
        yield Fact("messages", f"client {messages.client:,}, server {messages.server:,}", False)
        yield Fact("payload", f"client {size(payload.client)}, server {size(payload.server)}", False)
    ping = connection.ping
    if ping.sent or sides(ping.unsolicited):
        yield Fact("pings", ping_sentence(ping).removeprefix("pings: "), False)
    missing = connection.gaps.client + connection.gaps.server
    if missing:
        yield Fact("not captured", size(missing), False)
    yield Fact("tcp.stream", str(connection.tcp_stream), False)


def close_story(connection: model.Connection) -> Iterator[Fact]:
    """How it ended, step by step, and what both programs were told."""
    close = connection.close
    frames = [
        (side, frame) for side, frame in (("client", close.client_frame), ("server", close.server_frame)) if frame
    ]
    for side, frame in sorted(frames, key=lambda pair: pair[1].packet):
        yield Fact(f"Close of the {side}", f"packet {frame.packet}, {utc(frame.time)}", False)
        yield Fact("its code", frame.shown, frame.codebook is not None)
        if frame.reason:
            yield Fact("its reason", frame.reason, True)
    if close.message is not None:
        yield Fact("said in a message", f'c[{close.message.code},"{close.message.reason}"] (SockJS message)', True)
        yield Fact("its code", close.message.shown, True)
    if close.tcp is not None:
        kind, by = close.tcp.kind.upper(), close.tcp.by
        yield Fact("end of TCP", f"{kind} by the {by}, packet {close.tcp.packet}, {utc(close.tcp.time)}", False)
    for side, event in (
        ("client", close.event.client if close.event else None),
        ("server", close.event.server if close.event else None),
    ):
        if event is not None:
            clean = "clean" if event.was_clean else "not clean"
            yield Fact(f"told to the {side}'s program", f"{event.code}, {clean}: {event.why}", False)


def where(violation: model.Violation) -> str:
    """Who broke the rule, where it stands, where it happened first and how often."""
    parts = [f"by the {violation.by}" if violation.by else "", violation.section]
    if violation.packet is not None:
        parts.append(f"packet {violation.packet}")
    if violation.count > 1:
        parts.append(f"{violation.count:,} times")
    return ", ".join(part for part in parts if part)


def endpoint(end: model.Endpoint) -> str:
    """`192.0.2.1:80`, `[2001:db8::1]:80`."""
    return f"[{end.address}]:{end.port}" if ":" in end.address else f"{end.address}:{end.port}"


def utc(seconds: float) -> str:
    """A time for readers in any zone; bare seconds where no calendar has them."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00") + " UTC"
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.3f} s"


def cut(text: str) -> str:
    """`text`, or its beginning and how long it was."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text):,} characters)"
