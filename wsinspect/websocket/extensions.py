"""The `Sec-WebSocket-Extensions` grammar, and what its permessage-deflate elements say.

In: the header's field lines. Out: the extensions named there and, if so, how the lines break the grammar; the
compression parameters in force; whether one offer or one response is valid. RFC 6455 §9.1, RFC 7692 §5, §7, §7.1.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from wsinspect.transport.httphead import is_token

DEFLATE = "permessage-deflate"

REGISTERED = frozenset({DEFLATE, "bbf-usp-protocol"})
"""IANA "WebSocket Extension Name Registry", snapshot."""

HARMLESS = frozenset({DEFLATE, "bbf-usp-protocol"})
"""Extensions of which we know that they give no meaning to RSV2, RSV3 or a reserved opcode (the USP one carries an
endpoint id in its handshake parameter and nothing else)."""

USES_RSV1 = frozenset(
    {
        DEFLATE,
        "permessage-compress",
        "permessage-bzip2",
        "permessage-snappy",
        "deflate-frame",
        "perframe-deflate",
        "x-webkit-deflate-frame",
        "x-webkit-permessage-deflate",
    }
)
"""Extensions known to claim RSV1, drafts and vendors' own included; two of them cannot be told apart on the wire."""

_TAKEOVER_PARAMETERS = ("server_no_context_takeover", "client_no_context_takeover")
_WINDOW_PARAMETERS = ("server_max_window_bits", "client_max_window_bits")
_WINDOW_BITS = {str(bits): bits for bits in range(8, 16)}
_LARGEST_WINDOW = 15

Parameters = tuple[tuple[str, str | None], ...]


class Extension(NamedTuple):
    """One element of the header: an offer when a client sent it, an agreement when a server did."""

    name: str
    parameters: Parameters = ()
    """In wire order, repeats kept. None: no value. An empty text: `=` with nothing behind it, or `""`."""

    def has(self, parameter: str) -> bool:
        """Whether the parameter is there, with or without a value."""
        return any(name == parameter for name, _ in self.parameters)

    @property
    def well_formed(self) -> bool:
        """Whether it keeps to the grammar; a break is a matter of the whole header, not of what the extension means."""
        return is_token(self.name) and all(
            is_token(name) and (value is None or is_token(value)) for name, value in self.parameters
        )

    def __str__(self) -> str:
        """As it stands in a header, normalised: `permessage-deflate; client_max_window_bits=10`."""
        parameters = (name if value is None else f"{name}={value}" for name, value in self.parameters)
        return "; ".join((self.name, *parameters))


class ExtensionHeader(NamedTuple):
    """What all `Sec-WebSocket-Extensions` lines of one head say together."""

    extensions: tuple[Extension, ...]
    """As far as they can be read: a broken element is kept with what is legible of it."""
    problem: str | None
    """How the lines break the grammar, first breach first; None if they do not (or if there are none)."""

    def named(self, name: str) -> tuple[Extension, ...]:
        """The elements of that name, in order of preference."""
        return tuple(extension for extension in self.extensions if extension.name == name)


class DeflateParameters(NamedTuple):
    """What both ends keep to once permessage-deflate is agreed (RFC 7692 §7.1)."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = _LARGEST_WINDOW
    client_max_window_bits: int = _LARGEST_WINDOW


# The same few header values come again on every connection of a service, so their parse is kept.
@lru_cache(maxsize=256)
def parse_extensions(lines: tuple[str, ...]) -> ExtensionHeader:
    """The extensions in the field values `lines` (one text a field line).

    RFC 6455 §9.1 uses RFC 2616's rules: white space may stand between any two tokens, a list may have empty
    elements as long as it has one that is not.
    """
    extensions: list[Extension] = []
    problems: list[str] = []
    for line in lines:
        elements, closed = _split(line, ",")
        if not closed:
            problems.append("a quoted value has no closing quote")
        for element in elements:
            if element.strip(" \t"):
                extension, problem = _parse_extension(element)
                extensions.append(extension)
                problems.extend(problem)
    if lines and not extensions:
        problems.append("the field names no extension")
    return ExtensionHeader(tuple(extensions), problems[0] if problems else None)


def _parse_extension(element: str) -> tuple[Extension, list[str]]:
    problems = []
    (name, *rest), _ = _split(element, ";")
    name = name.strip(" \t")
    if not is_token(name):
        problems.append(f'"{name}" is no extension name' if name else "an element has parameters but no name")
    parameters: list[tuple[str, str | None]] = []
    for part in rest:
        parameter, equals, raw = (piece.strip(" \t") for piece in part.partition("="))
        value = _unquoted(raw) if equals else None
        parameters.append((parameter, value))
        if not parameter:
            problems.append(f'a ";" of {name} has no parameter behind it')
        elif not is_token(parameter):
            problems.append(f'"{parameter}" is no parameter name')
        elif equals and not raw:
            problems.append(f'parameter {parameter} has "=" but no value')
        elif value is not None and not is_token(value):
            problems.append(f'value "{value}" of {parameter} is no token')
    return Extension(name, tuple(parameters)), problems


def _split(text: str, separator: str) -> tuple[list[str], bool]:
    """`text` cut at every separator that is not inside quotes, and whether the last quote was closed."""
    parts, start, quoted, escaped = [], 0, False, False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return parts, not quoted


def _unquoted(value: str) -> str:
    """The text a quoted-string stands for; anything else as it is."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    characters, escaped = [], False
    for character in value[1:-1]:
        if character == "\\" and not escaped:
            escaped = True
        else:
            characters.append(character)
            escaped = False
    return "".join(characters)


def deflate_parameters(extensions: Iterable[Extension]) -> DeflateParameters | None:
    """What the response's extensions agree on; None without permessage-deflate.

    RFC 7692 §7.1.2: a window that is not given is one of 2^15 bytes. An invalid one is taken for that too: inflating
    with the largest window is always right, and the invalid value has a rule of its own.
    """
    agreed = next((extension for extension in extensions if extension.name == DEFLATE), None)
    if agreed is None:
        return None
    return DeflateParameters(
        agreed.has("server_no_context_takeover"),
        agreed.has("client_no_context_takeover"),
        window_bits(agreed, "server_max_window_bits") or _LARGEST_WINDOW,
        window_bits(agreed, "client_max_window_bits") or _LARGEST_WINDOW,
    )


def window_bits(extension: Extension, parameter: str) -> int | None:
    """The parameter's value if it is a valid one (RFC 7692 §7.1.2: 8 to 15, no leading zero), else None."""
    for name, value in extension.parameters:
        if name == parameter and value is not None:
            return _WINDOW_BITS.get(value)
    return None


def offer_problem(offer: Extension) -> str | None:
    """Why a server has to decline this permessage-deflate offer (RFC 7692 §7, §7.1); None if it is valid."""
    return next(_problems(offer, may_be_bare=("client_max_window_bits",)), None)


def response_problem(response: Extension) -> str | None:
    """Why a client has to refuse this permessage-deflate response (RFC 7692 §7, §7.1); None if it is valid."""
    return next(_problems(response, may_be_bare=()), None)


def _problems(extension: Extension, may_be_bare: tuple[str, ...]) -> Iterator[str]:
    seen = set()
    for name, value in extension.parameters:
        if name in seen:
            yield f"{name} is given twice"
        seen.add(name)
        if name in _TAKEOVER_PARAMETERS:
            if value is not None:
                yield f'{name} has the value "{value}", it takes none'
        elif name in _WINDOW_PARAMETERS:
            # RFC 7692 §7.1.2.2: only the client's own window may be mentioned without a number, and only in an offer.
            if value is None and name not in may_be_bare:
                yield f"{name} has no value, it needs one from 8 to 15"
            elif value is not None and value not in _WINDOW_BITS:
                yield f"{name}={value} is not a number from 8 to 15 without leading zero"
        else:
            yield f'"{name}" is no parameter of {DEFLATE}'
