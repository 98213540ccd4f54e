"""The tab with the story of the connection."""

from collections.abc import Hashable
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType

from wsinspect.timeline import FrameEntry, HeadEntry
from wsinspect.tui.connection.jump import Jump
from wsinspect.tui.connection.ladder import Ladder
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.connection.story import Kind, Story
from wsinspect.tui.ink import Line
from wsinspect.tui.virtual_list import VirtualList


class StoryView(VirtualList):
    """The ladder."""

    title_lines = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Unfold/open"),
        Binding("right,plus", "unfold", "Unfold", show=False),
        Binding("left,minus", "fold", "Fold", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="story")
        self._opened: Opened | None = None
        self.story: Story | None = None
        self._ladder: Ladder | None = None

    def show(self, opened: Opened, story: Story) -> None:
        """Another connection, or more of the same: then what is unfolded stays so, and the cursor where it is."""
        before = self.story if self._opened is not None and self._opened.index == opened.index else None
        step = before.steps[self.cursor] if before is not None and before.steps else None
        if before is not None:
            story.unfold_like(before)
        place = story.find(step) if step is not None else None
        offset = self.cursor - self.scroll_offset.y
        self._opened = opened
        self.story = story
        self._ladder = Ladder(opened, story)
        self.set_line_count(len(story.steps))
        self.redraw()
        if place is not None and place != self.cursor:
            self.scroll_to_line(place - offset)
            self.cursor = place

    def line_key(self, index: int) -> Hashable:
        assert self.story is not None
        return self.story.steps[index], self.story.is_unfolded(index)

    def draw_line(self, index: int, width: int) -> Line:
        assert self._ladder is not None
        return self._ladder.draw(index, width)

    def draw_titles(self, width: int) -> Line:
        return self._ladder.titles(width) if self._ladder else []

    @on(VirtualList.Chosen)
    def _choose(self, event: VirtualList.Chosen) -> None:
        event.stop()
        if self.toggle(event.index) or self.story is None or self._opened is None:
            return
        step = self.story.steps[event.index]
        entry = self._opened.entries[step.first]
        if step.kind is Kind.VIOLATION:
            violation = self._opened.violations[step.last]
            self.post_message(Jump.to_violation(violation.rule, violation.by))
        elif isinstance(entry, HeadEntry):
            self.post_message(Jump.to_handshake())
        elif isinstance(entry, FrameEntry):
            self.post_message(Jump.to_entry(step.first))

    def on_click(self, event: events.Click) -> None:
        """A click on a fold unfolds it, or folds it again."""
        offset = event.get_content_offset(self)
        if self.story is None or offset is None or offset.y < self.title_lines:
            return
        index = offset.y - self.title_lines + self.scroll_offset.y
        if index < self.line_count and self.story.steps[index].is_fold:
            self.cursor = index
            self.toggle(index)
            event.prevent_default()  # a second click is a second click, not a choice

    def toggle(self, position: int) -> bool:
        """Fold or unfold; False if there is nothing to."""
        if self.story is None or not self.story.toggle(position):
            return False
        self.set_line_count(len(self.story.steps))
        self.refresh()
        return True

    def action_unfold(self) -> None:
        """Show the inside of the fold under the cursor."""
        if self.story is not None and self.line_count and not self.story.is_unfolded(self.cursor):
            self.toggle(self.cursor)

    def action_fold(self) -> None:
        """Fold what the cursor is in."""
        if self.story is None or not self.line_count:
            return
        steps, position = self.story.steps, self.cursor
        if not self.story.is_unfolded(position):
            depth = steps[position].depth
            if not depth:
                return
            while steps[position].depth >= depth:
                position -= 1
        self.toggle(position)
        self.cursor = position
