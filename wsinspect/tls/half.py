"""One direction of a TLS connection: its records, the keys it goes through, and sequence numbers."""

from collections.abc import Callable
from typing import Final

from wsinspect.tls.handshake import MessageReader
from wsinspect.tls.keyschedule import next_secret
from wsinspect.tls.protection import Protection, Tls13
from wsinspect.tls.records import HEADER, Lost, Record, RecordReader
from wsinspect.tls.suites import Suite

MAX_SKIPPED: Final = 1024
"""Sequence numbers tried for the first record behind a gap."""
MAX_TRIES: Final = 8192
"""Tries for one direction behind gaps that led to nothing; then it is given up."""
MAX_JOINED: Final = 65_536
"""Sequence numbers tried for the first record of a direction of which the beginning was not captured."""
HANDSHAKE_RECORDS: Final = 16
"""Encrypted records of a handshake, at most, where it is not known how many there were."""


class Epoch:
    """The records between two changes of keys; the keys themselves may become known later."""

    __slots__ = ("_make", "_protection", "name")

    def __init__(self, name: str, make: Callable[[], Protection | None]) -> None:
        self.name = name
        """`early`, `handshake`, `application`; before TLS 1.3 always the last."""
        self._make = make
        self._protection: Protection | None = None

    @property
    def protection(self) -> Protection | None:
        """What opens its records; None while its secret is unknown."""
        if self._protection is None:
            self._protection = self._make()
        return self._protection


class TlsHalf:
    """What one direction's records need to be opened."""

    __slots__ = (
        "_tries", "epochs", "finished", "gap", "given_up", "least", "lost_bytes", "messages", "most", "opened",
        "reader", "secret", "sequence",
    )  # fmt: skip

    def __init__(self, direction: int) -> None:
        self.reader = RecordReader(direction)
        self.messages = MessageReader()
        self.epochs: list[Epoch] = []
        """The epoch under way and those that follow it; empty while nothing is encrypted."""
        self.sequence = 0
        """Of the next record, if none was lost; else `least` to `most` more."""
        self.least = self.most = 0
        self.lost_bytes = 0
        """Bytes of records that were lost since the last one that could be opened, on the channel below."""
        self.gap = False
        """Whether some of these were not captured, and not just impossible to open: a peer cannot open those either."""
        self.opened = 0
        """Records opened so far."""
        self.finished = False
        """Whether its Finished was seen, or what can only come behind it."""
        self.given_up = False
        """Whether too many tries behind a gap led to nothing."""
        self._tries = 0
        self.secret = b""
        """TLS 1.3: the application traffic secret in use, if it was updated."""

    @property
    def encrypted(self) -> bool:
        """Whether its records are encrypted by now."""
        return bool(self.epochs)

    @property
    def has_keys(self) -> bool:
        """Whether any of the secrets that may open the next record is known."""
        return any(epoch.protection is not None for epoch in self.epochs)

    def begin(self, epochs: list[Epoch]) -> None:
        """Encryption begins, or begins anew with other keys."""
        self.epochs = epochs
        self._restart()

    def advance(self, name: str) -> None:
        """The epoch of that name begins, unless it has already."""
        places = [place for place, epoch in enumerate(self.epochs) if epoch.name == name]
        if places and places[0] > 0:
            self.epochs = self.epochs[places[0] :]
            self._restart()

    def update_key(self, secret: bytes, suite: Suite) -> None:
        """A KeyUpdate was sent (RFC 8446 §4.6.3); `secret` is the first one of the application epoch."""
        self.secret = next_secret(self.secret or secret, suite)
        protection = Tls13(self.secret, suite)
        self.begin([Epoch("application", lambda: protection)])

    def begin_unseen(self, epochs: list[Epoch]) -> None:
        """Encryption has begun, and where was not captured: how many records there were is known as before."""
        self.epochs = epochs
        self.sequence = self.least = 0

    def join(self) -> None:
        """Its beginning was not captured: any number of records may have passed."""
        self.most = MAX_JOINED
        self.reader.joined = True

    def sequences(self, place: int) -> range:
        """The sequence numbers that the next record may have in the epoch at `place`."""
        # Where an epoch begins among lost records, some of these belong to the one before.
        first = self.sequence + self.least if place == 0 else max(0, self.least - HANDSHAKE_RECORDS)
        most = self.sequence + self.most if place == 0 else self.most
        return range(first, min(most, first + (MAX_SKIPPED if self.opened else MAX_JOINED)) + 1)

    def lose(self, lost: Lost) -> None:
        """Records were lost."""
        self.messages.gap()
        self.least += lost.least
        self.most += lost.most
        self.lost_bytes += lost.length
        self.gap = True

    def skip(self, record: Record) -> None:
        """A record that cannot be opened."""
        self.least += 1
        self.most += 1
        self.lost_bytes += HEADER + len(record.payload)

    def open(self, record: Record) -> tuple[int, bytes, int] | None:
        """Content type, plaintext, and how many records were lost before it; None if no key fits."""
        for place, epoch in enumerate(self.epochs):
            protection = epoch.protection
            if protection is None:
                continue
            sequences = self.sequences(place)
            for sequence in sequences:
                found = protection.open(sequence, record)
                if found is not None:
                    lost = sequence - self.sequence if place == 0 else sequence
                    self.epochs = self.epochs[place:]
                    self._restart()
                    self.sequence = sequence + 1
                    self.opened += 1
                    return *found, lost
            self._tries += len(sequences) - 1
        if self._tries > (MAX_TRIES if self.opened else 2 * MAX_JOINED):
            self.given_up = True
        return None

    def _restart(self) -> None:
        self.sequence = self.least = self.most = self.lost_bytes = 0
        self.gap = False
