"""Sources: folders, globs, standard input, compression, names that mean something to DuckDB."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from molehunt.config import Config
from molehunt.errors import ConfigError, SourceError, UnknownFormatError
from molehunt.readers.sources import open_sources
from readings import GOLDEN, multiset, read

ZEEK = (GOLDEN / "zeek.log").read_bytes()
PACK = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: zstandard.compress(data[:100]) + zstandard.compress(data[100:]),
    "lz4": lz4.frame.compress,
}


def csv_of(*names: str) -> str:
    return "ts,client,qname,qtype\n" + "".join(f"{1767603600 + i},10.0.0.5,{name},A\n" for i, name in enumerate(names))


def test_a_folder_is_walked_in_order_and_hidden_files_are_not_seen(tmp_path):
    for name in ["b/dns.log", "a/x.csv", ".hidden.csv", ".git/x.csv", "a/.x.csv"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(csv_of(name))
    (tmp_path / "b" / "notes.txt").write_text("Dear all,\nthe log is elsewhere.\nYours\n")
    (tmp_path / "b" / "people.csv").write_text("Person,Age\nAda,36\n")
    (tmp_path / "b" / "empty").touch()
    rows, summaries = read(tmp_path)
    assert sorted(row["qname"] for row in rows) == ["a/x.csv", "b/dns.log"]
    named = [(Path(s.name).relative_to(tmp_path).as_posix(), s.reader, s.error) for s in summaries]
    assert named[:2] == [("a/x.csv", "table", None), ("b/dns.log", "table", None)]
    skipped = summaries[2:]
    assert [Path(s.name).name for s in skipped] == ["empty", "notes.txt", "people.csv"]
    assert all(s.error is None and s.problems[0].reason == "file skipped" and s.problems[0].count == 0 for s in skipped)
    assert "Person, Age" in skipped[2].problems[0].example


def test_rotated_logs_of_zeek_beside_its_other_logs(tmp_path):
    for hour in (9, 10):
        (tmp_path / f"dns.{hour}:00:00-{hour + 1}:00:00.log.gz").write_bytes(gzip.compress(ZEEK))
    (tmp_path / "conn.09:00:00-10:00:00.log.gz").write_bytes(
        gzip.compress(b"#separator \\x09\n#path\tconn\n#fields\tts\tuid\tproto\n1.0\tC1\tudp\n")
    )
    rows, summaries = read(tmp_path)
    assert len(rows) == 10
    assert [(s.reader, s.record_count) for s in summaries] == [(None, 0), ("zeek", 5), ("zeek", 5)]
    assert read(str(tmp_path / "dns.*.log.gz"))[0] == rows


@pytest.mark.parametrize("kind", PACK)
def test_compressed_files_are_known_by_content(tmp_path, kind: str):
    path = tmp_path / "somefile"
    path.write_bytes(PACK[kind](ZEEK))
    assert read(path)[0] == read(GOLDEN / "zeek.log")[0]


def test_several_gzip_members_are_one_file(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(ZEEK[:500]) + gzip.compress(ZEEK[500:]))
    assert len(read(path)[0]) == 5


def test_standard_input(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(gzip.compress(ZEEK))

    monkeypatch.setattr(sys, "stdin", Stdin)
    rows, (summary,) = read("-")
    assert rows == read(GOLDEN / "zeek.log")[0]
    assert (summary.name, summary.reader) == ("-", "zeek")


def test_standard_input_is_bounded(monkeypatch):
    class Stdin:
        buffer = io.BytesIO(b"x" * (3 << 20))

    monkeypatch.setattr(sys, "stdin", Stdin)
    limits = Config().limits.model_copy(update={"spool_bytes": 1 << 20})
    with pytest.raises(SourceError, match="more than 1048576 bytes"):
        read("-", config=Config(limits=limits))


NASTY = [
    "it's.csv",
    'a"b.csv',
    "a*b.csv",
    "a[1].csv",
    "a?.csv",
    "{a,b}.csv",
    "a;DROP TABLE x.csv",
    "a\nb.csv",
    "ü ñ.csv",
    "s3:x",
]


@pytest.mark.parametrize("name", NASTY)
def test_file_names_mean_nothing_to_sql_or_globbing(tmp_path, name: str):
    (tmp_path / name).write_text(csv_of("wanted.example"))
    for other in ("axb.csv", "a1.csv", "ax.csv", "a.csv", "b.csv"):
        (tmp_path / other).write_text(csv_of("other.example"))
    rows, (summary,) = read(tmp_path / name)
    assert [row["qname"] for row in rows] == ["wanted.example"]
    assert summary.name == str(tmp_path / name)


def test_a_source_named_twice_is_read_once(tmp_path):
    (tmp_path / "x.csv").write_text(csv_of("a.example", "b.example"))
    rows, summaries = read(tmp_path, tmp_path / "x.csv", str(tmp_path / "*.csv"))
    assert (len(rows), len(summaries)) == (2, 1)


def test_the_column_map_of_the_user_comes_before_the_guess(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("qname,real,src\nwrong.example,right.example,10.0.0.5\n")
    (row,) = read(path, column_map={"qname": "real"})[0]
    assert (row["qname"], row["client"]) == ("right.example", "10.0.0.5")
    (row,) = read(path, column_map={"client": ""})[0]
    assert (row["qname"], row["client"]) == ("wrong.example", None)
    config = Config.model_validate({"table": {"columns": {"qname": "real"}}})
    assert read(path, config=config)[0][0]["qname"] == "right.example"


def test_a_missing_column_says_which_there_are_and_what_to_type(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("When,Who,Where To\n2026-01-05 09:00:00,10.0.0.5,www.example.com\n2026-01-05 09:00:01,10.0.0.5,a.example\n")
    with pytest.raises(SourceError) as caught:
        read(path)
    assert "columns: When, Who, Where To" in str(caught.value)
    assert "--map qname='Where To'" in str(caught.value)
    assert {row["qname"] for row in read(path, column_map={"qname": "Where To"})[0]} == {"www.example.com", "a.example"}
    with pytest.raises(SourceError, match="no column 'Wo' for qname; columns: When, Who, Where To"):
        read(path, column_map={"qname": "Wo"})
    with pytest.raises(ConfigError, match="no column of ours is called 'name'"):
        read(path, column_map={"name": "Who"})


def test_an_unknown_reader_is_a_usage_error(tmp_path):
    with pytest.raises(ConfigError, match="no reader is called 'zeke'"):
        read(GOLDEN / "zeek.log", reader="zeke")


def test_a_reader_by_name_reads_what_it_would_not_have_guessed(tmp_path):
    path = tmp_path / "custom.log"
    path.write_text("#separator \\x09\n#path\tpassive\n#fields\tts\tid.orig_h\tquery\n1767603600.0\t10.0.0.5\ta.example\n")
    with pytest.raises(UnknownFormatError):
        read(path)
    assert read(path, reader="zeek")[0][0]["qname"] == "a.example"


def test_nothing_usable_is_an_error_with_advice(tmp_path):
    (tmp_path / "x.txt").write_text("nothing to see\n")
    with pytest.raises(UnknownFormatError, match=r"no DNS log among 1 file.*molehunt list readers"):
        read(tmp_path)
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "absent")
    with pytest.raises(SourceError, match="no such file"):
        read(str(tmp_path / "*.pcap"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnknownFormatError, match="no files there"):
        read(tmp_path / "folder")


def test_temporary_files_are_gone_after(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    source = tmp_path / "x.gz"
    source.write_bytes(gzip.compress(ZEEK))
    with duckdb.connect() as connection, open_sources([str(source)], connection=connection, config=Config()):
        assert len(list(tmp_path.iterdir())) == 2
    assert list(tmp_path.iterdir()) == [source]
    with pytest.raises(SourceError):
        read(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == [source]


def test_the_relation_can_be_read_again_and_in_parts():
    sources = [str(GOLDEN / name) for name in ("zeek.log", "zeek_two.log", "ecs.jsonl", "dnsevents_api.json", "defender.csv")]
    with duckdb.connect() as connection, open_sources(sources, connection=connection, config=Config()) as inputs:
        counts = {connection.execute(f"SELECT count(*) FROM ({inputs.relation})").fetchall()[0][0] for _ in range(3)}
        names = connection.execute(f"SELECT count(*) FROM (SELECT qname FROM ({inputs.relation}))").fetchall()[0][0]
        total = sum(summary.record_count for summary in inputs.summaries(names))
        assert counts == {names} == {total}


#: Golden inputs with a record a line -> how the lines begin that every part needs.
LINED = {
    **dict.fromkeys(
        ("zeek.json", "eve_v1.json", "eve_v2.json", "asim.jsonl", "defender.jsonl", "ecs.jsonl", "ocsf.jsonl"), b""
    ),
    "zeek.log": b"#",
    "common.tsv": b"Time",
    "defender.csv": b"Timestamp",
    "ecs_kibana.csv": b'"@',
}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(LINED)), st.randoms(use_true_random=False))
def test_parts_and_order_and_compression_change_nothing(name: str, chance: random.Random):
    """Each line of a golden input goes to one of two files, in any order, plain or compressed."""
    lines = (GOLDEN / name).read_bytes().splitlines(keepends=True)
    head = [line for line in lines if LINED[name] and line.startswith(LINED[name])]
    records = [line for line in lines if line not in head]
    chance.shuffle(records)
    cut = chance.randint(1, len(records))
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate((records[:cut], records[cut:])):
            if part:
                pack = chance.choice([bytes, *PACK.values()])
                Path(folder, f"{number}.log").write_bytes(pack(b"".join(head + part)))
        assert multiset(read(folder)[0]) == multiset(read(GOLDEN / name)[0])


def test_progress_is_told(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(ZEEK * 1000))
    told = []
    read(path, progress=lambda *step: told.append(step))
    assert any(step == f"unpacking {path}" and 0 < done <= total == path.stat().st_size for step, done, total in told)


def test_a_thousand_files(tmp_path):
    for i in range(1000):
        shutil.copy(GOLDEN / "zeek.log", tmp_path / f"dns.{i:04d}.log")
    rows, summaries = read(tmp_path)
    assert (len(rows), len(summaries)) == (5000, 1000)
    assert {s.record_count for s in summaries} == {5}


def test_a_binary_that_is_named_a_text_format_says_so(tmp_path):
    path = tmp_path / "dns.log"
    path.write_bytes((GOLDEN.parent / "demo" / "demo.pcap").read_bytes()[:4000])
    with pytest.raises(SourceError, match=r"dns\.log: cannot be read as zeek\. Leave out --from"):
        open_sources([str(path)], connection=duckdb.connect(), config=Config(), reader="zeek")
