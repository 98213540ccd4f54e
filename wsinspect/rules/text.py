"""The rule of text messages: they are UTF-8 (RFC 6455 §5.6, §8.1; RFC 3629 §4)."""

from wsinspect.rules.rule import Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import hex_bytes
from wsinspect.websocket.half import Half
from wsinspect.websocket.message_facts import BadUtf8
from wsinspect.websocket.utf8 import BadByte


@rule(
    "invalid-utf8-text",
    Severity.ERROR,
    "RFC 6455 §5.6, §8.1",
    needs={Need.SYNCED, Need.MESSAGE_STATE, Need.INFLATE},
    means="A text message has to be valid UTF-8 as a whole (a fragment may end inside a character). Receivers must "
    "give up the connection, with 1007 as a rule.",
    look_at="The detail names the kind of fault: surrogates come from UTF-16 programs (JavaScript, Java), stray bytes "
    "from Latin-1 or binary data sent as text, an unfinished end from text cut by its number of bytes.",
    aka=(
        'Chromium "Could not decode a text frame as UTF-8."',
        'Chromium close reason "Invalid UTF-8 in text frame"',
        "`WS_ERR_INVALID_UTF8`",
        'ws "invalid UTF-8 sequence"',
        "wsproto and websockets `UnicodeDecodeError`",
        "1007",
    ),
)
def invalid_utf8_text(error: BadUtf8, half: Half) -> Finding | None:
    place = f"frame {error.frame}, packet {error.packet}"
    return Finding(f"{describe_bad_byte(error.bad, 'message')}, {place}")


def describe_bad_byte(bad: BadByte, text: str) -> str:
    """`bad byte A0 at message offset 12 (surrogate ED A0)`."""
    if bad.byte is None:
        return f"{text} ends inside a character, at {text} offset {bad.offset} (begun with {hex_bytes(bad.lead)})"
    sequence = hex_bytes(bad.lead + bytes([bad.byte]))
    return f"bad byte {bad.byte:02X} at {text} offset {bad.offset} ({_fault(bad.byte, bad.lead)} {sequence})"


def _fault(byte: int, lead: bytes) -> str:
    """What is wrong with `byte` behind `lead`, by the table of RFC 3629 §4."""
    is_continuation = 0x80 <= byte <= 0xBF
    if not lead:
        if is_continuation:
            return "stray continuation byte"
        return "overlong form" if byte in (0xC0, 0xC1) else "above U+10FFFF" if byte < 0xF8 else "no UTF-8 byte"
    if is_continuation and len(lead) == 1:
        # The first continuation byte alone is restricted, and only behind these four.
        kinds = {0xE0: "overlong form", 0xED: "surrogate", 0xF0: "overlong form", 0xF4: "above U+10FFFF"}
        return kinds.get(lead[0], "bad sequence")
    return "missing continuation byte"


RULES: tuple[Rule[[BadUtf8, Half]], ...] = (invalid_utf8_text,)
