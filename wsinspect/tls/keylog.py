"""NSS key logs (SSLKEYLOGFILE): the secrets that programs write down so that their TLS can be read.

A line is `LABEL <client random> <secret>`, both in hexadecimal (draft-ietf-tls-keylogfile). Secrets stay in here: they
reach no log, no report and no export unless somebody asks for them in so many words.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

MAX_SECRETS: Final = 1_000_000
"""Secrets kept; further ones are left out, and counted."""
MAX_LINE: Final = 512
"""Bytes of a line; the longest one that means something has 64 for the random and 128 for the secret."""

MAX_TRIES: Final = 1_000_000
"""Tries with secrets of the key log, all connections together whose own are not known by their handshake."""


class Label(StrEnum):
    """What a secret is for; the others of the format (exporter, encrypted ClientHello) decrypt no records."""

    MASTER = "CLIENT_RANDOM"
    """The master secret of TLS 1.2 and before."""
    CLIENT_EARLY = "CLIENT_EARLY_TRAFFIC_SECRET"
    CLIENT_HANDSHAKE = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
    SERVER_HANDSHAKE = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
    CLIENT_TRAFFIC = "CLIENT_TRAFFIC_SECRET_0"
    SERVER_TRAFFIC = "SERVER_TRAFFIC_SECRET_0"


_LABELS: Final = {label.value.encode(): label for label in Label}


class KeyLog:
    """All secrets known so far. They may come in any order, and after the packets they belong to."""

    def __init__(self) -> None:
        self.growing = False
        """Whether more may come: then ciphertext is kept for a while."""
        self.left_out = 0
        """Secrets beyond MAX_SECRETS."""
        self._secrets: dict[tuple[Label, bytes], bytes] = {}
        self._randoms: dict[Label, list[bytes]] = {}  # by what there is a secret for, in the order in which they came
        self._partial = b""
        self._tries_left = MAX_TRIES
        self._waiting: dict[bytes, list[Callable[[], None]]] = {}

    def __len__(self) -> int:
        return len(self._secrets)

    def __repr__(self) -> str:
        return f"<KeyLog with {len(self)} secrets>"

    def feed(self, text: bytes) -> None:
        """Take more of a key log; a line may come in several parts."""
        *lines, partial = (self._partial + text).replace(b"\r", b"\n").split(b"\n")
        self._partial = partial if len(partial) <= MAX_LINE else b""
        fresh: dict[bytes, None] = {}
        for line in lines:
            random = self._take(line)
            if random is not None:
                fresh[random] = None
        for random in fresh:
            for wake in self._waiting.get(random, ())[:]:
                wake()

    def add(self, text: bytes) -> None:
        """Take a whole key log, of which the last line may lack its end."""
        self._partial, partial = b"", self._partial
        self.feed(text + b"\n")
        self._partial = partial

    def frozen(self) -> "KeyLog":
        """The same secrets, for a reader in another thread that waits for no more."""
        view = KeyLog()
        view._secrets, view._randoms = self._secrets, self._randoms
        return view

    def secret(self, label: Label, client_random: bytes) -> bytes | None:
        """The secret that a connection with that ClientHello has; None while it is unknown."""
        return self._secrets.get((label, client_random))

    def randoms(self, label: Label) -> Iterator[bytes]:
        """The client randoms of all connections that have a secret of this kind, the latest first."""
        return reversed(self._randoms.get(label, []))

    def spend(self, tries: int) -> bool:
        """Note tries with secrets that may not be the right ones; whether more are allowed."""
        self._tries_left -= tries
        return self._tries_left > 0

    def lines(self, client_random: bytes) -> Iterator[str]:
        """The secrets of one connection as lines of a key log: for who asks to have them written down."""
        for label in Label:
            secret = self._secrets.get((label, client_random))
            if secret is not None:
                yield f"{label} {client_random.hex()} {secret.hex()}"

    def wait(self, client_random: bytes, wake: Callable[[], None]) -> None:
        """Call `wake` each time that secrets for `client_random` come."""
        self._waiting.setdefault(client_random, []).append(wake)

    def forget(self, client_random: bytes, wake: Callable[[], None]) -> None:
        """Do not call it any more."""
        waiting = self._waiting.get(client_random, [])
        if wake in waiting:
            waiting.remove(wake)
        if not waiting:
            self._waiting.pop(client_random, None)

    def _take(self, line: bytes) -> bytes | None:
        """The client random of a line that was not known before."""
        parts = line.split()
        label = _LABELS.get(parts[0]) if len(parts) == 3 and len(line) <= MAX_LINE else None
        if label is None:
            return None
        random, secret = _unhex(parts[1]), _unhex(parts[2])
        if random is None or secret is None or len(random) != 32 or (label, random) in self._secrets:
            return None
        if len(self._secrets) >= MAX_SECRETS:
            self.left_out += 1
            return None
        self._secrets[label, random] = secret
        self._randoms.setdefault(label, []).append(random)
        return random


NO_KEYS: Final = KeyLog()


def _unhex(digits: bytes) -> bytes | None:
    try:
        return bytes.fromhex(digits.decode("ascii")) or None
    except ValueError:
        return None
