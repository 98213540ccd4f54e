"""What a close code is called on a connection: its name, who gave it, and why that one is believed.

A name that only a codebook gives is never shown without the codebook. The numbers that a Close frame may not carry,
and those that no codebook knows, are told as what they are.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from wsinspect.codebooks.book import candidates, told_by_reason
from wsinspect.codebooks.recognise import NO_BOOKS, Clues, Library, Recognised, recognise
from wsinspect.websocket.closecodes import CloseCode, Senders, describe

_WITH_REASON: Final = frozenset({1002, 1011})
"""Standard codes whose reason text can tell which program sent them."""
_WITH_SERVICE: Final = frozenset({1001, 1009})
"""Standard codes that a service is known to send at a limit of its own …"""
_SERVICE_HOST: Final = ".execute-api."
"""… and what the host of such a one has in it: for these codes no codebook is read without need."""
_STANDARD: Final = ("RFC 6455", "IANA")
HTTP_CODES: Final = range(4400, 4600)
"""Private codes that are often an HTTP status + 4000."""


class CloseName(NamedTuple):
    """A close code as it is shown."""

    code: int
    name: str
    registry: str
    """Who gave the name: a registry or a codebook."""
    codebook: str | None
    """The codebook that was recognised, whether it has the code or not."""
    because: str | None
    """What the codebook was recognised by, with `likely, ` in front where that is no proof."""
    shown: str
    """Number, name, who gave it and why."""

    @property
    def in_a_sentence(self) -> str:
        """Number and name; who gave it and why only where not everybody knows."""
        if self.registry in _STANDARD:
            return f"{self.code} {self.name}"
        number, _, rest = self.shown.partition(" ")
        return f"{number} ({rest.replace('; ', ', ')})" if self.name not in rest else self.shown.replace("; ", ", ")


class Namer:
    """Names the codes of one connection."""

    def __init__(self, clues: Callable[[], Clues], library: Library = NO_BOOKS) -> None:
        """`clues` is asked once, if a number does not say all."""
        self._ask = clues
        self._clues: Clues | None = None
        self._library = library

    def __call__(self, code: int, reason: str = "") -> CloseName:
        """The name of `code` (0 to 65535) in a Close with `reason`."""
        return name_code(code, reason, self._known, self._library)

    def _known(self) -> Clues:
        if self._clues is None:
            self._clues = self._ask()
        return self._clues


def name_code(code: int, reason: str, clues: Callable[[], Clues], library: Library = NO_BOOKS) -> CloseName:
    """The name of `code` (0 to 65535) in a Close with `reason`; `clues` is asked if that does not say all."""
    known = describe(code)
    if known.registry == "RFC 6455" or code in range(1012, 1015):
        return _standard(known, reason, clues, library)
    found = recognise(code, clues(), library)
    if found is None:
        return _unnamed(known, library)
    book, because = found.book, _because(found)
    origin = f"({book.name}, {because})"
    name = book.codes.get(code)
    if name is not None:
        return CloseName(code, name, book.name, book.name, _reason(found), f"{code} {name} {origin}{_also(known)}")
    if known.registry in _STANDARD:
        return CloseName(code, known.name, known.registry, book.name, _reason(found), _registered(known))
    if book.reason_in and not book.codes:
        shown = f"{code} {known.registry}; {book.name} ({because}) has no codes, look for {book.reason_in}"
    else:
        band = book.band(code)
        shown = f"{code} not in the codebook {origin}"
        shown += f"; band {band.first}–{band.last}: {band.means}" if band is not None else ""
        shown += _also(known)
    return CloseName(code, known.name, known.registry, book.name, _reason(found), shown)


def _standard(known: CloseCode, reason: str, clues: Callable[[], Clues], library: Library) -> CloseName:
    code = known.code
    if not known.allowed_on_wire:
        return CloseName(code, known.name, known.registry, None, None, _forbidden(known))
    plain = CloseName(code, known.name, known.registry, None, None, _registered(known))
    if code in _WITH_REASON and reason:
        for book, one in told_by_reason():
            if one.code == code and reason.startswith(one.text):
                shown = f"{plain.shown}; {book.name}, because reason={one.text}: {one.means}"
                return plain._replace(codebook=book.name, because=f"reason={one.text}", shown=shown)
    if code in _WITH_SERVICE and _SERVICE_HOST in ((its := clues()).url or ""):
        found = recognise(code, its, library)
        if found is not None and code in found.book.standard:
            shown = f"{plain.shown}; {found.book.name}, {_because(found)}: {found.book.standard[code]}"
            return plain._replace(codebook=found.book.name, because=_reason(found), shown=shown)
    return plain


def _unnamed(known: CloseCode, library: Library) -> CloseName:
    code = known.code
    if not known.allowed_on_wire:
        shown = _forbidden(known)
    elif known.registry in _STANDARD:
        shown = _registered(known)
    elif known.registry == "unregistered":
        shown = f"{code} unregistered library code"
    else:
        number = len(candidates(code, library.books()))
        who = {0: "no codebook knows it", 1: "1 codebook knows it"}.get(number, f"{number} codebooks know it")
        shown = f"{code} private; {who}"
        if code in HTTP_CODES:
            shown += f"; perhaps HTTP {code - 4000} + 4000"
    return CloseName(code, known.name, known.registry, None, None, shown)


def _registered(known: CloseCode) -> str:
    return f"{known.code} {known.name} ({known.registry})"


def _forbidden(known: CloseCode) -> str:
    return f"{known.code} {_kind(known)}, must not be sent"


def _kind(known: CloseCode) -> str:
    return "reserved" if known.registry in _STANDARD else known.registry


def _also(known: CloseCode) -> str:
    """What else the number means."""
    if known.senders is Senders.NOBODY:
        return f"; {_kind(known)}, must not be sent"
    return f"; {known.registry}: {known.name}" if known.registry in _STANDARD else ""


def _because(found: Recognised) -> str:
    return f"{'likely, ' if found.likely else ''}because {found.because}"


def _reason(found: Recognised) -> str:
    return f"{'likely, ' if found.likely else ''}{found.because}"
