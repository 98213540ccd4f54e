"""Connections of captures as subjects of a filter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wsinspect.capture.source import open_capture
from wsinspect.filter.subject import ReportedConnection
from wsinspect.inspector import Inspector
from wsinspect.report.build import connection_report

CAPTURES = Path(__file__).parents[2] / "captures"
TOUR = CAPTURES / "tour.pcapng"


@contextmanager
def subjects_of(path: Path) -> Iterator[list[ReportedConnection]]:
    """Every connection of the capture, its packets at hand."""
    with open_capture(str(path), random_access=True) as reader:
        inspector = Inspector(index=True)
        for batch in reader.batches():
            inspector.feed_batch(batch)
        inspector.finish()
        now = inspector.last_ns / 1e9
        yield [ReportedConnection(one, connection_report(one), now, reader) for one in inspector.connections]
