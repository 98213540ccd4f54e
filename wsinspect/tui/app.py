"""The program on the terminal: which screens there are and what leads from one to another."""

import contextlib
import signal
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Iterable
from functools import partial
from typing import ClassVar, Final, Protocol, runtime_checkable

from rich.console import Console
from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import NoColor
from textual.screen import Screen

from wsinspect.errors import WsinspectError
from wsinspect.escape import terminal
from wsinspect.settings.model import Settings
from wsinspect.settings.read import Loaded, settings_path
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connections.column_chooser import ColumnChooser
from wsinspect.tui.connections.screen import ConnectionsScreen
from wsinspect.tui.export.copy_box import CopyBox, copies
from wsinspect.tui.export.export_box import ExportBox
from wsinspect.tui.export.subject import HasSubject, Subject
from wsinspect.tui.help import help_on, keys_of
from wsinspect.tui.keyboard import keyboard
from wsinspect.tui.keys import keymap
from wsinspect.tui.loader import START, Loader, Progress
from wsinspect.tui.overview.closes import ClosesScreen
from wsinspect.tui.overview.screen import SumsScreen
from wsinspect.tui.overview.violations import ViolationsScreen
from wsinspect.tui.search.screen import SearchScreen
from wsinspect.tui.source import Source
from wsinspect.tui.store import Store
from wsinspect.tui.themes import THEMES, check_colours, choose

SEARCH: Final = "search"
"""Name of the screen that searches all connections; it is kept, with what it has found."""


@runtime_checkable
class ShowsProgress(Protocol):
    """A screen that wants to know when more has been read."""

    def show_progress(self, progress: Progress) -> None:
        """Reading has moved on."""


class WsinspectApp(App[None]):
    """The inspector. It owns the store and the thread that fills it; the screens own everything that is seen."""

    TITLE = "wsinspect"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", tooltip="Every key of this screen"),
        Binding(
            "ctrl+t", "next_theme", "Theme", show=False, tooltip="The next theme: dark, light, high contrast, plain"
        ),
        Binding("q", "quit", "Quit"),
        # Before anything else that knows the key: it ends the program from everywhere, as in any other program.
        Binding("ctrl+c", "interrupt", "Interrupt", show=False, priority=True, tooltip="Quit; twice: at once"),
    ]

    def __init__(
        self,
        source: Source,
        loaded: Loaded | None = None,
        max_connections: int | None = None,
        display_filter: str = "",
    ) -> None:
        """`max_connections` that have ended are kept at most, the latest ones."""
        loaded = loaded or Loaded(Settings(), settings_path(), exists=False)
        self._settings = loaded.settings
        keys = keymap(loaded)
        check_colours(loaded)
        super().__init__()
        self.set_keymap(keys)
        self._set_up_colours()
        self.store = Store(source, max_connections)
        self.progress = START
        self._list = ConnectionsScreen(self.store, loaded, display_filter)
        self._loader = Loader(self.store, self.post_message, lambda: self._list.table.in_view)
        self._event_loop: AbstractEventLoop | None = None
        self._left = False

    def _set_up_colours(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = choose(self._settings.theme, self.console, self.no_color)
        for name in set(self.available_themes) - {theme.name for theme in THEMES}:
            self.unregister_theme(name)  # nobody has checked their contrast
        if self.console.color_system is None:  # TERM=dumb; bold and reverse are worth trying
            self.no_color = True
            self.console = Console(color_system="standard", file=self.console.file, force_terminal=True)
        if self.no_color:
            self._filters[:] = [NoColor()]

    def get_css_variables(self) -> dict[str, str]:
        """Textual's, and the user's colours in place of the theme's."""
        return super().get_css_variables() | {f"ink-{ink}": style for ink, style in self._settings.colours.items()}

    @on(events.Mount)
    def _mark_plain(self) -> None:
        self.theme_changed_signal.subscribe(self, lambda theme: self.set_class(theme.ansi or self.no_color, "-plain"))
        self.set_class(self.current_theme.ansi or self.no_color, "-plain")

    async def on_event(self, event: events.Event) -> None:
        """A key, before anybody else hears of it."""
        if isinstance(event, events.InputEvent) and not isinstance(event, events.MouseMove):
            keyboard.pressed()
        await super().on_event(event)

    def post_display_hook(self) -> None:
        """Something was painted."""
        keyboard.answered()

    def action_next_theme(self) -> None:
        """Dark, light, high contrast, the terminal's own."""
        names = [theme.name for theme in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    async def on_mount(self) -> None:
        """Show the list, and begin to read when it has been drawn.

        Drawing a screen for the first time takes the longest of all; a key pressed then would wait for reading, too.
        """
        self._event_loop = get_running_loop()
        if self._left:
            self.exit()
            return
        self.install_screen(SearchScreen(self.store, lambda: self._list.table.order.indexes), SEARCH)
        await self.push_screen(self._list)
        self.call_after_refresh(self._loader.start)

    def leave(self) -> None:
        """Quit. A signal handler may call it at any time, before the start too."""
        self._left = True
        if self._event_loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed: the program is on its way out
                self._event_loop.call_soon_threadsafe(self.exit)

    def action_interrupt(self) -> None:
        """What the terminal would do with Ctrl-C if it were not ours: then key and signal count together."""
        signal.raise_signal(signal.SIGINT)

    @on(Loader.Progressed)
    def _progressed(self, event: Loader.Progressed) -> None:
        self.progress = event.progress
        for screen in self.screen_stack:
            if isinstance(screen, ShowsProgress):
                screen.show_progress(event.progress)
        self._loader.acknowledge()

    @on(Loader.Crashed)
    def _crashed(self, event: Loader.Crashed) -> None:
        raise event.error

    @on(ConnectionsScreen.LoadingStopped)
    def _stop_loading(self) -> None:
        self._loader.cancel()

    @on(ColumnChooser.Changed)
    def _change_columns(self, event: ColumnChooser.Changed) -> None:
        self._list.table.set_columns(event.columns)

    @on(ConnectionsScreen.Opened)
    def _open(self, event: ConnectionsScreen.Opened) -> None:
        self.push_screen(ConnectionScreen(self.store, event.connection, self._list.neighbour), self._list.come_back)

    @on(ConnectionsScreen.SearchWanted)
    def _search(self) -> None:
        self.push_screen(SEARCH)

    @on(SearchScreen.Opened)
    def _open_found(self, event: SearchScreen.Opened) -> None:
        found = event.query, event.found.hit.place
        self.push_screen(ConnectionScreen(self.store, event.found.connection, self._list.neighbour, found))

    def action_help(self) -> None:
        """Every key of the screen, in a box above it."""
        self.push_screen(help_on(self.screen))

    def action_closes(self) -> None:
        """Closes over time."""
        self._show_sums(ClosesScreen(self.store))

    def action_violations(self) -> None:
        """Broken rules, over all connections."""
        self._show_sums(ViolationsScreen(self.store))

    def _show_sums(self, screen: SumsScreen) -> None:
        """In place of another screen of that kind, or above the list."""
        if isinstance(self.screen, SumsScreen):
            self.screen.dismiss()
        self.push_screen(screen, self._list.filter_by)

    def action_export(self) -> None:
        """Write connections to a file."""
        subject = self._subject()
        if subject.current is not None or subject.shown:
            self.push_screen(ExportBox(self.store, subject))
        else:
            self.notify("There is no connection here to export.", severity="warning", markup=False)

    def action_copy(self) -> None:
        """Copy something to the clipboard."""
        subject = self._subject()
        found = list(subject.copies)
        if subject.current is not None:
            try:
                report, _ = self.store.open(subject.current)
            except WsinspectError as error:
                self.notify(terminal(str(error)), severity="warning", markup=False)
                return
            found += copies(report, subject.frame)
        if found:
            self.push_screen(CopyBox(found))
        else:
            self.notify("There is nothing here to copy.", severity="warning", markup=False)

    def _subject(self) -> Subject:
        """What the screen is about."""
        return self.screen.subject() if isinstance(self.screen, HasSubject) else Subject(None, ())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Whatever a key does, the palette does too."""
        for command in super().get_system_commands(screen):
            if command.title not in ("Keys", "Quit"):  # our own help and our own quit are below
                yield command
        for key in keys_of(screen):
            yield SystemCommand(key.title, f"{key.does} ({key.keys})", partial(self.run_action, key.action, key.node))
