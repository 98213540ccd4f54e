"""Rules of opening handshakes that came to nothing (RFC 6455 §4.1): no answer, or frames all the same."""

from typing import NamedTuple

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.wording import counted
from wsinspect.websocket.closing import TcpEnd
from wsinspect.websocket.frames import opcode_name


class Unanswered(NamedTuple):
    """A request without a byte of a response."""

    end: TcpEnd | None
    """The first FIN or RST behind it."""
    waited_ns: int
    packet: int


class StrayFrame(NamedTuple):
    """Bytes behind a response other than 101 that are a whole frame by their shape."""

    opcode: int
    length: int
    status: int


@rule(
    "handshake-not-answered",
    Severity.WARNING,
    "RFC 6455 §4.1",
    by=By.SERVER,
    tier=2,
    needs={Need.REQUEST, Need.END},
    means="The client asked for a WebSocket and not a byte came back. Its program is told 1006, or that the opening "
    "handshake timed out.",
    look_at="Whether the server's TCP acknowledged the request: if so its program is stuck or overloaded, or a proxy "
    "waits for its upstream. If not, the packet is lost behind the capture point.",
    aka=('websockets "timed out during opening handshake"', "1006"),
    thresholds=("handshake_timeout",),
)
def handshake_not_answered(request: Unanswered, limits: Thresholds = DEFAULTS) -> Finding | None:
    waited = f"{request.waited_ns / 1e9:.3f} s"
    if request.end is not None:
        end = request.end
        return Finding(f"no byte of a response in {waited}, then {end.name} of the {end.by} (packet {end.packet})")
    if request.waited_ns < nanoseconds(limits.handshake_timeout):
        return None
    return Finding(f"no byte of a response for {waited}, up to the end of the capture")


@rule(
    "frames-after-rejected-handshake",
    Severity.WARNING,
    "RFC 6455 §4.1",
    tier=2,
    needs={Need.REQUEST, Need.RESPONSE, Need.SYNCED},
    means="The response was no 101, and yet a side sends what looks like WebSocket frames. The other side reads them "
    "as HTTP and answers 400 or hangs up. Judged by their shape.",
    look_at="Clients that do not check the status, and servers behind a proxy that answered in their place.",
)
def frames_after_rejected_handshake(stray: StrayFrame) -> Finding | None:
    size = counted(stray.length, "byte")
    return Finding(f"a {opcode_name(stray.opcode)} frame of {size} by its shape, behind a response {stray.status}")


RULES: tuple[Rule[...], ...] = (handshake_not_answered, frames_after_rejected_handshake)
