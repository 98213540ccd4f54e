"""The header of a frame, bit by bit (RFC 6455 §5.2)."""

from wsinspect.tui.ink import Line
from wsinspect.websocket.frames import RSV1, RSV2, RSV3, FrameHeader, unmask


def header_bytes(header: FrameHeader) -> bytes:
    """The bytes that the header was decoded from."""
    first = header.fin << 7 | header.rsv << 4 | header.opcode
    short = header.length if header.length_form == 7 else 126 if header.length_form == 16 else 127
    extended = b"" if header.length_form == 7 else header.length.to_bytes(header.length_form // 8, "big")
    return bytes((first, header.masked << 7 | short)) + extended + header.masking_key


def wire_bytes(header: FrameHeader, payload: bytes) -> bytes:
    """The frame as it was sent: header, and payload with its mask on."""
    return header_bytes(header) + (unmask(payload, header.masking_key) if header.masking_key else payload)


def bit_diagram(header: FrameHeader) -> list[Line]:
    """Two lines: what the bits are called, and below each name its value."""
    data = header_bytes(header)
    cells = [
        ("FIN", f"{header.fin:d}"),
        ("RSV1", f"{bool(header.rsv & RSV1):d}"),
        ("RSV2", f"{bool(header.rsv & RSV2):d}"),
        ("RSV3", f"{bool(header.rsv & RSV3):d}"),
        ("opcode", f"{header.opcode:04b}"),
        ("MASK", f"{header.masked:d}"),
        ("length", f"{data[1] & 0x7F:07b}"),
    ]
    if header.length_form > 7:
        cells.append((f"{header.length_form} bits more", data[2 : 2 + header.length_form // 8].hex()))
    if header.masked:
        cells.append(("masking key", header.masking_key.hex(" ")))
    names: Line = []
    values: Line = []
    for name, value in cells:
        width = max(len(name), len(value))
        names += [("│", "faint"), (name.center(width), "muted")]
        values += [("│", "faint"), (value.center(width), "strong")]
    return [[*names, ("│", "faint")], [*values, ("│", "faint")]]
