"""Packets through libpcap, as Scapy binds it, with the loop in C: no Python code runs for a packet going to a file.

`pcap_dispatch` gets the address of libpcap's own `pcap_dump` as its callback, which writes classic pcap with
nanoseconds: into the file itself (pcap_drain.py), or into memory on the way to pcapng (pcapng_drain.py).
"""

import ctypes
import struct
from typing import Any, Final

from wsinspect.capture.live.settings import SNAP_LENGTH, Settings
from wsinspect.errors import WsinspectError

BUFFER_SIZE: Final = 128 * 1024 * 1024
"""Of the kernel's rings, all interfaces together. libpcap's own 2 MiB last for 10 ms of a busy link; 64 MiB lost one
packet of a burst at top speed while the machine had more to do than processors."""
TIMEOUT_MS: Final = 50
"""How long the kernel may gather packets before it shows them."""
PCAP_FILE_HEADER: Final = 24
RECORD: Final = struct.Struct("=IIII")
"""What stands before a packet: seconds, fraction, captured and wire length, in the machine's byte order."""

_NANO: Final = 1  # PCAP_TSTAMP_PRECISION_NANO
_NO_SUCH_DEVICE, _PERMISSION, _NOT_UP, _PROMISCUOUS_PERMISSION = -5, -8, -9, -11


def available() -> bool:
    """Whether there is a libpcap."""
    try:
        library()
    except OSError:
        return False
    return True


def library() -> Any:
    """Scapy's binding of libpcap. Raises OSError without one."""
    from scapy.libs import winpcapy  # in spite of its name, on all systems

    return winpcapy


class Handle:
    """An open interface."""

    def __init__(self, interface: str, settings: Settings) -> None:
        """Raises `WsinspectError`, or PermissionError when the interface may not be opened."""
        self.interface = interface
        self._pcap = pcap = library()
        self.unit = 1000
        """Nanoseconds per unit of a timestamp's fraction."""
        self._error = ctypes.create_string_buffer(pcap.PCAP_ERRBUF_SIZE)
        self.pointer = pcap.pcap_create(interface.encode(), self._error)
        if not self.pointer:
            raise WsinspectError(f"cannot open {interface} ({_text(self._error.value)})")
        try:
            self._activate(settings)
            self._set_filter(settings.filter)
        except BaseException:
            pcap.pcap_close(self.pointer)
            raise
        self.descriptor = int(pcap.pcap_get_selectable_fd(self.pointer))
        # The C function itself, wrapped as the type that pcap_dispatch takes.
        self._dump = pcap.pcap_handler(ctypes.cast(pcap.pcap_dump, ctypes.c_void_p).value)
        self._dropped = 0

    def _activate(self, settings: Settings) -> None:
        pcap, pointer = self._pcap, self.pointer
        pcap.pcap_set_snaplen(pointer, SNAP_LENGTH)
        pcap.pcap_set_promisc(pointer, int(settings.promiscuous and self.interface != "any"))
        pcap.pcap_set_timeout(pointer, TIMEOUT_MS)
        pcap.pcap_set_buffer_size(pointer, BUFFER_SIZE // len(settings.interfaces))
        # Scapy does not bind this one. Who has no nanoseconds goes on with microseconds, and says so in the file.
        self.unit = 1 if pcap._lib.pcap_set_tstamp_precision(pointer, _NANO) == 0 else 1000
        status = pcap.pcap_activate(pointer)
        if status < 0:
            reason = _text(pcap.pcap_geterr(pointer)) or _text(pcap.pcap_statustostr(status))
            if status in (_PERMISSION, _PROMISCUOUS_PERMISSION):
                raise PermissionError(reason)
            if status == _NO_SUCH_DEVICE:
                raise WsinspectError(f"there is no interface {self.interface}", "wsinspect interfaces lists them")
            if status == _NOT_UP:
                raise WsinspectError(f"{self.interface} is down", f"bring it up: ip link set {self.interface} up")
            raise WsinspectError(f"cannot open {self.interface} ({reason})")
        if pcap.pcap_setnonblock(pointer, 1, self._error) != 0:
            raise WsinspectError(f"cannot open {self.interface} ({_text(self._error.value)})")

    def _set_filter(self, text: str) -> None:
        if not text:
            return
        pcap = self._pcap
        program = pcap.bpf_program()
        if pcap.pcap_compile(self.pointer, ctypes.byref(program), text.encode(), 1, -1) != 0:
            raise bad_filter(text, _text(pcap.pcap_geterr(self.pointer)))
        failed = pcap.pcap_setfilter(self.pointer, ctypes.byref(program)) != 0
        pcap.pcap_freecode(ctypes.byref(program))
        if failed:
            raise bad_filter(text, _text(pcap.pcap_geterr(self.pointer)))

    def dispatch(self, limit: int, dumper: Any) -> int:
        """Hand up to `limit` packets that are there to `dumper`; how many. Raises `WsinspectError`."""
        user = ctypes.cast(dumper, ctypes.POINTER(self._pcap.u_char))
        count = int(self._pcap.pcap_dispatch(self.pointer, limit, self._dump, user))
        if count < 0:
            raise WsinspectError(f"{self.interface}: {_text(self._pcap.pcap_geterr(self.pointer))}")
        return count

    def dropped(self) -> int:
        """Packets that the kernel's ring or the interface had no room for, so far."""
        statistics = self._pcap.pcap_stat()
        if self._pcap.pcap_stats(self.pointer, ctypes.byref(statistics)) == 0:
            self._dropped = (statistics.ps_drop & 0xFFFFFFFF) + (statistics.ps_ifdrop & 0xFFFFFFFF)
        return self._dropped

    def dump_to(self, file: int) -> Any:
        """A dumper that writes to a C FILE; it begins with the file header."""
        pcap = self._pcap
        open_dumper = pcap._lib.pcap_dump_fopen  # Scapy does not bind this one
        open_dumper.restype = ctypes.POINTER(pcap.pcap_dumper_t)
        open_dumper.argtypes = [ctypes.POINTER(pcap.pcap_t), ctypes.c_void_p]
        dumper = open_dumper(self.pointer, file)
        if not dumper:
            reason = _text(pcap.pcap_geterr(self.pointer))
            raise WsinspectError(f"{self.interface} cannot be written to a file ({reason})")
        return dumper


def bad_filter(text: str, reason: str) -> WsinspectError:
    """The message for a filter that libpcap does not take."""
    return WsinspectError(
        f"the filter {text!r} is not understood ({reason})", "man pcap-filter; for example: tcp port 8080"
    )


def c_library() -> ctypes.CDLL:
    """What of the C library works on FILEs."""
    libc = ctypes.CDLL(None, use_errno=True)
    pointer = ctypes.c_void_p
    libc.fopen.argtypes, libc.fopen.restype = [ctypes.c_char_p, ctypes.c_char_p], pointer
    libc.open_memstream.argtypes, libc.open_memstream.restype = [pointer, pointer], pointer
    libc.setvbuf.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t]
    libc.fseek.argtypes = [pointer, ctypes.c_long, ctypes.c_int]
    libc.fflush.argtypes = libc.ferror.argtypes = libc.fileno.argtypes = [pointer]
    return libc


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace").strip()
