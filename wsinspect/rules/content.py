"""Rules of what messages hold (RFC 6455 §5.6). They are asked about the first messages of each direction."""

from wsinspect.rules.rule import Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import counted, quoted
from wsinspect.websocket.half import Half
from wsinspect.websocket.sample import BrokenJson, ControlCharacters, JsonInBinary

_NEEDS = {Need.WHOLE_MESSAGE, Need.INFLATE}


@rule(
    "binary-sent-as-text",
    Severity.NOTE,
    "RFC 6455 §5.6",
    tier=3,
    needs=_NEEDS,
    means="A text message holds bytes that no text has. It is UTF-8 by chance; the next one may not be, and then the "
    "receiver fails the connection with 1007. The first messages of each direction are looked at.",
    look_at="The sender's choice of the message type: many libraries send text unless told otherwise.",
)
def binary_sent_as_text(text: ControlCharacters, half: Half) -> Finding | None:
    what = counted(text.nuls, "NUL") if text.nuls else counted(text.controls, "control character")
    return Finding(f"text message of {counted(text.length, 'byte')} with {what}")


@rule(
    "text-sent-as-binary",
    Severity.NOTE,
    "RFC 6455 §5.6",
    tier=3,
    needs=_NEEDS,
    means="A binary message is JSON. It works, but nobody checks that it is UTF-8, and browsers hand it to the page as "
    "a Blob or ArrayBuffer. The first messages of each direction are looked at.",
    look_at="The sender's library: some send bytes objects as binary whatever they hold.",
)
def text_sent_as_binary(binary: JsonInBinary, half: Half) -> Finding | None:
    return Finding(f"binary message of {counted(binary.length, 'byte')} is a JSON {binary.kind}")


@rule(
    "broken-json-message",
    Severity.NOTE,
    "–",
    tier=3,
    needs=_NEEDS,
    means="This direction has sent JSON so far, and this message is none: the receiver's parser will complain. Behind "
    "the first messages only those are parsed that do not begin and end as JSON does.",
    look_at="The message itself: cut off, joined with another one, or an error text from below the application.",
    aka=("Unexpected end of JSON input", "JSONDecodeError"),
)
def broken_json_message(broken: BrokenJson, half: Half) -> Finding | None:
    return Finding(f"no JSON ({quoted(broken.error)}), after {counted(broken.earlier, 'message')} that were")


RULES: tuple[Rule[...], ...] = (binary_sent_as_text, text_sent_as_binary, broken_json_message)
