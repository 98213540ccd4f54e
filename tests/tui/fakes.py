"""Connections without packets, and a source of them that the test holds the reins of."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

from wsinspect.capture.follow import PULSE
from wsinspect.capture.packet import Packet
from wsinspect.diagnosis.facts import Facts
from wsinspect.filter.particulars import Particulars
from wsinspect.replay import Part
from wsinspect.report import model
from wsinspect.rules.rule import Severity
from wsinspect.timeline import FrameEntry, HeadEntry, TcpEntry, Timeline, ViolationEntry
from wsinspect.transport.httphead import RequestHead, ResponseHead
from wsinspect.websocket.frames import FrameHeader, Opcode
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.message_facts import Message
from wsinspect.websocket.roundtrips import RoundTrip
from wsinspect.websocket.side import Side

START = 1_700_000_000.0
START_NS = 1_700_000_000_000_000_000


def make_report(id: int, **changes: Any) -> model.Connection:
    """A connection that ended well, but for what `changes` says."""
    none = model.FrameCounts(0, 0, 0, 0, 0, 0, 0)
    code = changes.pop("code", 1000)
    event = model.CloseEvent(code, "", code == 1000)
    facts: dict[str, Any] = {
        "id": id,
        "tcp_stream": id - 1,
        "http2_stream": None,
        "http_version": "1.1",
        "tls": None,
        "client": model.Endpoint(f"10.0.{id // 250 % 250}.{id % 250}", 40000 + id % 20000),
        "server": model.Endpoint("192.0.2.1", 80),
        "url": f"ws://example.test/chat/{id}",
        "subprotocol": None,
        "extensions": [],
        "handshake": model.Handshake(101, 4, 6, 0.001),
        "joined_midstream": False,
        "state": "closed",
        "started": START + id,
        "opened": START + id + 0.01,
        "ended": START + id + 10.0,
        "gaps": model.BySide(0, 0),
        "frames": model.Frames(none, none),
        "messages": model.BySide(id % 7, id % 11),
        "payload_bytes": model.BySide(100, 200),
        "ping": model.PingTimes(0, 0, None, None, None),
        "close": model.Close("client", None, None, None, model.CloseEvents(event, event), "Client closed first.", []),
        "violations": [],
    }
    return model.Connection(**(facts | changes))


def make_violation(rule: str = "unmasked-client-frame", **changes: Any) -> model.Violation:
    """An error of the client, but for what `changes` says."""
    facts: dict[str, Any] = {
        "rule": rule,
        "severity": "error",
        "by": "client",
        "section": "RFC 6455 §5.1",
        "frame": 0,
        "packet": 10,
        "time": START,
        "count": 1,
        "detail": "a detail",
    }
    return model.Violation(**(facts | changes))


class Teller:
    """Builds a timeline, a packet every ten milliseconds."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self._packet = 0
        self._time_ns = START_NS
        self._numbers = {Side.CLIENT: 0, Side.SERVER: 0}

    def wait(self, seconds: float) -> None:
        """Nothing happens for a while."""
        self._time_ns += int(seconds * 1e9)

    def opening(self, target: str = "/", fields: tuple[tuple[str, str], ...] = (), status: int = 101) -> None:
        """SYN to 101."""
        for flag, side in (("SYN", Side.CLIENT), ("SYN, ACK", Side.SERVER)):
            self.timeline.entries.append(TcpEntry(flag, side, *self._tick()))
        packet, time_ns = self._tick()
        request = RequestHead("HTTP/1.1", fields, packet, packet, time_ns, time_ns, "GET", target)
        self.timeline.entries.append(HeadEntry(request, Side.CLIENT, packet, time_ns))
        packet, time_ns = self._tick()
        response = ResponseHead("HTTP/1.1", fields, packet, packet, time_ns, time_ns, status, "Switching Protocols")
        self.timeline.entries.append(HeadEntry(response, Side.SERVER, packet, time_ns))

    def frame(
        self, side: Side, payload: bytes, opcode: int = Opcode.TEXT, trip: RoundTrip | None = None, **changes: Any
    ) -> FrameEntry:  # fmt: skip
        """A frame in a packet of its own."""
        packet, time_ns = self._tick()
        key = b"\x01\x02\x03\x04" if side is Side.CLIENT else b""
        form = 7 if len(payload) < 126 else 16 if len(payload) < 65536 else 64
        number = self._numbers[side]
        self._numbers[side] += 1
        facts: dict[str, Any] = {
            "number": number, "fin": True, "rsv": 0, "opcode": opcode, "masked": bool(key), "masking_key": key,
            "length": len(payload), "length_form": form, "offset": 0, "packet": packet, "time_ns": time_ns,
        }  # fmt: skip
        message = close = None
        if opcode in (Opcode.TEXT, Opcode.BINARY):
            message = Message(opcode, False, number, number, len(payload), len(payload), 0, payload)
        if opcode == Opcode.CLOSE:
            code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else None
            reason = payload[2:].decode("utf-8", "replace")
            known = {
                "side": side, "frame": number, "code": code, "reason": reason, "body": payload, "packet": packet,
                "time_ns": time_ns, "end_offset": 0,
            }  # fmt: skip
            close = CloseFrame(**(dict.fromkeys(CloseFrame._fields, True) | known))  # nothing else is wrong with it
        entry = FrameEntry(FrameHeader(**(facts | changes)), side, payload, 0, packet, time_ns, message, close, trip)
        self.timeline.entries.append(entry)
        return entry

    def break_rule(self, entry: FrameEntry, rule: str = "unmasked-client-frame", detail: str = "a detail") -> None:
        """Blame the sender of a frame."""
        self.timeline.violations.append(
            ViolationEntry(rule, Severity.ERROR, entry.side, entry.header.number, entry.packet, detail)
        )

    def closing(self, code: int = 1000, reason: bytes = b"") -> None:
        """Close, echo, FIN, FIN."""
        body = code.to_bytes(2, "big") + reason
        self.frame(Side.CLIENT, body, Opcode.CLOSE)
        self.frame(Side.SERVER, body, Opcode.CLOSE)
        for side in (Side.SERVER, Side.CLIENT):
            self.timeline.entries.append(TcpEntry("FIN", side, *self._tick()))

    def _tick(self) -> tuple[int, int]:
        self._packet += 1
        self._time_ns += 10_000_000
        return self._packet, self._time_ns


class FakeSource:
    """Gives out connections in steps; between two steps it waits for the test if there is a gate."""

    name = "fake.pcap"
    dropped: int | None = None

    def __init__(
        self,
        steps: list[list[model.Connection]],
        *,
        tell: Callable[[int], Timeline] | None = None,
        gated: bool = False,
    ) -> None:
        self.problems: list[str] = []
        self.reports: list[model.Connection] = []
        self.revisions: list[int] = []
        self.gate = threading.Semaphore(0 if gated else len(steps) + 1)
        self.given = 0
        self.forgotten: list[int] = []
        self.read_again = 0
        """How often a timeline was asked for."""
        self._steps = steps
        self._tell = tell or (lambda index: Timeline())
        self._stopped = False
        self._pulse = False

    @property
    def live(self) -> bool:
        return False

    @property
    def size(self) -> int | None:
        return len(self._steps) * 1000

    @property
    def position(self) -> int:
        return self.given * 1000

    @property
    def packets(self) -> int:
        return self.given

    @property
    def last_time(self) -> float | None:
        return START + 100

    def batches(self, count: int) -> Iterator[list[Packet]]:
        for _ in self._steps:
            yield from self._wait()
            yield []
            if self._stopped:
                return
        yield from self._wait()

    def _wait(self) -> Iterator[list[Packet]]:
        """At the gate; live traffic has its pulse meanwhile."""
        while not self.gate.acquire(timeout=PULSE):
            if self.live:
                self._pulse = True
                yield []

    @property
    def behind(self) -> int:
        return 0

    def stop(self) -> None:
        self._stopped = True

    def feed(self, packets: list[Packet]) -> list[int]:
        if self._pulse:
            self._pulse = False
            return []
        first = len(self.reports)
        self.reports += self._steps[self.given]
        self.revisions += [0] * len(self._steps[self.given])
        self.given += 1
        return [index for index in range(first, len(self.reports)) if self.reports[index].state in ("closed", "failed")]

    def finish(self) -> list[int]:
        return []

    def forget(self, index: int) -> None:
        self.forgotten.append(index)

    def __len__(self) -> int:
        return len(self.reports)

    def revision(self, index: int) -> int:
        return self.revisions[index]

    def report(self, index: int) -> model.Connection:
        return self.reports[index]

    def begin(self, report: model.Connection) -> None:
        """A connection has come."""
        self.reports.append(report)
        self.revisions.append(0)

    def change(self, index: int, report: model.Connection) -> None:
        """A connection has moved on."""
        self.reports[index] = report
        self.revisions[index] += 1

    def particulars(self, index: int) -> Particulars:
        raise AssertionError("there are no packets behind it")

    def archive(self, index: int) -> tuple[model.Connection, Facts | None]:
        return self.report(index), None

    def judge(self, crowd: list[Facts]) -> dict[int, list[model.Diagnosis]]:
        return {}

    def freeze(self, index: int) -> object:
        return index

    def timeline(self, frozen: object) -> Timeline:
        assert isinstance(frozen, int)
        self.read_again += 1
        return self._tell(frozen)

    def timeline_in_parts(self, frozen: object) -> Iterator[Part]:
        yield Part(self.timeline(frozen), 1.0)

    def close(self) -> None:
        pass
