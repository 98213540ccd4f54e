"""Write rules.md beside this file from the catalogue, or with --check compare it with what would be written."""

import argparse
import sys
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from wsinspect.rules.catalogue import RULES
from wsinspect.rules.explain import NEEDED
from wsinspect.rules.rule import By, Need, Rule
from wsinspect.rules.thresholds import DEFAULTS

HERE: Final = Path(__file__).resolve().parent
PAGE: Final = HERE / "rules.md"
CAPTURES: Final = HERE.parent / "captures" / "rules"
WIDTH: Final = 120

TITLES: Final = {
    "handshake_request": "Opening handshake: the request",
    "handshake_key": "Opening handshake: key and accept",
    "handshake_subprotocol": "Opening handshake: subprotocols",
    "handshake_extensions": "Opening handshake: extensions",
    "handshake_response": "Opening handshake: the response",
    "deflate_negotiation": "Opening handshake: permessage-deflate",
    "handshake_failed": "Opening handshakes that fail",
    "framing": "Frame headers",
    "unfinished": "Begun and not ended",
    "masking": "Masking",
    "masking_keys": "Masking keys",
    "fragmentation": "Fragments and control frames",
    "ping": "Pings without an answer",
    "pong": "Pongs, and how often anybody asks",
    "text": "Text",
    "content": "What messages hold",
    "closing": "Closing: what is broken",
    "close_etiquette": "Closing: how it goes",
    "teardown": "The end of TCP",
    "deflate": "Compressed messages: what is broken",
    "deflate_habits": "Compressed messages: what is odd",
    "reactions": "Reactions",
    "neighbours": "Several connections",
    "diagnosed": "Causes of the ending",
    "subprotocol": "Subprotocols",
    "http2": "WebSocket over HTTP/2",
}
"""Module in wsinspect/rules: title of its section."""

BLAMED: Final = {
    By.CLIENT: "the client",
    By.SERVER: "the server",
    By.EITHER: "the sender, either side",
    By.RECEIVER: "the side that should have reacted",
    By.NOBODY: "nobody, or the path",
}
NEEDS: Final = NEEDED

INTRODUCTION: Final = """\
# Rules

<!-- Written by make_rules.py from the catalogue. Change wsinspect/rules and run: python docs/make_rules.py -->

{count} rules, in {groups} groups. `wsinspect explain RULE` prints the same words.

**Severity** says how much the standard is hurt, not how much harm is done.

- `error`: a MUST or MUST NOT is broken, and the captured bytes prove it.
- `warning`: a SHOULD is broken, or a MUST that the wire makes only probable.
- `note`: legal, or ruled by no standard, but good to know.

A single finding can be milder than its rule. `missing-close-reply`, for example, is a note where the answer had little
chance to be sent.

**By** is who can break the rule.

**Tier** sorts the rules by subject. 1: what the wire proves. 2: warnings, reactions, diagnosis. 3: notes and special
subjects. Every rule of tier 1 has two small captures: one breaks it, one only comes close.

**Judged only where known** lists what must have been captured. If it was not, the rule stays silent.

A broken rule is told once per connection and side: the first time in full, later ones as a count."""


def page() -> str:
    """The whole of rules.md."""
    groups = [(module, list(rules)) for module, rules in groupby(RULES, key=_module)]
    parts = [INTRODUCTION.format(count=len(RULES), groups=len(groups))]
    for module, rules in groups:
        parts += [f"## {TITLES[module]}", f"Code: `wsinspect/rules/{module}.py`.", _table(rules)]
        for rule in rules:
            parts += _rule(rule)
    return "\n\n".join(parts) + "\n"


def _module(rule: Rule[Any]) -> str:
    return rule.check.__module__.rpartition(".")[2]


def _table(rules: list[Rule[Any]]) -> str:
    rows = [f"| `{rule.id}` | {rule.severity} | {rule.by} | {rule.section} | {rule.tier} |" for rule in rules]
    return "\n".join(["| rule | severity | by | section | tier |", "|---|---|---|---|---|", *rows])


def _rule(rule: Rule[Any]) -> Iterator[str]:
    section = "no standard rules on it" if rule.section == "–" else rule.section
    yield f"### {rule.id}"
    yield f"**{rule.severity}** by {BLAMED[rule.by]} · {section} · tier {rule.tier}"
    yield _filled(rule.means)
    yield _filled(f"**Look at:** {rule.look_at}")
    if rule.needs:
        yield _list("Judged only where known:", [NEEDS[need] for need in Need if need in rule.needs])
    if rule.thresholds:
        values = ", ".join(f"`{name}` = {getattr(DEFAULTS, name):g}" for name in rule.thresholds)
        yield _filled(f"**Thresholds:** {values}.")
    if rule.aka:
        yield _list("Elsewhere it is called:", list(rule.aka))
    captures = [
        f"[{name}](../captures/rules/{rule.id}{ending})"
        for name, ending in (("breaks it", ".pcap"), ("comes close", ".near-miss.pcap"))
        if (CAPTURES / f"{rule.id}{ending}").exists()
    ]
    if captures:
        yield f"Captures: {', '.join(captures)}."


def _list(title: str, items: list[str]) -> str:
    return "\n".join([f"**{title}**", "", *(_filled(f"- {item}", "  ") for item in items)])


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page differs")
    arguments = parser.parse_args()
    text = page()
    if arguments.check:
        same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        print("docs/rules.md is up to date" if same else "docs/rules.md is out of date: run python docs/make_rules.py")
        return 0 if same else 1
    PAGE.write_text(text, encoding="utf-8")
    print(f"docs/rules.md: {len(RULES)} rules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
