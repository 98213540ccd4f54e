"""When Python looks for garbage: tens of thousands of connections are no garbage, and looking at each takes time."""

import gc
from typing import Final

THRESHOLDS: Final = (20_000, 50, 100)
"""New objects before the youngest ones are looked at, and how often that is done before older ones are, too."""


def look_seldom() -> None:
    """For the whole run: most objects go by their reference counts alone."""
    gc.set_threshold(*THRESHOLDS)


def keep_all() -> None:
    """Never look again at what there is now: a look at millions of objects would stop every thread for a second."""
    gc.collect(1)
    gc.freeze()
