"""How much survives when the capture loses packets: Close frames found, violations invented.

    python tests/bench/loss.py CAPTURE … [--seed 6455] [-v]

Every packet of every WebSocket connection is left out in turn, then 1 % and 5 % of all packets at random. A case counts
when a Close frame of the full capture is still there whole; it is found if the report has its code and reason. No case
may have a violation that the full capture does not have.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from wsinspect.capture.packet import Packet
from wsinspect.capture.source import open_capture
from wsinspect.connection import Connection
from wsinspect.inspector import Inspector
from wsinspect.websocket.side import Side

Facts = dict[str, Any]


def inspect(packets: Iterable[Packet]) -> list[Connection]:
    """The connections in `packets`, looked at to the end."""
    inspector = Inspector(index=True)
    for packet in packets:
        inspector.feed(packet)
    inspector.finish()
    return inspector.connections


def facts(connection: Connection) -> Facts:
    """What must survive: both Closes with the packets they came in, and which rules were broken."""
    ending = connection.ending(connection.last_ns)
    closes = {side: ending.side(side).close for side in Side}
    return {
        "closes": {side: (close.code, close.reason, close.packet) for side, close in closes.items() if close},
        "violations": {(violation.rule, violation.by) for violation in connection.violations},
    }


def compare(
    full: Facts, packets: list[Packet], missing: set[int], tally: Counter[str], invented: Counter[str], where: str
) -> None:
    """Look at `packets` without those numbered in `missing`, and count what became of the facts.

    `where` is the capture they are from if invented violations are to be printed with their case.
    """
    found = [facts(connection) for connection in inspect(p for p in packets if p.number not in missing)]
    closes = {side: close[:2] for one in found for side, close in one["closes"].items()}
    for side, (code, reason, packet) in full["closes"].items():
        if packet not in missing:
            tally["closes"] += 1
            tally["found"] += closes.get(side) == (code, reason)
    for one in found:
        new = one["violations"] - full["violations"]
        tally["cases with an invented violation"] += bool(new)
        invented.update(f"{rule} by {by}" for rule, by in new)
        if new and where:
            print(f"{where} without {sorted(missing)[:9]}: {', '.join(f'{rule} by {by}' for rule, by in new)}")
    tally["cases"] += 1


def per_connection(path: str) -> Iterator[tuple[Facts, list[Packet]]]:
    """The facts and the packets of each connection that is alone on its TCP stream."""
    with open_capture(path) as reader:
        packets = {packet.number: packet for packet in reader}
    for connection in inspect(packets.values()):
        yield facts(connection), [packets[number] for number in connection.packet_numbers]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="+")
    parser.add_argument("--seed", type=int, default=6455)
    parser.add_argument("-v", "--verbose", action="store_true", help="print each case with an invented violation")
    options = parser.parse_args()
    choice = random.Random(options.seed)
    tallies: dict[str, Counter[str]] = {"each packet in turn": Counter(), "1 %": Counter(), "5 %": Counter()}
    invented: Counter[str] = Counter()
    for path in options.captures:
        where = path if options.verbose else ""
        for full, packets in per_connection(path):
            if len(packets) <= 200:
                for packet in packets:
                    compare(full, packets, {packet.number}, tallies["each packet in turn"], invented, where)
            for name, share in (("1 %", 0.01), ("5 %", 0.05)):
                missing = {packet.number for packet in packets if choice.random() < share}
                compare(full, packets, missing, tallies[name], invented, where)
    for name, tally in tallies.items():
        share = 100 * tally["found"] / max(1, tally["closes"])
        print(
            f"{name}: {tally['cases']} cases, Closes found {tally['found']} of {tally['closes']} ({share:.1f} %), "
            f"{tally['cases with an invented violation']} cases with an invented violation"
        )
    for text, count in invented.most_common():
        print(f"  invented: {text} × {count}")


if __name__ == "__main__":
    main()
