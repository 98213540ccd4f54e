"""Options that tell how to look into TLS."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from wsinspect.cli.options import FILE

_Command = TypeVar("_Command", bound=Callable[..., Any])


def keylog_option(command: _Command) -> _Command:
    """Give a command `--keylog FILE`."""
    return click.option(
        "--keylog",
        metavar="FILE",
        type=FILE,
        envvar="SSLKEYLOGFILE",
        help="TLS secrets in NSS format, as browsers and OpenSSL write them (default: $SSLKEYLOGFILE).",
    )(command)


def tls_options(command: _Command) -> _Command:
    """Give a command `--keylog FILE` and `--all-tls`."""
    all_tls = click.option("--all-tls", is_flag=True, help="List encrypted connections even if nothing says WebSocket.")
    return keylog_option(all_tls(command))
