"""Packets through Scapy's raw socket (packet(7)): the way that works on every Linux, with libpcap or without.

Scapy opens the socket, compiles the filter and asks for timestamps and VLAN tags; here its buffer is enlarged and
`recvmmsg` empties it, hundreds of packets a call, into slots that leave room for the head of a pcapng block. That way a
packet is copied twice: out of the kernel, and with all others of its call into one piece for the file.

Two things libpcap does better: a filter here sees packets without their VLAN tag, which the kernel keeps beside them,
and `any` is a socket for each interface that is up at the start.
"""

import ctypes
import errno
import os
import socket
import struct
from typing import Any, Final

from wsinspect.capture.live.libpcap import bad_filter
from wsinspect.capture.live.output import OutputFiles
from wsinspect.capture.live.pcapng_writer import LinkInfo, PcapngWriter
from wsinspect.capture.live.settings import Settings
from wsinspect.capture.pcapng_blocks import ENHANCED_PACKET, HEADER, packet_block
from wsinspect.errors import WsinspectError

RECEIVE_BUFFER: Final = 128 * 1024 * 1024
"""Bytes, which the kernel doubles. Scapy's 64 KiB lose a third of a burst of 100,000 packets/s."""
MESSAGES: Final = 256
"""Packets taken by one call."""
LARGEST: Final = 65536 + 256
"""Bytes of one packet: a loopback interface's largest. What is longer is cut."""

_SLOT: Final = HEADER.size + LARGEST + 64
_CONTROL: Final = 128
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_IGNORE_OUTGOING, _SO_RCVBUFFORCE = 263, 6, 23, 33
_SCM_TIMESTAMPNS, _PACKET_AUXDATA = 35, 8
_ARPHRD_LOOPBACK: Final = 772
_DLT_RAW, _LINKTYPE_RAW = 12, 101
_VLAN_VALID, _VLAN_TPID_VALID = 0x10, 0x40
_ETHERTYPE_VLAN: Final = 0x8100

_MESSAGE_HEADER: Final = struct.Struct("@Nii")  # struct cmsghdr
_TIME: Final = struct.Struct("@ll")
_AUXILIARY: Final = struct.Struct("@IIIHHHH")  # status, length, captured, link layer, network layer, VLAN tag, its type
_UINT32: Final = struct.Struct("@I")
_TRAILER: Final = struct.Struct("<I")


def _aligned(size: int) -> int:
    unit = struct.calcsize("@N")
    return (size + unit - 1) & -unit


_BODY: Final = _aligned(_MESSAGE_HEADER.size)
_AUXILIARY_AT: Final = _aligned(_BODY + _TIME.size)


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint),
        ("vectors", ctypes.c_void_p), ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


class _Slots:
    """Where `recvmmsg` puts packets; used for one socket after the other."""

    def __init__(self) -> None:
        self.data = bytearray(MESSAGES * _SLOT)
        self.view = memoryview(self.data)
        self.control = bytearray(MESSAGES * _CONTROL)
        self.messages = (_Message * MESSAGES)()
        self._vectors = (_Vector * MESSAGES)()
        data = ctypes.addressof(ctypes.c_char.from_buffer(self.data))
        control = ctypes.addressof(ctypes.c_char.from_buffer(self.control))
        for number, (message, vector) in enumerate(zip(self.messages, self._vectors, strict=True)):
            vector.base, vector.length = data + number * _SLOT + HEADER.size, LARGEST
            message.header.vectors, message.header.vector_count = ctypes.addressof(vector), 1
            message.header.control, message.header.control_length = control + number * _CONTROL, _CONTROL
        self._fresh = bytes(self.messages)
        self.lengths = memoryview(self.messages).cast("B")

    def reset(self, count: int) -> None:
        """The kernel writes over the lengths it was given."""
        ctypes.memmove(self.messages, self._fresh, count * ctypes.sizeof(_Message))


class RawSocket:
    """An open interface."""

    def __init__(self, interface: str, settings: Settings) -> None:
        """Raises `WsinspectError`, or PermissionError when the interface may not be opened."""
        from scapy.arch.linux import L2ListenSocket
        from scapy.data import ARPHRD_TO_DLT
        from scapy.error import Scapy_Exception

        self.interface = interface
        try:
            self._scapy: Any = L2ListenSocket(
                iface=interface, promisc=settings.promiscuous, filter=settings.filter or None
            )
        except PermissionError:
            raise
        except Scapy_Exception as error:
            raise bad_filter(settings.filter, str(error).rpartition(" (")[2].rstrip(")")) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise WsinspectError(f"cannot open {interface} ({reason})", "wsinspect interfaces lists them") from None
        self._socket: socket.socket = self._scapy.ins
        hardware_type = self._socket.getsockname()[3]
        link_type = ARPHRD_TO_DLT.get(hardware_type, hardware_type)
        self.link_type = _LINKTYPE_RAW if link_type == _DLT_RAW else int(link_type)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
        except PermissionError:  # CAP_NET_RAW without CAP_NET_ADMIN: as much as the system allows everybody
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if hardware_type == _ARPHRD_LOOPBACK:
            # A loopback interface shows each packet twice, going out and coming in.
            self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._dropped = 0

    @property
    def descriptor(self) -> int:
        return self._socket.fileno()

    def dropped(self) -> int:
        """Packets that the socket's buffer had no room for, so far."""
        counts = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self._dropped += struct.unpack("@II", counts)[1]  # the kernel counts from 0 again after each look
        return self._dropped


class RawDrain:
    """Raw sockets into a pcapng file."""

    pause = 0.003
    full = MESSAGES

    def __init__(self, sockets: list[RawSocket], files: OutputFiles, filter_: str) -> None:
        self.descriptors = [raw.descriptor for raw in sockets]
        self._sockets = sockets
        self._received = [0] * len(sockets)
        links = [LinkInfo(raw.interface, raw.link_type) for raw in sockets]
        self._writer = PcapngWriter(files, links, filter_)
        self._slots = _Slots()
        self._receive = ctypes.CDLL(None, use_errno=True).recvmmsg

    def drain(self, limit: int) -> int:
        taken = 0
        for number, raw in enumerate(self._sockets):
            if taken < limit:
                taken += self._take(number, raw.descriptor, min(MESSAGES, limit - taken))
        return taken

    def flush(self) -> None:
        """Every write went to the kernel at once."""

    def dropped(self) -> int:
        counts = [(self._received[number], raw.dropped()) for number, raw in enumerate(self._sockets)]
        self._writer.statistics(counts)
        return sum(dropped for _, dropped in counts)

    def kept(self) -> int:
        return sum(self._received) - self._writer.lost

    def close(self) -> None:
        self._writer.close()

    def _take(self, interface: int, descriptor: int, limit: int) -> int:
        """Write the packets that are there; the loop is what a packet costs."""
        slots = self._slots
        count = int(self._receive(descriptor, slots.messages, limit, socket.MSG_DONTWAIT, None))
        if count <= 0:
            if count < 0:
                self._check(interface, ctypes.get_errno())
            return 0
        data, view, control, lengths = slots.data, slots.view, slots.control, slots.lengths
        pack, trailer = HEADER.pack_into, _TRAILER.pack_into
        uint32, time_of, auxiliary = _UINT32.unpack_from, _TIME.unpack_from, _AUXILIARY.unpack_from
        message_size, length_at = ctypes.sizeof(_Message), _Message.length.offset
        _expect(control)
        blocks: list[memoryview | bytes] = []
        append = blocks.append
        start = side = 0
        for number in range(count):
            (captured,) = uint32(lengths, number * message_size + length_at)
            seconds, nanoseconds = time_of(control, side + _BODY)
            status, wire_length, _, _, _, tag, tag_type = auxiliary(control, side + _AUXILIARY_AT + _BODY)
            time_ns = seconds * 1_000_000_000 + nanoseconds
            if status & _VLAN_VALID:
                packet = view[start + HEADER.size : start + HEADER.size + captured]
                tagged = _with_tag(packet, tag, tag_type if status & _VLAN_TPID_VALID else _ETHERTYPE_VLAN)
                append(packet_block(interface, time_ns, tagged, wire_length + 4))
            else:
                length = (captured + 35) & ~3
                pack(
                    data, start, ENHANCED_PACKET, length, interface, time_ns >> 32, time_ns & 0xFFFFFFFF, captured,
                    wire_length,
                )  # fmt: skip
                trailer(data, start + HEADER.size + captured, 0)  # the padding, which held an earlier packet
                trailer(data, start + length - 4, length)
                append(view[start : start + length])
            start += _SLOT
            side += _CONTROL
        slots.reset(count)
        self._received[interface] += count
        self._writer.write(b"".join(blocks))
        return count

    def _check(self, interface: int, number: int) -> None:
        """Whether an error of the receiving call is one: an interface that is down may come up again."""
        name = self._sockets[interface].interface
        if number in (errno.EAGAIN, errno.EINTR) or (number == errno.ENETDOWN and _exists(name)):
            return
        raise WsinspectError(f"{name}: {'the interface is gone' if number == errno.ENETDOWN else os.strerror(number)}")


def _exists(interface: str) -> bool:
    try:
        return socket.if_nametoindex(interface) > 0
    except OSError:
        return False


def _with_tag(packet: memoryview, tag: int, tag_type: int) -> bytes:
    """The packet with the VLAN tag that the kernel took out of it, behind the two Ethernet addresses."""
    return bytes(packet[:12]) + struct.pack("!HH", tag_type, tag) + bytes(packet[12:])


def _expect(control: bytearray) -> None:
    """The timestamp comes first, then the auxiliary data; the kernel has done so for all its life."""
    _, _, first = _MESSAGE_HEADER.unpack_from(control, 0)
    _, _, second = _MESSAGE_HEADER.unpack_from(control, _AUXILIARY_AT)
    if first != _SCM_TIMESTAMPNS or second != _PACKET_AUXDATA:
        raise WsinspectError("this kernel gives the raw socket no timestamps", "use --capture-with libpcap")
