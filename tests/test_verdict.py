"""Verdict: weights, clipping, confidence, kinds, words."""

from __future__ import annotations

import json
import random

import pytest

from digs import channel, find, office, payload
from molehunt.config import Config
from molehunt.detectors import Reason
from molehunt.findings import Finding, Report
from molehunt.verdict.features import Feature, features
from molehunt.verdict.score import confidence, score
from molehunt.verdict.weights import FeatureWeights, Weights, fitted
from molehunt.verdict.words import size, span
from test_detectors_information import facts_of

SETTINGS = Config().detection.verdict


def weights_of(**features: tuple[str, float]) -> Weights:
    made = {name: FeatureWeights(group=group, edges=[0], weights=[0, weight]) for name, (group, weight) in features.items()}
    return Weights(version=1, provenance="test", features=made)


def scored(weights: Weights):
    found = [Feature(name, 1.0, "", name) for name in weights.features]
    return score(found, [Reason("early", 1.0, "", "why")], weights, SETTINGS)


def test_a_group_is_clipped_and_the_parts_still_add_up():
    result = scored(weights_of(a=("content", 2.0), b=("content", 4.0), c=("volume", -9.0)))
    assert result.value == pytest.approx(-6 + 3 - 3)
    assert [e.weight for e in result.evidence] == [0.0, 1.0, 2.0, -3.0]


def test_three_groups_must_agree_for_an_alert():
    two = scored(weights_of(a=("content", 3.0), b=("volume", 3.0), c=("novelty", 0.2)))
    three = scored(weights_of(a=("content", 3.0), b=("volume", 3.0), c=("novelty", 0.5)))
    assert confidence(two, False, SETTINGS) == "low"
    assert confidence(three, False, SETTINGS) == "medium"
    assert confidence(three, True, SETTINGS) == "low"


def test_numbers_fall_into_ranges_and_words_into_values():
    feature = FeatureWeights(group="content", edges=[1, 2], weights=[-1, 0, 1])
    assert [feature.weigh(v) for v in (0.5, 1, 1.5, 2, 9)] == [-1, 0, 0, 1, 1]
    words = FeatureWeights(group="content", values={"hex": 0.8})
    assert (words.weigh("hex"), words.weigh("unheard")) == (0.8, 0.0)


def test_the_fitted_weights_are_whole_and_say_where_they_come_from():
    weights = fitted()
    assert "evaluation/fit.py" in weights.provenance
    for name, feature in weights.features.items():
        assert bool(feature.values) != bool(feature.weights), name
        assert not feature.weights or len(feature.weights) == len(feature.edges) + 1, name
        assert feature.edges == sorted(feature.edges), name
    groups = {feature.group for feature in weights.features.values()}
    assert groups == {"content", "volume", "novelty", "infrastructure", "rhythm", "protocol", "against"}


@pytest.fixture(scope="module")
def tunnel() -> Finding:
    (finding,) = find(*office(), *channel(200, 30, rest="TXT +5s"))
    return finding


def test_a_finding_says_everything(tunnel: Finding):
    assert (tunnel.client, tunnel.registered_domain, tunnel.confidence) == ("10.0.0.9", "example.com", "high")
    assert tunnel.up_bytes is not None
    assert 6000 <= tunnel.up_bytes <= 9000
    assert (tunnel.query_count, tunnel.unique_name_count, tunnel.client_count) == (200, 200, 1)
    assert tunnel.qtypes == {"TXT": 200}
    assert len(tunnel.sample_names) == 5
    assert "T1071.004" in tunnel.attack
    assert tunnel.next_steps


def test_the_summary_can_be_read_aloud(tunnel: Finding):
    assert tunnel.summary.startswith("10.0.0.9 moved at most ")
    for part in ("to example.com in", "200 names", "100% never repeated", "every 5.0 s", "100% TXT", "Against: nothing."):
        assert part in tunnel.summary


def test_the_detail_holds_what_a_page_draws(tunnel: Finding):
    detail = tunnel.detail
    assert detail is not None
    assert detail.rhythm is not None
    assert detail.rhythm.period_s == pytest.approx(5, abs=0.1)
    assert 1 < len(detail.timeline) <= 96
    assert sum(bucket.query_count for bucket in detail.timeline) == 200
    assert sum(bucket.up_bytes or 0 for bucket in detail.timeline) == pytest.approx(tunnel.up_bytes, rel=0.05)
    assert sum(label.up_bytes for label in detail.anatomy) == pytest.approx(tunnel.up_bytes, rel=0.1)
    assert "base32" in {label.alphabet for label in detail.anatomy}


def test_other_clients_of_the_domain_are_named():
    lines = [line for i in range(30) for line in channel(3, client=f"10.0.3.{i}")]
    (finding,) = [f for f in find(*channel(100), *lines) if f.client == "10.0.0.9"]
    assert finding.detail is not None
    assert len(finding.detail.other_clients) == 20


def test_a_report_of_findings_survives_json(tunnel: Finding):
    report = Report(molehunt_version="0", findings=[tunnel])
    assert Report.model_validate(json.loads(report.model_dump_json())) == report


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (channel(60, 30, rest="A +60s"), "exfiltration"),
        (
            [f"10.0.0.9 {t}.evil.com TXT +9s =TXT:{u}" for t, u in zip(payload(90, 20), payload(90, 20, 2), strict=True)],
            "tunnel",
        ),
        ([f"10.0.0.9 {t[:3]}{i}.evil.com TXT +9s =TXT:{t}" for i, t in enumerate(payload(90, 100))], "download"),
        ([f"10.0.0.9 {t}.d{i}.com TXT +9s" for i, t in enumerate(payload(90, 30))], "rotation"),
        ([f"10.0.2.{i} {t}.evil.com TXT +9s" for i, t in enumerate(payload(60, 30))], "fan_in"),
    ],
)
def test_the_kind_says_which_way_the_bytes_went(lines: list[str], kind: str):
    found = find(*office(), *lines)
    assert kind in {f.kind for f in found if f.alert}


def test_sizes_and_spans_are_read_easily():
    assert [size(n) for n in (12, 1500, 41_000, 2_500_000)] == ["12 bytes", "1.5 kB", "41 kB", "2.5 MB"]
    assert [span(s) for s in (0, 30, 600, 10_800, 400_000)] == ["1 s", "30 s", "10 min", "3 h", "5 days"]


def test_addresses_that_all_belong_to_hosts_say_nothing_and_random_ones_do():
    """A pool of peers is the answer of a service; of random addresses 13.7 % can belong to no host."""
    dice = random.Random(5)
    peers = [f"{dice.choice([*range(1, 10), *range(11, 127), *range(128, 224)])}.{dice.randrange(256)}.7.9" for _ in range(400)]
    chance = [".".join(str(dice.randrange(256)) for _ in range(4)) for _ in range(400)]
    covered = [*peers, *(f"TXT:{text}" for text in payload(200, 32))]  # a sender adds peers to what it sends
    for addresses, says in ((peers, False), (chance, True), (covered, True)):
        lines = [f"10.0.0.9 seed.evil.net A +1h ={' ='.join(addresses[i : i + 16])}" for i in range(0, len(addresses), 16)]
        found = {feature.name for feature in features(facts_of(*lines))}
        assert ("answer_bytes" in found) is says
        assert ("scatter" in found) is says
