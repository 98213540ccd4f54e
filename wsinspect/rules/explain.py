"""Plain-language answers to "what does this mean?": close codes, ranges of them, rules, other programs' messages.

In: a word from the command line. Out: text for people, or a `WsinspectError` that names what comes nearest.
"""

import re
from difflib import get_close_matches
from typing import Any, Final

from wsinspect.codebooks.recognise import NO_BOOKS, Library
from wsinspect.errors import WsinspectError
from wsinspect.rules.catalogue import BY_ID, RULES
from wsinspect.rules.explain_code import explain_book, explain_code, explain_number, explain_span
from wsinspect.rules.paragraphs import indented, list_of, section
from wsinspect.rules.rule import By, Need, Rule
from wsinspect.rules.thresholds import DEFAULTS
from wsinspect.websocket.closecodes import BY_CODE

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
    Need.HTTP2: "the header fields of HTTP/2, from its beginning on",
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


def explain(topic: str, codebooks: Library = NO_BOOKS) -> str:
    """What `topic` means: a close code or its name, a range such as `3000-3999`, a rule's id, or a message's words.

    Or a codebook's name. Raises `WsinspectError` if nothing is known.
    """
    wanted = " ".join(topic.split())
    if wanted.isascii() and wanted.isdecimal():
        return explain_number(wanted, codebooks)
    span = _RANGE.fullmatch(wanted)
    if span:
        return explain_span(int(span[1]), int(span[2]), codebooks)
    key = wanted.lower()
    if key in BY_ID:
        return _explain_rule(BY_ID[key])
    named = [entry for entry in BY_CODE.values() if entry.name.lower() == key]
    if named:
        return explain_code(named[0], codebooks)
    book = explain_book(wanted, codebooks)
    if book is not None:
        return book
    found = find_rules(wanted)
    if len(found) == 1:
        return _explain_rule(found[0])
    if found:
        parts = [f"{rule.id} ({rule.severity})\n{indented(rule.means)}" for rule in found]
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


def _explain_rule(rule: Rule[Any]) -> str:
    paragraphs = [rule.id, indented(f"{rule.severity}, by {_BLAMED[rule.by]}; {_standard(rule)}")]
    paragraphs.append(indented(rule.means))
    paragraphs.append(section("What to look at", rule.look_at))
    if rule.needs:
        needs = [NEEDED[need] for need in Need if need in rule.needs]
        paragraphs.append(list_of("Judged only where this was captured or is known", needs))
    if rule.thresholds:
        values = [f"{name} = {getattr(DEFAULTS, name):g}" for name in rule.thresholds]
        paragraphs.append(list_of("Thresholds and their defaults (--threshold NAME=VALUE)", values))
    if rule.aka:
        paragraphs.append(list_of("Elsewhere it is called", rule.aka))
    return "\n\n".join(paragraphs)


def _standard(rule: Rule[Any]) -> str:
    return "no standard rules on it" if rule.section == "–" else rule.section


def _nearest(key: str) -> str:
    names = [*BY_ID, *(entry.name.lower() for entry in BY_CODE.values())]
    within = [name for name in names if len(key) >= _SHORTEST_PHRASE and key in name]
    near = list(dict.fromkeys([*get_close_matches(key, names, n=3, cutoff=0.5), *within]))[:5]
    if near:
        return f"did you mean {', '.join(near)}?"
    return "give a close code (1006), a range (3000-3999), a rule's id, or the words of an error message"
