"""When an attacker sends: each function gives so many times within a span, sorted, in seconds from 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evaluation.dice import Dice

Timing = Callable[[Dice, int, float], np.ndarray]


def fixed(dice: Dice, count: int, span_s: float) -> np.ndarray:
    """Send at a fixed interval."""
    return np.arange(count) * (span_s / count) + 1.0


def jitter(share: float) -> Timing:
    """Send at a fixed interval, each gap changed by up to this share."""

    def times(dice: Dice, count: int, span_s: float) -> np.ndarray:
        gaps = span_s / count * (1 + dice.rng.uniform(-share, share, count))
        return np.cumsum(gaps) * min(1.0, span_s / gaps.sum() * 0.999)

    return times


def poisson(dice: Dice, count: int, span_s: float) -> np.ndarray:
    """Send at random times, independent of one another."""
    return dice.times(count, span_s)


def bursts(dice: Dice, count: int, span_s: float) -> np.ndarray:
    """Send 50 queries in half a minute, then be silent for long."""
    starts = dice.times(max(1, -(-count // 50)), span_s - 60)
    return np.sort(np.repeat(starts, 50)[:count] + dice.rng.random(count) * 30)


def working_hours(dice: Dice, count: int, span_s: float) -> np.ndarray:
    """Send between 09:00 and 17:00 only."""
    days = max(1, round(span_s / 86400))
    return np.sort(dice.rng.integers(days, size=count) * 86400 + 9 * 3600 + dice.rng.random(count) * 8 * 3600)


TIMINGS: dict[str, Timing] = {
    "fixed": fixed,
    "jitter 20 %": jitter(0.2),
    "jitter 50 %": jitter(0.5),
    "poisson": poisson,
    "bursts": bursts,
    "working hours": working_hours,
}
