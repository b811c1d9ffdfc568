"""IBM QRadar's Log Event Extended Format 2.0, one event a line."""

from __future__ import annotations

from typing import Any, BinaryIO

from molehunt.findings import Finding, Report
from molehunt.sinks import SinkOptions, alert, shown
from molehunt.sinks.text import safe

#: Tab parts the attributes; the header says so. ``safe`` leaves no tab inside a value.
DELIMITER, DELIMITER_NAME = "\t", "x09"


class LeefSink:
    """Write LEEF 2.0 lines, without a syslog header (the syslog delivery adds one)."""

    name = "leef"
    summary = "Log Event Extended Format 2.0 (IBM QRadar), a line a finding"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write a line a finding."""
        for finding in shown(report, options):
            stream.write(line(finding, report).encode("utf-8", "backslashreplace") + b"\n")


def line(finding: Finding, report: Report) -> str:
    """Return the finding as one LEEF event.

    Source: IBM, "Log Event Extended Format (LEEF) Version 2": header, predefined attributes; others are custom keys.
    """
    parts = ["LEEF:2.0", alert.VENDOR, alert.PRODUCT, report.molehunt_version, finding.kind, DELIMITER_NAME]
    header = "|".join(safe(part).replace("|", "/") for part in parts)
    attributes = (f"{key}={safe(str(value))}" for key, value in _attributes(finding, report).items())
    return header + "|" + DELIMITER.join(attributes)


def _attributes(finding: Finding, report: Report) -> dict[str, Any]:
    ip = alert.address(finding.client)
    return alert.present(
        devTime=alert.epoch_ms(alert.moment(finding, report)),
        cat=finding.kind,
        sev=alert.SEVERITY_NUMBER[finding.severity],
        src=ip and str(ip),
        identHostName=None if ip else finding.client,
        srcBytes=finding.up_bytes,
        dstBytes=finding.down_bytes,
        domain=finding.registered_domain,
        externalId=alert.event_id(finding),
        findingId=finding.finding_id,
        name=alert.title(finding),
        msg=alert.summary(finding),
        confidence=finding.confidence,
        score=finding.score,
        queryCount=finding.query_count,
        uniqueNameCount=finding.unique_name_count,
        clientCount=finding.client_count,
        firstSeen=finding.first_ts and alert.epoch_ms(finding.first_ts),
        attack=" ".join(finding.attack),
        family=finding.family,
        sampleNames=" ".join(finding.sample_names),
    )


SINK = LeefSink()
