"""Alert documents of the Elastic Common Schema, one a line: ready for a bulk request, Logstash or a file input."""

from __future__ import annotations

from typing import Any, BinaryIO

from molehunt.findings import Finding, Report
from molehunt.sinks import SinkOptions, alert, shown
from molehunt.sinks.text import rfc3339

#: Version of the schema whose fields are used. Source: https://www.elastic.co/docs/reference/ecs
ECS_VERSION = "9.4.0"


class EcsSink:
    """Write ECS alerts as NDJSON. What ECS has no field for stands below ``molehunt``, as ECS asks of custom fields."""

    name = "ecs"
    summary = "Elastic Common Schema alerts, one JSON document a line"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write a document a finding."""
        for finding in shown(report, options):
            stream.write(alert.json_line(document(finding, report)))


def document(finding: Finding, report: Report) -> dict[str, Any]:
    """Return the finding as one ECS document."""
    ip = alert.address(finding.client)
    return alert.present(**{
        "@timestamp": rfc3339(alert.moment(finding, report)),
        "message": alert.summary(finding),
        "tags": ["molehunt", finding.kind, finding.confidence],
        "ecs": {"version": ECS_VERSION},
        "event": _event(finding),
        "observer": {"vendor": alert.VENDOR, "product": alert.PRODUCT, "version": report.molehunt_version, "type": "ids"},
        "rule": {"id": f"molehunt.{finding.kind}", "name": alert.title(finding), "category": finding.kind},
        "source": alert.present(address=finding.client, ip=ip and str(ip), bytes=finding.up_bytes),
        "destination": alert.present(domain=finding.registered_domain, bytes=finding.down_bytes),
        "network": {"protocol": "dns"},
        "dns": alert.present(question=alert.present(registered_domain=finding.registered_domain)),
        "threat": _threat(finding),
        "related": alert.present(ip=[str(ip)] if ip else [], hosts=[name for name in [finding.registered_domain] if name]),
        "molehunt": _own(finding),
    })  # fmt: skip


def _event(finding: Finding) -> dict[str, Any]:
    length_s = (finding.last_ts - finding.first_ts).total_seconds() if finding.first_ts and finding.last_ts else None
    return alert.present(
        kind="alert" if finding.alert else "signal",
        category=["intrusion_detection", "network"],
        type=["info"],
        id=alert.event_id(finding),
        module="molehunt",
        dataset="molehunt.finding",
        provider="molehunt",
        action=finding.kind,
        severity=alert.SEVERITY_NUMBER[finding.severity],
        risk_score=finding.score,
        start=rfc3339(finding.first_ts),
        end=rfc3339(finding.last_ts),
        duration=None if length_s is None else round(length_s * 1e9),
        reason=finding.summary,
    )


def _threat(finding: Finding) -> dict[str, Any]:
    known = alert.techniques(finding)
    if not known:
        return {}
    parents = list(dict.fromkeys(t.id.partition(".")[0] for t in known))
    tactics = list({t.tactic_id: t.tactic for t in known}.items())
    subs = [t for t in known if "." in t.id]
    return {
        "framework": "MITRE ATT&CK",
        "tactic": {"id": [key for key, _ in tactics], "name": [name for _, name in tactics]},
        "technique": alert.present(
            id=parents,
            name=[alert.TECHNIQUES[key].name for key in parents if key in alert.TECHNIQUES],
            subtechnique=alert.present(id=[t.id for t in subs], name=[t.name for t in subs]),
        ),
    }


def _own(finding: Finding) -> dict[str, Any]:
    fields = finding.model_dump(mode="json", exclude={"summary", "detail", "attack", "first_ts", "last_ts", "qtypes", "client"})
    qtypes = [{"type": kind, "query_count": count} for kind, count in finding.qtypes.items()]
    return alert.present(**fields, qtypes=qtypes)


SINK = EcsSink()
