"""Connections that were ended on purpose, in captures of real programs: the causes come out, and no false alarm."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[2] / "shared" / "check" / "causes.py"
CAPTURES = CHECK.parents[1] / "captures" / "causes"

pytestmark = pytest.mark.skipif(not CHECK.exists(), reason="the captures are not here")


def report(name: str, *options: str) -> list[list[str]]:
    """The ids of each connection's diagnoses."""
    command = [sys.executable, "-m", "wsinspect", "report", str(CAPTURES / name), "--format", "json", *options]
    run = subprocess.run(command, capture_output=True, check=True)
    connections = json.loads(run.stdout)["connections"]
    return [[one["id"] for one in connection["close"]["diagnosis"]] for connection in connections]


def test_causes() -> None:
    run = subprocess.run([sys.executable, str(CHECK)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("point", ["client", "back"])
def test_a_timer_of_the_users(point: str) -> None:
    found = report(f"haproxy-tunnel4-{point}.pcap", "--timer", "haproxy timeout tunnel=4")
    assert found == [["idle-timeout"], [], [], ["idle-timeout"], [], ["idle-timeout"], ["idle-timeout"]]


def test_the_users_timer_explains_what_ended_together() -> None:
    found = report("nginx-idle-together-client.pcap", "--timer", "nginx=5")
    assert all("idle-timeout" in one and "mass-close" not in one for one in found)
