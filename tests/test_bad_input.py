"""Bad input: each fault is said with its place, and costs nothing else of the run."""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import resource
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from molehunt.config import Config
from molehunt.errors import MolehuntError, SourceError
from molehunt.readers.sources import open_sources
from readings import GOLDEN, multiset, read

ZEEK = (GOLDEN / "zeek.log").read_bytes()
HEAD = "ts,client,qname,qtype\n"


def line(i: int, name: str) -> str:
    return f"{1767603600 + i},10.0.0.5,{name},A\n"


def good(count: int = 3) -> str:
    return HEAD + "".join(line(i, f"n{i}.example") for i in range(count))


def names(path: Path, **options) -> list[str]:
    return [row["qname"] for row in read(path, **options)[0]]


def problems(path: Path, **options) -> list[tuple[str, int, str]]:
    return [(p.reason, p.count, p.example) for p in read(path, **options)[1][0].problems]


def test_a_zeek_log_cut_in_mid_line(tmp_path):
    path = tmp_path / "dns.log"
    path.write_bytes(ZEEK[: ZEEK.index(b"svc.example") + 5])
    assert len(read(path)[0]) == 3
    ((reason, count, example),) = problems(path)
    assert (reason, count) == ("line with too few values", 1)
    assert example.startswith("line 12: 1767603603.000000\tCa4")


def test_a_zeek_log_with_binary_rubbish_in_the_middle(tmp_path):
    path = tmp_path / "dns.log"
    lines = ZEEK.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:9]) + bytes(range(1, 256)).replace(b"\n", b"") + b"\n" + b"".join(lines[9:]))
    rows, (summary,) = read(path)
    assert len(rows) == 5
    assert sum(problem.count for problem in summary.problems) >= 1


def test_wrong_bytes_zeros_and_returns_stay_in_the_name(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(
        HEAD.encode() + b"1,c,a\xff\xfeb.example,A\n2,c,a\0b.example,A\n3,c,a\rb.example,A\n4,c,\xc3\xbc.example,A\n"
    )
    assert names(path) == [r"a\255\254b.example", r"a\000b.example", r"a\013b.example", "ü.example"]
    assert problems(path) == []


def test_wrong_bytes_and_zeros_in_json(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"ts":1,"qname":"a\xffb"}\n{"ts":2,"qname":"a\0b"}\n{"ts":3,"qname":"plain"}\n')
    assert names(path) == [r"a\255b", r"a\000b", "plain"]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "mixed"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(tmp_path, ends: str, last: bool):
    lines = good(4).splitlines()
    between = ["\n", "\r\n"] * 3 if ends == "mixed" else [ends] * 6
    text = "".join(a + b for a, b in zip(lines, between, strict=False))
    path = tmp_path / "x.csv"
    path.write_bytes((text if last else text.rstrip("\r\n")).encode())
    assert names(path) == [f"n{i}.example" for i in range(4)]
    assert problems(path) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_of_spreadsheets(tmp_path, encoding: str):
    path = tmp_path / "x.csv"
    path.write_bytes((good() + line(9, "ü€.example")).replace("\n", "\r\n").encode(encoding))
    assert names(path) == ["n0.example", "n1.example", "n2.example", "ü€.example"]
    path.write_bytes('{"ts":1,"qname":"ü€"}\n{"ts":2,"qname":"b"}\n'.encode(encoding))
    assert names(path) == ["ü€", "b"]


def test_a_stray_quote_hides_no_line_after_it(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(good(2) + line(2, '"stray.example') + "".join(line(i, f"n{i}.example") for i in range(3, 5000)))
    found = names(path)
    assert len(found) == 5000
    assert found[2] == r"\034stray.example"


def test_two_stray_quotes_are_at_least_counted(tmp_path):
    path = tmp_path / "x.csv"
    middle = "".join(line(i, f"n{i}.example") for i in range(100))
    path.write_text(HEAD + line(0, '"one') + middle + line(200, 'x"two') + middle)
    rows, (summary,) = read(path)
    assert len(rows) + sum(problem.count for problem in summary.problems) == 202


def test_more_bad_lines_than_are_told_apart(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(good(2) + "too,few\n" * 30_000 + line(5, "last.example"))
    assert names(path) == ["n0.example", "n1.example", "last.example"]
    ((reason, count, example),) = problems(path)
    assert (reason, count) == ("line that breaks the format", 30_000)
    assert example.endswith("too,few")
    assert example.startswith("line ")


def test_bad_json_lines_are_counted_with_the_first(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"ts":1,"qname":"a"}\nnot json\n{"ts":2,"qname":"b"\n\n[1]\n{"ts":3,"qname":"c"}\n{"ts":4,"qn')
    assert names(path) == ["a", "c"]
    broken, others = problems(path)
    assert broken[:2] == ("line that is no JSON", 3)
    assert broken[2] in ("line 2: not json", 'line 3: {"ts":2,"qname":"b"')
    assert others[:2] == ("line that is no JSON object", 1)


def test_a_cut_or_broken_compressed_file_keeps_what_was_read(tmp_path):
    path = tmp_path / "x.gz"
    data = gzip.compress(good(20_000).encode())
    path.write_bytes(data[: len(data) // 2])
    rows, (summary,) = read(path)
    assert 100 < len(rows) < 20_000
    assert summary.problems[0].reason == "compressed file is cut or broken"
    path.write_bytes(data[:-8] + b"\0" * 8)
    assert len(read(path)[0]) == 20_000


def test_rubbish_after_a_magic_number(tmp_path):
    for magic in (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\x00", b"\x04\x22\x4d\x18"):
        path = tmp_path / "x"
        path.write_bytes(magic + random.Random(1).randbytes(1000))
        with pytest.raises(SourceError, match="x: not a readable"):
            read(path)


def bomb(path: Path, size: int) -> Path:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with path.open("wb") as file:
        for _ in range(size >> 20):
            file.write(packer.compress(b"\0" * (1 << 20)))
        file.write(packer.flush())
    return path


def test_a_bomb_is_refused_and_costs_nothing_else(tmp_path):
    bomb(tmp_path / "bomb.gz", 80 << 20)
    (tmp_path / "x.csv").write_text(good())
    rows, (first, second) = read(tmp_path)
    assert len(rows) == 3
    assert "expands more than 1000 times" in (first.error or "")
    assert second.error is None


def sources_of_every_fault(folder: Path) -> Path:
    (folder / "good.csv").write_text(good())
    (folder / "empty.csv").touch()
    (folder / "program").write_bytes(Path(sys.executable).resolve().read_bytes()[:200_000])
    (folder / "noise").write_bytes(random.Random(2).randbytes(10_000))
    (folder / "web.log").write_text('10.0.0.5 - - [05/Jan/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 5\n' * 10)
    (folder / "broken.parquet").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    (folder / "broken.json").write_text('[{"ts":1,"qname":"a"},{"ts":2,"qname"')
    (folder / "broken.gz").write_bytes(b"\x1f\x8b" + b"\0" * 100)
    (folder / "gone.csv").symlink_to(folder / "absent")
    os.mkfifo(folder / "pipe")
    return folder


def test_one_folder_with_every_fault(tmp_path):
    with (
        duckdb.connect() as connection,
        open_sources([str(sources_of_every_fault(tmp_path))], connection=connection, config=Config()) as inputs,
    ):
        statement = "SELECT count(*) FROM ({})"
        try:
            connection.execute(statement.format(inputs.relation)).fetchall()
        except duckdb.Error:
            assert inputs.drop_unreadable()
        assert connection.execute(statement.format(inputs.relation)).fetchall() == [(3,)]
        said = {Path(s.name).name: s for s in inputs.summaries(3)}
    assert {name for name, s in said.items() if s.error} == {"broken.parquet", "broken.json", "broken.gz", "gone.csv", "pipe"}
    assert {name for name, s in said.items() if not s.error and not s.reader} == {"empty.csv", "program", "noise", "web.log"}
    assert all(name in (s.error or s.problems[0].example) for name, s in said.items() if name != "good.csv")


def test_each_fault_alone_is_an_error_that_names_the_file(tmp_path):
    for path in sorted(sources_of_every_fault(tmp_path).iterdir()):
        if path.name in ("good.csv", "broken.json"):
            continue
        with pytest.raises(SourceError, match=path.name):
            read(path)


def test_a_file_that_vanishes_between_opening_and_reading(tmp_path):
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_text(good())
    with duckdb.connect() as connection, open_sources([str(tmp_path)], connection=connection, config=Config()) as inputs:
        (tmp_path / "b.csv").unlink()
        with pytest.raises(duckdb.Error):
            connection.execute(inputs.relation).fetchall()
        assert inputs.drop_unreadable()
        assert len(connection.execute(inputs.relation).fetchall()) == 6
        assert not inputs.drop_unreadable()
        assert "b.csv" in (inputs.summaries(6)[1].error or "")


def test_a_file_that_vanishes_before_it_is_opened(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text(good())
    (tmp_path / "b.csv").write_text(good())
    real = Path.open

    def vanishing(self, *args, **kwargs):
        if self.name == "a.csv":
            raise FileNotFoundError(2, "No such file or directory", str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", vanishing)
    rows, (first, _) = read(tmp_path)
    assert len(rows) == 3
    assert first.error == f"{tmp_path / 'a.csv'}: No such file or directory"


def long_line(path: Path, size: int, before: str, after: str) -> Path:
    with path.open("wb") as file:
        file.write(before.encode())
        for _ in range(size >> 20):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + after.encode())
    return path


@pytest.mark.parametrize("kind", ["csv", "zeek", "json"])
def test_a_huge_line_is_skipped_and_counted(tmp_path, kind: str):
    before, after = {
        "csv": (good(1), line(1, "after.example")),
        "zeek": (ZEEK.decode(), ""),
        "json": ('{"ts":1,"qname":"a"}\n{"ts":2,"qname":"', '{"ts":3,"qname":"c"}\n'),
    }[kind]
    path = long_line(tmp_path / "x", 20 << 20, before, after)
    rows, (summary,) = read(path)
    assert len(rows) == {"csv": 2, "zeek": 5, "json": 2}[kind]
    (problem,) = summary.problems
    assert (problem.reason, problem.count) == ("line longer than 4194304 bytes", 1)
    assert problem.example.startswith({"csv": "line 3: xxx", "zeek": "line 15: xxx", "json": 'line 2: {"ts":2,'}[kind])


def test_a_huge_line_takes_little_memory(tmp_path):
    """The process may not grow by more than a fifth of the line."""
    path = long_line(tmp_path / "x.csv", 300 << 20, good(1), line(1, "after.example"))
    code = textwrap.dedent(f"""
        import duckdb, resource
        from molehunt.config import Config
        from molehunt.readers.sources import open_sources
        with duckdb.connect() as connection:
            connection.execute("SET threads = 2")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            with open_sources([{str(path)!r}], connection=connection, config=Config()) as inputs:
                assert len(connection.execute(inputs.relation).fetchall()) == 2
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < 150 << 20, resource.getpagesize()


TEXTS = sorted(path for path in GOLDEN.iterdir() if path.name != "headless.csv")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TEXTS), st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=4)), min_size=1, max_size=6))
def test_any_change_of_bytes_gives_rows_or_our_error(tmp_path_factory, path: Path, changes: list[tuple[int, bytes]]):
    data = bytearray(path.read_bytes())
    for at, octets in changes:
        data[at % len(data) : at % len(data) + max(1, len(octets))] = octets
    changed = tmp_path_factory.mktemp("x") / "x"
    changed.write_bytes(bytes(data))
    with (
        duckdb.connect() as connection,
        contextlib.suppress(MolehuntError),
        open_sources([str(changed)], connection=connection, config=Config()) as inputs,
    ):
        try:
            connection.execute(inputs.relation).fetchall()
        except duckdb.Error:
            assert inputs.drop_unreadable(), "a fault that is in no source"
        inputs.summaries()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30), min_size=1, max_size=20)
)
def test_any_name_comes_through_csv_and_json(tmp_path_factory, asked: list[str]):
    """What pandas-like writers write comes back, whatever the names hold."""
    import csv
    import json

    folder = tmp_path_factory.mktemp("x")
    with (folder / "x.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["ts", "client", "qname", "qtype"])
        writer.writerows((i, "c", name, "A") for i, name in enumerate(asked))
    (folder / "x.jsonl").write_text("".join(json.dumps({"ts": i, "qname": n}) + "\n" for i, n in enumerate(asked)))
    assert [row["qname"] for row in read(folder / "x.jsonl")[0]] == asked
    kept = [name.replace("\r\n", "\n").replace("\r", r"\013") for name in asked]
    assert multiset(read(folder / "x.csv")[0]).total() == len(asked)
    assert [row["qname"].replace("\r", r"\013") for row in read(folder / "x.csv")[0]] == kept
