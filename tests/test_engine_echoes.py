"""Explained names: what the client asked elsewhere at the same time costs a choice, and nobody hides behind that."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from digs import find, keys, payload
from language import queries
from molehunt.config import Config
from molehunt.detection import examine
from molehunt.detectors.facts import Facts
from molehunt.engines import echoes
from molehunt.engines.duckdb import DuckDBEngine

CLIENT = "10.0.0.5"


def examined(*lines: str) -> list[Facts]:
    """Return the facts of all groups."""
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(queries(*lines))
        return [facts for facts, pool, _ in examine(engine, Config(), sieve=False) if not pool]


def every(*lines: str) -> dict[str, Facts]:
    """Return the facts of each registered domain."""
    return {facts.group.registered_domain or "": facts for facts in examined(*lines)}


def addresses(count: int, seed: int = 1) -> list[str]:
    dice = random.Random(seed)
    return [".".join(str(dice.randrange(256)) for _ in range(4)) for _ in range(count)]


def ask(names: list[str], *tails: str, gap: str = "+1s", pause: str = "+300s") -> list[str]:
    """Ask each name with each tail behind it, one after the other, then pause."""
    return [f"{CLIENT} {name}{tail} A {pause if i == 0 else gap}" for name in names for i, tail in enumerate(tails)]


def test_one_of_several_block_lists_is_counted_in_full():
    found = every(*ask(addresses(60), ".zen.blocklist.org", ".bl.spamtrap.net", ".dnsbl.sorbent.org"))
    full = [facts for facts in found.values() if facts.up is facts.full]
    assert len(full) == 1
    assert full[0].up.total_bytes >= 60 * 4
    for facts in found.values():
        assert facts.full.total_bytes >= 60 * 4
        assert facts is full[0] or facts.up.total_bytes < 60


def test_a_reverse_look_up_before_explains_an_address():
    v4 = every(*ask(addresses(60), ".in-addr.arpa", ".probe._spf.sendergrid.com"))["sendergrid.com"]
    dice = random.Random(2)
    nibbles = [".".join(dice.choice("0123456789abcdef") for _ in range(32)) for _ in range(60)]
    v6 = every(*ask(nibbles, ".ip6.arpa", ".zen.blocklist.org"))["blocklist.org"]
    assert v4.up.total_bytes < v4.full.total_bytes / 3
    assert v6.up.total_bytes < v6.full.total_bytes / 10


def test_a_digest_that_two_services_are_asked_about_is_said_once():
    digests = [f"{random.Random(i).getrandbits(128):032x}" for i in range(40)]
    found = every(*ask(digests, ".md5.verdicts.net", ".files.reputation.org"))
    sizes = sorted(facts.up.total_bytes for facts in found.values())
    assert sizes[0] < 60
    assert sizes[1] >= 40 * 16


@pytest.mark.parametrize("order", [1, -1])
def test_a_search_domain_behind_a_name_is_an_echo_before_and_after(order: int):
    names = [f"{text[:9]}.site{i}.com" for i, text in enumerate(payload(40, 8))]
    tails = [".prod.svc.cluster.local", ".svc.cluster.local", ".cluster.local", ""][::order]
    facts = every(*ask(names, *tails))["cluster.local"]
    assert facts.echo_ratio == 1.0
    assert facts.up.total_bytes < facts.full.total_bytes * 0.75
    assert facts.family == "internal"


def test_what_was_asked_too_long_ago_or_by_another_explains_nothing():
    tails = (".in-addr.arpa", ".zen.blocklist.org")
    late = every(*ask(addresses(30), *tails, gap="+121s"))["blocklist.org"]
    in_time = every(*ask(addresses(30), *tails, gap="+120s"))["blocklist.org"]
    lines = [line.replace(CLIENT, "10.0.0.6") if "arpa" in line else line for line in ask(addresses(30), *tails)]
    assert late.echo_ratio == every(*lines)["blocklist.org"].echo_ratio == 0.0
    assert in_time.echo_ratio == 1.0


def test_without_times_nothing_is_explained():
    table = queries(*ask(addresses(30), ".in-addr.arpa", ".zen.blocklist.org"))
    blank = table.set_column(0, table.schema.field("ts"), pa.nulls(table.num_rows, table.schema.field("ts").type))
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(blank)
        assert all(facts.up is facts.full for facts, _, _ in examine(engine, Config(), sieve=False))


def test_a_bare_label_explains_nothing_as_nothing_counts_it():
    found = every(*ask(payload(40, 20), "", ".evil.com"))["evil.com"]
    assert found.up.total_bytes >= 40 * 20


def test_letter_case_is_counted_though_the_letters_were_asked_elsewhere():
    dice = random.Random(3)
    spelt = ["".join(c.upper() if dice.random() < 0.5 else c for c in "abcdefghijklmnopqrstuvwxyz") for _ in range(40)]
    lines = [f"{CLIENT} {text}.{zone} A +20s" for text in spelt for zone in ("www.evil.com", "www.shop.org")]
    assert all(facts.up.total_bytes >= 40 * 26 / 8 for facts in every(*lines).values())


@pytest.mark.parametrize("turns", [1, 2])
def test_a_tunnel_that_says_all_twice_is_counted_in_full_in_one_zone(turns: int):
    tails = [".t.evil.com", ".t.mole.net"]
    lines = [line for i, text in enumerate(payload(60, 30)) for line in ask([text], *tails[:: -1 if i % turns else 1])]
    found = every(*lines)
    assert max(facts.up.total_bytes for facts in found.values()) >= 60 * 30
    assert all(facts.full.total_bytes >= 60 * 30 for facts in found.values())
    assert any(f.alert for f in find(*lines))


@pytest.mark.parametrize("decoys", [2, 3, 6])
def test_decoys_that_share_the_copies_among_them_explain_little(decoys: int):
    texts = payload(120, 30)
    lines = [line for i, text in enumerate(texts) for line in ask([text], f".d{i % decoys}.com", ".evil.com")]
    padding = [f"{CLIENT} n{i}.d{j}.com A +1s" for j in range(decoys) for i in range(150)]
    facts = every(*lines, *padding)["evil.com"]
    assert facts.up.total_bytes >= 120 * 30 * 0.45
    (finding,) = [f for f in find(*lines, *padding) if f.registered_domain == "evil.com"]
    assert finding.alert


def test_plain_names_of_many_domains_do_not_hide_what_repeats_them():
    names = [f"{text}.mole{i}.com" for i, text in enumerate(payload(60, 30))]
    alerts = {f.kind for f in find(*ask(names, "", ".evil.org")) if f.alert}
    assert "rotation" in alerts


def test_the_promise_counts_what_is_explained():
    lines = ask(addresses(1300), ".in-addr.arpa", ".zen.evil.org", pause="+20s")
    (finding,) = [f for f in find(*lines) if f.registered_domain == "evil.org"]
    assert finding.up_bytes is not None
    assert finding.up_bytes < 4096
    assert {e.detector for e in finding.evidence if e.feature == "listed"} >= {"volume"}
    assert "counted in full" in next(e.sentence for e in finding.evidence if e.detector == "volume" and e.feature == "listed")


def test_nothing_is_explained_above_the_bound_of_the_caps():
    lookup = Config().detection.lookup.model_copy(update={"cap_bytes": 1024})
    config = Config(detection=Config().detection.model_copy(update={"lookup": lookup}))
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(queries(*ask(addresses(400), ".in-addr.arpa", ".zen.evil.org", pause="+20s")))
        facts = [f for f, pool, _ in examine(engine, config) if f.group.registered_domain == "evil.org" and not pool]
    assert facts[0].up is facts[0].full


def test_the_sieve_changes_nothing():
    lines = ask(addresses(300), ".in-addr.arpa", ".zen.blocklist.org", ".bl.spamtrap.net", pause="+20s")
    assert keys(find(*lines)) == keys(find(*lines, sieve=False))
    sizes = [[f.up_bytes for f in find(*lines, sieve=sieve)] for sieve in (True, False)]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("step", echoes.STEPS)
def test_no_step_leaves_a_gap(step: str):
    text = echoes.text(step, Config().detection)
    assert "{names}" not in text
    assert "{{" not in text
    assert ("INTERVAL 120 SECOND" in text) == (step in {"plain", "twins"})
