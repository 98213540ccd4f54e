"""What tests of exports do over and over."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from wsinspect.capture.source import open_capture
from wsinspect.cli.export import FileSelection
from wsinspect.export.formats import BY_ID
from wsinspect.inspector import Inspector
from wsinspect.keys import KeySource, TlsOptions

CAPTURES = Path(__file__).parents[2] / "captures"
TOUR, HOSTILE = CAPTURES / "tour.pcapng", CAPTURES / "hostile.pcap"


@contextmanager
def selected(path: Path, ids: Sequence[int] = ()) -> Iterator[FileSelection]:
    """Connections of a capture; all without `ids`."""
    with open_capture(str(path), random_access=True) as reader:
        keys = KeySource(TlsOptions(), lambda: reader.secrets)
        inspector = Inspector(index=True, keys=keys.log)
        for batch in reader.batches():
            keys.refresh()
            inspector.feed_batch(batch)
        inspector.finish(reader.end_ns)
        chosen = [connection for connection in inspector.connections if not ids or connection.id in ids]
        yield FileSelection(str(path), reader, inspector, chosen)


def exported(format_: str, path: Path, ids: Sequence[int] = ()) -> bytes:
    """The export of some connections."""
    output = io.BytesIO()
    with selected(path, ids) as selection:
        BY_ID[format_].write(selection, output, lambda done, total: None)
    return output.getvalue()
