"""HAR: valid by the schema, and its messages are the timeline's."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from exporting import CAPTURES, HOSTILE, TOUR, exported, selected
from jsonschema import Draft6Validator
from referencing import Registry, Resource

from wsinspect.report.build import report_file
from wsinspect.timeline import FrameEntry
from wsinspect.websocket.side import Side

SCHEMA = Path(__file__).parent / "har-schema"  # npm's har-schema 2.0.0, which har-validator uses


def validator() -> Draft6Validator:
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMA.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (f"{name}{end}", Resource.from_contents(schema)) for name, schema in schemas.items() for end in ("", "#")
    )
    return Draft6Validator(schemas["har.json"], registry=registry, format_checker=Draft6Validator.FORMAT_CHECKER)


def joined_late() -> Path:
    return next(
        path
        for path in sorted((CAPTURES / "situations").glob("*.pcap"))
        if any(it.joined_midstream for it in report_file(str(path)).connections)
    )


@pytest.mark.parametrize("path", [TOUR, HOSTILE, joined_late()], ids=lambda path: path.name)
def test_it_is_valid_and_has_the_messages_of_the_timeline(path: Path) -> None:
    har = json.loads(exported("har", path))
    assert [error.message for error in validator().iter_errors(har)] == []
    entries = har["log"]["entries"]
    with selected(path) as selection:
        assert len(entries) == len(selection) > 0
        for place, entry in enumerate(entries):
            report = selection.report(place)
            assert entry["_resourceType"] == "websocket"
            if report.url is not None:
                assert entry["request"]["url"] == report.url
            assert entry["response"]["status"] == (report.handshake.status if report.handshake else 0)
            got = [(it["type"], it["opcode"], it["time"], payload(it)) for it in entry["_webSocketMessages"]]
            assert got == [
                ("send" if frame.side is Side.CLIENT else "receive", frame.message.opcode, frame.time_ns / 1e9,
                 frame.message.data)
                for frame in selection.timeline(place).entries
                if isinstance(frame, FrameEntry) and frame.message is not None
            ]  # fmt: skip
            timings = entry["timings"].values()
            assert entry["time"] == pytest.approx(sum(time for time in timings if time >= 0))
            told = report.close.event.client if report.close.event else None
            if told is not None:
                close = entry["_webSocketClose"]
                assert (close["code"], close["reason"], close["wasClean"]) == (told.code, told.reason, told.was_clean)
                assert close["initiator"] == report.close.initiator


def payload(message: dict[str, Any]) -> bytes:
    """The bytes that a message of the HAR stands for."""
    if "_base64" in message or message["opcode"] == 2:
        return base64.b64decode(message.get("_base64", message["data"]))
    return str(message["data"]).encode()


def test_the_validator_finds_faults() -> None:
    har = json.loads(exported("har", TOUR, [1]))
    del har["log"]["entries"][0]["timings"]
    assert list(validator().iter_errors(har))


def test_open_connections_have_no_close() -> None:
    still_open = next(it.id for it in report_file(str(TOUR)).connections if it.state == "open")
    entry = json.loads(exported("har", TOUR, [still_open]))["log"]["entries"][0]
    assert entry["_webSocketClose"] is None


def test_cookies_and_query_are_taken_apart() -> None:
    entries = json.loads(exported("har", HOSTILE))["log"]["entries"]
    assert entries[9]["request"]["cookies"] == [{"name": "\xff\xfe\xed\xa0\x80", "value": ""}]
    assert entries[0]["request"]["queryString"] == [{"name": "[red]", "value": "<script>alert(1)</script>"}]
