"""Write the pictures of the screens beside this file, or with --check compare them with what would be written.

Taken from the app itself while it shows captures/tour.pcapng, so they show what is there.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from textual.pilot import Pilot
from textual.widgets import Input

from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connections.screen import ConnectionTable
from wsinspect.tui.source import open_source

HERE: Final = Path(__file__).resolve().parent
PICTURES: Final = HERE / "pictures"
TOUR: Final = HERE.parent / "captures" / "tour.pcapng"
SIZE: Final = (100, 30)
PATIENCE: Final = 60.0

SCREENS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "list": (10, ()),
    "filter": (1, ("slash", *"ws.close.code in {1006, 1009} && ws.du")),
    "closes": (1, ("c",)),
    "violations": (1, ("v",)),
    "story": (10, ("enter",)),
    "frames": (2, ("enter", "2", "down")),
    "handshake": (6, ("enter", "3")),
}
"""Name of a picture: the number of the connection under the cursor, and the keys that lead to the screen."""


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Let the app run until `condition` holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            sys.exit("the screen did not come to rest")
        await pilot.pause(0.02)
    await pilot.pause()


async def picture(number: int, keys: tuple[str, ...]) -> str:
    """The screen that `keys` lead to, as SVG."""
    with closing(open_source(str(TOUR))) as source:
        app = WsinspectApp(source)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda: app.progress.done and app.store.judged)
            app.screen.query_one(ConnectionTable).cursor = number - 1
            await pilot.pause()
            for key in keys:
                await pilot.press(key)
                if isinstance(app.screen, ConnectionScreen):
                    screen = app.screen
                    await until(pilot, lambda: screen.opened is not None)  # noqa: B023 - asked at once
            for field in app.screen.query(Input):
                field.cursor_blink = False
            await pilot.pause(0.3)
            svg = app.export_screenshot(title=f"wsinspect {TOUR.name}")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which ones; else all: {', '.join(SCREENS)}")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if one would change")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:  # not what the user has filtered by
        os.environ |= {"TZ": "UTC", "TERM": "xterm-256color", "COLORTERM": "truecolor", "XDG_STATE_HOME": state}
        os.environ.pop("NO_COLOR", None)
        time.tzset()
        stale = write(options.names or list(SCREENS), check=options.check)
    if options.check and stale:
        print(f"stale: {', '.join(stale)}; run: python docs/make_pictures.py", file=sys.stderr)
        return 1
    return 0


def write(names: list[str], *, check: bool) -> list[str]:
    """Take these pictures and, unless they are only to be checked, write them; the names of those that change."""
    stale = []
    for name in names:
        path = PICTURES / f"{name}.svg"
        svg = asyncio.run(picture(*SCREENS[name]))
        if path.exists() and path.read_text(encoding="utf-8") == svg:
            continue
        stale.append(name)
        if not check:
            PICTURES.mkdir(exist_ok=True)
            path.write_text(svg, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
