"""Whatever text stands in a finding, every output keeps its form and says the same text again."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sink_reports
from molehunt.findings import Report
from molehunt.sinks.pivots import pivots
from molehunt.sinks.text import safe
from test_html import Elements, page
from test_sinks_formats import MARKDOWN_INLINE, cef_fields, written

#: Text with what formats act on well represented; no lone surrogates, which no reader lets through.
SPICE = st.sampled_from(
    ["|", "\\", "=", "^", "\t", "\n", "\r", '"', "'", "`", "<", ">", "&", "{{", "]]>", "--", "\u202e", "\x1b[", "%", "*", "$("]
)
PARTS = st.one_of(SPICE, st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
TEXT = st.lists(PARTS, min_size=1, max_size=8).map("".join).filter(bool)
SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLAIN = sink_reports.finding("client", "domain.example")


def report_of(text: str) -> Report:
    evidence = [PLAIN.evidence[0].model_copy(update={"sentence": text, "value": text, "feature": text})]
    changes = {
        "client": text,
        "registered_domain": text,
        "summary": text,
        "family": text,
        "sample_names": [text],
        "next_steps": [text],
    }
    return sink_reports.report([PLAIN.model_copy(update={**changes, "evidence": evidence})])


@SOME
@given(TEXT)
def test_cef_and_leef_stay_one_line_and_keep_the_text(text: str):
    report = report_of(text)
    cef = written("cef", report).decode()
    assert cef.count("\n") == 1
    assert cef_fields(cef.rstrip("\n"))["cs5"].rstrip() == safe(text)[:1023].rstrip()
    leef = written("leef", report).decode()
    assert leef.count("\n") == 1
    read = dict(pair.split("=", 1) for pair in leef.rstrip("\n").split("|", 6)[6].split("\t"))
    assert read["family"] == safe(text)


@SOME
@given(TEXT)
def test_json_formats_keep_the_text_exactly(text: str):
    report = report_of(text)
    places: dict[str, Any] = {
        "ecs": lambda r: r["molehunt"]["registered_domain"],
        "ocsf": lambda r: r["unmapped"]["molehunt"]["family"],
        "asim": lambda r: r["AdditionalFields"]["registered_domain"],
        "jsonl": lambda r: r["registered_domain"],
    }
    for name, place in places.items():
        lines = written(name, report).split(b"\n")
        assert len(lines) == 2
        assert place(json.loads(lines[0])) == text, name


@SOME
@given(TEXT)
def test_markdown_makes_nothing_of_the_text(text: str):
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(written("markdown", report_of(text)).decode())
    plain = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(written("markdown", report_of("x")).decode())
    assert {child.type for token in tokens for child in token.children or []} <= MARKDOWN_INLINE
    kinds = [token.type for token in tokens if token.type != "fence" or "text" not in token.info]
    assert [k for k in kinds if k == "tr_open"] == [t.type for t in plain if t.type == "tr_open"]
    assert not {"html_block", "hr", "blockquote_open", "code_block"} & set(kinds)


@settings(SOME, max_examples=25)
@given(TEXT)
def test_the_page_has_the_same_elements_whatever_the_text(text: str):
    shown = [tag for tag, _ in Elements(page(report_of(text))).found]
    assert shown == [tag for tag, _ in Elements(page(report_of("x"))).found]


@SOME
@given(TEXT)
def test_a_spreadsheet_computes_nothing(text: str):
    rows = list(csv.reader(io.StringIO(written("csv", report_of(text)).decode(), newline="")))
    assert len(rows) == 2
    assert all(cell[:1] not in {"=", "+", "@", "\t", "\r"} and not re.match(r"-\D", cell) for cell in rows[1])


@SOME
@given(TEXT)
def test_queries_hold_the_text_or_leave_it_out(text: str):
    for pivot in pivots(report_of(text).findings[0]):
        assert pivot.text.isprintable() or set(pivot.text) - {"\n"} == {c for c in pivot.text if c.isprintable()}
