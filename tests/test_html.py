"""The HTML report without a browser: its policy, its data blocks, what readers without scripts see, its speed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import time
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest

import sink_reports
from molehunt.findings import Report
from molehunt.sinks import SinkOptions, load
from molehunt.sinks.html import fragment
from molehunt.sinks.text import defang, safe
from sink_reports import HOSTILE


def page(report: Report) -> str:
    stream = io.BytesIO()
    load("html").write(report, stream, SinkOptions())
    return stream.getvalue().decode("utf-8")


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


def test_what_the_input_shows_is_told_where_it_is_known():
    made, heading = sink_reports.hostile(), "What the input shows"
    assert heading in page(made)
    assert heading not in page(made.model_copy(update={"visibility": None}))


def test_the_policy_names_exactly_the_scripts_and_the_style_of_the_page():
    read = Elements(page(sink_reports.hostile()))
    policy = next(a["content"] for tag, a in read.found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    hashes = set(re.findall(r"'sha256-([^']+)'", policy))
    code = [text for text in read.texts["script"] if not text.lstrip().startswith("{")]
    runnable = [f"{text}" for text in [*code, *read.texts["style"]]]
    assert hashes == {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in runnable}


def test_the_page_asks_nobody_for_anything():
    for tag, attributes in Elements(page(sink_reports.hostile())).found:
        assert tag not in {"iframe", "object", "embed", "base", "form", "img"}
        for name in ("src", "srcset", "poster", "action", "background"):
            assert name not in attributes, (tag, attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        if "href" in attributes:
            assert (attributes["href"] or "").startswith(("#", "data:,"))


@pytest.mark.parametrize("make", [sink_reports.demo, sink_reports.hostile])
def test_the_blocks_hold_the_findings_as_they_are(make: Any):
    report = make()
    text = page(report)
    blocks = re.findall(r'<script type="application/json" id="f\d+">(.*?)</script>', text, re.S)
    kept = [json.loads(block)["finding"] for block in blocks]
    assert kept == [json.loads(finding.model_dump_json()) for finding in report.findings]
    assert all(block.isascii() and not re.search("[<>&]", block) for block in blocks)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_hostile_text_becomes_markup(text: str):
    finding = sink_reports.hostile().findings[HOSTILE.index(text)].model_copy(update={"suppressed": None})
    report = sink_reports.report([finding], sources=[sink_reports.f.SourceSummary(name=text, reader=None, error=text)])
    harmless = sink_reports.finding("client", "domain.example", finding_id=finding.finding_id)
    plain = sink_reports.report([harmless], sources=[sink_reports.f.SourceSummary(name="n", reader=None, error="e")])
    assert [tag for tag, _ in Elements(page(report)).found] == [tag for tag, _ in Elements(page(plain)).found]
    assert [tag for tag, _ in Elements(fragment(report)).found] == [tag for tag, _ in Elements(fragment(plain)).found]


def test_without_scripts_the_findings_are_a_table():
    report = sink_reports.demo()
    shown = re.search(r"<noscript>(.*?)</noscript>", page(report), re.S)
    assert shown
    for finding in report.findings:
        assert (finding.finding_id in shown[1]) == (finding.suppressed is None)


def test_a_notebook_shows_the_fragment():
    report = sink_reports.demo()
    text = fragment(report)
    assert report._repr_html_() == text
    for finding in report.findings[:3]:
        assert safe(finding.client or f"{finding.client_count} clients") in text
        assert defang(finding.registered_domain or "") in text
    assert "<script" not in text
    assert "style" not in text
    assert len(fragment(sink_reports.many(1000))) < 30_000


def test_baseline_suppressions_and_rule_rows_are_shown():
    f = sink_reports.f
    change = f.Change(
        finding_id="a" * 12,
        client=HOSTILE[0],
        registered_domain=HOSTILE[1],
        kind="tunnel",
        up_bytes_before=10,
        up_bytes_now=99_000,
    )
    report = sink_reports.demo().model_copy(
        update={
            "comparison": f.Comparison(baseline="monday.json", new=[change], grown=[change], gone=[change]),
            "suppressions": [f.SuppressionUse(rule=HOSTILE[2], state="expired", finding_count=2, warning="hides much")],
            "rule": f.RuleResult(
                rule_id="T1071.004", columns=["ClientIP", "QueryTypes"], rows=[[HOSTILE[0], ["A", "TXT"]], [None, 1.25]]
            ),
        }
    )
    text = page(report)
    for expected in (
        "1 new, 1 grown, 1 gone",
        "monday.json",
        "99 kB",
        "hides much",
        "expired",
        "Rule T1071.004: 2 rows",
        "A, TXT",
        "1.2",
    ):
        assert expected in text
    assert HOSTILE[0] not in text


def test_ten_thousand_findings_are_written_in_pieces_and_in_time(record_property: Any):
    """The target of 5 s is held in CPU time, as the machine may be busy; both times are said."""
    report, sizes = sink_reports.many(10_000), []

    class Meter(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            sizes.append(len(data))
            return len(data)

    start, start_cpu = time.perf_counter(), time.process_time()
    load("html").write(report, Meter(), SinkOptions())  # type: ignore[arg-type]
    took, took_cpu = time.perf_counter() - start, time.process_time() - start_cpu
    record_property("seconds_for_10000_findings", round(took, 2))
    print(f"10,000 findings written in {took:.2f} s ({took_cpu:.2f} s of CPU), {sum(sizes) / 1e6:.0f} MB")
    assert took_cpu < 5
    assert max(sizes) < sum(sizes) / 10


def test_the_library_is_the_released_one_and_its_licence_is_there():
    vendor = files("molehunt.sinks.html").joinpath("vendor")
    text = vendor.joinpath("chart.umd.min.js").read_text("utf-8")
    version = re.search(r"Chart\.js v([\d.]+)", text)
    assert version
    assert f"Chart.js {version[1]}" in vendor.joinpath("README.md").read_text("utf-8")
    assert "MIT" in vendor.joinpath("LICENSE-chart.js.md").read_text("utf-8")
    assert "sourceMappingURL" not in text
