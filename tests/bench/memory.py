"""Whether a long run needs more memory than a short one: steady live traffic, the screen, its memory over time.

    python tests/bench/memory.py [--minutes 30] [--rate 5000] [--max-connections 1000]

Needs root, iproute2, tcpreplay, tmux. tcpreplay sends many short connections again and again over a cable in a network
namespace of its own, each time from other addresses. The memory of the
analysis must not grow once its limits are reached. The capture is a ring of files, so the disk does not fill either.
"""

import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from generate import Connection

sys.path.insert(0, str(Path(__file__).parents[1] / "live"))

SHORT = 2000
"""Connections in a round of the traffic."""
PACKETS = 16
"""Packets of each."""


def write_round(path: Path) -> None:
    """A round of short connections, some of them interleaved."""
    choice = random.Random(6455)
    waiting = [Connection(number, PACKETS, choice).packets() for number in range(SHORT)]
    alive = [waiting.pop() for _ in range(20)]
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        while alive:
            turn = choice.randrange(len(alive))
            data = next(alive[turn], None)
            if data is None:
                alive[turn] = waiting.pop() if waiting else alive[-1]
                if not waiting and alive[turn] is alive[-1]:
                    alive.pop()
                continue
            file.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(
    inside: list[str], folder: Path, seconds: float, rate: int, max_connections: int
) -> list[tuple[float, int]]:
    """Run the screen on such traffic; its memory, in bytes, after so many seconds each."""
    from terminal import Terminal

    capture = folder / "round.pcapng"
    write_round(capture)
    files = ["-w", str(folder / "ring.pcap"), "--ring", "3x20MB", "--max-connections", str(max_connections)]
    terminal = Terminal(folder, "-i", "v1", *files, inside=inside)
    terminal.wait_for("LIVE")
    pid = terminal.pid()
    command = ["tcpreplay", "-q", "-K", "--unique-ip", "--loop=0", f"--duration={seconds:.0f}", f"--pps={rate}"]
    sender = subprocess.Popen([*inside, *command, "-i", "v0", str(capture)], stdout=subprocess.DEVNULL)
    found = []
    begun = time.monotonic()
    while sender.poll() is None:
        time.sleep(1.0)
        found.append((time.monotonic() - begun, resident(pid)))
    print(terminal.text.split("\n")[0], flush=True)
    terminal.press("C-c")
    terminal.status()
    terminal.close()
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=int, default=5000, help="packets a second")
    parser.add_argument("--max-connections", type=int, default=1000)
    options = parser.parse_args()
    from live import namespace

    with tempfile.TemporaryDirectory() as folder, namespace() as inside:
        found = measure(inside, Path(folder), options.minutes * 60, options.rate, options.max_connections)
    for seconds, size in found[:: max(1, len(found) // 30)]:
        print(f"{seconds:6.0f} s  {size / 1e6:6.1f} MB")
    quarter = len(found) // 4
    print(f"growth in the last three quarters: {(found[-1][1] - found[quarter][1]) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
