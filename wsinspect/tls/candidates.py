"""Secrets for a connection whose ClientHello or ServerHello was not captured: those of the key log, tried in turn.

Only the ClientHello tells which secrets are a connection's, and only the ServerHello how its records are encrypted.
Without them a record is tried with every secret, every usual cipher suite and every sequence number that it may have:
its authentication tag says which are the right ones. Of TLS 1.2 that works without the ClientHello alone.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from wsinspect.tls.half import HANDSHAKE_RECORDS, MAX_JOINED, TlsHalf
from wsinspect.tls.handshake import TLS_1_3, ClientHello, ServerHello
from wsinspect.tls.keylog import KeyLog, Label
from wsinspect.tls.keyschedule import key_block
from wsinspect.tls.protection import Protection, Tls13, tls12
from wsinspect.tls.records import Record
from wsinspect.tls.suites import Cipher, Suite, supported_suite

MAX_TRIES: Final = 200_000
"""Tries for the records of one connection; a second or two."""
KEY_COST: Final = 6
"""As many tries as it takes to make a key of a secret take about as long."""
SEQUENCES_PER_TRY: Final = 64
"""As many sequence numbers of AES-GCM are ruled out in the time of a try."""
WINDOWS: Final = (
    range(64), range(64, 1024), range(1024, 4096), range(4096, 16384), range(16384, MAX_JOINED + 1),
)  # fmt: skip
"""Sequence numbers in the order in which they are tried: with many secrets, not all of them are."""
_USUAL_SUITES: Final = (0x1301, 0x1302, 0x1303)
"""Of TLS 1.3, what nearly everybody uses; others are tried only if the ClientHello offers them."""
_EPOCHS: Final = ("handshake", "application")
_LABELS: Final = {
    (True, "handshake"): Label.CLIENT_HANDSHAKE,
    (False, "handshake"): Label.SERVER_HANDSHAKE,
    (True, "application"): Label.CLIENT_TRAFFIC,
    (False, "application"): Label.SERVER_TRAFFIC,
}


class Candidate(NamedTuple):
    """What a record could be opened with."""

    client_random: bytes
    """By it the key log names the secrets of the connection."""
    suite: Suite
    by_client: bool
    """Whether the client sent the record."""


class CandidateSearch:
    """The tries for one connection."""

    __slots__ = ("_keys", "_left")

    def __init__(self, keys: KeyLog) -> None:
        self._keys = keys
        self._left = MAX_TRIES

    def tls13(
        self, record: Record, half: TlsHalf, hello: ClientHello | None, suite: Suite | None, senders: tuple[bool, ...]
    ) -> Candidate | None:
        """What opens `record`, the first one of `half`, as far as `hello` and `suite` are not known.

        `senders`: whether it is taken for one of the client, and perhaps, if that leads to nothing, for the contrary.
        """
        suites = [suite] if suite is not None else _suites(hello)
        for by_client in senders:
            for window, one in _in_turn(suites):
                for client_random in self._randoms(hello):
                    if self._opens(record, half, window, client_random, one, by_client):
                        return Candidate(client_random, one, by_client)
                    if self._left <= 0:
                        return None
        return None

    def _randoms(self, hello: ClientHello | None) -> Iterator[bytes]:
        return self._keys.randoms(Label.CLIENT_TRAFFIC) if hello is None else iter((hello.random,))

    def _opens(
        self, record: Record, half: TlsHalf, window: range, client_random: bytes, suite: Suite, by_client: bool
    ) -> bool:
        for place, epoch in enumerate(_EPOCHS):
            sequences = _both(half.sequences(place), window if place else _both(window, range(HANDSHAKE_RECORDS)))
            secret = self._keys.secret(_LABELS[by_client, epoch], client_random) if sequences else None
            if secret is None or (len(secret) == 48) is not (suite.hash == "sha384"):
                continue
            protection = Tls13(secret, suite)
            likely = protection.likely(sequences, record)
            self._spend(len(sequences) // SEQUENCES_PER_TRY)
            if self._try(protection, likely, record):
                return True
        return False

    def tls12(self, record: Record, half: TlsHalf, chosen: ServerHello, suite: Suite, by_client: bool) -> bytes | None:
        """The client random whose master secret opens `record`."""
        for client_random in self._keys.randoms(Label.MASTER):
            master = self._keys.secret(Label.MASTER, client_random)
            assert master is not None
            make = protection_maker(master, client_random, chosen, suite, by_client)
            if self._try(make(), half.sequences(0), record):
                return client_random
            if self._left <= 0:
                return None
        return None

    def _try(self, protection: Protection, sequences: Iterable[int], record: Record) -> bool:
        tries = KEY_COST
        found = False
        for sequence in sequences:
            tries += 1
            if protection.open(sequence, record) is not None:
                found = True
                break
        self._spend(tries)
        return found

    def _spend(self, tries: int) -> None:
        self._left -= tries
        if not self._keys.spend(tries):
            self._left = 0


def _in_turn(suites: list[Suite]) -> Iterator[tuple[range, Suite]]:
    """Windows and suites, what costs little first: of AES-GCM most sequence numbers are ruled out without a try."""
    cheap = [suite for suite in suites if suite.cipher is Cipher.GCM]
    others = [suite for suite in suites if suite.cipher is not Cipher.GCM]
    yield from ((window, suite) for window in WINDOWS[:1] for suite in suites)
    yield from ((window, suite) for window in WINDOWS[1:] for suite in cheap)
    yield from ((window, suite) for window in WINDOWS[1:] for suite in others)


def protection_maker(
    master: bytes, client_random: bytes, chosen: ServerHello, suite: Suite, by_client: bool
) -> Callable[[], Protection]:
    """Makes what protects one side's records of TLS 1.2 and before."""

    def make() -> Protection:
        parts = key_block(master, (client_random, chosen.random), suite, chosen.version)
        return tls12(parts[0 if by_client else 1], suite, chosen.version, chosen.encrypt_then_mac)

    return make


def unseen_server_hello(suite: Suite) -> ServerHello:
    """What is known of a ServerHello once a record of TLS 1.3 was opened without it."""
    return ServerHello(TLS_1_3, b"", b"", suite.number, 0, False, None, False)


def _both(one: range, other: range) -> range:
    return range(max(one.start, other.start), min(one.stop, other.stop))


def _suites(hello: ClientHello | None) -> list[Suite]:
    return list(_known(_USUAL_SUITES if hello is None else hello.suites))


def _known(numbers: Iterable[int]) -> Iterator[Suite]:
    """Those of TLS 1.3 that are supported."""
    for number in numbers:
        suite = supported_suite(number) if number >> 8 == 0x13 else None
        if suite is not None:
            yield suite
