"""JSON: the report with some of the connections, the same objects."""

import json

import msgspec
from exporting import HOSTILE, TOUR, exported

from wsinspect.report import model
from wsinspect.report.build import report_file, whole_report


def test_all_connections_are_the_report() -> None:
    for path in (TOUR, HOSTILE):
        assert msgspec.json.decode(exported("json", path), type=model.Report) == report_file(str(path))


def test_some_connections_have_their_own_summary() -> None:
    report = msgspec.json.decode(exported("json", TOUR, [3, 14]), type=model.Report)
    whole = report_file(str(TOUR))
    assert report.capture == whole.capture
    assert report.connections == [it for it in whole.connections if it.id in (3, 14)]
    assert report.summary == whole_report(report.capture, report.connections).summary
    assert json.loads(exported("json", TOUR, [3]))["schema"] == "wsinspect.report/1"
