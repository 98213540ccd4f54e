"""Export and copy from the screens: what reaches files and clipboard, what is asked before, what stops it."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from driving import loaded, opened, screen_text, until
from fakes import FakeSource, make_report
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, RadioSet

from wsinspect.capture.source import open_capture
from wsinspect.export import formats
from wsinspect.export.formats import FORMATS
from wsinspect.report import model
from wsinspect.report.build import report_file
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.screen import ConnectionsScreen, ConnectionTable
from wsinspect.tui.export.copy_box import MAX_COPY, CopyBox, payload_text
from wsinspect.tui.export.export_box import ExportBox
from wsinspect.tui.export.save_box import SaveBox, file_stem
from wsinspect.tui.export.selection import StoreSelection
from wsinspect.tui.overview.screen import SumsScreen
from wsinspect.tui.source import open_source
from wsinspect.tui.units import plural

CAPTURES = Path(__file__).parents[2] / "captures"
TOUR, HOSTILE = CAPTURES / "tour.pcapng", CAPTURES / "hostile.pcap"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files go where the user is."""
    monkeypatch.chdir(tmp_path)


@contextmanager
def app_on(path: Path) -> Iterator[WsinspectApp]:
    source = open_source(str(path))
    try:
        yield WsinspectApp(source)
    finally:
        source.close()


async def box(pilot: Pilot[None]) -> SaveBox:
    await until(pilot, lambda: isinstance(pilot.app.screen, SaveBox) and bool(pilot.app.screen.path.value))
    screen = pilot.app.screen
    assert isinstance(screen, SaveBox)
    return screen


def told(app: WsinspectApp) -> str:
    """The latest remark in the corner."""
    return list(app._notifications)[-1].message


async def written(pilot: Pilot[None], path: str) -> None:
    await until(pilot, lambda: not isinstance(pilot.app.screen, SaveBox))
    assert os.path.exists(path)


async def test_a_connection_of_the_list_in_every_format() -> None:
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            app.screen.query_one(ConnectionTable).cursor = 13
            for place, format_ in enumerate(FORMATS):
                await pilot.press("e")
                screen = await box(pilot)
                screen.query_one("#format", RadioSet).query("_Choice")[place].value = True  # type: ignore[attr-defined]
                await pilot.pause()
                path = f"tour-14{format_.suffix}"
                assert screen.path.value == path
                await pilot.press("enter")
                await written(pilot, path)
                assert told(app).endswith(f"written to {os.path.abspath(path)}")
    assert len(os.listdir()) == len(FORMATS)
    report = msgspec.json.decode(Path("tour-14.json").read_bytes(), type=model.Report)
    assert [it.id for it in report.connections] == [14]
    with open_capture("tour-14.pcapng") as reader:
        assert len(list(reader)) > 10


async def test_all_of_the_list_in_its_order() -> None:
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await pilot.press("O", "e")
            screen = await box(pilot)
            screen.query_one("#which", RadioSet).query("_Choice")[1].value = True  # type: ignore[attr-defined]
            screen.query_one("#format", RadioSet).query("_Choice")[1].value = True  # type: ignore[attr-defined]
            await pilot.pause()
            assert screen.path.value == "tour-connections.json"
            await pilot.press("enter")
            await written(pilot, "tour-connections.json")
    report = msgspec.json.decode(Path("tour-connections.json").read_bytes(), type=model.Report)
    want = [it.id for it in report_file(str(TOUR)).connections]
    assert [it.id for it in report.connections] == want[::-1]


async def test_another_file_is_overwritten_only_by_who_says_so_twice() -> None:
    Path("x.json").write_text("old")
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await pilot.press("e")
            screen = await box(pilot)
            screen.query_one(Input).value = "x.json"
            await pilot.press("enter")
            assert "exists already: Enter again overwrites it" in screen_text(app)
            assert Path("x.json").read_text() == "old"
            await pilot.press("enter")
            await written(pilot, "x.json")
            assert Path("x.json").read_bytes() != b"old"
            await pilot.press("e")
            (await box(pilot)).path.value = "none/x"
            await pilot.press("enter")
            await until(pilot, lambda: "there is no such directory" in screen_text(app))


async def test_a_suggested_name_is_free_and_follows_the_format_until_it_is_edited() -> None:
    Path("tour-1.pcapng").write_text("old")
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await pilot.press("e")
            screen = await box(pilot)
            assert screen.path.value == "tour-1-2.pcapng"
            screen.path.value = "mine"
            screen.query_one("#format", RadioSet).query("_Choice")[2].value = True  # type: ignore[attr-defined]
            await pilot.pause()
            assert screen.path.value == "mine"
            await pilot.press("escape")
            assert isinstance(app.screen, ConnectionsScreen)


async def test_escape_gives_up_what_is_being_written(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(selection: object, output: object, progress: object) -> None:
        try:
            progress(1, 4)  # type: ignore[operator]
            begun.set()
            may_go_on.wait(30)
            progress(2, 4)  # type: ignore[operator]
        finally:
            ended.set()

    monkeypatch.setattr("wsinspect.tui.export.export_box.FORMATS", (formats.FORMATS[1]._replace(write=slow),))
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await pilot.press("e")
            await box(pilot)
            await pilot.press("enter")
            await until(pilot, begun.is_set)
            await until(pilot, lambda: "writing … 25%, Esc cancels" in screen_text(app))
            await pilot.press("escape")
            may_go_on.set()
            await until(pilot, ended.is_set)
            await until(pilot, lambda: os.listdir() == [])


async def test_a_message_to_a_file_and_to_the_clipboard() -> None:
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            app.screen.query_one(ConnectionTable).cursor = 13
            await pilot.press("enter")
            await opened(pilot)
            await pilot.press("2", "w")
            assert (await box(pilot)).path.value == "tour-14-client-0.txt"
            await pilot.press("enter")
            await written(pilot, "tour-14-client-0.txt")
            payload = b'{"op":"subscribe","channel":"trades"}'
            assert Path("tour-14-client-0.txt").read_bytes() == payload
            for place, want in enumerate((payload.decode(), payload.hex(" "), "ws://stream.example.com/v2/trades")):
                await copied(pilot, place)
                assert app.clipboard == want


async def copied(pilot: Pilot[None], place: int) -> None:
    """Copy what stands at a place of the menu."""
    await pilot.press("y")
    await until(pilot, lambda: isinstance(pilot.app.screen, CopyBox))
    pilot.app.screen.query_one(OptionList).highlighted = place
    await pilot.press("enter")
    await pilot.pause()


async def test_what_can_be_copied_of_a_connection() -> None:
    app = WsinspectApp(FakeSource([[make_report(1, tcp_stream=7)]]))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        for place, want in (
            (0, "ws://example.test/chat/1"), (1, "Client closed first."), (2, "10.0.0.1:40001 → 192.0.2.1:80"),
            (5, "tcp.stream == 7"),
        ):  # fmt: skip
            await copied(pilot, place)
            assert app.clipboard == want
        await copied(pilot, 3)
        assert app.clipboard.count("\n") == 3
        await copied(pilot, 4)
        assert app.clipboard.startswith("## WebSocket 1: ")


async def test_too_much_is_not_copied() -> None:
    app = WsinspectApp(FakeSource([[make_report(1, url="ws://" + "A" * MAX_COPY)]]))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await copied(pilot, 0)
        assert app.clipboard == ""
        assert "75 kB are too much, terminals take 75 kB" in told(app)
        assert isinstance(app.screen, CopyBox)


@pytest.mark.parametrize(
    ("key", "said"),
    [("e", "There is no connection here to export."), ("y", "There is nothing here to copy.")],
)
async def test_without_connections_there_is_nothing_to_export(key: str, said: str) -> None:
    app = WsinspectApp(FakeSource([[]]))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        for way in ([], ["c"], ["v"]) if key == "e" else ([],):
            await pilot.press(*way, key)
            assert told(app) == said
            if way:
                await pilot.press("escape")
            assert isinstance(app.screen, ConnectionsScreen)


@pytest.mark.parametrize("way", ["c", "v"])
async def test_the_connections_of_a_row_of_sums(way: str) -> None:
    """The file has the connections that Enter would show, and the copied filter shows them, too."""
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await until(pilot, lambda: app.store.judged)
            await pilot.press(way)
            await until(pilot, lambda: isinstance(app.screen, SumsScreen) and app.screen.table.rows)
            await pilot.press("down", "e")
            screen = await box(pilot)
            assert isinstance(screen, ExportBox)
            screen.query_one("#format", RadioSet).query("_Choice")[1].value = True  # type: ignore[attr-defined]
            await pilot.pause()
            assert f"the {plural(len(screen.indexes), 'connection')} of this row" in screen_text(app)
            name = screen.suggestion()
            await pilot.press("enter")
            await written(pilot, name)
            await copied(pilot, 2)
            text = app.clipboard
            await copied(pilot, 1)
            assert app.clipboard.splitlines()[1].startswith("| --- |")
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ConnectionsScreen))
            list_screen = app.screen
            assert isinstance(list_screen, ConnectionsScreen)
            assert list_screen.matching is not None
            assert list_screen.matching.filter.text == text
            shown = [index + 1 for index in list_screen.table.order.indexes]
    report = msgspec.json.decode(next(Path().glob("*.json")).read_bytes(), type=model.Report)
    assert [it.id for it in report.connections] == shown


async def test_the_connections_in_which_a_search_found_something() -> None:
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await pilot.press("ctrl+f", *"subscribe", "enter")
            await until(pilot, lambda: "33 of 33 connections" in screen_text(app))
            await pilot.press("e")
            screen = await box(pilot)
            assert isinstance(screen, ExportBox)
            assert screen.suggestion() == "tour-2.pcapng"
            assert re.search(r"all \d+ in the list", screen_text(app))


async def test_causes_that_only_all_connections_show_are_exported() -> None:
    with app_on(TOUR) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await until(pilot, lambda: app.store.judged)
            selection = StoreSelection(app.store, range(len(app.store)))
            exported = [selection.report(place) for place in range(len(selection))]
    assert exported == report_file(str(TOUR)).connections


def test_what_is_pasted_does_not_act() -> None:
    assert payload_text(b"a\r\n\tb\x1b[31m\xff\xe2\x80\xae") == "a\n\tb\\x1b[31m\\xff\\u202e"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("incident.pcapng", "incident"),
        ("a.pcap.gz", "a"),
        ("../[/foo]\x1b[2J.pcap", "foo-2J"),
        ('eth0  "tcp port 80"', "eth0-tcp-port-80"),
        ("…", "capture"),
        ("standard input", "standard-input"),
    ],
)
def test_names_of_files(name: str, stem: str) -> None:
    assert file_stem(name) == stem


async def test_boxes_of_a_capture_that_means_harm() -> None:
    with app_on(HOSTILE) as app:
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            table = app.screen.query_one(ConnectionTable)
            for place in range(table.line_count):
                table.cursor = place
                await pilot.press("e")
                assert isinstance(await box(pilot), ExportBox)
                await pilot.press("escape")
                await copied(pilot, 4)
                assert not {"\x1b", "\x07", "\x00", "\u202e", "\x9b"} & set(app.clipboard)
