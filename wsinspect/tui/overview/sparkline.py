"""Numbers as a row of blocks, in as many cells as there are."""

from collections.abc import Sequence
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"
EMPTY: Final = " "


def sparkline(numbers: Sequence[int], most: int | None = None, *, zero: str = EMPTY) -> str:
    """One character for each number; the highest block stands for `most`. One is never drawn as none."""
    top = most if most is not None else max(numbers, default=0)
    blocks = BLOCKS if zero == EMPTY else BLOCKS[1:]  # the line at the bottom means nothing then
    return "".join(
        zero if number <= 0 else blocks[min(len(blocks), -(-number * len(blocks) // max(1, top))) - 1]
        for number in numbers
    )


def stretched(text: str, cells: int) -> str:
    """Each character as often as `cells` have room for all."""
    each = cells // len(text) if text else 0
    return "".join(character * each for character in text) if each > 1 else text
