"""The evaluation's own truth: generators carry what they say, adapters count what the manifest counts, measures are right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation import catalogue, channels, corpora, figures, lookalikes, mixed, tables
from evaluation.cases import START_S, Target, forwarded, lay, table
from evaluation.channels.codecs import CODECS, cut, uncut
from evaluation.channels.plan import Plan, at_rate, dig, undig
from evaluation.corpora.estimate import estimated_bytes
from evaluation.corpora.manifest import entries
from evaluation.dice import WORDS, Dice
from evaluation.measure import digest, first_alarm, leaked, stated_bytes
from evaluation.results import Caught, Result, TargetResult
from hypothesis import given
from hypothesis import strategies as st

from molehunt.findings import Finding
from molehunt.names import registered_domain
from molehunt.schema import QUERIES

ROOT = Path(__file__).parent.parent
VARIANTS = [(change, variant) for change, variants in channels.CHANGES.items() for variant in variants]
#: Names of real products, which no look-alike may hold.
VENDORS = ("sophos", "mcafee", "spamhaus", "cymru", "avast", "symantec", "kaspersky", "google", "microsoft", "amazonaws")


@pytest.mark.parametrize(("change", "variant"), VARIANTS, ids=lambda v: v)
def test_what_a_channel_carries_can_be_read_at_the_other_end(change: str, variant: str):
    plan = at_rate(channels.CHANGES[change][variant], 1024, 0.25 if change != "timing" else 1)
    dug = dig(plan, Dice(7, change, variant))
    rows = dug.queries.to_pylist()
    got = [undig(plan, row, dug.zones) for row, load in zip(rows, dug.load, strict=True) if load]
    assert b"".join(got) == dug.payload  # type: ignore[arg-type]
    assert dug.load.sum() >= plan.bytes_per_day * plan.days
    assert dug.load.sum() == len(dug.payload) / (2 if plan.codec == "codeword16" else 1)


@pytest.mark.parametrize(("change", "variant"), VARIANTS, ids=lambda v: v)
def test_the_names_of_a_channel_can_be_asked(change: str, variant: str):
    plan = at_rate(channels.CHANGES[change][variant], 4096, 1)
    dug = dig(plan, Dice(7, change, variant))
    for qname in dug.queries["qname"].to_pylist():
        letters = [len(uncut(label, "")) - 3 * label.count("\\") for label in qname.split(".")]
        assert max(letters) <= 63
        assert sum(letters) + len(letters) <= 253
    assert set(registered_domain(dug.queries["qname"].combine_chunks()).to_pylist()) == set(dug.zones)


@pytest.mark.parametrize("codec", sorted(set(CODECS) - {"case", "codeword", "codeword16"}))
def test_codes_are_lossless(codec: str):
    data = Dice(codec).bytes(40)
    code = CODECS[codec]
    text = cut(code.encode(data), code.joint, 20)
    assert code.decode(uncut(text, code.joint), 40) == data


@pytest.mark.parametrize("name", ["channel/none/base/4 kB", "channel/many domains/3 domains/24 kB", "lookalike/mail server"])
def test_a_seed_gives_the_same_data_again_and_another_seed_other_data(name: str):
    first, again, other = (digest(catalogue.make(name, seed).queries) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_channel_lies_in_an_office_and_its_truth_says_where():
    case = channels.make("channel/retries/30 %/4 kB", 3)
    (target,) = case.targets
    clients = np.array(case.queries["client"].to_pylist())
    assert set(clients[target.rows]) == target.clients
    assert len(set(clients)) == 8
    assert target.up_bytes is not None
    assert target.up_bytes[~target.rows].sum() == 0
    assert (target.up_bytes[target.rows] == 0).any(), "retries carry nothing"
    times = case.queries["ts"].to_pylist()
    assert times == sorted(times)


def test_one_query_per_ten_minutes_is_what_it_says():
    plan = at_rate(channels.CHANGES["one query per 10 minutes"]["base32"], *channels.RATES["4 kB"])
    dug = dig(plan, Dice(1))
    assert 130 <= dug.queries.num_rows <= 144


def test_the_words_are_a_code():
    assert len(set(WORDS)) == 256


@pytest.mark.parametrize("kind", sorted(lookalikes.LOOKALIKES))
def test_look_alikes_have_traffic_of_days_and_no_vendor(kind: str):
    rows = lookalikes.LOOKALIKES[kind](Dice(1, kind))
    assert len(rows) >= 50
    assert set(rows[0]) <= set(QUERIES.names)
    assert all(START_S - 1 <= row["ts"] <= START_S + 3.1 * 86400 for row in rows)
    text = " ".join(row["qname"] for row in rows)
    assert not [vendor for vendor in VENDORS if vendor in text]
    assert max(len(label) for row in rows for label in row["qname"].split(".")) <= 63


def test_the_resolver_as_only_client_is_the_only_client():
    before = lookalikes.make("lookalike/office", 1).queries
    after = forwarded(before)
    assert set(after["client"].to_pylist()) == {"10.0.0.1"}
    assert after.schema == QUERIES
    assert after.drop(["client"]) == before.drop(["client"])


def test_real_shapes_are_drawn_anew():
    case = lookalikes.make(f"lookalike/{lookalikes.RESHAPED}", 1, ["p5-sqbk6n63iz6g4-768928-i1-v6exp3.metric.vendor.com"])
    names = [name for name in case.queries["qname"].to_pylist() if ".metric." in name]
    assert len(set(names)) > 1000
    assert all(name.endswith("-i1-v6exp3.metric." + ".".join(name.split(".")[-2:])) for name in names)
    assert not any("vendor" in name or "768928" in name for name in names)


def test_mixed_days_are_of_known_rate():
    case = mixed.make("mixed/made-up office/base32/24 kB", 5)
    (target,) = case.targets
    assert target.up_bytes is not None
    assert 24576 * 0.95 <= target.up_bytes.sum() <= 24576 * 1.05
    assert target.clients is not None
    others = np.array(case.queries["client"].to_pylist())[~target.rows]
    assert target.clients <= set(others), "the digger has ordinary traffic too"


def test_a_target_covers_its_client_and_domains_only():
    target = Target(frozenset({"a"}), frozenset({"x.com", "y.com"}), np.ones(1, bool))
    assert target.covers("a", "x.com")
    assert target.covers("a", None), "a rotation names no domain"
    assert target.covers(None, "y.com"), "a fan-in names no client"
    assert not target.covers("b", "x.com")
    assert not target.covers("a", "z.com")
    assert Target(None, None, np.ones(1, bool)).covers("any", "thing")


def test_laying_keeps_time_order_and_payload():
    one = table(2, ts=[10.0, 30.0], qname=["a", "c"])
    two = table(2, ts=[20.0, 40.0], qname=["b", "d"])
    whole, (_, load) = lay((one, None), (two, np.array([5, 7])))
    assert whole["qname"].to_pylist() == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(load, [np.nan, 5, np.nan, 7])


@given(st.integers(1, 500), st.integers(1, 500))
def test_the_first_alarm_is_found_by_few_tries(moment: int, most: int):
    tries: list[int] = []

    def alerts(count: int) -> bool:
        tries.append(count)
        return count >= moment

    if moment <= most:
        assert first_alarm(alerts, most) == moment
        assert len(tries) <= 2 * moment.bit_length() + 4


def test_estimates_count_new_labels_only():
    qnames = ["0123456789abcdef.t.x.com", "0123456789abcdef.t.x.com", "fedcba9876543210.t.x.com", "www.y.com"]
    load = estimated_bytes(qnames, np.array([True, True, True, False]))
    assert load.tolist() == [8.125, 0, 8, 0], "16 hexadecimal digits are 8 bytes; a repeated name is none"


def finding(client: str | None, domain: str | None, **changes: object) -> Finding:
    base = Finding(
        finding_id="x", client=client, registered_domain=domain, kind="tunnel", confidence="high", severity="high", score=1.0
    )
    return base.model_copy(update=changes)


def test_stated_bytes_are_the_sum_of_groups_or_the_whole():
    parts = [finding("a", "x.com", up_bytes=100), finding("b", "x.com", up_bytes=50)]
    assert stated_bytes(parts, down=False) == 150
    assert stated_bytes([*parts, finding(None, "x.com", up_bytes=400)], down=False) == 400
    assert stated_bytes(parts, down=True) is None


def test_leaks_are_summed_both_ways():
    target = Target(None, None, np.ones(3, bool), np.array([1.0, 2, 3]), np.array([10.0, 20, 30]))
    assert leaked(target, np.array([0, 1])) == 33


def result(name: str, *, alerted: bool = True, wrong: int = 0, part: str = "corpora") -> Result:
    one = Caught(alerted, True, 8 if alerted else None, 100.0 if alerted else None, 1200.0, ["early"])
    targets = [] if wrong else [TargetResult(["x.com"], 50, 1000.0, False, {"molehunt": one, "rule": Caught(False, False)})]
    false = {"molehunt": [("a", f"d{i}.com") for i in range(wrong)], "rule": []}
    return Result(name, part, "some", "tool", "change", True, 100, 10, 20, targets, false, 0, {"early": wrong}, "d")


def test_figures_and_page_say_what_was_measured():
    results = [result("m/1"), result("m/2", alerted=False), result("b/1", wrong=2), result("channel/c/v/4 kB", part="channels")]
    assert figures.recall(results, "molehunt") == (2, 3)
    assert figures.recall(results, "rule") == (0, 3)
    assert figures.rate(results, "molehunt") == 2 / 20 * 10_000
    assert figures.ratios(results) == [1.2, 1.2, 1.2]
    page = tables.page(results, {"command": "c", "seed": "1", "digest": "d", "coverage": "4 cases."})
    assert "| early | 2 of 2 | 1 of 1 | – | 2 | 0 |" in page
    assert "| volume | 0 of 2 | 0 of 1 | – | 0 | 0 |" in page
    assert "| **molehunt** | 2 of 3 | 1 of 2 | 1 of 1 |" in page
    assert "* missed: `m/2`: 50 queries, 1,000 bytes; listed with low confidence" in page
    assert "* false alert: `b/1`: a → d0.com; a → d1.com" in page


def test_every_name_is_one_case():
    names = catalogue.names()
    assert len(set(names)) == len(names)
    assert set(catalogue.names(quick=True)) <= set(names)
    made = {change for change, _ in VARIANTS}
    assert {name.split("/")[1] for name in catalogue.names(quick=True) if name.startswith("channel/")} == made


def test_it_runs_where_the_public_corpora_are_absent(tmp_path: Path):
    out = tmp_path / "all.json"
    command = [
        sys.executable,
        "-m",
        "evaluation",
        "--quick",
        "--jobs",
        "1",
        "--json",
        str(out),
        "-o",
        str(tmp_path / "page.md"),
    ]
    command += ["--only", "/base/"]
    environment = os.environ | {"MOLEHUNT_SHARED": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["name"] for line in out.read_text().splitlines()] == ["channel/none/base/4 kB"]
    assert "The public corpora were absent" in (tmp_path / "page.md").read_text()


# ---------------------------------------------------------------- the public corpora

#: file -> why the rows are not what the manifest counts.
DIFFERENCES: dict[str, tuple[int, str]] = {
    "malicious/sans/collaborator2.log": (77, "the first line has lost the beginning of its date"),
}


@pytest.mark.shared
def test_adapters_give_what_the_manifest_counts(shared: Path):
    wrong = {}
    for entry in corpora.manifest().values():
        if entry.form in corpora.ADAPTERS and entry.query_count is not None:
            expected, _ = DIFFERENCES.get(entry.file, (entry.query_count, ""))
            rows = corpora.load(entry).num_rows
            if rows != expected:
                wrong[entry.file] = (rows, expected)
    assert wrong == {}


@pytest.mark.shared
def test_every_malicious_file_has_a_target_with_rows(shared: Path):
    for entry in entries(shared):
        if entry.label == "malicious":
            assert entry.domains or entry.file in corpora.DOMAINLESS, entry.file
    for file in ("malicious/bonelee/dnscat2_when_idle.txt", "malicious/sans/collaborator1.log"):
        case = corpora.make(f"corpus/{file}")
        assert case.targets[0].rows.all()
        assert case.targets[0].up_bytes is not None


@pytest.mark.shared
def test_real_logs_are_also_seen_from_behind_their_resolver(shared: Path):
    names = [name for name in corpora.names() if name.startswith("forwarded/")]
    assert len(names) == 3
    case = corpora.make(names[0])
    assert set(case.queries["client"].to_pylist()) == {"10.0.0.1"}
    assert case.targets == []


@pytest.mark.shared
def test_name_lists_have_a_target_for_each_tunnel_domain(shared: Path):
    case = corpora.make("corpus/mixed/bubnov/dtqbc-m-val.csv")
    assert {next(iter(t.domains or ())) for t in case.targets} == {"hidemyself.org", "example.org", "tuns.org"}
    assert sum(t.rows.sum() for t in case.targets) == 10001 - 2027


def test_a_plan_at_another_rate_is_the_same_plan():
    assert at_rate(Plan(), 137, 30) == replace(Plan(), bytes_per_day=137, days=30)
