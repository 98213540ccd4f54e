"""Packets through libpcap, as Scapy binds it, with the loop in C: no Python code runs for a packet going to a file.

`pcap_dispatch` gets the address of libpcap's own `pcap_dump` as its callback. What that writes is a classic pcap file
with nanoseconds, which is all that one interface needs. Several interfaces share one pcapng file: there `pcap_dump`
writes into memory and Python puts each packet into its block, 1.3 µs a packet that one interface is spared.
"""

import bisect
import ctypes
import errno
import os
import struct
import time
from collections.abc import Sequence
from typing import Any, Final

from wsinspect.capture.live.output import OutputFiles, no_room
from wsinspect.capture.live.pcapng_writer import LinkInfo, PcapngWriter, packet_block
from wsinspect.capture.live.settings import SNAP_LENGTH, Settings
from wsinspect.errors import WsinspectError

BUFFER_SIZE: Final = 64 * 1024 * 1024
"""Of the kernel's ring per interface. The 2 MiB that libpcap takes by default last for 10 ms of a busy link."""
TIMEOUT_MS: Final = 50
"""How long the kernel may gather packets before it shows them."""
HOLD_NS: Final = 2 * TIMEOUT_MS * 1_000_000
"""How long packets wait for older ones of another interface: each shows its packets up to TIMEOUT_MS late."""
FILE_BUFFER: Final = 128 * 1024
"""Bytes that go to the kernel in one piece."""
MEMORY_BURST: Final = 2000
"""Packets gathered in memory for pcapng: with the largest packets of a loopback interface, 128 MiB."""

_NANO: Final = 1  # PCAP_TSTAMP_PRECISION_NANO
_PCAP_FILE_HEADER: Final = 24
_LINK_TYPE: Final = struct.Struct("=I")  # at 20 in the file header, libpcap writes in the machine's order
_RECORD: Final = struct.Struct("=IIII")
_NO_SUCH_DEVICE, _PERMISSION, _NOT_UP, _PROMISCUOUS_PERMISSION = -5, -8, -9, -11


def available() -> bool:
    """Whether there is a libpcap."""
    try:
        _library()
    except OSError:
        return False
    return True


def _library() -> Any:
    from scapy.libs import winpcapy  # it is libpcap's binding on all systems; raises OSError without one

    return winpcapy


class Handle:
    """An open interface."""

    def __init__(self, interface: str, settings: Settings) -> None:
        """Raises `WsinspectError`, or PermissionError when the interface may not be opened."""
        self.interface = interface
        self._pcap = pcap = _library()
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
        pcap.pcap_set_buffer_size(pointer, BUFFER_SIZE)
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


class PcapDrain:
    """One interface into a pcap file, or into a ring of them."""

    pause = 0.0

    def __init__(self, handle: Handle, files: OutputFiles) -> None:
        self.descriptors = [handle.descriptor]
        self._handle = handle
        self._files = files
        self._pcap = _library()
        self._libc = _libc()
        self._received = 0
        self._sound = (0, 0)  # of the current file: the size, and of the capture: the packets, at the last sound flush
        self._lost = 0
        self._begin()

    def drain(self, limit: int) -> int:
        file_size = self._files.file_size
        if file_size is not None:
            if self._pcap.pcap_dump_ftell(self._dumper) >= file_size:
                self._end()
                self._begin()
            # A file grows by a part of its size only before the next look.
            limit = min(limit, max(16, file_size // SNAP_LENGTH))
        count = self._handle.dispatch(limit, self._dumper)
        self._received += count
        return count

    def flush(self) -> None:
        # ferror: libpcap does not say when a packet could not be written, and writes none after it.
        if self._pcap.pcap_dump_flush(self._dumper) != 0 or self._libc.ferror(self._file):
            raise self._repaired()
        self._sound = int(self._pcap.pcap_dump_ftell(self._dumper)), self._received

    def dropped(self) -> int:
        return self._handle.dropped()

    def lost(self) -> int:
        return self._lost

    def close(self) -> None:
        self._end()

    def _begin(self) -> None:
        path = self._files.next()
        self._file = self._libc.fopen(os.fsencode(path), b"wb")
        if not self._file:
            raise WsinspectError(f"cannot write to {path} ({os.strerror(ctypes.get_errno())})")
        self._libc.setvbuf(self._file, None, 0, FILE_BUFFER)  # 0: full buffering
        self._dumper = _dump_to(self._handle, self._file)
        self._sound = _PCAP_FILE_HEADER, self._received
        self.flush()

    def _end(self) -> None:
        if self._dumper:
            self.flush()
            self._pcap.pcap_dump_close(self._dumper)
            self._dumper = None

    def _repaired(self) -> WsinspectError:
        """Cut what the full disk took half of, so that the file ends with a whole packet; the message to raise."""
        path = self._files.path
        error = OSError(errno.EIO, os.strerror(errno.EIO))
        # What the C library still holds must not come behind the end that we cut.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._libc.fileno(self._file))
        os.close(nowhere)
        self._pcap.pcap_dump_close(self._dumper)
        self._dumper = None
        with open(path, "r+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            try:
                # It has kept the reason to itself, too; the disk will say it again, if need be after taking a part.
                for _ in range(2):
                    file.write(bytes(FILE_BUFFER))
            except OSError as reason:
                error = reason
            whole, packets = self._sound
            while True:
                record = os.pread(file.fileno(), _RECORD.size, whole)
                if len(record) < _RECORD.size or whole + _RECORD.size + _RECORD.unpack(record)[2] > end:
                    break
                whole += _RECORD.size + int(_RECORD.unpack(record)[2])
                packets += 1
            file.truncate(min(whole, end))
        self._lost = self._received - packets
        return no_room(path, error)


class PcapngDrain:
    """Several interfaces into one pcapng file, or one interface for who wants that format."""

    pause = 0.0

    def __init__(self, handles: Sequence[Handle], files: OutputFiles, filter_: str) -> None:
        self.descriptors = [handle.descriptor for handle in handles]
        self._memories = [_Memory(handle) for handle in handles]
        self._received = [0] * len(handles)
        self._held: list[tuple[int, bytes]] = []
        links = [
            LinkInfo(handle.interface, memory.link_type) for handle, memory in zip(handles, self._memories, strict=True)
        ]
        self._writer = PcapngWriter(files, links, filter_)

    def drain(self, limit: int) -> int:
        taken = 0
        for number, memory in enumerate(self._memories):
            found = memory.take(number, min(limit - taken, MEMORY_BURST))
            self._received[number] += len(found)
            taken += len(found)
            self._held += found
        self._write(time.time_ns() - HOLD_NS if len(self._memories) > 1 else 0)
        return taken

    def _write(self, until_ns: int) -> None:
        """Write what is held in the order of time, except what passed after `until_ns`, if that is not 0."""
        if not self._held:
            return
        rest = 0
        if len(self._memories) > 1:
            self._held.sort(key=_time)
            if until_ns:
                rest = len(self._held) - bisect.bisect_right(self._held, until_ns, key=_time)
                # Times beyond now come from a clock that was set back: there is nothing to wait for.
                if self._held[-1][0] > until_ns + 2 * HOLD_NS:
                    rest = 0
        split = len(self._held) - rest
        blocks = b"".join([block for _, block in self._held[:split]])
        del self._held[:split]
        if blocks:
            self._writer.write(blocks)

    def flush(self) -> None:
        """Every write went to the kernel at once."""

    def dropped(self) -> int:
        counts = [(self._received[number], memory.handle.dropped()) for number, memory in enumerate(self._memories)]
        self._writer.statistics(counts)
        return sum(dropped for _, dropped in counts)

    def lost(self) -> int:
        return self._writer.lost

    def close(self) -> None:
        try:
            self._write(0)
        finally:
            self._writer.close()


class _Memory:
    """A pcap "file" in memory that one interface writes to."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle
        self._libc = _libc()
        self._address = ctypes.c_void_p()
        self._size = ctypes.c_size_t()
        self._file = self._libc.open_memstream(ctypes.byref(self._address), ctypes.byref(self._size))
        self._dumper = _dump_to(handle, self._file)
        # libpcap's own DLT numbers differ from the LINKTYPE numbers of files; its file header has the right one.
        self.link_type = int(_LINK_TYPE.unpack_from(self._content(), 20)[0]) & 0xFFFF

    def take(self, interface: int, limit: int) -> list[tuple[int, bytes]]:
        """The times of the packets that are there, and their blocks as the interface of that number."""
        packets: list[tuple[int, bytes]] = []
        if limit <= 0 or not self.handle.dispatch(limit, self._dumper):
            return packets
        data = self._content()
        position, end = 0, len(data)
        unpack, size, unit = _RECORD.unpack_from, _RECORD.size, self.handle.unit
        while position < end:
            seconds, fraction, captured, wire_length = unpack(data, position)
            position += size
            time_ns = seconds * 1_000_000_000 + fraction * unit
            packets.append(
                (time_ns, packet_block(interface, time_ns, data[position : position + captured], wire_length))
            )
            position += captured
        return packets

    def _content(self) -> bytes:
        self._libc.fflush(self._file)
        content = ctypes.string_at(self._address, self._size.value)
        self._libc.fseek(self._file, 0, os.SEEK_SET)
        return content


def bad_filter(text: str, reason: str) -> WsinspectError:
    """The message for a filter that libpcap does not take."""
    return WsinspectError(
        f"the filter {text!r} is not understood ({reason})", "man pcap-filter; for example: tcp port 8080"
    )


def _time(packet: tuple[int, bytes]) -> int:
    return packet[0]


def _dump_to(handle: Handle, file: int) -> Any:
    """A dumper of `handle` that writes to a C FILE."""
    pcap = _library()
    open_dumper = pcap._lib.pcap_dump_fopen  # Scapy does not bind this one
    open_dumper.restype = ctypes.POINTER(pcap.pcap_dumper_t)
    open_dumper.argtypes = [ctypes.POINTER(pcap.pcap_t), ctypes.c_void_p]
    dumper = open_dumper(handle.pointer, file)
    if not dumper:
        raise WsinspectError(
            f"{handle.interface} cannot be written to a file ({_text(pcap.pcap_geterr(handle.pointer))})"
        )
    return dumper


def _libc() -> ctypes.CDLL:
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
