"""The pages of docs/sinks show what the sinks write, and docs/report.schema.json is the Report's schema.

Run as a program it writes the samples and the schema anew: ``python tests/test_sinks_docs.py``.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest

import sink_reports
from molehunt.findings import Report
from molehunt.sinks import SINKS, SinkOptions, load
from molehunt.sinks.delivery import DELIVERIES, elastic, slack, splunk, syslog, teams
from molehunt.sinks.html import fragment

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs" / "sinks"
SCHEMA = ROOT / "docs" / "report.schema.json"

#: Sinks and deliveries, a page each.
NAMES = [*SINKS, *DELIVERIES]
BLOCK = re.compile(r"(<!-- sample -->\n\n)(`{3,})(\w*)\n(.*?)\n\2\n", re.S)


def small() -> Report:
    """One finding, as the samples show it, without the timeline."""
    finding = sink_reports.demo().findings[0]
    return sink_reports.report([finding.model_copy(update={"detail": None, "sample_names": finding.sample_names[:1]})])


def written(name: str) -> bytes:
    stream = io.BytesIO()
    load(name).write(small(), stream, SinkOptions(width=100))
    return stream.getvalue()


def pretty(data: bytes | str | dict) -> str:
    return json.dumps(data if isinstance(data, dict) else json.loads(data), indent=1)


def parquet() -> str:
    table = pq.read_table(io.BytesIO(written("parquet")))
    return "\n".join(f"{field.name}: {field.type}" for field in table.schema)


SAMPLES: dict[str, Callable[[], str]] = {
    "json": lambda: written("json").decode().rstrip(),
    "markdown": lambda: written("markdown").decode().rstrip(),
    "html": lambda: fragment(small()).rstrip(),
    "parquet": parquet,
    "ecs": lambda: pretty(written("ecs")),
    "ocsf": lambda: pretty(written("ocsf")),
    "asim": lambda: pretty(written("asim")),
    "syslog": lambda: syslog.message(
        small().findings[0], small(), syslog.FORMATS["cef"](small().findings[0], small()), "sensor-1"
    ).decode(),
    "splunk": lambda: pretty(splunk.event(small().findings[0], small())),
    "elastic": lambda: elastic.action(small().findings[0]).decode().rstrip(),
    "slack": lambda: pretty(slack.message(small().findings, 1)),
    "teams": lambda: pretty(teams.message(small().findings, 1)),
}


def sample(name: str) -> str | None:
    """What the page of this name shows, or None where the page has no sample of its own (webhook: the jsonl finding)."""
    if name in SAMPLES:
        return SAMPLES[name]()
    return "\n".join(written(name).decode().splitlines()) if name in SINKS else None


def schema() -> str:
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Report.model_json_schema(mode="serialization")}
    return json.dumps(made, indent=1, sort_keys=True) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_page_shows_what_is_written(name: str):
    page = (PAGES / f"{name}.md").read_text("utf-8")
    found = BLOCK.search(page)
    expected = sample(name)
    assert (found and found[4]) == expected, "stale: run python tests/test_sinks_docs.py"


def test_the_index_lists_every_sink_and_delivery():
    index = (PAGES / "README.md").read_text("utf-8")
    for name in NAMES:
        assert f"[`{name}`]({name}.md)" in index


def test_the_schema_is_published():
    assert SCHEMA.read_text("utf-8") == schema(), "stale: run python tests/test_sinks_docs.py"


@pytest.mark.parametrize("make", [sink_reports.demo, sink_reports.hostile, lambda: Report(molehunt_version="0")])
def test_reports_follow_the_published_schema(make: Callable[[], Report]):
    stream = io.BytesIO()
    load("json").write(make(), stream, SinkOptions())
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert list(validator.iter_errors(json.loads(stream.getvalue()))) == []
    assert list(validator.iter_errors({"findings": [{"score": "high"}]}))


def main() -> None:
    """Write the samples and the schema anew."""
    SCHEMA.write_text(schema(), "utf-8")
    for name in NAMES:
        path, new = PAGES / f"{name}.md", sample(name)
        if new is not None:
            path.write_text(
                BLOCK.sub(lambda m, new=new: f"{m[1]}{m[2]}{m[3]}\n{new}\n{m[2]}\n", path.read_text("utf-8")), "utf-8"
            )


if __name__ == "__main__":
    main()
