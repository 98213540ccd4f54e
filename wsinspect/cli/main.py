"""The `wsinspect` command: what it is called with, and how trouble is told."""

import os
import stat
import sys
from typing import Any

import click

from wsinspect import __version__
from wsinspect.cli.options import (
    FILE,
    MAX_CONNECTIONS,
    capture_options,
    display_filter_option,
    live_options,
    max_connections_option,
)
from wsinspect.cli.settings import codebook_option, config_option, loaded_settings, threshold_option, timer_option
from wsinspect.cli.tls import tls_options
from wsinspect.errors import WsinspectError
from wsinspect.garbage import look_seldom
from wsinspect.keys import TlsOptions

_HELP = """Find every WebSocket connection in a capture: how it closed, who closed it, which rules were broken.

\b
  wsinspect FILE                         look at a pcap or pcapng file on the screen
  wsinspect -i eth0 'tcp port 8080'      look at live traffic
  wsinspect report FILE                  print the same facts as text
  wsinspect report FILE --format json    … for a program (also: ndjson)
  wsinspect report -i lo -i eth0         … on live traffic, as connections end (Ctrl-C ends)
  wsinspect export FILE --format har     hand connections on (also: pcapng, markdown, csv …)
  wsinspect report FILE -Y FILTER        … on connections that match
  wsinspect fields ws.close              what a FILTER can ask for
  wsinspect interfaces                   what can be captured on (also: -D)
  wsinspect serve FILE                   the same screens in a web browser
  wsinspect config                       the settings in force, and where their file is
  wsinspect explain 1006                 what a close code means, what to look at
  wsinspect explain unmasked-client-frame

FILE may be packed with gzip; - reads standard input: ssh host tcpdump -U -w - | wsinspect report -
"""


class _FileOrCommand(click.Group):
    """A group in which anything that is no command is a file to open: `wsinspect incident.pcapng`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own_options = {"--help", "-h", "--version"}
        if args[:1] in (["-D"], ["--list-interfaces"]):
            args = ["interfaces", *args[1:]]
        # Before the command it means the same as behind it.
        config = args[: 2 if args[:1] == ["--config"] else 1 if args and args[0].startswith("--config=") else 0]
        args = args[len(config) :]
        if args and args[0] not in self.commands and args[0] not in own_options:
            args = ["open", *args]
        if config:
            args = [*args[:1], *config, *args[1:]] if args else ["open", *config]
        return super().parse_args(ctx, args)


def _topics(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """What can be explained and begins so, for the shell's completion."""
    from wsinspect.rules.catalogue import BY_ID
    from wsinspect.websocket.closecodes import BY_CODE

    return [topic for topic in (*BY_ID, *map(str, BY_CODE)) if topic.startswith(incomplete)]


def _field_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Fields that begin so."""
    from wsinspect.filter.fields import BY_NAME

    return [name for name in BY_NAME if name.startswith(incomplete)]


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from wsinspect import inspector

    build = "pure Python" if inspector.__file__.endswith(".py") else "compiled"
    click.echo(f"wsinspect {__version__} ({build})")
    ctx.exit()


@click.group(cls=_FileOrCommand, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version, and whether the hot modules are compiled.",
)
def cli() -> None:
    """The entry of all commands."""


@cli.command("open", short_help="Look at a capture, or at live traffic, on the screen (the default).")
@click.argument("words", metavar="[FILE | FILTER...]", nargs=-1, type=FILE)
@click.option("-r", "--read", "file", metavar="FILE", type=FILE, help="The same as FILE.")
@click.option("--follow", is_flag=True, help="FILE is still being written: show what is added to it.")
@timer_option
@tls_options
@threshold_option
@codebook_option
@display_filter_option
@capture_options
@max_connections_option
@config_option
def open_command(
    words: tuple[str, ...],
    file: str | None,
    follow: bool,
    timers: tuple[str, ...],
    thresholds: tuple[str, ...],
    codebook: str | None,
    display_filter: str | None,
    config: str | None,
    keylog: str | None,
    all_tls: bool,
    max_connections: int | None,
    **capture: Any,
) -> None:
    """Look at the capture FILE (- for standard input) on the screen, or at live traffic.

    \b
    wsinspect incident.pcapng
    sudo wsinspect -i eth0 'tcp port 8080'
    """
    loaded, tls = loaded_settings(config, timers, thresholds, codebook), TlsOptions(keylog, all_tls)
    chosen = display_filter or ""
    if chosen:
        from wsinspect.cli.choice import parse_or_point

        parse_or_point(chosen, loaded.settings.filters)
    # Textual is loaded only for the screen, and before root is given up: then its files may not be readable any more.
    if capture["interfaces"]:
        from wsinspect.cli.watch import watch_live

        options = live_options(words, file is not None or follow, **capture)
        sys.exit(watch_live(options, loaded, tls, max_connections or MAX_CONNECTIONS, chosen))
    path = file or (words[0] if words else None)
    if path is None or len(words) + (file is not None) > 1:
        raise WsinspectError("name one capture file, or an interface with -i", "wsinspect --help tells more")
    from wsinspect.cli.watch import watch_file

    if follow or is_pipe(path):
        max_connections = max_connections or MAX_CONNECTIONS
    sys.exit(watch_file(path, loaded, tls, max_connections, chosen, follow=follow))


@cli.command("report", short_help="Print all connections, how they closed, what was broken.")
@click.argument("words", metavar="[FILE | FILTER...]", nargs=-1, type=FILE)
@click.option("-r", "--read", "file", metavar="FILE", type=FILE, help="The same as FILE.")
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
@timer_option
@tls_options
@threshold_option
@codebook_option
@display_filter_option
@click.option("--follow", is_flag=True, help="FILE is still being written: go on until Ctrl-C.")
@capture_options
@config_option
@max_connections_option
def report_command(
    words: tuple[str, ...], file: str | None, format_: str, fail_on: str | None, timers: tuple[str, ...],
    thresholds: tuple[str, ...], codebook: str | None, follow: bool, max_connections: int | None, config: str | None,
    keylog: str | None, all_tls: bool, display_filter: str | None, **capture: Any,
) -> None:  # fmt: skip
    """Print a report on the capture FILE (- for standard input), or on live traffic, to standard output.

    \b
    Exit status: 0 done · 1 --fail-on found something · 2 wrong usage or unreadable input
    """
    from wsinspect.cli.choice import Choice

    settings, tls = loaded_settings(config, timers, thresholds, codebook).settings, TlsOptions(keylog, all_tls)
    choice = Choice(display_filter, settings.filters)
    if capture["interfaces"]:
        from wsinspect.cli.live import report_live

        options = live_options(words, file is not None or follow, **capture)
        sys.exit(report_live(options, format_, fail_on, max_connections or MAX_CONNECTIONS, settings, tls, choice))
    path = file or (words[0] if words else None)
    if path is None or len(words) + (file is not None) > 1:
        raise WsinspectError("name one capture file, or an interface with -i", "wsinspect report --help tells more")
    if follow or is_pipe(path):
        from wsinspect.cli.live import report_followed

        most = max_connections or MAX_CONNECTIONS
        sys.exit(report_followed(path, format_, fail_on, most, settings, tls, choice))
    from wsinspect.cli.report import print_report

    sys.exit(print_report(path, format_, fail_on, settings, tls, choice))


@cli.command("export", short_help="Write connections as pcapng, JSON, HAR, Markdown, CSV or HTML.")
@click.argument("file", type=FILE)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["pcapng", "json", "har", "markdown", "csv", "html"]),
    help="Packets, report, messages for a browser's tools, ticket, spreadsheet, page.",
)
@click.option(
    "-o", "--output", metavar="OUT", default="-", type=FILE, help="The file to write; - is standard output (default)."
)
@click.option(
    "--connection", "ids", metavar="N", type=int, multiple=True, help="This one only, by its number; repeatable."
)
@click.option(
    "--message", metavar="SIDE:FRAME", help="Instead of connections the payload of one message, as in client:12."
)
@display_filter_option
@click.option("--force", is_flag=True, help="Overwrite OUT.")
@timer_option
@tls_options
@threshold_option
@codebook_option
@config_option
@click.option("--embed-keys", is_flag=True, help="pcapng: write the TLS secrets of the connections into OUT.")
def export_command(
    file: str, format_: str | None, output: str, ids: tuple[int, ...], message: str | None, force: bool,
    timers: tuple[str, ...], thresholds: tuple[str, ...], codebook: str | None, config: str | None,
    keylog: str | None, all_tls: bool, embed_keys: bool, display_filter: str | None,
) -> None:  # fmt: skip
    """Write connections of the capture FILE (- for standard input) to another file.

    \b
    wsinspect export incident.pcapng --format pcapng --connection 17 -o 17.pcapng
    wsinspect export incident.pcapng --format har -Y 'ws.close.code == 1006' -o 1006.har
    wsinspect export incident.pcapng --connection 17 --message server:4 -o message.bin
    """
    from wsinspect.cli.choice import Choice
    from wsinspect.cli.export import Wanted, export_file, export_message

    if (format_ is None) is (message is None):
        raise WsinspectError("say --format, or --message", "wsinspect export --help tells more")
    if embed_keys and message is not None:
        raise WsinspectError("--embed-keys is for --format pcapng alone", "a message is written in the clear")
    settings = loaded_settings(config, timers, thresholds, codebook).settings
    wanted = Wanted(file, ids, Choice(display_filter, settings.filters), settings, TlsOptions(keylog, all_tls))
    if message is not None:
        export_message(wanted, message, output, overwrite=force)
    elif format_ is not None:
        export_file(wanted, format_, output, overwrite=force, embed_keys=embed_keys)


@cli.command("interfaces", short_help="List what can be captured on (also: wsinspect -D).")
def interfaces_command() -> None:
    """List the interfaces: up or down, what passes now, addresses."""
    from wsinspect.cli.interfaces import print_interfaces

    print_interfaces()


@cli.command("fields", short_help="What a display filter (-Y, and / on the screen) can ask for.")
@click.argument("prefix", default="", shell_complete=_field_names)
def fields_command(prefix: str) -> None:
    """List the fields of display filters; with PREFIX, as in ws.close, those that begin so."""
    from wsinspect.cli.choice import print_fields

    print_fields(prefix)


@cli.command("explain", short_help="What a close code or a rule means, and what to look at.")
@click.argument("topic", nargs=-1, required=True, shell_complete=_topics)
@codebook_option
@config_option
def explain_command(topic: tuple[str, ...], codebook: str | None, config: str | None) -> None:
    """Explain a close code (1006, 3000-3999), a rule by its id, or the rule behind another program's message."""
    from wsinspect.codebooks.own import user_library
    from wsinspect.rules.explain import explain

    click.echo(explain(" ".join(topic), user_library(loaded_settings(config, codebook=codebook).settings)))


@cli.command("serve", short_help="The same screens in a web browser.")
@click.argument("words", metavar="[FILE | FILTER...]", nargs=-1, type=FILE)
@click.option("-r", "--read", "file", metavar="FILE", type=FILE, help="The same as FILE.")
@click.option("--follow", is_flag=True, help="FILE is still being written: show what is added to it.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="0: any that is free.")
@timer_option
@tls_options
@threshold_option
@codebook_option
@display_filter_option
@capture_options
@max_connections_option
@config_option
def serve_command(
    words: tuple[str, ...], file: str | None, follow: bool, host: str, port: int,
    timers: tuple[str, ...], thresholds: tuple[str, ...], codebook: str | None, display_filter: str | None,
    config: str | None, keylog: str | None, all_tls: bool, max_connections: int | None, **capture: Any,
) -> None:  # fmt: skip
    """Show the screens in a web browser, to whoever opens the URL that is printed: it has a token in it.

    \b
    wsinspect serve incident.pcapng
    sudo wsinspect serve -i eth0 'tcp port 8080'
    """
    # Trouble is told here rather than in each page.
    loaded = loaded_settings(config, timers, thresholds, codebook)
    if display_filter:
        from wsinspect.cli.choice import parse_or_point

        parse_or_point(display_filter, loaded.settings.filters)
    try:
        from wsinspect.cli.serve import serve_file, serve_live
    except ModuleNotFoundError as error:
        raise WsinspectError(f"this needs {error.name}", "pip install 'wsinspect[serve]'") from error
    passed_on = {
        "config": config, "codebook": codebook, "keylog": keylog, "display-filter": display_filter or None,
        "max-connections": max_connections,
    }  # fmt: skip
    arguments = [
        *(f"--timer={timer}" for timer in timers),
        *(f"--threshold={threshold}" for threshold in thresholds),
        *(f"--{name}={value}" for name, value in passed_on.items() if value is not None),
        *(["--all-tls"] if all_tls else []),
    ]
    if capture["interfaces"]:
        serve_live(live_options(words, file is not None or follow, **capture), arguments, host, port)
        return
    path = file or (words[0] if words else None)
    if path is None or len(words) + (file is not None) > 1:
        raise WsinspectError("name one capture file, or an interface with -i", "wsinspect serve --help tells more")
    serve_file(path, [*arguments, *(["--follow"] if follow else [])], host, port)


@cli.command("config", short_help="Show the settings in force, and where each comes from.")
@click.option("--path", "only_path", is_flag=True, help="Print only where the settings file is, or would be.")
@config_option
def config_command(only_path: bool, config: str | None) -> None:
    """Print the settings in force as TOML, each with where it comes from. docs/settings.md explains them."""
    if only_path:
        from wsinspect.settings.read import settings_path

        click.echo(settings_path(config))
        return
    from wsinspect.settings.show import effective
    from wsinspect.tui.preferences import checked_keys

    loaded = loaded_settings(config)
    click.echo(effective(loaded, checked_keys(loaded)), nl=False)


@cli.command("completion", short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script of SHELL; for bash: eval "$(wsinspect completion bash)"."""
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(cli, {}, "wsinspect", "_WSINSPECT_COMPLETE").source())


def is_pipe(path: str) -> bool:
    """Whether the capture comes from a program that is still running."""
    try:
        return stat.S_ISFIFO((os.fstat(0) if path == "-" else os.stat(path)).st_mode)
    except OSError:
        return False


def main(arguments: list[str] | None = None) -> Any:
    """Run the command; trouble that the user or the environment caused is one line on standard error."""
    look_seldom()
    try:
        return sys.exit(cli.main(args=arguments, prog_name="wsinspect", standalone_mode=False))
    except WsinspectError as error:
        # A hint may have more lines: what to do, what else, or the place in a filter.
        message = error.message.replace("\n", " ")
        joint = "" if error.hint.startswith("\n") else ": "
        _complain(f"{message}{joint}{error.hint}" if error.hint else message, error.exit_status)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "wsinspect"
        _complain(f"{error.format_message().rstrip('.')}: {command} --help tells more", 2)
    except click.Abort:
        _complain("interrupted", 130)
    except BrokenPipeError:
        # Whoever read has seen enough (`| head`); the interpreter must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _complain(text: str, exit_status: int) -> None:
    from wsinspect.escape import terminal  # file names may be anybody's

    click.echo("wsinspect: " + "\n".join(terminal(line) for line in text.split("\n")), err=True)
    sys.exit(exit_status)
