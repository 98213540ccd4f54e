"""Close codes in plain language: the registered meaning, what codebooks make of the number, who may send it."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final

from wsinspect.codebooks.book import Book
from wsinspect.codebooks.names import HTTP_CODES
from wsinspect.codebooks.recognise import Library
from wsinspect.errors import WsinspectError
from wsinspect.rules.catalogue import RULES
from wsinspect.rules.paragraphs import indented, list_of, section
from wsinspect.websocket.closecodes import BY_CODE, HIGHEST, RANGES, CloseCode, CodeRange, Senders, code_range, describe

LIBRARIES: Final = 3000
"""From here on the numbers are for libraries and applications (RFC 6455 §7.4.2)."""

_DERIVED: Final = {
    1005: "It is never read from a packet. wsinspect gives it to an end when the first Close frame that reached that "
    "end had no payload, and that end's program is not known to report such a Close otherwise.",
    1006: "It is never read from a packet. wsinspect gives it to an end of a connection that is over when no Close "
    "frame reached that end: neither side sent one; or that end sent one and none came back; or the one towards it "
    "was not acknowledged before a reset; or that end had failed the connection itself before one came; or it took "
    "the Close that came for broken. A client whose handshake was refused, or who refused the 101, is told 1006 too. "
    "The two ends can differ. If a Close may hide in bytes that were not captured, the verdict is left open.",
    1015: "It is never read from a packet. wsinspect gives it to a client that is known to be Firefox, when an alert "
    "ended TLS before a WebSocket came to be. Other programs and web pages are told 1006 then, and so is Firefox where "
    "TLS ended without an alert. A Close frame that carries it breaks invalid-close-code.",
}


def explain_number(digits: str, codebooks: Library) -> str:
    """What is known of the close code with these digits. Raises `WsinspectError` if there is no such code."""
    # The length first: int() refuses thousands of digits with an error of its own.
    if len(digits) > len(str(HIGHEST)) or int(digits) > HIGHEST:
        raise WsinspectError(f"{digits} is no close code", f"a close code has two bytes: 0 to {HIGHEST}")
    return explain_code(describe(int(digits)), codebooks)


def explain_code(known: CloseCode, codebooks: Library) -> str:
    """What a close code means, to the standards and to services."""
    paragraphs = [f"{known.code} {known.name} ({_origin(known)})", indented(known.meaning)]
    paragraphs.append(section("May be sent", _permission(known)))
    paragraphs.append(section("What to look at", known.look_at))
    if known.code in _DERIVED:
        paragraphs.append(section("How wsinspect derives it", _DERIVED[known.code]))
    meanings = list(_meanings(known.code, codebooks.books()))
    if meanings:
        paragraphs.append(list_of("In codebooks", meanings))
    if known.code in HTTP_CODES:
        paragraphs.append(section("Perhaps", _http(known.code)))
    if known.code not in BY_CODE:
        span = code_range(known.code)
        paragraphs.append(section("Range", f"{span.first}–{span.last}, {known.reference}"))
    rules = [rule.id for rule in RULES if str(known.code) in rule.aka]
    if rules:
        paragraphs.append(section("Rules", ", ".join(rules)))
    return "\n\n".join(paragraphs)


def explain_book(name: str, codebooks: Library) -> str | None:
    """A codebook with all its codes; None if there is none of this name."""
    wanted = name.lower()
    for book in codebooks.books():
        if wanted in (book.name.lower(), *map(str.lower, book.aliases)):
            break
    else:
        return None
    paragraphs = [book.name, list_of("Recognised by", _marks(book))]
    codes = [f"{code} {title}{_note(book, code)}" for code, title in sorted(book.codes.items())]
    if codes:
        paragraphs.append(list_of("Codes", codes))
    if book.bands:
        paragraphs.append(list_of("Bands", [f"{band.first}–{band.last}: {band.means}" for band in book.bands]))
    if book.standard:
        paragraphs.append(list_of("Codes of the standard", [f"{code}: {when}" for code, when in book.standard.items()]))
    if book.reasons:
        texts = [f'{one.code} with the reason "{one.text}": {one.means}' for one in book.reasons]
        paragraphs.append(list_of("Reasons", texts))
    if book.reason_in:
        paragraphs.append(section("Where the reason is", book.reason_in))
    if book.source:
        paragraphs.append(section("Source", book.source))
    return "\n\n".join(paragraphs)


def _meanings(code: int, books: Sequence[Book]) -> Iterator[str]:
    """What each codebook makes of the number, and how its service is recognised."""
    for book in books:
        recognised = f"recognised by {'; '.join(_marks(book))}"
        title = book.codes.get(code)
        band = book.band(code)
        if title is not None:
            within = f"; band {band.first}–{band.last}: {band.means}" if band is not None else ""
            yield f"{book.name}: {title}{_note(book, code)}{within} ({recognised})"
        elif band is not None and code >= LIBRARIES:
            yield f"{book.name}: not in it; band {band.first}–{band.last}: {band.means} ({recognised})"
        if code in book.standard:
            yield f"{book.name}: {book.standard[code]} ({recognised})"
        for reason in book.reasons:
            if reason.code == code:
                yield f'{book.name} says "{reason.text}": {reason.means}'


def _marks(book: Book) -> list[str]:
    if book.everywhere:
        return ["nothing: the user says that it holds everywhere"]
    return book.marks()


def _note(book: Book, code: int) -> str:
    return f", {book.notes[code]}" if code in book.notes else ""


def _http(code: int) -> str:
    try:
        status = f"{code - 4000} {HTTPStatus(code - 4000).phrase}"
    except ValueError:
        status = str(code - 4000)
    return f"HTTP {status} + 4000: many programs without a published codebook count so."


def _origin(known: CloseCode) -> str:
    if known.registry == "IANA":
        return "IANA registry, as of the snapshot in this release"
    if known.registry == "RFC 6455":
        return known.reference
    return known.registry


def _permission(known: CloseCode) -> str:
    if known.senders is Senders.NOBODY:
        note = " It is a word of APIs only." if known.code in _DERIVED else ""
        severity = "a warning" if known.code >= 5000 else "an error"
        return f"By nobody.{note} A Close frame that carries it is {severity}: invalid-close-code."
    return f"By {known.senders.value}."


def explain_span(first: int, last: int, codebooks: Library) -> str:
    """What is known of the codes from `first` to `last`. Raises `WsinspectError` if they are no range."""
    if first > last or last > HIGHEST:
        raise WsinspectError(f"{first}-{last} is no range of close codes", f"they run from 0 to {HIGHEST}, upwards")
    spans = [span for span in RANGES if span.first <= last and first <= span.last]
    return "\n\n".join(_explain_range(span, max(first, span.first), min(last, span.last), codebooks) for span in spans)


def _explain_range(span: CodeRange, first: int, last: int, codebooks: Library) -> str:
    known = span.template
    paragraphs = [f"{first}–{last} {known.name} ({known.reference})", indented(known.meaning)]
    paragraphs.append(section("May be sent", _permission(known)))
    paragraphs.append(section("What to look at", known.look_at))
    registered = [f"{entry.code} {entry.name}" for entry in BY_CODE.values() if first <= entry.code <= last]
    if registered:
        paragraphs.append(list_of("Registered in it", registered))
    books = [book.name for book in codebooks.books() if any(first <= code <= last for code in book.codes)]
    if books:
        paragraphs.append(list_of("Codebooks with names in it (wsinspect explain NAME)", books))
    return "\n\n".join(paragraphs)
