"""Reads numbers and strings from bytes, one behind the other."""

from wsinspect.payload.viewer import Unreadable


class Cursor:
    """A place in some bytes. Reading past the end raises `Unreadable`."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.data) - self.position

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > self.left:
            raise Unreadable(f"cut off: {count} bytes should follow at byte {self.position}, {self.left} do")
        self.position += count
        return self.data[self.position - count : self.position]

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.left)

    def uint(self, size: int) -> int:
        """An unsigned number of `size` bytes, the most significant first."""
        return int.from_bytes(self.take(size), "big")

    def varint(self, most: int) -> int:
        """A number in at most `most` bytes of seven bits, the least significant first."""
        start = self.position
        value = 0
        for place in range(most):
            byte = self.uint(1)
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                return value
        raise Unreadable(f"the number at byte {start} does not end")
