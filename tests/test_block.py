"""Block lists: what they may hold, and that real servers which load them stop a real tunnel."""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import adblock
import dns.name
import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dig import seal
from tests.dig.blocked import TRIALS

from molehunt.errors import ConfigError
from molehunt.findings import Finding, Report, Suppressed, finding_id
from molehunt.names.suffixes import shared
from molehunt.sinks.block import FORMATS, choose, formats, render

HOSTILE = [
    "evil.example\nlocal-zone: \"bank.example.\" always_nxdomain",
    "a'; Remove-Item C:\\ -Recurse; '.example",
    'x" { }; }; include "/etc/passwd"; //.example',
    "$(reboot).example",
    "*.example",
    "^||.example",
    "-.example",
    "a\\046b.example",
    "bücher\u202e.example",
    "1.2.3.4/24",
    "a..example",
    "x" * 64 + ".example",
]  # fmt: skip


def finding(domain: str | None, confidence: str = "high", **facts: object) -> Finding:
    usual = {"client": "10.53.0.21", "kind": "tunnel", "severity": "high", "score": 2.0, "summary": "digs"}
    name = finding_id(str(facts), domain, "tunnel")
    return Finding(**({"finding_id": name, "registered_domain": domain, "confidence": confidence} | usual | facts))


def report(*findings: Finding) -> Report:
    return Report(molehunt_version="0.1.0", now=datetime(2026, 1, 5, tzinfo=UTC), findings=list(findings))


def code(text: str) -> list[str]:
    """Return the lines that a server acts upon."""
    return [line.strip() for line in text.splitlines() if line.strip() and not re.match(r"\s*(#|;|!|//)", line)]


def test_confirmed_domains_are_blocked_once_with_every_reason():
    two = [finding("dug.example"), finding("dug.example", "medium", client="10.53.0.9", summary="also digs")]
    blocks = choose(report(*two, finding("burrow.example"))).blocks
    assert [block.domain for block in blocks] == ["burrow.example", "dug.example"]
    assert "10.53.0.21: digs" in blocks[1].comments[0]
    assert "10.53.0.9: also digs" in blocks[1].comments[1]
    assert blocks[1].finding_ids == (two[0].finding_id, two[1].finding_id)


@pytest.mark.parametrize(("minimum", "count"), [("high", 1), ("medium", 2), ("low", 3)])
def test_the_least_confidence_counts(minimum: str, count: int):
    made = report(finding("a.example"), finding("b.example", "medium"), finding("c.example", "low"))
    assert len(choose(made, minimum).blocks) == count


def test_suppressed_findings_block_nothing():
    suppressed = Suppressed(reason="our own", rule="ours.toml:1")
    assert choose(report(finding("dug.example", suppressed=suppressed))).blocks == ()


@pytest.mark.parametrize("name", ["example", "com", "co.uk", "github.io", "cloudfront.net", "blogspot.com", "s3.amazonaws.com"])
def test_a_public_suffix_is_never_blocked(name: str):
    chosen = choose(report(finding(name)))
    assert chosen.blocks == ()
    assert [one.domain for one in chosen.refused] == [name]


@pytest.mark.parametrize("name", ["amazonaws.com", "windows.net", "kawasaki.jp", "arpa", "in-addr.arpa"])
def test_what_has_others_suffixes_below_it_is_never_blocked(name: str):
    assert choose(report(finding(name))).blocks == ()


def test_a_customer_of_a_shared_suffix_is_blocked_alone():
    assert [b.domain for b in choose(report(finding("mole.github.io"))).blocks] == ["mole.github.io"]


def test_a_finding_without_a_domain_is_refused_and_said():
    made = report(finding(None, kind="rotation"))
    assert [one.reason for one in choose(made).refused] == ["the finding is not about one domain"]
    assert "Not blocked" in render(made, "unbound")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_blocks_nothing_and_breaks_nothing(format: str, name: str):
    text = render(report(finding(name)), format)
    assert code(text) == code(render(report(), format))
    assert text.isascii()
    assert all(" " <= c <= "~" or c == "\n" for c in text)


@pytest.mark.parametrize("format", FORMATS)
@given(words=st.text(max_size=300))
def test_comments_stay_comments(format: str, words: str):
    plain = code(render(report(finding("dug.example")), format))
    hostile = finding("dug.example", summary=f"x{words}", client=words or None)
    assert code(render(report(hostile), format)) == plain


@given(name=st.text(alphabet="ab-_.\\'\"*|^$;{}#! \nü0", max_size=40))
def test_only_safe_names_come_through(name: str):
    for block in choose(report(finding(name))).blocks:
        assert re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", block.domain)
        assert block.domain.encode() not in shared()


def test_the_policy_zone_is_a_zone():
    zone = dns.zone.from_text(render(report(finding("dug.example")), "rpz"), origin="molehunt.rpz.", relativize=True)
    rules = {str(name): str(data.target) for name, _, data in zone.iterate_rdatas(dns.rdatatype.CNAME)}
    assert rules == {"dug.example": ".", "*.dug.example": "."}
    assert zone.get_soa().serial == int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())


def test_windows_policies_quote_what_they_name():
    """No PowerShell here to run it: what is checked is the quoting, and that each domain has one policy."""
    lines = code(render(report(finding("dug.example"), finding("a_b.example")), "windows-dns-policy"))
    added = [line for line in lines if line.startswith("Add-")]
    assert added == [
        f"Add-DnsServerQueryResolutionPolicy -Name 'molehunt-{domain}' -Action DENY -FQDN 'EQ,{domain},*.{domain}'"
        for domain in ("a_b.example", "dug.example")
    ]
    assert all(line.count("'") % 2 == 0 for line in lines)


def test_adblock_lists_block_subdomains():
    """Oracle: Brave's adblock engine, which reads the same rules; neither Pi-hole nor AdGuard Home can be installed here."""
    text = render(report(finding("dug.example")), "pihole")
    assert render(report(finding("dug.example")), "adguard") == text
    filters = adblock.FilterSet()
    filters.add_filters(text.splitlines())
    engine = adblock.Engine(filters)
    hosts = ["dug.example", "a.t.dug.example", "notdug.example", "dug.example.net", "www.amber-bakery.example"]
    asked = [engine.check_network_urls(f"https://{host}/", "https://desk1.corp.example/", "other") for host in hosts]
    assert [answer.matched for answer in asked] == [True, True, False, False, False]


def test_an_unknown_format_names_the_known_ones():
    with pytest.raises(ConfigError, match="windows-dns-policy"):
        render(report(), "hosts")
    assert list(formats()) == list(FORMATS)
    assert all(formats().values())


@pytest.mark.parametrize("format", sorted(set(FORMATS) - {"adguard"}))
def test_the_page_shows_what_is_written(format: str):
    page = (Path(__file__).parent.parent / "docs" / "sinks" / "block.md").read_text("utf-8")
    section = page.partition(f"\n## {format}\n")[2].partition("\n## ")[0]
    found = finding("dug.example", finding_id="1a2b3c4d5e6f", summary="sends 24 kB in 373 names that nobody repeats")
    assert f"```\n{render(report(found, finding(None, finding_id='0f0e0d0c0b0a')), format)}```" in section


@pytest.mark.root
@pytest.mark.xdist_group("netns")
def test_a_real_tunnel_passes_until_the_real_server_loads_the_list(tmp_path: Path):
    if lack := seal.missing():
        pytest.skip(f"cannot dig here: {lack}")
    trials = [name for name, trial in TRIALS.items() if shutil.which(trial.program)]
    assert len(trials) >= 5, "unbound, named and dnsmasq are there"
    with ThreadPoolExecutor(3) as pool:
        results = dict(zip(trials, pool.map(lambda name: attempt(name, tmp_path), trials), strict=True))
    passes = {"ordinary": "NOERROR", "neighbour": "NOERROR", "tunnel_name": "NOERROR", "digs": True}
    blocked = {"ordinary": "NOERROR", "neighbour": "NXDOMAIN", "tunnel_name": "NXDOMAIN", "digs": False}
    assert results == {key: {"without": passes, "with": blocked} for key in trials}


def attempt(name: str, folder: Path) -> dict:
    path, out = folder / f"{name}.list", folder / f"{name}.json"
    path.write_text(render(report(finding("dug.example")), TRIALS[name].format))
    assert seal.run([name, str(path), str(out)], limit_s=120, module="tests.dig.blocked") == 0, name
    return json.loads(out.read_text())
