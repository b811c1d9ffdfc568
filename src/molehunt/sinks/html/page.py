"""Put the page together: template, style and script beside this file, the findings as data blocks in the page.

The page's policy lets run only the scripts whose hashes it names, so nothing that a name smuggles in can run. Each finding
is a block of its own, read when it is opened; the list needs only the index.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from molehunt.findings import SEVERITIES, Finding, Report
from molehunt.sinks import SinkOptions, alert
from molehunt.sinks.pivots import pivots
from molehunt.sinks.text import breadth, defang, defanged, human_bytes, human_span, rfc3339, safe

#: The page's own script, in order; one function scope around all.
SCRIPTS = ("show.js", "charts.js", "overview.js", "finding.js", "list.js", "main.js")

#: Findings that a reader without scripts, or a notebook, sees.
PLAIN_COUNT = 200
FRAGMENT_COUNT = 25


_RISKY = re.compile(r"[<>&\x7f-\U0010ffff]")


def pieces(report: Report, options: SinkOptions) -> Iterator[str]:
    """Yield the page, some kilobytes at a time."""
    style, script, library = _text("page.css"), _script(), _text("vendor/chart.umd.min.js")
    template = environment().get_template("page.html.j2")
    context = {
        "report": report,
        "policy": policy(style, script, library),
        "style": Markup(style),
        "script": Markup(script),
        "library": Markup(library),
        "facts": _facts(report),
        "index": block(json.dumps(_index(report, options))),
        "blocks": (block(_data(finding)) for finding in report.findings),
        "plain": [finding for finding in report.findings if finding.suppressed is None][:PLAIN_COUNT],
        "title": alert.title,
        "most": PLAIN_COUNT,
    }
    yield from template.generate(context)


def fragment(report: Report) -> str:
    """Return the report's numbers and first findings as a piece of HTML without script or style."""
    open_findings = [finding for finding in report.findings if finding.suppressed is None]
    facts = _facts(report)
    template = environment().get_template("fragment.html.j2")
    return template.render(report=report, facts=facts, plain=open_findings[:FRAGMENT_COUNT], title=alert.title)


def environment() -> Environment:
    """Return the templates beside this file, with everything escaped, and how values are shown as filters."""
    made = Environment(
        loader=PackageLoader("molehunt.sinks", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "safe_text": safe,
        "who": alert.who,
        "breadth": breadth,
        "defang": defang,
        "sentence": defanged,
        "bytes": human_bytes,
        "time": rfc3339,
        "span": human_span,
        "count": _count,
        "clock": _clock,
        "cell": _rule_cell,
    }
    return made


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _rule_cell(value: Any) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    return (
        f"{value:.1f}"
        if isinstance(value, float)
        else safe(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    )


def _count(number: int) -> str:
    return f"{number:,}"


@cache
def _text(name: str) -> str:
    return files("molehunt.sinks.html").joinpath(name).read_text("utf-8")


def _script() -> str:
    return "(() => {\n'use strict';\n" + "\n".join(map(_text, SCRIPTS)) + "})();\n"


def policy(style: str, *scripts: str) -> str:
    """Return the content security policy: these scripts, this style, nothing else and nothing from anywhere."""
    allowed = " ".join(f"'{_hash(script)}'" for script in scripts)
    rules = [
        "default-src 'none'",
        f"script-src {allowed}",
        f"style-src '{_hash(style)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    return "; ".join(rules)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def block(data: str) -> Markup:
    """Return JSON that no HTML parser sees an end or a comment in: ``<``, ``>``, ``&`` and what is not ASCII, escaped.

    These characters stand in the strings of a JSON text only, where an escape says the same.
    """
    return Markup(_RISKY.sub(_escaped, data))


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def _facts(report: Report) -> dict[str, Any]:
    """Return the numbers of the overview, over all findings that are not suppressed."""
    findings = [finding for finding in report.findings if finding.suppressed is None]
    length_s = (report.last_ts - report.first_ts).total_seconds() if report.first_ts and report.last_ts else None
    return {
        "finding_count": len(findings),
        "alert_count": sum(finding.alert for finding in findings),
        "suppressed_count": len(report.findings) - len(findings),
        "up_bytes": _total([finding.up_bytes for finding in findings]),
        "down_bytes": _total([finding.down_bytes for finding in findings]),
        "client_count": len({finding.client for finding in findings if finding.client}),
        "severities": {level: Counter(f.severity for f in findings)[level] for level in SEVERITIES},
        "length_s": length_s,
    }


def _total(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


#: Columns of the index, in the order that list.js knows them by.
INDEX_COLUMNS = (
    "finding_id", "severity", "confidence", "kind", "client", "client_count", "registered_domain", "up_bytes", "down_bytes",
    "query_count", "first_ts", "last_ts", "family", "summary", "score",
)  # fmt: skip


def _index(report: Report, options: SinkOptions) -> dict[str, Any]:
    """Return what the list shows of every finding, a row each, and the names of the columns."""
    rows = [
        [_cell(finding, column) for column in INDEX_COLUMNS] + [finding.suppressed is not None] for finding in report.findings
    ]
    shown = {"show_suppressed": options.show_suppressed}
    return {"columns": [*INDEX_COLUMNS, "suppressed"], "rows": rows, "titles": alert.TITLES, **shown}


def _cell(finding: Finding, column: str) -> Any:
    value = getattr(finding, column)
    return rfc3339(value) if column.endswith("_ts") and value else value


def _data(finding: Finding) -> str:
    """Return everything about one finding as JSON: the finding as the report has it, and what the page adds."""
    added = {
        "pivots": [vars(pivot) for pivot in pivots(finding)],
        "techniques": [{"id": t.id, "name": t.name, "tactic": t.tactic, "url": t.url} for t in alert.techniques(finding)],
    }
    return f'{{"finding":{finding.model_dump_json()},"added":{json.dumps(added)}}}'
