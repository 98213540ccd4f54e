"""One interface into a pcap file: `pcap_dump` writes it, Python only looks after it."""

import ctypes
import errno
import os
from typing import Final

from wsinspect.capture.live.drain import BURST
from wsinspect.capture.live.libpcap import PCAP_FILE_HEADER, RECORD, Handle, c_library, library
from wsinspect.capture.live.output import OutputFiles, no_room
from wsinspect.capture.live.settings import SNAP_LENGTH
from wsinspect.errors import WsinspectError

FILE_BUFFER: Final = 128 * 1024
"""Bytes that go to the kernel in one piece."""


class PcapDrain:
    """One interface into a pcap file, or into a ring of them."""

    pause = 0.0

    def __init__(self, handle: Handle, files: OutputFiles) -> None:
        self.descriptors = [handle.descriptor]
        self._handle = handle
        self._files = files
        self._pcap = library()
        self._libc = c_library()
        self._received = 0
        self._sound = (0, 0)  # of the current file: the size, and of the capture: the packets, at the last sound flush
        self._lost = 0
        # A file of a ring grows by a part of its size only between two looks.
        self.full = BURST if files.file_size is None else min(BURST, max(16, files.file_size // SNAP_LENGTH))
        self._begin()

    def drain(self, limit: int) -> int:
        file_size = self._files.file_size
        if file_size is not None and self._pcap.pcap_dump_ftell(self._dumper) >= file_size:
            self._end()
            self._begin()
        count = self._handle.dispatch(min(limit, self.full), self._dumper)
        self._received += count
        return count

    def flush(self) -> None:
        # ferror: libpcap does not say when a packet could not be written, and writes none after it.
        if self._pcap.pcap_dump_flush(self._dumper) != 0 or self._libc.ferror(self._file):
            raise self._repaired()
        self._sound = int(self._pcap.pcap_dump_ftell(self._dumper)), self._received

    def dropped(self) -> int:
        return self._handle.dropped()

    def kept(self) -> int:
        return self._received - self._lost

    def close(self) -> None:
        self._end()

    def _begin(self) -> None:
        path = self._files.next()
        self._file = self._libc.fopen(os.fsencode(path), b"wb")
        if not self._file:
            raise WsinspectError(f"cannot write to {path} ({os.strerror(ctypes.get_errno())})")
        self._libc.setvbuf(self._file, None, 0, FILE_BUFFER)  # 0: full buffering
        self._dumper = self._handle.dump_to(self._file)
        self._sound = PCAP_FILE_HEADER, self._received
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
                record = os.pread(file.fileno(), RECORD.size, whole)
                if len(record) < RECORD.size or whole + RECORD.size + RECORD.unpack(record)[2] > end:
                    break
                whole += RECORD.size + int(RECORD.unpack(record)[2])
                packets += 1
            file.truncate(min(whole, end))
        self._lost = self._received - packets
        return no_room(path, error)
