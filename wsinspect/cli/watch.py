"""`wsinspect FILE` and `wsinspect -i`: the screen, and how it is left."""

import importlib
import pkgutil
from contextlib import closing, suppress

import rich
import textual

from wsinspect.capture.live.capture import LiveCapture
from wsinspect.cli.live import LiveOptions, abandon, begin_capture, import_all, say_where
from wsinspect.cli.signals import EndSignals
from wsinspect.codebooks.own import user_library
from wsinspect.diagnosis.timers import Timers, with_user_timers
from wsinspect.keys import TlsOptions
from wsinspect.settings.read import Loaded
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.live_source import LiveSource
from wsinspect.tui.source import FollowedSource, open_source
from wsinspect.tui.terminal import Terminal, need_terminal


def watch_file(
    path: str, loaded: Loaded, tls: TlsOptions, max_connections: int | None, display_filter: str, *, follow: bool
) -> int:
    """Inspect a capture, and what is added to it if `follow`; returns the exit status.

    Raises `WsinspectError`, before the screen starts, if it cannot be opened.
    """
    open_ = FollowedSource if follow else open_source
    with (
        EndSignals() as signals,
        closing(open_(path, _timers(loaded), tls, loaded.settings.thresholds, user_library(loaded.settings))) as source,
    ):
        need_terminal()
        app = WsinspectApp(source, loaded, max_connections, display_filter)
        signals.lead_to(app.leave, Terminal().restore)
        app.run()
        return app.return_code or 0


def watch_live(options: LiveOptions, loaded: Loaded, tls: TlsOptions, max_connections: int, display_filter: str) -> int:
    """Capture, and look at it on the screen; returns the exit status."""
    codebooks = user_library(loaded.settings)
    need_terminal()
    with EndSignals() as signals, begin_capture(options, _import_all) as capture:
        source = LiveSource(capture, _timers(loaded), tls, loaded.settings.thresholds, codebooks)
        app = WsinspectApp(source, loaded, max_connections, display_filter)
        terminal = Terminal()

        def end_at_once() -> None:
            terminal.restore()
            abandon(capture)

        signals.lead_to(app.leave, end_at_once)
        app.run()
        _finish(capture, crashed=bool(app.return_code))
        return app.return_code or 0


def _import_all() -> None:
    """Load what the screens may need: Textual and Rich load their parts, and parts of Python, as they are used.

    One that is missing leaves the screen blank: Rich, for one, has a module for each version of Unicode.
    """
    import_all()
    for package in (textual, rich):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(("textual.demo", "textual.__main__", "rich.__main__")):
                with suppress(ImportError):  # what is for other systems
                    importlib.import_module(module.name)


def _timers(loaded: Loaded) -> Timers:
    return with_user_timers(loaded.settings.timers, loaded.settings.lifetimes)


def _finish(capture: LiveCapture, *, crashed: bool) -> None:
    if crashed:
        capture.keep = True  # a bug of ours must not cost the user what was captured
    capture.stop()
    say_where(capture)
