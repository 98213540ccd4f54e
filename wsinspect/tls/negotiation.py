"""What the two Hellos of a handshake agree on, and the keys that records go through because of it.

In: what was offered and chosen, or found out without a Hello. Out: epochs, which ask the key log for their secrets when
a record is to be opened, for these may come later than the records.
"""

from collections.abc import Callable

from wsinspect.tls.candidates import Candidate, protection_maker, unseen_server_hello
from wsinspect.tls.half import Epoch
from wsinspect.tls.handshake import TLS_1_3, ClientHello, ServerHello
from wsinspect.tls.keylog import KeyLog, Label
from wsinspect.tls.protection import Protection, Tls13
from wsinspect.tls.suites import Suite, supported_suite


class Negotiation:
    """The handshake under way: the first one, or a renegotiation."""

    __slots__ = ("_keys", "chosen", "hello", "random", "suite")

    def __init__(self, keys: KeyLog) -> None:
        self._keys = keys
        self.random: bytes | None = None
        """By which the key log names its secrets."""
        self.hello: ClientHello | None = None
        self.chosen: ServerHello | None = None
        self.suite: Suite | None = None
        """None also if the chosen one is not supported."""

    @property
    def is_13(self) -> bool:
        """Whether the server chose TLS 1.3; False while that is not known."""
        return self.chosen is not None and self.chosen.version == TLS_1_3

    @property
    def is_before_13(self) -> bool:
        """Whether the server chose an earlier version; False while that is not known."""
        return self.chosen is not None and self.chosen.version != TLS_1_3

    def offer(self, hello: ClientHello) -> None:
        """The client begins, or begins anew."""
        self.hello, self.random = hello, hello.random

    def choose(self, chosen: ServerHello) -> None:
        """The server answers."""
        self.chosen = chosen
        self.suite = supported_suite(chosen.suite) if not chosen.compression else None

    def adopt(self, candidate: Candidate) -> bool:
        """Take what a record could be opened with; whether that tells what the missing ServerHello said."""
        self.random = candidate.client_random
        if self.chosen is not None:
            return False
        self.suite, self.chosen = candidate.suite, unseen_server_hello(candidate.suite)
        return True

    def epochs(self, by_client: bool) -> list[Epoch]:
        """TLS 1.3: what the records of one side go through."""
        names = {"handshake": "HANDSHAKE_TRAFFIC_SECRET", "application": "TRAFFIC_SECRET_0"}
        epochs = [Epoch(name, self._maker(_label(by_client, kind))) for name, kind in names.items()]
        if by_client and self.hello is not None and self.hello.early_data:
            epochs.insert(0, Epoch("early", self._maker(Label.CLIENT_EARLY)))
        return epochs

    def epoch_before_13(self, by_client: bool) -> Epoch:
        """TLS 1.2 and before: what the records of one side are encrypted with behind its ChangeCipherSpec."""
        chosen, suite, known = self.chosen, self.suite, self.random

        def make() -> Protection | None:
            random = known or self.random
            master = self._keys.secret(Label.MASTER, random) if random is not None else None
            if master is None or random is None or suite is None or chosen is None:
                return None
            return protection_maker(master, random, chosen, suite, by_client)()

        return Epoch("application", make)

    def traffic_secret(self, by_client: bool) -> bytes | None:
        """TLS 1.3: the first secret of one side's application data."""
        return self._keys.secret(_label(by_client, "TRAFFIC_SECRET_0"), self.random) if self.random else None

    def _maker(self, label: Label) -> Callable[[], Protection | None]:
        suite, known = self.suite, self.random

        def make() -> Protection | None:
            random = known or self.random
            secret = self._keys.secret(label, random) if random is not None else None
            return Tls13(secret, suite) if secret is not None and suite is not None else None

        return make


def _label(by_client: bool, kind: str) -> Label:
    return Label(f"{'CLIENT' if by_client else 'SERVER'}_{kind}")
