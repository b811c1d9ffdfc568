"""The published rule's known faults, one test each: they are kept on purpose, and docs/rules.md points here.

Every test asserts what the rule does on both sides: its native twin and, through ``assert_same``, its own text; and that our
own detectors do better on the same queries, amid those of an office.
"""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

import pyarrow as pa
import pytest

from digs import office
from language import START, queries
from molehunt.config import Config
from molehunt.detection import detect
from molehunt.engines.duckdb import DuckDBEngine
from rule_oracle import RULE, assert_same, native


def digest(index: int, chars: int = 64) -> str:
    return hashlib.sha512(str(index).encode()).hexdigest()[:chars]


def asked(names: list[str], qtype: str = "TXT", step: str = "+1s", *more: str) -> pa.Table:
    return queries(*(f"10.0.0.5 {name} {qtype} {step} {' '.join(more)}" for name in names))


def fires(table: pa.Table) -> list[str]:
    """Return the TopDomains of the rows, which twin and text agree on."""
    return [row[2] for row in assert_same(table)]


def alerts(table: pa.Table) -> set[str | None]:
    """Return the domains that our own detectors alert on, for the client of these queries; None: over many domains."""
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(pa.concat_tables([table, queries(*office(8))]))
        found = [finding for finding in detect(engine, Config()) if finding.alert]
    assert {finding.client for finding in found} <= {"10.0.0.5"}
    return {finding.registered_domain for finding in found}


def test_fault_the_entropy_threshold_is_declared_and_never_used():
    assert RULE.text.count("SubdomainEntropyThreshold") == 1
    flat = [f"{'a' * 60}.{'a' * (i + 1)}.example.com" for i in range(55)]
    assert math.isclose(max(len(set(name.split(".")[0])) for name in flat), 1), "no entropy at all"
    assert fires(asked(flat)) == ["example"]
    assert native(asked(flat)).result.rows[0][-1] == "high"
    assert alerts(asked(flat)) == set(), "55 lengths say little"


def test_fault_the_top_domain_of_co_uk_is_co():
    names = [f"{digest(i)[:45]}.shop{i}.co.uk" for i in range(30)]
    assert fires(asked(names)) == ["co"], "thirty owners in one row"
    assert alerts(asked(names)) == {None}, "one client over thirty domains"


def test_fault_it_joins_evil_com_with_evil_net():
    names = [f"{digest(i)[:45]}.evil.{'com' if i % 2 else 'net'}" for i in range(30)]
    assert fires(asked(names)) == ["evil"]
    assert alerts(asked(names)) == {"evil.com", "evil.net"}


def test_fault_a_trailing_dot_makes_the_suffix_the_top_domain():
    names = [f"{digest(i)[:45]}.evil.com." for i in range(30)]
    assert fires(asked(names)) == ["com"]
    assert alerts(asked(names)) == {"evil.com"}


def test_fault_short_names_pass_free():
    names = [f"{digest(i, 29)}.evil.com" for i in range(2000)]
    assert {len(name) for name in names} == {38}
    assert fires(asked(names)) == [], "2,000 names of 38 characters carry 28 kB"
    assert alerts(asked(names)) == {"evil.com"}


@pytest.mark.parametrize("qtype", ["PTR", "SRV", "HTTPS", "TYPE65399", "KEY"])
def test_fault_other_record_types_pass_free(qtype: str):
    table = asked([f"{digest(i)}.evil.com" for i in range(500)], qtype)
    assert fires(table) == []
    assert alerts(table) == {"evil.com"}


def test_fault_answers_pass_free():
    table = queries(*(f"10.0.0.5 n{i}.evil.com TXT +1s =TXT:{digest(i, 120)}" for i in range(500)))
    assert fires(table) == [], "30 kB came down"
    assert alerts(table) == {"evil.com"}


def test_fault_beacons_pass_free():
    table = asked([f"{digest(i)}.evil.com" for i in range(12)], "TXT", "+2h")
    assert fires(table) == []
    assert alerts(table) == {"evil.com"}


def test_fault_slow_channels_pass_free():
    names = [f"{digest(i, 60)}.{digest(-i, 60)}.{digest(i + 999, 60)}.evil.com" for i in range(600)]
    table = asked(names, "TXT", "+72m")
    for day in range(1, 31):
        assert native(table, now=START + timedelta(days=day, seconds=-1)).result.rows == [], "20 queries a day, for a month"
    assert fires(table) == []
    assert alerts(table) == {"evil.com"}


def test_fault_rotating_domains_pass_free():
    names = [f"{digest(i)}.evil{i % 50}.com" for i in range(1000)]
    assert fires(asked(names)) == [], "1,000 queries over 50 domains"
    assert len(alerts(asked(names))) == 50


@pytest.mark.parametrize(
    "names",
    [
        [f"{digest(i, 14)}.r{i % 3}.cf-cache-node.edge.static-assets.cdn.example" for i in range(60)],
        [f"s{i}._domainkey.mail{i}.newsletter.customer-bounces.sender.example" for i in range(60)],
        [f"{digest(i, 40)}.ocsp.status.ca.example" for i in range(60)],
        [f"{digest(i, 32)}.file.reputation.antivirus.example" for i in range(60)],
    ],
    ids=["content delivery", "e-mail authentication", "certificate status", "antivirus"],
)
def test_fault_benign_services_fire_it(names: list[str]):
    assert len(fires(asked(names, "A"))) == 1
    assert alerts(asked(names, "A")) == set()
