"""The box that copies to the clipboard, by the escape sequence OSC 52: over SSH, too, where the terminal takes it."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from wsinspect.escape import terminal
from wsinspect.export.facts import endpoint
from wsinspect.export.markdown import connection_markdown, row_markdown
from wsinspect.report import model
from wsinspect.timeline import FrameEntry
from wsinspect.tui.export.subject import Copy
from wsinspect.tui.units import size

MAX_COPY: Final = 74_994
"""Bytes that go to the clipboard at once: in base64 they are just below 100,000, where many terminals cut or refuse."""


def copies(report: model.Connection, frame: FrameEntry | None) -> Iterator[Copy]:
    """What there is to copy of a connection, and of the frame under the cursor. Escaped: what is pasted into a terminal
    must not act there."""
    if frame is not None:
        payload = frame.content[0]
        yield Copy("message as text", lambda: payload_text(payload))
        yield Copy("message as hex", lambda: payload.hex(" "))
    if report.url is not None:
        url = report.url
        yield Copy("URL", lambda: terminal(url))
    yield Copy("summary of the close", lambda: terminal(report.close.summary))
    yield Copy("client and server", lambda: f"{endpoint(report.client)} → {endpoint(report.server)}")
    yield Copy("row as Markdown", lambda: row_markdown([report]))
    yield Copy("everything as Markdown", lambda: connection_markdown(report))
    yield Copy("filter for this connection", lambda: f"tcp.stream == {report.tcp_stream}")


def payload_text(payload: bytes) -> str:
    """The bytes as text: line ends and tabs as they are, everything else escaped that is not plainly shown."""
    lines = payload.decode("utf-8", "backslashreplace").split("\n")
    return "\n".join("\t".join(map(terminal, line.removesuffix("\r").split("\t"))) for line in lines)


class CopyBox(ModalScreen[None]):
    """What there is, a line each."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,y", "close", "Close")]

    def __init__(self, copies: Sequence[Copy]) -> None:
        super().__init__()
        self._copies = copies

    def compose(self) -> ComposeResult:
        with Container(classes="box"):
            yield OptionList(*(Option(Content(copy.title)) for copy in self._copies), compact=True)
            yield Static(
                Content(f"By OSC 52, which the terminal has to allow; {size(MAX_COPY)} at most."), classes="box--label"
            )

    def on_mount(self) -> None:
        """Name the keys."""
        box = self.query_one(".box")
        box.border_title = "Copy"
        box.border_subtitle = "Enter copies · Esc closes"
        self.query_one(OptionList).focus()

    def action_close(self) -> None:
        """Back."""
        self.dismiss()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        copy = self._copies[event.option_index]
        text = copy.text()
        length = len(text.encode())
        if length > MAX_COPY:
            told = f"{copy.title}: {size(length)} are too much, terminals take {size(MAX_COPY)}. Write a file (e, w)."
            self.app.notify(told, severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(text)
        self.app.notify(f"Copied: {copy.title}, {size(length)}", markup=False)
        self.dismiss()
