"""Each detector lists what it is for, and is silent on its honest twin."""

from __future__ import annotations

import importlib
import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digs import channel, find, office, payload
from molehunt import detectors
from molehunt.config import Config
from molehunt.detectors.windows import most_distinct
from molehunt.findings import Finding

DICE = random.Random(11)
HEADS = ["Idea", "Formula", "Source", "Defaults", "Measured", "Misses"]


def address() -> str:
    return ".".join(str(DICE.randrange(256)) for _ in range(4))


CASES = {
    "early": channel(10, 30),
    "volume": channel(60, 40),
    "slow": [f"10.0.0.9 {text}.evil.com A +2h" for text in payload(60, 20)],
    "download": [f"10.0.0.9 n{i}.evil.com A +40s ={address()}" for i in range(1100)],
    "beacon": ["10.0.0.9 s{i}.evil.com A +60s x40"],
    "rare_type": ["10.0.0.9 a{i}.evil.com NULL x4"],
    "framed": ["10.0.0.9 0-38721.id-31058.down.t.evil.com TXT +60s", "10.0.0.9 nbswy3dp.61172-0.id-31058.up.t.evil.com A"],
    "rotation": [f"10.0.0.9 {text}.d{i}.com A +60s" for i, text in enumerate(payload(30, 30))],
    "fan_in": [f"10.0.2.{i} {text}.evil.com A +60s" for i, text in enumerate(payload(30, 30))],
}

TWINS = {
    "early": ["10.0.0.9 www{i}.shop.com A +60s x10"],
    "volume": ["10.0.0.9 www.shop.com A +60s x800"],
    "slow": ["10.0.0.9 host{i}.corp.example.com A +2h x60"],
    "download": ["10.0.0.9 www.shop.com A +40s x1100 =192.0.2.1"],
    "beacon": ["10.0.0.9 time.example.com A +60s x40"],
    "rare_type": ["10.0.0.9 a{i}.shop.com TXT x4"],
    "framed": ["10.0.0.9 0-38721.id-31058.rest.api.shop.com A +60s", "10.0.0.9 web-61172-0.id-31059.up.t.shop.com A"],
    "rotation": ["10.0.0.9 www.site{i}.com A +60s x300"],
    "fan_in": [f"10.0.2.{i} www.shop.com A +60s" for i in range(30)],
}


def listed_by(findings: list[Finding]) -> set[str]:
    return {e.detector for f in findings for e in f.evidence if e.feature == "listed"}


def test_every_detector_of_the_table_has_a_case_and_a_twin():
    assert set(CASES) == set(TWINS) == set(detectors.DETECTORS)


@pytest.mark.parametrize("name", CASES)
def test_it_lists_what_it_is_for(name: str):
    assert name in listed_by(find(*office(), *CASES[name]))


@pytest.mark.parametrize("name", TWINS)
def test_it_is_silent_on_the_honest_twin(name: str):
    assert name not in listed_by(find(*office(), *TWINS[name]))


def parts(name: str) -> dict[str, str]:
    """Return what a detector's docstring says, by its heads."""
    text = importlib.import_module(detectors.DETECTORS[name].partition(":")[0]).__doc__ or ""
    return dict(re.findall(r"^([A-Z][a-z]+): (.*?)(?=^[A-Z][a-z]+: |\Z)", text, flags=re.M | re.S))


@pytest.mark.parametrize("name", detectors.DETECTORS)
def test_it_says_idea_formula_source_defaults_where_it_was_measured_and_what_it_misses(name: str):
    assert list(parts(name))[-6:] == HEADS
    detector = detectors.load(name)
    assert detector.name == name
    assert detector.summary


@pytest.mark.parametrize("name", detectors.DETECTORS)
def test_it_names_every_setting_and_its_true_default(name: str):
    said = parts(name)
    settings_of = getattr(Config().detection, name).model_dump()
    for setting, value in settings_of.items():
        assert re.search(rf"``{setting}`` {value:g}(?![\d.]*\d)", " ".join(said["Defaults"].split())), setting


def spread(step: str) -> list[str]:
    """Return 22 new domains, one after each step."""
    return [f"10.0.0.9 {text}.d{i}.com A {step}" for i, text in enumerate(payload(22, 30))]


def test_domains_count_within_a_day_that_slides():
    assert "rotation" in listed_by(find("10.0.0.9 www.shop.com A", "10.0.0.9 www.shop.com A +40d", *spread("+1h")))
    assert "rotation" not in listed_by(find(*spread("+5d")))


def changing(count: int, step: str) -> list[str]:
    return [f"10.0.0.9 www.rare.org A {step} =198.51.100.{i}" for i in range(count)]


def test_changes_of_an_answer_count_within_a_day_that_slides():
    assert "download" in listed_by(find(*office(), *changing(30, "+40m")))
    assert "download" in listed_by(find(*office(), *changing(2, "+9d"), *changing(30, "+40m")))
    assert "download" not in listed_by(find(*office(), *changing(30, "+1d")))
    assert "download" not in listed_by(find(*office(), *changing(40, "+2h")))


def test_a_beacon_is_seen_by_an_answer_that_changes_once_in_days():
    lines = [f"10.0.0.9 www.rare.org A +2h =198.51.100.{i // 20}" for i in range(120)]
    assert "beacon" in listed_by(find(*office(), *lines))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=40), st.integers(1, 30))
def test_distinct_symbols_are_counted_within_a_window(steps: list[tuple[int, int]], hours: int):
    ts_h = np.cumsum([step for step, _ in steps]) if steps else np.zeros(0)
    symbols = np.array([symbol for _, symbol in steps], dtype=np.int64)
    slow = max((len(set(symbols[(ts_h >= t - hours) & (ts_h <= t)])) for t in ts_h), default=0)
    assert most_distinct(ts_h * 3600.0, symbols, hours) == slow


def test_without_times_everything_counts():
    assert most_distinct(np.full(3, np.nan), np.array([1, 2, 1]), 24) == 2


def test_an_office_alone_lists_nothing():
    assert find(*office(days=2)) == []
