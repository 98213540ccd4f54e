"""What is on the wire is on the screen: all of it, and soon.

WSINSPECT_PACKETS=300000 sends the whole benchmark capture instead of a tenth of it.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driving import screen_text, until
from terminal import Terminal
from test_endpoints import server
from test_replayed import replay, timeless
from websockets.asyncio.client import connect

from wsinspect.capture.live.capture import LiveCapture
from wsinspect.capture.live.process import CaptureProcess
from wsinspect.capture.live.settings import Settings
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.live_source import LiveSource

PACKETS = int(os.environ.get("WSINSPECT_PACKETS", "30000"))


@contextlib.contextmanager
def capturing(port: int, tmp_path: Path) -> Iterator[LiveSource]:
    """What passes on loopback from and to `port`; the test keeps the rights that a user would give up."""
    process = CaptureProcess(Settings(("lo",), f"tcp port {port}", path=str(tmp_path / "lo.pcap")))
    process.start()
    with LiveCapture(process, None) as capture:
        yield LiveSource(capture)


def report(file: Path) -> Any:
    command = [sys.executable, "-m", "wsinspect", "report", str(file), "--format", "json"]
    return timeless(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))


@pytest.mark.parametrize("speed", ["--pps=100000", "--topspeed"])
def test_nothing_is_lost_while_the_screen_runs(namespace: list[str], tmp_path: Path, speed: str) -> None:
    from generate import write

    sent, file = tmp_path / "sent.pcapng", tmp_path / "spool.pcap"
    write(sent, PACKETS, connections=200, seed=6455)
    terminal = Terminal(tmp_path, "-i", "v1", "-w", str(file), inside=namespace)
    terminal.wait_for("LIVE")
    assert f"{PACKETS} packets" in replay(namespace, sent, speed)
    terminal.wait_for(f"{PACKETS:,} packets  0 dropped")
    terminal.wait_for("200 connections")
    terminal.press("C-c")
    assert terminal.status() == 0
    assert f"{PACKETS:,} packets received, 0 dropped by the kernel, 0 by wsinspect" in terminal.text
    terminal.close()
    assert report(file) == report(sent)


async def test_from_close_to_screen_takes_less_than_a_quarter_second(tmp_path: Path) -> None:
    delays = []
    async with server({}) as port:
        with capturing(port, tmp_path) as source:
            app = WsinspectApp(source)
            async with app.run_test(size=(100, 24)) as pilot:
                for code in range(4000, 4010):
                    connection = await connect(f"ws://127.0.0.1:{port}/")
                    await until(pilot, lambda code=code: len(app.store) == code - 3999)
                    await asyncio.sleep(0.03 * (code % 7))
                    begun = time.monotonic()
                    closing = asyncio.create_task(connection.close(code, "bye"))
                    while f"{code} Private" not in screen_text(app):
                        await asyncio.sleep(0.002)
                        assert time.monotonic() - begun < 30, screen_text(app)
                    delays.append(time.monotonic() - begun)
                    await closing
                await pilot.press("ctrl+q")
    # The middle one: a loaded machine may be late at times.
    assert sorted(delays)[len(delays) // 2] < 0.25, delays
