"""What strangers send is shown, and nothing more happens: in every view, whatever it is."""

from contextlib import closing
from pathlib import Path

import pytest
from driving import loaded, opened, screen_text, until
from fakes import FakeSource, Teller, make_report, make_violation
from textual.pilot import Pilot

from wsinspect.escape import terminal
from wsinspect.report import model
from wsinspect.timeline import Timeline
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.filter_bar import FilterInput
from wsinspect.tui.connections.screen import ConnectionTable
from wsinspect.tui.export.save_box import SaveBox
from wsinspect.tui.source import open_source
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side

ACTING = [
    "[/foo]",
    "[bold red]x[/] [@click=app.quit]y",
    "\x1b[31mred\x1b[2J",
    "\x1b]0;title\x07\x1b]52;c;eA==\x07",
    "\x9b31m\x90\x85",
    "a\x00b\x7f",
    "\u202eevil\u2066\u200f",
    "a\r\nb\u2028c\td",
    "x\ud800y",
    "\\[/]\\",
]
HOSTILE = {
    "closing tag": ACTING[0],
    "acting": " ".join(ACTING),
    "wide": "東京タワー" * 20 + "🚀" * 30,
    "rtl": "שלום/" * 10 + "مرحبا 1006 " * 10 + "ܐ\u0711",
    "combining": "e\u0301" + "a" + "\u0301" * 300,
    "long": "A" * 65536,
    "long and acting": "\x1b[31m" * 13000,
}
HARMFUL = {chr(code) for code in [*range(32), 127, *range(0x80, 0xA0)]} - {"\n"} | set("\u202e\u2066\u200f\u2028\ud800")

TOUR = ["1", "2", "x", "x", "x", "down", "down", "down", "z", "z", "3", "end", "4", "down", "end"]
SHORT_TOUR = ["2", "3", "4"]


def tell(text: str) -> Timeline:
    data = text.encode("utf-8", "surrogatepass")
    teller = Teller()
    teller.opening(text, ((text, text), ("Sec-WebSocket-Protocol", text), ("Host", text)))
    broken = teller.frame(Side.CLIENT, data)
    teller.break_rule(broken, "unmasked-client-frame", text)
    teller.frame(Side.SERVER, data, Opcode.BINARY)
    teller.frame(Side.SERVER, data[:125], Opcode.PING)
    teller.frame(Side.SERVER, b'{"a": "' + data + b'", "' + data + b'": [}')
    teller.closing(4000, data[:123])
    return teller.timeline


def report(text: str) -> model.Connection:
    frame = model.CloseFrame(4000, text, "private", text, 20, 0.0)
    event = model.CloseEvent(4000, text, True)
    return make_report(
        1,
        url="ws://" + text + "/" + text,
        subprotocol=text,
        extensions=[text],
        close=model.Close("client", frame, frame, None, model.CloseEvents(event, event), f'Closed: "{text}".',
                          [model.Diagnosis("idle-timeout", "likely", text)]),
        violations=[make_violation(detail=text, frame=0, packet=5),
                    make_violation("wrong-accept", detail=text, frame=None, packet=6, by="server")],
    )  # fmt: skip


async def tour(pilot: Pilot[None], keys: list[str]) -> str:
    """Every view of the first connection, and all the text that was seen."""
    seen = [screen_text(pilot.app)]
    await pilot.press("enter")
    screen = await opened(pilot)
    for key in keys:
        if key in "1234":
            screen.action_tab(int(key) - 1)  # the same as the key, and quicker to test
            await pilot.pause()
        else:
            await pilot.press(key)
        seen.append(screen_text(pilot.app))
    await pilot.press("escape")
    return "\n".join(seen)


@pytest.mark.parametrize(
    ("text", "size"),
    [*((text, (80, 24)) for text in HOSTILE.values()), (HOSTILE["acting"], (200, 60))],
    ids=[*HOSTILE, "acting, wide"],
)
async def test_every_view_shows_it_escaped(text: str, size: tuple[int, int]) -> None:
    app = WsinspectApp(FakeSource([[report(text)]], tell=lambda index: tell(text)))
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        seen = await tour(pilot, TOUR)  # which measures every line, too
        assert app.is_running
    assert not HARMFUL & set(seen)
    assert terminal(text)[:6] in seen


@pytest.mark.parametrize(
    ("field", "text"),
    [("http.host", HOSTILE["acting"]), ("http.request.uri", HOSTILE["wide"]), ("ws.subprotocol", HOSTILE["rtl"]),
     ("ws.extensions", HOSTILE["combining"]), ("ws.close.reason", HOSTILE["acting"])],
)  # fmt: skip
async def test_values_offered_for_a_filter(field: str, text: str) -> None:
    app = WsinspectApp(FakeSource([[report(text), make_report(2)]]))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("slash")
        line = app.screen.query_one(FilterInput)
        for typed in (f"{field} == ", f'{field} == "', f"zz {text[:20]}"):
            line.value = typed
            line.cursor_position = len(typed)
            await pilot.pause()
            assert not HARMFUL & set(screen_text(app))
        line.value = f"{field} == "
        line.cursor_position = len(line.value)
        await pilot.pause()
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert not HARMFUL & set(screen_text(app))


async def test_remarks_in_the_corner(tmp_path: Path) -> None:
    app = WsinspectApp(FakeSource([[make_report(1)]]))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await loaded(pilot)
        await pilot.press("e")
        box = app.screen
        assert isinstance(box, SaveBox)
        box.done(HOSTILE["acting"], str(tmp_path / "[b]\x1b[31m\u202e"))
        await until(pilot, lambda: "[/foo]" in screen_text(app))
        assert not HARMFUL & set(screen_text(app))


async def test_a_source_with_a_hostile_name() -> None:
    source = FakeSource([[make_report(1)]])
    source.name = "[/foo]\x1b[2J.pcap"
    source.problems.append("[bold]\x1b")
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        await loaded(pilot)
        assert r"[/foo]\x1b[2J.pcap" in screen_text(app)
        assert r"[bold]\x1b" in screen_text(app)


CAPTURE = Path(__file__).parents[2] / "captures" / "hostile.pcap"


async def test_capture_that_means_harm() -> None:
    with closing(open_source(str(CAPTURE))) as source:
        await tour_all(WsinspectApp(source))


async def tour_all(app: WsinspectApp) -> None:
    """Look at every connection."""
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        table = app.screen.query_one(ConnectionTable)
        for place in range(table.line_count):
            table.cursor = place
            seen = await tour(pilot, SHORT_TOUR)
            assert not HARMFUL & set(seen)
            await until(pilot, lambda: app.screen.query(ConnectionTable))


ABOVE = [["c"], ["v"], ["question_mark"], ["e"], ["y"], ["C"], ["enter", "2", "w"], ["enter", "y"]]
FOUND = [
    ["c", "y"], ["v", "e"], ["ctrl+p", *"cop"], ["ctrl+f", *"re:.", "enter", "down", "down"],
    ["enter", "slash", *"re:.", "enter", "n"],
]  # fmt: skip


@pytest.mark.parametrize(
    ("way", "place"),
    [*((way, place) for way in ABOVE for place in (0, 15, 16)), *((way, 15) for way in FOUND)],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
async def test_screens_above_the_list(way: list[str], place: int) -> None:
    with closing(open_source(str(CAPTURE))) as source:
        app = WsinspectApp(source)
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            app.screen.query_one(ConnectionTable).cursor = place
            for key in way:
                await pilot.press(key)
                if key == "enter" and way[0] == "enter":
                    await opened(pilot)
            await until(pilot, lambda: not app.screen.query(ConnectionTable))
            assert not HARMFUL & set(screen_text(app))
