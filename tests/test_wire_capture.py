"""Captures: file formats, link types, IP variants, and what is said of bad ones."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

import packets as p
from molehunt.config import PcapSettings
from molehunt.errors import MalformedRecordError
from molehunt.readers.pcap import MAGICS
from molehunt.wire.capture import Capture

QUERY = p.udp(p.message("a.example.com"))
IP4, IP6 = p.ipv4(QUERY), p.ipv6(QUERY)
FRAME = p.ethernet(IP4)
T0 = datetime.fromtimestamp(p.START, UTC)


def only(capture: bytes, **settings: object) -> dict:
    """The one row of a capture without problems."""
    rows, problems = p.read(capture, **settings)
    assert problems == {}
    assert len(rows) == 1
    return rows[0]


def sll(packet: bytes, kind: int = 0x0800) -> bytes:
    return struct.pack("!HHH8sH", 0, 1, 6, bytes(8), kind) + packet


def sll2(packet: bytes, kind: int = 0x0800) -> bytes:
    return struct.pack("!HHIHBB8s", kind, 0, 2, 1, 0, 6, bytes(8)) + packet


MPLS = struct.pack("!II", 16 << 12 | 64, 17 << 12 | 0x100 | 64)
LINKS = {
    "Ethernet": (1, FRAME),
    "Ethernet, IPv6": (1, p.ethernet(IP6)),
    "Ethernet, padded": (1, FRAME + bytes(20)),
    "VLAN": (1, p.ethernet(IP4, [0x8100])),
    "QinQ": (1, p.ethernet(IP4, [0x88A8, 0x8100])),
    "QinQ, old": (1, p.ethernet(IP6, [0x9100, 0x8100, 0x8100])),
    "PPPoE": (1, FRAME[:12] + b"\x88\x64" + struct.pack("!BBHHH", 0x11, 0, 1, len(IP4) + 2, 0x21) + IP4),
    "MPLS": (1, FRAME[:12] + b"\x88\x47" + MPLS + IP4),
    "Linux cooked": (113, sll(IP4)),
    "Linux cooked, IPv6": (113, sll(IP6, 0x86DD)),
    "Linux cooked, VLAN": (113, sll(struct.pack("!HH", 5, 0x0800) + IP4, 0x8100)),
    "Linux cooked 2": (276, sll2(IP4)),
    "Linux cooked 2, IPv6": (276, sll2(IP6, 0x86DD)),
    "raw": (101, IP4),
    "raw, IPv6": (101, IP6),
    "raw, 12": (12, IP4),
    "raw, 14": (14, IP6),
    "IPv4": (228, IP4),
    "IPv6": (229, IP6),
    "BSD loopback, little": (0, struct.pack("<I", 2) + IP4),
    "BSD loopback, big": (0, struct.pack(">I", 2) + IP4),
    "BSD loopback, IPv6": (0, struct.pack("<I", 30) + IP6),
    "OpenBSD loopback": (108, struct.pack(">I", 24) + IP6),
    "PPP": (9, b"\xff\x03\0\x21" + IP4),
    "PPP, short": (9, b"\0\x57" + IP6),
    "FDDI": (10, b"\x50" + bytes(12) + b"\xaa\xaa\3\0\0\0\x08\0" + IP4),
    "802.3 with SNAP": (1, FRAME[:12] + struct.pack("!H", 8 + len(IP4)) + b"\xaa\xaa\3\0\0\0\x08\0" + IP4),
}  # fmt: skip


@pytest.mark.parametrize(("link", "frame"), LINKS.values(), ids=LINKS.keys())
def test_link_types(link: int, frame: bytes):
    row = only(p.pcap(frame, link=link))
    expected = (p.CLIENT, p.SERVER) if row["client"] == p.CLIENT else (p.CLIENT6, p.SERVER6)
    assert (row["client"], row["resolver"]) == expected
    assert (row["qname"], row["qtype"], row["ts"], row["rcode"]) == ("a.example.com", "A", T0, None)


PACKETS = {
    "options": p.ipv4(QUERY, options=b"\x94\4\0\0" + b"\1" * 8),
    "most options": p.ipv4(QUERY, options=b"\1" * 40),
    "hop by hop": p.ipv6(QUERY, extensions=[(0, b"\0\5\2\0\0\0\0")]),
    "routing and destination options": p.ipv6(
        QUERY, extensions=[(60, b"\0\1\4\0\0\0\0"), (43, b"\2\4\0" + bytes(20)), (60, b"\0\1\4\0\0\0\0")]
    ),
    "authentication": p.ipv6(QUERY, extensions=[(51, b"\4" + bytes(22))]),
    "mobility": p.ipv6(QUERY, extensions=[(135, b"\0" + bytes(6))]),
    "atomic fragment": p.ipv6_fragment(QUERY, 0, False),
    "IP in IP": p.ipv4(IP4, "192.0.2.1", "192.0.2.2", number=4),
    "6in4": p.ipv4(IP6, "192.0.2.1", "192.0.2.2", number=41),
    "total length 0": FRAME[14:16] + b"\0\0" + FRAME[18:],
}


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS.keys())
def test_ip_variants(packet: bytes):
    assert only(p.pcap(p.ethernet(packet)))["qname"] == "a.example.com"


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is absent")
def test_tshark_reads_the_builder_the_same_way(tmp_path: Path):
    frames = [*LINKS.values(), *((1, p.ethernet(one)) for one in PACKETS.values())]
    links = sorted({link for link, _ in frames})
    blocks = [p.enhanced(frame, p.START * 10**6 + i, links.index(link)) for i, (link, frame) in enumerate(frames)]
    path = tmp_path / "all.pcapng"
    path.write_bytes(p.section() + b"".join(p.interface(link) for link in links) + b"".join(blocks))
    fields = [arg for name in ("ip.src", "ipv6.src", "dns.qry.name") for arg in ("-e", name)]
    command = ["tshark", "-r", str(path), "-o", "ip.tso_support:TRUE", "-T", "fields", *fields]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = p.rows(path.read_bytes(), retry_s=1e-9)
    assert len(rows) == len(frames) == len(lines)
    for row, line, name in zip(rows, lines, [*LINKS, *PACKETS], strict=True):
        source, source6, qname = line.split("\t")
        if name == "mobility":  # tshark looks for nothing behind that head
            continue
        assert row["qname"] == qname, name
        assert row["client"] in (source + "," + source6).split(","), name  # with IP in IP, both are told


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap_in_both_orders_and_precisions(order: str, nano: bool):
    capture = p.pcap((0.123456789, FRAME), order=order, nano=nano)
    assert capture[:4] in MAGICS
    assert only(capture)["ts"] == T0.replace(microsecond=123456)


@pytest.mark.parametrize("order", ["<", ">"])
def test_modified_pcap(order: str):
    assert only(p.pcap(FRAME, order=order, magic=0xA1B2CD34))["qname"] == "a.example.com"


def test_rtt_has_nanoseconds():
    answer = p.ethernet(p.reply(p.message("a.example.com", rcode=0)))
    assert only(p.pcap((0, FRAME), (1e-6 + 1.23e-7, answer), nano=True))["rtt_s"] == pytest.approx(1.123e-6, abs=1e-9)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("wrap", [p.enhanced, p.obsolete])
def test_pcapng_packets(order: str, wrap):
    capture = p.section(order) + p.interface(order=order) + wrap(FRAME, p.START * 10**6 + 7, order=order)
    assert only(capture)["ts"] == T0.replace(microsecond=7)


def test_a_simple_packet_has_no_time():
    row = only(p.section() + p.interface() + p.simple(FRAME))
    assert (row["ts"], row["qname"]) == (None, "a.example.com")


def test_a_simple_packet_ends_with_the_snap_length():
    whole = p.section() + p.interface(snap=len(FRAME) + 1) + p.simple(FRAME + b"x" * 40)
    assert only(whole)["qname"] == "a.example.com"


@pytest.mark.parametrize(
    ("resolution", "ticks", "microsecond"),
    [
        (0, p.START, 0),
        (3, p.START * 1000 + 5, 5000),
        (6, p.START * 10**6 + 5, 5),
        (9, p.START * 10**9 + 5999, 5),
        (0x80, p.START, 0),
        (0x80 | 10, (p.START << 10) + 512, 500_000),
        (0x80 | 20, (p.START << 20) + (1 << 18), 250_000),
        (0x80 | 33, (p.START << 33) + (1 << 31), 250_000),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_time_resolutions(resolution: int, ticks: int, microsecond: int, order: str):
    options = p.option(2, b"eth0", order) + p.option(9, bytes([resolution]), order)
    capture = p.section(order) + p.interface(options=options, order=order) + p.enhanced(FRAME, ticks, order=order)
    assert only(capture)["ts"] == T0.replace(microsecond=microsecond)


def test_time_offset():
    options = p.option(14, struct.pack("<q", p.START - 1000))
    assert only(p.section() + p.interface(options=options) + p.enhanced(FRAME, 1000 * 10**6))["ts"] == T0


@pytest.mark.parametrize("resolution", [0, 19, 20, 0x7F, 0x80, 0xBF, 0xC0, 0xFF])
@pytest.mark.parametrize("ticks", [0, 1, 2**63, 2**64 - 1])
def test_absurd_times_are_no_times(resolution: int, ticks: int):
    options = p.option(9, bytes([resolution]))
    rows, problems = p.read(p.section() + p.interface(options=options) + p.enhanced(FRAME, ticks))
    assert len(rows) == 1
    assert (rows[0]["ts"] is None) == ("time stamp out of range" in problems)


def test_sections_and_interfaces_of_their_own():
    """Each section numbers its interfaces anew; each interface has its own link type and clock."""
    second = p.message("b.example.com")
    capture = (
        p.section()
        + p.interface()
        + p.block(4, b"names are skipped")
        + p.interface(101, p.option(9, b"\x09"))
        + p.enhanced(IP6, p.START * 10**9, 1)
        + p.enhanced(FRAME, (p.START + 1) * 10**6, 0)
        + p.section(">")
        + p.interface(276, order=">")
        + p.enhanced(sll2(p.ipv4(p.udp(second))), (p.START + 2) * 10**6, order=">")
    )
    rows, problems = p.read(capture)
    assert problems == {}
    assert [(r["ts"].timestamp() - p.START, r["client"], r["qname"]) for r in rows] == [
        (0, p.CLIENT6, "a.example.com"), (1, p.CLIENT, "a.example.com"), (2, p.CLIENT, "b.example.com"),
    ]  # fmt: skip


def test_other_ports_by_option():
    capture = p.pcap(p.ethernet(p.ipv4(p.udp(p.message("a.b"), dport=5300))))
    assert p.rows(capture) == []
    assert only(capture, ports=(5300,))["qname"] == "a.b"


@pytest.mark.parametrize(("port", "protocol"), [(53, "dns"), (5353, "mdns"), (5355, "llmnr")])
def test_protocols_are_told_apart(port: int, protocol: str):
    assert only(p.pcap(p.ethernet(p.ipv4(p.udp(p.message("a.local"), 40000, port)))))["protocol"] == protocol


def test_a_client_port_of_another_protocol_does_not_mislead():
    assert only(p.pcap(p.ethernet(p.ipv4(p.udp(p.message("a.b"), 5353, 53)))))["protocol"] == "dns"


@pytest.mark.parametrize("cut", [1, 15, 16, 17, 40, 70])
def test_a_truncated_capture_keeps_what_is_whole(cut: int):
    capture = p.pcap(FRAME, FRAME)
    last = 16 + len(FRAME)
    rows, problems = p.read(capture[: -(last - cut)])
    assert len(rows) == 1
    assert problems == {f"truncated capture: the last {cut} bytes are not a whole record": (1, f"byte {len(capture) - last}")}


@pytest.mark.parametrize("octets", [b"", b"x", b"not a capture at all, but long enough", p.pcap()[:20]])
def test_no_capture(octets: bytes):
    with pytest.raises(MalformedRecordError, match="not a pcap"):
        p.read(octets)


def test_an_empty_capture():
    assert p.read(p.pcap()) == ([], {"the capture holds no packets": (0, "")})
    assert p.read(p.section() + p.interface()) == ([], {"the capture holds no packets": (0, "")})


def test_a_capture_without_dns_says_so():
    http = p.ethernet(p.ipv4(p.tcp(b"GET / HTTP/1.1\r\n\r\n", 1, dport=80), number=6))
    arp = b"\xff" * 12 + b"\x08\x06" + bytes(28)
    rows, problems = p.read(p.pcap(http, arp, http))
    assert rows == []
    reason = "no DNS on ports 53, 5353, 5355; other port? use --port"
    assert problems == {reason: (3, "3 packets, 3 of them are other traffic")}


BAD_FRAMES = {
    "link-layer head is malformed": (FRAME[:13], 1),
    "IP head is malformed": (p.ethernet(IP4[:19]), 1),
    "UDP or TCP head is malformed": (p.ethernet(p.ipv4(QUERY[:6])), 1),
    "link type 147 is not supported": (FRAME, 147),
    "DNS message shorter than its header": (p.ethernet(p.ipv4(p.udp(b"\0\1"))), 1),
}


@pytest.mark.parametrize(("reason", "frame", "link"), [(r, *f) for r, f in BAD_FRAMES.items()])
def test_a_bad_packet_is_counted_with_its_place(reason: str, frame: bytes, link: int):
    rows, problems = p.read(p.pcap(frame, frame, link=link))
    assert rows == []
    assert problems[reason] == (2, "packet 1 at byte 24")


def test_a_snap_length_cuts_packets_but_not_their_question():
    answers = [p.record(16, b"\x7f" + b"x" * 127)]
    long = p.ethernet(p.reply(p.message("a.example.com", 16, rcode=0, answers=answers)))
    rows, problems = p.read(p.pcap(p.ethernet(p.ipv4(p.udp(p.message("a.example.com", 16)))), long, snap=96))
    assert [(r["qname"], r["rcode"], r["answers"]) for r in rows] == [("a.example.com", "NOERROR", [])]
    assert problems == {"packet cut short by the capture's snap length": (1, f"packet 2 at byte {24 + 16 + 73}")}


def test_an_impossible_record_ends_the_reading_but_not_the_rows():
    good = p.pcap(FRAME)
    rows, problems = p.read(good + struct.pack("<4I", 0, 0, 1 << 30, 1 << 30) + bytes(100))
    assert len(rows) == 1
    assert problems == {f"block or record of impossible length {1 << 30}": (1, f"packet 1 at byte {len(good)}")}


def test_the_size_of_the_pieces_changes_nothing(monkeypatch):
    frames = [p.ethernet(p.ipv4(p.udp(p.message(f"n{i}.example", id=i)))) for i in range(50)]
    ticks = p.START * 10**6
    for capture in (
        p.pcap(*frames),
        p.section() + p.interface() + b"".join(p.enhanced(frame, ticks + i) for i, frame in enumerate(frames)),
    ):
        whole = p.read(capture)
        for size in (1, 7, 100, 1000):
            monkeypatch.setattr("molehunt.wire.capture.PIECE_BYTES", size)
            assert p.read(capture) == whole


def test_batches_come_while_the_file_is_read():
    frames = [p.ethernet(p.ipv4(p.udp(p.message(f"n{i}.example", id=i & 0xFFFF)))) for i in range(150)]
    octets = p.pcap(*frames * 1000)
    source = Capture(io.BytesIO(octets), "big", PcapSettings(retry_s=0.0001, open_query_count=1024))
    sizes = [batch.num_rows for batch in source.batches()]
    assert sum(sizes) == 150_000
    assert max(sizes) == 1 << 16
