"""Suppression and baseline: they mark and compare findings, and never delete one.

A suppression rule names a client (address or CIDR), a domain (with its subdomains), a family, a kind, or several of these
(all must match), and says why, who answers for it and until when. Rules come from a TOML or CSV file, and apply to a fresh
or a saved report alike.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable
from datetime import date
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from molehunt.config import SuppressionSettings
from molehunt.errors import ConfigError
from molehunt.findings import Change, Comparison, Finding, Kind, Report, Suppressed, SuppressionUse

DAY_S = 86400.0


class SuppressionRule(BaseModel):
    """One line of a suppression file. Every given field must match."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    reason: str
    owner: str | None = None
    expires: date | None = None
    client: str | None = None
    domain: str | None = None
    family: str | None = None
    kind: str | None = None

    @field_validator("reason")
    @classmethod
    def _reason_given(cls, reason: str) -> str:
        if not reason.strip():
            raise ValueError("a reason is needed")
        return reason

    @field_validator("kind")
    @classmethod
    def _kind_known(cls, kind: str | None) -> str | None:
        if kind is not None and kind not in get_args(Kind):
            raise ValueError(f"unknown kind; there are {', '.join(get_args(Kind))}")
        return kind

    @field_validator("client")
    @classmethod
    def _client_sound(cls, client: str | None) -> str | None:
        if client and "/" in client:
            ip_network(client, strict=False)
        return client

    @field_validator("domain")
    @classmethod
    def _domain_normal(cls, domain: str | None) -> str | None:
        return domain.lower().strip(".").removeprefix("*.") if domain else None

    @model_validator(mode="after")
    def _matches_something(self) -> SuppressionRule:
        if not (self.client or self.domain or self.family or self.kind):
            raise ValueError("name a client, a domain, a family or a kind")
        return self

    def matches(self, finding: Finding) -> bool:
        """Tell whether every field that the rule gives fits the finding."""
        return (
            (self.client is None or _client_fits(self.client, finding.client))
            and (self.domain is None or _domain_fits(self.domain, finding.registered_domain))
            and (self.family is None or self.family == finding.family)
            and (self.kind is None or self.kind == finding.kind)
        )


def _client_fits(wanted: str, client: str | None) -> bool:
    if client is None or "/" not in wanted:
        return client == wanted
    try:
        return ip_address(client) in ip_network(wanted, strict=False)
    except ValueError:
        return False


def _domain_fits(wanted: str, domain: str | None) -> bool:
    return domain is not None and (domain == wanted or domain.endswith("." + wanted))


def load(path: Path) -> list[SuppressionRule]:
    """Read suppression rules from a TOML file (``[[rule]]`` tables) or a CSV file with a header.

    Raises:
        ConfigError: The file cannot be read, or a rule is wrong; the message says which.
    """
    try:
        text = path.read_text("utf-8-sig")
        records = _csv_records(text) if path.suffix.lower() == ".csv" else _toml_records(text)
    except OSError as error:
        raise ConfigError(f"cannot read the suppressions: {error.strerror}", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"not a suppression file: {error}", where=str(path)) from error
    return [_rule(record, number, path) for number, record in enumerate(records, 1)]


def _toml_records(text: str) -> list[dict[str, object]]:
    document = tomllib.loads(text)
    rules = document.get("rule", [])
    if set(document) - {"rule"} or not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise tomllib.TOMLDecodeError("expected nothing but [[rule]] tables")
    return rules


def _csv_records(text: str) -> list[dict[str, object]]:
    rows = csv.DictReader(io.StringIO(text), restkey="more cells than the header")
    return [{name: value for name, value in row.items() if value} for row in rows]


def _rule(record: dict[str, object], number: int, path: Path) -> SuppressionRule:
    try:
        return SuppressionRule.model_validate({"id": f"rule-{number}", **record})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "rule"
        raise ConfigError(f"rule {number}: {field}: {first['msg']}", where=str(path)) from error


def apply(report: Report, rules: Iterable[SuppressionRule], today: date, settings: SuppressionSettings) -> Report:
    """Return the report with each finding marked by the first rule in force that matches it, and with what each rule did.

    Args:
        report: Fresh or saved; marks of an earlier run are taken off first.
        rules: In order of precedence.
        today: Rules whose ``expires`` lies before this day are expired.
        settings: From which volume on a rule warns.
    """
    rules = list(rules)
    hidden: dict[str, list[Finding]] = {rule.id: [] for rule in rules}
    findings = []
    for finding in report.findings:
        rule = next((r for r in rules if _in_force(r, today) and r.matches(finding)), None)
        if rule:
            hidden[rule.id].append(finding)
        findings.append(finding.model_copy(update={"suppressed": _mark(rule) if rule else None}))
    uses = [_use(rule, hidden[rule.id], today, settings) for rule in rules]
    return report.model_copy(update={"findings": findings, "suppressions": uses})


def _in_force(rule: SuppressionRule, today: date) -> bool:
    return rule.expires is None or rule.expires >= today


def _mark(rule: SuppressionRule) -> Suppressed:
    expires = rule.expires.isoformat() if rule.expires else None
    return Suppressed(reason=rule.reason, owner=rule.owner, rule=rule.id, expires=expires)


def _use(rule: SuppressionRule, hidden: list[Finding], today: date, settings: SuppressionSettings) -> SuppressionUse:
    if not _in_force(rule, today):
        return SuppressionUse(rule=rule.id, state="expired", warning=f"expired on {rule.expires}: it hides nothing any more")
    if not hidden:
        return SuppressionUse(rule=rule.id, state="unmatched", warning="matched nothing")
    volume = round(sum(up_bytes_per_day(f) for f in hidden))
    warning = f"hides {volume:,} bytes up a day" if volume > settings.warn_bytes_per_day else None
    return SuppressionUse(rule=rule.id, state="active", finding_count=len(hidden), up_bytes_per_day=volume, warning=warning)


def up_bytes_per_day(finding: Finding) -> float:
    """Return the bytes up a day of a finding; one that was seen for less than a day counts as a day's worth."""
    if finding.first_ts is None or finding.last_ts is None:
        return float(finding.up_bytes or 0)
    days = max((finding.last_ts - finding.first_ts).total_seconds() / DAY_S, 1.0)
    return (finding.up_bytes or 0) / days


def compare(report: Report, baseline: Report, name: str, settings: SuppressionSettings) -> Comparison:
    """Return what is new, gone and grown in the report against a baseline."""
    before = {f.finding_id: f for f in baseline.findings}
    now = {f.finding_id: f for f in report.findings}
    grown = [key for key in now if key in before and _grown(before[key], now[key], settings.grown_ratio)]
    return Comparison(
        baseline=name,
        new=[_change(None, f) for key, f in now.items() if key not in before],
        gone=[_change(f, None) for key, f in before.items() if key not in now],
        grown=[_change(before[key], now[key]) for key in grown],
    )


def _grown(before: Finding, now: Finding, ratio: float) -> bool:
    pairs = ((before.up_bytes, now.up_bytes), (before.down_bytes, now.down_bytes))
    return any(new and new >= ratio * (old or 1) and new > (old or 0) for old, new in pairs)


def _change(before: Finding | None, now: Finding | None) -> Change:
    either = now or before
    assert either is not None
    return Change(
        finding_id=either.finding_id,
        client=either.client,
        registered_domain=either.registered_domain,
        kind=either.kind,
        up_bytes_before=before.up_bytes if before else None,
        up_bytes_now=now.up_bytes if now else None,
        down_bytes_before=before.down_bytes if before else None,
        down_bytes_now=now.down_bytes if now else None,
    )
