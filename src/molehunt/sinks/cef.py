"""ArcSight's Common Event Format, one event a line: what nearly every SIEM takes by syslog."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any, BinaryIO

from molehunt.findings import Finding, Report
from molehunt.sinks import SinkOptions, alert, shown
from molehunt.sinks.text import safe

#: Longest values of the fields that have a bound. Source: ArcSight CEF Implementation Standard, extension dictionary.
LIMITS = {"msg": 1023, "destinationDnsDomain": 255, "shost": 1023, "cat": 1023, "cs1": 4000, "cs2": 4000, "cs3": 4000}
LIMIT = 1023


class CefSink:
    """Write CEF version 0 lines, without a syslog header (the syslog delivery adds one)."""

    name = "cef"
    summary = "Common Event Format (ArcSight, Sentinel, Splunk, QRadar), a line a finding"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write a line a finding."""
        for finding in shown(report, options):
            stream.write(line(finding, report).encode("utf-8", "backslashreplace") + b"\n")


def line(finding: Finding, report: Report) -> str:
    """Return the finding as one CEF event."""
    severity = alert.SEVERITY_NUMBER[finding.severity]
    parts = [alert.VENDOR, alert.PRODUCT, report.molehunt_version, finding.kind, alert.title(finding), str(severity)]
    header = "|".join(["CEF:0", *map(_header, parts)])
    fields = _extension(finding, report)
    return header + "|" + " ".join(f"{key}={_value(key, value)}" for key, value in fields.items())


def _extension(finding: Finding, report: Report) -> dict[str, Any]:
    when = alert.moment(finding, report)
    return alert.present(
        rt=alert.epoch_ms(when),
        start=finding.first_ts and alert.epoch_ms(finding.first_ts),
        end=finding.last_ts and alert.epoch_ms(finding.last_ts),
        externalId=alert.event_id(finding),
        cat=finding.kind,
        app="DNS",
        **_who(finding),
        destinationDnsDomain=finding.registered_domain,
        cnt=finding.query_count,
        out=finding.up_bytes,
        **{"in": finding.down_bytes},
        msg=alert.summary(finding),
        **_labelled("cs1", "Confidence", finding.confidence),
        **_labelled("cs2", "SampleNames", " ".join(finding.sample_names)),
        **_labelled("cs3", "AttackTechniques", " ".join(finding.attack)),
        **_labelled("cs4", "FindingId", finding.finding_id),
        **_labelled("cs5", "LooksLike", finding.family),
        **_labelled("cn1", "UniqueNames", finding.unique_name_count),
        **_labelled("cfp1", "Score", finding.score),
    )


def _who(finding: Finding) -> dict[str, Any]:
    """Return the client where CEF puts it: ``src`` holds IPv4 only, ``c6a2`` IPv6, ``shost`` a name."""
    ip = alert.address(finding.client)
    if ip is None:
        return {"shost": finding.client}
    return {"src": str(ip)} if isinstance(ip, IPv4Address) else _labelled("c6a2", "Source IPv6 Address", str(ip))


def _labelled(key: str, label: str, value: Any) -> dict[str, Any]:
    return {f"{key}Label": label, key: value} if value not in (None, "") else {}


def _header(text: str) -> str:
    return safe(text).replace("\\", "\\\\").replace("|", "\\|")


def _value(key: str, value: Any) -> str:
    """Return a value with the escapes of an extension; control characters are already gone, cut to the field's bound."""
    return safe(str(value))[: LIMITS.get(key, LIMIT)].replace("\\", "\\\\").replace("=", "\\=")


SINK = CefSink()
