"""Rules that judge how a connection ended as a whole; `wsinspect/diagnosis/` finds them, with a confidence.

They are shown as diagnoses. Only those of severity warning are counted as violations too.
"""

from typing import Final

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule

_END = {Need.END, Need.TIMING}


@rule(
    "keepalive-timeout",
    Severity.NOTE,
    "–",
    tier=2,
    needs={Need.BOTH_SYNCED, *_END},
    means="A side ended the connection because its own Ping was not answered in time.",
    look_at="Why the other side did not answer: it is gone, the path is dead, or its program was busy for longer than "
    "the keepalive waits.",
    aka=("keepalive ping timeout", "ping timeout", "1011"),
)
def keepalive_timeout(text: str) -> Finding | None:
    return Finding(text)


@rule(
    "keepalive-race",
    Severity.NOTE,
    "–",
    tier=2,
    needs={Need.SYNCED, Need.TIMING},
    means="The time between two Pings is about that of a known idle timer, so the two race: now and then the timer "
    "wins and ends a healthy connection.",
    look_at="Ping twice as often as the shortest idle timer on the way asks for.",
)
def keepalive_race(text: str) -> Finding | None:
    return Finding(text)


@rule(
    "injected-reset",
    Severity.WARNING,
    "–",
    by=By.NOBODY,
    tier=2,
    needs={Need.END},
    means="An RST that its claimed sender probably did not send: its TTL, IP-ID or what comes after it do not fit.",
    look_at="Firewalls, intrusion systems and proxies between the two ends; a capture at the other end shows who.",
    aka=("ECONNRESET",),
)
def injected_reset(text: str) -> Finding | None:
    return Finding(text)


@rule(
    "idle-timeout",
    Severity.NOTE,
    "–",
    by=By.NOBODY,
    tier=2,
    needs=_END,
    means="The connection was ended after a silence that fits a known idle timer, or that of other connections.",
    look_at="The timer that the diagnosis names, and Pings at half of its time.",
    aka=("closes after 60 seconds",),
)
def idle_timeout(text: str) -> Finding | None:
    return Finding(text)


@rule(
    "lifetime-limit",
    Severity.NOTE,
    "–",
    by=By.NOBODY,
    tier=2,
    needs=_END,
    means="The connection was ended at an age that fits a known limit, or the age of other connections to the server.",
    look_at="Limits of balancers and gateways on the age of a connection; no Ping helps against them, only a client "
    "that reconnects.",
    aka=("disconnects every 30 seconds",),
)
def lifetime_limit(text: str) -> Finding | None:
    return Finding(text)


@rule(
    "mass-close",
    Severity.NOTE,
    "–",
    by=By.NOBODY,
    tier=2,
    needs={*_END, Need.MANY},
    means="Many connections to one server ended within a short time.",
    look_at="A deploy, a restart, a crash, or a proxy that was reloaded at that moment.",
    aka=("deploy", "restart"),
)
def mass_close(text: str) -> Finding | None:
    return Finding(text)


@rule(
    "path-died",
    Severity.NOTE,
    "–",
    by=By.NOBODY,
    tier=2,
    needs=_END,
    means="The last packets are retransmissions that nobody answered, and nobody closed: the path or the other host "
    "is gone.",
    look_at="Networks that changed (a telephone between two cells), hosts that went to sleep, state that a NAT lost.",
    aka=("ETIMEDOUT",),
)
def path_died(text: str) -> Finding | None:
    return Finding(text)


@rule(
    "reconnect-storm",
    Severity.WARNING,
    "RFC 6455 §7.2.3",
    by=By.CLIENT,
    tier=2,
    needs={*_END, Need.MANY},
    means="After abnormal closes a client comes back at once, or always after the same time. It should wait for a "
    "random time that grows: a server that struggles is otherwise kept down by its own clients.",
    look_at="The client's reconnect code: a random first delay, then exponential backoff.",
)
def reconnect_storm(text: str) -> Finding | None:
    return Finding(text)


@rule(
    "message-size-limit",
    Severity.NOTE,
    "RFC 6455 §7.4.1, §10.4",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED, Need.TIMING},
    means="A side gave up at a message larger than any that it had accepted before.",
    look_at="The receiver's limit on messages, or that of a proxy before it, and whether the size was meant.",
    aka=(
        "Message Too Big",
        "`WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`",
        "websockets `PayloadTooBig`",
        "1009",
    ),
)
def message_size_limit(text: str) -> Finding | None:
    return Finding(text)


RULES: tuple[Rule[...], ...] = (
    keepalive_timeout,
    keepalive_race,
    injected_reset,
    idle_timeout,
    lifetime_limit,
    mass_close,
    path_died,
    reconnect_storm,
    message_size_limit,
)
DIAGNOSED: Final = {rule.id: rule for rule in RULES}
