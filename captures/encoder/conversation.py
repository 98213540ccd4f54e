"""One TCP connection as a script: two peers that keep their sequence numbers, clocks and acknowledgements right.

The capture point is beside the client: its packets are seen at once, the server's answers one round trip later.
"""

import random
import struct
from dataclasses import dataclass, field

from captures.encoder.files import Record
from captures.encoder.packets import ACK, ETHERNET, FIN, PLAIN, PSH, RST, SYN, Host, Link, Quirks, Segment, ip

START_NS = 1_772_442_000 * 10**9
"""2026-03-02 09:00:00 UTC, the time of the first packet of every capture."""

CLIENT = Host("192.0.2.10", 50412)
SERVER = Host("198.51.100.20", 80, ttl=52)

MSS = 1460
SYN_OPTIONS = struct.pack(">BBHBBBBB", 2, 4, MSS, 4, 2, 3, 3, 7)
"""Maximum segment size, selective acknowledgements permitted, window scale 7."""

SECOND = 10**9
SAME_SPEAKER_NS = 30_000
CLIENT_TURN_NS = 150_000


@dataclass
class Trace:
    """The packets of one capture, and the seed of everything in it that looks random."""

    seed: str
    link: Link = ETHERNET
    records: list[Record] = field(default_factory=list)
    conversations: list["Conversation"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def in_order(self) -> list[Record]:
        """As a capture has them: by time, whatever conversation was scripted first."""
        return sorted(self.records, key=lambda record: record.time_ns)


class Peer:
    """One end of a conversation."""

    def __init__(self, conversation: "Conversation", host: Host) -> None:
        self.conversation = conversation
        self.host = host
        self.sequence = conversation.trace.random.getrandbits(31)
        self.received = 0
        """The acknowledgement number this peer would send now."""
        self.identification = conversation.trace.random.getrandbits(12)
        self.quirks = PLAIN
        self.window = 502

    @property
    def other(self) -> "Peer":
        ends = self.conversation.ends
        return ends[1] if self is ends[0] else ends[0]

    def segment(
        self,
        payload: bytes = b"",
        flags: int = ACK,
        *,
        sequence: int | None = None,
        options: bytes = b"",
        captured: bool = True,
        quirks: Quirks | None = None,
    ) -> None:
        """One packet. With an explicit `sequence` it repeats or probes; without, it is the next one of the stream.

        `captured=False`: it was sent, but the capture missed it.
        """
        at = self.sequence if sequence is None else sequence
        if sequence is None:
            self.sequence += len(payload) + bool(flags & SYN) + bool(flags & FIN)
        self.identification += 1
        acknowledgement = self.received if flags & ACK else 0
        packet = Segment(self.host, self.other.host, at, acknowledgement, flags, payload, options, self.window)
        self.conversation.emit(self, ip(packet, self.identification, quirks or self.quirks), captured)

    def send(
        self,
        data: bytes,
        *,
        size: int = MSS,
        acked: bool = True,
        captured: bool = True,
        quirks: Quirks | None = None,
    ) -> None:
        """Payload in segments of at most `size` bytes; if `acked` the other side acknowledges the last."""
        for start in range(0, len(data), size):
            part = data[start : start + size]
            last = start + size >= len(data)
            self.segment(part, ACK | PSH if last else ACK, captured=captured, quirks=quirks)
        if acked:
            self.other.ack()

    def receive(self) -> None:
        """Everything the other side has sent has arrived here."""
        self.received = self.other.sequence

    def ack(self) -> None:
        self.receive()
        self.segment()

    def fin(self, *, acked: bool = True) -> None:
        self.segment(flags=FIN | ACK)
        if acked:
            self.other.ack()

    def rst(self) -> None:
        self.segment(flags=RST | ACK)


class Conversation:
    """A TCP connection between a client and a server."""

    peer_type = Peer

    def __init__(
        self,
        trace: Trace,
        *,
        client: Host = CLIENT,
        server: Host = SERVER,
        at: float = 0.0,
        rtt: float = 0.02,
        link: Link | None = None,
        interface: int = 0,
    ) -> None:
        self.trace = trace
        self.link = link or trace.link
        self.interface = interface
        self.started = self.clock = START_NS + round(at * SECOND)
        self.rtt_ns = round(rtt * SECOND)
        self.comment = ""
        """A comment for the next packet; pcapng alone can hold it."""
        self._speaker: Peer | None = None
        trace.conversations.append(self)
        self.ends: tuple[Peer, Peer] = (self.peer_type(self, client), self.peer_type(self, server))

    def wait(self, seconds: float) -> None:
        self.clock += round(seconds * SECOND)

    @property
    def elapsed(self) -> float:
        """Seconds since the start of the capture."""
        return (self.clock - START_NS) / SECOND

    def until(self, at: float) -> None:
        """Wait for a time of the capture, in seconds since its start."""
        self.clock = max(self.clock, START_NS + round(at * SECOND))

    def turn(self, sender: Peer) -> int:
        """Nanoseconds from the other side's packet to the answer of `sender`, as the capture point sees them."""
        return CLIENT_TURN_NS if sender is self.ends[0] else self.rtt_ns

    def emit(self, sender: Peer, packets: list[bytes], captured: bool) -> None:
        """Let the sender's turn pass and put the packets into the trace."""
        for packet in packets:
            self.clock += SAME_SPEAKER_NS if sender is self._speaker else self.turn(sender)
            self._speaker = sender
            if captured:
                data = self.link.wrap(packet, sender.host, sender.other.host)
                self.trace.records.append(Record(self.clock, data, self.link.number, self.comment, self.interface))
                self.comment = ""

    def connect(self) -> None:
        """The three-way handshake of TCP."""
        client, server = self.ends
        client.segment(flags=SYN, options=SYN_OPTIONS)
        server.receive()
        server.segment(flags=SYN | ACK, options=SYN_OPTIONS)
        client.ack()

    def end_tcp(self, first: Peer | None = None) -> None:
        """FIN of the server (or of `first`), answered by acknowledgement and FIN of the other side."""
        closer = first or self.ends[1]
        closer.fin()
        closer.other.fin()
