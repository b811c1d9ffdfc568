import json

import pytest
from pydantic import ValidationError

from molehunt.errors import MissingExtraError
from molehunt.findings import Evidence, Finding, Report, finding_id
from molehunt.schema import FINDINGS


def finding(**more) -> Finding:
    base = {"kind": "tunnel", "confidence": "high", "severity": "high", "score": 1.0, "client": "10.0.0.1"}
    evidence = [Evidence(detector="d", feature="f", value=1.5, unit="bytes", weight=7.0, sentence="s")]
    base |= {"finding_id": finding_id("10.0.0.1", "evil.example", "tunnel"), "registered_domain": "evil.example"}
    return Finding(**(base | {"evidence": evidence, "qtypes": {"TXT": 3}} | more))


def test_an_id_is_the_same_in_every_run_and_differs_by_each_part():
    assert finding_id("10.0.0.1", "evil.example", "tunnel") == "d5e60531a311"
    ids = {
        finding_id(*parts) for parts in [("a", "b", "c"), ("ab", "", "c"), (None, "b", "c"), ("a", None, "c"), ("a", "b", "d")]
    }
    assert len(ids) == 5


def test_a_report_is_frozen_and_takes_no_unknown_field():
    report = Report(molehunt_version="0", findings=[finding()])
    with pytest.raises(ValidationError):
        report.findings[0].score = 2  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Report.model_validate_json(json.dumps({"molehunt_version": "0", "mole": 1}))


@pytest.mark.parametrize("findings", [[], [finding(), finding(client=None, first_ts="2026-01-05T09:00:00Z")]])
def test_frames_have_the_same_columns_and_rows(findings):
    report = Report(molehunt_version="0", findings=findings)
    assert report.to_arrow().schema.equals(FINDINGS)
    for frame in (report.to_pandas(), report.to_polars()):
        assert list(frame.columns) == FINDINGS.names
        assert len(frame) == len(findings)
    if findings:
        assert report.to_arrow()["evidence"][0].as_py()[0]["value"] == "1.5"
        assert report.to_arrow()["qtypes"][0].as_py() == [("TXT", 3)]


def test_a_missing_frame_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"molehunt\[frames\]"):
        Report(molehunt_version="0").to_polars()
