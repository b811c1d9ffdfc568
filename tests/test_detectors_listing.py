"""Each detector lists what it is for, and is silent on its honest twin."""

from __future__ import annotations

import random

import pytest

from digs import channel, find, office, payload
from molehunt import detectors
from molehunt.findings import Finding

DICE = random.Random(11)


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


@pytest.mark.parametrize("name", detectors.DETECTORS)
def test_it_says_idea_formula_source_default_and_what_it_misses(name: str):
    module = detectors.DETECTORS[name].partition(":")[0]
    text = __import__(module, fromlist=["__doc__"]).__doc__
    assert all(word in text for word in ("Idea:", "Formula:", "Source:", "Default", "Misses:"))
    detector = detectors.load(name)
    assert detector.name == name
    assert detector.summary


def test_an_office_alone_lists_nothing():
    assert find(*office(days=2)) == []
