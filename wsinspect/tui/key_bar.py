"""The line of keys at the bottom of every screen."""

from textual.app import ComposeResult
from textual.widgets import Footer


class KeyBar(Footer):
    """Textual's, with the help at the right edge, where it stays however narrow the terminal is."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            if getattr(widget, "action", "") == "help":
                widget.add_class("-command-palette")  # what Textual docks there otherwise
            yield widget
