"""The published rule: its native twin gives the rows of its own text, run verbatim by duckdb-kql."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from language import START, queries
from molehunt.config import Config, PublishedRule
from molehunt.errors import ConfigError
from molehunt.findings import Report
from molehunt.rules import RULES, load
from molehunt.schema import QUERIES
from rule_oracle import RULE, assert_same, comparable, microsoft, native

NOW = datetime(2026, 1, 6, 12, 0, tzinfo=UTC)
COLUMNS = (
    "LastSeen, ClientIP, TopDomain, QueryCount, UniqueSubdomains, AvgDomainLength, MaxDomainLength, QueryTypes, "
    "TunnelConfidence"
).split(", ")
#: Digest of the text as it was published.
PUBLISHED = "74996cb142825fa20ef45953288fa72af190d570ae12d9c93c2c4f03ee691181"


def table(*rows: tuple) -> pa.Table:
    """Build QUERIES from (client, qname, qtype, ts); missing ones are 10.0.0.1, null, TXT, NOW."""
    filled = [row + ("10.0.0.1", None, "TXT", NOW)[len(row) :] for row in rows]
    columns = {key: [row[place] for row in filled] for place, key in enumerate(("client", "qname", "qtype", "ts"))}
    return pa.table([pa.array(columns.get(f.name) or [None] * len(rows), f.type) for f in QUERIES], schema=QUERIES)


def name(chars: int, index: int = 0, top: str = "evil.example", dots: int = 2) -> str:
    """Return a name of exactly so many characters and dots; names of different index differ."""
    head = f"{index:06d}" + ".x" * (dots - top.count(".") - 1) + "."
    return head[: -len(".")].ljust(chars - len(top) - 1, "a") + "." + top


def channel(chars: int = 60, names: int = 30, each: int = 1, **options: object) -> list[tuple]:
    return [("10.0.0.1", name(chars, i, **options)) for i in range(names) for _ in range(each)]  # type: ignore[arg-type]


def test_the_text_is_byte_for_byte_as_published():
    assert hashlib.sha256(RULE.text.encode()).hexdigest() == PUBLISHED


def test_the_numbers_of_the_configuration_are_those_of_the_text():
    rule = PublishedRule()
    assert f"let DomainLengthThreshold = {rule.name_chars};" in RULE.text
    assert f"SubdomainParts > {rule.dots}\n" in RULE.text
    assert f"QueryCount > {rule.query_count} and UniqueSubdomains > {rule.name_count}\n" in RULE.text
    assert f"AvgDomainLength > {rule.mean_chars:.0f}\n" in RULE.text
    high = f"UniqueSubdomains > {rule.high_name_count} and AvgDomainLength > {rule.high_mean_chars:.0f}"
    dense = f"UniqueSubdomains > {rule.dense_name_count} and AvgDomainLength > {rule.dense_mean_chars:.0f}"
    assert f'{high}, "high"' in RULE.text
    assert f'{dense}, "high"' in RULE.text
    assert f"({', '.join(json.dumps(t) for t in rule.qtypes)})" in RULE.text


def test_columns_are_those_of_the_text_in_its_order():
    assert native(table()).result.columns == COLUMNS
    assert re.search(r"\| project (.*)", RULE.text)[1].split(", ") == COLUMNS


@pytest.mark.node
def test_microsofts_parser_accepts_the_text():
    answer = microsoft(RULE.text)
    assert answer["diagnostics"] == []
    assert [column.split(":")[0] for column in answer["columns"]] == COLUMNS


@pytest.mark.node
def test_microsofts_parser_would_have_refused_a_wrong_text():
    assert microsoft(RULE.text.replace("strlen(Name)", "strlen(Nam)"))["diagnostics"] != []
    assert microsoft(RULE.text.replace("summarize", "sumarize"))["diagnostics"] != []


def test_an_unknown_rule_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"no rule 'T9'.*T1071\.004"):
        load("T9")
    assert [load(rule_id).rule_id for rule_id in RULES] == list(RULES)


# Parity with the text, on the edges that the rule's numbers and Kusto's functions draw.


@pytest.mark.parametrize("chars", [49, 50, 51, 52])
@pytest.mark.parametrize("dots", [2, 5, 6, 7])
def test_length_and_dots_at_their_edges(chars: int, dots: int):
    rows = assert_same(table(*channel(chars, dots=dots)))
    assert len(rows) == (chars > 50 or dots > 5)


@pytest.mark.parametrize("count", [20, 21])
def test_20_and_21_queries(count: int):
    rows = assert_same(table(*channel(names=11), *channel(names=1) * (count - 11)))
    assert len(rows) == (count > 20)


@pytest.mark.parametrize("names", [10, 11, 50, 51, 100, 101])
@pytest.mark.parametrize("chars", [51, 60, 61])
def test_distinct_names_at_their_edges(names: int, chars: int):
    rows = assert_same(table(*channel(chars, names, each=3)))
    assert len(rows) == (names > 10)
    if rows:
        assert rows[0][-1] == ("high" if (names > 100 and chars > 60) or names > 50 else "medium")


@pytest.mark.parametrize(("deep", "mean"), [(39, 39.5), (40, 40.0), (41, 40.5), (59, 49.5), (60, 50.0), (61, 50.5)])
def test_mean_length_at_40_and_50(deep: int, mean: float):
    rows = assert_same(table(*channel(40, 60, dots=6), *channel(deep, 120, dots=6)[60:]))
    assert len(rows) == (mean > 40)
    if rows:
        assert rows[0][5] == mean
        assert rows[0][-1] == ("high" if mean > 50 else "medium")


@pytest.mark.parametrize("odd", [59, 60, 61])
def test_mean_length_at_60(odd: int):
    rows = assert_same(table(*channel(60, 110), *channel(odd, 1)))
    assert rows[0][-1] == "high"


@pytest.mark.parametrize(
    "names",
    [
        [""] * 30,
        ["a" * 60] * 30,
        ["b" * 51 + str(i) for i in range(30)],
        ["." * (6 + i) for i in range(30)],
        ["." * 6 + "x" * i for i in range(45)],
        [name(60, i) + "." for i in range(30)],
        [name(60, i).upper() if i % 2 else name(60, i) for i in range(30)],
        ["é" * 45 + f"{i:03d}.ex.org" for i in range(30)],
        ["é" * 41 + f"{i:03d}.x.org" for i in range(30)],
        ["日本" * 24 + f"{i}.例え.テスト" for i in range(30)],
        ["👩‍👩‍👧" * 9 + f"{i:02d}.x.org" for i in range(30)],
        ["a\u0301" * 25 + f"{i:02d}.x.org" for i in range(30)],
        [f"{i:03d}\\." + "z" * 50 + ".x.org" for i in range(30)],
        [f"%_'\"{{}}$1;--{i:03d}" + "z" * 50 + ".x.org" for i in range(30)],
        [f"{i:03d}\n\t\x01" + "z" * 50 + ".x.org" for i in range(30)],
        ["evil.example"] * 30,
    ],
    ids=[
        "empty", "one label", "one label each", "only dots", "dots and a label", "trailing dots", "upper case",
        "non-ASCII 51", "non-ASCII 50", "ideographs", "joined emoji", "combining marks", "escaped dots", "SQL and patterns",
        "control characters", "short",
    ],
)  # fmt: skip
def test_odd_names(names: list[str]):
    assert_same(table(*(("10.0.0.1", n) for n in names)))


def test_an_absent_client_is_an_empty_string_as_in_kusto():
    rows = assert_same(table(*((None, n) for _, n in channel()), *(("", n) for _, n in channel())))
    assert [row[1] for row in rows] == [""]


@pytest.mark.parametrize("qtype", ["A", "NULL", "a", "txt", "PTR", "SRV", "HTTPS", "TYPE65", "16", "", None])
def test_only_the_types_that_the_text_names_as_it_writes_them(qtype: str | None):
    rows = assert_same(table(*((c, n, qtype) for c, n in channel())))
    assert len(rows) == (qtype in PublishedRule().qtypes)


def test_query_types_are_the_set_in_the_order_of_the_text():
    kinds = ["AAAA", "A", "MX", "CNAME", "NULL", "TXT", "PTR"]
    asked = table(*((c, n, kinds[i % 7]) for i, (c, n) in enumerate(channel(names=70))))
    assert_same(asked)
    assert native(asked).result.rows[0][7] == ["TXT", "NULL", "CNAME", "MX", "A", "AAAA"]


@pytest.mark.parametrize(("offset_us", "inside"), [(-1, False), (0, False), (1, True)])
def test_the_window_begins_after_24_hours_ago(offset_us: int, inside: bool):
    first = NOW - timedelta(hours=24) + timedelta(microseconds=offset_us)
    asked = table(*((c, n, "TXT", first) for c, n in channel(names=1)), *((c, n, "TXT", NOW) for c, n in channel()[1:]))
    for now in (None, NOW):
        rows = assert_same(asked, now)
        assert rows[0][3] == 29 + inside


def test_the_window_ends_at_now_and_later_records_do_not_exist_yet():
    later = NOW + timedelta(microseconds=1)
    asked = table(*((c, n, "TXT", NOW) for c, n in channel(names=25)), *((c, n, "TXT", later) for c, n in channel(70, 25)))
    assert [row[3] for row in assert_same(asked, NOW)] == [25]
    assert [row[3] for row in assert_same(asked)] == [50]


def test_the_newest_record_ends_the_window_even_if_the_rule_does_not_count_it():
    newest = ("10.0.0.9", "short.example", "A", NOW + timedelta(hours=24))
    assert assert_same(table(*channel(), newest)) == []
    assert native(table(*channel(), newest), window=None).result.rows != []


def test_records_without_a_time_count_only_in_an_open_window():
    asked = table(*((c, n, "TXT", None) for c, n in channel()))
    assert assert_same(asked, NOW) == []
    run = native(asked, window=None)
    assert [(row[0], row[3]) for row in run.result.rows] == [(None, 30)]
    assert native(asked).result.rows == []


def test_rows_with_equal_counts_stand_by_client_and_domain():
    domains = ["b.example", "a.example"]
    asked = [(f"10.0.0.{c}", name(60, i, d)) for c in (2, 10, 1) for d in domains for i in range(30)]
    rows = assert_same(table(*asked))
    assert [(row[1], row[2]) for row in rows] == [(f"10.0.0.{c}", d) for c in (1, 10, 2) for d in "ab"]


def test_the_session_time_zone_changes_nothing():
    asked = table(*channel())
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Kathmandu'")
        connection.register("queries", asked)
        run = RULE.run(connection, "SELECT * FROM queries", now=NOW)
    assert comparable(run) == comparable(native(asked, now=NOW))
    assert run.result.rows[0][0] == NOW
    assert native(asked, now=NOW.replace(tzinfo=None)).result.rows == run.result.rows


def test_the_run_counts_the_input_by_the_way():
    asked = queries("10.0.0.5 www.example.com +2s", "10.0.0.5 - TXT +3s", "- mail.example.com MX")
    run = native(asked)
    assert (run.record_count, run.first_ts, run.last_ts) == (3, START + timedelta(seconds=1), START + timedelta(seconds=5))
    assert run.now == run.last_ts
    empty = native(table())
    assert (empty.record_count, empty.first_ts, empty.last_ts, empty.now) == (0, None, None, None)


LABELS = st.sampled_from(["a", "B", "é", "例", "0", "-", "_", "", "x" * 9, "é" * 9, "a\\.b", "%"])
TAILS = st.sampled_from(["evil.example", "evil.net", "a.co.uk", "single", "evil.example.", "", "EVIL.example"])
TIMES = st.sampled_from([-25, -24, -23.999, -12, 0, 0.001, None])


@st.composite
def groups(draw: st.DrawFn) -> list[tuple]:
    """Draw one client's queries below one tail, near the edges of counts and lengths."""
    client, tail, qtype = draw(st.sampled_from(["10.0.0.1", "10.0.0.2", "", None])), draw(TAILS), draw(KINDS)
    chars, head = draw(st.sampled_from([38, 40, 41, 49, 50, 51, 60, 61, 70])), ".".join(draw(st.lists(LABELS, max_size=7)))
    names, queries_ = draw(st.sampled_from([1, 9, 10, 11, 50, 51, 52, 101])), draw(st.sampled_from([11, 20, 21, 22, 60, 120]))
    made = [f"{i}.{head}".ljust(max(chars - len(tail) - 1, 1), "p") + ("." if tail else "") + tail for i in range(names)]
    hours = draw(TIMES)
    ts = None if hours is None else NOW + timedelta(hours=hours)
    return [(client, made[i % names], qtype, ts) for i in range(queries_)]


KINDS = st.sampled_from(["TXT", "A", "AAAA", "MX", "CNAME", "NULL", "PTR", "txt", None])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(st.lists(groups(), min_size=1, max_size=5), st.booleans())
def test_twin_and_text_agree_on_anything(parts: list[list[tuple]], pinned: bool):
    assert_same(table(*(row for part in parts for row in part)), NOW if pinned else None)


# Findings.


def test_rows_appear_as_findings_whose_evidence_adds_up():
    asked = table(*channel(70, 120), *(("10.0.0.2", n) for _, n in channel(60, 30)))
    result = native(asked).result
    high, medium = RULE.to_findings(result, Config())
    for finding in (high, medium):
        assert finding.score == pytest.approx(finding.prior + sum(item.weight for item in finding.evidence))
        assert (finding.kind, finding.severity, finding.attack) == ("tunnel", "critical", ["T1071.004"])
        assert finding.next_steps
    assert (high.confidence, medium.confidence) == ("high", "medium")
    verdict = Config().detection.verdict
    assert high.score >= verdict.high > medium.score >= verdict.medium
    assert all(abs(item.weight) <= verdict.clip for item in high.evidence)
    assert (medium.client, medium.registered_domain, medium.query_count, medium.unique_name_count) == (
        "10.0.0.2",
        "evil",
        30,
        30,
    )


def test_a_finding_without_client_or_domain_says_null():
    asked = table(*((None, "b" * 60 + str(i)) for i in range(30)))
    (finding,) = RULE.to_findings(native(asked).result, Config())
    assert (finding.client, finding.registered_domain) == (None, None)
    assert "Somebody" in finding.summary


def test_a_result_survives_being_saved():
    result = native(table(*channel())).result
    report = Report(molehunt_version="0", rule=result)
    again = json.loads(report.model_dump_json())["rule"]
    assert again["columns"] == COLUMNS
    assert again["rows"][0][1:] == result.rows[0][1:]
    assert datetime.fromisoformat(again["rows"][0][0]) == result.rows[0][0]


def test_other_numbers_make_another_rule():
    loose = Config(rule=PublishedRule(query_count=5, name_count=2, name_chars=20, mean_chars=10))
    asked = table(*channel(30, 6))
    assert native(asked).result.rows == []
    assert len(native(asked, config=loose).result.rows) == 1
