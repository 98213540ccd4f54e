"""Whether the list stays at the newest connection."""


class Following:
    """On or off; and while it is off, how many connections have come since."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._left_at: int | None = None

    def start(self) -> None:
        """Stay at the newest."""
        self.on = True
        self._left_at = None

    def stop(self, count: int) -> None:
        """Stay where the user is; there have been `count` connections by now."""
        if self.on:
            self.on = False
            self._left_at = count

    def news(self, count: int) -> int | None:
        """Connections that have come since it was turned off, now that there are `count`; None if that never was."""
        return None if self._left_at is None else max(0, count - self._left_at)
