"""wsinspect/transport/exotic.py (with encapsulation.py and tunnels.py): TCP in every kind of wrapping."""

import random
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

# First, for it silences what Scapy says while it is imported.
from wsinspect.transport import encapsulation  # isort: skip
from scapy.contrib.erspan import ERSPAN_II, ERSPAN_III, ERSPAN_PlatformSpecific
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.contrib.gtp import GTP_U_Header, GTPPDUSessionContainer
from scapy.contrib.mpls import MPLS, EoMCW
from scapy.layers.dot11 import Dot11, Dot11FCS, Dot11QoS, RadioTap
from scapy.layers.inet import IP, TCP, UDP, IPOption_Router_Alert, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, fragment6
from scapy.layers.ipsec import AH
from scapy.layers.l2 import GRE, LLC, SNAP, STP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1AH, Dot1Q, Dot3, Ether
from scapy.layers.ppp import HDLC, PPP, PPPoE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from wsinspect.capture.source import open_capture
from wsinspect.transport import tunnels
from wsinspect.transport.exotic import ExoticDissector
from wsinspect.transport.ip import find_tcp_in_ip

ETHERNET, RAW = 1, 101
NOISE = random.Random(1).randbytes(600)
SEGMENT = TCP(sport=80, dport=4000, seq=1, flags="PA") / Raw(NOISE)
INNER_4 = bytes(IP(src="10.0.0.1", dst="10.0.0.2") / SEGMENT)
INNER_6 = bytes(IPv6(src="fd00::1", dst="fd00::2") / SEGMENT)
OPTIONS_4 = bytes(IP(src="10.0.0.1", dst="10.0.0.2", options=[IPOption_Router_Alert()]) / SEGMENT)
EXTENDED_6 = bytes(IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / SEGMENT)
INNERS = {"ipv4": INNER_4, "ipv6": INNER_6, "ipv4 with options": OPTIONS_4, "ipv6 with extensions": EXTENDED_6}

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
OUTER_4 = ETHER / IP(src="192.0.2.1", dst="192.0.2.2")
OUTER_6 = ETHER / IPv6(src="2001:db8::1", dst="2001:db8::2")


def ethertype(inner: bytes) -> int:
    return 0x86DD if inner[0] >> 4 == 6 else 0x0800


def framed(inner: bytes) -> bytes:
    return bytes(ETHER / Raw(inner))[:12] + ethertype(inner).to_bytes(2, "big") + inner


def udp(port: int, payload: bytes, outer: Any = OUTER_4) -> bytes:
    return bytes(outer / UDP(sport=50000, dport=port) / Raw(payload))


def llc(inner: bytes) -> Any:
    return LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=ethertype(inner)) / Raw(inner)


def wrappings(inner: bytes) -> dict[str, tuple[int, bytes]]:
    """One packet in every wrapping: (link type, bytes)."""
    kind = ethertype(inner)
    version = 6 if kind == 0x86DD else 4
    protocol = 41 if version == 6 else 4
    raw, frame = Raw(inner), Raw(framed(inner))
    tcp_end = b"\0\0\0\0"
    ppp_protocol = 0x57 if version == 6 else 0x21
    gre = {
        "gre": GRE(proto=kind) / raw,
        "gre with everything": GRE(
            proto=kind, chksum_present=1, key_present=1, key=7, seqnum_present=1, sequence_number=1
        )
        / raw,
        "gre, ethernet": GRE(proto=0x6558) / frame,
        "nvgre, vlan": GRE(proto=0x6558, key_present=1, key=9) / ETHER / Dot1Q(vlan=5, type=kind) / raw,
        "gre, mpls": GRE(proto=0x8847) / MPLS(s=1) / raw,
        "gre, pptp": GRE(
            bytes.fromhex("3001880b")
            + struct.pack(">HHI", len(inner) + 4, 1, 2)
            + b"\xff\3"
            + ppp_protocol.to_bytes(2, "big")
            + inner
        ),
        "erspan 1": GRE(proto=0x88BE) / frame,
        "erspan 2": GRE(proto=0x88BE, seqnum_present=1, sequence_number=1) / ERSPAN_II(session_id=5) / frame,
        "erspan 3": GRE(proto=0x22EB, seqnum_present=1, sequence_number=1) / ERSPAN_III() / frame,
        "erspan 3, platform": GRE(proto=0x22EB, seqnum_present=1, sequence_number=1)
        / ERSPAN_III(o=1)
        / ERSPAN_PlatformSpecific()
        / frame,
        "erspan 3, ip": GRE(proto=0x22EB, seqnum_present=1, sequence_number=1) / ERSPAN_III(ft=2) / raw,
        "gre, wccp 2": GRE(proto=0x883E) / Raw(b"\0\0\0\0" + inner),
        "gre, nsh": GRE(proto=0x894F) / Raw(b"\0\2\2" + bytes([2 if version == 6 else 1]) + bytes(4) + inner),
    }
    ethers = {
        "mpls": ETHER / MPLS(s=1) / raw,
        "mpls, three labels": ETHER / MPLS(s=0, label=100) / MPLS(s=0, label=200) / MPLS(s=1, label=300) / raw,
        "mpls, vlan": ETHER / Dot1Q(vlan=3, type=0x8847) / MPLS(s=1) / raw,
        "mpls, multicast": Ether(src=ETHER.src, dst=ETHER.dst, type=0x8848) / MPLS(s=1) / raw,
        "mpls, pseudowire": ETHER / MPLS(s=1) / EoMCW() / frame,
        "pppoe": ETHER / PPPoE(sessionid=1) / PPP(proto=ppp_protocol) / raw,
        "pppoe, qinq": ETHER
        / Dot1AD(vlan=2, type=0x8100)
        / Dot1Q(vlan=3, type=0x8864)
        / PPPoE(sessionid=1)
        / PPP(proto=ppp_protocol)
        / raw,
        "mac in mac": ETHER / Dot1AH() / frame,
        "802.3": Dot3(src=ETHER.src, dst=ETHER.dst) / llc(inner),
        "vn-tag": Ether(src=ETHER.src, dst=ETHER.dst, type=0x8926) / Raw(b"\0\1\0\2" + kind.to_bytes(2, "big") + inner),
        "hsr": Ether(src=ETHER.src, dst=ETHER.dst, type=0x892F) / Raw(b"\0\1\0\2" + kind.to_bytes(2, "big") + inner),
        "cisco metadata": Ether(src=ETHER.src, dst=ETHER.dst, type=0x8909)
        / Raw(b"\1\1\0\1\0\7" + kind.to_bytes(2, "big") + inner),
        "nsh": Ether(src=ETHER.src, dst=ETHER.dst, type=0x894F) / Raw(b"\0\2\2\3" + bytes(4) + framed(inner)),
    }
    qos = Dot11(type=2, subtype=8, FCfield="to_DS") / Dot11QoS()
    subframe = bytes(12) + struct.pack(">H", 8 + len(inner)) + bytes(llc(inner))
    aggregate = Dot11(type=2, subtype=8, FCfield="to_DS") / Dot11QoS(A_MSDU_Present=1) / Raw(subframe)
    links: dict[str, tuple[int, Any]] = {
        "null": (0, Raw(struct.pack("<I", 2) + bytes(IP(proto=protocol, src="192.0.2.1", dst="192.0.2.2") / raw))),
        "loop": (108, Raw(struct.pack(">I", 2) + bytes(IP(proto=protocol, src="192.0.2.1", dst="192.0.2.2") / raw))),
        "ppp": (9, PPP(proto=ppp_protocol) / raw),
        "ppp, hdlc": (50, HDLC() / PPP(proto=ppp_protocol) / raw),
        "ppp, ether": (51, PPPoE(sessionid=1) / PPP(proto=ppp_protocol) / raw),
        "ppp, direction": (204, Raw(b"\0" + bytes(HDLC() / PPP(proto=ppp_protocol) / raw))),
        "rfc 1483": (100, llc(inner)),
        "cisco hdlc": (104, Raw(b"\x0f\0" + kind.to_bytes(2, "big") + inner)),
        "cisco hdlc, direction": (205, Raw(b"\0\x0f\0" + kind.to_bytes(2, "big") + inner)),
        "802.11": (105, Dot11(type=2, FCfield="to_DS") / llc(inner)),
        "802.11, qos": (105, qos / llc(inner)),
        "802.11, aggregate": (105, aggregate),
        "radiotap": (127, RadioTap() / Dot11(type=2, FCfield="from_DS") / llc(inner)),
        "radiotap, fcs": (
            127,
            RadioTap(present="Flags", Flags="FCS") / Dot11FCS(type=2, FCfield="from_DS") / llc(inner),
        ),
        "enc": (109, Raw(bytes(12) + inner)),
        "pflog": (117, Raw(bytes([61]) + bytes(63) + inner)),
        "fibre channel": (122, Raw(bytes(16) + bytes(llc(inner)))),
        "firewire": (138, Raw(bytes(16) + kind.to_bytes(2, "big") + inner)),
        "nflog": (
            239,
            Raw(b"\2\0\0\0" + struct.pack("<HH", 5, 10) + b"x\0\0\0" + struct.pack("<HH", 4 + len(inner), 9) + inner),
        ),
        "nflog, big-endian": (
            239,
            Raw(b"\2\0\0\0" + struct.pack(">HH", 8, 1) + b"\x08\0\0\0" + struct.pack(">HH", 4 + len(inner), 9) + inner),
        ),
        "netanalyzer": (240, Raw(bytes(4) + framed(inner))),
        "netanalyzer, transparent": (241, Raw(bytes(12) + framed(inner))),
        "infiniband": (242, Raw(bytes(40) + kind.to_bytes(2, "big") + b"\0\0" + inner)),
        "pktap": (258, Raw(struct.pack("<III", 108, 1, 1) + bytes(96) + framed(inner))),
        "sll, mpls": (113, CookedLinux(proto=0x8847) / MPLS(s=1) / raw),
        "sll2, mpls": (276, CookedLinuxV2(proto=0x8847) / MPLS(s=1) / raw),
        "raw, ip in ip": (RAW, IP(proto=protocol, src="192.0.2.1", dst="192.0.2.2") / raw),
    }
    gtp = b"\x30\xff" + struct.pack(">HI", len(inner), 1) + inner
    udps = {
        "vxlan": (4789, bytes(VXLAN(vni=5) / frame)),
        "vxlan, linux": (8472, bytes(VXLAN(vni=5) / frame)),
        "vxlan, group policy": (4789, bytes(VXLAN(flags="Instance+G", vni=5) / frame)),
        "vxlan-gpe": (4790, bytes(VXLAN(flags="Instance+NextProtocol", NextProtocol=2 if version == 6 else 1) / raw)),
        "geneve": (6081, bytes(GENEVE(vni=5, proto=0x6558) / frame)),
        "geneve, options": (
            6081,
            bytes(GENEVE(vni=5, proto=kind, options=[GeneveOptions(classid=0x102, data=b"1234")]) / raw),
        ),
        "geneve, mpls": (6081, bytes(GENEVE(proto=0x8847) / MPLS(s=1) / raw)),
        "gtp-u": (2152, gtp),
        "gtp-u, sequence": (2152, b"\x32\xff" + struct.pack(">HI", len(inner) + 4, 1) + b"\0\7\0\0" + inner),
        "gtp-u, 5g": (
            2152,
            bytes(GTP_U_Header(teid=1, E=1, next_ex=0x85) / GTPPDUSessionContainer(type=0, QFI=1) / raw),
        ),
        "gtp-u, two extensions": (
            2152,
            b"\x34\xff" + struct.pack(">HI", len(inner) + 12, 1) + b"\0\0\0\xc0\1\0\0\x40\1\0\0\0" + inner,
        ),
        "gre in udp": (4754, bytes(GRE(proto=kind) / raw)),
        "mpls in udp": (6635, bytes(MPLS(s=1) / raw)),
        "tzsp": (37008, b"\1\0\0\1" + b"\x0a\1\x99\0\1" + framed(inner)),
    }
    if version == 6:
        udps["teredo"] = (3544, inner)
        udps["teredo, indications"] = (3544, b"\0\1\0\0" + bytes(9) + b"\0\0" + bytes(6) + inner)
    else:
        ethers["gre, wccp 1"] = OUTER_4 / GRE(proto=0x883E) / raw
    all_of_them = {name: (ETHERNET, bytes(packet)) for name, packet in ethers.items()}
    all_of_them |= {name: (link_type, bytes(packet)) for name, (link_type, packet) in links.items()}
    for name, packet in gre.items():
        all_of_them[name] = (ETHERNET, bytes(OUTER_4 / packet))
        all_of_them[name + " over ipv6"] = (ETHERNET, bytes(OUTER_6 / IPv6ExtHdrDestOpt(nh=47) / packet))
    for name, (port, payload) in udps.items():
        all_of_them[name] = (ETHERNET, udp(port, payload))
        all_of_them[name + " over ipv6"] = (ETHERNET, udp(port, payload, OUTER_6))
    return all_of_them | {
        "ip in ip": (ETHERNET, bytes(ETHER / IP(proto=protocol) / raw)),
        "ip in ipv6": (ETHERNET, bytes(ETHER / IPv6(nh=protocol) / raw)),
        "ipip, ka9q": (ETHERNET, bytes(ETHER / IP(proto=94) / raw)),
        "mpls in ip": (ETHERNET, bytes(ETHER / IP(proto=137) / MPLS(s=1) / raw)),
        "ethernet in ip": (ETHERNET, bytes(ETHER / IP(proto=97) / Raw(b"\x30\0" + framed(inner)))),
        "authenticated tunnel": (
            ETHERNET,
            bytes(ETHER / IP(proto=51) / AH(nh=protocol, payloadlen=4, icv=bytes(12)) / raw),
        ),
        "padding": (ETHERNET, bytes(ETHER / MPLS(s=1) / raw) + tcp_end),
        "three deep": (ETHERNET, udp(4789, bytes(VXLAN(vni=1) / OUTER_6 / GRE(proto=kind) / raw))),
    }


WRAPPED = {
    (kind, name): (*wrapped, inner) for kind, inner in INNERS.items() for name, wrapped in wrappings(inner).items()
}


@pytest.mark.parametrize("case", WRAPPED, ids=" in ".join)
def test_the_inner_packet_comes_back_byte_for_byte(case: tuple[str, str]) -> None:
    link_type, data, inner = WRAPPED[case]
    dissector = ExoticDissector()
    assert dissector.feed(link_type, data, 0) == [inner]
    assert dissector.undissected == 0


CUTTABLE = [name for (kind, name) in WRAPPED if kind == "ipv4" and name != "padding"]


@pytest.mark.parametrize("name", CUTTABLE)
def test_a_packet_that_the_capture_cut_comes_cut(name: str) -> None:
    link_type, data, inner = WRAPPED["ipv4", name]
    tail = len(data) - data.rindex(inner) - len(inner)
    assert ExoticDissector().feed(link_type, data[: -200 - tail], 0) == [inner[:-200]]


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(sorted(WRAPPED)), st.randoms(use_true_random=False))
def test_damage_never_raises(case: tuple[str, str], chance: random.Random) -> None:
    link_type, data, _ = WRAPPED[case]
    damaged = bytearray(data[: chance.randrange(len(data) + 1)])
    for _ in range(chance.randrange(4) if damaged else 0):
        damaged[chance.randrange(min(len(damaged), 120))] = chance.randrange(256)
    ExoticDissector().feed(link_type, bytes(damaged), 0)


@settings(deadline=None)
@given(
    st.sampled_from([0, 1, 9, 50, 51, 100, 105, 113, 117, 127, 192, 204, 239, 258, 276, 9999]), st.binary(max_size=80)
)
def test_noise_never_raises(link_type: int, data: bytes) -> None:
    ExoticDissector().feed(link_type, data, 0)


def test_what_contradicts_itself_is_counted() -> None:
    dissector = ExoticDissector()
    endless = INNER_4
    for _ in range(20):
        endless = bytes(IP(proto=4, src="192.0.2.1", dst="192.0.2.2") / Raw(endless))
    labels = bytes(ETHER / MPLS(s=0)) + bytes(MPLS(s=0)) * 200
    for number, (link_type, data) in enumerate(
        [
            (RAW, endless),
            (ETHERNET, labels),
            (239, b"\2\0\0\0\1\0\1\0"),
            (258, struct.pack("<III", 4, 1, 1)),
            (ETHERNET, bytes(OUTER_4 / GRE(proto=0x894F) / Raw(b"\0\0\2\1"))),
            (ETHERNET, udp(2152, b"\x34\xff\0\0\0\0\0\1\0\0\0\xc0\0\0\0\0")),
        ],
        1,
    ):
        assert dissector.feed(link_type, data, 0) == []
        assert dissector.undissected == number


@pytest.mark.parametrize(
    "data",
    [
        udp(4789, bytes(8)),
        udp(2152, b"\x32\x01" + bytes(10)),
        udp(6081, b"\xff" * 20),
        udp(3544, b"\0\0" + bytes(6)),
        udp(37008, b"\2\0\0\1\1" + framed(INNER_4)),
        udp(53, INNER_4),
        bytes(OUTER_4 / UDP(sport=4789, dport=50000) / Raw(b"answer")),
        bytes(OUTER_4 / GRE(proto=0x6559) / Raw(INNER_4)),
        bytes(OUTER_4 / GRE(proto=0x894F) / Raw(b"\0\2\2\x09" + bytes(20))),
        bytes(ETHER / IP(proto=4) / IP() / UDP() / Raw(b"x")),
        bytes(ETHER / MPLS(s=1)),
        bytes(OUTER_4 / GRE(proto=0x0800)),
        bytes(OUTER_6),
    ],
)
def test_no_tcp_inside(data: bytes) -> None:
    dissector = ExoticDissector()
    assert dissector.feed(ETHERNET, data, 0) == []
    assert dissector.undissected == 0


def test_several_packets_in_one_aggregate() -> None:
    def subframe(inner: bytes) -> bytes:
        body = bytes(12) + struct.pack(">H", 8 + len(inner)) + bytes(llc(inner))
        return body + bytes(-len(body) % 4)

    inners = [INNER_4, INNER_6, OPTIONS_4] * 6
    packet = Dot11(type=2, subtype=8, FCfield="to_DS") / Dot11QoS(A_MSDU_Present=1)
    data = bytes(packet / Raw(b"".join(map(subframe, inners))))
    assert ExoticDissector().feed(105, data, 0) == inners


def test_an_authentication_header_in_transport_mode_is_taken_out() -> None:
    outer = IP(src="10.0.0.1", dst="10.0.0.2", proto=51) / AH(nh=6, payloadlen=4, icv=bytes(12)) / Raw(INNER_4[20:])
    assert ExoticDissector().feed(RAW, bytes(outer), 0) == [INNER_4]
    in_6 = IPv6(src="fd00::1", dst="fd00::2", nh=51) / AH(nh=6, payloadlen=4, icv=bytes(12)) / Raw(INNER_6[40:])
    assert ExoticDissector().feed(RAW, bytes(in_6), 0) == [bytes(in_6)]


def feed_all(packets: list[bytes], link_type: int = ETHERNET) -> list[bytes]:
    dissector = ExoticDissector()
    return [inner for packet in packets for inner in dissector.feed(link_type, packet, 0)]


def test_fragments_of_a_packet() -> None:
    pieces = [bytes(ETHER / piece) for piece in fragment(IP(INNER_4), fragsize=200)]
    assert len(pieces) == 4
    assert feed_all(pieces) == [INNER_4]
    assert feed_all(pieces[::-1]) == [INNER_4]


def test_fragments_of_an_ipv6_packet() -> None:
    whole = IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrFragment(id=5) / SEGMENT
    pieces = [bytes(ETHER / piece) for piece in fragment6(whole, 256)]
    assert len(pieces) > 2
    assert feed_all(pieces[::-1]) == [INNER_6]
    hop_by_hop = (
        IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(id=5) / IPv6ExtHdrDestOpt()
    )
    assert feed_all([bytes(ETHER / piece) for piece in fragment6(hop_by_hop / SEGMENT, 256)]) == [EXTENDED_6]


def test_an_atomic_fragment_is_whole() -> None:
    whole = IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrFragment(id=5) / SEGMENT
    assert feed_all([bytes(ETHER / whole)]) == [INNER_6]


def test_fragments_inside_a_tunnel_and_tunnels_in_fragments() -> None:
    inside = [udp(4789, bytes(VXLAN(vni=1) / ETHER / piece)) for piece in fragment(IP(INNER_4), fragsize=200)]
    assert feed_all(inside) == [INNER_4]
    tunnel = IP(udp(4789, bytes(VXLAN(vni=1)) + framed(INNER_4))[14:])
    around = [bytes(ETHER / piece) for piece in fragment(tunnel, fragsize=200)]
    assert feed_all(around) == [INNER_4]


def test_the_numbers_of_the_fast_road_are_those_that_can_be_opened() -> None:
    assert set(encapsulation.UDP_PORTS) == tunnels.TUNNEL_UDP_PORTS
    own = tunnels.IP_IN_IP | {tunnels.AUTHENTICATION_HEADER}
    assert set(encapsulation.PROTOCOLS) | own == tunnels.TUNNEL_PROTOCOLS
    ip_and_vlan, only_in_gre = {0x0800, 0x86DD, 0x8100, 0x88A8, 0x9100, 0x9200}, {0x22EB, 0x883E}
    assert set(encapsulation.ETHERTYPES) - ip_and_vlan - only_in_gre == tunnels.TUNNEL_ETHERTYPES


def loaded_after(link_type: int, data: bytes) -> set[str]:
    program = (
        "import sys; from wsinspect.transport.exotic import ExoticDissector;"
        f"ExoticDissector().feed({link_type}, bytes.fromhex('{data.hex()}'), 0); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "packet",
    [
        ETHER / fragment(IP(INNER_4), fragsize=200)[0],
        ETHER / IP(proto=4) / Raw(INNER_4),
        Dot3() / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(),
        Ether(type=0x8100) / Dot1Q(type=0x88D9) / Raw(b"link layer topology discovery"),
        OUTER_4 / UDP(dport=53) / Raw(b"query"),
    ],
    ids=["fragment", "ip in ip", "spanning tree", "unknown ethertype", "udp"],
)
def test_scapy_is_not_loaded_without_need(packet: Any) -> None:
    assert not {name for name in loaded_after(ETHERNET, bytes(packet)) if name.startswith("scapy")}


def test_scapy_is_loaded_in_part_and_in_silence() -> None:
    loaded = loaded_after(ETHERNET, bytes(ETHER / MPLS(s=1) / Raw(INNER_4)))
    assert "scapy.layers.inet" in loaded
    assert "scapy.all" not in loaded


CAPTURES = sorted((Path(__file__).parents[2].parent / "shared" / "captures" / "encapsulation").glob("*.pcap*"))
TSHARK = shutil.which("tshark")


@pytest.mark.skipif(TSHARK is None or not CAPTURES, reason="needs tshark and the captures beside the repository")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_tshark_finds_the_same_segments(path: Path) -> None:
    assert TSHARK is not None
    command = [TSHARK, "-n", "-r", str(path), "-Y", "tcp", "-T", "fields", "-e", "frame.number", "-e", "tcp.payload"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    theirs = [(int(number), payload) for number, payload in (line.split("\t") for line in lines)]
    dissector = ExoticDissector()
    ours = []
    with open_capture(str(path)) as reader:
        for packet in reader:
            for inner in dissector.feed(packet.link_type, packet.data, packet.time_ns):
                start, end, _ = find_tcp_in_ip(inner, 0)
                payload = inner[start + (inner[start + 12] >> 4 << 2) : end]
                ours.append((packet.number, payload.hex()))
    assert ours == theirs
    assert dissector.undissected == 0
