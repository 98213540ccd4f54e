"""What to capture, and what the capture process says back: the two small languages between parent and child."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

SNAP_LENGTH: Final = 262144
"""Bytes kept of each packet, as tcpdump and dumpcap do: more than any real link layer carries."""


class Method(StrEnum):
    """Who takes the packets from the kernel."""

    AUTO = "auto"
    """libpcap if it is there, else the raw socket."""
    LIBPCAP = "libpcap"
    RAW = "raw"
    DUMPCAP = "dumpcap"


@dataclass(frozen=True, slots=True)
class Settings:
    """One capture."""

    interfaces: tuple[str, ...]
    """At least one; `any` means all of them."""
    filter: str = ""
    """In tcpdump's language; empty for every packet."""
    promiscuous: bool = True
    """Also packets for others. libpcap never does so on `any`."""
    method: Method = Method.AUTO
    path: str | None = None
    """Where to write; None for a temporary file. With a ring, the pattern of the names."""
    max_packets: int | None = None
    max_seconds: float | None = None
    file_size: int | None = None
    """Bytes after which the next file of a ring begins; None for a single file."""
    uid: int | None = None
    gid: int | None = None
    """Who the process becomes once the interfaces are open, and who owns the files; None: nobody else."""

    def encode(self) -> str:
        """As one command line argument."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> "Settings":
        """The reverse of `encode`."""
        fields = json.loads(text)
        fields["interfaces"] = tuple(fields["interfaces"])
        fields["method"] = Method(fields["method"])
        return cls(**fields)


# The child's lines, each a JSON object with a "kind": `ready` with the method once packets are kept; `file` with the
# path of each file as it is begun; `counts`; `failed` with a message and a hint, when nothing was captured; `stopped`
# with the same, when the capture ended before it was asked to.
READY: Final = "ready"
FILE: Final = "file"
COUNTS: Final = "counts"
FAILED: Final = "failed"
STOPPED: Final = "stopped"


def line(kind: str, **fields: Any) -> bytes:
    """One message, ready to be written."""
    return json.dumps({"kind": kind, **fields}).encode() + b"\n"
