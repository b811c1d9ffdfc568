"""Verdict: from the queries of the candidates to findings with score, confidence, severity and words.

``score = prior + Σ over groups of evidence of clip(Σ weights)``; three groups must agree for an alert. The volume promise
lists a group whatever its score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from molehunt.config import DetectionSettings
from molehunt.detectors import Pool, Reason
from molehunt.detectors.facts import Facts
from molehunt.findings import Finding, finding_id
from molehunt.verdict import kinds, words
from molehunt.verdict.detail import detail, moment
from molehunt.verdict.features import features
from molehunt.verdict.score import confidence, score
from molehunt.verdict.weights import Weights

_SAMPLES = 5
_OTHER_CLIENTS = 20

ClientsOf = Callable[[str, int], list[str]]


def judge(facts: Facts, pool: Pool, why: list[Reason], weights: Weights, clients_of: ClientsOf) -> Finding:
    """Judge one group that detectors list."""
    settings: DetectionSettings = facts.settings
    group = facts.group
    result = score(features(facts), why, weights, settings.verdict)
    capped = kinds.capped(facts)
    sure = confidence(result, capped, settings.verdict)
    held = words.held(facts, result, capped) if sure == "low" and result.value >= settings.verdict.medium else None
    what = kinds.kind(facts, why, pool, sure != "low")
    domain = group.registered_domain
    others = [c for c in clients_of(domain, _OTHER_CLIENTS + 1) if c != group.client] if domain else []
    return Finding(
        finding_id=finding_id(group.client, domain, what),
        client=group.client,
        registered_domain=domain,
        kind=what,
        confidence=sure,
        severity=kinds.severity(sure, facts),
        score=result.value,
        prior=settings.verdict.prior,
        summary=words.summary(facts, result.evidence),
        up_bytes=round(facts.up.total_bytes),
        down_bytes=round(facts.down.total_bytes) if facts.has_answers else None,
        query_count=len(group.name),
        unique_name_count=len(group.names),
        client_count=group.clients if pool == "clients" else group.zone.client_count,
        qtypes=dict(Counter(kind for kind in group.qtypes.tolist() if kind).most_common()),
        first_ts=moment(group.ts_s[0]),
        last_ts=moment(group.ts_s[-1]),
        family=kinds.looks_like(facts),
        evidence=[*result.evidence, *([held] if held else [])],
        sample_names=group.whole[:_SAMPLES],
        attack=kinds.attack(what),
        next_steps=kinds.next_steps(what, facts),
        detail=detail(facts, others[:_OTHER_CLIENTS]),
    )
