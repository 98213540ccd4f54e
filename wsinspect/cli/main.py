"""The `wsinspect` command: what it is called with, and how trouble is told."""

import sys
from typing import Any

import click

from wsinspect import __version__
from wsinspect.errors import WsinspectError

_HELP = """Find every WebSocket connection in a capture: how it closed, who closed it, which rules were broken.

\b
  wsinspect FILE                         look at a pcap or pcapng file on the screen
  wsinspect report FILE                  print the same facts as text
  wsinspect report FILE --format json    … for a program (also: ndjson)
  wsinspect explain 1006                 what a close code means, what to look at
  wsinspect explain unmasked-client-frame

FILE may be packed with gzip; - reads standard input: ssh host tcpdump -U -w - | wsinspect report -
"""


class _FileOrCommand(click.Group):
    """A group in which anything that is no command is a file to open: `wsinspect incident.pcapng`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own_options = {"--help", "-h", "--version"}
        if args and args[0] not in self.commands and args[0] not in own_options:
            args = ["open", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_FileOrCommand, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wsinspect")
def cli() -> None:
    """The entry of all commands."""


@cli.command("open", short_help="Look at a capture on the screen (the default).")
@click.option("-r", "--read", "option_file", metavar="FILE", help="The same as FILE, for fingers used to tcpdump.")
@click.argument("file", required=False)
def open_command(file: str | None, option_file: str | None) -> None:
    """Look at the capture FILE on the screen."""
    path = file or option_file
    if path is None:
        raise WsinspectError("no capture file was named", "wsinspect FILE; wsinspect --help tells more")
    from wsinspect.tui.app import run  # Textual is loaded only for the screen

    run(path)


@cli.command("report", short_help="Print all connections, how they closed, what was broken.")
@click.argument("file")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "ndjson"]),
    default="text",
    show_default=True,
    help="For people, for programs, or for programs that read line by line while the capture is read.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["note", "warning", "error"]),
    help="Exit with status 1 if there is a violation of at least this severity.",
)
def report_command(file: str, format_: str, fail_on: str | None) -> None:
    """Print a report on the capture FILE (- for standard input) to standard output.

    \b
    Exit status: 0 done · 1 --fail-on found something · 2 wrong usage or unreadable input
    """
    from wsinspect.cli.report import print_report

    sys.exit(print_report(file, format_, fail_on))


@cli.command("explain", short_help="What a close code or a rule means, and what to look at.")
@click.argument("topic", nargs=-1, required=True)
def explain_command(topic: tuple[str, ...]) -> None:
    """Explain a close code (1006, 3000-3999), a rule by its id, or the rule behind another program's message."""
    from wsinspect.rules.explain import explain

    click.echo(explain(" ".join(topic)))


@cli.command("completion", short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script of SHELL; for bash: eval "$(wsinspect completion bash)"."""
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(cli, {}, "wsinspect", "_WSINSPECT_COMPLETE").source())


def main(arguments: list[str] | None = None) -> Any:
    """Run the command; trouble that the user or the environment caused is one line on standard error."""
    try:
        return cli.main(args=arguments, prog_name="wsinspect")
    except WsinspectError as error:
        click.echo(f"wsinspect: {error}", err=True)
        sys.exit(error.exit_status)
