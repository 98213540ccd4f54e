"""HPACK as an encoder writes it (RFC 7541), without Huffman coding: the static table's start, and a dynamic table."""

from typing import Final

_STATIC: Final = (
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"),
)  # fmt: skip
_STATIC_SIZE: Final = 61
_TABLE_SIZE: Final = 4096


class HpackEncoder:
    """One direction of a connection: every field is put into the dynamic table, and referred to when it comes again."""

    def __init__(self) -> None:
        self.table: list[tuple[str, str]] = []

    def encode(self, fields: list[tuple[str, str]]) -> bytes:
        return b"".join(self._field(name, value) for name, value in fields)

    def _field(self, name: str, value: str) -> bytes:
        if (name, value) in _STATIC:
            return _integer(_STATIC.index((name, value)) + 1, 7, 0x80)
        if (name, value) in self.table:
            return _integer(_STATIC_SIZE + 1 + self.table.index((name, value)), 7, 0x80)
        names = [known for known, _ in _STATIC]
        index = names.index(name) + 1 if name in names else 0
        head = _integer(index, 6, 0x40) + (b"" if index else _string(name))
        self.table.insert(0, (name, value))
        while sum(len(one) + len(other) + 32 for one, other in self.table) > _TABLE_SIZE:
            self.table.pop()
        return head + _string(value)


def _string(text: str) -> bytes:
    data = text.encode("latin-1")
    return _integer(len(data), 7, 0) + data


def _integer(number: int, bits: int, first: int) -> bytes:
    """RFC 7541 §5.1: in the low `bits` of the byte `first`, or beyond."""
    limit = (1 << bits) - 1
    if number < limit:
        return bytes([first | number])
    data = bytearray([first | limit])
    number -= limit
    while number >= 128:
        data.append(number % 128 | 128)
        number //= 128
    data.append(number)
    return bytes(data)
