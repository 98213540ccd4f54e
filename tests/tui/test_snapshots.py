"""A few pictures: what nobody would think to assert. `pytest --snapshot-update` after looking at the new ones."""

from contextlib import closing
from pathlib import Path

import pytest
from driving import loaded, opened, until
from textual.pilot import Pilot
from textual.widgets import Input

from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.overview.screen import SumsScreen
from wsinspect.tui.source import open_source

TOUR = Path(__file__).parents[2] / "captures" / "tour.pcapng"
SIZES = [(80, 24), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
def test_list(size: tuple[int, int], snap_compare) -> None:  # type: ignore[no-untyped-def]
    async def run_before(pilot: Pilot[None]) -> None:
        await loaded(pilot)
        await pilot.press("down", "down")

    with closing(open_source(str(TOUR))) as source:
        assert snap_compare(WsinspectApp(source), run_before=run_before, terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_story(size: tuple[int, int], snap_compare) -> None:  # type: ignore[no-untyped-def]
    async def run_before(pilot: Pilot[None]) -> None:
        await loaded(pilot)
        await pilot.press("enter")
        await opened(pilot)

    with closing(open_source(str(TOUR))) as source:
        assert snap_compare(WsinspectApp(source), run_before=run_before, terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [["2"], ["3"], ["4"]], ids=["frames", "handshake", "broken"])
def test_tabs(keys: list[str], size: tuple[int, int], snap_compare) -> None:  # type: ignore[no-untyped-def]
    async def run_before(pilot: Pilot[None]) -> None:
        await loaded(pilot)
        await pilot.press(*["down"] * 21, "enter")
        await opened(pilot)
        await pilot.press(*keys)
        await pilot.pause()

    with closing(open_source(str(TOUR))) as source:
        assert snap_compare(WsinspectApp(source), run_before=run_before, terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [["slash", *"ws.close.co"], ["e"], ["y"], ["question_mark"], ["C"]],
                         ids=["filter", "export", "copy", "help", "columns"])  # fmt: skip
def test_above_the_list(keys: list[str], size: tuple[int, int], snap_compare) -> None:  # type: ignore[no-untyped-def]
    async def run_before(pilot: Pilot[None]) -> None:
        await loaded(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        for input_ in pilot.app.screen.query(Input):
            input_.cursor_blink = False
        await pilot.pause()

    with closing(open_source(str(TOUR))) as source:
        assert snap_compare(WsinspectApp(source), run_before=run_before, terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["c", "v"])
def test_sums(key: str, size: tuple[int, int], snap_compare) -> None:  # type: ignore[no-untyped-def]
    async def run_before(pilot: Pilot[None]) -> None:
        app = await loaded(pilot)
        await until(pilot, lambda: app.store.judged)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, SumsScreen) and app.screen.table.rows)
        await pilot.pause(0.3)  # the bar of keys takes its second shape when it knows the width

    with closing(open_source(str(TOUR))) as source:
        assert snap_compare(WsinspectApp(source), run_before=run_before, terminal_size=size)
