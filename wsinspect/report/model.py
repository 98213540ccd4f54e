"""The JSON report's types: the contract that scripts depend on (`docs/report.md`).

Times are seconds since the epoch, packet numbers 1-based, frame numbers 0-based per direction; None is "unknown".
"""

import msgspec

SCHEMA = "wsinspect.report/1"


class Endpoint(msgspec.Struct, frozen=True):
    """An address and a TCP port."""

    address: str
    port: int


class Capture(msgspec.Struct):
    """Where the packets came from."""

    source: str
    format: str
    """`pcap` or `pcapng`."""
    packets: int
    bytes: int
    start: float | None
    end: float | None
    tcp_streams: int
    dropped: int | None
    """Packets that the capturing program lost; None if the file does not say."""
    problems: list[str]
    received: int | None = None
    """Packets that a live capture has taken from the kernel, read or not; None for a file."""
    behind: int | None = None
    """Bytes that a live capture has taken and that were not read; None for a file."""
    copies: int = 0
    """Packets with data or a flag that are copies of ones captured a moment before; they count once."""


class Handshake(msgspec.Struct):
    """The opening handshake as far as it was captured."""

    status: int | None
    request_packet: int | None
    response_packet: int | None
    seconds: float | None
    """End of the request to the beginning of the response."""


class FrameCounts(msgspec.Struct):
    """Complete frames of one side by opcode."""

    text: int
    binary: int
    continuation: int
    close: int
    ping: int
    pong: int
    reserved: int


class Frames(msgspec.Struct):
    """Frames by sender."""

    client: FrameCounts
    server: FrameCounts


class BySide(msgspec.Struct):
    """A number by sender."""

    client: int
    server: int


class PingTimes(msgspec.Struct):
    """Pings of both sides; times in seconds."""

    sent: int
    answered: int
    rtt_min: float | None = None
    rtt_median: float | None = None
    rtt_max: float | None = None
    network_median: float | None = None
    """From a Ping to the TCP acknowledgement that covers it …"""
    network_max: float | None = None
    peer_median: float | None = None
    """… and from there to the Pong."""
    peer_max: float | None = None
    missed: BySide = msgspec.field(default_factory=lambda: BySide(0, 0))
    """Pings without an answer, by who sent them."""
    late: BySide = msgspec.field(default_factory=lambda: BySide(0, 0))
    """Pongs that took as long as the threshold `pong_slow`, by who sent them."""
    unsolicited: BySide = msgspec.field(default_factory=lambda: BySide(0, 0))
    """Pongs that nobody had asked for, by who sent them."""


class CloseFrame(msgspec.Struct):
    """The first Close of a side."""

    code: int | None
    """None: a Close without a code."""
    name: str | None
    registry: str | None
    reason: str
    packet: int
    time: float
    codebook: str | None = None
    """The codebook that was recognised; `registry` is the same if it has the code."""
    because: str | None = None
    """What the codebook was recognised by."""
    shown: str = ""
    """Number, name, who gave it and why, in words."""


class CloseMessage(msgspec.Struct):
    """A close code that came inside a text message, as SockJS has it."""

    code: int
    name: str
    registry: str
    reason: str
    packet: int
    time: float
    codebook: str | None = None
    because: str | None = None
    shown: str = ""


class Http2End(msgspec.Struct):
    """How a stream of HTTP/2 ended."""

    frame: str
    """`END_STREAM` or `RST_STREAM`."""
    code: int | None
    """The error code of RST_STREAM."""
    name: str | None
    """Its name, as `CANCEL`."""


class GoAway(msgspec.Struct):
    """A side of an HTTP/2 connection announced that it takes no more streams."""

    by: str
    code: int
    name: str
    last_stream: int
    """The last stream that it may have acted upon."""
    debug_data: str
    packet: int
    time: float


class TcpEnd(msgspec.Struct):
    """The first FIN or RST; or over HTTP/2 the END_STREAM or RST_STREAM that stands for it."""

    kind: str
    """`fin` or `rst`."""
    by: str
    packet: int
    time: float
    http2: Http2End | None = None
    """Set if it is a stream that ended, not TCP."""


class CloseEvent(msgspec.Struct):
    """What the application at one end is told, as a browser's CloseEvent."""

    code: int
    reason: str
    was_clean: bool
    name: str = ""
    registry: str = ""
    codebook: str | None = None
    because: str | None = None
    why: str = ""
    """Why the program is told so, in words."""


class CloseEvents(msgspec.Struct):
    """The close event of each end; None where the application is told nothing or it cannot be known."""

    client: CloseEvent | None
    server: CloseEvent | None


class Diagnosis(msgspec.Struct):
    """A probable cause of the ending."""

    id: str
    confidence: str
    text: str
    brief: str = ""
    """The cause alone, in a few words: equal on connections that ended alike."""


class Close(msgspec.Struct):
    """How the connection ended."""

    initiator: str | None
    """Who sent the first Close: `client`, `server` or None."""
    client_frame: CloseFrame | None
    server_frame: CloseFrame | None
    tcp: TcpEnd | None
    event: CloseEvents | None
    """None while the connection is open."""
    summary: str
    diagnosis: list[Diagnosis]
    idle: float | None = None
    """Seconds without payload of either side before the end; None while it is open, or if unknown."""
    message: CloseMessage | None = None
    """Why the server closed, if it said so in a text message."""
    go_away: list[GoAway] = []
    """The GOAWAY frames of an HTTP/2 connection that came before its stream was over."""


class Violation(msgspec.Struct):
    """A broken rule, told once per connection and side."""

    rule: str
    severity: str
    by: str | None
    section: str
    frame: int | None
    packet: int | None
    time: float | None
    count: int
    detail: str


class Connection(msgspec.Struct, kw_only=True):
    """A WebSocket connection, or the attempt to open one."""

    id: int
    tcp_stream: int
    http2_stream: int | None
    http_version: str | None
    tls: str | None
    client: Endpoint
    server: Endpoint
    url: str | None
    subprotocol: str | None
    extensions: list[str]
    handshake: Handshake | None
    joined_midstream: bool
    state: str
    """`connecting`, `open`, `closing`, `closed` or `failed`."""
    started: float
    opened: float | None
    ended: float | None
    gaps: BySide
    frames: Frames
    messages: BySide
    payload_bytes: BySide
    ping: PingTimes
    close: Close
    violations: list[Violation]
    extensions_inferred: list[str] = msgspec.field(default_factory=list)
    """What the frames show to be in use although nobody saw it agreed."""


class CloseCount(msgspec.Struct):
    """Connections whose client was told this code, by who sent the first Close."""

    code: int
    name: str | None
    initiator: str | None
    connections: int


class ViolationCount(msgspec.Struct):
    """How often a rule was broken over all connections."""

    rule: str
    severity: str
    connections: int
    count: int


class DiagnosisCount(msgspec.Struct):
    """Connections with a probable cause."""

    id: str
    connections: int


class ServerCount(msgspec.Struct):
    """Connections to a server."""

    address: str
    port: int
    connections: int


class CloseGroup(msgspec.Struct):
    """Connections that ended with the same code, by the same side and means."""

    code: int | None
    """As the client's program was told it (the server's, where that is unknown)."""
    name: str
    source: str
    """Who gave the name."""
    means: str | None
    """What ended it first: `close`, `fin` or `rst`; None where that is not known, or of a failed handshake."""
    by: str | None
    """Who did."""
    status: int | None
    """The HTTP status that a failed handshake was answered with."""
    connections: int
    median_age: float | None
    """Seconds from the opening to the end."""
    median_idle: float | None
    """Seconds without payload before the end."""
    first: float | None
    last: float | None
    servers: list[ServerCount]


class CloseSeries(msgspec.Struct):
    """Connections that ended with a code, over time."""

    code: int | None
    """None: the handshake failed."""
    name: str
    connections: list[int]
    """In each stretch of time."""


class ClosesOverTime(msgspec.Struct):
    """Ends in stretches of time of equal length."""

    start: float
    seconds: float
    """Length of a stretch."""
    series: list[CloseSeries]


class Burst(msgspec.Struct):
    """A time in which far more connections ended than usual."""

    start: float
    end: float
    connections: int
    usual: float
    """Ends that as long a time has otherwise."""
    code: int | None
    """What most of them ended with."""
    name: str


class ViolationGroup(msgspec.Struct):
    """A rule that one side broke, over all connections."""

    rule: str
    severity: str
    by: str | None
    connections: int
    count: int
    first: float | None
    """Of the first times on each connection the earliest …"""
    last: float | None
    """… and the latest."""


class Summary(msgspec.Struct, kw_only=True):
    """All connections together."""

    overview: list[str] = msgspec.field(default_factory=list)
    """At most three sentences: how many connections ended how, and why."""
    connections: int
    open: int
    failed_handshakes: int
    closes: list[CloseCount]
    violations: list[ViolationCount]
    diagnoses: list[DiagnosisCount] = msgspec.field(default_factory=list)
    """Over all connections: also what was not known yet when a connection was printed (`ndjson`)."""
    close_groups: list[CloseGroup] = msgspec.field(default_factory=list)
    closes_over_time: ClosesOverTime | None = None
    """None: no connection has ended."""
    bursts: list[Burst] = msgspec.field(default_factory=list)
    violation_groups: list[ViolationGroup] = msgspec.field(default_factory=list)


class DisplayFilter(msgspec.Struct):
    """Which connections the report is about."""

    text: str
    connections: int
    """That match."""
    of: int
    """That there were."""


class Report(msgspec.Struct, kw_only=True):
    """Everything."""

    schema: str = SCHEMA
    capture: Capture
    connections: list[Connection]
    summary: Summary
    filter: DisplayFilter | None = None
    """None: the report is about all connections."""
