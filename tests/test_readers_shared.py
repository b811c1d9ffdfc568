"""The text readers on the public corpora: as many rows as another parser finds, and no problem that is not in the file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from conftest import SHARED
from readings import read

pytestmark = pytest.mark.shared


def files(*patterns: str) -> list:
    found = [path for pattern in patterns for path in sorted(SHARED.glob(pattern))] if SHARED.is_dir() else []
    return [pytest.param(path, id=path.relative_to(SHARED).as_posix()) for path in found] or [pytest.param(None, id="absent")]


def text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")


def zeek_records(path: Path) -> tuple[list[dict], int]:
    """Return the records of a dns.log by a few lines of Python, and how many lines break the format."""
    records, bad, names = [], 0, []
    for line in text(path).split("\n"):
        if line.startswith("{"):
            record = json.loads(line)
            records.append(record | {name: record.get(name.replace(".", "_"), record.get(name)) for name in ("id.orig_h",)})
        elif line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif line and not line.startswith("#"):
            values = line.split("\t")
            if len(values) != len(names):
                bad += 1
                continue
            records.append({name: None if value == "-" else value for name, value in zip(names, values, strict=True)})
    return records, bad


def presentation(name: str) -> str:
    """Return a name of Zeek as RFC 1035 writes it."""

    def octet(match: re.Match) -> str:
        number = int(match[1], 16)
        return f"\\{number:03d}" if not 32 < number < 127 else "\\" * (chr(number) in "\\.") + chr(number)

    return re.sub(r"\\x([0-9a-fA-F]{2})", octet, name)


ZEEK = files("benign/zeek/*", "benign/rita/*", "benign/stratosphere/*.log", "benign/otrf_apt29/*", "formats/zeek_json/*")


@pytest.mark.parametrize("path", [p for p in ZEEK if "punch" not in str(p.id)])
def test_zeek(shared: Path, path: Path):
    records, bad = zeek_records(path)
    rows, (summary,) = read(path)
    assert (summary.reader, summary.error, summary.record_count) == ("zeek", None, len(records))
    assert sum(problem.count for problem in summary.problems) == bad
    asked = [(r.get("id.orig_h"), presentation(r["query"])) for r in records if r.get("query") is not None]
    assert sorted((row["client"], row["qname"]) for row in rows if row["qname"] is not None) == sorted(asked)
    answers = sum(len(a.split(",") if isinstance(a, str) else a) for r in records if (a := r.get("answers")))
    assert sum(len(row["answers"] or []) for row in rows) == answers
    assert {row["ts"] is None for row in rows} <= {False}


def suricata_count(path: Path) -> int:
    """Count the transactions of a log where retries follow each other within five seconds."""
    seen: dict[tuple, list[str]] = defaultdict(list)
    for line in text(path).splitlines():
        event = json.loads(line)
        if event.get("event_type", "dns") == "dns" and "dns" in event:
            dns = event["dns"]
            name = dns.get("rrname") or next((q["rrname"] for q in dns.get("queries", [])), None)
            seen[event["flow_id"], dns["id"], name].append(event["timestamp"])
    return len(seen)


@pytest.mark.parametrize("path", [p for p in files("formats/suricata_eve/*") if "shambat" not in str(p.id)])
def test_suricata(shared: Path, path: Path):
    rows, (summary,) = read(path)
    assert (summary.reader, summary.problems, summary.error) == ("suricata", [], None)
    assert len(rows) == suricata_count(path)


OTHERS = {
    "formats/ecs_packetbeat/elastic_sample_event.json": 1,
    "formats/ocsf_dns_activity/OCSF_dns_activity.json": 1,
    "formats/ocsf_dns_activity/route53.ocsf.json": 1,
    "formats/route53/elastic_test-route53.log": 6,
    "formats/route53/ocsf_route53.raw": 1,
    "formats/cloudflare/sekoia_dns_logs.json": 4,
    "formats/cloudflare/sekoia_gateway_dns.json": 2,
    "formats/gcp_cloud_dns/elastic_test-dns.json": 2,
}


@pytest.mark.parametrize("name", OTHERS)
def test_clouds_and_siems(shared: Path, name: str):
    """The numbers are those of the objects in the files, see the manifest."""
    rows, (summary,) = read(shared / name)
    assert (summary.reader, summary.problems, len(rows)) == ("table", [], OTHERS[name])
    assert all(row["qname"] and row["ts"] and row["qtype"] for row in rows)
    if "sekoia_dns_logs" not in name:
        assert all(row["client"] for row in rows)


def test_zeek_as_csv_without_its_header(shared: Path):
    """A Zeek log that someone turned into CSV, its last line cut."""
    path = shared / "benign/zeek/punch_dns.log"
    lines = list(csv.DictReader(io.StringIO(text(path))))
    rows, (summary,) = read(path)
    assert len(rows) == len(lines) - 1
    assert [(problem.reason, problem.count) for problem in summary.problems] == [("line with too few values", 1)]


@pytest.mark.parametrize("path", files("mixed/bubnov/*.csv", "mixed/tomaspena53/*.csv"))
def test_csv(shared: Path, path: Path):
    headless = path.parent.name == "tomaspena53"
    lines = list(csv.reader(io.StringIO(text(path))))
    lines = [line for line in (lines if headless else lines[1:]) if line]
    rows, (summary,) = read(path, column_map={"qname": "2"} if headless else None)
    assert summary.problems == []
    assert sorted(row["qname"] for row in rows) == sorted(line[1] for line in lines)


def test_umbrella(shared: Path):
    columns = {"ts": "1", "client": "4", "qtype": "7", "rcode": "8", "qname": "9"}
    path = shared / "formats/cisco_umbrella_csv/elastic_test-umbrella-dnslogs.csv"
    lines = list(csv.reader(io.StringIO(text(path)), skipinitialspace=True))
    rows, _ = read(path, column_map=columns)
    assert sorted((row["client"], row["qname"]) for row in rows) == sorted((line[3], line[8]) for line in lines)
    assert sum(row["qtype"] == "A" for row in rows) == sum(line[6] == "1 (A)" for line in lines) > 0


def test_the_whole_collection_of_logs_in_one_run(shared: Path):
    rows, summaries = read(shared / "benign" / "zeek", shared / "benign" / "rita", shared / "formats" / "suricata_eve")
    assert len(rows) > 20_000
    assert [s.name for s in summaries if s.error] == []
    assert sum(s.record_count for s in summaries) == pytest.approx(len(rows), abs=2)
