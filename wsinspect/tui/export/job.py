"""An export that goes on beside the screens, and can be stopped."""

import threading
from typing import BinaryIO

from wsinspect.export.formats import Format
from wsinspect.export.selection import Cancelled, Selection
from wsinspect.export.target import new_file


class Job:
    """One export to one file."""

    def __init__(self, format_: Format, selection: Selection, path: str, overwrite: bool) -> None:
        self.path = path
        self.share = 0.0
        """How much is done, from 0 to 1."""
        self._format = format_
        self._selection = selection
        self._overwrite = overwrite
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Write no further; no file is left."""
        self._cancelled.set()

    def run(self) -> bool:
        """Write the file; False if it was cancelled. Raises `WsinspectError` if that is not possible."""
        try:
            with new_file(self.path, overwrite=self._overwrite, capture=self._selection.file) as file:
                self._write(file)
        except Cancelled:
            return False
        return True

    def _write(self, file: BinaryIO) -> None:
        def progress(done: int, total: int) -> None:
            self.share = done / total if total else 0.0
            if self._cancelled.is_set():
                raise Cancelled

        self._format.write(self._selection, file, progress)
