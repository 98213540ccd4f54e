"""The box that writes connections to a file: in which format, which of them, where."""

from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import RadioButton, RadioSet, Static

from wsinspect.errors import WsinspectError
from wsinspect.export.formats import FORMATS, Format
from wsinspect.tui.background import in_background
from wsinspect.tui.export.job import Job
from wsinspect.tui.export.save_box import SaveBox, file_stem
from wsinspect.tui.export.selection import StoreSelection
from wsinspect.tui.export.subject import Subject
from wsinspect.tui.store import Store
from wsinspect.tui.units import plural

INTERVAL: Final = 0.1
"""Seconds between two looks at how far the export is."""


class _Choice(RadioButton):
    """A radio button that shows its state without colour, too."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Fill the button, or empty it."""
        self.BUTTON_INNER = "●" if self.value else " "
        super().watch_value()


class ExportBox(SaveBox):
    """Formats, connections, file."""

    def __init__(self, store: Store, subject: Subject) -> None:
        super().__init__("Export")
        self._store = store
        self._current = subject.current
        self._shown = list(subject.shown)
        self._job: Job | None = None

    def compose_choices(self) -> ComposeResult:
        yield Static("format", classes="box--label")
        with RadioSet(id="format", compact=True):
            for place, format_ in enumerate(FORMATS):
                yield _Choice(Content(f"{format_.id:<9} {format_.about}"), place == 0)
        if self._current is None:
            yield Static(f"connections: the {plural(len(self._shown), 'connection')} of this row", classes="box--label")
        elif len(self._shown) > 1:
            yield Static("connections", classes="box--label")
            with RadioSet(id="which", compact=True):
                yield _Choice(Content(f"connection {self._current + 1}"), True)
                yield _Choice(Content(f"all {len(self._shown):,} in the list"))

    @property
    def format(self) -> Format:
        """The chosen one."""
        return FORMATS[max(0, self.query_one("#format", RadioSet).pressed_index)]

    @property
    def indexes(self) -> list[int]:
        """The chosen connections."""
        if self._current is None:
            return self._shown
        which = self.query("#which")
        every = which and which.first(RadioSet).pressed_index == 1
        return self._shown if every else [self._current]

    def suggestion(self) -> str:
        indexes = self.indexes
        which = str(indexes[0] + 1) if len(indexes) == 1 else "connections"
        return f"{file_stem(self._store.source.name)}-{which}{self.format.suffix}"

    @on(RadioSet.Changed)
    def _chosen(self) -> None:
        self.suggest()

    def write(self, path: str, overwrite: bool) -> None:
        if self._job is not None:
            return
        indexes = self.indexes
        what = plural(len(indexes), "connection")
        job = self._job = Job(self.format, StoreSelection(self._store, indexes), path, overwrite)
        self.tell("writing …", "muted")
        timer = self.set_interval(INTERVAL, lambda: self.tell(f"writing … {job.share:.0%}, Esc cancels", "muted"))

        def finished(whole: bool) -> None:
            if whole:
                self.done(what, path)

        def failed(error: WsinspectError) -> None:
            timer.stop()
            self._job = None
            self.failed(error)

        in_background(self, job.run, finished, failed)

    def action_close(self) -> None:
        """Back; what is being written is given up."""
        if self._job is not None:
            self._job.cancel()
        super().action_close()
