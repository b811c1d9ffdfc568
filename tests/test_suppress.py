from datetime import UTC, date, datetime, timedelta

import pytest

from molehunt.config import SuppressionSettings
from molehunt.errors import ConfigError
from molehunt.findings import Finding, Report, finding_id
from molehunt.suppress import apply, compare, load

TODAY = date(2026, 3, 1)
SETTINGS = SuppressionSettings()
START = datetime(2026, 2, 1, tzinfo=UTC)


def finding(client="10.0.3.7", domain="evil.example", kind="tunnel", up_bytes=41_000, **more) -> Finding:
    return Finding(
        finding_id=finding_id(client, domain, kind), client=client, registered_domain=domain, kind=kind,
        confidence="high", severity="high", score=2.0, up_bytes=up_bytes, first_ts=START,
        last_ts=START + timedelta(hours=3), **more,
    )  # fmt: skip


def report(*findings: Finding) -> Report:
    return Report(molehunt_version="0", findings=list(findings))


def rules(tmp_path, text: str, name: str = "rules.toml"):
    (tmp_path / name).write_text(text, "utf-8")
    return load(tmp_path / name)


@pytest.mark.parametrize(
    ("fields", "hides"),
    [
        ('client = "10.0.3.7"', True),
        ('client = "10.0.0.0/16"', True),
        ('client = "10.1.0.0/16"', False),
        ('client = "2001:db8::/32"', False),
        ('domain = "evil.example"', True),
        ('domain = "EXAMPLE."', True),
        ('domain = "*.example"', True),
        ('domain = "il.example"', False),
        ('family = "cdn"', False),
        ('kind = "tunnel"', True),
        ('kind = "tunnel"\nclient = "10.9.9.9"', False),
    ],
)
def test_every_field_of_a_rule_must_match(tmp_path, fields, hides):
    marked = apply(report(finding()), rules(tmp_path, f'[[rule]]\nreason = "known"\n{fields}'), TODAY, SETTINGS)
    assert (marked.findings[0].suppressed is not None) is hides
    assert marked.suppressions[0].state == ("active" if hides else "unmatched")


def test_a_suppressed_finding_stays_and_says_who_and_until_when(tmp_path):
    text = '[[rule]]\nid = "av"\nreason = "antivirus"\nowner = "ann"\nexpires = 2026-03-01\ndomain = "evil.example"'
    marked = apply(report(finding()), rules(tmp_path, text), TODAY, SETTINGS)
    assert len(marked.findings) == 1
    assert marked.findings[0].suppressed.model_dump() == {
        "reason": "antivirus", "owner": "ann", "rule": "av", "expires": "2026-03-01",
    }  # fmt: skip


def test_an_expired_rule_hides_nothing_and_is_reported(tmp_path):
    text = '[[rule]]\nreason = "old"\nexpires = 2026-02-28\ndomain = "evil.example"'
    marked = apply(report(finding()), rules(tmp_path, text), TODAY, SETTINGS)
    assert marked.findings[0].suppressed is None
    assert marked.suppressions[0].state == "expired"


def test_a_rule_that_hides_much_warns(tmp_path):
    text = '[[rule]]\nreason = "known"\ndomain = "evil.example"'
    quiet = apply(report(finding(up_bytes=64 << 10)), rules(tmp_path, text), TODAY, SETTINGS)
    loud = apply(report(finding(up_bytes=(64 << 10) + 1)), rules(tmp_path, text), TODAY, SETTINGS)
    assert quiet.suppressions[0].warning is None
    assert "65,537 bytes up a day" in loud.suppressions[0].warning


def test_a_saved_report_takes_new_marks_and_loses_the_old(tmp_path):
    first = apply(report(finding()), rules(tmp_path, '[[rule]]\nreason = "a"\nkind = "tunnel"'), TODAY, SETTINGS)
    again = Report.model_validate_json(first.model_dump_json())
    assert apply(again, [], TODAY, SETTINGS).findings[0].suppressed is None


def test_csv_rules_are_the_same_as_toml(tmp_path):
    text = "id,client,domain,reason,expires\r\nav,,evil.example,antivirus,2026-12-31\r\nnet,10.0.0.0/8,,lab,\r\n"
    first, second = rules(tmp_path, text, "rules.csv")
    assert (first.id, first.domain, first.expires) == ("av", "evil.example", date(2026, 12, 31))
    assert (second.client, second.domain, second.expires) == ("10.0.0.0/8", None, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[rule]]\nreason = "x"', "name a client"),
        ('[[rule]]\ndomain = "a.example"', "reason"),
        ('[[rule]]\ndomain = "a.example"\nreason = " "', "a reason is needed"),
        ('[[rule]]\nclient = "10.0.0.0/99"\nreason = "x"', "rule 1: client"),
        ('[[rule]]\nkind = "mole"\nreason = "x"', "unknown kind"),
        ('[[rule]]\ndoman = "a.example"\nreason = "x"', "rule 1: doman"),
        ('[[rules]]\nreason = "x"', "nothing but [[rule]]"),
        ("domain = ", "not a suppression file"),
    ],
)
def test_a_wrong_rule_is_named(tmp_path, text, says):
    with pytest.raises(ConfigError, match=r"rules\.toml") as caught:
        rules(tmp_path, text)
    assert says in str(caught.value)


def test_baseline_shows_new_gone_and_grown():
    before = report(finding(), finding(domain="gone.example"), finding(domain="same.example"))
    now = report(finding(up_bytes=80_000), finding(domain="new.example"), finding(domain="same.example", up_bytes=42_000))
    change = compare(now, before, "old.json", SETTINGS)
    assert [c.registered_domain for c in change.new] == ["new.example"]
    assert [c.registered_domain for c in change.gone] == ["gone.example"]
    assert [(c.registered_domain, c.up_bytes_before, c.up_bytes_now) for c in change.grown] == [
        ("evil.example", 41_000, 80_000)
    ]
