"""What the detail says of text that is not UTF-8."""

import pytest
from frame_facts import half

from wsinspect.rules.text import describe_bad_byte, invalid_utf8_text
from wsinspect.websocket.message_facts import BadUtf8
from wsinspect.websocket.utf8 import BadByte, Utf8Validator


def test_detail() -> None:
    finding = invalid_utf8_text.check(BadUtf8(BadByte(12, 0xA0, b"\xed"), 4, 918, 0), half())
    assert finding is not None
    assert finding.detail == "bad byte A0 at message offset 12 (surrogate ED A0), frame 4, packet 918"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"a\x80", "bad byte 80 at message offset 1 (stray continuation byte 80)"),
        (b"\xc0\xaf", "bad byte C0 at message offset 0 (overlong form C0)"),
        (b"\xc1\x81", "bad byte C1 at message offset 0 (overlong form C1)"),
        (b"\xe0\x80\xaf", "bad byte 80 at message offset 1 (overlong form E0 80)"),
        (b"\xf0\x80\x80\xaf", "bad byte 80 at message offset 1 (overlong form F0 80)"),
        (b"\xed\xa0\x80", "bad byte A0 at message offset 1 (surrogate ED A0)"),
        (b"\xf4\x90\x80\x80", "bad byte 90 at message offset 1 (above U+10FFFF F4 90)"),
        (b"\xf5", "bad byte F5 at message offset 0 (above U+10FFFF F5)"),
        (b"\xff", "bad byte FF at message offset 0 (no UTF-8 byte FF)"),
        (b"\xe2\x82a", "bad byte 61 at message offset 2 (missing continuation byte E2 82 61)"),
        (b"\xe4b", "bad byte 62 at message offset 1 (missing continuation byte E4 62)"),
        (b"ab\xe2\x82", "message ends inside a character, at message offset 4 (begun with E2 82)"),
    ],
)
def test_kinds(data: bytes, kind: str) -> None:
    validator = Utf8Validator()
    bad = validator.feed(data) or validator.finish()
    assert bad is not None
    assert describe_bad_byte(bad, "message") == kind
