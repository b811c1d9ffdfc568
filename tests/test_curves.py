from datetime import date

import pyarrow.parquet as pq
import pytest

import molehunt
from language import queries
from molehunt.config import Config
from molehunt.curves import DETECTOR_THRESHOLDS, RULE_THRESHOLDS, tune
from molehunt.pipeline import ScanOptions
from molehunt.sinks import SinkOptions
from molehunt.sinks.tuning import render
from molehunt.suppress import SuppressionRule, load

TODAY = date(2026, 1, 6)


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> str:
    """A short day: a tunnel at the edge of the thresholds, a beacon, hash look-ups, and ordinary names."""
    import hashlib

    def digest(text: str, size: int) -> str:
        return hashlib.sha256(text.encode()).hexdigest()[:size]

    lines = [f"10.0.0.{i % 9 + 1} www{i % 40}.example.com A +40s" for i in range(400)]
    lines += [f"10.0.0.5 {digest(f't{i}', 50)}.t.dug.example TXT +20s =TXT:{digest(f'd{i}', 60)}" for i in range(40)]
    lines += [f"10.0.0.6 {digest('b', 12)}.pulse.example A +300s" for i in range(30)]
    lines += [f"10.0.0.{i % 2 + 1} {digest(f'h{i}', 32)}.hash.lookup.example A NXDOMAIN +10s" for i in range(900)]
    path = tmp_path_factory.mktemp("tune") / "day.parquet"
    pq.write_table(queries(*lines), path)
    return str(path)


@pytest.fixture(scope="module")
def tuning(log):
    return tune(log, Config(), [SuppressionRule(id="r", reason="known", domain="dug.example")], TODAY)


def test_there_is_a_curve_for_each_threshold_and_it_passes_through_today(tuning):
    settings = [curve.setting for curve in tuning.curves]
    assert settings == [
        "detection.verdict.medium",
        *(f"detection.{section}.{field}" for section, field in DETECTOR_THRESHOLDS),
        *(f"rule.{field}" for field in RULE_THRESHOLDS),
    ]
    for curve in tuning.curves:
        now = next(p for p in curve.points if p.value == curve.current)
        expected = tuning.rule_alert_count if curve.subject == "T1071.004" else tuning.alert_count
        assert now.alert_count == expected, curve.setting
        assert [p.value for p in curve.points] == sorted(p.value for p in curve.points)


@pytest.mark.parametrize("threshold", range(len(DETECTOR_THRESHOLDS)), ids=[".".join(t) for t in DETECTOR_THRESHOLDS])
@pytest.mark.parametrize("end", [0, -1])
def test_a_point_is_what_a_scan_with_that_setting_gives(tuning, log, threshold, end):
    section, field = DETECTOR_THRESHOLDS[threshold]
    curve = tuning.curves[1 + threshold]
    value = curve.points[end].value
    value = (
        int(value) if value == int(value) and isinstance(getattr(getattr(Config().detection, section), field), int) else value
    )
    config = Config.model_validate({"detection": {section: {field: value}}})
    report = molehunt.scan(log, config)
    assert curve.points[end].listed_count == len(report.findings)
    assert curve.points[end].alert_count == sum(f.alert for f in report.findings)


def test_the_rule_curve_is_what_the_rule_gives_over_all_times(tuning, log):
    report = molehunt.scan(log, None, ScanOptions(rule="T1071.004"))
    assert tuning.rule_alert_count == len(report.rule.rows) > 0


def test_the_budget_is_kept(log):
    generous = tune(log, Config.model_validate({"tune": {"alerts_per_week": 1000}}), [], TODAY).budget
    strict = tune(log, Config.model_validate({"tune": {"alerts_per_week": 0.01}}), [], TODAY)
    assert (generous.lost_count, generous.medium) == (0, Config().detection.verdict.medium)
    assert strict.budget.reached_per_week == 0
    config = Config.model_validate({"detection": {"verdict": {"medium": strict.budget.medium}}})
    assert not any(f.alert for f in molehunt.scan(log, config).findings)


def test_what_a_suppression_hides_is_measured(tuning):
    assert tuning.suppressions[0].state == "active"
    assert tuning.suppressions[0].finding_count >= 1


def test_the_proposed_file_is_read_back_and_hides_what_it_says(tuning, log, tmp_path):
    path = tmp_path / "known.toml"
    path.write_text(render(tuning, "suppressions", SinkOptions()), "utf-8")
    rules = load(path)
    assert rules
    assert [rule.domain for rule in rules] == [p.domain for p in tuning.proposals]
    again = tune(log, Config(), rules, TODAY)
    assert [use.finding_count for use in again.suppressions] == [p.finding_count for p in tuning.proposals]


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_the_terminal(tuning, width):
    lines = render(tuning, "table", SinkOptions(width=width)).splitlines()
    assert max(map(len, lines)) <= width
    assert any("[8: " in line for line in lines)


def test_the_page_holds_the_numbers_and_a_strict_policy(tuning):
    page = render(tuning, "html", SinkOptions())
    assert "default-src &#39;none&#39;; script-src &#39;sha256-" in page
    assert '"detection.verdict.medium"' in page
    assert "http://" not in page.split("<script>")[0]
