"""The numbers that rules judge by where no standard sets one; `wsinspect/settings/thresholds.py` lists them."""

from typing import Final

from wsinspect.settings.thresholds import Thresholds as Thresholds

DEFAULTS: Final = Thresholds()
_SECOND: Final = 1_000_000_000


def nanoseconds(seconds: float) -> int:
    """A threshold in the unit of packet times."""
    return int(seconds * _SECOND)
