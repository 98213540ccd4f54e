"""Begin in the middle: which WebSockets are still found, and whether what is found is true.

    python tests/bench/midstream.py CAPTURE … [--keylog FILE] [--cuts 500] [--seed 6455] [-v]

Each cut takes one of the captures and leaves out every packet up to a random one. A WebSocket counts if its opening was
cut off and three whole frames of one direction are left. It is found if there is a connection with the same addresses
and ports; its frames must then be the last ones of the complete capture, byte for byte; and no rule may be reported as
broken that the complete capture does not report.
"""

import argparse
import random
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from wsinspect.capture.packet import Packet
from wsinspect.capture.source import open_capture
from wsinspect.connection import Connection
from wsinspect.inspector import Inspector
from wsinspect.keys import KeySource, TlsOptions
from wsinspect.timeline import FrameEntry
from wsinspect.tls.keylog import KeyLog
from wsinspect.websocket.side import Side

ENOUGH = 3
"""Whole frames of one direction from which a connection must be found."""

Flow = tuple[bytes, int]
Frame = tuple[int, int, int, int, bytes, int]


class Seen(NamedTuple):
    """What is compared of one connection."""

    frames: dict[Side, list[Frame]]
    first_packets: dict[Side, list[int]]
    opening: int
    """Packet in which its opening handshake ends; 0 if it was not seen."""
    violations: set[tuple[str, Side | None]]


def inspect(packets: Iterable[Packet], keys: KeyLog) -> dict[Flow, list[Seen]]:
    """The WebSockets in `packets` by their TCP connection's ends and HTTP/2 stream, in order of appearance."""
    inspector = Inspector(timelines=True, keys=keys.frozen())
    for packet in packets:
        inspector.feed(packet)
    inspector.finish()
    found: dict[Flow, list[Seen]] = {}
    for connection in inspector.connections:
        flow = connection.stream.flow
        half = len(flow) // 2
        # Which side opened TCP may be unknown: both orders of the ends are one key.
        key = b"".join(sorted((flow[: half - 2] + flow[-4:-2], flow[half - 2 : -4] + flow[-2:])))
        stream = connection.http2.id if connection.http2 is not None else 0
        found.setdefault((key, stream), []).append(seen(connection))
    return found


def seen(connection: Connection) -> Seen:
    """What is to be compared of `connection`."""
    frames: dict[Side, list[Frame]] = {side: [] for side in Side}
    first_packets: dict[Side, list[int]] = {side: [] for side in Side}
    assert connection.timeline is not None
    for entry in connection.timeline.entries:
        if isinstance(entry, FrameEntry) and entry.complete:
            header = entry.header
            frames[entry.side].append(
                (header.opcode, header.fin, header.rsv, header.length, entry.payload, entry.packet)
            )
            first_packets[entry.side].append(header.packet)
    response = connection.handshake.response
    return Seen(
        frames,
        first_packets,
        response.last_packet if response else 0,
        {(violation.rule, violation.by) for violation in connection.violations},
    )


@lru_cache(maxsize=8)
def load(path: str, keylog: str | None) -> tuple[list[Packet], KeyLog, dict[Flow, list[Seen]]]:
    """A capture's packets and keys, and what the complete capture says."""
    keys = KeySource(TlsOptions(keylog), list).log
    with open_capture(path) as reader:
        packets = list(reader)
        for secrets in reader.secrets:
            keys.add(secrets)
    return packets, keys, inspect(packets, keys)


def cut(path: str, keylog: str | None, choice: random.Random, tally: Counter[str], verbose: bool) -> None:
    """Leave out the packets up to a random one, and compare."""
    packets, keys, full = load(path, keylog)
    if len(packets) < 2:
        return
    position = choice.randrange(1, len(packets))
    last = packets[position - 1].number
    tally["cuts"] += 1
    rest = inspect(packets[position:], keys)
    for key, connections in full.items():
        for whole in connections[-1:]:
            if not 0 < whole.opening <= last:
                continue  # the opening is still there, or never was
            left = {side: sum(packet > last for packet in whole.first_packets[side]) for side in Side}
            if max(left.values()) < ENOUGH:
                continue
            tally["WebSockets"] += 1
            wrong = judge(whole, rest.get(key, []))
            tally["found"] += "not found" not in wrong
            for text in wrong:
                tally[text] += 1
            if wrong and verbose:
                print(f"{path} behind packet {last}: {', '.join(wrong)} ({left[Side.CLIENT]}/{left[Side.SERVER]} left)")


def judge(whole: Seen, found: list[Seen]) -> list[str]:
    """What is wrong with what was found of the connection."""
    if not found or not any(any(one.frames.values()) for one in found):
        return ["not found"]
    one = found[0]
    wrong = []
    for side, frames in one.frames.items():
        if frames and frames != whole.frames[side][-len(frames) :]:
            wrong.append("frames differ")
            break
    new = one.violations - whole.violations
    wrong += [f"invented {rule} by {by}" for rule, by in sorted(new, key=str)]
    return wrong


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="+", type=Path)
    parser.add_argument("--keylog")
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=6455)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    choice = random.Random(options.seed)
    tally: Counter[str] = Counter()
    # One capture after the other: each is read and inspected as a whole once.
    for path in sorted(choice.choices([str(path) for path in options.captures], k=options.cuts)):
        cut(path, options.keylog, choice, tally, options.verbose)
    share = 100 * tally["found"] / max(1, tally["WebSockets"])
    print(f"{tally['cuts']} cuts: {tally['found']} of {tally['WebSockets']} WebSockets found ({share:.2f} %)")
    for text, count in tally.most_common():
        if text not in ("cuts", "found", "WebSockets"):
            print(f"  {text} × {count}")


if __name__ == "__main__":
    main()
