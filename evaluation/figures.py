"""Figures over many results: recall, leaks, ratios, false alerts. Each takes results and the name of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from evaluation.results import MOLEHUNT, Caught, Result, TargetResult

#: What false alerts are counted on.
CLIENT_DAYS = 10_000


def targets(results: Iterable[Result]) -> list[TargetResult]:
    """Return the targets of all results."""
    return [target for result in results for target in result.targets]


def caught(results: Iterable[Result], rule: str) -> list[Caught]:
    """Return how one rule dealt with each target."""
    return [target.caught[rule] for target in targets(results) if rule in target.caught]


def recall(results: Iterable[Result], rule: str) -> tuple[int, int]:
    """Count the targets that a rule alerts on, and all."""
    found = caught(results, rule)
    return sum(one.alerted for one in found), len(found)


def listed(results: Iterable[Result]) -> tuple[int, int]:
    """Count the targets that molehunt lists with any confidence, and all."""
    found = caught(results, MOLEHUNT)
    return sum(one.listed for one in found), len(found)


def queries_before(results: Iterable[Result], rule: str) -> list[float]:
    """Return the queries up to the alarm, of each target with an alarm."""
    return [float(one.query_count) for one in caught(results, rule) if one.query_count is not None]


def bytes_before(results: Iterable[Result], rule: str) -> list[float]:
    """Return the payload up to the alarm, in bytes, of each target with an alarm and known payload."""
    return [one.leaked_bytes for one in caught(results, rule) if one.leaked_bytes is not None]


def ratios(results: Iterable[Result]) -> list[float]:
    """Return stated ÷ true bytes of each target of known payload that molehunt lists."""
    found = [(target, target.caught[MOLEHUNT].stated_bytes) for target in targets(results)]
    return [stated / t.true_bytes for t, stated in found if stated is not None and t.true_bytes and not t.estimated]


def false_alerts(results: Iterable[Result], rule: str) -> tuple[int, int]:
    """Count a rule's alerts on benign cases, and the pairs of client and day there."""
    benign = [result for result in results if result.benign and rule in result.false_alerts]
    return sum(len(result.false_alerts[rule]) for result in benign), sum(result.client_days for result in benign)


def rate(results: Iterable[Result], rule: str) -> float | None:
    """Return false alerts per 10,000 clients and day; None where there is no client-day."""
    wrong, days = false_alerts(results, rule)
    return wrong / days * CLIENT_DAYS if days else None


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which this share of values lies; None of no values."""
    return float(np.quantile(values, share, method="inverted_cdf")) if values else None
