"""How soon the screens answer: while a capture is read, with many connections, with many frames; and their memory.

    python tests/bench/screens.py [loading] [connections] [frames] [--megabytes 100] [--connections 10000]
                                  [--frames 100000] [--keys 8] [--directory /tmp]

The real app on captures that `generate.py` writes, driven by Textual's pilot at 200x60: everything but the terminal.
The captures are kept in the directory for the next run. Wall time is what a user waits; the processor time of the
screens' thread beside it says what it would be on a machine with nothing else to do. The goals: the first rows within
1 s and keys within 100 ms while 1 GB is read (`--megabytes 1000`); 50 ms (median) and 150 ms (worst) from a key to the
paint with 100,000 connections and with 1,000,000 frames in one; 2 KB a connection and 16 bytes a frame.
"""

import argparse
import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from generate import write
from textual import events
from textual.pilot import Pilot

from wsinspect.garbage import look_seldom
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connections.screen import ConnectionTable
from wsinspect.tui.source import open_source

SIZE = (200, 60)
PATIENCE = 3600.0
PACKET_BYTES = 730
"""Bytes of a packet of the large capture, about."""
SHORT = 14
"""Packets of each connection where there are many."""


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def capture(directory: Path, packets: int, connections: int, sizes: tuple[int, int]) -> str:
    """The path of a capture with so much in it."""
    path = directory / f"wsinspect-bench-{packets}-{connections}.pcap"
    if not path.exists():
        write(path, packets, connections, 6455, sizes)
    return str(path)


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Let the app run until `condition` holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if pilot.app._exception is not None:
            raise pilot.app._exception
        if time.monotonic() > end:
            sys.exit("it never came true")
        await asyncio.sleep(0.002)


class Stopwatch:
    """Measures from keys to the paint that follows them, and prints the times."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self._pilot = pilot
        self._painted = asyncio.Event()
        self._taken = False  # whether the key has been handled
        app = pilot.app
        display, dispatch = app._display, app.on_event

        def noting(screen: object, renderable: object) -> None:
            display(screen, renderable)  # type: ignore[arg-type]
            if self._taken:
                self._painted.set()

        async def handling(event: events.Event) -> None:
            await dispatch(event)
            if isinstance(event, events.Key):
                self._taken = True

        app._display = noting  # type: ignore[method-assign, assignment]
        app.on_event = handling  # type: ignore[method-assign]

    async def press(self, key: str) -> tuple[float, float]:
        """Seconds from the key to the paint, and seconds of the processor in this thread."""
        self._painted.clear()
        self._taken = False
        begun, used = time.perf_counter(), time.thread_time()
        character = key if len(key) == 1 else None
        self._pilot.app.post_message(events.Key(key, character))
        await asyncio.wait_for(self._painted.wait(), PATIENCE)
        return time.perf_counter() - begun, time.thread_time() - used

    async def measure(self, what: str, keys: list[str], pause: float = 0.3) -> None:
        """Press some keys, each after the screen has come to rest."""
        taken = []
        for key in keys:
            taken.append(await self.press(key))
            await asyncio.sleep(pause)
        wall, used = ([1000 * one[place] for one in taken] for place in (0, 1))
        print(
            f"  {what:28} median {statistics.median(wall):6.1f} ms  worst {max(wall):6.1f} ms   "
            f"processor {statistics.median(used):6.1f} ms, {max(used):6.1f} ms",
            flush=True,
        )


async def loading(path: str, keys: int) -> None:
    """Rows, progress and keys while a large capture is read."""
    print(f"reading {os.path.getsize(path) / 1e6:,.0f} MB")
    begun = time.perf_counter()
    app = WsinspectApp(open_source(path))
    async with app.run_test(size=SIZE) as pilot:
        table = app.screen.query_one(ConnectionTable)
        await until(pilot, lambda: table.line_count)
        print(f"  first rows after {time.perf_counter() - begun:.2f} s")
        watch = Stopwatch(pilot)
        await watch.measure("down", ["down"] * keys, 0.1)
        # In turn: at the end of the list a key paints nothing, and the next report of progress would be measured.
        await watch.measure("page down, up", ["pagedown", "pageup"] * (keys // 2), 0.1)
        await watch.measure("end, home", ["end", "home"] * (keys // 2), 0.1)
        await watch.measure("sort", ["o"] * keys, 0.1)
        progress = app.progress
        left = progress.seconds_left
        print(f"  after {progress.seconds:.1f} s: {(progress.share or 0):.1%}, {left or 0:.0f} s left")
        await pilot.press("escape")
        await until(pilot, lambda: app.progress.done)


async def connections(path: str, keys: int) -> None:
    """Keys in a list of many connections, and what each takes."""
    before = resident()
    source = open_source(path)
    app = WsinspectApp(source)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.progress.done and app.store.judged)
        gc.collect()
        table = app.screen.query_one(ConnectionTable)
        count = table.line_count
        print(f"{count:,} connections, read in {app.progress.seconds:.0f} s")
        print(f"  {(resident() - before) / count:,.0f} bytes of memory each, {source.packets / count:.0f} packets each")
        watch = Stopwatch(pilot)
        await watch.measure("down", ["down"] * keys)
        await watch.measure("page down", ["pagedown"] * keys)
        await watch.measure("end, home", ["end", "home"] * (keys // 2))
        await watch.measure("sort", ["o"] * keys)
        await watch.measure("reverse", ["O"] * keys)
        begun = time.perf_counter()
        await pilot.press("O")
        await until(pilot, lambda: not table.is_sorting)
        print(f"  in the other order after {1000 * (time.perf_counter() - begun):.0f} ms")
        await pilot.press("slash")
        await watch.measure("filter, typing", list("tcp.port"))
        await watch.measure("filter, typing its value", list("==40007"))
        await watch.measure("filter, enter", ["enter"])
        await until(pilot, lambda: table.line_count == 1 + (count - 8) // 20_000)
        print(f"  {table.line_count} shown")


async def frames(path: str, keys: int) -> None:
    """Keys in one connection of many frames, and what each takes."""
    app = WsinspectApp(open_source(path))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.progress.done and app.store.judged)
        before, begun = resident(), time.perf_counter()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ConnectionScreen) and app.screen.opened)
        screen = app.screen
        assert isinstance(screen, ConnectionScreen)
        print(f"first page of its story after {time.perf_counter() - begun:.2f} s; keys while the rest is read:")
        watch = Stopwatch(pilot)
        await watch.measure("story: down, up", ["down", "up"] * (keys // 2), 0.1)
        await pilot.press("2")
        await watch.measure("frames: down", ["down"] * keys, 0.1)
        await watch.measure("frames: page down", ["pagedown"] * keys, 0.1)
        still = "" if screen.reading else " (and all had been read before the last of them)"
        await until(pilot, lambda: not screen.reading)
        assert screen.opened is not None
        count = len(screen.opened.frames)
        print(f"{count:,} frames, opened in {time.perf_counter() - begun:.0f} s{still}")
        await pilot.press("1")
        gc.collect()
        print(f"  {(resident() - before) / count:,.0f} bytes of memory each")
        await watch.measure("story: down, up", ["down", "up"] * (keys // 2))
        await pilot.press("2")
        await watch.measure("frames: down", ["down"] * keys)
        await watch.measure("frames: page down", ["pagedown"] * keys)
        await watch.measure("frames: end, home", ["end", "home"] * (keys // 2))
        await watch.measure("frames: next view", ["x"] * 4)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = ["loading", "connections", "frames"]
    parser.add_argument("parts", nargs="*", default=parts, metavar="part", help=", ".join(parts))
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=8, help="how often each is pressed")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()), help="where captures are kept")
    options = parser.parse_args()
    look_seldom()
    if "loading" in options.parts:
        path = capture(options.directory, options.megabytes * 1_000_000 // PACKET_BYTES, 200, (20, 1300))
        asyncio.run(loading(path, options.keys))
    if "connections" in options.parts:
        path = capture(options.directory, options.connections * SHORT, options.connections, (20, 200))
        asyncio.run(connections(path, options.keys))
    if "frames" in options.parts:
        path = capture(options.directory, options.frames + 10, 1, (20, 200))
        asyncio.run(frames(path, options.keys))


if __name__ == "__main__":
    main()
