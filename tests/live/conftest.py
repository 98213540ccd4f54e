"""What live tests need: the right to capture, tools, namespaces of their own. What is missing skips them visibly."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Running
from terminal import Terminal

for folder in ("bench", "tui"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))


@pytest.fixture(autouse=True)
def may_capture() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("capturing needs root on Linux")
    status = Path("/proc/self/status").read_text()
    granted = int(status.partition("CapEff:")[2].split()[0], 16)
    if not granted >> 13 & 1:
        pytest.skip("capturing needs CAP_NET_RAW")


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    """A test that failed leaves no process behind."""
    yield
    for everyone in (Running.everyone, Terminal.everyone):
        while everyone:
            everyone.pop().close()


@pytest.fixture(scope="session")
def namespace() -> Iterator[list[str]]:
    """The start of a command that runs in a network of its own: v0 and v1 are the two ends of a cable."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network namespace needs root and iproute2")
    name = f"wsinspect-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        pytest.skip("no network namespaces here")
    inside = ["ip", "netns", "exec", name]
    try:
        # Without IPv6 nothing is on the cable but what the test sends.
        quiet = ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"]
        subprocess.run([*inside, "sysctl", "-qw", *quiet], check=False, capture_output=True)
        cable = ["link", "add", "v0", "mtu", "9000", "type", "veth", "peer", "name", "v1"]
        subprocess.run(["ip", "-n", name, *cable], check=True)
        for end in ("v0", "v1"):
            subprocess.run(["ip", "-n", name, "link", "set", end, "mtu", "9000", "up"], check=True)
        yield inside
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)


@pytest.fixture(scope="session")
def benchmark_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 300,000 packets of the benchmark."""
    from generate import write

    path = tmp_path_factory.mktemp("benchmark") / "bench.pcap"
    write(path, 300_000, connections=200, seed=6455)
    return path
