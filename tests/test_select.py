"""The sieve: loose, and it never drops what a detector lists."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digs import candidates, channel, code_types, find, keys, office
from language import queries
from molehunt.config import Config
from molehunt.engines import statements
from molehunt.engines.duckdb import DuckDBEngine

ZONES = ["evil.com", "shop.com", "a.co.uk", "corp.local", "2.0.192.in-addr.arpa", "x.github.io"]
TYPES = [*code_types(16), "TYPE700", "TYPE701"]
LETTERS = "abcdefghij0123456789ABCDEFGH-_="


@st.composite
def traffic(draw: st.DrawFn) -> list[str]:
    """Groups of every size near the thresholds: names of random length, repeats, cases, types, answers, clients."""
    lines = []
    if draw(st.booleans()):  # so many clients that a domain of a few of them, with public names, is rare
        lines += [f"10.1.{i // 250}.{i % 250} www.crowd.com A +1s" for i in range(400)]
    relay = " @10.0.0.3" if draw(st.booleans()) else ""  # one of the clients is the resolver of the others
    for _ in range(draw(st.integers(1, 4))):
        dice = random.Random(draw(st.integers(0, 2**20)))
        client, zone = f"10.0.0.{dice.randrange(4)}", dice.choice(ZONES)
        size, count, kind = dice.choice([3, 12, 20, 25, 40]), dice.choice([2, 7, 8, 12, 60]), dice.choice(["A", "TXT", "NULL"])
        step = dice.choice(["+1s", "+60s", "+1h", "+7s"])
        pool = ["".join(dice.choice(LETTERS) for _ in range(size)) for _ in range(max(1, count // dice.choice([1, 1, 4])))]
        pool += ["www"] * dice.choice([0, len(pool)])
        many, dealt = dice.random() < 0.3, dice.random() < 0.3
        for i in range(count):
            who = f"10.0.1.{i % 9}" if many else client
            where = f"d{i}{zone}" if dice.random() < 0.1 else zone
            answer = f" =10.{dice.randrange(256)}.{dice.randrange(9)}.1" if dice.random() < 0.5 else ""
            shown = dice.choice(TYPES) if dealt else kind
            lines.append(f"{who} {dice.choice(pool)}.{where} {shown} {step}{relay}{answer}")
    return lines


def framed(count: int, head: int, tail: str, session: int) -> list[str]:
    names = [f"0-{i * 7919 % 65536}.id-{session}.down.{tail}" for i in range(count)]
    names += [f"{'a' * head}.{i * 104729 % 65536}-0.id-{session}.up.{tail}" for i in range(count // 2) if head]
    return [f"10.0.0.{i % 2} {name} TXT +60s" for i, name in enumerate(names)]


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 5), st.integers(0, 20), st.sampled_from(["e.co", "EVIL.com", "x.tunnel.org"]), st.integers(0, 65535))
def test_the_sieve_never_drops_what_follows_a_tools_protocol(count: int, head: int, tail: str, session: int):
    lines = framed(count, head, tail, session)
    assert keys(find(*lines, sieve=False)) == keys(find(*lines, sieve=True))


@settings(max_examples=12, deadline=None)
@given(st.integers(60, 400), st.sampled_from([1, 2, 20, 100]), st.sampled_from([2, 16, 90]), st.integers(1, 3))
def test_the_sieve_never_drops_what_types_say(count: int, names: int, types: int, every: int):
    dice = random.Random(count)
    named = code_types(types)
    lines = [f"10.0.0.9 n{dice.randrange(names)}.evil.com {dice.choice(named)} +{every}h" for _ in range(count * 3)]
    assert keys(find(*lines, sieve=False)) == keys(find(*lines, sieve=True))


def test_types_of_names_that_are_asked_once_pass_the_sieve_where_the_domain_is_not_rare():
    dice = random.Random(9)
    named = code_types(16)
    others = [f"10.0.0.{i} w{i}.evil.com A" for i in range(4)]
    found = find(*others, *(f"10.0.0.9 n{i}.evil.com {dice.choice(named)} +9s" for i in range(8600)))
    assert [finding.client for finding in found] == ["10.0.0.9"]


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 900), st.integers(1, 40), st.integers(0, 3), st.booleans())
def test_the_sieve_never_drops_letters_case_on_public_names(count: int, chars: int, others: int, noise: bool):
    dice = random.Random(count)
    names = ["".join(dice.choice("abcdefgh") for _ in range(chars)) for _ in range(3)]
    lines = [f"10.0.0.{i} {name}.evil.com A" for i in range(others + 1) for name in names]
    for _ in range(count):
        text = "".join(dice.choice([c, c.upper()]) for c in dice.choice(names))
        lines.append(f"10.0.0.9 {text}.{dice.choice(['evil.com', 'EVIL.com', 'Evil.com']) if noise else 'evil.com'} A +7s")
    assert keys(find(*lines, sieve=False)) == keys(find(*lines, sieve=True))


@pytest.mark.parametrize("domain", ["evil.com", "EVIL.COM"])
def test_a_beat_of_few_names_spelt_with_and_without_a_capital_passes_the_sieve(domain: str):
    """Three names in two spellings each are six; one of each has capitals (and small letters, or none), the other has none."""
    names = [name for text in "abc" for name in (f"{text}.evil.com", f"{text.upper()}.{domain}")]
    lines = [f"10.0.0.9 {name} A +7s" for name in names * 2]
    assert [finding.kind for finding in find(*lines)] == ["beacon"]
    assert keys(find(*lines, sieve=False)) == keys(find(*lines, sieve=True))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(traffic())
def test_the_sieve_never_drops_what_a_detector_lists(lines: list[str]):
    assert keys(find(*lines, sieve=False)) == keys(find(*lines, sieve=True))


def test_the_sieve_drops_nearly_all_of_an_office():
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(queries(*office(), *channel(10)))
        kept = candidates(engine).rows
        every = candidates(engine, sieve=False).rows
    assert set(kept.column("client").to_pylist()) == {"10.0.0.9"}
    assert every.num_rows > 100 * kept.num_rows


def test_numbers_in_the_statements_come_from_the_settings():
    settings_ = Config().detection.model_copy(update={"early": Config().detection.early.model_copy(update={"names": 77})})
    assert "77" in statements.filled(statements.CANDIDATES, settings_)


@pytest.mark.parametrize("step", statements.STEPS)
def test_no_step_leaves_a_gap(step: str):
    assert "{" not in statements.filled(statements.STEPS[step], Config().detection)
