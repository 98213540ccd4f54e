"""A widget of any number of lines that draws only those on the screen."""

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from wsinspect.tui.ink import Line, fit_line, rich_style

CACHED_LINES = 1000
"""Drawn lines that are kept, per widget."""


class LineView(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines that are drawn when they come into view. Subclasses say how many there are and what is in each."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--cursor", "line--titles"}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "line_up", "Up", show=False),
        Binding("down,j", "line_down", "Down", show=False),
        Binding("pageup", "view_up", "A page up", show=False),
        Binding("pagedown,space", "view_down", "A page down", show=False),
        Binding("home,g", "first_line", "First line", show=False),
        Binding("end,G", "last_line", "Last line", show=False),
    ]

    title_lines = 0
    """Lines at the top that do not scroll."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._count = 0
        self._strips: LRUCache[Hashable, Strip] = LRUCache(CACHED_LINES)
        self._shown: dict[int, tuple[Hashable, int, str]] = {}  # what was drawn last, by line of the screen
        self._styles: dict[tuple[str, str], Style] = {}  # by component class and ink; they are costly to work out
        self._drawn_width = 0  # that of the lines that are just drawn; asking for it takes longer than one may think

    # What a subclass provides

    def draw_line(self, index: int, width: int) -> Line:
        """What stands in line `index`."""
        raise NotImplementedError

    def draw_titles(self, width: int) -> Line:
        """What stands in the line at the top, if there is one."""
        raise NotImplementedError

    def fit(self, line: Line, width: int) -> Line:
        """A drawn line in exactly `width` cells, escaped."""
        return fit_line(line, width)

    def line_key(self, index: int) -> Hashable:
        """Equal for equal lines: a drawn line is kept under this key."""
        return index

    def prepare(self, first: int, last: int) -> None:
        """Lines `first` to `last` (excluded) are about to be drawn."""

    # What others use

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return self._count

    @property
    def page_lines(self) -> int:
        """Scrolling lines that fit on the screen."""
        return max(1, self.scrollable_size.height - self.title_lines)

    @property
    def line_width(self) -> int:
        """Cells of a line."""
        return self.scrollable_size.width

    def set_line_count(self, count: int) -> None:
        """There are now `count` lines."""
        if count == self._count:
            return
        old, self._count = self._count, count
        self._set_extent()
        # Lines added below the screen change nothing on it.
        if min(old, count) < self.scroll_offset.y + self.page_lines:
            self.refresh()

    def redraw(self) -> None:
        """Forget what was drawn: the lines say something else now."""
        self._strips.clear()
        self.refresh()

    def refresh_changed(self) -> None:
        """Draw again only those lines on the screen that say something else by now."""
        visible = self.visible_lines()
        self.prepare(visible.start, visible.stop)
        for y, index in enumerate(visible, self.title_lines):
            shown = self._shown.get(y)
            if shown is None or shown[0] != self.line_key(index):
                self.refresh_line(index + self.title_lines)

    def visible_lines(self) -> range:
        """Indexes of the lines on the screen."""
        first = self.scroll_offset.y
        return range(first, min(self._count, first + self.page_lines))

    def scroll_to_line(self, index: int) -> None:
        """Bring `index` to the top."""
        self.scroll_to(y=index, animate=False)

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        visible = self.visible_lines()
        self.prepare(visible.start, visible.stop)
        self._drawn_width = self.line_width
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self._drawn_width
        if y < self.title_lines:
            return self._strip(self.draw_titles(width), width, "line--titles")
        index = y - self.title_lines + self.scroll_offset.y
        if not 0 <= index < self._count:
            return Strip.blank(width, self._style("", ""))
        look = self._look(index)
        key = self._shown[y] = (self.line_key(index), width, look)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._strip(self.draw_line(index, width), width, look)
        return strip

    def _look(self, index: int) -> str:
        """The component class that a line has besides; none for an ordinary line."""
        return ""

    def _strip(self, line: Line, width: int, component: str) -> Strip:
        # One segment for neighbours that look alike: what Textual does with a strip takes time for each.
        segments: list[Segment] = []
        together, ink = "", ""
        for text, own in self.fit(line, width):
            if own != ink and together:
                segments.append(Segment(together, self._style(component, ink)))
                together = ""
            together += text
            ink = own
        if together:
            segments.append(Segment(together, self._style(component, ink)))
        return Strip(segments, width)

    def _style(self, component: str, ink: str) -> Style:
        """That of an ink on top of a component class; "" is an ordinary line."""
        style = self._styles.get((component, ink))
        if style is None:
            style = self._base(component) + rich_style(ink, self.background_colors[1])
            self._styles[component, ink] = style
        return style

    def _base(self, component: str) -> Style:
        """The style below the inks."""
        return self.get_component_rich_style(component) if component else self.rich_style

    def notify_style_update(self) -> None:
        """The theme changed, or the widget gained or lost the focus."""
        super().notify_style_update()
        self._styles.clear()
        self._strips.clear()

    def on_resize(self) -> None:
        """Keep the extent as wide as the widget, so that nothing scrolls sideways."""
        self._set_extent()

    def _set_extent(self) -> None:
        self.virtual_size = Size(self.line_width, self._count + self.title_lines)

    # Keys

    def action_line_up(self) -> None:
        """Scroll up by a line."""
        self.scroll_to_line(self.scroll_offset.y - 1)

    def action_line_down(self) -> None:
        """Scroll down by a line."""
        self.scroll_to_line(self.scroll_offset.y + 1)

    def action_view_up(self) -> None:
        """Scroll up by what is on the screen."""
        self.scroll_to_line(self.scroll_offset.y - self.page_lines)

    def action_view_down(self) -> None:
        """Scroll down by what is on the screen."""
        self.scroll_to_line(self.scroll_offset.y + self.page_lines)

    def action_first_line(self) -> None:
        """Go to the beginning."""
        self.scroll_to_line(0)

    def action_last_line(self) -> None:
        """Go to the end."""
        self.scroll_to_line(self._count)
