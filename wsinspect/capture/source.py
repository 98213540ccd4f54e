"""Opens a capture and hands out its packets: all the reading from files and standard input is here."""

import io
import itertools
import os
import stat
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from wsinspect.capture import compression
from wsinspect.capture.compression import GzipDecoder
from wsinspect.capture.follow import PULSE, Follow
from wsinspect.capture.formats import MAGIC_LENGTH, Parser, parser_for
from wsinspect.capture.packet import Interface, Origin, Packet
from wsinspect.capture.records import Read
from wsinspect.errors import WsinspectError
from wsinspect.spool import Spool

STANDARD_INPUT = "-"
READ_SIZE = 128 * 1024
"""Measured best: with 1 MiB, which falls out of the processor's cache, reading takes up to twice the time."""
BATCH_SIZE = 4096

_STDIN_FILENO = 0


class CaptureReader:
    """The packets of one capture, once, in file order. Use as a context manager, or `close` it.

    Content never raises: what is wrong with the file ends the iteration and is text in `problems`.
    """

    def __init__(self, source: "_Source", parser: Parser, spool: Spool | None) -> None:
        self.format = parser.format
        """`pcap` or `pcapng`."""
        self.packets = 0
        """Handed out so far."""
        self._source = source
        self._parser = parser
        self._spool = spool

    @property
    def problems(self) -> list[str]:
        """Where and why reading stopped before the end; empty for a sound capture."""
        return self._source.problems + self._parser.problems

    @property
    def dropped(self) -> int | None:
        """Packets the capturing program says it lost, None if the file does not say."""
        return self._parser.dropped

    @property
    def received(self) -> int | None:
        """Packets taken from the kernel, None unless this is a live capture of ours."""
        return None

    @property
    def behind(self) -> int | None:
        """Bytes captured and not read yet, None unless this is a live capture of ours."""
        return None

    @property
    def secrets(self) -> list[bytes]:
        """The TLS key logs of the file (pcapng Decryption Secrets Blocks) seen so far."""
        return self._parser.secrets

    @property
    def end_ns(self) -> int:
        """Until when the packets were captured, which the file may say at its end; 0 if it does not."""
        return self._parser.end_ns

    @property
    def position(self) -> int:
        """Bytes of the input consumed so far, to be compared with `size` (so of the compressed file, for gzip)."""
        return self._source.position

    @property
    def size(self) -> int | None:
        """Bytes of the input; None for a pipe, and for a file that is followed."""
        return self._source.size

    def __iter__(self) -> Iterator[Packet]:
        for batch in self.batches():
            yield from batch

    def batches(self, count: int = BATCH_SIZE) -> Iterator[list[Packet]]:
        """The same packets in lists of 1 to `count`, which come as soon as the input has them.

        While an input that is followed brings nothing, an empty list comes every PULSE seconds.
        """
        for chunk in self._source.chunks:
            if not chunk and self._source.followed:
                yield []
                continue
            if self._spool is not None:
                self._spool.write(chunk)
            yield from self._cut(self._parser.feed(chunk), count)
            if self._parser.over:
                return
        yield from self._cut(self._parser.finish(self._source.end), count)

    def packet_at(self, offset: int, number: int) -> Packet:
        """A packet of the pass again, by its `offset`; also while the pass goes on, and from another thread.

        Needs a plain file, or `random_access=True` when opened. Raises `WsinspectError` if the file has changed.
        """
        return self._parser.packet_at(self._read_again, offset, number)

    def origin_at(self, offset: int) -> Origin:
        """What else the file says about a packet of the pass; as `packet_at`."""
        return self._parser.origin_at(self._read_again, offset)

    def interface(self, number: int) -> Interface:
        """What the file says about an interface that an `Origin` names; as `packet_at`."""
        return self._parser.interface(self._read_again, number)

    def close(self) -> None:
        self._source.close()
        if self._spool is not None:
            self._spool.close()

    def __enter__(self) -> "CaptureReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def is_at(self, path: str) -> bool:
        """Whether `path` leads to the file that is read."""
        return self._source.is_at(path)

    @property
    def _read_again(self) -> Read:
        return self._spool.read if self._spool is not None else self._source.read_again

    def _cut(self, packets: list[Packet], count: int) -> Iterator[list[Packet]]:
        for start in range(0, len(packets), count):
            batch = packets if len(packets) <= count else packets[start : start + count]
            self.packets += len(batch)
            yield batch


class _Source:
    """The plain bytes of a file or pipe, unpacked if they are gzip."""

    def __init__(self, file: io.FileIO, name: str, follow: Follow | None) -> None:
        self.problems: list[str] = []
        self.position = 0
        self._file = file
        self._name = name
        self._follow = follow
        self._begun = False
        status = os.fstat(file.fileno())
        self._is_file = stat.S_ISREG(status.st_mode)
        self.size = status.st_size if self._is_file and follow is None else None
        # Standard input may be a file that somebody else has read the beginning of: its offsets are not ours.
        self._is_whole_file = self._is_file and file.tell() == 0
        raw = self._raw()
        first = next(raw, b"")
        while 0 < len(first) < len(compression.MAGIC):
            more = next(raw, b"")
            if not more:
                break
            first += more
        raw = itertools.chain([first], raw)
        self.is_gzip = first.startswith(compression.MAGIC)
        plain = self._unpack(raw) if self.is_gzip else raw
        self.head = b""
        """The first bytes: enough to tell the format, unless the input is shorter."""
        for chunk in plain:
            self.head += chunk
            if len(self.head) >= MAGIC_LENGTH:
                break
        self.chunks: Iterator[bytes] = itertools.chain([self.head], plain)
        self._begun = True

    @property
    def followed(self) -> bool:
        """Whether an empty chunk means: nothing for now."""
        return self._follow is not None

    @property
    def end(self) -> int | None:
        """Where a file that is followed ends by now; None for every other input."""
        return os.fstat(self._file.fileno()).st_size if self.followed and self.can_read_again else None

    @property
    def can_read_again(self) -> bool:
        return self._is_whole_file and not self.is_gzip

    def is_at(self, path: str) -> bool:
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), os.stat(path))
        except OSError:
            return False

    def read_again(self, offset: int, count: int) -> bytes:
        if not self.can_read_again:
            raise ValueError("this input can only be read once: open it with random_access=True")
        try:
            return os.pread(self._file.fileno(), count, offset)
        except OSError as error:
            raise WsinspectError(f"{self._name} cannot be read again ({error.strerror})") from error

    def close(self) -> None:
        self._file.close()

    def _raw(self) -> Iterator[bytes]:
        quiet_since = time.monotonic()
        while True:
            try:
                chunk = self._read()
            except OSError as error:
                # A failing disk or share: what was read so far is still worth showing.
                self.problems.append(f"reading stopped at byte {self.position}: {error.strerror}")
                return
            if chunk:
                self.position += len(chunk)
                yield chunk
                quiet_since = time.monotonic()
            elif self._at_end(chunk):
                return
            elif self._begun and time.monotonic() - quiet_since >= PULSE:
                yield b""
                quiet_since = time.monotonic()

    def _read(self) -> bytes | None:
        """What there is; None if a pipe that is followed has nothing for now."""
        if self._follow is not None and not self._is_file and not self._follow.readable(self._file.fileno()):
            return None
        return self._file.read(READ_SIZE)

    def _at_end(self, chunk: bytes | None) -> bool:
        if self._follow is None or (chunk is not None and not self._is_file):
            return True
        return not self._follow.more() if self._is_file else self._follow.stopped

    def _unpack(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        decoder = GzipDecoder()
        # The same list: what the decoder finds later is a problem of the source.
        decoder.problems = self.problems
        for chunk in raw:
            yield from decoder.feed(chunk)
            if decoder.over:
                return
        yield from decoder.finish()


def open_capture(path: str, *, random_access: bool = False, follow: Follow | None = None) -> CaptureReader:
    """A reader for a pcap or pcapng file, plain or gzip; `-` is standard input.

    With `random_access`, `packet_at` works for every kind of input: what cannot be read twice is copied to a temporary
    file on the way. With `follow`, the reader goes on when the file grows, and waits in a way that can be stopped; it
    waits here for the first bytes. Raises `WsinspectError` when there is no capture to read.
    """
    name = "standard input" if path == STANDARD_INPUT else path
    file = _open(path, name, _open_fifo if follow is not None else None)
    try:
        source = _Source(file, name, follow)
        if not source.head and source.problems:
            raise WsinspectError(
                f"{name} cannot be read ({source.problems[0]})", "copy the file again from where it was made"
            )
        parser = parser_for(source.head, name, unpacked=source.is_gzip)
        spool = Spool() if random_access and not source.can_read_again else None
    except BaseException:
        file.close()
        raise
    return CaptureReader(source, parser, spool)


def _open_fifo(path: str, flags: int) -> int:
    """Do not wait for the writer of a FIFO: that is left to who follows it."""
    return os.open(path, flags | (os.O_NONBLOCK if stat.S_ISFIFO(os.stat(path).st_mode) else 0))


def _open(path: str, name: str, opener: Callable[[str, int], int] | None) -> io.FileIO:
    try:
        if path == STANDARD_INPUT:
            # By number: sys.stdin may be replaced or missing, and its buffer must not keep bytes from us.
            file = io.FileIO(_STDIN_FILENO, closefd=False)
            if file.isatty():
                raise WsinspectError(
                    "standard input is a terminal, not a capture", "pipe one in: tcpdump -w - | wsinspect ..."
                )
            return file
        return io.FileIO(path) if opener is None else io.FileIO(path, opener=opener)
    except FileNotFoundError:
        raise WsinspectError(f"{name} does not exist", "check the name and the directory you are in") from None
    except IsADirectoryError:
        raise WsinspectError(f"{name} is a directory", "name a capture file in it") from None
    except PermissionError:
        hint = "captures made as root often belong to root: change the owner, or run as a user who may read it"
        raise WsinspectError(f"{name} may not be read by you", hint) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise WsinspectError(f"{name} cannot be opened ({reason})") from None
