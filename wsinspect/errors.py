"""Trouble that the user or the environment caused: one sentence, a hint, an exit status."""


class WsinspectError(Exception):
    """What went wrong and what to do about it, for one line on standard error.

    Never raised for anything the network sent: broken traffic is data, not an error.
    """

    def __init__(self, message: str, hint: str = "", exit_status: int = 2) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_status = exit_status

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message
