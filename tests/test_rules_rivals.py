"""The public rules beside molehunt speak at their published thresholds, and not one step before."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from evaluation.rivals import RIVALS

from language import START, queries
from rule_oracle import native

LONG = "a" * 47


def alarms(name: str, table: pa.Table) -> dict[tuple[str | None, str], datetime]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("asked_queries", table)
        found = RIVALS[name](connection, "SELECT * FROM asked_queries")
    assert found.column_names == ["client", "registered_domain", "first_alarm_ts"]
    return {(row["client"], row["registered_domain"]): row["first_alarm_ts"] for row in found.to_pylist()}


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def asks(count: int, step: str = "1s", head: str = "n{i}", tail: str = "evil.co.uk", qtype: str = "TXT") -> pa.Table:
    return queries(f"10.0.0.5 {head}.{tail} {qtype} +{step} x{count}", start=START)


@pytest.mark.parametrize("name", RIVALS)
def test_nothing_gives_nothing(name: str):
    assert alarms(name, queries()) == {}
    assert alarms(name, queries("10.0.0.5 - A", "- www.example.com A", "10.0.0.5 . NS")) == {}


def test_the_published_rule_speaks_when_its_own_twin_does():
    table = asks(30, head=f"x{{i}}.{LONG}")
    (moment,) = alarms("published rule", table).values()
    assert alarms("published rule", table) == {("10.0.0.5", "evil.co.uk"): after(20)}
    assert native(table, now=moment).result.rows != []
    assert native(table, now=moment - timedelta(microseconds=1)).result.rows == []


def test_the_published_rule_forgets_after_a_day():
    assert alarms("published rule", asks(300, "70m", head=f"x{{i}}.{LONG}")) != {}
    assert alarms("published rule", asks(300, "72m", head=f"x{{i}}.{LONG}")) == {}


@pytest.mark.parametrize("edge", [100, 500, 800])
def test_rita_counts_distinct_names_of_a_domain_over_all_clients(edge: int):
    name = f"RITA ≥ {edge}"
    assert alarms(name, asks(edge - 1)) == {}
    assert alarms(name, asks(edge)) == {(None, "evil.co.uk"): after(edge - 1)}
    assert alarms(name, asks(edge * 5, head="same")) == {}
    lines = [f"10.0.0.{client} n{client}x{i}.evil.com A" for client in range(4) for i in range(edge // 4)]
    assert list(alarms(name, queries(*lines))) == [(None, "evil.com")]


def test_elastic_wants_25_queries_and_15_names_of_50_characters_in_five_minutes():
    head = f"{{i}}.{'a' * 48}"
    assert alarms("Elastic 25/15", asks(24, head=head)) == {}
    assert alarms("Elastic 25/15", asks(25, head=head)) == {("10.0.0.5", "evil.co.uk"): after(24)}
    assert alarms("Elastic 25/15", asks(40, head=head, qtype="PTR")) == {}
    assert alarms("Elastic 25/15", asks(9, head="{i}." + "a" * 47)) == {}
    fourteen = [f"10.0.0.5 {10 + i % 14}.{LONG}.evil.com TXT" for i in range(50)]
    fifteen = [f"10.0.0.5 {10 + i % 15}.{LONG}.evil.com TXT" for i in range(50)]
    assert alarms("Elastic 25/15", queries(*fourteen)) == {}
    assert alarms("Elastic 25/15", queries(*fifteen)) == {("10.0.0.5", "evil.com"): after(24)}
    assert alarms("Elastic 25/15", asks(200, "13s", head=head)) == {}, "24 at most in five minutes"
    short = [f"10.0.0.5 {10 + i}.{'a' * 46}.evil.com TXT" for i in range(50)]
    assert alarms("Elastic 25/15", queries(*short)) == {}, "49 characters"


def test_anomalous_dns_wants_more_than_8_names_within_an_hour():
    assert alarms("Zeek anomalous-dns", asks(8)) == {}
    assert alarms("Zeek anomalous-dns", asks(9)) == {("10.0.0.5", "evil.co.uk"): after(8)}
    assert alarms("Zeek anomalous-dns", asks(100, "8m")) == {}
    assert alarms("Zeek anomalous-dns", asks(100, "7m")) == {("10.0.0.5", "evil.co.uk"): after(9 * 420 - 1)}
    assert alarms("Zeek anomalous-dns", asks(50, tail="2.0.192.in-addr.arpa")) == {}
    others = [f"10.0.0.{i} n{i}.evil.com A" for i in range(12)]
    assert [client for client, _ in sorted(alarms("Zeek anomalous-dns", queries(*others)))] == [
        "10.0.0.10", "10.0.0.11", "10.0.0.8", "10.0.0.9",
    ]  # fmt: skip


def test_ibhh_adds_the_bytes_of_distinct_subdomains_in_two_minutes():
    assert alarms("ibHH 84 B", queries(f"10.0.0.5 {'a' * 60}.{'b' * 23}.evil.com A")) == {}, "84 bytes are not above 84"
    assert alarms("ibHH 84 B", queries(f"10.0.0.5 {'a' * 60}.{'b' * 24}.evil.com A")) == {(None, "evil.com"): after(0)}
    assert alarms("ibHH 84 B", asks(100, head="same")) == {}
    assert alarms("ibHH 84 B", asks(60, "30s", head="{i}" + "a" * 15)) == {}, "four names of 17 bytes a window"
    assert alarms("ibHH 84 B", asks(60, "20s", head="{i}" + "a" * 20)) == {(None, "evil.co.uk"): after(5 * 20 - 1)}
