"""Evidence adds up: score = prior + Σ over groups of clip(Σ weights), in log10 odds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from molehunt.config import VerdictSettings
from molehunt.detectors import Reason
from molehunt.findings import Confidence, Evidence
from molehunt.verdict.features import Feature
from molehunt.verdict.weights import Weights

AGAINST = "against"


@dataclass(frozen=True)
class Score:
    """A score with what it is made of; the weights of the evidence and the prior add up to it."""

    value: float
    groups_agreeing: int
    evidence: list[Evidence]


def score(found: list[Feature], reasons: list[Reason], weights: Weights, settings: VerdictSettings) -> Score:
    """Weigh features; clip each group of evidence; add up.

    A group that is clipped has all its weights scaled alike, so that the parts still add up to the whole.
    """
    raw = [(f, weights.features[f.name].group, weights.features[f.name].weigh(f.value)) for f in found]
    totals: dict[str, float] = defaultdict(float)
    for _, group, weight in raw:
        totals[group] += weight
    scale = {group: min(1.0, settings.clip / abs(total)) if total else 1.0 for group, total in totals.items()}
    evidence = [_listing(reason) for reason in reasons]
    evidence += [_weighed(f, group, round(weight * scale[group], 3)) for f, group, weight in raw]
    summed: dict[str, float] = defaultdict(float)
    for item in evidence:
        summed[item.group] += item.weight
    agreeing = sum(total >= settings.agree for group, total in summed.items() if group != AGAINST)
    return Score(round(settings.prior + sum(e.weight for e in evidence), 3), agreeing, evidence)


def confidence(result: Score, capped: bool, settings: VerdictSettings) -> Confidence:
    """Return the confidence: medium and high need enough groups that agree, and nothing that caps it."""
    if capped or result.groups_agreeing < settings.groups or result.value < settings.medium:
        return "low"
    return "high" if result.value >= settings.high else "medium"


def _listing(reason: Reason) -> Evidence:
    return Evidence(
        detector=reason.detector,
        feature="listed",
        value=round(reason.value, 3),
        unit=reason.unit,
        weight=0.0,
        sentence=reason.sentence,
        group="listing",
    )


def _weighed(feature: Feature, group: str, weight: float) -> Evidence:
    value = feature.value if isinstance(feature.value, str) else round(feature.value, 4)
    return Evidence(
        detector=group,
        feature=feature.name,
        value=value,
        unit=feature.unit,
        weight=weight,
        sentence=feature.sentence,
        group=group,
    )
