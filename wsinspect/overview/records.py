"""What is kept of each connection: how it ended in 32 bytes, and which rules it broke. For 100,000 of them and more.

In: a `Record` for each connection as often as it changes, by its index. Out: columns that `groups.py`, `over_time.py`,
`bursts.py` and `sentences.py` read.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import nan
from typing import Final, NamedTuple, TypeVar

from wsinspect.websocket.closecodes import REGISTRIES

T = TypeVar("T")

USUAL_CODES: Final = frozenset({1000, 1001, 1005})
"""Close codes that nobody needs to look at."""

_NONE: Final = -1


class Ending(NamedTuple):
    """A way to end; connections that ended alike share one."""

    code: int | None
    """As the client's program was told it (the server's, where that is unknown); None: nobody was told anything."""
    name: str
    source: str
    """Who gave the name: a registry, a codebook, `HTTP`."""
    means: str
    """What ended it first, as far as that says who did: `Close`, `FIN`, `RST`, or empty."""
    by: str
    """`client`, `server`, or empty."""
    server: tuple[str, int]
    """Address and port."""
    usual: bool
    """Whether it ended as it should: with a usual code, and cleanly."""
    failed: bool = False
    """Whether the handshake failed."""
    status: int | None = None
    """The HTTP status that it was answered with, if it failed."""

    @property
    def anywhere(self) -> "Ending":
        """The same for all servers."""
        return self._replace(server=("", 0), usual=False)

    @property
    def title(self) -> str:
        """The name; one that a codebook gave has the codebook behind it."""
        known = self.failed or not self.source or self.source in REGISTRIES
        return self.name if known else f"{self.name} ({self.source})"


class Cause(NamedTuple):
    """A diagnosis without what belongs to one connection alone."""

    id: str
    confidence: str
    brief: str


class Breach(NamedTuple):
    """A rule that a connection broke."""

    rule: str
    severity: str
    by: str | None
    times: int
    """How often."""
    time: float | None
    """Seconds since the epoch, of the first time."""


class Record(NamedTuple):
    """One connection. `ending` is None while it is open."""

    ending: Ending | None = None
    ended: float | None = None
    """Seconds since the epoch: the first Close, FIN or RST."""
    age: float | None = None
    """Seconds from the opening to the end."""
    idle: float | None = None
    """Seconds without payload before the end."""
    causes: tuple[Cause, ...] = ()
    breaches: tuple[Breach, ...] = ()


@dataclass(slots=True)
class BreachSum:
    """A rule, and how often a side broke it over all connections."""

    rule: str
    severity: str
    by: str | None
    connections: int = 0
    count: int = 0
    first: float | None = None
    """Seconds since the epoch, of the first time on any connection …"""
    last: float | None = None
    """… and of the first time on the connection that broke it last."""


class Records:
    """Columns, one place for each connection."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.endings: list[Ending] = []
        """The different ones."""
        self.causes: list[tuple[Cause, ...]] = []
        """The different sets of them."""
        self.ended = array("d")
        self.age = array("d")
        self.idle = array("d")
        """NaN where unknown."""
        self._ending = array("i")
        self._causes = array("i")
        self._ending_numbers: dict[Ending, int] = {}
        self._cause_numbers: dict[tuple[Cause, ...], int] = {}
        self._breaches: dict[tuple[str, str, str | None], BreachSum] = {}
        self._breach_numbers: dict[tuple[str, str, str | None], int] = {}
        self._broken: dict[int, array[int]] = {}  # by index: number of the breach, count, and so on
        self._broken_before = 0  # connections that broke a rule and are settled
        for index, record in enumerate(records):
            self.put(index, record)

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._ending)

    def put(self, index: int, record: Record) -> None:
        """What is known of connection `index` by now."""
        while len(self._ending) <= index:
            self._ending.append(_NONE)
            self._causes.append(_NONE)
            for column in (self.ended, self.age, self.idle):
                column.append(nan)
        ending = record.ending
        self._ending[index] = _NONE if ending is None else _number(ending, self._ending_numbers, self.endings)
        self.ended[index] = nan if record.ended is None else record.ended
        self.age[index] = nan if record.age is None else record.age
        self.idle[index] = nan if record.idle is None else record.idle
        self.put_causes(index, record.causes)
        if record.breaches:
            self._put_breaches(index, record.breaches)

    def copy(self) -> "Records":
        """As they are now, to be read while the original goes on; costs little."""
        other = Records()
        other.endings, other.causes = self.endings[:], self.causes[:]
        other.ended, other.age, other.idle = self.ended[:], self.age[:], self.idle[:]
        other._ending, other._causes = self._ending[:], self._causes[:]
        other._breaches = {key: replace(total) for key, total in self._breaches.items()}
        other._broken, other._broken_before = dict(self._broken), self._broken_before
        return other

    def put_causes(self, index: int, causes: tuple[Cause, ...]) -> None:
        """Other causes: those that show only in all connections together."""
        self._causes[index] = _number(causes, self._cause_numbers, self.causes) if causes else _NONE

    def settle(self, index: int) -> None:
        """A connection has left the list: it counts, but which rules it broke itself need not be known."""
        if self._broken.pop(index, None) is not None:
            self._broken_before += 1

    def _put_breaches(self, index: int, breaches: tuple[Breach, ...]) -> None:
        old = self._broken.get(index, array("i"))
        before = dict(zip(old[::2], old[1::2], strict=True))
        packed = array("i")
        for breach in breaches:
            key = (breach.rule, breach.severity, breach.by)
            number = self._breach_numbers.setdefault(key, len(self._breach_numbers))
            total = self._breaches.setdefault(key, BreachSum(*key))
            total.connections += number not in before
            total.count += breach.times - before.get(number, 0)
            if breach.time is not None:
                total.first = breach.time if total.first is None else min(total.first, breach.time)
                total.last = breach.time if total.last is None else max(total.last, breach.time)
            packed.extend((number, breach.times))
        self._broken[index] = packed

    def ending(self, index: int) -> Ending | None:
        """How a connection ended; None while it is open."""
        number = self._ending[index]
        return None if number == _NONE else self.endings[number]

    def causes_of(self, index: int) -> tuple[Cause, ...]:
        """Its diagnoses."""
        number = self._causes[index]
        return () if number == _NONE else self.causes[number]

    def by_ending(self) -> dict[Ending, list[int]]:
        """Indexes of the connections that are over, by how they ended."""
        found: list[list[int]] = [[] for _ in self.endings]
        for index, number in enumerate(self._ending):
            if number >= 0:
                found[number].append(index)
        return {ending: indexes for ending, indexes in zip(self.endings, found, strict=True) if indexes}

    def ended_as(self, alike: Ending) -> list[int]:
        """Indexes of the connections that ended so, on whatever server."""
        numbers = {number for number, ending in enumerate(self.endings) if ending.anywhere == alike.anywhere}
        return [index for index, number in enumerate(self._ending) if number in numbers]

    def that_broke(self, breach: BreachSum) -> list[int]:
        """Indexes of the connections on which this rule was broken by that side."""
        number = self._breach_numbers.get((breach.rule, breach.severity, breach.by))
        return sorted(index for index, packed in list(self._broken.items()) if number in packed[::2])

    def breaches(self) -> Iterator[BreachSum]:
        """The rules that were broken, by whom, over all connections."""
        yield from list(self._breaches.values())

    @property
    def broken(self) -> int:
        """Connections that broke a rule."""
        return len(self._broken) + self._broken_before


def _number(value: T, numbers: dict[T, int], values: list[T]) -> int:
    number = numbers.get(value)
    if number is None:
        number = numbers[value] = len(values)
        values.append(value)
    return number
