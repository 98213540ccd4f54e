"""The capture of strangers who mean harm: no text export has a character that acts upon whoever looks at it."""

import unicodedata

import pytest
from exporting import HOSTILE, exported

from wsinspect.export.formats import FORMATS
from wsinspect.report.build import report_file
from wsinspect.report.text import text_report

LINE_ENDS = {"\n", "\r"}


def acting(text: str) -> set[str]:
    """Characters that are control, format (bidi, invisible), line separators or surrogates."""
    return {
        character
        for character in text
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") and character not in LINE_ENDS
    }


@pytest.mark.parametrize("format_", [it.id for it in FORMATS if it.is_text])
def test_text_exports(format_: str) -> None:
    text = exported(format_, HOSTILE).decode()
    assert acting(text) == set()
    assert "\r" not in text.replace("\r\n", "") if format_ == "csv" else "\r" not in text
    assert "owned" in text


def test_text_report() -> None:
    assert acting(text_report(report_file(str(HOSTILE)))) == set()


def test_comments_of_packets() -> None:
    data = exported("pcapng", HOSTILE)
    comments = [part.split(b"\0")[0] for part in data.split(b"wsinspect: ")[1:]]
    assert len(comments) > 3
    for comment in comments:
        assert (
            acting(comment.decode("utf-8", "ignore").rstrip("\x01\x02\x03\x04\x05\x06")) == set()
            or b"cut out" in comment
        )
