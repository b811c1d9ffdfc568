"""Times that cannot be read: counted with their place, and the record stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

import molehunt
from molehunt.config import Config
from molehunt.pipeline import ScanOptions
from molehunt.readers.sources import open_sources
from readings import read

HEAD = "ts,client,qname,qtype\n"
ZEEK_JSON = '{{"_path":"dns","ts":"{}","id.orig_h":"10.0.0.5","proto":"udp","trans_id":1,"query":"n{}.example"}}\n'
EVE = (
    '{{"timestamp":"{0}","event_type":"dns","flow_id":{1},"src_ip":"10.0.0.5","dest_ip":"10.0.0.1","dest_port":53,'
    '"dns":{{"type":"query","id":1,"rrname":"n{1}.example","rrtype":"A"}}}}\n'
)
ISO = ["2026-01-05T09:00:00Z", "2026-01-05T09:00:01Z", "2026-13-45T09:00:00Z", "2026-01-05T09:00:03Z", "next Monday", ""]
SECONDS = ["1767603600.5", "1767603601", "12:30", "1767603603", "soon", "-"]


def problems(path: Path) -> list[tuple[str, int, str]]:
    return [(p.reason, p.count, p.example) for p in read(path)[1][0].problems]


def _lines(form: str, times: list[str]) -> str:
    return "".join(form.format(time, number) for number, time in enumerate(times))


def _rows(header: str, times: list[str], between: str = ",") -> str:
    return header + "".join(between.join((time, "10.0.0.5", f"n{n}.example", "A")) + "\n" for n, time in enumerate(times))


ZEEK_TSV = "#separator \\x09\n#unset_field\t-\n#path\tdns\n#fields\tts\tid.orig_h\tquery\tqtype_name\n"


@pytest.mark.parametrize(
    ("name", "text", "reader", "place"),
    [
        ("dns.log", _rows(ZEEK_TSV, SECONDS, "\t"), "zeek", "line 7: 12:30"),
        ("dns.json", _lines(ZEEK_JSON, ISO), "zeek", "line 3: 2026-13-45T09:00:00Z"),
        ("eve.json", _lines(EVE, ISO), "suricata", "line 3: 2026-13-45T09:00:00Z"),
        ("e.csv", _rows("TimeGenerated [UTC],ClientIP,Name,QueryType\n", ISO), "sentinel", "line 4: 2026-13-45T09:00:00Z"),
        ("t.csv", _rows(HEAD, ISO), "table", "line 4: 2026-13-45T09:00:00Z"),
    ],
    ids=["zeek", "zeek json", "suricata", "sentinel", "table"],
)
def test_times_that_cannot_be_read_are_counted_with_their_place(tmp_path, name, text, reader, place):
    """Two of five times are rubbish: their records stay, without a time; a time that is not there is no fault."""
    path = tmp_path / name
    path.write_text(text)
    rows, (summary,) = read(path)
    assert summary.reader == reader
    assert (len(rows), sum(row["ts"] is None for row in rows)) == (6, 3)
    assert problems(path) == [("time that cannot be read", 2, place)]
    for bad, other in (("2026-13-45", "2026-12-25"), ("12:30", "1767603602"), ("next Monday", ""), ("soon", "-")):
        text = text.replace(bad, other)
    path.write_text(text)
    assert problems(path) == []


def test_a_time_that_cannot_be_read_costs_no_record_whatever_is_asked(tmp_path):
    """DuckDB would push the cast into its CSV reader, and there drop the line."""
    path = tmp_path / "t.csv"
    path.write_text(_rows(HEAD, ISO))
    with duckdb.connect() as connection, open_sources([str(path)], connection=connection, config=Config()) as inputs:
        asked = f"SELECT count(*), count(ts) FROM ({inputs.relation})"
        assert connection.execute(asked).fetchall() == [(6, 3)]


def test_unreadable_times_of_a_typed_column_have_no_line(tmp_path):
    path = tmp_path / "t.parquet"
    values = ", ".join(f"('{time}', '10.0.0.5', 'n{n}.example', 'A')" for n, time in enumerate([*ISO[:3], *ISO[:3], *ISO[:3]]))
    duckdb.execute(f"COPY (SELECT * FROM (VALUES {values}) t(ts, client, qname, qtype)) TO '{path}'")
    ((reason, count, example),) = problems(path)
    assert (reason, count) == ("time that cannot be read", 3)
    assert example.endswith("2026-13-45T09:00:00Z")


def test_a_file_whose_times_are_good_is_not_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr("molehunt.readers.untimed.Untimed.__call__", lambda self: pytest.fail("a second look"))
    path = tmp_path / "t.csv"
    path.write_text(_rows(HEAD, ISO[:2]))
    for options in (ScanOptions(), ScanOptions(rule="T1071.004"), ScanOptions(window=timedelta(hours=1))):
        assert molehunt.scan(path, None, options).sources[0].problems == []
    path.write_text(_rows(HEAD, ISO))
    with pytest.raises(pytest.fail.Exception):
        molehunt.scan(path, None, ScanOptions(rule="T1071.004"))
