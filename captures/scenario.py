"""What a capture is: a file name, what it shows, the script that builds it, and what an inspector has to say about it.

The expectations are written from RFC 6455, RFC 7692 and the rule catalogue, never copied from a program's output.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Literal

from captures.encoder.conversation import Trace
from captures.encoder.files import pcap
from captures.encoder.packets import ETHERNET, Link
from captures.encoder.websocket import WebSocket

Side = Literal["client", "server"]
State = Literal["connecting", "open", "closing", "closed", "failed"]


class Unsaid(Enum):
    """Stands for what no standard decides, or what the capture cannot show: not compared."""

    ANY = "any"


ANY: Final = Unsaid.ANY

DEFAULT_URL = "ws://ws.example.com/chat"


@dataclass(frozen=True)
class Fired:
    """One violation that must be reported.

    `frame` is none where no frame is at fault: in handshakes, for an answer that never came, for bytes that are no
    frame. `severity` is given only where the rule's row names a case that deviates.
    """

    rule: str
    by: Side | None
    frame: int | None = None
    severity: str | None = None
    count: int = 1


@dataclass(frozen=True)
class Close:
    """A Close frame as sent; `code` is None for a Close without a (whole) code."""

    code: int | None
    reason: str | Unsaid = ""


@dataclass(frozen=True)
class Event:
    """What the program at one end is told."""

    code: int
    clean: bool | Unsaid
    reason: str = ""


ABNORMAL = Event(1006, False)


@dataclass(frozen=True)
class Expected:
    """One connection of the report. By default: opened, still open at the end, nothing wrong."""

    state: State | Unsaid = "open"
    violations: tuple[Fired, ...] = ()
    status: int | Unsaid | None = 101
    url: str | Unsaid | None = DEFAULT_URL
    subprotocol: str | None = None
    extensions: tuple[str, ...] | Unsaid = ()
    joined_midstream: bool = False
    initiator: Side | Unsaid | None = None
    client_close: Close | Unsaid | None = None
    server_close: Close | Unsaid | None = None
    tcp: tuple[str, Side] | Unsaid | None = None
    client_event: Event | Unsaid | None = None
    server_event: Event | Unsaid | None = None
    gaps: tuple[int, int] | Unsaid = (0, 0)
    """Bytes that were never captured, of the client and of the server."""
    messages: tuple[int, int] | Unsaid = ANY
    payload: tuple[int, int] | Unsaid = ANY
    pings: tuple[int, int] | Unsaid = ANY
    """Pings sent and answered, both directions together."""
    frames: Mapping[Side, Mapping[str, int]] | Unsaid | None = None
    """Frames of each kind; None: those that the script encoded."""
    shows: str = ""
    """What this connection is about, in captures of many."""
    also: frozenset[str] = frozenset()
    """Rules beyond tier 1, errors and warnings, that may be reported too; of notes only those are compared that are
    named here or in the name of the file."""

    def firing(self, *violations: Fired) -> "Expected":
        return replace(self, violations=violations)

    def allowing(self, *rules: str) -> "Expected":
        """With rules beyond tier 1 that follow from what is shown."""
        return replace(self, also=self.also | set(rules))

    def having(self, **changes: object) -> "Expected":
        """The same with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


def other(side: Side) -> Side:
    return "server" if side == "client" else "client"


def by_side(side: Side, own: object, others: object, suffix: str) -> dict[str, object]:
    """Keyword arguments for a pair of fields, given from the point of view of `side`."""
    return {f"{side}_{suffix}": own, f"{other(side)}_{suffix}": others}


def closed(by: Side, code: int | None = 1000, reason: str = "", *, reply: int | None = None) -> Expected:
    """A closing handshake begun by `by` and answered with the same code (or `reply`), then FIN of the server.

    RFC 6455 §7.1.5: each end reports the code it received; without one, 1005.
    """
    answer = code if reply is None else reply
    return Expected(state="closed", initiator=by, tcp=("fin", "server")).having(
        **by_side(by, Close(code, reason), Close(answer), "close"),
        **by_side(other(by), Event(code or 1005, True, reason), Event(answer or 1005, True), "event"),
    )


def failing(by: Side, code: int, reason: str = "", *, broken: Close | None = None) -> Expected:
    """`by` fails the connection (§7.1.7) with a Close of this code, which the other end answers.

    The failing end reports 1006 (close-codes.md §2, row 3). `broken`: the Close of the other end that was the fault.
    """
    expected = closed(by, code, reason).having(**{f"{by}_event": ABNORMAL})
    if broken is None:
        return expected
    return expected.having(initiator=other(by), **{f"{other(by)}_close": broken})


def abnormal(by: Side, kind: str = "fin") -> Expected:
    """TCP ended by `by` without a Close of either side."""
    ended = Expected(state="closed", tcp=(kind, by), client_event=ABNORMAL, server_event=ABNORMAL)
    return ended.allowing("closed-without-close-frame")


def refused(status: int | None, *, by: Side = "server") -> Expected:
    """A handshake that was not answered by a 101. What a program is told then is no close code: left open here."""
    return Expected(state="failed", status=status, tcp=("fin", by), client_event=ANY, server_event=ANY)


def rejected_by_client() -> Expected:
    """A 101 that the client cannot accept: it ends TCP without having sent a frame."""
    return refused(101, by="client")


def classic(trace: Trace) -> bytes:
    """The file format of all captures that are not about file formats."""
    return pcap(trace.in_order())


@dataclass(frozen=True)
class Scenario:
    """One capture file."""

    path: str
    shows: str
    script: Callable[[Trace], None]
    expected: tuple[Expected, ...]
    write: Callable[[Trace], bytes] = classic
    link: Link = ETHERNET
    damaged: bool = False
    """Whether the file itself is broken, so that the report has to name a problem of the capture."""

    def trace(self) -> Trace:
        """The packets, and what was sent in them; the same ones each time."""
        trace = Trace(self.path, self.link)
        self.script(trace)
        return trace

    def encode(self) -> bytes:
        """The file's content."""
        return self.write(self.trace())


class Chapter:
    """The scenarios of one subject, in the order in which they were written; `folder` is empty or ends with a slash."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.scenarios: list[Scenario] = []

    def capture(
        self,
        name: str,
        shows: str,
        *expected: Expected,
        write: Callable[[Trace], bytes] = classic,
        link: Link = ETHERNET,
        suffix: str = ".pcap",
        damaged: bool = False,
    ) -> Callable[[Callable[[Trace], None]], Callable[[Trace], None]]:
        """Register the script below as a capture of any content."""

        def register(script: Callable[[Trace], None]) -> Callable[[Trace], None]:
            path = f"{self.folder}{name}{suffix}"
            self.scenarios.append(Scenario(path, shows, script, expected, write, link, damaged))
            return script

        return register

    def connection(
        self, name: str, shows: str, *expected: Expected, link: Link = ETHERNET
    ) -> Callable[[Callable[[WebSocket], None]], Callable[[WebSocket], None]]:
        """Register the script below as a capture of one WebSocket."""

        def register(script: Callable[[WebSocket], None]) -> Callable[[WebSocket], None]:
            self.capture(name, shows, *expected, link=link)(lambda trace: script(WebSocket(trace)))
            return script

        return register
