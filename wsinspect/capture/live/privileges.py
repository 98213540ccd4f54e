"""Giving up what only opening an interface needed: the user root, groups, capabilities.

Linux has capabilities (capabilities(7), prctl(2)); elsewhere changing the user is all there is to do.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import signal
import struct
import sys
from typing import Final, NamedTuple

from wsinspect.errors import WsinspectError

_LINUX: Final = sys.platform == "linux"
CAP_DAC_OVERRIDE: Final = 1
_CAPABILITY_VERSION_3: Final = 0x20080522
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4


class User(NamedTuple):
    """Whom a process started as root works for."""

    uid: int
    gid: int


def invoking_user(name: str | None = None) -> User | None:
    """The user `name` (or number), else who called sudo; None when the process is not root, or root works for itself.

    Raises `WsinspectError` when `name` is not known, or cannot be become.
    """
    if name is not None:
        user = _named(name)
        if os.geteuid() != 0 and user.uid != os.geteuid():
            raise WsinspectError(f"only root can become the user {name}", "leave --user away, or use sudo")
        return user if os.geteuid() == 0 else None
    if os.geteuid() != 0:
        return None
    try:
        uid, gid = int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
    except (KeyError, ValueError):
        return None
    return User(uid, gid) if uid else None


def _named(name: str) -> User:
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except KeyError:
        raise WsinspectError(f"there is no user {name}", "check the name, or leave --user away") from None
    return User(entry.pw_uid, entry.pw_gid)


def drop_privileges(user: User | None) -> None:
    """Become `user` without groups and capabilities, for good: programs started later cannot gain any either.

    Without a user, root stays root because it works for itself, but of all its powers it keeps only that of writing
    files where root may. Threads started before are not affected: call it first. Raises OSError if the system refuses.
    """
    if user is not None:
        os.setgroups([])
        os.setgid(user.gid)
        os.setuid(user.uid)  # from root, these are the real, effective and saved ids at once
    if not _LINUX:
        return
    keep = 1 << CAP_DAC_OVERRIDE if os.geteuid() == 0 else 0
    with contextlib.suppress(OSError):  # Linux before 4.3 has no ambient capabilities
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _set_capabilities(keep & _permitted())
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def can_import(user: User) -> bool:
    """Whether `user` could read the code of this program and of Scapy: not, for example, below root's home directory.

    Then whatever may be needed has to be imported before `drop_privileges`.
    """
    places = [os.__file__, __file__]
    scapy = importlib.util.find_spec("scapy")
    if scapy is not None and scapy.origin is not None:
        places.append(scapy.origin)
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
            status = 0 if all(os.access(place, os.R_OK) for place in places) else 1
        os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def die_with_parent(parent: int) -> None:
    """SIGTERM when the process `parent` is gone, or now if it is gone already. Call it after dropping privileges, which
    resets it. The pipe to the parent says the same; this also works while the process is stuck in a slow disk."""
    if _LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _permitted() -> int:
    # As bytes: a codec would perhaps have to be loaded from where the new user may not read.
    with open("/proc/self/status", "rb") as status:
        for text in status:
            if text.startswith(b"CapPrm:"):
                return int(text.split()[1], 16)
    return 0


def _set_capabilities(mask: int) -> None:
    """Effective and permitted become `mask`, inheritable nothing."""
    low, high = mask & 0xFFFFFFFF, mask >> 32
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _check(_libc().capset(header, struct.pack("=6I", low, low, 0, high, high, 0)))


def _prctl(option: int, value: int) -> None:
    _check(_libc().prctl(option, *(ctypes.c_ulong(argument) for argument in (value, 0, 0, 0))))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
