import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molehunt.findings import Evidence, Finding, Report, RuleResult, finding_id
from molehunt.sinks import SinkOptions, load
from molehunt.sinks.csv import cell
from molehunt.sinks.text import defang, human_bytes, human_span, rfc3339, safe

EVIDENCE = [
    Evidence(detector="volume", feature="up_bytes", value=41000, unit="bytes", weight=3.0, sentence="41 kB up", group="volume"),
    Evidence(detector="early", feature="novelty", value=0.97, unit="ratio", weight=2.5, sentence="97 % new", group="novelty"),
    Evidence(detector="early", feature="shape", value="cdn", unit="", weight=-0.5, sentence="CDN-like labels", group="against"),
]


def finding(**more) -> Finding:
    base = {
        "finding_id": finding_id("10.0.3.7", "evil.example", "tunnel"), "client": "10.0.3.7",
        "registered_domain": "evil.example", "kind": "tunnel",
        "confidence": "high", "severity": "high", "score": -1.0, "up_bytes": 41000, "down_bytes": None,
        "query_count": 2140, "unique_name_count": 2140, "client_count": 1, "qtypes": {"TXT": 2140}, "evidence": EVIDENCE,
        "first_ts": datetime(2026, 1, 5, 9, tzinfo=UTC), "last_ts": datetime(2026, 1, 5, 12, tzinfo=UTC),
        "sample_names": ["payload.t.evil.example"], "summary": "10.0.3.7 moved at most 41 kB up.",
    }  # fmt: skip
    return Finding(**(base | more))


def written(report: Report, sink: str, **options) -> str:
    stream = io.BytesIO()
    load(sink).write(report, stream, SinkOptions(**options))
    return stream.getvalue().decode("utf-8")


def report(*findings: Finding, **more) -> Report:
    return Report(molehunt_version="0", findings=list(findings), **more)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "-"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (41_000, "41 kB"),
        (999_600, "1.0 MB"),
        (310_000_000, "310 MB"),
    ],
)
def test_bytes_are_written_as_people_write_them(count, text):
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (0.02, "20 ms"), (45, "45 s"), (720, "12 min"), (10_800, "3 h"), (777_600, "9 d")]
)
def test_spans_are_written_as_people_write_them(seconds, text):
    assert human_span(seconds) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("evil.com", "evil[.]com"),
        ("a.b.co.uk", "a.b.co[.]uk"),
        ("localhost", "localhost"),
        ("\x1b[31m.com", "\\u{1b}[31m[.]com"),
    ],
)
def test_names_are_defanged(name, text):
    assert defang(name) == text


@given(st.text())
def test_nothing_that_acts_on_a_terminal_is_left(text):
    assert all(c.isprintable() or c == " " for c in safe(text))


@given(st.text())
def test_no_cell_is_a_formula(text):
    assert not str(cell(text)).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_times_are_rfc_3339():
    assert rfc3339(datetime(2026, 1, 5, 9, tzinfo=UTC)) == "2026-01-05T09:00:00Z"
    assert rfc3339(datetime(2026, 1, 5, 9, 0, 0, 5, tzinfo=UTC)) == "2026-01-05T09:00:00.000005Z"


def test_a_finding_reads_well_at_80_columns():
    lines = written(report(finding()), "table", width=80).splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for part in (
        "high",
        "10.0.3.7 -> evil[.]example",
        "tunnel, high confidence",
        "up 41 kB, down -",
        "12/min",
        "41 kB up; 97 % new",
    ):
        assert part in text
    assert "Against: CDN-like labels" in text
    assert "\x1b" not in text


def test_a_finding_is_one_line_at_160_columns():
    lines = written(report(finding()), "table", width=160).splitlines()
    assert len(lines) == 2
    assert lines[0].split()[:6] == ["SEVERITY", "SURE", "CLIENT", "DOMAIN", "KIND", "UP"]
    assert "evil[.]example" in lines[1]


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_next_steps_name_the_domain_defanged(form: str):
    found = finding(next_steps=["Block evil.example at the resolver"])
    text = written(report(found), form, verbose=1)
    assert "evil.example at" not in text
    assert "Block evil" in text


def test_the_waterfall_adds_up_and_the_payload_is_marked():
    text = written(report(finding()), "table", width=100, verbose=1)
    assert [line.split()[0] for line in text.splitlines() if line.startswith(("+", "-")) and line[1].isdigit()] == [
        "-6.000", "+3.000", "+2.500", "-0.500", "-1.000",
    ]  # fmt: skip
    assert "«payload.t».evil[.]example" in text


def test_what_weighs_too_little_to_show_is_one_row_of_the_waterfall():
    small = EVIDENCE[0].model_copy(update={"weight": 0.004, "sentence": "hardly anything"})
    made = report(finding(evidence=[*EVIDENCE, small, small], score=-0.992))
    short, long = written(made, "table", width=100, verbose=1), written(made, "table", width=100, verbose=2)
    assert "+0.008" in short
    assert "what weighs less" in short
    assert "hardly anything" not in short
    assert long.count("hardly anything") == 2
    assert "what weighs less" not in long


def test_hostile_names_do_nothing_on_a_terminal():
    evil = finding(client="\x1b]0;owned\x07", registered_domain="\u202eevil.com", sample_names=["[red]a[/red]\x1b[2J.com"])
    text = written(report(evil), "table", width=80, verbose=2)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]a[/red]" in text


def test_suppressed_findings_are_counted_and_shown_on_demand():
    from molehunt.findings import Suppressed

    hidden = finding(suppressed=Suppressed(reason="known", rule="r"))
    assert "1 suppressed" in written(report(hidden), "table")
    assert "evil[.]example" not in written(report(hidden), "table")
    assert "evil[.]example" in written(report(hidden), "table", show_suppressed=True)
    assert written(report(hidden), "jsonl") == ""


def test_json_reads_back_the_same():
    whole = report(finding(), record_count=3)
    assert Report.model_validate_json(written(whole, "json")) == whole


def test_jsonl_has_the_fields_of_the_contract():
    contract = (
        "finding_id client registered_domain kind confidence severity score up_bytes down_bytes query_count unique_name_count "
        "client_count qtypes first_ts last_ts family evidence sample_names attack next_steps suppressed"
    ).split()
    record = json.loads(written(report(finding()), "jsonl"))
    assert set(contract) <= set(record)
    assert record["first_ts"] == "2026-01-05T09:00:00Z"
    assert record["down_bytes"] is None
    assert set(record["evidence"][0]) >= {"detector", "feature", "value", "unit", "weight", "sentence"}


def test_csv_is_a_row_a_finding():
    rows = list(csv.DictReader(io.StringIO(written(report(finding(registered_domain="=1+1")), "csv"))))
    assert rows[0]["registered_domain"] == "'=1+1"
    assert rows[0]["up_bytes"] == "41000"
    assert rows[0]["down_bytes"] == ""


def test_a_rule_keeps_its_columns_in_every_format():
    moment = datetime(2026, 1, 5, 9, tzinfo=UTC)
    rule = RuleResult(rule_id="T", columns=["LastSeen", "ClientIP", "QueryTypes"], rows=[[moment, "10.0.0.1", ["A", "TXT"]]])
    whole = report(finding(), rule=rule)
    assert list(json.loads(written(whole, "jsonl"))) == rule.columns
    assert written(whole, "csv").splitlines()[0] == "LastSeen,ClientIP,QueryTypes"
    assert "LastSeen" in written(whole, "table")
    assert json.loads(written(whole, "json"))["rule"]["columns"] == rule.columns


@pytest.mark.parametrize("width", [80, 160])
def test_the_columns_of_a_rule_are_never_broken(width: int):
    columns = (
        "LastSeen ClientIP TopDomain QueryCount UniqueSubdomains AvgDomainLength MaxDomainLength QueryTypes TunnelConfidence"
    ).split()
    row = [datetime(2026, 1, 5, 9, tzinfo=UTC), "10.0.0.1", "evil", 120, 110, 71.25, 99, ["A", "TXT"], "high"]
    text = written(report(rule=RuleResult(rule_id="T", columns=columns, rows=[row, row])), "table", width=width)
    assert max(map(len, text.splitlines())) <= width
    seen = [word for word in text.split() if word in columns]
    assert seen == (columns if width == 160 else columns * 2)


def test_a_baseline_is_told_a_line_a_change():
    from molehunt.config import SuppressionSettings
    from molehunt.suppress import compare

    old = report(finding(registered_domain="gone.example", finding_id="a"), finding(up_bytes=1000))
    now = report(finding(), finding(registered_domain="new.example", finding_id="b"))
    change = compare(now, old, "old.json", SuppressionSettings())
    text = written(now.model_copy(update={"comparison": change}), "table", width=100)
    assert "Against old.json:" in text
    assert "new    10.0.3.7 -> new[.]example (tunnel), up - -> 41 kB" in text
    assert "gone   10.0.3.7 -> gone[.]example" in text
    assert "grown  10.0.3.7 -> evil[.]example (tunnel), up 1.0 kB -> 41 kB" in text
    same = now.model_copy(update={"comparison": compare(now, now, "old.json", SuppressionSettings())})
    assert "nothing changed" in written(same, "table")
