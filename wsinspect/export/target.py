"""The file of an export: only its owner may read it, and it is there as a whole or not at all.

Another file is never overwritten unless that was asked for.
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from wsinspect.errors import WsinspectError
from wsinspect.export.selection import PacketFile

_MODE = 0o600


@contextlib.contextmanager
def new_file(path: str, *, overwrite: bool, capture: PacketFile | None = None) -> Iterator[BinaryIO]:
    """A file to write to, which stands at `path` once the block is left without an exception.

    `capture` is read at the time, and never overwritten. A device or pipe is written to as it is.
    Raises `WsinspectError` when the file cannot be made or written.
    """
    try:
        known = os.stat(path) if os.path.lexists(path) else None
    except OSError:
        known = None  # a link to nothing: replaced, or refused below
    if known is not None and not stat.S_ISREG(known.st_mode):
        with _errors(path), open(path, "wb") as file:
            yield file
        return
    if known is not None and capture is not None and capture.is_at(path):
        raise WsinspectError(f"{path} is the capture itself", "name another file")
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    with _errors(path):
        yield from _made(path, overwrite)


def _made(path: str, overwrite: bool) -> Iterator[BinaryIO]:
    # Beside its place, so that it can be moved there; mode 0600 by mkstemp's promise.
    descriptor, temporary = tempfile.mkstemp(prefix=".wsinspect-", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        if overwrite:
            os.replace(temporary, path)
        else:
            _put(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _put(temporary: str, path: str) -> None:
    """Give the file its name unless somebody has taken that in the meantime."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:
        # A file system without links: the name is reserved, then replaced.
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE))
        except FileExistsError:
            raise _exists(path) from None
        os.replace(temporary, path)
        return
    os.unlink(temporary)


@contextlib.contextmanager
def _errors(path: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except IsADirectoryError:
        raise WsinspectError(f"{path} is a directory", "name a file in it") from None
    except FileNotFoundError:
        raise WsinspectError(f"{path} cannot be made", "there is no such directory") from None
    except PermissionError:
        raise WsinspectError(f"{path} may not be written by you", "name a file in a directory of yours") from None
    except OSError as error:
        raise WsinspectError(f"{path} cannot be written ({error.strerror})") from None


def _exists(path: str) -> WsinspectError:
    return WsinspectError(f"{path} exists already", "name another file, or overwrite it (--force)")
