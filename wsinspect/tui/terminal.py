"""The terminal as it was before the screens came, for an end that leaves Textual no time to tidy up."""

import contextlib
import os
import termios
from typing import Final

from wsinspect.errors import WsinspectError

_INPUT: Final = 0
_OUTPUT: Final = 2
"""Where Textual reads and writes."""

_RESET: Final = (
    b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # no mouse reports
    b"\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[<u"  # nor those of pasting, focus, size; usual keys
    b"\x1b[?7h\x1b[?1049l\x1b[?25h"  # lines wrap; the other screen; a cursor
)


def need_terminal() -> None:
    """Raise `WsinspectError` if there is none; in a browser Textual brings a driver of its own."""
    if "TEXTUAL_DRIVER" not in os.environ and not (os.isatty(_INPUT) and os.isatty(_OUTPUT)):
        raise WsinspectError("there is no terminal to show the screen on", "wsinspect report prints the same facts")


class Terminal:
    """Made before the screens start."""

    def __init__(self) -> None:
        self._attributes = None
        with contextlib.suppress(termios.error):
            self._attributes = termios.tcgetattr(_INPUT)

    def restore(self) -> None:
        """As before. A signal handler may call it, whatever the screens are doing."""
        if self._attributes is not None:
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(_INPUT, termios.TCSANOW, self._attributes)
                os.write(_OUTPUT, _RESET)
