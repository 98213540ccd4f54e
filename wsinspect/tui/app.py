"""The program on the terminal: which screens there are and what leads from one to another."""

import sys
from typing import ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType

from wsinspect.tui.connections.screen import ConnectionsScreen
from wsinspect.tui.loader import START, Loader
from wsinspect.tui.source import CaptureSource, Source
from wsinspect.tui.store import Store


class WsinspectApp(App[None]):
    """The inspector. It owns the store and the thread that fills it; the screens own everything that is seen."""

    TITLE = "wsinspect"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", tooltip="Every key of this screen"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.store = Store(source)
        self.progress = START
        self._loader = Loader(self.store, self.post_message)
        self._list = ConnectionsScreen(self.store)

    def on_mount(self) -> None:
        """Show the list and begin to read."""
        self.push_screen(self._list)
        self._loader.start()

    @on(Loader.Progressed)
    def _progressed(self, event: Loader.Progressed) -> None:
        self.progress = event.progress
        if self._list.is_mounted:
            self._list.show_progress(event.progress)
        self._loader.acknowledge()

    @on(Loader.Crashed)
    def _crashed(self, event: Loader.Crashed) -> None:
        raise event.error

    @on(ConnectionsScreen.LoadingStopped)
    def _stop_loading(self) -> None:
        self._loader.cancel()


def run(path: str) -> None:
    """Inspect the capture at `path` on the terminal. Raises `WsinspectError`, before the screen starts, if it cannot
    be opened."""
    source = CaptureSource(path)
    try:
        WsinspectApp(source).run()
    finally:
        source.close()


if __name__ == "__main__":
    run(sys.argv[1])
