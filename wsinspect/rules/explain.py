"""Plain-language answers to "what does this mean?": close codes, ranges of them, rules, other programs' messages.

In: a word from the command line. Out: text for people, or a `WsinspectError` that names what comes nearest.
"""

import re
import textwrap
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final

from wsinspect.errors import WsinspectError
from wsinspect.rules.catalogue import BY_ID, RULES
from wsinspect.rules.rule import By, Need, Rule
from wsinspect.rules.thresholds import DEFAULTS
from wsinspect.websocket.closecodes import BY_CODE, HIGHEST, RANGES, CloseCode, CodeRange, Senders, code_range, describe

_WIDTH: Final = 88
_RANGE: Final = re.compile(r"([0-9]{1,5})\s*(?:-|–|\.\.)\s*([0-9]{1,5})")
_PHRASE: Final = re.compile(r'["`]([^"`]+)["`]')
_SHORTEST_PHRASE: Final = 4

NEEDED: Final = {
    Need.REQUEST: "the handshake's request",
    Need.RESPONSE: "the handshake's response",
    Need.HANDSHAKE: "the handshake, both heads",
    Need.ROLES: "who is the client, as the handshake tells",
    Need.SYNCED: "where the sender's frames begin and end",
    Need.BOTH_SYNCED: "where the frames of both directions begin and end",
    Need.MESSAGE_STATE: "whether a message was open (nothing lost since the handshake, or a final frame seen)",
    Need.WHOLE_MESSAGE: "every byte of the message",
    Need.GAP_FREE: "every byte of the direction, from the point in question on",
    Need.EXTENSIONS: "the extensions that were agreed on",
    Need.INFLATE: "all that is needed to inflate the message (with context takeover: every message before it)",
    Need.ACKS: "the other side's TCP acknowledgements",
    Need.END: "the end of the connection, or enough time after the event",
    Need.TIMING: "packet times from one capture point",
    Need.MANY: "several connections",
    Need.TLS: "the records of TLS, decrypted or not",
}
"""Each need as the end of the sentence "captured or known has to be …"."""

_BLAMED: Final = {
    By.CLIENT: "the client",
    By.SERVER: "the server",
    By.EITHER: "the sender, either side",
    By.RECEIVER: "the side that had to react",
    By.NOBODY: "nobody, or the path",
}

_DERIVED: Final = {
    1005: "It is never read from a packet. wsinspect gives it to an end when the first Close frame that reached that "
    "end had no payload, and that end's program is not known to report such a Close otherwise.",
    1006: "It is never read from a packet. wsinspect gives it to an end of a connection that is over when no Close "
    "frame reached that end: neither side sent one; or that end sent one and none came back; or the one towards it "
    "was not acknowledged before a reset; or that end had failed the connection itself before one came; or it took "
    "the Close that came for broken. A client whose handshake was refused, or who refused the 101, is told 1006 too. "
    "The two ends can differ. If a Close may hide in bytes that were not captured, the verdict is left open.",
    1015: "It is never read from a packet, and wsinspect gives it to no end: where TLS was not set up no WebSocket "
    "began that could be listed. Web pages are told 1006 then. A Close frame that carries it breaks "
    "invalid-close-code.",
}


def explain(topic: str) -> str:
    """What `topic` means: a close code or its name, a range such as `3000-3999`, a rule's id, or a message's words."""
    wanted = " ".join(topic.split())
    if wanted.isascii() and wanted.isdecimal():
        return _explain_number(wanted)
    span = _RANGE.fullmatch(wanted)
    if span:
        return _explain_span(int(span[1]), int(span[2]))
    key = wanted.lower()
    if key in BY_ID:
        return _explain_rule(BY_ID[key])
    named = [entry for entry in BY_CODE.values() if entry.name.lower() == key]
    if named:
        return _explain_code(named[0])
    found = find_rules(wanted)
    if len(found) == 1:
        return _explain_rule(found[0])
    if found:
        parts = [f"{rule.id} ({rule.severity})\n{_indented(rule.means)}" for rule in found]
        return "\n\n".join([f'{len(found)} rules are known by "{wanted}":', *parts])
    raise WsinspectError(f'nothing is known about "{wanted}"', _nearest(key))


def find_rules(words: str) -> list[Rule[Any]]:
    """The rules that other programs' `words` point to: part of a known message, or a message with a known part."""
    wanted = _plain(words)
    if len(wanted) < _SHORTEST_PHRASE:
        return []
    return [rule for rule in RULES if any(_speaks_of(known, wanted) for known in rule.aka)]


def _speaks_of(known: str, wanted: str) -> bool:
    if wanted in _plain(known):
        return True
    phrases = _PHRASE.findall(known) or [known]
    return any(len(phrase) >= _SHORTEST_PHRASE and _plain(phrase) in wanted for phrase in phrases)


def _plain(words: str) -> str:
    """Without what differs between a message as logged and as quoted: case, quotes, a final full stop."""
    return re.sub(r"[\"'`]", "", words).strip().rstrip(".").lower()


def _explain_number(digits: str) -> str:
    # The length first: int() refuses thousands of digits with an error of its own.
    if len(digits) > len(str(HIGHEST)) or int(digits) > HIGHEST:
        raise WsinspectError(f"{digits} is no close code", f"a close code has two bytes: 0 to {HIGHEST}")
    return _explain_code(describe(int(digits)))


def _explain_code(known: CloseCode) -> str:
    paragraphs = [f"{known.code} {known.name} ({_origin(known)})", _indented(known.meaning)]
    paragraphs.append(_section("May be sent", _permission(known)))
    paragraphs.append(_section("What to look at", known.look_at))
    if known.code in _DERIVED:
        paragraphs.append(_section("How wsinspect derives it", _DERIVED[known.code]))
    if known.code not in BY_CODE:
        span = code_range(known.code)
        paragraphs.append(_section("Range", f"{span.first}–{span.last}, {known.reference}"))
    rules = [rule.id for rule in RULES if str(known.code) in rule.aka]
    if rules:
        paragraphs.append(_section("Rules", ", ".join(rules)))
    return "\n\n".join(paragraphs)


def _origin(known: CloseCode) -> str:
    if known.registry in ("RFC 6455", "IANA"):
        return known.reference
    return known.registry


def _permission(known: CloseCode) -> str:
    if known.senders is Senders.NOBODY:
        note = " It is a word of APIs only." if known.code in _DERIVED else ""
        severity = "a warning" if known.code >= 5000 else "an error"
        return f"By nobody.{note} A Close frame that carries it is {severity}: invalid-close-code."
    return f"By {known.senders.value}."


def _explain_span(first: int, last: int) -> str:
    if first > last or last > HIGHEST:
        raise WsinspectError(f"{first}-{last} is no range of close codes", f"they run from 0 to {HIGHEST}, upwards")
    spans = [span for span in RANGES if span.first <= last and first <= span.last]
    return "\n\n".join(_explain_range(span, max(first, span.first), min(last, span.last)) for span in spans)


def _explain_range(span: CodeRange, first: int, last: int) -> str:
    known = span.template
    paragraphs = [f"{first}–{last} {known.name} ({known.reference})", _indented(known.meaning)]
    paragraphs.append(_section("May be sent", _permission(known)))
    paragraphs.append(_section("What to look at", known.look_at))
    registered = [f"{entry.code} {entry.name}" for entry in BY_CODE.values() if first <= entry.code <= last]
    if registered:
        paragraphs.append(_list("Registered in it", registered))
    return "\n\n".join(paragraphs)


def _explain_rule(rule: Rule[Any]) -> str:
    paragraphs = [rule.id, _indented(f"{rule.severity}, by {_BLAMED[rule.by]}; {_standard(rule)}")]
    paragraphs.append(_indented(rule.means))
    paragraphs.append(_section("What to look at", rule.look_at))
    if rule.needs:
        needs = [NEEDED[need] for need in Need if need in rule.needs]
        paragraphs.append(_list("Judged only where this was captured or is known", needs))
    if rule.thresholds:
        values = [f"{name} = {getattr(DEFAULTS, name):g}" for name in rule.thresholds]
        paragraphs.append(_list("Thresholds and their defaults (--threshold NAME=VALUE)", values))
    if rule.aka:
        paragraphs.append(_list("Elsewhere it is called", rule.aka))
    return "\n\n".join(paragraphs)


def _standard(rule: Rule[Any]) -> str:
    return "no standard rules on it" if rule.section == "–" else rule.section


def _section(title: str, text: str) -> str:
    return f"{title}\n{_indented(text)}"


def _list(title: str, items: Iterable[str]) -> str:
    lines = [
        textwrap.fill(item, _WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
        for item in items
    ]
    return "\n".join([title, *lines])


def _indented(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _nearest(key: str) -> str:
    names = [*BY_ID, *(entry.name.lower() for entry in BY_CODE.values())]
    within = [name for name in names if len(key) >= _SHORTEST_PHRASE and key in name]
    near = list(dict.fromkeys([*get_close_matches(key, names, n=3, cutoff=0.5), *within]))[:5]
    if near:
        return f"did you mean {', '.join(near)}?"
    return "give a close code (1006), a range (3000-3999), a rule's id, or the words of an error message"
