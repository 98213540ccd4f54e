"""The capture process: opens the interfaces, gives up every right it does not need, and drains them into a file.

Started as `python -m wsinspect.capture.live.child SETTINGS PARENT`; imports next to nothing, so that it is small and
there within a moment. Standard input is the leash: when the parent closes it, or dies, the capture ends. Standard
output carries the lines of `settings.py`.
"""

import contextlib
import os
import select
import signal
import sys
from types import FrameType
from typing import Any, Final

from wsinspect.capture.live import dumpcap, libpcap
from wsinspect.capture.live.drain import Drain, Loop, raise_priority
from wsinspect.capture.live.output import OutputFiles
from wsinspect.capture.live.pcap_drain import PcapDrain
from wsinspect.capture.live.pcapng_drain import PcapngDrain
from wsinspect.capture.live.privileges import User, die_with_parent, drop_privileges
from wsinspect.capture.live.settings import COUNTS, FAILED, FILE, READY, STOPPED, Method, Settings, line
from wsinspect.errors import WsinspectError

_CONTROL: Final = 0
_ANSWERS: Final = 1
_PATIENCE_MS: Final = 1000
"""For a parent that does not read: the counters can be left out, the rest cannot."""
_SUFFIXES: Final = (".pcapng", ".ntar")
"""Files named so get that format even from one interface."""


def say(kind: str, **fields: Any) -> None:
    """Tell the parent; a parent that is gone or stuck is no reason to stop."""
    message = line(kind, **fields)
    with contextlib.suppress(OSError):
        if kind != COUNTS:
            poller = select.poll()
            poller.register(_ANSWERS, select.POLLOUT)
            poller.poll(_PATIENCE_MS)
        os.write(_ANSWERS, message)


def open_drain(settings: Settings) -> tuple[Method, Drain]:
    """Open the interfaces, become who we shall be, make the file: in this order, so that the file is that user's.

    Raises `WsinspectError`, or PermissionError when the interfaces may not be opened.
    """
    method = settings.method
    if method is Method.AUTO:
        method = Method.LIBPCAP if libpcap.available() else Method.RAW
    if method is Method.LIBPCAP:
        if not libpcap.available():
            raise WsinspectError("libpcap is not installed", "install libpcap, or use --capture-with raw")
        handles = [libpcap.Handle(interface, settings) for interface in settings.interfaces]
        give_up_rights(settings)
        if len(handles) == 1 and not (settings.path or "").endswith(_SUFFIXES):
            return method, PcapDrain(handles[0], output(settings, ".pcap"))
        return method, PcapngDrain(handles, output(settings, ".pcapng"), settings.filter)
    if method is Method.RAW:
        if sys.platform != "linux":
            raise WsinspectError("only Linux has this raw socket", "use --capture-with libpcap")
        from wsinspect.capture.live import rawsocket  # Scapy's sockets cost 40 MB, which the other ways do not need

        sockets = [rawsocket.RawSocket(interface, settings) for interface in raw_interfaces(settings)]
        give_up_rights(settings)
        return method, rawsocket.RawDrain(sockets, output(settings, ".pcapng"), settings.filter)
    # dumpcap has rights of its own, if any: it must be started before we forbid ourselves to gain some.
    drain = dumpcap.DumpcapDrain(settings)
    give_up_rights(settings)
    drain.write_to(output(settings, ".pcapng"))
    return method, drain


def give_up_rights(settings: Settings) -> None:
    """The sockets are open: nothing else needs to be allowed."""
    user = User(settings.uid, settings.gid) if settings.uid is not None and settings.gid is not None else None
    drop_privileges(user)


def raw_interfaces(settings: Settings) -> list[str]:
    """The raw socket knows no `any`: a socket for each interface that is up."""
    from wsinspect.capture.live.interfaces import ANY, names_up

    return names_up() if ANY in settings.interfaces else list(settings.interfaces)


def output(settings: Settings, suffix: str) -> OutputFiles:
    """The files to write, each announced to the parent."""
    interface = "+".join(settings.interfaces)
    return OutputFiles(settings.path, suffix, interface, settings.file_size, lambda path: say(FILE, path=path))


def main(arguments: list[str]) -> int:
    """The whole life of the process; its exit status."""
    settings = Settings.decode(arguments[0])
    os.umask(0o077)
    os.set_blocking(_ANSWERS, False)
    raise_priority()
    try:
        method, drain = open_drain(settings)
    except PermissionError as error:
        say(FAILED, message=str(error), hint="", permission=True)
        return 1
    except (WsinspectError, OSError) as error:
        hint = error.hint if isinstance(error, WsinspectError) else ""
        message = error.message if isinstance(error, WsinspectError) else str(error)
        say(FAILED, message=message, hint=hint, permission=False)
        return 1
    loop = Loop(drain, _CONTROL, lambda received, dropped: say(COUNTS, received=received, dropped=dropped))

    def stop(_number: int, _frame: FrameType | None) -> None:
        loop.stop()

    signal.signal(signal.SIGTERM, stop)
    # The terminal's signals are for the parent, which then says what to do.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    die_with_parent(int(arguments[1]))
    say(READY, method=method)
    trouble: WsinspectError | None = None
    try:
        loop.run(settings.max_packets, settings.max_seconds)
    except WsinspectError as error:
        trouble = error
    dropped = 0
    try:
        dropped = drain.dropped()
    except WsinspectError as error:
        trouble = trouble or error
    try:
        drain.close()
    except WsinspectError as error:
        trouble = trouble or error
    say(COUNTS, received=drain.kept(), dropped=dropped)
    if trouble is not None:
        say(STOPPED, message=trouble.message, hint=trouble.hint)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
