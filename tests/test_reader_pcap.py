"""The reader of captures: sniffing, the relation that can be read again and again, problems, memory."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import packets as p
from molehunt import schema
from molehunt.columns import QUERIES_SQL_TYPES
from molehunt.config import Config, PcapSettings
from molehunt.errors import MalformedRecordError, SourceError
from molehunt.readers import Reading, SourceFile
from molehunt.readers.pcap import READER

QUERY = p.ethernet(p.ipv4(p.udp(p.message("a.example.com"))))
REPLY = p.ethernet(p.reply(p.message("a.example.com", rcode=0, answers=[p.record(1, b"\1\2\3\4")])))


def source(path: Path) -> SourceFile:
    return SourceFile(str(path), path, path.read_bytes()[: 1 << 16])


def opened(tmp_path: Path, octets: bytes, config: Config | None = None) -> tuple[duckdb.DuckDBPyConnection, Reading]:
    path = tmp_path / "capture"
    path.write_bytes(octets)
    connection = duckdb.connect()
    return connection, READER.read(source(path), connection, config or Config())


@pytest.mark.parametrize(
    "head", [p.pcap(), p.pcap(order=">"), p.pcap(nano=True), p.pcap(nano=True, order=">"), p.section(), p.section(">")]
)
def test_captures_are_recognised_by_content(head: bytes):
    assert READER.sniff(head)


@pytest.mark.parametrize("head", [b"", b"\n\r", b"#separator \\x09", b'{"ts":1}', b"PAR1", b"\x1f\x8b\x08\0"])
def test_other_files_are_not_captures(head: bytes):
    assert not READER.sniff(head)


def test_the_relation_has_the_columns_of_queries(tmp_path: Path):
    connection, reading = opened(tmp_path, p.pcap(QUERY, REPLY))
    described = connection.execute(f"DESCRIBE {reading.relation}").fetchall()
    kinds = {name: kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for name, kind, *_ in described}
    assert kinds == QUERIES_SQL_TYPES
    assert list(kinds) == schema.QUERIES.names


def test_the_relation_reads_the_same_twice(tmp_path: Path):
    connection, reading = opened(tmp_path, p.pcap(QUERY, REPLY, p.ethernet(p.ipv4(p.udp(p.message("b.example", id=9))))))
    sql = f"SELECT epoch_us(ts), client, qname, rcode, answers, answer_ttls, rtt_s FROM ({reading.relation}) ORDER BY qname"
    first = connection.execute(sql).fetchall()
    assert first == connection.execute(sql).fetchall()
    assert first == [
        (p.START * 10**6, p.CLIENT, "a.example.com", "NOERROR", ["1.2.3.4"], [300], pytest.approx(0.001)),
        (p.START * 10**6 + 2000, p.CLIENT, "b.example", None, None, None, None),
    ]
    assert reading.problems() == []


def test_two_captures_on_one_connection(tmp_path: Path):
    (tmp_path / "one").write_bytes(p.pcap(QUERY))
    (tmp_path / "two").write_bytes(p.pcap(REPLY))
    connection = duckdb.connect()
    both = [READER.read(source(tmp_path / name), connection, Config()) for name in ("one", "two")]
    sql = " UNION ALL ".join(f"SELECT rcode FROM ({reading.relation})" for reading in both)
    assert sorted(connection.execute(sql).fetchall(), key=str) == [("NOERROR",), (None,)]


def test_many_rows_go_to_a_file_that_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    frames = [p.ethernet(p.ipv4(p.udp(p.message(f"n{i}.example", id=i & 0xFFFF)))) for i in range(300)]
    config = Config(pcap=PcapSettings(memory_bytes=1 << 20, retry_s=0.0001))
    connection, reading = opened(tmp_path, p.pcap(*frames * 300), config)
    assert list(spool.iterdir()) == []
    for _ in range(2):
        counted = connection.execute(f"SELECT count(*), count(DISTINCT qname) FROM ({reading.relation})").fetchone()
        assert counted == (90_000, 300)


def test_a_truncated_capture_keeps_its_rows(tmp_path: Path):
    connection, reading = opened(tmp_path, p.pcap(QUERY, REPLY)[:-5])
    assert connection.execute(f"SELECT count(*) FROM ({reading.relation})").fetchone() == (1,)
    (problem,) = reading.problems()
    assert (problem.count, problem.example) == (1, f"byte {24 + 16 + len(QUERY)}")
    assert problem.reason.startswith("truncated capture")


def test_a_capture_of_http_says_that_there_is_no_dns(tmp_path: Path):
    http = p.ethernet(p.ipv4(p.tcp(b"GET / HTTP/1.1\r\n\r\n", 1, dport=80), number=6))
    connection, reading = opened(tmp_path, p.pcap(*[http] * 5))
    assert connection.execute(f"SELECT count(*) FROM ({reading.relation})").fetchone() == (0,)
    assert [(one.reason, one.count) for one in reading.problems()] == [
        ("no DNS on ports 53, 5353, 5355; other port? use --port", 5)
    ]


def test_a_file_that_is_gone_or_no_capture(tmp_path: Path):
    path = tmp_path / "gone.pcap"
    with pytest.raises(SourceError, match="cannot read the capture"):
        READER.read(SourceFile("gone.pcap", path, b""), duckdb.connect(), Config())
    path.write_bytes(b"nothing of the kind, however long it may be")
    with pytest.raises(MalformedRecordError, match=r"gone\.pcap: not a pcap"):
        READER.read(source(path), duckdb.connect(), Config())


GROWTH = """
import resource, sys, duckdb
from pathlib import Path
from molehunt.config import Config, PcapSettings
from molehunt.readers import SourceFile
from molehunt.readers.pcap import READER
from molehunt.wire.capture import Capture
for _ in Capture(open(sys.argv[2], "rb"), "small", PcapSettings()).batches(): pass
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in Capture(open(sys.argv[1], "rb"), "large", PcapSettings()).batches(): pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_decoding_needs_the_same_memory_for_a_file_of_any_size(tmp_path: Path):
    """Rows that nobody keeps are gone; 60 MB more of capture cost no memory."""
    octets = p.pcap(*((index * 1e-3, frame) for index in range(400) for frame in (QUERY, REPLY)))
    records, one = octets[24:], len(octets) - 24
    for name, times in (("small", 400), ("large", 60_000_000 // one)):
        (tmp_path / name).write_bytes(octets[:24] + records * times)
    command = [sys.executable, "-c", GROWTH, str(tmp_path / "large"), str(tmp_path / "small")]
    grown_kib = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert grown_kib < 60 << 10


def test_the_page_of_the_reader_is_true():
    page = Path(__file__).parent.parent / "docs" / "inputs" / "pcap.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert (failed, tried) == (0, 3)
    text = page.read_text("utf-8")
    assert [name for name in PcapSettings.model_fields if f"pcap.{name}" not in text] == []
