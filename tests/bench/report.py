"""How fast and how lean `wsinspect report` is, beside tshark on the same capture in the same run.

    python tests/bench/report.py [--packets 300000] [--runs 5] [--capture FILE]

Measures the `wsinspect` that is installed beside this Python, so compiled or pure as it was installed (`pip install .`
compiles, `pip install -e .` does not). Both programs run in turn, each on one core; medians of time and of peak memory
are compared. Machines differ and are noisy: quote the ratios. The goal: at least 4 times tshark's speed at a third of
its peak memory.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from generate import write

NEUTRAL_DIRECTORY = tempfile.gettempdir()
"""Where the programs run: in the source tree, Python would import that instead of what is installed."""


class Run(NamedTuple):
    """What one run of a program took."""

    wall: float
    user: float
    """Seconds of processor time, without the kernel's."""
    peak: float
    """Resident memory in MiB."""


def run(command: list[str]) -> Run:
    """Run a command to its end on one core."""
    begun = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.chdir(NEUTRAL_DIRECTORY)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(null, descriptor)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{command[0]} failed with status {os.waitstatus_to_exitcode(status)}")
    return Run(time.perf_counter() - begun, usage.ru_utime, usage.ru_maxrss / 1024)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=300_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--capture", type=Path, help="measure on this file, and write it first if it does not exist")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        capture = options.capture.absolute() if options.capture else Path(directory) / "bench.pcap"
        if not capture.exists():
            write(capture, options.packets, connections=200, seed=6455)
        compare(capture, options.runs)


def compare(capture: Path, runs: int) -> None:
    """Run both programs `runs` times in turn and print medians and ratios."""
    wsinspect = str(Path(sys.executable).with_name("wsinspect"))
    print(
        subprocess.run([wsinspect, "--version"], cwd=NEUTRAL_DIRECTORY, capture_output=True, text=True).stdout.strip()
    )
    commands = {"wsinspect": [wsinspect, "report", str(capture), "--format", "ndjson"]}
    if shutil.which("tshark"):
        commands["tshark"] = ["tshark", "-r", str(capture), "-Y", "websocket.opcode==8"]
    results: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            results[name].append(run(command))
    medians = {name: Run(*map(statistics.median, zip(*taken, strict=True))) for name, taken in results.items()}
    for name, median in medians.items():
        print(f"{name:10} {median.wall:6.2f} s wall   {median.user:6.2f} s user   {median.peak:6.1f} MiB")
    if "tshark" in medians:
        ours, theirs = medians["wsinspect"], medians["tshark"]
        print(
            f"wsinspect is {theirs.wall / ours.wall:.1f} times as fast ({theirs.user / ours.user:.1f} by user time), "
            f"at {ours.peak / theirs.peak:.2f} of the peak memory"
        )


if __name__ == "__main__":
    main()
