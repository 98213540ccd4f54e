"""The formats there are: a new one is a line here and a module beside this one."""

from collections.abc import Callable
from typing import BinaryIO, Final, NamedTuple

from wsinspect.export.csv_table import write_csv
from wsinspect.export.har import write_har
from wsinspect.export.html_page import write_html
from wsinspect.export.json_report import write_json
from wsinspect.export.markdown import write_markdown
from wsinspect.export.pcapng_slice import write_slice
from wsinspect.export.selection import Progress, Selection


class Format(NamedTuple):
    """A way to write connections."""

    id: str
    suffix: str
    about: str
    """What is in it, in a few words."""
    write: Callable[[Selection, BinaryIO, Progress], None]
    """Raises `WsinspectError` if the capture can no longer be read, and whatever the file raises."""
    is_text: bool = True
    """Whether a terminal can show it; nothing in it acts upon one."""


FORMATS: Final = (
    Format("pcapng", ".pcapng", "the packets, with violations as comments", write_slice, False),
    Format("json", ".json", "the report, for programs", write_json),
    Format("har", ".har", "messages, for a browser's developer tools", write_har),
    Format("markdown", ".md", "the facts, for a ticket", write_markdown),
    Format("csv", ".csv", "a line a connection, for a spreadsheet", write_csv),
    Format("html", ".html", "a page to send to somebody", write_html),
)
BY_ID: Final = {format_.id: format_ for format_ in FORMATS}
