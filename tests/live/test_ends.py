"""However a capture ends, what was captured is there, and nobody is left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Running, alive, children, count_packets, wait_until

from wsinspect.capture.live.process import CaptureProcess
from wsinspect.capture.live.reader import LiveReader
from wsinspect.capture.live.settings import Method, Settings
from wsinspect.errors import WsinspectError

METHODS = [Method.LIBPCAP, Method.RAW, Method.DUMPCAP]
PORT = 9
"""discard: nobody listens, each attempt to connect is two packets."""


def open_files(pid: int) -> set[str]:
    names: set[str] = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed in the meantime
            names.add(os.readlink(link))
    return names


def knock(times: int = 1) -> None:
    import socket

    for _ in range(times):
        with socket.socket() as client:
            client.connect_ex(("127.0.0.1", PORT))


@pytest.fixture
def knocking() -> Iterator[None]:
    """Packets all the time."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.002):
            knock()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_in_good_order(tmp_path: Path, knocking: None, method: Method, number: int) -> None:
    file = tmp_path / "lo.pcapng"
    running = Running("lo", file, "--capture-with", method, "--format", "json", f"tcp port {PORT}")
    child = running.child()
    wait_until(lambda: file.stat().st_size > 3000, "packets are in the file")
    assert running.stop(number) == 0, running.errors
    (report,) = running.objects()
    assert report["capture"]["packets"] == count_packets(file) > 10
    assert report["capture"]["problems"] == []
    assert not alive(child)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_signal_ends_it_at_once(tmp_path: Path, knocking: None) -> None:
    running = Running("lo", tmp_path / "lo.pcap")
    child = running.child()
    # It reads what is captured: then it has said what signals lead to, or is about to.
    wait_until(lambda: str(running.file) in open_files(running.process.pid), "the file is being read")
    time.sleep(0.5)
    os.kill(child, signal.SIGSTOP)  # a capture that does not answer
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert running.process.poll() is None
    begun = time.monotonic()
    assert running.stop(signal.SIGINT) == 128 + signal.SIGINT
    assert time.monotonic() - begun < 2
    assert str(tmp_path / "lo.pcap") in running.errors
    wait_until(lambda: not alive(child), "the child is gone")


@pytest.mark.parametrize("method", METHODS)
def test_killing_the_analysis_leaves_a_sound_file_and_no_child(tmp_path: Path, knocking: None, method: Method) -> None:
    file = tmp_path / "lo.pcapng"
    running = Running("lo", file, "--capture-with", method)
    child = running.child()
    everyone = [child, *children(child)]
    wait_until(lambda: file.stat().st_size > 3000, "packets are in the file")
    running.stop(signal.SIGKILL)
    wait_until(lambda: not any(map(alive, everyone)), "the capture process is gone")
    assert count_packets(file, whole=False) > 10
    shown = subprocess.run(["tshark", "-r", str(file), "-c", "1"], capture_output=True, text=True, check=True)
    assert "TCP" in shown.stdout


@pytest.mark.parametrize("method", METHODS)
def test_killing_the_capture_is_noticed_and_its_packets_are_kept(
    tmp_path: Path, knocking: None, method: Method
) -> None:
    file = tmp_path / "lo.pcapng"
    running = Running("lo", file, "--capture-with", method, "--format", "json", f"tcp port {PORT}")
    wait_until(lambda: file.stat().st_size > 3000, "packets are in the file")
    os.kill(running.child(), signal.SIGKILL)
    assert running.wait() == 0
    (report,) = running.objects()
    assert report["capture"]["packets"] > 10
    assert any("ended by signal 9" in problem for problem in report["capture"]["problems"])
    assert "what it captured until then is kept" in running.errors


def test_limits(tmp_path: Path, knocking: None) -> None:
    running = Running("lo", tmp_path / "count.pcap", "-c", "25", f"tcp port {PORT}")
    assert running.wait() == 0
    assert count_packets(tmp_path / "count.pcap") == 25
    begun = time.monotonic()
    running = Running("lo", tmp_path / "time.pcap", "--duration", "500ms")
    assert running.wait() == 0
    assert time.monotonic() - begun < 10


def test_a_full_disk_stops_the_capture_and_keeps_the_rest(tmp_path: Path, knocking: None) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(disk)], check=False)
    if mounted.returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    # It waits for the end of this process, too: a test that is killed leaves no mount behind.
    unmount = subprocess.Popen(["sh", "-c", 'read -r _; umount "$1"', "sh", str(disk)], stdin=subprocess.PIPE)
    try:
        for method, name in ((Method.LIBPCAP, "a.pcap"), (Method.LIBPCAP, "b.pcapng"), (Method.RAW, "c.pcapng")):
            process = CaptureProcess(Settings(("lo",), f"tcp port {PORT}", method=method, path=str(disk / name)))
            process.start()
            reader = LiveReader(process, None)
            ballast = disk / "ballast"
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            packets = sum(map(len, reader.batches()))
            reader.close()
            assert "No space left on device" in process.problem
            assert process.counts.received == packets == count_packets(disk / name), name
            assert reader.problems == [process.problem]
            ballast.unlink()
    finally:
        unmount.communicate()


def test_from_wire_to_reader_takes_less_than_a_quarter_second(tmp_path: Path) -> None:
    for method in METHODS:
        process = CaptureProcess(Settings(("lo",), f"tcp port {PORT}", method=method, path=str(tmp_path / method)))
        process.start()
        reader = LiveReader(process, None)
        delays = []
        batches = reader.batches()
        for _ in range(8):
            time.sleep(0.03)
            begun = time.time()
            knock()
            while not (batch := next(batches)):
                pass
            delays.append(time.time() - batch[0].time_ns / 1e9)
            assert batch[0].time_ns / 1e9 >= begun - 0.01
        process.stop()
        for _ in batches:
            pass
        reader.close()
        # The middle one: a loaded machine may be late at times.
        assert sorted(delays)[len(delays) // 2] < 0.25, (method, delays)


def test_a_temporary_capture_is_removed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "wsinspect", "report", "-i", "lo", "--duration", "300ms", "--format", "json"]
    done = subprocess.run(
        command, env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["capture"]["source"] == "lo"
    assert "not kept" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("interface", "words", "complaint"), [("nosuch0", "", "nosuch0"), ("lo", "tcp prt 80", "filter")]
)
def test_what_cannot_be_captured(method: Method, interface: str, words: str, complaint: str) -> None:
    process = CaptureProcess(Settings((interface,), words, method=method))
    with pytest.raises(WsinspectError, match=complaint):
        process.start()
    assert not process.running
    assert process.files == []
