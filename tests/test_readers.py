"""Golden inputs of every text reader, each with the rows that it stands for."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from language import queries
from molehunt.config import Config
from molehunt.readers import READERS
from molehunt.readers.sources import open_sources
from readings import GOLDEN, QUERIES_SQL_TYPES, read, shown, types

WWW = {"ts": "09:00:00.123", "client": "10.0.0.5", "qname": "www.example.com", "qtype": "A", "rcode": "NOERROR"}
NONE = {"ts": "09:00:01", "client": "10.0.0.6", "qname": "n.example.com", "qtype": "TXT", "rcode": "NXDOMAIN"}
SERVER = {"resolver": "10.0.0.1"}
UDP = {**SERVER, "transport": "udp"}
CHAIN = {"answers": ["www.example.net", "192.0.2.7"], "answer_ttls": [300, 60]}
TYPED = {**CHAIN, "answer_types": ["CNAME", "A"]}
TWO = {"answers": ["192.0.2.7", "192.0.2.8"]}

GOLDENS = {
    "zeek.log": ("zeek", [
        {**WWW, **UDP, **CHAIN, "ts": "09:00:00.123456", "rtt_s": 0.025},
        {"ts": "09:00:01.000001", "client": "10.0.0.5", **SERVER, "transport": "tcp",
         "qname": r"ab\\\255\032c\.d.t.example.org", "qtype": "TXT", "rcode": "NXDOMAIN"},
        {"ts": "09:00:02.5", "client": "fe80::1", "resolver": "ff02::fb", "transport": "udp", "protocol": "mdns",
         "qname": "_http._tcp.local", "qtype": "ANY", "answers": [], "answer_ttls": []},
        {"ts": "09:00:03", "client": "10.0.0.6", **UDP, "qname": "svc.example.com", "qtype": "HTTPS", "rcode": "BADTRUNC",
         "answers": ["TXT 5 a,b#c"], "answer_ttls": [5], "rtt_s": 0.001},
        {"ts": "09:00:04", "client": "10.0.0.6", **UDP},
    ]),
    "zeek_order.log": ("zeek", [
        {**WWW, **SERVER, **TWO, "ts": "09:00:00"} | {"rcode": None},
        {"ts": "09:00:01", "client": "10.0.0.5", "qname": "-.example.com", "answers": []},
    ]),
    "zeek_two.log": ("zeek", [
        {"ts": "09:00:00", "client": "10.0.0.5", "qname": "a.example.com", "qtype": "A"},
        {"ts": "09:00:01", "client": "10.0.0.6", "qname": "b.example.com", "rcode": "NOERROR"},
        {"ts": "09:00:02", "client": "10.0.0.7", "qname": "c.example.com", "rcode": "NXDOMAIN"},
    ]),
    "zeek.json": ("zeek", [
        {**WWW, **UDP, **CHAIN, "ts": "09:00:00.123456", "rtt_s": 0.025},
        {"ts": "09:00:01", "client": "10.0.0.5", "resolver": "224.0.0.251", "transport": "udp", "protocol": "mdns",
         "qname": r"a\195b.local", "qtype": "ANY"},
    ]),
    "zeek_iso.json": ("zeek", [{**WWW, **UDP, "ts": "09:00:00.25", "rcode": None}]),
    "eve_v1.json": ("suricata", [
        {**WWW, **UDP, "ts": "09:00:00", "rtt_s": 0.02, "retry_count": 0,
         "answers": ["192.0.2.7", "www.example.net"], "answer_types": ["A", "CNAME"], "answer_ttls": [60, 300]},
        {**NONE, **UDP, "ts": "09:00:02", "client": "10.0.0.5", "qname": "none.example.com", "rtt_s": 1.5, "retry_count": 1},
    ]),
    "eve_v2.json": ("suricata", [
        {**WWW, **UDP, **TYPED, "ts": "09:00:00", "rtt_s": 0.02, "retry_count": 0},
        {"ts": "09:00:05", "client": "10.0.0.5", **UDP, "qname": "late.example.com", "qtype": "A", "retry_count": 0},
        {"ts": "09:00:10", "client": "10.0.0.5", **UDP, "qname": "g.example.com", "qtype": "AAAA", "rcode": "NOERROR",
         "answers": ["2001:db8::1", "2001:db8::2", "h.example.com"], "answer_types": ["AAAA", "AAAA", "CNAME"],
         "answer_ttls": [None, None, None]},
        {"ts": "09:00:20", "client": "10.0.0.5", **UDP, "qname": "beat.example.com", "qtype": "A", "retry_count": 0},
        {"ts": "09:00:30", "client": "10.0.0.5", **UDP, "qname": "beat.example.com", "qtype": "A", "retry_count": 0},
        {"ts": "09:00:45", "client": "10.0.0.5", **UDP, "qname": "late.example.com", "qtype": "A", "rcode": "SERVFAIL"},
    ]),
    "eve_v3.json": ("suricata", [
        {"ts": "09:00:00", "client": "10.0.0.5", **UDP, "qname": "v.example.com", "qtype": "TXT", "rcode": "NOERROR",
         "answers": ["hello", '{"priority":1,"weight":2,"port":3,"name":"x.example.com"}'],
         "answer_types": ["TXT", "SRV"], "answer_ttls": [0, 5], "rtt_s": 0.057, "retry_count": 0},
    ]),
    "dnsevents_portal.csv": ("sentinel", [
        {**WWW, **TWO, "resolver": "dc1.corp.example"},
        {**NONE, "ts": "13:00:00", "resolver": "dc1.corp.example", "qname": 'quo"te.example.com'},
    ]),
    "dnsevents_api.json": ("sentinel", [{**WWW, "answers": ["192.0.2.7"]}, NONE]),
    "asim.jsonl": ("sentinel", [
        {**WWW, **UDP, **TWO, "ts": "09:00:00.123456", "rtt_s": 0.025},
        {"ts": "09:00:01", "client": "10.0.0.5", **SERVER, "qname": "x.example.com", "qtype": "TYPE65", "rcode": "NXDOMAIN"},
    ]),
    "defender.jsonl": ("sentinel", [
        {**WWW, **UDP, **CHAIN, "ts": "09:00:00.123456", "rtt_s": 0.025},
        {"ts": "09:00:02", "client": "pc1.corp.example", "qname": "cdn.example.com", "answers": ["192.0.2.9"],
         "answer_types": ["A"]},
    ]),
    "defender.csv": ("sentinel", [
        {**WWW, **UDP, **CHAIN, "ts": "09:00:00", "rtt_s": 0.025},
        {"ts": "13:00:02", "client": "pc1.corp.example", "qname": "cdn.example.com", "answers": ["192.0.2.9"],
         "answer_types": ["A"]},
    ]),
    "ecs.jsonl": ("table", [{**WWW, **UDP, **TYPED, "rtt_s": 0.025}, NONE]),
    "ecs_flat.jsonl": ("table", [{**WWW, **TWO}]),
    "ecs_kibana.csv": ("table", [{**WWW, **TWO}]),
    "cim.csv": ("table", [{**WWW, **SERVER, **TWO, "answer_ttls": [60, 60]}, {**NONE, **SERVER}]),
    "ocsf.jsonl": ("table", [
        {**WWW, **UDP, "answers": ["192.0.2.7"], "answer_types": ["A"], "answer_ttls": [60]},
        NONE,
    ]),
    "common.tsv": ("table", [WWW, {**NONE, "qtype": "TYPE65534", "rcode": "RCODE4000"}]),
    "headless.csv": ("table", [
        {**WWW, "ts": "09:00:00", "qname": "www.example.com."}, {**NONE, "qname": "n.example.com."},
    ]),
}  # fmt: skip
UMBRELLA = {"qname": "9", "ts": "1", "client": "4", "qtype": "7", "rcode": "8"}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str):
    reader, expected = GOLDENS[name]
    rows, (summary,) = read(GOLDEN / name, column_map=UMBRELLA if name == "headless.csv" else None)
    wanted = [{key: value for key, value in row.items() if value is not None} for row in expected]
    assert [shown(row) for row in rows] == [shown({**row, "ts": None}) | {"ts": row["ts"]} for row in wanted]
    assert (summary.reader, summary.record_count, summary.problems, summary.error) == (reader, len(expected), [], None)


def test_every_golden_input_is_tested():
    assert {path.name for path in GOLDEN.iterdir()} == set(GOLDENS)


def test_every_row_has_the_types_of_the_schema():
    for name in GOLDENS:
        columns = UMBRELLA if name == "headless.csv" else None
        with (
            duckdb.connect() as connection,
            open_sources([str(GOLDEN / name)], connection=connection, config=Config(), column_map=columns) as inputs,
        ):
            assert types(inputs.relation, connection) == QUERIES_SQL_TYPES, name


def test_readers_have_names_and_summaries():
    from importlib import import_module

    for name, place in READERS.items():
        module, _, attribute = place.partition(":")
        reader = getattr(import_module(module), attribute)
        assert (reader.name, bool(reader.summary)) == (name, True)


def parquet(path, table: pa.Table):
    pq.write_table(table, path)
    return path


def test_parquet_of_our_own_columns_comes_back_as_it_was(tmp_path):
    table = queries("10.0.0.5 a.example.com TXT =TXT:hello @10.0.0.1", "10.0.0.6 b.example.com A NXDOMAIN")
    rows, (summary,) = read(parquet(tmp_path / "own.parquet", table))
    assert rows == table.to_pylist()
    assert summary.record_count == 2


def test_parquet_of_nested_columns_and_plain_timestamps(tmp_path):
    from datetime import datetime

    row = {
        "time": datetime(2026, 1, 5, 9, 0, 0, 123000),
        "src_endpoint": {"ip": "10.0.0.5", "port": 5},
        "query": {"hostname": "www.example.com", "type": "A"},
        "rcode": "NoError",
        "answers": [{"rdata": "192.0.2.7", "type": "A", "ttl": 60}],
    }
    rows, _ = read(parquet(tmp_path / "ocsf.parquet", pa.Table.from_pylist([row])))
    assert [shown(row) for row in rows] == [{**WWW, "answers": ["192.0.2.7"], "answer_types": ["A"], "answer_ttls": [60]}]


def test_parquet_of_dns_events(tmp_path):
    row = {"TimeGenerated": "2026-01-05T09:00:00.123Z", "ClientIP": "10.0.0.5", "Name": "www.example.com",
           "QueryType": "A", "ResultCode": 0}  # fmt: skip
    path = parquet(tmp_path / "x", pa.Table.from_pylist([row]))
    assert [shown(row) for row in read(path)[0]] == [WWW]
    assert [shown(row) for row in read(path, reader="sentinel")[0]] == [WWW]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/5/2026, 9:00:00.123 AM", "09:00:00.123"),
        ("1/5/2026, 9:00:00 PM", "21:00:00"),
        ("1/5/2026 9:00 AM", "09:00:00"),
        ("05/01/2026, 21:00:00.123", "21:00:00.123"),
        ("05.01.2026, 21:00:00", "21:00:00"),
        ("2026-01-05T09:00:00.1234567Z", "09:00:00.123456"),
        ("2026-01-05T10:00:00+01:00", "09:00:00"),
        ("2026-01-05 09:00:00", "09:00:00"),
        ("1767603600", "09:00:00"),
        ("1767603600.25", "09:00:00.25"),
        ("1767603600123", "09:00:00.123"),
        ("1767603600123456", "09:00:00.123456"),
        ("1767603600123456789", "09:00:00.123457"),
        ("Jan 5, 2026 @ 09:00:00.123", "09:00:00.123"),
        ("05-Jan-2026 09:00:00.123", "09:00:00.123"),
    ],
)
def test_times_of_many_forms(tmp_path, text: str, expected: str):
    path = tmp_path / "t.csv"
    path.write_text(f'time,client,qname\n"{text}",10.0.0.5,a.example.com\n')
    rows, _ = read(path)
    expected = expected if "." not in expected else expected.rstrip("0")
    assert shown(rows[0])["ts"] == expected


def test_days_before_months_are_told_by_the_days_beyond_twelve(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('time,qname\n"05/01/2026, 09:00:00",a.example\n"23/01/2026, 09:00:00",a.example\n')
    assert [row["ts"].strftime("%m-%d") for row in read(path)[0]] == ["01-05", "01-23"]
    path.write_text('time,qname\n"01/05/2026 09:00:00",a.example\n"01/23/2026 09:00:00",a.example\n')
    assert [row["ts"].strftime("%m-%d") for row in read(path)[0]] == ["01-05", "01-23"]


def test_local_times_of_the_portal_are_said_to_have_no_zone(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('"TimeGenerated [Local Time]",ClientIP,Name,QueryType\n"1/5/2026, 9:00:00.000 AM",c,a.example,A\n')
    _, (summary,) = read(path)
    assert [problem.reason for problem in summary.problems] == ["times are local to whoever exported them"]


def test_microseconds_of_zeek_are_exact(tmp_path):
    stamps = [f"{1767603600 + i}.{i * 7919 % 1000000:06d}" for i in range(2000)]
    path = tmp_path / "dns.log"
    path.write_text("#separator \\x09\n#path\tdns\n#fields\tts\tquery\tqtype_name\n" + "".join(f"{t}\ta\tA\n" for t in stamps))
    assert [f"{row['ts'].timestamp():.6f}" for row in read(path)[0]] == stamps


@pytest.mark.parametrize("ts", ["nan", "inf", "99999999999999999999", "-1e300", "x"])
def test_a_time_out_of_range_is_null_and_costs_nothing_else(tmp_path, ts: str):
    path = tmp_path / "dns.log"
    path.write_text(f"#separator \\x09\n#path\tdns\n#fields\tts\tquery\tqtype_name\n{ts}\ta\tA\n1767603600.000000\tb\tA\n")
    assert {row["qname"]: row["ts"] is None for row in read(path)[0]} == {"a": True, "b": False}


@pytest.mark.parametrize("separator", ["\\x0", "\\x", "\\xzz", "\\x\\0", "", "\\x0a", "\\x09"])
def test_a_separator_of_zeek_that_is_none_is_the_tab(tmp_path, separator: str):
    path = tmp_path / "dns.log"
    good = "#separator \\x09\n#path\tdns\n#fields\tts\tquery\tqtype_name\n1767603600.000000\ta\tA\n"
    path.write_text(good.replace("\\x09", separator) + good.replace("query", "more\tquery").replace("\ta", "\t-\ta") + good)
    assert [row["qname"] for row in read(path)[0]] == ["a", "a", "a"]


@pytest.mark.parametrize("fields", ["", "#fields\n", "#fields\tts\tid.orig_h\n"])
def test_a_part_of_a_log_of_zeek_that_is_no_dns_log_costs_itself_only(tmp_path, fields: str):
    path = tmp_path / "dns.log"
    good = "#separator \\x09\n#path\tdns\n#fields\tts\tquery\tqtype_name\n1767603600.000000\ta\tA\n"
    path.write_text(good + f"#separator \\x2c\n#path,conn\n{fields}1767603601.000000,10.0.0.5\n" + good)
    rows, (summary,) = read(path)
    assert [row["qname"] for row in rows if row["qname"]] == ["a", "a"]
    assert sum(problem.count for problem in summary.problems) == 1
