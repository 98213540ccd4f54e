"""How fast and how lean `wsinspect report` is, beside tshark on the same capture in the same run.

    python tests/bench/report.py [--packets 300000] [--runs 5] [--capture FILE]

Both run in turn, each on one core; medians of wall time and of peak memory are compared. Machines differ and are noisy:
quote the ratios. The goal: at least 4 times tshark's speed at a third of its peak memory.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from generate import write


def run(command: list[str]) -> tuple[float, int]:
    """Wall time in seconds and peak resident memory in KiB of a command pinned to one core."""
    begun = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(null, descriptor)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{command[0]} failed with status {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begun, usage.ru_maxrss


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=300_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--capture", type=Path, help="measure on this file, and write it first if it does not exist")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        capture = options.capture or Path(directory) / "bench.pcap"
        if not capture.exists():
            write(capture, options.packets, connections=200, seed=6455)
        compare(capture, options.runs)


def compare(capture: Path, runs: int) -> None:
    """Run both programs `runs` times in turn and print medians and ratios."""
    commands = {"wsinspect": [sys.executable, "-m", "wsinspect", "report", str(capture), "--format", "ndjson"]}
    if shutil.which("tshark"):
        commands["tshark"] = ["tshark", "-r", str(capture), "-Y", "websocket.opcode==8"]
    results: dict[str, list[tuple[float, int]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            results[name].append(run(command))
    medians = {
        name: (statistics.median(seconds for seconds, _ in taken), statistics.median(peak for _, peak in taken))
        for name, taken in results.items()
    }
    for name, (seconds, peak) in medians.items():
        print(f"{name:10} {seconds:7.2f} s   {peak / 1024:7.1f} MiB")
    if "tshark" in medians:
        ours, theirs = medians["wsinspect"], medians["tshark"]
        print(f"wsinspect is {theirs[0] / ours[0]:.1f} times as fast, at {ours[1] / theirs[1]:.2f} of the peak memory")


if __name__ == "__main__":
    main()
