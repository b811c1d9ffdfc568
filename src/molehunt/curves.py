"""What would thresholds and allow lists have changed on this data? One exact pass, then every setting is asked again of it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ValidationError

from molehunt.config import Config, TuneSettings
from molehunt.detection import Told, examine
from molehunt.detectors import Pool, reasons
from molehunt.detectors.facts import Facts
from molehunt.engines import Engine
from molehunt.findings import Confidence, Finding, Report
from molehunt.pipeline import Progress, ScanOptions, opened
from molehunt.rules import load as load_rule
from molehunt.suppress import SuppressionRule, apply
from molehunt.tuning import Budget, Curve, FamilyCount, Point, Proposal, Tuning
from molehunt.verdict import judge
from molehunt.verdict.features import features
from molehunt.verdict.kinds import capped
from molehunt.verdict.score import confidence, score
from molehunt.verdict.weights import Weights, fitted

DAY_S = 86400.0
WEEK_DAYS = 7.0

#: Thresholds of the detectors that are worth turning: section and field of ``detection``.
DETECTOR_THRESHOLDS = (
    ("early", "names"), ("early", "name_bytes"), ("volume", "bytes"), ("volume", "alert_bytes"), ("slow", "bytes"),
    ("download", "bytes"), ("beacon", "beats"), ("rotation", "domains"), ("fan_in", "clients"), ("rare_type", "queries"),
)  # fmt: skip

#: Thresholds of the published rule.
RULE_THRESHOLDS = ("name_chars", "dots", "query_count", "name_count", "mean_chars")
RULE_ID = "T1071.004"

Examined = list[tuple[Facts, Pool]]


@dataclass(frozen=True)
class Outcome:
    """How one examined group ends under some settings."""

    score: float
    confidence: Confidence
    capped: bool
    groups: int


def tune(
    sources: str | Path | Sequence[str | Path],
    config: Config,
    suppressions: Sequence[SuppressionRule],
    today: date,
    progress: Progress | None = None,
    *,
    outputs: Sequence[str] = (),
) -> Tuning:
    """Measure what each threshold and each suppression does to the findings of these sources.

    Args:
        sources: As for :func:`molehunt.pipeline.scan`.
        config: The settings of today; ``tune`` has the multiples that are tried and the alert budget.
        suppressions: Rules whose effect is measured.
        today: Decides which of them are in force.
        progress: Told what is being done.
        outputs: Files that will be written.

    Raises:
        SourceError: No source could be used.
        ConfigError: An output is a source.
    """
    progress = progress or Progress()
    with opened(sources, config, ScanOptions(outputs=tuple(outputs)), progress) as (engine, inputs):
        progress("reading", 0, inputs.total_bytes)
        engine.use(inputs.relation)
        overview = engine.overview()
        progress("examining", 0, 0)
        examined = [(facts, pool) for facts, pool, _ in examine(engine, loosest(config))]
        findings = found(examined, engine, config)
        progress("turning thresholds", 0, 0)
        rule_alerts, rule_curves = _rule_curves(engine, inputs.relation, config)
        days = _span_days(overview.first_ts, overview.last_ts)
        marked = apply(Report(molehunt_version="", findings=findings), suppressions, today, config.suppression)
        return Tuning(
            molehunt_version=version("molehunt"),
            record_count=engine.row_count(),
            days=days,
            listed_count=len(findings),
            alert_count=sum(f.alert for f in findings),
            rule_alert_count=rule_alerts,
            curves=[_score_curve(examined, config), *_detector_curves(examined, config), *rule_curves],
            families=families(findings),
            proposals=proposals(findings),
            suppressions=marked.suppressions,
            budget=budget(examined, config, days),
        )


def loosest(config: Config) -> Config:
    """Return the settings with every threshold that is turned at its lowest value: what they list includes all else."""
    for section, field in DETECTOR_THRESHOLDS:
        config = _turned(config, section, field, min(_values(getattr(config.detection, section), field, config.tune)))
    return config


def found(examined: Examined, engine: Engine, config: Config) -> list[Finding]:
    """Return the findings of today among what was examined."""
    findings, told = [], Told(config)
    for measured, pool in examined:
        facts = measured.under(config.detection)
        if (why := reasons(facts, pool)) and not told.covers(facts, pool):
            findings.append(judge(facts, pool, why, fitted(), engine.clients_of))
            if findings[-1].alert:
                told.add(facts, pool)
    return findings


def outcomes(examined: Examined, config: Config, weights: Weights) -> Iterable[Outcome]:
    """Yield how each examined group that is listed under these settings ends."""
    verdict, told = config.detection.verdict, Told(config)
    for measured, pool in examined:
        facts = measured.under(config.detection)
        if (why := reasons(facts, pool)) and not told.covers(facts, pool):
            result, cap = score(features(facts), why, weights, verdict), capped(facts)
            sure = confidence(result, cap, verdict)
            if sure != "low":
                told.add(facts, pool)
            yield Outcome(result.value, sure, cap, result.groups_agreeing)


def _values(section: BaseModel, field: str, settings: TuneSettings) -> list[float]:
    """Return the values to try: multiples of the one in force, whole where it is whole, within the setting's own bounds."""
    current = getattr(section, field)
    turned = {current * multiple for multiple in settings.multiples}
    if isinstance(current, int):
        turned = {max(1, round(value)) for value in turned}
    return sorted(value for value in turned if _allowed(section, field, value))


def _allowed(section: BaseModel, field: str, value: float) -> bool:
    try:
        type(section).model_validate({**section.model_dump(), field: value})
    except ValidationError:
        return False
    return True


def _turned(config: Config, section: str, field: str, value: float) -> Config:
    part = getattr(config.detection, section).model_copy(update={field: value})
    return config.model_copy(update={"detection": config.detection.model_copy(update={section: part})})


def _detector_curves(examined: Examined, config: Config) -> list[Curve]:
    weights, curves = fitted(), []
    for section, field in DETECTOR_THRESHOLDS:
        part = getattr(config.detection, section)
        points = []
        for value in _values(part, field, config.tune):
            ends = list(outcomes(examined, _turned(config, section, field, value), weights))
            points.append(Point(value=value, listed_count=len(ends), alert_count=sum(e.confidence != "low" for e in ends)))
        curves.append(
            Curve(
                subject=section,
                setting=f"detection.{section}.{field}",
                meaning=type(part).model_fields[field].description or field,
                current=getattr(part, field),
                points=points,
            )
        )
    return curves


def _score_curve(examined: Examined, config: Config) -> Curve:
    verdict = config.detection.verdict
    ends = list(outcomes(examined, config, fitted()))
    steps = sorted({*(verdict.medium + step for step in config.tune.score_steps), verdict.medium})
    points = [Point(value=s, listed_count=len(ends), alert_count=_alerts(ends, s, config)) for s in steps]
    meaning = "score (log10 odds) from which a finding is an alert"
    return Curve(subject="verdict", setting="detection.verdict.medium", meaning=meaning, current=verdict.medium, points=points)


def _alerts(ends: list[Outcome], medium: float, config: Config) -> int:
    least = config.detection.verdict.groups
    return sum(not end.capped and end.groups >= least and end.score >= medium for end in ends)


def _rule_curves(engine: Engine, relation: str, config: Config) -> tuple[int, list[Curve]]:
    """Run the published rule over all times with one of its numbers changed at a time."""
    rule = load_rule(RULE_ID)

    def alerts(changed: Config) -> int:
        return len(rule.run(engine.connection, relation, now=None, window=None, config=changed).result.rows)

    curves = []
    for field in RULE_THRESHOLDS:
        points = []
        for value in _values(config.rule, field, config.tune):
            count = alerts(config.model_copy(update={"rule": config.rule.model_copy(update={field: value})}))
            points.append(Point(value=value, listed_count=count, alert_count=count))
        about = type(config.rule).model_fields[field].description or field
        current = getattr(config.rule, field)
        curves.append(Curve(subject=RULE_ID, setting=f"rule.{field}", meaning=about, current=current, points=points))
    return alerts(config), curves


def families(findings: list[Finding]) -> list[FamilyCount]:
    """Return what the findings look like, the most frequent first."""
    groups: dict[tuple[str | None, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.family, finding.kind].append(finding)
    counts = [
        FamilyCount(
            family=family,
            kind=kind,
            finding_count=len(group),
            alert_count=sum(f.alert for f in group),
            up_bytes=sum(f.up_bytes or 0 for f in group),
        )
        for (family, kind), group in groups.items()
    ]
    return sorted(counts, key=lambda c: (-c.alert_count, -c.finding_count, c.family or "", c.kind))


def proposals(findings: list[Finding]) -> list[Proposal]:
    """Return a suppression per domain that looks like something innocent, the noisiest first."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.registered_domain and finding.family:
            groups[finding.registered_domain].append(finding)
    proposed = [
        Proposal(
            domain=domain,
            family=Counter(f.family for f in group if f.family).most_common(1)[0][0],
            finding_count=len(group),
            alert_count=sum(f.alert for f in group),
            client_count=len({f.client for f in group}),
            up_bytes=sum(f.up_bytes or 0 for f in group),
        )
        for domain, group in groups.items()
    ]
    return sorted(proposed, key=lambda p: (-p.finding_count, -p.up_bytes, p.domain))


def budget(examined: Examined, config: Config, days: float) -> Budget:
    """Return the score that keeps to the alert budget, as if every alert on this data were false."""
    ends = list(outcomes(examined, config, fitted()))
    verdict, wanted = config.detection.verdict, config.tune.alerts_per_week
    scores = sorted((e.score for e in ends if not e.capped and e.groups >= verdict.groups), reverse=True)
    allowed = math.floor(wanted * days / WEEK_DAYS)
    medium = verdict.medium
    if len(scores) > allowed:
        medium = max(medium, math.floor(scores[allowed] * 100 + 1) / 100)
    kept, today = _alerts(ends, medium, config), _alerts(ends, verdict.medium, config)
    return Budget(alerts_per_week=wanted, medium=medium, reached_per_week=kept * WEEK_DAYS / days, lost_count=today - kept)


def _span_days(first: datetime | None, last: datetime | None) -> float:
    """Return the days that the input spans, at least one."""
    return max((last - first).total_seconds() / DAY_S, 1.0) if first and last else 1.0
