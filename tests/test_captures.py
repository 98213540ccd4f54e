"""The committed captures: they are what make.py makes, and the report says of each what its scenario expects.

Compared exactly: all violations but for notes that nobody asked about.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # The captures are no part of the package.

from captures import make  # noqa: E402
from captures.catalogue import SEVERITY, TIER_1_IDS, WARNINGS, WITHOUT_CAPTURE  # noqa: E402
from captures.encoder.websocket import frames_sent  # noqa: E402
from captures.scenario import Close, Event, Expected, Fired, Scenario, Unsaid  # noqa: E402
from captures.scenarios.book import SCENARIOS  # noqa: E402
from wsinspect.report.build import report_file  # noqa: E402

TIER_1 = frozenset(TIER_1_IDS)


def report_of(scenario: Scenario) -> dict[str, Any]:
    """The report on the committed file, as the JSON contract has it."""
    report: dict[str, Any] = msgspec.to_builtins(report_file(str(ROOT / "captures" / scenario.path)))
    return report


def test_make_reproduces_the_committed_files() -> None:
    assert make.differing(make.contents()) == []


def test_paths_are_unique() -> None:
    paths = [scenario.path for scenario in SCENARIOS]
    assert sorted(set(paths)) == sorted(paths)


@pytest.mark.parametrize("rule", [*TIER_1_IDS, *sorted(SEVERITY.keys() - WITHOUT_CAPTURE)])
def test_rule_has_a_capture_that_breaks_it_and_one_that_does_not(rule: str) -> None:
    by_path = {scenario.path: scenario for scenario in SCENARIOS}
    broken = by_path[f"rules/{rule}.pcap"]
    near_miss = by_path[f"rules/{rule}.near-miss.pcap"]
    assert rule in {fired.rule for expected in broken.expected for fired in expected.violations}
    assert rule not in {fired.rule for expected in near_miss.expected for fired in expected.violations}
    if rule in TIER_1:
        assert not [fired for expected in near_miss.expected for fired in expected.violations]


def test_catalogue_is_that_of_the_program() -> None:
    documented = ROOT / "docs" / "rules.md"
    if not documented.exists():
        pytest.skip("docs/rules.md is not there yet")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \|.*\| (\d) \|$", documented.read_text(), re.MULTILINE)
    assert sorted(rule for rule, _, tier in rows if tier == "1") == sorted(TIER_1_IDS)
    beyond = {rule: severity for rule, severity, tier in rows if tier != "1" and not rule.startswith("h2-")}
    assert beyond == SEVERITY


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.path)
def test_report_says_what_is_expected(scenario: Scenario) -> None:
    report = report_of(scenario)
    connections = report["connections"]
    assert len(connections) == len(scenario.expected)
    sent = frames_sent(scenario.trace())
    for index, (expected, connection) in enumerate(zip(scenario.expected, connections, strict=True)):
        frames = sent[index] if expected.frames is None else expected.frames
        asked = {fired.rule for fired in expected.violations} | {Path(scenario.path).name.partition(".")[0]}
        wanted = facts_expected(expected, frames)
        reported = facts_reported(connection, lambda row, also=expected.also, asked=asked: counts(row, also, asked))
        assert {name: reported[name] for name in wanted if reported[name] != wanted[name]} == {
            name: wanted[name] for name in wanted if reported[name] != wanted[name]
        }
    assert bool(report["capture"]["problems"]) == scenario.damaged


def counts(row: dict[str, Any], also: frozenset[str], asked: set[str]) -> bool:
    """Whether a violation has to be among the expected ones."""
    if row["rule"] in TIER_1 or row["rule"] in asked:
        return True
    return row["severity"] != "note" and row["rule"] not in also


def facts_expected(expected: Expected, frames: Any) -> dict[str, Any]:
    """What must come out, without the fields that nobody can say anything about."""
    facts = {
        "violations": sorted(map(fired_row, expected.violations)),
        "state": expected.state,
        "status": expected.status,
        "url": expected.url,
        "subprotocol": expected.subprotocol,
        "extensions": expected.extensions if isinstance(expected.extensions, Unsaid) else list(expected.extensions),
        "joined_midstream": expected.joined_midstream,
        "initiator": expected.initiator,
        "tcp": expected.tcp,
        "gaps": expected.gaps,
        "messages": expected.messages,
        "payload": expected.payload,
        "pings": expected.pings,
        "frames": frames,
    }
    for side in ("client", "server"):
        facts |= close_facts(side, getattr(expected, f"{side}_close"))
        facts |= event_facts(side, getattr(expected, f"{side}_event"))
    return {name: fact for name, fact in facts.items() if not isinstance(fact, Unsaid)}


def close_facts(side: str, close: Close | Unsaid | None) -> dict[str, Any]:
    if isinstance(close, Close):
        return {f"{side} close": True, f"{side} code": close.code, f"{side} reason": close.reason}
    return {f"{side} close": close if isinstance(close, Unsaid) else False}


def event_facts(side: str, event: Event | Unsaid | None) -> dict[str, Any]:
    if isinstance(event, Event):
        return {f"{side} told": event.code, f"{side} told reason": event.reason, f"{side} told clean": event.clean}
    return {f"{side} told": event}


def fired_row(fired: Fired) -> tuple[str, str, str, str, int]:
    usual = SEVERITY.get(fired.rule) or ("warning" if fired.rule in WARNINGS else "error")
    return fired.rule, str(fired.by), str(fired.frame), fired.severity or usual, fired.count


def facts_reported(connection: dict[str, Any], counts: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The same facts out of one connection of the report."""
    close, ping = connection["close"], connection["ping"]
    tcp = close["tcp"]
    facts = {
        "violations": sorted(
            (row["rule"], str(row["by"]), str(row["frame"]), row["severity"], row["count"])
            for row in connection["violations"]
            if counts(row)
        ),
        "state": connection["state"],
        "status": connection["handshake"] and connection["handshake"]["status"],
        "url": connection["url"],
        "subprotocol": connection["subprotocol"],
        "extensions": connection["extensions"],
        "joined_midstream": connection["joined_midstream"],
        "initiator": close["initiator"],
        "tcp": tcp and (tcp["kind"], tcp["by"]),
        "gaps": pair(connection["gaps"]),
        "messages": pair(connection["messages"]),
        "payload": pair(connection["payload_bytes"]),
        "pings": (ping["sent"], ping["answered"]),
        "frames": {
            side: {kind: count for kind, count in counts.items() if count}
            for side, counts in connection["frames"].items()
        },
    }
    for side in ("client", "server"):
        frame, event = close[f"{side}_frame"], close["event"] and close["event"][side]
        facts[f"{side} close"] = frame is not None
        facts[f"{side} code"] = frame and frame["code"]
        facts[f"{side} reason"] = frame and frame["reason"]
        facts[f"{side} told"] = event and event["code"]
        facts[f"{side} told reason"] = event and event["reason"]
        facts[f"{side} told clean"] = event and event["was_clean"]
    return facts


def pair(of_sides: dict[str, int]) -> tuple[int, int]:
    return of_sides["client"], of_sides["server"]
