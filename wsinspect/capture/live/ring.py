"""Ring buffers on disk: `10x100MB` is ten files of 100 MB; when an eleventh begins, the first goes."""

import os
import re
import time
from typing import Final, NamedTuple

from wsinspect.errors import WsinspectError

_UNITS: Final = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "KI": 2**10, "MI": 2**20, "GI": 2**30}
_PATTERN: Final = re.compile(r"(\d+)x(\d+(?:\.\d+)?)\s*([kmg]i?)?b?", re.IGNORECASE)
SMALLEST_FILE: Final = 64 * 1024
"""Bytes. Smaller files would hold less than one large packet each."""


MOST_FILES: Final = 500
"""Each is held open, to show its packets again."""


class Ring(NamedTuple):
    """How many files of how many bytes."""

    files: int
    file_size: int


def parse_ring(text: str) -> Ring:
    """`10x100MB`, `5x1GiB` … Raises `WsinspectError` for anything else."""
    match = _PATTERN.fullmatch(text.strip())
    if match is not None:
        ring = Ring(int(match[1]), int(float(match[2]) * _UNITS[(match[3] or "").upper()]))
        if 2 <= ring.files <= MOST_FILES and ring.file_size >= SMALLEST_FILE:
            return ring
    raise WsinspectError(
        f"{text!r} is no ring",
        f"write FILESxSIZE, for example 10x100MB: 2 to {MOST_FILES} files of {SMALLEST_FILE} bytes or more",
    )


def file_name(pattern: str, number: int) -> str:
    """The name of a ring's file, as dumpcap makes them: `capture_00001_20261123142900.pcap` from `capture.pcap`."""
    stem, suffix = os.path.splitext(pattern)
    return f"{stem}_{number:05}_{time.strftime('%Y%m%d%H%M%S')}{suffix}"
