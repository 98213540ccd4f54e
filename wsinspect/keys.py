"""Where TLS secrets come from: a key log file, which may still grow, and what the capture itself carries."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wsinspect.errors import WsinspectError
from wsinspect.tls.keylog import KeyLog

_READ_SIZE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """What the user says about TLS."""

    keylog: str | None = None
    """Path of an NSS key log."""
    all_tls: bool = False
    """Whether to list TLS that cannot be decrypted though nothing says that it is a WebSocket."""


NO_OPTIONS: Final = TlsOptions()


class KeySource:
    """Keeps a `KeyLog` up to date. Call `refresh` with every batch of packets, from the thread that feeds them."""

    def __init__(self, options: TlsOptions, secrets: Callable[[], list[bytes]], *, growing: bool = False) -> None:
        """`secrets` gives the key logs inside the capture, seen so far; `growing`: keys come as packets do.

        Raises `WsinspectError` if the key log cannot be read; one that grows need not exist yet.
        """
        self.log = KeyLog()
        self._path = options.keylog
        self._secrets = secrets
        self._secrets_taken = 0
        self._growing = growing
        self._identity = (0, 0)  # device and inode of the file that was read
        self._position = 0
        self.log.growing = growing and self._path is not None
        self.refresh()
        if not growing:
            self.log.feed(b"\n")  # the last line may lack its end

    def refresh(self) -> None:
        """Take what is new."""
        secrets = self._secrets()
        if len(secrets) > self._secrets_taken:
            for text in secrets[self._secrets_taken :]:
                self.log.add(text)
            self._secrets_taken = len(secrets)
            self.log.growing = True  # who writes secrets into the capture may do so again
        if self._path is not None and (self._growing or not self._position):
            self._read(self._path)

    def _read(self, path: str) -> None:
        try:
            status = os.stat(path)
            identity = (status.st_dev, status.st_ino)
            if identity != self._identity or status.st_size < self._position:
                self._identity, self._position = identity, 0  # another file, or begun anew
            elif status.st_size == self._position:
                return
            with open(path, "rb") as file:
                file.seek(self._position)
                while text := file.read(_READ_SIZE):
                    self._position += len(text)
                    self.log.feed(text)
        except FileNotFoundError:
            if not self._growing:
                raise WsinspectError(f"the key log {path} does not exist", "check the name") from None
        except OSError as error:
            hint = "name the file that SSLKEYLOGFILE named when the program ran"
            raise WsinspectError(f"the key log {path} cannot be read ({error.strerror})", hint) from None
