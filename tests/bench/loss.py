"""How much survives when the capture loses packets: Close frames found, violations invented.

    python tests/bench/loss.py CAPTURE … [--keylog FILE] [--repeat 3] [--seed 6455] [-v]

Every packet of every TCP connection with a WebSocket is left out in turn (of long ones, 200 at random), then 1 % and
5 % of all packets of the capture at random. A case counts when a Close frame of the full capture is still there whole;
it is found if the report has its code and reason. No case may have a violation that the full capture does not have.
"""

import argparse
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from wsinspect.capture.packet import Packet
from wsinspect.capture.source import open_capture
from wsinspect.connection import Connection
from wsinspect.inspector import Inspector
from wsinspect.keys import KeySource, TlsOptions
from wsinspect.tls.keylog import KeyLog
from wsinspect.websocket.side import Side

MOST_IN_TURN = 200
"""Packets of a TCP connection that are left out in turn; of a longer one, so many at random."""


class Key(NamedTuple):
    """By what a WebSocket is found again in what is left of a capture."""

    packet: int
    """The first one of its TCP connection in the full capture."""
    http2_stream: int | None


Close = tuple[int | None, str]


@dataclass
class Facts:
    """What must survive of a WebSocket, or of those that came after each other on one TCP connection."""

    closes: dict[tuple[Side, Close], int] = field(default_factory=dict)
    """The packets in which both Closes came."""
    violations: set[str] = field(default_factory=set)
    unread: bool = False
    """Whether nothing is known but that it is encrypted."""


def inspect(packets: Iterable[Packet], keys: KeyLog) -> list[Connection]:
    """The connections in `packets`, looked at to the end."""
    inspector = Inspector(index=True, keys=keys.frozen())
    for packet in packets:
        inspector.feed(packet)
    inspector.finish()
    return inspector.connections


def facts(connections: list[Connection], conversations: dict[int, int]) -> dict[Key, Facts]:
    """What is to be compared; `conversations` has for each packet the first one of its TCP connection."""
    found: dict[Key, Facts] = defaultdict(Facts)
    for connection in connections:
        http2 = connection.http2
        number = next(connection.packets.numbers())
        first = conversations.get(number, number)
        one = found[Key(first, http2.id if http2 is not None else None)]
        ending = connection.ending(connection.last_ns)
        for side in Side:
            close = ending.side(side).close
            if close is not None:
                one.closes[side, (close.code, close.reason)] = close.packet
        one.violations |= {f"{violation.rule} by {violation.by}" for violation in connection.violations}
        one.unread = connection.sealed
    return dict(found)


@dataclass
class Bench:
    """One capture, and what has been counted."""

    path: str
    keys: KeyLog
    invented: Counter[str]
    verbose: bool

    def __post_init__(self) -> None:
        with open_capture(self.path) as reader:
            self.packets = list(reader)
            for secrets in reader.secrets:
                self.keys.add(secrets)
        connections = inspect(self.packets, self.keys)
        self.streams = {numbers[0]: set(numbers) for one in connections for numbers in [list(one.packets.numbers())]}
        self.conversations = {number: first for first, numbers in self.streams.items() for number in numbers}
        self.full = facts(connections, self.conversations)

    def in_turn(self, choice: random.Random, tally: Counter[str]) -> None:
        """Leave out one packet after the other, each TCP connection by itself."""
        for numbers in self.streams.values():
            packets = [packet for packet in self.packets if packet.number in numbers]
            full = facts(inspect(packets, self.keys), self.conversations)
            some = packets if len(packets) <= MOST_IN_TURN else choice.sample(packets, MOST_IN_TURN)
            for packet in some:
                self.compare(full, packets, {packet.number}, tally)

    def at_random(self, share: float, choice: random.Random, tally: Counter[str]) -> None:
        """Leave out this share of all packets."""
        missing = {packet.number for packet in self.packets if choice.random() < share}
        self.compare(self.full, self.packets, missing, tally)

    def compare(self, full: dict[Key, Facts], packets: list[Packet], missing: set[int], tally: Counter[str]) -> None:
        """Look at `packets` without those `missing`, and count what became of the facts."""
        rest = facts(inspect((p for p in packets if p.number not in missing), self.keys), self.conversations)
        for key, whole in full.items():
            found = rest.get(key, Facts())
            here = f"{self.path} {key.packet}" + (f" stream {key.http2_stream}" if key.http2_stream else "")
            without = self._without(key, missing) if self.verbose else ""
            for (side, close), packet in whole.closes.items():
                if packet in missing:
                    continue
                tally["closes"] += 1
                if (side, close) in found.closes:
                    tally["found"] += 1
                elif self.verbose:
                    what = "" if key in rest else ": no WebSocket found"
                    what = ": not decrypted" if found.unread else what
                    print(f"lost: Close {close[0]} of the {side} in packet {packet}{what}; {here}{without}")
            new = found.violations - whole.violations
            self.invented.update(new)
            tally["invented"] += bool(new)
            if new and self.verbose:
                print(f"invented: {', '.join(sorted(new))}; {here}{without}")
        for key in rest.keys() - full.keys():
            self.invented.update(rest[key].violations)
            tally["invented"] += bool(rest[key].violations)
            if self.verbose:
                print(f"new: {key} {sorted(rest[key].violations)} in {self.path}{self._without(key, missing)}")
        tally["cases"] += len(full)

    def _without(self, key: Key, missing: set[int]) -> str:
        """Which packets are missing of its TCP connection."""
        numbers = sorted(missing & self.streams.get(key.packet, set()))
        nearest = numbers[max(0, bisect_right(numbers, key.packet) - 1) :][:20]
        return f" without {nearest}{' …' if len(numbers) > 20 else ''}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--keylog")
    parser.add_argument("--repeat", type=int, default=3, help="how many times packets are lost at random")
    parser.add_argument("--seed", type=int, default=6455)
    parser.add_argument("--random-only", action="store_true", help="do not leave out each packet in turn")
    parser.add_argument("-v", "--verbose", action="store_true", help="print each Close lost and violation invented")
    options = parser.parse_args()
    choice = random.Random(options.seed)
    tallies: dict[str, Counter[str]] = {"each packet in turn": Counter(), "1 %": Counter(), "5 %": Counter()}
    invented: Counter[str] = Counter()
    for path in options.captures:
        keys = KeySource(TlsOptions(options.keylog), list).log
        bench = Bench(path, keys, invented, options.verbose)
        if not options.random_only:
            bench.in_turn(choice, tallies["each packet in turn"])
        for name, share in (("1 %", 0.01), ("5 %", 0.05)):
            for _ in range(options.repeat):
                bench.at_random(share, choice, tallies[name])
    for name, tally in tallies.items():
        percent = 100 * tally["found"] / max(1, tally["closes"])
        print(
            f"{name}: {tally['cases']} cases, Closes found {tally['found']} of {tally['closes']} ({percent:.1f} %), "
            f"{tally['invented']} cases with an invented violation"
        )
    for text, count in invented.most_common():
        print(f"  invented: {text} × {count}")


if __name__ == "__main__":
    main()
