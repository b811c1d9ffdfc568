"""Rhythm: regular gaps are found, random ones are not."""

from __future__ import annotations

import numpy as np
import pytest

from molehunt.config import BeaconSettings
from molehunt.detectors.rhythm import rhythm

SETTINGS = BeaconSettings()


def test_random_gaps_pass_at_most_once_in_a_thousand():
    dice = np.random.default_rng(1)
    wrong = 0
    for _ in range(3000):
        count = int(dice.integers(13, 200))
        beat = rhythm(np.cumsum(dice.exponential(300, count)), SETTINGS)
        wrong += beat is not None and beat.regular
    assert wrong <= 6


@pytest.mark.parametrize(("jitter", "beats"), [(0.0, 13), (0.2, 25), (0.5, 73)])
def test_jitter_is_found_by_so_many_beats(jitter: float, beats: int):
    dice = np.random.default_rng(2)
    found = 0
    for _ in range(100):
        beat = rhythm(np.cumsum(60 * (1 + jitter * dice.uniform(-1, 1, beats))), SETTINGS)
        found += beat is not None and beat.regular
    assert found >= 95


def test_bursts_count_as_one_beat():
    times = np.sort(np.concatenate([np.arange(30) * 60.0 + part for part in (0, 0.2, 0.5)]))
    beat = rhythm(times, SETTINGS)
    assert beat is not None
    assert beat.regular
    assert beat.beat_count == 29
    assert beat.period_s == pytest.approx(60, abs=1)


def test_without_times_or_with_few_beats_there_is_no_rhythm():
    assert rhythm(np.full(50, np.nan), SETTINGS) is None
    assert rhythm(np.arange(5) * 60.0, SETTINGS) is None
    assert rhythm(np.zeros(50), SETTINGS) is None
