"""A box that asks for a file's name: what all boxes have in common that write a file."""

import os
import re
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from wsinspect.errors import WsinspectError
from wsinspect.escape import terminal
from wsinspect.tui.ink import Line, content


class SaveBox(ModalScreen[None]):
    """The box. What stands above the name, and what Enter does, is for its kinds to say."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._suggested = ""
        self._asked = ""
        """The name that was answered with a question: to say it again means yes."""

    def compose(self) -> ComposeResult:
        with Container(classes="box"):
            yield from self.compose_choices()
            yield Static("file", classes="box--label")
            yield Input(id="path", compact=True)
            yield Static(id="told")

    def compose_choices(self) -> ComposeResult:
        """What stands above the name."""
        yield from ()

    def on_mount(self) -> None:
        """Suggest a name."""
        box = self.query_one(".box")
        box.border_title = content([[(self._title, "")]])
        box.border_subtitle = "Enter writes · Tab goes on · Esc closes"
        self.suggest()
        self.path.focus()

    @property
    def path(self) -> Input:
        """Where the name is written."""
        return self.query_one("#path", Input)

    def suggestion(self) -> str:
        """A name, without thought for what is there already."""
        raise NotImplementedError

    def suggest(self) -> None:
        """Suggest a name, unless the user has written another one."""
        if self.path.value in ("", self._suggested):
            self._suggested = self.path.value = _free(self.suggestion())

    def tell(self, text: str, ink: str = "") -> None:
        """Say something in the last line."""
        line: Line = [(text, ink)]
        self.query_one("#told", Static).update(content([line]))

    def write(self, path: str, overwrite: bool) -> None:
        """Do it."""
        raise NotImplementedError

    def failed(self, error: WsinspectError) -> None:
        """It could not be done."""
        self.tell(str(error), "error")

    def done(self, what: str, path: str) -> None:
        """It is done."""
        self.app.notify(terminal(f"{what} written to {os.path.abspath(path)}"), markup=False)
        self.dismiss()

    def action_close(self) -> None:
        """Back, without a file."""
        self.dismiss()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        path = os.path.expanduser(self.path.value.strip())
        if not path:
            self.tell("A file needs a name.", "error")
        elif os.path.lexists(path) and self._asked != path:
            self._asked = path
            self.tell(f"{path} exists already: Enter again overwrites it.", "warning")
        else:
            self.write(path, self._asked == path)


def file_stem(name: str) -> str:
    """The beginning of a file's name, from what a capture is called."""
    plain = re.sub(r"[^\w.-]+", "-", os.path.basename(name)).strip("-.")
    return re.sub(r"\.(pcapng|pcap|cap)(\.gz)?$", "", plain)[:60] or "capture"


def _free(name: str) -> str:
    """`name`, or one like it that no file has."""
    stem, suffix = os.path.splitext(name)
    number = 1
    while os.path.lexists(name):
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name
