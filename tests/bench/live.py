"""Up to which rate dumpcap, libpcap and the raw socket lose nothing, on this machine, in the same run.

    python tests/bench/live.py [--seconds 5] [--rates 50,100,150] [--directory /tmp]

Needs root, iproute2, tcpreplay, dumpcap. A cable of two virtual interfaces in a network namespace of its own carries
the benchmark capture again and again; at each rate each way of capturing takes its turn, and is out after losing
packets twice. Machines differ and are noisy: quote the ratios. The goal: libpcap at 90 % of dumpcap or more, the raw
socket at 40 % or more. Capture only: the analysis reads the file at its own pace.
"""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from generate import write

from wsinspect.capture.live.libpcap import BUFFER_SIZE
from wsinspect.capture.live.process import CaptureProcess
from wsinspect.capture.live.settings import Method, Settings

ATTEMPTS = 2
WAYS = ("dumpcap", "libpcap", "raw")


def replay(capture: Path, rate: int, seconds: float) -> tuple[int, float]:
    """Send for so long; packets sent and the rate that was reached, packets/s."""
    command = [
        "tcpreplay",
        "-q",
        "-K",
        "--loop=0",
        f"--duration={seconds:.0f}",
        f"--pps={rate}" if rate else "--topspeed",
        "-i",
        "v0",
        str(capture),
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    packets = int(re.search(r"Actual: (\d+) packets", told)[1])  # type: ignore[index]
    return packets, float(re.search(r"([\d.]+) pps", told)[1])  # type: ignore[index]


def with_dumpcap(file: Path, capture: Path, rate: int, seconds: float) -> tuple[int, int, float]:
    """Packets sent, packets captured, the rate that was reached."""
    command = ["dumpcap", "-q", "-i", "v1", "-B", str(BUFFER_SIZE >> 20), "-w", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(1.0)
    sent, reached = replay(capture, rate, seconds)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    told = process.communicate()[1]
    return sent, int(re.search(r"interface 'v1': (\d+)/", told)[1]), reached  # type: ignore[index]


def with_ours(method: Method, file: Path, capture: Path, rate: int, seconds: float) -> tuple[int, int, float]:
    """The same with the capture process."""
    process = CaptureProcess(Settings(("v1",), method=method, path=str(file)))
    process.start()
    sent, reached = replay(capture, rate, seconds)
    time.sleep(0.5)
    process.stop()
    return sent, process.counts.received, reached


def measure(rates: list[int], seconds: float, capture: Path, directory: Path) -> None:
    """Print what each way takes at each rate, then the ratios."""
    best = dict.fromkeys(WAYS, 0.0)
    running = list(WAYS)
    file = directory / "captured.pcap"
    for rate in rates:
        for way in list(running):
            for _ in range(ATTEMPTS):
                if way == "dumpcap":
                    sent, received, reached = with_dumpcap(file, capture, rate, seconds)
                else:
                    sent, received, reached = with_ours(Method(way), file, capture, rate, seconds)
                file.unlink()
                lost = sent - received
                print(
                    f"{way:8} {reached:9,.0f} packets/s for {seconds:.0f} s: {lost:9,} of {sent:11,} lost", flush=True
                )
                if lost == 0:
                    best[way] = max(best[way], reached)
                    break
            else:
                running.remove(way)
    print("without loss: " + ", ".join(f"{way} {reached:,.0f}/s" for way, reached in best.items()))
    if best["dumpcap"]:
        for way in WAYS[1:]:
            print(f"{way} takes {best[way] / best['dumpcap']:.0%} of what dumpcap takes")


def main() -> None:
    """The command line; the script starts itself again inside the namespace."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument(
        "--rates", default="60,100,140,180,220,260,0", help="thousands of packets a second; 0: top speed"
    )
    parser.add_argument("--directory", default=tempfile.gettempdir(), help="where the packets are written")
    parser.add_argument("--capture", type=Path, help="send this file, and write it first if it does not exist")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as directory:
        if options.inside:
            rates = [int(float(text) * 1000) for text in options.rates.split(",")]
            measure(rates, options.seconds, options.capture, Path(directory))
            return
        capture = options.capture or Path(directory) / "bench.pcap"
        if not capture.exists():
            write(capture, 300_000, connections=200, seed=6455)
        with namespace() as inside:
            arguments = ["--inside", "--capture", str(capture), "--seconds", str(options.seconds)]
            arguments += ["--rates", options.rates, "--directory", directory]
            subprocess.run([*inside, sys.executable, __file__, *arguments], check=True)


@contextlib.contextmanager
def namespace() -> Iterator[list[str]]:
    """The start of a command that runs in a network of its own: v0 and v1 are the two ends of a cable."""
    name = f"wsinspect-bench-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for words in (
            "link add v0 mtu 9000 type veth peer name v1",
            "link set v0 mtu 9000 up",
            "link set v1 mtu 9000 up",
        ):
            subprocess.run(["ip", "-n", name, *words.split()], check=True)
        # IPv6 would say hello by itself: only the replayed packets are to be counted.
        inside = ["ip", "netns", "exec", name]
        subprocess.run([*inside, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"], check=False)
        yield inside
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)


if __name__ == "__main__":
    main()
