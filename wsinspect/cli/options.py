"""Options that the screen and the report share: how to capture."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from wsinspect.errors import WsinspectError

if TYPE_CHECKING:
    from wsinspect.cli.live import LiveOptions

FILE: Final = click.Path()
"""For the shell's completion alone: what is wrong with a file is told when it is opened."""

MAX_CONNECTIONS: Final = 20_000
"""Ended connections kept of live traffic and pipes, some 4 kB each; of older ones only the sums are."""

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option(
        "-i", "--interface", "interfaces", metavar="NAME", multiple=True, help="Capture on it; can be repeated."
    ),
    click.option(
        "-f", "--filter", "filter_", metavar="FILTER", help="Capture filter as tcpdump takes it: 'tcp port 8080'."
    ),
    click.option("-p", "--no-promiscuous", is_flag=True, help="Only packets from and to this machine."),
    click.option("-c", "--count", "max_packets", type=click.IntRange(min=1), help="End after so many packets."),
    click.option("--duration", metavar="TIME", help="End after this time: 30s, 5m, 1h."),
    click.option(
        "-w",
        "--write",
        metavar="FILE",
        type=FILE,
        help="Keep the packets: pcapng if FILE ends so, else pcap if possible.",
    ),
    click.option("--ring", metavar="FILESxSIZE", help="Keep the latest only: 10x100MB."),
    click.option(
        "--capture-with",
        "method",
        type=click.Choice(["auto", "libpcap", "raw", "dumpcap"]),
        default="auto",
        show_default=True,
        help="Who takes the packets from the kernel.",
    ),
    click.option(
        "--user", metavar="NAME", help="Become this user once the interfaces are open (default: who called sudo)."
    ),
)

display_filter_option: Final = click.option(
    "-Y",
    "--display-filter",
    "display_filter",
    metavar="FILTER",
    help="Only connections that match: 'ws.close.code == 1006'; wsinspect fields lists what can be asked for.",
)

max_connections_option: Final = click.option(
    "--max-connections",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help=f"Ended connections kept; of older ones, the sums (default: {MAX_CONNECTIONS}, and all of a file).",
)


def capture_options(command: _Command) -> _Command:
    """Give a command the options of a live capture."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def live_options(
    words: tuple[str, ...], reads_file: bool, interfaces: tuple[str, ...], filter_: str | None, no_promiscuous: bool,
    **rest: Any,
) -> "LiveOptions":  # fmt: skip
    """What was asked for; `words` are the filter as tcpdump takes it. Raises `WsinspectError` if it does not fit."""
    from wsinspect.cli.live import LiveOptions

    if reads_file or (words and filter_):
        raise WsinspectError("-i captures, and takes no file and one filter", "wsinspect -i lo tcp port 8080")
    return LiveOptions(interfaces, filter_ or " ".join(words), not no_promiscuous, **rest)
