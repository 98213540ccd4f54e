"""The committed captures: they are what make.py makes, and the report says of each what its scenario expects.

Compared exactly: the violations of tier 1, and of those beyond tier 1 that no error or warning comes unexpected.
"""

import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # The captures are no part of the package.

from captures import make  # noqa: E402
from captures.catalogue import TIER_1_IDS, WARNINGS  # noqa: E402
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


@pytest.mark.parametrize("rule", TIER_1_IDS)
def test_rule_has_a_capture_that_breaks_it_and_one_that_does_not(rule: str) -> None:
    by_path = {scenario.path: scenario for scenario in SCENARIOS}
    broken = by_path[f"rules/{rule}.pcap"]
    near_miss = by_path[f"rules/{rule}.near-miss.pcap"]
    assert rule in {fired.rule for expected in broken.expected for fired in expected.violations}
    assert not [fired for expected in near_miss.expected for fired in expected.violations]


def test_catalogue_is_that_of_the_program() -> None:
    documented = ROOT / "docs" / "rules.md"
    if not documented.exists():
        pytest.skip("docs/rules.md is not there yet")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|.*\| 1 \|$", documented.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(TIER_1_IDS)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.path)
def test_report_says_what_is_expected(scenario: Scenario) -> None:
    report = report_of(scenario)
    connections = report["connections"]
    assert len(connections) == len(scenario.expected)
    sent = frames_sent(scenario.trace())
    for index, (expected, connection) in enumerate(zip(scenario.expected, connections, strict=True)):
        frames = sent[index] if expected.frames is None else expected.frames
        wanted, reported = facts_expected(expected, frames), facts_reported(connection)
        assert {name: reported[name] for name in wanted if reported[name] != wanted[name]} == {
            name: wanted[name] for name in wanted if reported[name] != wanted[name]
        }
        assert unexpected(expected, connection) == []
    assert bool(report["capture"]["problems"]) == scenario.damaged


def unexpected(expected: Expected, connection: dict[str, Any]) -> list[str]:
    """Errors and warnings beyond tier 1 that the scenario does not know of."""
    return [
        violation["rule"]
        for violation in connection["violations"]
        if violation["rule"] not in TIER_1 | expected.also and violation["severity"] != "note"
    ]


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
    usual = "warning" if fired.rule in WARNINGS else "error"
    return fired.rule, str(fired.by), str(fired.frame), fired.severity or usual, fired.count


def facts_reported(connection: dict[str, Any]) -> dict[str, Any]:
    """The same facts out of one connection of the report."""
    close, ping = connection["close"], connection["ping"]
    tcp = close["tcp"]
    facts = {
        "violations": sorted(
            (row["rule"], str(row["by"]), str(row["frame"]), row["severity"], row["count"])
            for row in connection["violations"]
            if row["rule"] in TIER_1
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
