"""Reads what the capture process writes while it writes, one file or a ring of them, as one capture."""

import bisect
import contextlib
import os
from collections.abc import Iterator

from wsinspect.capture.follow import Follow
from wsinspect.capture.live.process import CaptureProcess
from wsinspect.capture.live.settings import Method
from wsinspect.capture.packet import Packet
from wsinspect.capture.source import BATCH_SIZE, CaptureReader, open_capture
from wsinspect.errors import WsinspectError


class LiveReader(CaptureReader):
    """The packets of a running capture. The iteration ends when the capture is over and everything is read.

    Numbers and offsets go on from one file of a ring to the next. The ring's files beyond its size are removed once
    they are read, so a slow reader costs disk, never packets.
    """

    def __init__(self, process: CaptureProcess, ring_files: int | None) -> None:
        """`process` has been started. Raises `WsinspectError`."""
        self._process = process
        self._ring_files = ring_files
        self._bases = [0]  # where each file's offsets begin
        self._removed = 0
        first = self._open(0)
        self._parts = [first]
        super().__init__(first._source, first._parser, None)

    @property
    def problems(self) -> list[str]:
        """What is wrong with the files, and why the capture ended early."""
        problem = self._process.problem
        return [problem for part in self._parts for problem in part.problems] + ([problem] if problem else [])

    @property
    def dropped(self) -> int | None:
        """Packets that the kernel had no room for; None while dumpcap, which says it at the end, has not said it."""
        if self._process.method is Method.DUMPCAP:
            return self._parts[-1].dropped  # the only one: dumpcap writes no ring
        return self._process.counts.dropped

    @property
    def secrets(self) -> list[bytes]:
        return [secret for part in self._parts for secret in part.secrets]

    @property
    def position(self) -> int:
        return self._bases[-1] + self._parts[-1].position

    @property
    def received(self) -> int:
        # dumpcap does not count aloud.
        return max(self._process.counts.received, self.packets)

    @property
    def behind(self) -> int:
        """Bytes captured and not read yet."""
        size = 0
        for path in self._process.files[len(self._parts) - 1 :]:
            with contextlib.suppress(OSError):
                size += os.path.getsize(path)
        return max(0, size - self._parts[-1].position)

    def batches(self, count: int = BATCH_SIZE) -> Iterator[list[Packet]]:
        """As soon as they are captured; an empty list now and then while there are none."""
        while True:
            base = self._bases[-1]
            for batch in self._parts[-1].batches(count):
                self.packets += len(batch)
                yield [packet.replace(offset=packet.offset + base) for packet in batch] if base else batch
            if len(self._parts) >= len(self._process.files):
                return
            self._advance()

    def packet_at(self, offset: int, number: int) -> Packet:
        """A packet again. Raises `WsinspectError` if the ring has let go of it."""
        index = bisect.bisect_right(self._bases, offset) - 1
        if index < self._removed:
            raise WsinspectError(
                "these packets are no longer there: the ring of files has gone on", "take a larger --ring"
            )
        base = self._bases[index]
        return self._parts[index].packet_at(offset - base, number).replace(offset=offset)

    def close(self) -> None:
        for part in self._parts:
            part.close()

    def _open(self, index: int) -> CaptureReader:
        def ended() -> bool:
            # In this order: a file is followed by the next one, or the capture is over, after its last byte.
            return len(self._process.files) > index + 1 or not self._process.running

        return open_capture(self._process.files[index], follow=Follow(ended))

    def _advance(self) -> None:
        part = self._parts[-1]
        following = self._open(len(self._parts))
        following._parser.number = part._parser.number
        self._bases.append(self._bases[-1] + part.position)
        self._parts.append(following)
        if self._ring_files is None:
            return
        while self._removed < min(len(self._process.files) - self._ring_files, len(self._parts) - 1):
            self._parts[self._removed].close()
            with contextlib.suppress(OSError):
                os.unlink(self._process.files[self._removed])
            self._removed += 1
