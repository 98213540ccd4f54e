"""Work that takes long, off the screens' thread."""

import contextlib
import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from textual.dom import DOMNode

from wsinspect.errors import WsinspectError

T = TypeVar("T")

SWITCH_INTERVAL: Final = 0.001
"""Seconds that a busy thread keeps the interpreter while the screens' thread wants it. A key press takes several turns;
with Python's 5 ms each it would be felt."""


def start_thread(name: str, work: Callable[[], object]) -> None:
    """Run `work` beside everything else.

    A daemon thread rather than one of Textual's workers: a source that never ends must not keep the program alive.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    context = contextvars.copy_context()  # how Textual knows which app a message belongs to
    threading.Thread(target=context.run, args=(work,), name=name, daemon=True).start()


def in_background(
    node: DOMNode,
    work: Callable[[], T],
    done: Callable[[T], object],
    failed: Callable[[WsinspectError], object],
) -> None:
    """Run `work` in a thread, then `done` or `failed` in the screens' thread, unless `node` is gone by then."""

    def run() -> None:
        try:
            value = work()
        except WsinspectError as error:
            tell(node, failed, error)
        except BaseException as error:
            tell(node, _raise, error)
        else:
            tell(node, done, value)

    start_thread("background", run)


def tell(node: DOMNode, function: Callable[[T], object], value: T) -> None:
    """From a background thread: call `function` in the screens' thread, unless `node` is gone by then."""
    # The event loop may be closed by now: then nobody is interested any more.
    with contextlib.suppress(RuntimeError):
        node.call_later(function, value)


def _raise(error: BaseException) -> None:
    raise error
