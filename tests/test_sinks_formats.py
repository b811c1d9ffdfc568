"""Each format against its own standard: py-ocsf-models, OASIS's stix2 and validator, pymisp, pycef, duckdb, checked lists."""

from __future__ import annotations

import csv
import io
import ipaddress
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

import sink_reports
from conftest import DATA
from molehunt.findings import Report
from molehunt.sinks import SINKS, SinkOptions, alert, ecs, load, ocsf
from molehunt.sinks.stix import HOSTNAME
from molehunt.sinks.text import safe

#: Against what each format is validated here; shown in the test report, so that a pass says what passed.
VALIDATORS = ["py-ocsf-models", "stix2", "stix2-validator", "pymisp", "pycef", "pyarrow", "duckdb", "markdown-it-py"]
REPORTS = {"demo": sink_reports.demo, "hostile": sink_reports.hostile}
TEXT_SINKS = ["markdown", "ecs", "ocsf", "asim", "cef", "leef", "stix", "misp", "html"]


def written(name: str, report: Report, **options: Any) -> bytes:
    stream = io.BytesIO()
    load(name).write(report, stream, SinkOptions(**options))
    return stream.getvalue()


def records(name: str, report: Report) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(name, report, show_suppressed=True).splitlines()]


@pytest.fixture(params=list(REPORTS))
def report(request: pytest.FixtureRequest) -> Report:
    return REPORTS[request.param]()


def test_validators_are_named(record_property: Any):
    for package in VALIDATORS:
        record_property(package, version(package))
        assert version(package)


@pytest.mark.parametrize("name", list(SINKS))
def test_every_sink_says_what_it_is_and_hides_the_suppressed(name: str):
    sink = load(name)
    assert sink.name == name
    assert sink.summary
    report, hidden = sink_reports.demo(), b"av-lookups"
    if name not in {"json", "html", "parquet", "table"}:
        assert hidden not in written(name, report)
        assert hidden in written(name, report, show_suppressed=True)


@pytest.mark.parametrize("name", [*TEXT_SINKS, "table", "csv", "jsonl", "json"])
def test_no_control_or_direction_character_reaches_the_output_raw(name: str):
    text = written(name, sink_reports.hostile(), show_suppressed=True).decode("utf-8")
    if name in {"json", "jsonl"}:
        text = "".join(json.dumps(json.loads(part)) for part in ([text] if name == "json" else text.split("\n")[:-1]))
    allowed = {"\n", "\r"} | ({"\t"} if name == "leef" else set())
    assert {c for c in text if safe(c) != c} - allowed == set()


@pytest.mark.parametrize("name", list(SINKS))
def test_a_saved_report_renders_the_same(name: str, report: Report):
    again = Report.model_validate_json(written("json", report))
    assert written(name, again, verbose=2) == written(name, report, verbose=2)


@pytest.mark.parametrize("name", ["table", "markdown", "html"])
@pytest.mark.parametrize(("count", "words"), [(1, b"unknown client"), (1234, b"1,234 clients")])
def test_clients_that_the_log_does_not_tell_are_not_made_up(name: str, count: int, words: bytes):
    found = sink_reports.finding(None, "evil.example", client_count=count)
    page = sink_reports.report([found])
    text = page._repr_html_().encode() if name == "html" else written(name, page)
    assert words in text


@pytest.mark.parametrize("name", list(SINKS))
def test_an_empty_report_is_written(name: str):
    assert isinstance(written(name, sink_reports.report([], sources=[], first_ts=None, last_ts=None, now=None)), bytes)


@pytest.mark.parametrize("name", list(SINKS))
def test_a_report_without_any_optional_fact_is_written(name: str):
    bare = {"finding_id": "0" * 12, "client": None, "registered_domain": None, "kind": "direct_dns", "confidence": "low"}
    finding = sink_reports.f.Finding(**bare, severity="info", score=-6.0)
    assert written(name, Report(molehunt_version="0", findings=[finding])) is not None


@pytest.mark.parametrize("name", [n for n in SINKS if n not in {"table", "stix", "json"}])
def test_exports_stream(name: str):
    """No piece that a sink hands to the stream holds more than a fraction of what it writes in all; JSON is one document."""
    sizes: list[int] = []

    class Meter(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            sizes.append(len(data))
            return len(data)

    load(name).write(sink_reports.many(2000), Meter(), SinkOptions())  # type: ignore[arg-type]
    assert len(sizes) > 10
    assert max(sizes) < max(sum(sizes) / 3, 400_000)


# -- ECS ----------------------------------------------------------------------------------------------------------------


@cache
def ecs_fields() -> dict[str, dict[str, Any]]:
    return json.loads((DATA / "sinks" / "ecs_fields.json").read_text())["fields"]


def flat(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def ecs_fits(kind: str, value: Any) -> bool:
    if kind in {"long", "float"}:
        return isinstance(value, int if kind == "long" else int | float) and not isinstance(value, bool)
    if kind == "date":
        return bool(datetime.fromisoformat(value).tzinfo)
    return bool(ipaddress.ip_address(value)) if kind == "ip" else isinstance(value, str)


def test_ecs_uses_fields_of_the_schema_with_their_types(report: Report):
    documents = records("ecs", report)
    assert len(documents) == len(report.findings)
    for document in documents:
        assert {"@timestamp", "ecs", "event"} <= document.keys()
        for name, value in flat({key: part for key, part in document.items() if key != "molehunt"}):
            rule = ecs_fields()[name]
            assert rule["array"] == isinstance(value, list), name
            for one in value if isinstance(value, list) else [value]:
                assert ecs_fits(rule["type"], one), (name, one)
                assert one in rule.get("allowed", [one]), (name, one)


def test_ecs_keeps_every_fact_of_the_finding(report: Report):
    for finding, document in zip(report.findings, records("ecs", report), strict=True):
        own = document["molehunt"]
        assert own["finding_id"] == finding.finding_id
        assert own["evidence"] == finding.model_dump(mode="json")["evidence"]
        assert {q["type"]: q["query_count"] for q in own["qtypes"]} == finding.qtypes
        assert document["source"].get("address") == finding.client
        assert document["event"]["kind"] == ("alert" if finding.alert else "signal")


@pytest.mark.node
def test_the_list_of_ecs_fields_is_elastics(tmp_path: Any):
    pack = ["npm", "pack", "--silent", f"@elastic/ecs@{ecs.ECS_VERSION}"]
    name = subprocess.run(pack, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()[-1]
    subprocess.run(["tar", "xzf", name], cwd=tmp_path, check=True)
    script = "process.stdout.write(JSON.stringify(require('./package/generated/ecs_flat.js').EcsFlat))"
    theirs = json.loads(subprocess.run(["node", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    for field, rule in ecs_fields().items():
        assert theirs[field]["type"] == rule["type"]
        assert ("array" in theirs[field]["normalize"]) == rule["array"]
        assert [value["name"] for value in theirs[field].get("allowed_values", [])] == rule.get("allowed", [])


# -- OCSF ---------------------------------------------------------------------------------------------------------------

#: Attributes of OCSF that py-ocsf-models 0.10 (schema 1.5) does not know: later than 1.5, or marked TODO in its source.
NOT_MODELLED = {"is_alert", "evidences.src_endpoint.ip", "evidences.src_endpoint.name"}


def unknown_keys(record: Any, model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Yield the attributes that the model would silently drop."""
    for key, value in record.items():
        field = model.model_fields.get(key)
        if field is None:
            yield from ([path + key] if not isinstance(value, dict) else [f"{path}{key}.{k}" for k in value])
            continue
        inner = next((m for m in _models(field.annotation)), None)
        for one in value if isinstance(value, list) else [value]:
            if inner and isinstance(one, dict):
                yield from unknown_keys(one, inner, f"{path}{key}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


def test_ocsf_is_a_detection_finding(report: Report):
    from py_ocsf_models.events.findings.detection_finding import DetectionFinding

    events = records("ocsf", report)
    assert len(events) == len(report.findings)
    for event in events:
        DetectionFinding.model_validate(event)
        assert set(unknown_keys(event, DetectionFinding)) <= NOT_MODELLED
        assert (event["class_uid"], event["type_uid"], event["metadata"]["version"]) == (2004, 200401, ocsf.OCSF_VERSION)


# -- ASIM ---------------------------------------------------------------------------------------------------------------


def test_asim_is_an_alert_event(report: Report):
    with (DATA / "sinks" / "asim_alert_fields.csv").open() as file:
        fields = {row["field"]: row for row in csv.DictReader(file)}
    mandatory = {name for name, row in fields.items() if row["class"] == "Mandatory"}
    rows = records("asim", report)
    assert len(rows) == len(report.findings)
    for row in rows:
        assert mandatory <= row.keys()
        for name, value in row.items():
            assert asim_fits(fields[name]["type"], value), (name, value)
            assert not fields[name]["allowed"] or value in fields[name]["allowed"].split("|"), (name, value)


def asim_fits(kind: str, value: Any) -> bool:
    checks = {
        "string": lambda: isinstance(value, str),
        "int": lambda: isinstance(value, int),
        "percent": lambda: isinstance(value, int) and 0 <= value <= 100,
        "datetime": lambda: bool(datetime.fromisoformat(value).tzinfo),
        "ip": lambda: bool(ipaddress.ip_address(value)),
        "dynamic": lambda: isinstance(value, dict),
    }
    return bool(checks[kind]())


# -- CEF and LEEF -------------------------------------------------------------------------------------------------------

CEF_HEADER = re.compile(r"CEF:0((?:\|(?:[^|\\\r\n]|\\[|\\])*){6})\|")
CEF_PAIR = re.compile(r"(\w+)=((?:[^=\\\r\n]|\\[=\\])*?)(?= \w+=|$)")


def cef_fields(line: str) -> dict[str, str]:
    """Read an extension by the grammar of ArcSight's standard, strictly: every character belongs to a pair."""
    header = CEF_HEADER.match(line)
    assert header, line
    pairs = CEF_PAIR.findall(line[header.end() :])
    assert " ".join(f"{key}={value}" for key, value in pairs) == line[header.end() :]
    assert len(dict(pairs)) == len(pairs), "a key stands twice"
    return {key: re.sub(r"\\([=\\])", r"\1", value) for key, value in pairs}


def test_cef_follows_the_grammar(report: Report):
    lines = written("cef", report, show_suppressed=True).decode().splitlines()
    assert len(lines) == len(report.findings)
    for line, finding in zip(lines, report.findings, strict=True):
        fields = cef_fields(line)
        assert fields["externalId"] == alert.event_id(finding)
        assert fields["cs4"] == finding.finding_id
        assert fields["msg"] == safe(finding.summary)[:1023]
        assert fields["destinationDnsDomain"] == safe(finding.registered_domain or "")[:255]
        assert fields.get("out") == (None if finding.up_bytes is None else str(finding.up_bytes))


def test_an_independent_parser_reads_the_same_cef():
    """pycef does not know the escape of ``|`` in the header, which our headers never need; extensions it reads in full."""
    import pycef

    report = sink_reports.demo()
    for line, finding in zip(written("cef", report, show_suppressed=True).decode().splitlines(), report.findings, strict=True):
        read = pycef.parse(line)
        assert (read["CEFVersion"], read["DeviceVendor"], read["DeviceEventClassID"]) == ("0", "molehunt", finding.kind)
        assert read["Severity"] == str(alert.SEVERITY_NUMBER[finding.severity])
        assert read["destinationDnsDomain"] == finding.registered_domain
        assert read["Confidence"] == finding.confidence
        assert read["msg"] == finding.summary


@pytest.mark.parametrize(("client", "field"), [("10.0.0.5", "src"), ("2001:db8::5", "c6a2"), ("laptop-7", "shost")])
def test_cef_puts_the_client_where_its_kind_belongs(client: str, field: str):
    line = written("cef", sink_reports.report([sink_reports.finding(client)])).decode().rstrip("\n")
    assert cef_fields(line)[field] == client


def test_leef_follows_the_grammar(report: Report):
    lines = written("leef", report, show_suppressed=True).decode().split("\n")[:-1]
    assert len(lines) == len(report.findings)
    for line, finding in zip(lines, report.findings, strict=True):
        version_, vendor, product, _, event, delimiter, attributes = line.split("|", 6)
        assert (version_, vendor, product, event, delimiter) == ("LEEF:2.0", "molehunt", "molehunt", finding.kind, "x09")
        pairs = [pair.partition("=") for pair in attributes.split("\t")]
        assert all(re.fullmatch(r"[A-Za-z]+", key) and equals for key, equals, _ in pairs)
        read = {key: value for key, _, value in pairs}
        assert len(read) == len(pairs)
        assert read["externalId"] == alert.event_id(finding)
        assert read["msg"] == safe(finding.summary)
        assert 1 <= int(read["sev"]) <= 10
        assert len(read["devTime"]) == 13


# -- STIX and MISP ------------------------------------------------------------------------------------------------------


def test_stix_is_read_by_oasis_library_and_validator(report: Report):
    import stix2
    from stix2validator import ValidationOptions, validate_string

    text = written("stix", report, show_suppressed=True).decode()
    bundle = stix2.parse(text, allow_custom=False)
    kinds = [made["type"] for made in bundle.objects]
    assert len({made["id"] for made in bundle.objects}) == len(bundle.objects)
    named = [f for f in report.findings if f.registered_domain and HOSTNAME.fullmatch(f.registered_domain)]
    assert kinds.count("indicator") == len([f for f in named if f.alert and not f.suppressed])
    assert kinds.count("domain-name") == len(named)
    assert kinds.count("note") == len(report.findings) - len(named)
    assert kinds.count("observed-data") == len([f for f in report.findings if f in named or alert.address(f.client)])
    result = validate_string(text, ValidationOptions(version="2.1", disabled=["all"]))
    assert result.is_valid, [str(error) for error in result.errors][:3]


def test_stix_of_the_same_report_is_the_same():
    assert written("stix", sink_reports.demo()) == written("stix", sink_reports.demo())


def test_misp_is_read_by_pymisp(report: Report):
    from pymisp import MISPEvent

    event = MISPEvent()
    event.from_json(written("misp", report, show_suppressed=True).decode())
    assert event.attributes
    assert all(attribute.get("category") == "Network activity" for attribute in event.attributes)
    detected = {attribute.value for attribute in event.attributes if attribute.to_ids}
    assert detected == {
        safe(f.registered_domain) for f in report.findings if f.registered_domain and f.alert and not f.suppressed
    }
    assert {a.type for a in event.attributes} <= {"domain", "ip-src", "hostname"}
    clients = [a for a in event.attributes if a.type == "ip-src"]
    assert clients
    assert not any(a.to_ids for a in clients)


# -- Parquet ------------------------------------------------------------------------------------------------------------


def test_parquet_holds_every_field(report: Report):
    data = written("parquet", report, show_suppressed=True)
    rows = pq.read_table(io.BytesIO(data)).to_pylist()
    for row, finding in zip(rows, report.findings, strict=True):
        for name in ("finding_id", "client", "registered_domain", "kind", "score", "up_bytes", "down_bytes", "sample_names"):
            assert row[name] == getattr(finding, name)
        assert dict(row["qtypes"]) == finding.qtypes
        assert [e["sentence"] for e in row["evidence"]] == [e.sentence for e in finding.evidence]
    assert pq.read_schema(io.BytesIO(data)).metadata[b"molehunt_version"] == b"0.1.0"


def test_parquet_goes_through_a_pipe_and_duckdb_reads_it(tmp_path: Any):
    import duckdb

    class Pipe(io.RawIOBase):
        kept = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.kept += bytes(data)
            return len(data)

    pipe = Pipe()
    load("parquet").write(sink_reports.many(2500), pipe, SinkOptions())  # type: ignore[arg-type]
    (tmp_path / "f.parquet").write_bytes(pipe.kept)
    found = duckdb.sql(f"SELECT count(*), count(DISTINCT finding_id) FROM '{tmp_path}/f.parquet'").fetchall()
    assert found == [(2500, 2500)]


# -- Markdown -----------------------------------------------------------------------------------------------------------

MARKDOWN_TOKENS = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "bullet_list_open", "bullet_list_close",
    "list_item_open", "list_item_close", "ordered_list_open", "ordered_list_close", "fence",
}  # fmt: skip
MARKDOWN_INLINE = {"text", "code_inline", "strong_open", "strong_close", "softbreak", "text_special"}


def test_markdown_holds_no_markup_of_the_networks(report: Report):
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(
        written("markdown", report, show_suppressed=True).decode()
    )
    assert {t.type for t in tokens if not re.match(r"table|thead|tbody|tr_|th_|td_", t.type)} <= MARKDOWN_TOKENS
    assert {child.type for t in tokens for child in t.children or []} <= MARKDOWN_INLINE
    rows = [t for t in tokens if t.type == "tr_open"]
    assert len(rows) == len(report.findings) + 1 + sum(len(f.evidence) + 3 for f in report.findings)


def test_markdown_shows_the_names_as_they_are_defanged():
    from markdown_it import MarkdownIt

    report = sink_reports.hostile()
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(written("markdown", report, show_suppressed=True).decode())
    codes = {child.content for t in tokens for child in t.children or [] if child.type == "code_inline"}
    for finding in report.findings:
        head, _, tail = safe(finding.registered_domain or "").replace("|", "\\u{7c}").rpartition(".")
        assert f"{head}[.]{tail}" in codes
