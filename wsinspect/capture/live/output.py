"""The files a capture is written to: made with mode 0600, announced by name, one after the other for a ring."""

import errno
import os
import tempfile
import time
from collections.abc import Callable
from typing import Final

from wsinspect.capture.live.ring import file_name
from wsinspect.errors import WsinspectError

_MODE: Final = 0o600


class OutputFiles:
    """Makes the next file when asked."""

    def __init__(
        self, path: str | None, suffix: str, interface: str, file_size: int | None, announce: Callable[[str], None]
    ) -> None:
        """`path` None means a temporary file; `suffix` and `interface` go into its name."""
        self.file_size = file_size
        """Bytes after which the next file of a ring begins; None: never."""
        self.path = ""
        """The current one."""
        self._pattern = path
        self._suffix = suffix
        self._interface = "".join(character if character.isalnum() else "_" for character in interface)
        self._announce = announce
        self._number = 0

    def next(self) -> str:
        """Make the next file; its path. Raises `WsinspectError` when that is not possible."""
        self._number += 1
        if self.path and self.file_size is None:
            raise AssertionError("a single file is followed by no other")
        try:
            self.path = os.path.abspath(self._make())
        except OSError as error:
            where = os.path.dirname(os.path.abspath(self._pattern)) if self._pattern else tempfile.gettempdir()
            raise WsinspectError(
                f"cannot write the capture in {where} ({error.strerror})",
                "name another place with -w FILE, or set TMPDIR",
            ) from error
        self._announce(self.path)
        return self.path

    def _make(self) -> str:
        if self._pattern is None and self._number == 1:
            name = f"wsinspect_{self._interface}_{time.strftime('%Y%m%d%H%M%S')}_"
            descriptor, path = tempfile.mkstemp(self._suffix, name)
            if self.file_size is not None:
                # The files of the ring stand beside it under the same unguessable name.
                os.close(descriptor)
                os.unlink(path)
                self._pattern = path
                return self._make()
            os.close(descriptor)
            return path
        assert self._pattern is not None
        path = file_name(self._pattern, self._number) if self.file_size is not None else self._pattern
        # A ring's file must be new; a named one is written over, as tcpdump does.
        flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if self.file_size is not None else os.O_TRUNC)
        descriptor = os.open(path, flags | os.O_NOFOLLOW if self.file_size is not None else flags, _MODE)
        try:
            os.fchmod(descriptor, _MODE)
        finally:
            os.close(descriptor)
        return path


def no_room(path: str, error: OSError) -> WsinspectError:
    """The message for a write that failed."""
    hint = "make room there, or name another place with -w FILE" if error.errno == errno.ENOSPC else ""
    return WsinspectError(f"cannot write to {path} any more ({error.strerror})", hint)
