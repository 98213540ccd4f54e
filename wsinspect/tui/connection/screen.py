"""The screen of one connection: header, tabs, and the way to the neighbours."""

from collections.abc import Callable
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from wsinspect.errors import WsinspectError
from wsinspect.report import model
from wsinspect.search import Query
from wsinspect.tui.connection.find import FindBar
from wsinspect.tui.connection.frames import FramesView
from wsinspect.tui.connection.handshake import HandshakeView
from wsinspect.tui.connection.header import ConnectionHeader
from wsinspect.tui.connection.jump import Jump
from wsinspect.tui.connection.opened import Opened
from wsinspect.tui.connection.opening import Opening, Seen
from wsinspect.tui.connection.story_view import StoryView
from wsinspect.tui.connection.tab_bar import TabBar
from wsinspect.tui.connection.violations import ViolationsView
from wsinspect.tui.export.message_box import MessageBox
from wsinspect.tui.export.subject import KEYS, Subject
from wsinspect.tui.key_bar import KeyBar
from wsinspect.tui.loader import Progress
from wsinspect.tui.store import Store

TABS: Final = (("story", "Story"), ("frames", "Frames"), ("handshake", "Handshake"), ("violations", "Violations"))
"""Ids and titles; the key of a tab is its number."""
_IDS: Final = tuple(id for id, _ in TABS)

Neighbour = Callable[[int, int], int | None]
"""Given a connection and a step, the one that stands so far from it in the list."""


class ConnectionScreen(Screen[int]):
    """One connection. Its result, when it is left, is the connection that was shown last."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (130, "-wide")]  # noqa: RUF012  # as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"tab({number - 1})", title, show=False) for number, (_, title) in enumerate(TABS, 1)),
        Binding("escape,backspace", "back", "Back", key_display="Esc", tooltip="To the list"),
        Binding("left_square_bracket", "neighbour(-1)", "Prev", key_display="[", tooltip="The connection above"),
        Binding("right_square_bracket", "neighbour(1)", "Next", key_display="]", tooltip="The connection below"),
        Binding("slash,ctrl+f", "search", "Search", key_display="/", tooltip="Search in the payloads"),
        Binding("n", "next_match(1)", "Next match", show=False, tooltip="The next frame in which it was found"),
        Binding("N", "next_match(-1)", "Previous match", show=False, tooltip="The frame before in which it was found"),
        *KEYS,
        Binding("r", "reread", "Read again", show=False, tooltip="Show packets that have come in the meantime"),
    ]

    def __init__(self, store: Store, index: int, neighbour: Neighbour, found: tuple[Query, int] | None = None) -> None:
        """`found`: what a search has found on this connection, and the place of the entry to begin at."""
        super().__init__()
        self.store = store
        self.index = index
        self.opened: Opened | None = None
        self._neighbour = neighbour
        self._opening: Opening | None = None
        self._revision = -1
        self._found = found

    def compose(self) -> ComposeResult:
        yield ConnectionHeader()
        yield TabBar(tuple(title for _, title in TABS))
        with ContentSwitcher(initial="story"):
            yield StoryView()
            yield FramesView()
            yield HandshakeView()
            yield ViolationsView()
        yield FindBar()
        yield KeyBar()

    def on_mount(self) -> None:
        """Show what is known at once and read the rest."""
        self.query_one(StoryView).focus()
        self._read()

    @property
    def tab(self) -> str:
        """Id of the tab that is shown."""
        return self.query_one(ContentSwitcher).current or _IDS[0]

    def show_progress(self, progress: Progress) -> None:
        """Reading has moved on: perhaps with packets of this connection."""
        if self._revision >= 0 and self.query(ConnectionHeader):
            self.store.refresh((self.index,))
            if self.index not in self.store:
                self._header.remark("This connection has left the list: newer ones needed the room.")
            elif self.store.revision(self.index) != self._revision:
                self._header.remark("More packets of this connection have come: r shows them.")

    # Reading

    @property
    def _header(self) -> ConnectionHeader:
        return self.query_one(ConnectionHeader)

    def _read(self) -> None:
        index, store = self.index, self.store
        store.refresh((index,))
        self._revision = store.revision(index)
        try:
            report, frozen = store.open(index)
        except WsinspectError as error:
            self._show_error(error)
            return
        self._header.show(report, store.source.last_time)
        self._header.remark("")
        self.query_one(TabBar).rename(3, _violations_title(report))
        if self._opening is not None:
            self._opening.cancel()
        self._opening = Opening(store, index, report, frozen, self._show, self._show_error)
        self._opening.start(self)

    @property
    def reading(self) -> bool:
        """Whether not all of the connection is there yet."""
        return self._opening is not None and not self._opening.done

    def on_unmount(self) -> None:
        """Nobody waits for the rest."""
        if self._opening is not None:
            self._opening.cancel()

    def _show(self, seen: Seen) -> None:
        if not self.query(StoryView):
            return  # the user has gone back to the list
        if seen.told:
            self._header.remark(f"{seen.told}. Esc leaves.")
        opened, story = seen.opened, seen.story
        if opened is None or story is None:
            return
        if opened.share == 1.0:
            self._header.remark("")
        before, self.opened = self.opened, opened
        if before is None or before.index != opened.index:
            for view in (
                self.query_one(StoryView),
                self.query_one(FramesView).table,
                self.query_one(ViolationsView).table,
            ):
                view.cursor = 0
        self.query_one(StoryView).show(opened, story)
        self.query_one(FramesView).show(opened)
        if before is None or (before.report, len(before.heads)) != (opened.report, len(opened.heads)):
            self.query_one(HandshakeView).show_connection(opened)
            self.query_one(ViolationsView).show(opened)
        self._find_again(opened)

    def _find_again(self, opened: Opened) -> None:
        """What was sought is sought in the rest, too; what another search has found is shown once it is there."""
        find = self.query_one(FindBar)
        if self._found is not None and (self._found[1] < opened.count or opened.share == 1.0):
            query, place = self._found
            self._found = None
            self.query_one(FramesView).select_entry(place)
            self.action_tab(_IDS.index("frames"))
            find.search(query, opened)
        elif find.sought is not None and opened.share == 1.0:
            find.search(find.sought, opened)

    def _show_error(self, error: WsinspectError) -> None:
        if self.query(ConnectionHeader):
            self._header.remark(str(error))

    def subject(self) -> Subject:
        """For exports: the connection, and the frame under the cursor if frames are shown."""
        return Subject(self.index, (), self.query_one(FramesView).frame if self.tab == "frames" else None)

    @on(FramesView.Saved)
    def _save_message(self, event: FramesView.Saved) -> None:
        source = self.store.source
        self.app.push_screen(MessageBox(source.name, source.file, self.index, event.frame))

    # Keys

    def action_tab(self, position: int) -> None:
        """Show a tab and put the keyboard into it."""
        self.query_one(TabBar).active = position
        id = _IDS[position]
        self.query_one(ContentSwitcher).current = id
        pane = self.query_one(f"#{id}")
        (pane if pane.can_focus else pane.query("LineView").first()).focus()

    def action_back(self) -> None:
        """Leave a search first; then back to the list."""
        if not self.query_one(FindBar).leave():
            self.dismiss(self.index)

    def action_search(self) -> None:
        """Search in the payloads of this connection."""
        self.query_one(FindBar).begin()

    def action_next_match(self, step: int) -> None:
        """The next frame in which the search has found something, or the one before."""
        hit = self.query_one(FindBar).next_hit(self.query_one(FramesView).current_entry, step)
        if hit is None:
            self.app.bell()
            return
        self.query_one(FramesView).select_entry(hit.place)
        if self.tab != "frames":
            self.action_tab(_IDS.index("frames"))

    @on(FindBar.Submitted)
    def _search(self, event: FindBar.Submitted) -> None:
        if self.opened is not None:
            self.query_one(FindBar).search(event.query, self.opened)
            self.action_tab(_IDS.index("frames"))

    @on(FindBar.Changed)
    def _hits_changed(self, event: FindBar.Changed) -> None:
        frames = self.query_one(FramesView)
        frames.mark(event.query, event.hits)
        if event.hits and event.first and frames.current_entry not in event.hits:
            self.action_next_match(1)

    @on(FindBar.Left)
    def _search_left(self) -> None:
        self.action_tab(self.query_one(TabBar).active)

    def action_neighbour(self, step: int) -> None:
        """The connection above or below in the list."""
        other = self._neighbour(self.index, step)
        if other is None:
            self.app.bell()
            return
        self.index = other
        self._read()

    def action_reread(self) -> None:
        """Read the packets again: there may be more by now."""
        self._read()

    @on(TabBar.Picked)
    def _tab_picked(self, event: TabBar.Picked) -> None:
        self.action_tab(event.position)

    @on(Jump)
    def _jump(self, jump: Jump) -> None:
        event_tab = jump.tab
        if jump.entry is not None:
            self.query_one(FramesView).select_entry(jump.entry)
        elif jump.violation is not None and jump.tab == "violations":
            self.query_one(ViolationsView).select(*jump.violation)
        elif jump.violation is not None and self.opened is not None:
            row = self.opened.frame_of_violation(*jump.violation)
            if row is None:
                event_tab = "handshake"
            else:
                self.query_one(FramesView).select_row(row)
        self.action_tab(_IDS.index(event_tab))


def _violations_title(report: model.Connection) -> str:
    return f"Violations {len(report.violations)}" if report.violations else "Violations"
