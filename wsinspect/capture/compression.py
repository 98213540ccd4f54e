"""Gzip (RFC 1952): compressed bytes in, plain bytes out in pieces of bounded size, as far as the data is sound."""

import zlib
from collections.abc import Iterator

MAGIC = bytes.fromhex("1f8b")

MAX_PIECE = 128 * 1024
"""Plain bytes handed out at once, however well they compress."""

_GZIP_WINDOW = zlib.MAX_WBITS | 16  # zlib: plus 16 for the gzip format instead of zlib's own


class GzipDecoder:
    """`feed` compressed bytes and take every piece, then `finish`. Never raises; trouble is text in `problems`."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.over = False
        """The data is damaged from here on, or followed by something that is not gzip."""
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._started = False
        """The current member has got bytes; a file may end between members only."""
        self._members = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self.over:
            if not self._started and self._members:
                # RFC 1952 s2.2: members follow each other with nothing in between; tapes and disks pad with zeros.
                data = data.lstrip(b"\0")
                if not data:
                    return
                if data[0] != MAGIC[0]:
                    self._stop("bytes after the end of the gzip data are not read")
                    return
            self._started = True
            # A failing call keeps what it had decompressed to itself: then the copy goes over the same bytes in steps.
            spare = self._member.copy()
            try:
                piece = self._member.decompress(data, MAX_PIECE)
            except zlib.error:
                yield from self._until_damage(spare, data)
                return
            if piece:
                yield piece
            data = self._member.unconsumed_tail
            if self._member.eof:
                data = self._member.unused_data
                self._member = zlib.decompressobj(_GZIP_WINDOW)
                self._started = False
                self._members += 1

    def finish(self) -> Iterator[bytes]:
        """The input has ended; what the decompressor still holds back."""
        if self._started and not self.over:
            try:
                piece = self._member.flush()
            except zlib.error:
                piece = b""
            self._stop("the gzip data is cut off")
            if piece:
                yield piece

    def _until_damage(self, member: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
        pieces = bytearray()
        try:
            for position in range(len(data)):
                step = data[position : position + 1]
                while step:
                    pieces += member.decompress(step, MAX_PIECE)
                    step = member.unconsumed_tail
                if len(pieces) >= MAX_PIECE:
                    yield bytes(pieces)
                    pieces.clear()
        except zlib.error as error:
            self._stop(f"the gzip data is damaged: {str(error).rpartition(': ')[2]}")
        if pieces:
            yield bytes(pieces)

    def _stop(self, problem: str) -> None:
        self.over = True
        self.problems.append(problem)
