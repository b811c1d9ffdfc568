"""A STIX 2.1 bundle, made by OASIS's own library: indicators for alerts, observed data for everything."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

from molehunt.errors import MissingExtraError
from molehunt.findings import Finding, Report
from molehunt.sinks import SinkOptions, alert, shown
from molehunt.sinks.text import safe

#: Ids are derived, so that the same finding is the same object in every bundle.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://molehunt.invalid/stix")
#: A host name, the only kind of domain name that STIX 2.1 (section 6.4) takes. Source: RFC 1034, 3.5; RFC 1123, 2.1.
HOSTNAME = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class StixSink:
    """Write one bundle, object by object. Clients are observed, never indicated: they are the victims."""

    name = "stix"
    summary = "a STIX 2.1 bundle: indicators, observed data, sightings, techniques"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the bundle.

        Raises:
            MissingExtraError: The package stix2 is not installed.
        """
        stream.write(f'{{"type":"bundle","id":"bundle--{_uid("bundle", report.model_dump_json())}","objects":['.encode())
        for i, made in enumerate(objects(report, shown(report, options))):
            stream.write((b",\n" if i else b"\n") + made.serialize().encode("ascii"))
        stream.write(b"\n]}\n")


def objects(report: Report, findings: list[Finding]) -> Iterator[Any]:
    """Yield the objects of the bundle, each once."""
    try:
        import stix2.v21 as stix
    except ImportError as error:
        raise MissingExtraError("stix2", "stix") from error
    author = stix.Identity(
        id=f"identity--{_uid('identity')}", name="molehunt", identity_class="system", created=BEGINNING, modified=BEGINNING
    )
    yield author
    for technique in dict.fromkeys(t for finding in findings if _indicated(finding) for t in alert.techniques(finding)):
        yield _pattern(stix, author, technique)
    seen: set[str] = set()
    for finding in findings:
        for made in _of_finding(stix, author, finding, report):
            if made["id"] not in seen:
                seen.add(made["id"])
                yield made


def _of_finding(stix: Any, author: Any, finding: Finding, report: Report) -> Iterator[Any]:
    when = alert.moment(finding, report)
    times = {"created": when, "modified": when, "created_by_ref": author["id"]}
    things = _observables(stix, finding)
    yield from things
    if finding.registered_domain and not HOSTNAME.fullmatch(finding.registered_domain):
        yield _note(stix, author, finding, times)
    if not things:
        return
    observed = stix.ObservedData(
        id=f"observed-data--{_uid('observed', alert.event_id(finding))}",
        first_observed=finding.first_ts or when,
        last_observed=max(finding.first_ts or when, when),
        number_observed=min(max(finding.query_count, 1), 999_999_999),
        object_refs=[thing["id"] for thing in things],
        **times,
    )
    yield observed
    if not _indicated(finding):
        return
    indicator = _indicator(stix, finding, when, times)
    yield indicator
    yield stix.Sighting(
        id=f"sighting--{_uid('sighting', alert.event_id(finding))}",
        sighting_of_ref=indicator["id"],
        observed_data_refs=[observed["id"]],
        count=observed["number_observed"],
        first_seen=observed["first_observed"],
        last_seen=observed["last_observed"],
        description=safe(alert.summary(finding)),
        **times,
    )
    for technique in alert.techniques(finding):
        yield _relationship(stix, indicator, technique, times)


def _indicated(finding: Finding) -> bool:
    """Tell whether the domain is worth an indicator: an alert, not suppressed, a host name."""
    return finding.alert and finding.suppressed is None and bool(HOSTNAME.fullmatch(finding.registered_domain or ""))


def _observables(stix: Any, finding: Finding) -> list[Any]:
    ip, made = alert.address(finding.client), []
    if ip:
        made.append((stix.IPv4Address if ip.version == 4 else stix.IPv6Address)(value=str(ip)))
    if HOSTNAME.fullmatch(finding.registered_domain or ""):
        made.append(stix.DomainName(value=finding.registered_domain))
    return made


def _note(stix: Any, author: Any, finding: Finding, times: dict[str, Any]) -> Any:
    """Return what is said of a name that DNS allows and STIX, which takes host names only, does not."""
    return stix.Note(
        id=f"note--{_uid('note', alert.event_id(finding))}",
        abstract=f"{alert.title(finding)}: {safe(finding.registered_domain or '')}",
        content=safe(alert.summary(finding)),
        object_refs=[author["id"]],
        **times,
    )


def _indicator(stix: Any, finding: Finding, when: datetime, times: dict[str, Any]) -> Any:
    return stix.Indicator(
        id=f"indicator--{_uid('indicator', finding.finding_id)}",
        name=f"{alert.title(finding)}: {finding.registered_domain}",
        description=safe(alert.summary(finding)),
        indicator_types=["malicious-activity" if finding.confidence == "high" else "anomalous-activity"],
        pattern=f"[domain-name:value = '{finding.registered_domain}']",
        pattern_type="stix",
        pattern_version="2.1",
        valid_from=finding.first_ts or when,
        confidence=alert.CONFIDENCE_PERCENT[finding.confidence],
        kill_chain_phases=[
            stix.KillChainPhase(kill_chain_name="mitre-attack", phase_name=phase)
            for phase in dict.fromkeys(t.tactic.lower().replace(" ", "-") for t in alert.techniques(finding))
        ]
        or None,
        external_references=[stix.ExternalReference(source_name="molehunt", external_id=finding.finding_id)],
        **times,
    )


def _pattern(stix: Any, author: Any, technique: alert.Technique) -> Any:
    reference = stix.ExternalReference(source_name="mitre-attack", external_id=technique.id, url=technique.url)
    return stix.AttackPattern(
        id=_pattern_id(technique),
        name=technique.name,
        external_references=[reference],
        created=BEGINNING,
        modified=BEGINNING,
        created_by_ref=author["id"],
    )


def _pattern_id(technique: alert.Technique) -> str:
    return f"attack-pattern--{_uid('technique', technique.id)}"


def _relationship(stix: Any, indicator: Any, technique: alert.Technique, times: dict[str, Any]) -> Any:
    return stix.Relationship(
        id=f"relationship--{_uid('indicates', indicator['id'], technique.id)}",
        relationship_type="indicates",
        source_ref=indicator["id"],
        target_ref=_pattern_id(technique),
        **times,
    )


def _uid(*parts: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, "\0".join(parts).encode("utf-8", "backslashreplace").decode())


SINK = StixSink()
