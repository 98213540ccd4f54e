"""From one view of a connection to a place in another."""

from textual.message import Message


class Jump(Message):
    """The user wants to see something that another tab shows."""

    def __init__(self, tab: str, entry: int | None = None, violation: tuple[str, str | None] | None = None) -> None:
        super().__init__()
        self.tab = tab
        """Id of that tab."""
        self.entry = entry
        """Place of an entry among the entries."""
        self.violation = violation
        """Rule and culprit."""

    @classmethod
    def to_entry(cls, entry: int) -> "Jump":
        """To a frame in the list of frames."""
        return cls("frames", entry=entry)

    @classmethod
    def to_handshake(cls) -> "Jump":
        """To the heads."""
        return cls("handshake")

    @classmethod
    def to_violation(cls, rule: str, by: str | None) -> "Jump":
        """To the explanation of a broken rule."""
        return cls("violations", violation=(rule, by))

    @classmethod
    def to_breach(cls, rule: str, by: str | None) -> "Jump":
        """To the first frame that breaks a rule, or to the heads if none does."""
        return cls("frames", violation=(rule, by))
