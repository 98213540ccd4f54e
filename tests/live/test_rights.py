"""What the two processes may do once a capture runs, and what is said to who may not capture."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import Running, wait_until

REPORT = [sys.executable, "-m", "wsinspect", "report", "-i", "lo", "--duration", "300ms"]


def status(pid: int) -> dict[str, list[str]]:
    """/proc/PID/status of a process, each line's words."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}


@pytest.mark.parametrize("method", ["libpcap", "raw"])
def test_started_through_sudo_both_processes_become_the_user(tmp_path: Path, method: str) -> None:
    nobody = pwd.getpwnam("nobody")
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:2]:
        parent.chmod(0o755)
    sudo = {"SUDO_UID": str(nobody.pw_uid), "SUDO_GID": str(nobody.pw_gid)}
    file = tmp_path / "lo.pcap"
    running = Running("lo", file, "--capture-with", method, env=sudo)
    child = running.child()
    for pid in (running.process.pid, child):
        wait_until(lambda pid=pid: status(pid)["NoNewPrivs"] == ["1"], "rights are given up")
        found = status(pid)
        assert found["Uid"] == [str(nobody.pw_uid)] * 4
        assert found["Gid"] == [str(nobody.pw_gid)] * 4
        assert found["Groups"] == []
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(found[kind][0], 16) == 0
        assert found["NoNewPrivs"] == ["1"]
    assert running.stop() == 0, running.errors
    assert file.stat().st_uid == nobody.pw_uid
    assert file.stat().st_gid == nobody.pw_gid
    assert file.stat().st_mode & 0o777 == 0o600


def test_root_itself_keeps_only_the_right_to_write_files(tmp_path: Path) -> None:
    running = Running("lo", tmp_path / "lo.pcap")
    for pid in (running.process.pid, running.child()):
        wait_until(lambda pid=pid: status(pid)["NoNewPrivs"] == ["1"], "rights are given up")
        found = status(pid)
        assert int(found["CapEff"][0], 16) in (0, 1 << 1)
        assert found["NoNewPrivs"] == ["1"]
    assert running.stop() == 0, running.errors


def without_rights(*command: str) -> list[str]:
    """Root that gets no capability from being root; programs with capabilities of their own get those."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    return ["setpriv", "--securebits=+noroot", "--inh-caps=-all", *command]


@pytest.mark.parametrize("method", ["libpcap", "raw"])
def test_without_the_right_two_lines_say_what_to_do(method: str) -> None:
    command = without_rights(*REPORT, "--capture-with", method)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("wsinspect: you may not capture on lo: use sudo")
    assert "sudo tcpdump -i lo -U -w - | wsinspect report -" in second


def test_dumpcap_captures_for_who_may_not(tmp_path: Path) -> None:
    dumpcap = shutil.which("dumpcap")
    if dumpcap is None or shutil.which("setcap") is None:
        pytest.skip("dumpcap and setcap are needed")
    shutil.copy(dumpcap, tmp_path / "dumpcap")
    if subprocess.run(["setcap", "cap_net_raw,cap_net_admin+eip", tmp_path / "dumpcap"], check=False).returncode != 0:
        pytest.skip("this file system keeps no capabilities")
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    command = without_rights(*REPORT)
    done = subprocess.run(
        [*command, "-w", str(tmp_path / "x.pcapng")], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    offered = subprocess.run([*command, "--capture-with", "raw"], env=env, capture_output=True, text=True, check=False)
    assert "--capture-with dumpcap, which may" in offered.stderr


def test_an_unknown_user_is_told_before_anything_is_opened() -> None:
    done = subprocess.run([*REPORT, "--user", "nosuchuser"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no user nosuchuser" in done.stderr
