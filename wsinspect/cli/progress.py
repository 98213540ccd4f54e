"""A progress bar on standard error, for captures that take longer than a moment."""

import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import click

from wsinspect.capture.packet import Packet
from wsinspect.capture.source import CaptureReader

SHOW_AFTER: Final = 1.0
"""Seconds of work before the bar appears."""


def with_progress(reader: CaptureReader) -> Iterator[list[Packet]]:
    """The reader's batches; if standard error is a terminal, a bar tells how far they have come."""
    size = reader.size
    if size is None or not sys.stderr.isatty():
        yield from reader.batches()
        return
    begun = time.monotonic()
    bar: Any = None
    shown = 0
    for batch in reader.batches():
        yield batch
        if bar is None:
            if time.monotonic() - begun < SHOW_AFTER:
                continue
            bar = click.progressbar(length=size, label="Reading", file=sys.stderr, show_pos=False)
        bar.update(reader.position - shown)
        shown = reader.position
    if bar is not None:
        bar.finish()
        click.echo("\r\x1b[K", nl=False, err=True)
