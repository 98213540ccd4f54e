"""Regular expressions of filters.

RE2, not Python's `re`: the texts are the network's, and RE2's time grows with their length only, whatever the pattern.
It has neither back-references nor look-around.
"""

from collections.abc import Callable

import re2


def searcher(pattern: str) -> Callable[[str], bool]:
    """What tells whether `pattern` is found in a text, case ignored. Raises `ValueError` with what is wrong with it."""
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    options.log_errors = False
    try:
        search = re2.compile(pattern.encode("utf-8", "replace"), options).search
    except re2.error as error:
        reason = error.args[0] if error.args else b"?"
        raise ValueError(reason.decode("utf-8", "replace")) from None
    return lambda text: search(text.encode("utf-8", "replace")) is not None
