"""Every capture of the public corpora: messages against dnspython, fields against tshark.

All captures are joined into one file of several interfaces, so that tshark starts twice and not eighty times. Each
message over UDP is read by dnspython too, and tshark's fields are compared for all.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import dns.rdatatype
import pyarrow as pa
import pytest

from conftest import SHARED
from molehunt.config import PcapSettings
from molehunt.wire.capture import Capture
from test_wire_message import facts, ours

BAR = "\x1f"  # no name of tshark's holds one
PORTS = "udp.port in {53,5353,5355}"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"public corpora are absent: {SHARED}"),
    pytest.mark.skipif(not shutil.which("mergecap"), reason="mergecap and tshark are absent"),
    pytest.mark.xdist_group("wire_oracles"),
]


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All captures, one after the other."""
    path = tmp_path_factory.mktemp("oracle") / "all.pcapng"
    captures = sorted(one for end in ("pcap", "pcapng", "pcap.gz") for one in SHARED.rglob(f"*.{end}"))
    assert len(captures) > 70
    subprocess.run(["mergecap", "-a", "-w", str(path), *map(str, captures)], check=True, capture_output=True)
    return path


def tshark(path: Path, shown: str, *fields: str) -> Iterator[list[str]]:
    """Fields of the packets that the filter shows; several values of one field have a bar between."""
    named = [arg for field in fields for arg in ("-e", field)]
    command = ["tshark", "-r", str(path), "-Y", shown, "-T", "fields", "-E", f"aggregator={BAR}", *named]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield line.rstrip("\n").split("\t")
    assert process.returncode == 0


def same(mine: tuple, theirs: tuple) -> bool:
    """Compare two readings of a message; dnspython knows no cache-flush bit, so it leaves mDNS addresses generic."""
    pairs = zip(mine[4], theirs[4], strict=True)
    return (*mine[:4], mine[5]) == (*theirs[:4], theirs[5]) and all(
        one == other or (one[:4] == other[:4] and one[2] == 0x8001 and other[4].startswith("\\#")) for one, other in pairs
    )


def test_messages_agree_with_dnspython(joined: Path):
    counts: Counter[str] = Counter()
    for frame, payload in tshark(joined, PORTS, "frame.number", "udp.payload"):
        if BAR in payload:
            continue
        octets = bytes.fromhex(payload)
        mine, theirs = ours(octets), facts(octets)
        if theirs is None and b"\0\0\xfa\0\xff" in octets[-200:] and mine is not None:
            counts["signed, and dnspython has no key"] += 1
            continue
        assert (mine is None) == (theirs is None), f"frame {frame}: {payload}"
        if mine and theirs:
            assert same(mine, theirs), f"frame {frame}: {mine} {theirs}"
        counts["read" if mine else "refused"] += 1
    assert counts["read"] > 170_000
    assert counts["signed, and dnspython has no key"] <= 2


@pytest.fixture(scope="module")
def rows(joined: Path) -> pa.Table:
    """What molehunt reads."""
    with joined.open("rb") as file:
        return pa.Table.from_batches(list(Capture(file, "all", PcapSettings()).batches()))


FIELDS = {
    "time": "frame.time_epoch", "source": "ip.src", "source6": "ipv6.src", "target": "ip.dst", "target6": "ipv6.dst",
    "response": "dns.flags.response", "rcode": "dns.flags.rcode", "names": "dns.qry.name", "types": "dns.qry.type",
    "answers": "dns.count.answers", "kinds": "dns.resp.type", "ttls": "dns.resp.ttl", "rtt": "dns.time", "A": "dns.a",
    "AAAA": "dns.aaaa", "CNAME": "dns.cname", "NS": "dns.ns", "PTR": "dns.ptr.domain_name", "MX": "dns.mx.mail_exchange",
    "SRV": "dns.srv.target",
}  # fmt: skip
NAMED = ("CNAME", "NS", "PTR", "MX", "SRV")
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]


@pytest.fixture(scope="module")
def messages(joined: Path) -> list[dict[str, str]]:
    """What tshark reads, a packet each."""
    shown = f"(dns || mdns || llmnr) && !icmp && !icmpv6 && ({PORTS} || tcp.port == 53)"
    return [dict(zip(FIELDS, line, strict=True)) for line in tshark(joined, shown, *FIELDS.values())]


def listed(text: str) -> list[str]:
    return text.split(BAR) if text else []


def plain(name: str | None) -> str | None:
    """A name, if both spell it alike; tshark writes other octets in ways of its own."""
    return name.lower() if name and name != "." and all(c.isascii() and (c.isalnum() or c in "-_.") for c in name) else None


def code(mnemonic: str | None) -> int:
    return -1 if mnemonic is None else int(dns.rdatatype.from_text(mnemonic))


def ends(one: dict[str, str], towards: bool) -> tuple[str, str]:
    """Client and resolver of a packet."""
    both = one["source"] or one["source6"], one["target"] or one["target6"]
    return both if towards else both[::-1]


def columns(rows: pa.Table, *names: str) -> Iterator[tuple]:
    return zip(*(rows[name].to_pylist() for name in names), strict=True)


def test_queries_agree_with_tshark(joined: Path, messages: list[dict[str, str]]):
    """Unfolded, the questions are tshark's and no others: time, addresses, name, type."""
    with joined.open("rb") as file:
        rows = pa.Table.from_batches(list(Capture(file, "all", PcapSettings(retry_s=1e-9)).batches()))
    theirs: Counter[tuple] = Counter()
    times: set[int] = set()
    for one in messages:
        if one["response"] in {"0", "False"}:
            micros = int(Decimal(one["time"]) * 1_000_000)
            for name, kind in zip(listed(one["names"]), listed(one["types"]), strict=True):
                theirs[*ends(one, True), plain(name), int(kind)] += 1
                times.add(micros)
    mine: Counter[tuple] = Counter()
    rows = rows.set_column(0, "ts", rows["ts"].cast("int64"))
    fields = ("ts", "client", "resolver", "qname", "qtype", "query_bytes", "retry_count", "response_bytes")
    for ts, client, resolver, qname, qtype, size, retries, answered in columns(rows, *fields):
        if qname is not None and (size is not None or answered is None):
            mine[client, resolver, plain(qname), code(qtype)] += 1 + (retries or 0)
            assert ts in times
    assert mine - theirs == Counter()
    # tshark shows eight names of more than 255 octets, which dnspython refuses as we do
    assert sum((theirs - mine).values()) == 8, theirs - mine


def told(one: dict[str, str]) -> tuple:
    """What tshark says of a response; its fields go over all sections, the answers come first."""
    kinds = listed(one["kinds"])[: int(one["answers"])]
    texts = [listed(one[kind])[: kinds.count(str(code(kind)))] for kind in ("A", "AAAA", *NAMED)]
    question = plain(listed(one["names"])[0]), int(listed(one["types"])[0])
    data = [tuple(texts[0]), tuple(texts[1]), *(tuple(map(plain, some)) for some in texts[2:])]
    return (*ends(one, False), *question, int(one["rcode"]), tuple(kinds), tuple(listed(one["ttls"])[: len(kinds)]), *data)


def test_responses_agree_with_tshark(rows: pa.Table, messages: list[dict[str, str]]):
    """Each response: addresses, name, type, response code, types and times to live of its answers, common data."""
    responses = [
        one for one in messages if one["response"] in {"1", "True"} and one["types"] and "ff02::fb" not in one["target6"]
    ]
    theirs = Counter(told(one) for one in responses)
    mine: Counter[tuple] = Counter()
    fields = ("client", "resolver", "qname", "qtype", "rcode", "answer_types", "answer_ttls", "answers")
    for client, resolver, qname, qtype, rcode, kinds, ttls, answers in columns(rows, *fields):
        if rcode is None or qname is None or client is None:
            continue
        found = list(zip(kinds, answers, strict=True))
        data = [tuple(text for kind, text in found if kind == want) for want in ("A", "AAAA")]
        data += [tuple(plain(text.split(" ")[-1]) for kind, text in found if kind == want) for want in NAMED]
        codes, times = tuple(str(code(kind)) for kind in kinds), tuple(map(str, ttls))
        mine[client, resolver, plain(qname), code(qtype), RCODES.index(rcode), codes, times, *data] += 1
    assert sum(mine.values()) > 85_000
    # two are ours alone: the first fragment of a datagram that is not whole, and an EDNS record among the answers
    assert sum((mine - theirs).values()) == 2, mine - theirs


def test_times_to_the_response_agree_with_tshark(rows: pa.Table, messages: list[dict[str, str]]):
    """Where nothing was sent twice; tshark counts from the transmission that it paired."""
    theirs = Counter(
        (plain(listed(one["names"])[0]), f"{float(one['rtt']):.6f}") for one in messages if one["rtt"] and one["names"]
    )
    fields = ("qname", "rtt_s", "retry_count")
    mine = Counter(
        (plain(name), f"{rtt:.6f}") for name, rtt, retries in columns(rows, *fields) if rtt is not None and not retries
    )
    assert sum(mine.values()) > 80_000
    assert sum((mine - theirs).values()) < 0.001 * sum(mine.values()), (mine - theirs).most_common(5)
