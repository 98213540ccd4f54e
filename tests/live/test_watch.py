"""The screen on live traffic, on a real terminal: however it is left, the capture has ended and its file is whole."""

import os
import pwd
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import alive, children, count_packets, wait_until
from terminal import Terminal
from test_rights import status

HANDSHAKE = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of a server that refuses WebSockets, and is asked for one all the time."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]

        def refuse() -> None:
            while True:
                with server.accept()[0] as connection:
                    if not connection.recv(1000):
                        return  # nobody asks any more
                    connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        def ask() -> None:
            while not over.wait(0.01):
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(HANDSHAKE)
                    client.recv(1000)

        refusing, asking = threading.Thread(target=refuse), threading.Thread(target=ask)
        refusing.start()
        asking.start()
        yield port
        over.set()
        asking.join()
        socket.create_connection(("127.0.0.1", port)).close()
        refusing.join()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """For the temporary files of a run."""
    place = tmp_path / "temporary"
    place.mkdir()
    return place


def watch(tmp_path: Path, place: Path, port: int, *arguments: str, **env: str) -> Terminal:
    terminal = Terminal(
        tmp_path, "-i", "lo", *arguments, f"tcp port {port}", env={"TMPDIR": str(place), **env}, size=(120, 30)
    )
    terminal.wait_for("403")
    return terminal


@pytest.mark.parametrize(
    ("way", "keys", "shown"),
    [
        ("C-c", "", "LIVE"),
        ("C-c", "Enter", "Story"),
        ("C-c", "?", "Every key"),
        ("C-c", "C-p", "Search"),
        ("C-c", "Escape", "reading stopped"),
        ("SIGTERM", "", "LIVE"),
        ("SIGTERM", "?", "Every key"),
    ],
)
def test_ctrl_c_and_sigterm_end_it_from_every_screen(
    tmp_path: Path, place: Path, port: int, way: str, keys: str, shown: str
) -> None:
    file = tmp_path / "kept.pcap"
    terminal = watch(tmp_path, place, port, "-w", str(file))
    (child,) = children(terminal.pid())
    if keys:
        terminal.press(keys)
        terminal.wait_for(shown)
    if way == "C-c":
        terminal.press(way)
    else:
        os.kill(terminal.pid(), signal.SIGTERM)
    assert terminal.status() == 0
    said = terminal.text
    assert f"wsinspect: {count_packets(file):,} packets received, 0 dropped by the kernel, 0 by wsinspect" in said
    assert f"the capture is in {file}" in said
    assert not alive(child)
    assert list(place.iterdir()) == []
    terminal.close()


def test_a_second_ctrl_c_ends_it_at_once_and_says_where_the_capture_is(tmp_path: Path, place: Path, port: int) -> None:
    terminal = watch(tmp_path, place, port)
    (child,) = children(terminal.pid())
    os.kill(child, signal.SIGSTOP)  # a capture that does not answer
    terminal.press("C-c")
    threading.Event().wait(0.5)
    assert "exit status" not in terminal.text
    terminal.press("C-c")
    assert terminal.status() == 128 + signal.SIGINT
    (spool,) = place.iterdir()
    assert f"ended at once; the capture is in {spool}" in terminal.text
    wait_until(lambda: not alive(child), "the child is gone")
    assert count_packets(spool, whole=False) > 10
    terminal.close()


def test_killing_the_capture_leaves_a_screen_that_says_so(tmp_path: Path, place: Path, port: int) -> None:
    terminal = watch(tmp_path, place, port)
    (child,) = children(terminal.pid())
    os.kill(child, signal.SIGKILL)
    terminal.wait_for("the capture process was ended by signal 9")
    assert "LIVE" not in terminal.text
    terminal.press("Enter")
    terminal.wait_for("403 Forbidden")  # what was captured can be looked into
    terminal.press("Escape", "G")
    terminal.wait_for("ended by signal 9")
    terminal.press("q")
    assert terminal.status() == 0
    assert "ended by signal 9" in terminal.text
    assert list(place.iterdir()) == []
    terminal.close()


def test_killing_the_analysis_leaves_a_spool_and_no_child(tmp_path: Path, place: Path, port: int) -> None:
    terminal = watch(tmp_path, place, port)
    (child,) = children(terminal.pid())
    os.kill(terminal.pid(), signal.SIGKILL)
    wait_until(lambda: not alive(child), "the capture process is gone")
    (spool,) = place.iterdir()
    assert count_packets(spool) > 10
    terminal.close()


def test_started_through_sudo_the_screen_is_the_users(tmp_path: Path, place: Path, port: int) -> None:
    nobody = pwd.getpwnam("nobody")
    place.chmod(0o777)
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    sudo = {"SUDO_UID": str(nobody.pw_uid), "SUDO_GID": str(nobody.pw_gid)}
    terminal = watch(tmp_path, place, port, **sudo)
    for pid in (terminal.pid(), *children(terminal.pid())):
        found = status(pid)
        assert found["Uid"] == [str(nobody.pw_uid)] * 4
        assert found["Groups"] == []
        assert [int(found[kind][0], 16) for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0] * 4
        assert found["NoNewPrivs"] == ["1"]
    (spool,) = place.iterdir()
    assert spool.stat().st_uid == nobody.pw_uid
    terminal.press("Enter")
    terminal.wait_for("403 Forbidden")
    terminal.press("C-c")
    assert terminal.status() == 0
    assert list(place.iterdir()) == []
    terminal.close()


@pytest.mark.parametrize("way", ["C-c", "q"])
def test_a_pipe_that_brings_no_more_can_be_left_while_it_is_read(tmp_path: Path, way: str) -> None:
    capture = Path(__file__).parents[2] / "captures" / "tour.pcapng"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    terminal = Terminal(tmp_path, str(pipe))
    with pipe.open("wb") as writer:
        writer.write(capture.read_bytes()[:-1000])
        writer.flush()
        terminal.wait_for("connections")
        terminal.press(way)
        assert terminal.status() == 0
    assert "Traceback" not in terminal.text
    terminal.close()
