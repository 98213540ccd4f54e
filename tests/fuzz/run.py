"""Feeds spoilt captures through everything: `python tests/fuzz/run.py --seconds 30 [--seed N]`.

Whatever the network or a file holds, nothing may raise and nothing may hang. An input that does is saved, and the line
printed makes it again.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.fuzz.mutations import mutate  # noqa: E402
from wsinspect.capture.source import open_capture  # noqa: E402
from wsinspect.errors import WsinspectError  # noqa: E402
from wsinspect.inspector import Inspector  # noqa: E402
from wsinspect.keys import NO_OPTIONS, KeySource  # noqa: E402
from wsinspect.replay import replay  # noqa: E402
from wsinspect.report.build import inspect_all, report_file  # noqa: E402
from wsinspect.report.encode import json_document  # noqa: E402
from wsinspect.report.text import text_report  # noqa: E402

LIMIT = 15.0
"""Seconds of processor time that one input may take: the largest, read three times, take 5 on a slow machine."""
MAX_REPLAYED = 10
"""Connections of an input whose details are made."""
FOUND = Path(__file__).parent / "found"


class Hang(Exception):
    """An input took longer than LIMIT."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise Hang after so many seconds of processor time."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def originals() -> list[bytes]:
    """Every capture of the project."""
    paths = sorted((ROOT / "captures").rglob("*.pcap*")) + sorted((ROOT / "captures").rglob("*.gz"))
    return [path.read_bytes() for path in paths]


def examine(data: bytes, path: Path) -> None:
    """Everything that the program makes of a capture file; raises whatever it should not raise."""
    path.write_bytes(data)
    try:
        report = report_file(str(path))
    except WsinspectError:
        return
    json_document(report, for_people=False)
    text = text_report(report)
    unsafe = {letter for letter in text if (letter < " " and letter != "\n") or "\x7f" <= letter < "\xa0"}
    assert not unsafe, f"the text report holds {unsafe}"
    with open_capture(str(path), random_access=True) as reader:
        keys = KeySource(NO_OPTIONS, lambda: reader.secrets)
        inspector = Inspector(index=True, keys=keys.log)
        inspect_all(reader, inspector, keys=keys)
        assert len(inspector.connections) == len(report.connections)
        for connection in inspector.connections[:MAX_REPLAYED]:
            replay(connection, reader)


def trouble_with(data: bytes, path: Path) -> str:
    """What goes wrong with an input; empty if nothing does."""
    try:
        with time_limit(LIMIT):
            examine(data, path)
    except Hang:
        return f"takes longer than {LIMIT} s"
    except Exception:
        return traceback.format_exc()
    return ""


def run(seed: int, seconds: float, count: int | None) -> int:
    """Try inputs until the time is up (or so many); the number of inputs that made trouble."""
    sources = originals()
    begun = time.monotonic()
    tried = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        while tried < count if count is not None else time.monotonic() - begun < seconds:
            data = mutate(random.Random(seed + tried), sources)
            trouble = trouble_with(data, path)
            if trouble:
                failed += 1
                FOUND.mkdir(exist_ok=True)
                saved = FOUND / f"{seed + tried}.capture"
                saved.write_bytes(data)
                print(f"{trouble}\n{saved}: python tests/fuzz/run.py --seed {seed + tried} --count 1\n", flush=True)
            tried += 1
    print(f"{tried} inputs in {time.monotonic() - begun:.1f} s from seed {seed}: {failed} made trouble")
    return failed


def main() -> int:
    """The command line; exit status 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=None, help="of the first input; the next one has the next number")
    parser.add_argument("--count", type=int, default=None, help="inputs, whatever time it takes")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**9)
    return 1 if run(seed, arguments.seconds, arguments.count) else 0


if __name__ == "__main__":
    sys.exit(main())
