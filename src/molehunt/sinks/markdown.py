"""Markdown for a ticket: the overview, then a section a finding with evidence, names, next steps and queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from molehunt.findings import Finding, Report
from molehunt.sinks import SinkOptions, alert, shown
from molehunt.sinks.pivots import pivots
from molehunt.sinks.text import breadth, defang, defanged, human_bytes, rfc3339, safe, some


class MarkdownSink:
    """Write GitHub-flavoured Markdown. Text from the network stands in code spans, where nothing is markup or a link."""

    name = "markdown"
    summary = "Markdown, for a ticket or a wiki"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the overview and the findings."""
        findings = shown(report, options)
        for block in _overview(report, findings):
            stream.write(block.encode("utf-8", "backslashreplace"))
        for finding in findings:
            stream.write(section(finding).encode("utf-8", "backslashreplace"))


def code(text: str) -> str:
    """Return the text as a code span: fenced by more backticks than it has in a row, safe in a table cell."""
    shown_text = safe(text).replace("|", "\\u{7c}")
    longest = max((len(run) for run in re.findall(r"`+", shown_text)), default=0)
    pad = " " if shown_text[:1] in {"`", " "} or shown_text[-1:] in {"`", " "} or not shown_text else ""
    fence = "`" * (longest + 1)
    return f"{fence}{pad}{shown_text}{pad}{fence}"


def prose(text: str) -> str:
    """Return a sentence with every character that Markdown could act on escaped."""
    escaped = re.sub(r"([\\`*_{}\[\]#!|<>~@&:$]|^[-+=])", r"\\\1", safe(text))
    return re.sub(r"(?i)\b(www)\.", r"\1\\.", escaped)


def _overview(report: Report, findings: list[Finding]) -> Iterator[str]:
    alerts = sum(finding.alert for finding in findings)
    hidden = sum(finding.suppressed is not None for finding in report.findings)
    yield "# Data hidden in DNS: what molehunt found\n\n"
    yield f"{len(findings)} findings, {alerts} of them alerts; {hidden} suppressed. "
    yield f"Read: {breadth(report)}"
    yield f", {rfc3339(report.first_ts)} to {rfc3339(report.last_ts)}.\n\n" if report.first_ts else ".\n\n"
    for source in report.sources:
        skipped = sum(problem.count for problem in source.problems)
        state = f"not read: {code(source.error)}" if source.error else f"{source.record_count:,} records, {skipped:,} skipped"
        yield f"* {code(source.name)}: {state}\n"
    if findings:
        yield "\n| Severity | Confidence | Client | Domain | Kind | Up | Down | Finding |\n|---|---|---|---|---|--:|--:|---|\n"
        for f in findings:
            cells = (
                f.severity,
                f.confidence,
                _client(f),
                _domain(f),
                f.kind,
                human_bytes(f.up_bytes),
                human_bytes(f.down_bytes),
            )
            yield f"| {' | '.join(cells)} | {code(f.finding_id)} |\n"


def section(finding: Finding) -> str:
    """Return the section of one finding."""
    told = prose(defanged(alert.summary(finding), finding.registered_domain))
    parts = [
        f"\n## {alert.title(finding)}: {_client(finding)} → {_domain(finding)}\n\n{told}\n\n",
        _facts(finding),
        _evidence(finding),
        _listed("Sample names", [code(defang(name)) for name in finding.sample_names]),
        _listed("Next steps", [prose(defanged(step, finding.registered_domain)) for step in finding.next_steps], "1."),
    ]
    for pivot in pivots(finding):
        parts.append(f"\n{pivot.language} ({pivot.where}):\n\n{_fenced(pivot.text)}")
    return "".join(parts)


def _facts(finding: Finding) -> str:
    types = ", ".join(f"{code(kind)} {count:,}" for kind, count in finding.qtypes.items())
    rows = {
        "Finding": code(finding.finding_id),
        "Severity": f"{finding.severity}, confidence {finding.confidence}, score {finding.score:+.2f}",
        "Moved": f"{human_bytes(finding.up_bytes)} up, {human_bytes(finding.down_bytes)} down",
        "Queries": f"{finding.query_count:,} for {finding.unique_name_count:,} names by {some(finding.client_count, 'client')}",
        "Record types": types,
        "Seen": f"{rfc3339(finding.first_ts)} to {rfc3339(finding.last_ts)}" if finding.first_ts else "",
        "Looks like": code(finding.family) if finding.family else "",
        "ATT&CK": ", ".join(code(technique) for technique in finding.attack),
    }
    if finding.suppressed:
        rows["Suppressed"] = f"{code(finding.suppressed.reason)} by rule {code(finding.suppressed.rule)}"
    return "".join(f"* **{name}**: {value}\n" for name, value in rows.items() if value)


def _evidence(finding: Finding) -> str:
    lines = [f"\n| log10 odds | Evidence |\n|--:|---|\n| {finding.prior:+.2f} | before looking |\n"]
    lines += [f"| {e.weight:+.2f} | {prose(e.sentence)} |\n" for e in sorted(finding.evidence, key=lambda e: -e.weight)]
    return "".join([*lines, f"| **{finding.score:+.2f}** | **score** |\n"])


def _listed(heading: str, items: list[str], mark: str = "*") -> str:
    return f"\n**{heading}**\n\n" + "".join(f"{mark} {item}\n" for item in items) if items else ""


def _fenced(text: str) -> str:
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}text\n{text}\n{fence}\n"


def _client(finding: Finding) -> str:
    return code(finding.client) if finding.client else alert.who(finding)


def _domain(finding: Finding) -> str:
    return code(defang(finding.registered_domain)) if finding.registered_domain else "many domains"


SINK = MarkdownSink()
