"""The program on the terminal: which screens there are and what leads from one to another."""

from collections.abc import Iterable
from functools import partial
from typing import ClassVar, Protocol, runtime_checkable

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from wsinspect.capture.live.capture import LiveCapture
from wsinspect.diagnosis.timers import with_user_timers
from wsinspect.settings.model import Settings
from wsinspect.settings.read import Loaded, settings_path
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connections.column_chooser import ColumnChooser
from wsinspect.tui.connections.screen import ConnectionsScreen
from wsinspect.tui.help import help_on, keys_of
from wsinspect.tui.live_source import LiveSource
from wsinspect.tui.loader import START, Loader, Progress
from wsinspect.tui.source import FollowedSource, Source, open_source
from wsinspect.tui.store import Store


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
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, source: Source, loaded: Loaded | None = None) -> None:
        super().__init__()
        loaded = loaded or Loaded(Settings(), settings_path(), exists=False)
        self.store = Store(source)
        self.progress = START
        self._loader = Loader(self.store, self.post_message)
        self._list = ConnectionsScreen(self.store, loaded)

    async def on_mount(self) -> None:
        """Show the list and begin to read: not before it is there, or the first news would find nobody."""
        await self.push_screen(self._list)
        self._loader.start()

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

    def action_help(self) -> None:
        """Every key of the screen, in a box above it."""
        self.push_screen(help_on(self.screen))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Whatever a key does, the palette does too."""
        for command in super().get_system_commands(screen):
            if command.title not in ("Keys", "Quit"):  # our own help and our own quit are below
                yield command
        for key in keys_of(screen):
            yield SystemCommand(key.title, f"{key.does} ({key.keys})", partial(self.run_action, key.action, key.node))


def run(path: str, loaded: Loaded, *, follow: bool = False) -> None:
    """Inspect the capture at `path` on the terminal, and what is added to it if `follow`.

    Raises `WsinspectError`, before the screen starts, if it cannot be opened.
    """
    settings = loaded.settings
    timers = with_user_timers(settings.timers, settings.lifetimes)
    source = FollowedSource(path, timers) if follow else open_source(path, timers)
    try:
        WsinspectApp(source, loaded).run()
    finally:
        source.close()


def run_live(capture: LiveCapture, loaded: Loaded) -> None:
    """Inspect what `capture` brings as long as it goes on, and then what it has brought."""
    settings = loaded.settings
    source = LiveSource(capture, with_user_timers(settings.timers, settings.lifetimes))
    WsinspectApp(source, loaded).run()
