"""IP fragments and TCP streams: in any order, repeated, overlapping, incomplete, hostile."""

from __future__ import annotations

import itertools
import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

import packets as p

TEXT = b"\xc8" + bytes(range(48, 48 + 75)) + b"y" * 125
ANSWER = p.message("big.example.com", 16, rcode=0, answers=[p.record(16, TEXT * 7)])
QUERY = p.ethernet(p.ipv4(p.udp(p.message("big.example.com", 16))))
QUERY6 = p.ethernet(p.ipv6(p.udp(p.message("big.example.com", 16))))
DATAGRAM = p.udp(ANSWER, 53, 40000)
OTHER_WAY = {"source": p.SERVER, "target": p.CLIENT}
OTHER_WAY6 = {"source": p.SERVER6, "target": p.CLIENT6}


def pieces(datagram: bytes = DATAGRAM, size: int = 512, id: int = 1) -> list[bytes]:
    return [
        p.ethernet(p.ipv4(datagram[at : at + size], id=id, offset=at, more=at + size < len(datagram), **OTHER_WAY))
        for at in range(0, len(datagram), size)
    ]


def pieces6(datagram: bytes = DATAGRAM, size: int = 512, id: int = 1) -> list[bytes]:
    return [
        p.ethernet(p.ipv6_fragment(datagram[at : at + size], at, at + size < len(datagram), id, **OTHER_WAY6))
        for at in range(0, len(datagram), size)
    ]


def whole(rows: list[dict]) -> bool:
    return len(rows) == 1 and rows[0]["response_bytes"] == len(ANSWER) and rows[0]["answer_bytes"] == 7 * 201


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_fragments_in_any_order(order: tuple[int, ...]):
    for query, parts in ((QUERY, pieces()), (QUERY6, pieces6())):
        rows, problems = p.read(p.pcap(query, *(parts[index] for index in order)))
        assert problems == {}
        assert whole(rows)


def test_repeated_and_overlapping_fragments():
    parts = pieces()
    overlap = p.ethernet(p.ipv4(b"!" * 256, offset=256, more=True, **OTHER_WAY))  # what came first stays
    rows, problems = p.read(p.pcap(QUERY, parts[0], parts[0], overlap, parts[2], parts[1]))
    assert (whole(rows), problems) == (True, {})


def test_fragments_of_two_datagrams_do_not_mix():
    mixed = itertools.chain(*zip(pieces(id=1), pieces(p.udp(ANSWER.replace(b"y", b"z"), 53, 40001), id=2), strict=True))
    second = p.ethernet(p.ipv4(p.udp(p.message("big.example.com", 16), 40001)))
    rows = p.rows(p.pcap(QUERY, second, *mixed))
    assert [[text.count(letter) > 100 for letter in "yz" for text in row["answers"][:1]] for row in rows] == [
        [True, False],
        [False, True],
    ]


def test_a_lost_fragment_leaves_what_came_before_it():
    """Captures with a port filter hold only first fragments."""
    first, _, last = pieces()
    late = (6, p.ethernet(p.ipv4(p.udp(p.message("later.example", id=9)))))
    for frames in ((QUERY, first), (QUERY, first, late), (QUERY, first, last, late)):
        rows, problems = p.read(p.pcap(*frames))
        assert [row["rcode"] for row in rows if row["qname"] == "big.example.com"] == ["NOERROR"]
        assert problems["IP fragment is missing; read up to the gap"][0] == 1
        assert rows[0]["rtt_s"] < 0.01


def test_a_flood_of_fragments_is_bounded():
    flood = [p.ethernet(p.ipv4(b"x" * 512, id=i & 0xFFFF, offset=64000, more=True, **OTHER_WAY)) for i in range(3000)]
    first, second, third = pieces(id=3)
    rows, problems = p.read(p.pcap(QUERY, *flood, first, second, third))
    assert whole(rows)
    assert problems["IP fragment is missing; read up to the gap"][0] == 3000


@pytest.mark.parametrize(
    "packet",
    [
        p.ipv4(b"x" * 7, offset=0, more=True, **OTHER_WAY),
        p.ipv4(b"x" * 64, offset=65528, more=False, **OTHER_WAY),
        p.ipv4(b"", offset=8, more=False, **OTHER_WAY),
    ],
)
def test_impossible_fragments(packet: bytes):
    assert p.read(p.pcap(p.ethernet(packet)))[1]["IP fragment is malformed"] == (1, "packet 1 at byte 24")


SYN, FIN, RST = 2, 1, 4


def segments(stream: bytes, cuts: list[int], start: int = 1000, **ports: int) -> list[bytes]:
    edges = [0, *cuts, len(stream)]
    return [p.ethernet(p.ipv4(p.tcp(stream[a:b], start + a, **ports), number=6)) for a, b in itertools.pairwise(edges)]


def control(flags: int, seq: int) -> bytes:
    return p.ethernet(p.ipv4(p.tcp(b"", seq, flags=flags), number=6))


NAMES = [f"n{index}.example.com" for index in range(5)]
STREAM = p.framed(*(p.message(name, id=index) for index, name in enumerate(NAMES)))


def names(rows: list[dict]) -> list[str]:
    return sorted(row["qname"] for row in rows)


@pytest.mark.parametrize("size", [1, 2, 3, 20, 33, 1000])
def test_messages_over_segments_and_segments_over_messages(size: int):
    rows, problems = p.read(p.pcap(control(SYN, 999), *segments(STREAM, list(range(size, len(STREAM), size)))))
    assert (names(rows), problems) == (NAMES, {})
    assert {row["transport"] for row in rows} == {"tcp"}


@pytest.mark.parametrize("seed", range(20))
def test_segments_in_any_order_and_repeated(seed: int):
    chance = random.Random(seed)
    parts = segments(STREAM, sorted(chance.sample(range(1, len(STREAM)), 6)))
    parts += chance.sample(parts, 3)
    chance.shuffle(parts)
    rows, problems = p.read(p.pcap(control(SYN, 999), *parts))
    assert (names(rows), problems) == (NAMES, {})


def test_sequence_numbers_wrap():
    parts = segments(STREAM, [50, 60, 100], start=2**32 - 55)
    rows = p.rows(p.pcap(control(SYN, 2**32 - 56), parts[0], parts[2], parts[1], parts[3]))
    assert names(rows) == NAMES


def test_overlapping_segments():
    both = segments(STREAM, [60])[0], p.ethernet(p.ipv4(p.tcp(STREAM[40:], 1040), number=6))
    assert names(p.rows(p.pcap(control(SYN, 999), *both))) == NAMES


def test_a_connection_seen_from_its_middle():
    assert names(p.rows(p.pcap(*segments(STREAM, [37])))) == NAMES


def test_both_directions_pair():
    query = p.ethernet(p.ipv4(p.tcp(p.framed(p.message("t.example", 16)), 1), number=6))
    response = p.framed(p.message("t.example", 16, rcode=0, answers=[p.record(16, TEXT * 300)]))
    back = [
        p.ethernet(p.ipv4(p.tcp(response[at : at + 1400], 1 + at, 53, 40000), p.SERVER, p.CLIENT, number=6))
        for at in range(0, len(response), 1400)
    ]
    (row,), problems = p.read(p.pcap(query, *back))
    assert problems == {}
    assert (row["transport"], row["answer_bytes"], row["response_bytes"]) == ("tcp", 300 * 201, len(response) - 2)


def test_a_new_connection_on_the_same_ports():
    first = [control(SYN, 999), *segments(STREAM, []), control(FIN | 16, 1000 + len(STREAM))]
    again = [control(SYN, 5_000_000), *segments(p.framed(p.message("again.example")), [], start=5_000_001)]
    assert names(p.rows(p.pcap(*first, *again))) == sorted([*NAMES, "again.example"])


def test_a_lost_segment_is_counted_and_the_next_connection_is_read():
    first, _, third = segments(STREAM, [30, 60])
    frames = [control(SYN, 999), first, third, control(RST, 0), *segments(STREAM, [], start=77)]
    rows, problems = p.read(p.pcap(*frames))
    assert names(rows) == NAMES
    assert problems["TCP segment is missing"][0] == 1


def test_other_traffic_on_the_port_is_counted():
    http = p.ethernet(p.ipv4(p.tcp(b"\0\5hello" * 10, 1), number=6))
    rows, problems = p.read(p.pcap(http))
    assert rows == []
    assert problems["TCP stream on a DNS port does not carry DNS messages"][0] == 1


def test_many_streams_are_bounded():
    half = p.framed(p.message("a.example"))[:-1]
    frames = [p.ethernet(p.ipv4(p.tcp(half, 1, sport=1024 + i), number=6)) for i in range(2000)]
    rows, problems = p.read(p.pcap(*frames, *segments(STREAM, [5], sport=1)), stream_count=64)
    assert names(rows) == NAMES
    assert problems["TCP segment is missing"][0] == 2000


def test_the_memory_of_streams_is_bounded():
    far = b"\xff\xff" + b"x" * 60000
    frames = [p.ethernet(p.ipv4(p.tcp(far, 1, sport=1024 + i), number=6)) for i in range(200)]
    rows, problems = p.read(p.pcap(*frames, *segments(STREAM, [5], sport=1)), stream_bytes=1 << 18)
    assert names(rows) == NAMES
    assert problems["TCP segment is missing"][0] == 200


def test_holes_without_end_are_bounded():
    holes = [p.ethernet(p.ipv4(p.tcp(b"x", 1000 + 3 * i + 2), number=6)) for i in range(1, 5000)]
    _, problems = p.read(p.pcap(control(SYN, 999), *holes))
    assert problems["TCP segment is missing"][0] > 0


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is absent")
def test_tshark_puts_the_same_together(tmp_path: Path):
    shuffled = pieces()[2], pieces()[0], pieces()[1]
    tcp = segments(STREAM, [30, 31, 90])
    path = tmp_path / "all.pcap"
    path.write_bytes(p.pcap(QUERY, *shuffled, QUERY6, *pieces6(), control(SYN, 999), *tcp))
    command = ["tshark", "-r", str(path), "-T", "fields", "-e", "dns.flags.response", "-e", "dns.qry.name", "-Y", "dns"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    queries = sorted(name for line in lines for name in line.split("\t")[1].split(",") if "1" not in line.split("\t")[0])
    rows = p.rows(path.read_bytes())
    assert sorted(row["qname"] for row in rows) == queries
    assert sum(row["rcode"] is not None for row in rows) == sum(line.startswith(("1", "True")) for line in lines) == 2


def test_the_length_of_a_datagram_may_lie():
    for length in (0, 7, 9, 65535):
        datagram = p.udp(p.message("a.example"), length=length)
        rows, problems = p.read(p.pcap(p.ethernet(p.ipv4(datagram))))
        assert len(rows) == (length in (0, 65535)), (length, problems)
    assert struct.unpack("!H", datagram[4:6]) == (65535,)
