"""Which parser reads a file, told by its first bytes; for anything else, what it seems to be and what to do."""

from wsinspect.capture import compression, pcap, pcapng
from wsinspect.capture.pcap import PcapParser
from wsinspect.capture.pcapng import PcapngParser
from wsinspect.errors import WsinspectError

MAGIC_LENGTH = 4
"""Bytes that tell the two formats."""

Parser = PcapParser | PcapngParser

_CAPTURE = "capture with: tcpdump -w FILE"
_UNPACK = "unpack it first"
_CONVERT = "convert it first: editcap -F pcapng FILE NEWFILE"

# First bytes: (what the file is, what to do).
_KNOWN = (
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (compression.MAGIC, "a gzip file", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd file", _UNPACK),
    (b"BZh", "a bzip2 file", _UNPACK),
    (b"\x04\x22\x4d\x18", "an lz4 file", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"snoop\0\0\0", "a snoop capture", _CONVERT),
    (b"GMBU", "a Microsoft Network Monitor capture", _CONVERT),
    (b"RTSS", "a Microsoft Network Monitor capture", _CONVERT),
    (b"TRSNIFF data", "a Sniffer capture", _CONVERT),
    (b"iptrace ", "an iptrace capture", _CONVERT),
    (b"\x89PNG", "a PNG picture", _CAPTURE),
    (b"%PDF", "a PDF document", _CAPTURE),
    (b"\x7fELF", "a program", _CAPTURE),
)
_TEXTS = (
    (b"CLIENT_RANDOM ", "a TLS key log"),
    (b"# SSL/TLS secrets log file", "a TLS key log"),
    (b"{", "JSON, perhaps a HAR file; that holds no packets"),
    (b"[", "JSON; that holds no packets"),
    (b"<", "XML or HTML"),
)
_TAR_MAGIC_OFFSET = 257
_TEXT_SAMPLE = 256


def parser_for(head: bytes, name: str, *, unpacked: bool) -> Parser:
    """A parser for a file that begins with `head`, which has gone through gzip if `unpacked`.

    Raises `WsinspectError` when it is neither pcap nor pcapng.
    """
    magic = head[:MAGIC_LENGTH]
    if magic in pcap.MAGICS:
        return PcapParser()
    if magic == pcapng.MAGIC:
        return PcapngParser()
    if not head:
        if unpacked:
            raise WsinspectError(f"{name} is gzip with nothing in it", _CAPTURE)
        raise WsinspectError(f"{name} is empty", _CAPTURE)
    what, hint = _describe(head)
    starts = f"starts with {head[:MAGIC_LENGTH].hex(' ')}" + (f": {what}" if what else "")
    if unpacked:
        raise WsinspectError(f"{name} is gzip, but what it holds is not a pcap or pcapng file ({starts})", hint)
    raise WsinspectError(f"{name} is not a pcap or pcapng file ({starts})", hint)


def _describe(head: bytes) -> tuple[str, str]:
    for magic, what, hint in _KNOWN:
        if head.startswith(magic):
            return what, hint
    if head[_TAR_MAGIC_OFFSET:].startswith(b"ustar"):
        return "a tar archive", _UNPACK
    sample = head[:_TEXT_SAMPLE].lstrip(b"\xef\xbb\xbf \t\r\n")
    for beginning, what in _TEXTS:
        if sample.startswith(beginning):
            return what, _CAPTURE
    if sample and all(0x20 <= byte < 0x7F or byte in b"\t\r\n" for byte in sample):
        return "text", _CAPTURE
    return "", _CAPTURE
