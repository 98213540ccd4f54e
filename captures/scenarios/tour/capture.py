"""The tour: some thirty connections of three minutes, of every kind there is, in one file."""

from captures.encoder.conversation import Trace
from captures.encoder.files import pcapng
from captures.scenario import Chapter
from captures.scenarios.tour import endings, everyday, faults
from captures.scenarios.tour.cast import Visit

chapter = Chapter("")

STORIES = sorted(
    (story for book in (everyday.book, endings.book, faults.book) for story in book.stories),
    key=lambda story: story.at,
)


@chapter.capture(
    "tour",
    "Three minutes of a busy network: chats, quotes, uploads, sensors; every kind of ending and a dozen broken rules",
    *(story.expected for story in STORIES),
    write=lambda trace: pcapng(trace.in_order(), comment="A made-up network; python captures/make.py writes it"),
    suffix=".pcapng",
)
def tour(trace: Trace) -> None:
    for story in STORIES:
        story.tell(Visit(trace, story.at, story.client, story.site, story.target, story.agent))
