"""Rules of how masking keys are made: they have to be unpredictable (RFC 6455 §5.3, §10.3)."""

from itertools import pairwise
from typing import Final, Literal

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.rules.wording import frame_title, hex_bytes
from wsinspect.websocket.frames import FrameHeader
from wsinspect.websocket.half import Half
from wsinspect.websocket.sample import MaskingKeys
from wsinspect.websocket.side import Side

ZERO_KEY: Final = bytes(4)
_CLOCK_SECONDS: Final = 2
_MODULUS: Final = 1 << 32


@rule(
    "zero-masking-key",
    Severity.WARNING,
    "RFC 6455 §5.3, §10.3",
    by=By.CLIENT,
    tier=2,
    needs={Need.SYNCED},
    means="The masking key is 00 00 00 00, so the payload travels as it is. By chance that happens once in four "
    "thousand million frames. The connection works; what masking guards proxies against is open.",
    look_at="Clients that leave the key out to save time. With several such frames, repeated-masking-key tells.",
)
def zero_masking_key(frame: FrameHeader, half: Half) -> Finding | None:
    if half.side is not Side.CLIENT or frame.masking_key != ZERO_KEY or half.last_masking_key == ZERO_KEY:
        return None
    return Finding(f"{frame_title(frame)} has the masking key 00 00 00 00")


@rule(
    "predictable-masking-key",
    Severity.WARNING,
    "RFC 6455 §5.3, §10.3",
    by=By.CLIENT,
    tier=2,
    needs={Need.SYNCED},
    means="The masking keys of the first frames follow a pattern: a fixed step, a few keys in turn, or the clock. Who "
    "knows one knows the next, and can make a payload look like a request to a proxy on the way.",
    look_at="The client's library and where it takes its random numbers from; a seed that is set to a constant.",
    thresholds=("mask_pattern_frames",),
)
def predictable_masking_key(sample: MaskingKeys, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    keys = sample.keys
    count = len(keys)
    if count != limits.mask_pattern_frames or count < 3:
        return None
    pattern = _pattern(sample)
    return Finding(f"the first {count} masking keys {pattern}, from {hex_bytes(keys[0])} on") if pattern else None


def _pattern(sample: MaskingKeys) -> str:
    keys = sample.keys
    orders: tuple[Literal["big", "little"], ...] = ("big", "little")
    for order in orders:
        if not _may_be_pattern(keys, order, sample.times[0]):
            continue
        numbers = [int.from_bytes(key, order) for key in keys]
        steps = {(after - before) % _MODULUS for before, after in pairwise(numbers)}
        if len(steps) == 1:
            return f"differ by {steps.pop():#x} each ({order}-endian)"
        times = [time_ns / 1e9 for time_ns in sample.times]
        if all(abs(number - time) <= _CLOCK_SECONDS for number, time in zip(numbers, times, strict=True)):
            return f"are the Unix time of their packets ({order}-endian)"
    distinct = len(set(keys))
    if 4 * distinct <= len(keys):
        return f"are {distinct} different ones"
    flip = int.from_bytes(keys[0], "big") ^ int.from_bytes(keys[1], "big")
    pairs = pairwise(int.from_bytes(key, "big") for key in keys)
    return f"differ by XOR {flip:08x} each" if all(before ^ after == flip for before, after in pairs) else ""


def _may_be_pattern(keys: tuple[bytes, ...], order: Literal["big", "little"], time_ns: int) -> bool:
    """Whether the first three keys do not rule it out: nearly always they do."""
    first, second, third = (int.from_bytes(key, order) for key in keys[:3])
    return (second - first - third + second) % _MODULUS == 0 or abs(first - time_ns / 1e9) <= _CLOCK_SECONDS


@rule(
    "low-entropy-masking-key",
    Severity.WARNING,
    "RFC 6455 §5.3",
    by=By.CLIENT,
    tier=2,
    needs={Need.SYNCED},
    means="The masking keys of the first frames vary too little: one of their bytes is always the same, or all are "
    "printable ASCII. Fewer bits are random than there should be.",
    look_at="A generator of 16 or 24 bits, or of letters and digits, behind the client's masking.",
    thresholds=("mask_entropy_frames",),
)
def low_entropy_masking_key(sample: MaskingKeys, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    keys = sample.keys
    if len(keys) != limits.mask_entropy_frames or len(keys) < 3:
        return None
    for place in range(4):
        value = keys[0][place]
        if all(key[place] == value for key in keys):
            return Finding(f"byte {place} of the first {len(keys)} masking keys is always {value:02X}")
    if all(0x20 <= byte <= 0x7E for key in keys for byte in key):
        return Finding(f"the first {len(keys)} masking keys are printable ASCII throughout")
    return None


FRAME_RULES: tuple[Rule[...], ...] = (zero_masking_key,)
"""Asked about every frame's header."""
SAMPLE_RULES: tuple[Rule[...], ...] = (predictable_masking_key, low_entropy_masking_key)
"""Asked about the first keys of a client."""
RULES: tuple[Rule[...], ...] = (*FRAME_RULES, *SAMPLE_RULES)
