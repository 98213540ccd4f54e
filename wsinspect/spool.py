"""A private copy of input that cannot be read twice (a pipe, a gzip stream), for reading packets again."""

import os

from wsinspect.errors import WsinspectError


class Spool:
    """An unnamed temporary file: nobody else can open it, and it is gone with the process. $TMPDIR says where."""

    def __init__(self) -> None:
        import tempfile  # brings half the standard library along, and most captures need no copy

        try:
            # Mode 0600 by tempfile's promise, even on file systems that need a name for a moment.
            self._file = tempfile.TemporaryFile(prefix="wsinspect-", buffering=0)  # noqa: SIM115 - closed in close()
        except OSError as error:
            raise _no_room(error) from error

    def write(self, data: bytes) -> None:
        """Append. Raises `WsinspectError` when the disk is full."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise _no_room(error) from error

    def read(self, offset: int, count: int) -> bytes:
        return os.pread(self._file.fileno(), count, offset)

    def close(self) -> None:
        self._file.close()


def _no_room(error: OSError) -> WsinspectError:
    return WsinspectError(
        f"cannot keep a temporary copy of the capture ({error.strerror})", "set TMPDIR to a directory with enough room"
    )
