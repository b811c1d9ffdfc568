"""Bytes up and down: bounds that hold, and that are close."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digs import channel, code_types, find, payload
from language import queries
from molehunt.config import Config
from molehunt.detection import examine
from molehunt.detectors.facts import Facts
from molehunt.detectors.information import choice_bits, type_bits
from molehunt.engines.duckdb import DuckDBEngine


def facts_of(*lines: str) -> Facts:
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(queries(*lines))
        (facts,) = [facts for facts, pool, _ in examine(engine, Config(), sieve=False) if not pool]
        return facts


@pytest.mark.parametrize("size", [5, 15, 30, 35])
def test_stated_bytes_bound_the_payload_and_are_close(size: int):
    facts = facts_of(*channel(80, size))
    assert size * 80 <= facts.up.total_bytes <= 1.5 * size * 80


def test_code_words_are_counted_though_no_name_is_new():
    dice = random.Random(3)
    facts = facts_of(*[f"10.0.0.1 w{dice.randrange(256):02x}.evil.com A +20s" for _ in range(2000)])
    assert 2000 <= facts.up.total_bytes <= 3000


def test_a_page_that_asks_its_names_in_turn_says_little():
    facts = facts_of(*["10.0.0.1 n{i}.shop.com A +10s x9"] * 200)
    assert facts.up.total_bytes < 150


def test_record_types_as_code_are_counted_and_listed():
    dice = random.Random(3)
    named = code_types(16)
    lines = [f"10.0.0.1 www.evil.example {dice.choice(named)} +6s" for _ in range(12_000)]
    assert 6000 <= facts_of(*lines).up.total_bytes <= 6600
    (finding,) = find(*lines)
    assert finding.up_bytes >= 6000


def test_types_of_names_that_are_asked_once_are_counted():
    dice = random.Random(3)
    lines = [f"10.0.0.1 n{i}.evil.example {{}} +6s" for i in range(1000)]
    dealt = facts_of(*[line.format(dice.choice(["A", "TXT"])) for line in lines])
    plain = facts_of(*[line.format("A") for line in lines])
    assert dealt.up.total_bytes - plain.up.total_bytes == pytest.approx(1000 / 8, rel=0.1)
    assert dealt.up.new_bytes == plain.up.new_bytes


@pytest.mark.parametrize("types", [("A", "AAAA"), ("A", "AAAA", "HTTPS"), ("HTTPS", "AAAA", "A")])
def test_a_client_that_asks_its_types_in_turn_says_nearly_nothing_by_them(types: tuple[str, ...]):
    dice = random.Random(5)
    asked = [dice.randrange(30) for _ in range(1000)]
    facts = facts_of(*[f"10.0.0.1 n{n}.shop.com {kind} +{60 if kind == types[0] else 0}s" for n in asked for kind in types])
    assert facts.up.type_bytes < 20


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["A", "AAAA", "TYPE9", ""]), st.integers(0, 3)), min_size=1, max_size=60))
def test_types_cost_no_less_than_telling_them_apart(rows: list[tuple[str, int]]):
    kinds = np.array([kind for kind, _ in rows], dtype=object)
    bits = type_bits(kinds, np.array([name for _, name in rows]))
    assert (bits >= 0).all()
    assert bits.sum() >= (len(set(kinds)) - 1) * 7


def test_letters_case_carries_data_unless_the_whole_name_is_spelt_at_random():
    dice = random.Random(4)

    def spelt(text: str) -> str:
        return "".join(c.upper() if dice.random() < 0.5 else c for c in text)

    carried = facts_of(*[f"10.0.0.1 {spelt('abcdefghijklmnopqrstuvwxyz')}.evil.com A +20s" for _ in range(100)])
    noise = facts_of(*[f"10.0.0.1 {spelt('www.example.com')} A +20s" for _ in range(100)])
    assert carried.up.total_bytes >= 100 * 26 / 8
    assert noise.up.total_bytes < 50


def recased(dice: random.Random, name: str) -> str:
    return "".join(c.upper() if dice.random() < 0.5 else c for c in name)


def public_cases(count: int, rest: str) -> list[str]:
    """Return four clients that ask a name, and a fifth that spells it at random."""
    dice = random.Random(6)
    head = "updateservicemanagers"
    others = [f"10.0.0.{i} {head}.evil.example A +1s" for i in range(4)]
    return others + [f"10.0.0.9 {recased(dice, head)}.evil.example A {rest}" for _ in range(count)]


@pytest.mark.parametrize("rest", ["+50s", "+1s"])
def test_letters_case_on_a_public_name_is_the_senders_own(rest: str):
    (finding,) = find(*public_cases(1700, rest))
    assert finding.client == "10.0.0.9"
    assert 1700 * 21 / 8 <= finding.up_bytes <= 1700 * 21 / 8 * 1.1


def test_one_spelling_of_a_public_name_is_public():
    names = [f"Update{text}.Cdn.example" for text in payload(40, 30)]
    lines = [f"10.0.0.{i % 5} {names[i // 5 % 40]} A +20s" for i in range(400)]
    lines += [f"10.0.0.{i % 5} {names[i // 5 % 40].lower()} A +20s" for i in range(400)]
    assert find(*lines) == []


def test_a_public_name_that_is_spelt_at_random_as_a_whole_is_noise():
    dice = random.Random(6)
    others = [f"10.0.0.{i} updateservicemanagers.example.com A +1s" for i in range(4)]
    assert find(*others, *[f"10.0.0.9 {recased(dice, 'updateservicemanagers.example.com')} A +50s" for _ in range(1700)]) == []


def test_a_name_that_three_clients_ask_says_nothing():
    lines = [line for i in range(3) for line in channel(20, client=f"10.0.0.{i}")]
    assert find(*lines) == []


def test_answers_count_by_their_octets():
    dice = random.Random(5)
    rows = [f"10.0.0.1 n{i}.evil.com A +20s =" + ".".join(str(dice.randrange(256)) for _ in range(4)) for i in range(100)]
    facts = facts_of(*rows)
    assert 400 <= facts.down.total_bytes <= 600
    assert facts.downward


def test_the_same_answer_again_and_the_order_of_records_say_little():
    lines = ["10.0.0.1 www.shop.com A +60s =192.0.2.1 =192.0.2.2", "10.0.0.1 www.shop.com A +60s =192.0.2.2 =192.0.2.1"]
    assert facts_of(*lines * 50).down.total_bytes < 20


def test_bytes_within_a_window_slide():
    early = [f"10.0.0.1 {text}.evil.com TXT +60s" for text in payload(50, 20, seed=1)]
    late = [f"10.0.0.1 {text}.evil.com TXT +60s" for text in payload(50, 20, seed=2)]
    facts = facts_of(*early, "10.0.0.1 a.evil.com TXT +72h", *late)
    assert facts.up_within(24) == pytest.approx(facts.up.total_bytes / 2, rel=0.1)
    assert facts.up_within(24 * 30) == pytest.approx(facts.up.total_bytes)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 8), max_size=60))
def test_choices_cost_what_an_adaptive_code_costs(symbols: list[int]):
    expected, counts = [], {}
    for total, s in enumerate(symbols):
        expected.append(np.log2((total + len(counts)) / counts[s]) if s in counts else 0.0)
        counts[s] = counts.get(s, 0) + 1
    assert choice_bits(np.array(symbols, dtype=np.int64)) == pytest.approx(expected)


def test_another_choice_of_the_same_addresses_is_no_new_answer():
    pool = [f"198.51.100.{i}" for i in range(40)]
    balanced = [f"10.0.0.1 www.shop.com A +60s ={pool[i % 40]} ={pool[i * 7 % 37]} ={pool[i * 11 % 39]}" for i in range(300)]
    assert len({line.partition("+60s")[2] for line in balanced}) > 250
    assert facts_of(*balanced).new_answer_ratio < 0.2
    moved = [f"10.0.0.1 www.shop.com A +60s =198.51.100.1 =10.{i // 250}.{i % 250}.9" for i in range(300)]
    assert facts_of(*moved).new_answer_ratio > 0.9
