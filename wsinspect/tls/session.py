"""One TLS connection: records in, plaintext out, and the facts about it.

Ciphertext whose keys are not known yet waits for them, if more keys may come (`waiting.py`). What was not kept is
missing plaintext then, and the records behind it are opened all the same: sequence numbers count on.
"""

from typing import Final, NamedTuple

from wsinspect.tls.alerts import FATAL, Alert
from wsinspect.tls.candidates import Candidate, CandidateSearch
from wsinspect.tls.facts import TlsFacts
from wsinspect.tls.half import HANDSHAKE_RECORDS, TlsHalf
from wsinspect.tls.handshake import MessageType, client_hello, encrypted_extensions, server_hello
from wsinspect.tls.keylog import KeyLog
from wsinspect.tls.negotiation import Negotiation
from wsinspect.tls.records import HEADER, ContentType, Lost, Record, RecordEvent, Unreadable
from wsinspect.tls.suites import Suite, suite_name
from wsinspect.tls.waiting import Waiting
from wsinspect.transport.reassembly import Chunk, Gap, Remark

MAX_RANDOMS: Final = 16
"""ClientHellos of a connection, the first one included, whose secrets an export can carry."""
_OVERHEAD: Final = 17
"""About so many payload bytes of an encrypted record are no plaintext."""


class Plaintext(NamedTuple):
    """Application data of one record."""

    direction: int
    data: bytes
    end: int
    """Offset behind its record on the channel below."""
    packet: int
    """The packet that completed the record."""
    time_ns: int


class Missing(NamedTuple):
    """Application data that could not be read."""

    direction: int
    length: int
    certain: bool
    """Whether the length is known and no estimate."""
    end: int
    packet: int
    time_ns: int


TlsEvent = Plaintext | Missing | Remark


class TlsSession:
    """Both directions."""

    def __init__(self, keys: KeyLog, opening_seen: bool = True, likely_client: int = 0) -> None:
        """Without `opening_seen` records may have passed before the first ones.

        `likely_client` is the direction that is the client's if there is no Hello to tell.
        """
        self.facts = TlsFacts()
        self._keys = keys
        self.facts.client_direction = likely_client
        self._halves = (TlsHalf(0), TlsHalf(1))
        if not opening_seen:
            for half in self._halves:
                half.join()
        self._search = CandidateSearch(keys)
        self._searched = [False, False]  # whether secrets were tried on a record of each direction
        self._agreed = Negotiation(keys)
        self._waiting = Waiting()
        self._last_packet = 0
        self._events: list[TlsEvent] = []

    @property
    def client_random(self) -> bytes | None:
        """Of the first ClientHello: by it a key log names the connection."""
        return self.facts.client_hello.random if self.facts.client_hello else None

    @property
    def waits(self) -> bool:
        """Whether there is ciphertext that may still be decrypted."""
        return bool(self._waiting)

    def waits_from(self, direction: int) -> int:
        """Offset on the channel below of the first byte that is in no record yet."""
        return self._halves[direction].reader.waits_from

    def feed(self, piece: Chunk | Gap) -> list[TlsEvent]:
        """What `piece` brings to light."""
        self._last_packet = piece.packet
        for event in self._halves[piece.direction].reader.feed(piece):
            self._receive(event)
        return self._take_events()

    def wake(self) -> list[TlsEvent]:
        """More secrets of this connection are known: what they open."""
        if self.facts.locked:
            self._unlock()
        else:
            self._drain()
        return self._take_events()

    def finish(self) -> list[TlsEvent]:
        """No more bytes will come; what still waits is lost."""
        self._drain()
        if self._waiting:
            self._lock("its keys are not in the key log")
        if self.facts.decrypted:
            for direction, half in enumerate(self._halves):
                self._lose_end(direction, half)
        for half in self._halves:
            half.epochs = []  # they know the session, and would keep it in memory
        return self._take_events()

    def _lose_end(self, direction: int, half: TlsHalf) -> None:
        """What was lost at the end of a direction, where no record behind it tells how much it was."""
        lost = half.reader.finish(self._last_packet, self.facts.last_ns)
        if lost is not None:
            self._lose(lost, half)
        if half.finished and half.gap:
            end = half.reader.waits_from
            missing = Missing(direction, half.lost_bytes, False, end, self._last_packet, self.facts.last_ns)
            self._events.append(missing)

    def _take_events(self) -> list[TlsEvent]:
        events, self._events = self._events, []
        return events

    def _receive(self, event: RecordEvent) -> None:
        if isinstance(event, Unreadable):
            self._lock("it is no TLS that can be read")
            return
        self.facts.last_ns = event.time_ns
        behind = self._waiting and (self._halves[event.direction].encrypted or self._waiting.holds(event.direction))
        if behind or not self._process(event):
            self._wait(event)
        elif self._waiting:
            self._drain()

    def _wait(self, event: Record | Lost) -> None:
        """Keep what cannot be opened yet, or give that up."""
        self._waiting.add(event)
        chosen = self._agreed.chosen
        if chosen is not None and not self._keys.growing:
            self._lock("its keys are not in the key log" if len(self._keys) else "there are no keys")
        elif self._waiting.is_enough(event.time_ns):
            self._lock("its keys are not in the key log so far" if chosen else "its ServerHello was not captured")

    def _drain(self) -> None:
        """Process what waits, as far as it goes."""
        while self._waiting and self._process(self._waiting.first):
            self._waiting.take()

    def _lock(self, why: str) -> None:
        """It cannot be decrypted, at least for now: records are only counted from here on."""
        if not self.facts.locked:
            self.facts.locked = why
            self.facts.decrypted = False
        while self._waiting:
            self._count(self._waiting.take())

    def _unlock(self) -> None:
        """Keys came after all. Counted records of TLS 1.3 may be some of the handshake, which has keys of its own."""
        if self._agreed.suite is None or not all(half.has_keys for half in self._halves):
            return
        self.facts.locked = ""
        for half in self._halves:
            if self._agreed.is_13:
                half.least = max(0, half.most - HANDSHAKE_RECORDS)

    # Records

    def _process(self, event: Record | Lost) -> bool:
        """Take a record, or the lack of it; whether that was possible yet."""
        half = self._halves[event.direction]
        if self.facts.locked:
            self._count(event)
        elif isinstance(event, Lost):
            self._lose(event, half)
        elif half.encrypted:
            return self._open(event, half)
        elif event.kind == ContentType.APPLICATION_DATA:
            return self._early(event, half)
        else:
            self._content(event, event.kind, event.payload, half)
        return True

    def _count(self, event: Record | Lost) -> None:
        """A record that nobody can open."""
        half = self._halves[event.direction]
        facts = self.facts
        if isinstance(event, Lost):
            half.lose(event)
            return
        if not half.encrypted and event.kind in (ContentType.HANDSHAKE, ContentType.ALERT):
            self._content(event, event.kind, event.payload, half)
            return
        if event.kind == ContentType.CHANGE_CIPHER_SPEC:
            self._change_cipher(half)
            return
        half.skip(event)
        small = len(event.payload) in _alert_sizes(self._agreed.suite)
        is_alert = event.kind == ContentType.ALERT or (event.kind == ContentType.APPLICATION_DATA and small)
        facts.likely_alert[event.direction] = event.packet if is_alert else 0
        if event.kind == ContentType.APPLICATION_DATA and not small:
            self._established_by(event)
            facts.shape.record(event.direction == facts.client_direction, len(event.payload) - _OVERHEAD)

    def _established_by(self, record: Record) -> None:
        """TLS 1.2 has application data only behind the handshake; TLS 1.3's is seen by what both sides sent."""
        if self._agreed.is_before_13:
            self.facts.established = True
        elif self._by_client(record) and self._agreed.is_13:
            self._halves[record.direction].finished = True
            self.facts.established = True

    def _early(self, record: Record, half: TlsHalf) -> bool:
        """Application data before any key was agreed: 0-RTT, which only the ServerHello tells the cipher of."""
        agreed = self._agreed
        if agreed.hello is not None and self._by_client(record) and agreed.chosen is None:
            return False
        if agreed.is_before_13 and half.gap:
            # Its ChangeCipherSpec was not captured.
            half.begin_unseen([agreed.epoch_before_13(self._by_client(record))])
            return self._open(record, half)
        half.least = 0  # what was lost may have been sent before encryption began
        if agreed.chosen is None and self._find_keys(record, half):
            return self._open(record, half)
        self._lock("its handshake was not captured")
        self._count(record)
        return True

    def _find_keys(self, record: Record, half: TlsHalf) -> bool:
        """A Hello was not captured: try what secrets there are. Whether `record` can be opened now."""
        direction, agreed = record.direction, self._agreed
        known = agreed.random is not None and agreed.chosen is not None
        if known or self._searched[direction] or not len(self._keys):
            return False
        self._searched[direction] = True
        by_client = self._by_client(record)
        if agreed.is_before_13:
            if agreed.chosen is not None and agreed.suite is not None:
                agreed.random = self._search.tls12(record, half, agreed.chosen, agreed.suite, by_client)
            found = agreed.random is not None
        else:
            told = agreed.hello is not None or agreed.chosen is not None
            senders = (by_client,) if told else (by_client, not by_client)
            candidate = self._search.tls13(record, half, agreed.hello, agreed.suite, senders)
            found = candidate is not None
            if candidate is not None:
                self._adopt(candidate, direction)
        if found and agreed.random is not None and agreed.random not in self.facts.client_randoms:
            self.facts.client_randoms.append(agreed.random)
            self._remark(record, "The keys were found by trying those of the key log")
        return found

    def _adopt(self, candidate: Candidate, direction: int) -> None:
        """A record of `direction` can be opened with this."""
        if not self._agreed.adopt(candidate):
            return
        self.facts.suite_found = candidate.suite.number
        self.facts.client_direction = direction if candidate.by_client else 1 - direction
        for number, half in enumerate(self._halves):
            half.begin_unseen(self._agreed.epochs(number == self.facts.client_direction))

    def _open(self, record: Record, half: TlsHalf) -> bool:
        if self._agreed.is_13 and record.kind != ContentType.APPLICATION_DATA:
            if record.kind == ContentType.ALERT:
                self._content(record, record.kind, record.payload, half)  # in plaintext: it could not read the keys
            return True  # a ChangeCipherSpec for middleboxes (RFC 8446 §D.4)
        if self._agreed.suite is None:
            number = self._agreed.chosen.suite if self._agreed.chosen else 0
            self._lock(f"cipher suite {suite_name(number)} is not supported")
            self._count(record)
            return True
        if half.given_up:
            half.skip(record)
            return True
        lost_bytes = half.lost_bytes
        if self._agreed.random is None:
            self._find_keys(record, half)
        found = half.open(record) if half.has_keys else None
        if found is None:
            if not half.has_keys or (not half.finished and half.epochs[-1].protection is None):
                return False
            self._not_opened(record, half)
            return True
        kind, data, lost = found
        self.facts.decrypted = True
        if lost_bytes and (lost or half.opened > 1):
            self._missing(half, lost_bytes, lost, record)
        self._content(record, kind, data, half)
        return True

    def _not_opened(self, record: Record, half: TlsHalf) -> None:
        """No key fits: 0-RTT data whose secret is unknown or that was rejected, or a damaged record."""
        hello = self.facts.client_hello
        early = hello is not None and hello.early_data and self._by_client(record)
        if early and not half.opened:
            if not self.facts.early_data:
                self._remark(record, "0-RTT data, which cannot be decrypted")
            self.facts.early_data += len(record.payload)
        elif half.opened or half.finished:
            half.skip(record)
            half.least = max(0, half.least - 1)
            self._remark(record, "A record that cannot be decrypted")
            if half.given_up:
                self._remark(record, "Decryption of this direction is given up: too much of it was not captured")

    def _lose(self, lost: Lost, half: TlsHalf) -> None:
        protection = half.epochs[0].protection if half.epochs else None
        exact = lost.payload >= 0 and protection is not None and protection.overhead >= 0
        if exact and protection is not None and half.finished and lost.kind == ContentType.APPLICATION_DATA:
            half.messages.gap()
            half.sequence += 1
            length = max(0, lost.payload - protection.overhead)
            self._events.append(
                Missing(lost.direction, length, not half.lost_bytes, lost.end, lost.packet, lost.time_ns)
            )
            return
        half.lose(lost)

    def _missing(self, half: TlsHalf, lost_bytes: int, records: int, record: Record) -> None:
        """Records before `record` were lost, and how many is known now."""
        protection = half.epochs[0].protection
        overhead = protection.overhead if protection is not None and protection.overhead >= 0 else 0
        length = max(1, lost_bytes - records * (HEADER + overhead))
        start = record.end - HEADER - len(record.payload)
        self._events.append(Missing(record.direction, length, False, start, record.packet, record.time_ns))

    def _content(self, record: Record, kind: int, data: bytes, half: TlsHalf) -> None:
        """The content of a record, decrypted if it was encrypted."""
        if kind == ContentType.APPLICATION_DATA:
            if not half.finished:
                half.finished = True
                self._check_established()
            if data:
                self._events.append(Plaintext(record.direction, data, record.end, record.packet, record.time_ns))
        elif kind == ContentType.HANDSHAKE:
            for message_type, body in half.messages.feed(data):
                self._message(message_type, body, record, half)
        elif kind == ContentType.ALERT and len(data) == 2:
            alert = Alert(record.direction, data[0] == FATAL, data[1], record.packet, record.time_ns)
            self.facts.add_alert(alert)
            self._remark(record, f"Alert: {alert.name}")
        elif kind == ContentType.CHANGE_CIPHER_SPEC:
            self._change_cipher(half)

    # The handshake

    def _message(self, message_type: int, body: bytes, record: Record, half: TlsHalf) -> None:
        if message_type == MessageType.CLIENT_HELLO:
            self._client_hello(body, record)
        elif message_type == MessageType.SERVER_HELLO:
            self._server_hello(body, record)
        elif message_type == MessageType.ENCRYPTED_EXTENSIONS:
            self.facts.alpn, accepted = encrypted_extensions(body)
            self.facts.alpn_seen = True
            if accepted:
                self._remark(record, "The server accepts 0-RTT data")
        elif message_type == MessageType.FINISHED:
            half.finished = True
            half.advance("application")
            self._check_established()
        elif message_type == MessageType.END_OF_EARLY_DATA:
            half.advance("handshake")
        elif message_type == MessageType.KEY_UPDATE and half.finished:
            suite, secret = self._agreed.suite, self._agreed.traffic_secret(self._by_client(record))
            if suite is not None and secret is not None:
                half.update_key(secret, suite)
                self._remark(record, "KeyUpdate")

    def _client_hello(self, body: bytes, record: Record) -> None:
        hello = client_hello(body)
        if hello is None:
            return
        again = self._agreed.hello is not None
        self._agreed.offer(hello)
        if hello.random not in self.facts.client_randoms and len(self.facts.client_randoms) < MAX_RANDOMS:
            self.facts.client_randoms.append(hello.random)
        if self.facts.client_hello is None:
            self.facts.client_hello = hello
            self.facts.client_direction = record.direction
        name = f" for {hello.server_name}" if hello.server_name else ""
        offers = f", ALPN {', '.join(hello.alpn)}" if hello.alpn else ""
        self._remark(record, f"ClientHello{' again' if again else ''}{name}{offers}")

    def _server_hello(self, body: bytes, record: Record) -> None:
        chosen = server_hello(body)
        if chosen is None:
            return
        if chosen.retry:
            self._remark(record, "HelloRetryRequest")
            return
        self._agreed.choose(chosen)
        facts = self.facts
        if facts.server_hello is None:
            facts.server_hello = chosen
            facts.alpn = chosen.alpn
            facts.alpn_seen = self._agreed.is_before_13
            if self._agreed.hello is None:
                facts.client_direction = 1 - record.direction
        self._remark(record, f"ServerHello: {facts.version}, {facts.suite}")
        if self._agreed.is_13:
            for direction, half in enumerate(self._halves):
                half.begin(self._agreed.epochs(direction == facts.client_direction))

    def _change_cipher(self, half: TlsHalf) -> None:
        """TLS 1.2 and before: what this direction sends from here on is encrypted with new keys."""
        if self._agreed.is_before_13:
            by_client = half is self._halves[self.facts.client_direction]
            half.begin([self._agreed.epoch_before_13(by_client)])

    def _by_client(self, record: Record) -> bool:
        return record.direction == self.facts.client_direction

    def _check_established(self) -> None:
        if all(half.finished for half in self._halves):
            self.facts.established = True

    def _remark(self, record: Record, text: str) -> None:
        self._events.append(Remark(record.direction, text, record.packet, record.time_ns))


def _alert_sizes(cipher: Suite | None) -> tuple[int, ...]:
    """Payload bytes that an encrypted alert has in TLS 1.3."""
    return (3 + cipher.tag_length,) if cipher is not None else (19, 11)
