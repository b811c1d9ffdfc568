"""Properties of the whole: what changes nothing, and what adds up."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digs import channel, find, keys, office, payload
from language import queries
from molehunt.config import Config
from molehunt.detection import detect
from molehunt.engines.duckdb import DuckDBEngine
from molehunt.findings import Finding
from molehunt.schema import QUERIES

MIX = queries(
    *office(),
    *channel(40, 30),
    *[f"10.0.0.8 {text}.t.example.org NULL +5s" for text in payload(20, 12, seed=4)],
    *[f"10.0.2.{i} {text}.spread.net A +60s" for i, text in enumerate(payload(20, 30, seed=5))],
    "10.0.0.7 beat{i}.calls.com A +300s x30",
)


def renamed(table: pa.Table, change) -> pa.Table:
    names = pa.array([change(name) for name in table.column("qname").to_pylist()], pa.string())
    return table.set_column(table.schema.get_field_index("qname"), QUERIES.field("qname"), names)


@pytest.fixture(scope="module")
def expected() -> list[Finding]:
    found = find(table=MIX)
    assert len(found) >= 4
    return found


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_row_order_changes_nothing(expected: list[Finding], seed: int):
    dice = random.Random(seed)
    order = list(range(MIX.num_rows))
    dice.shuffle(order)
    assert find(table=MIX.take(order)) == expected


def test_a_trailing_dot_changes_nothing(expected: list[Finding]):
    dotted = find(table=renamed(MIX, lambda name: name + "."))
    bare = [f.model_copy(update={"sample_names": []}) for f in expected]
    assert [f.model_copy(update={"sample_names": []}) for f in dotted] == bare


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32))
def test_letter_case_changes_no_finding(expected: list[Finding], seed: int):
    dice = random.Random(seed)

    def spelt(name: str) -> str:
        return "".join(c.upper() if dice.random() < 0.5 else c for c in name)

    assert keys(find(table=renamed(MIX, spelt))) == keys(expected)
    assert keys(find(table=renamed(MIX, str.upper))) == keys(expected)


def test_splitting_the_input_changes_nothing(expected: list[Finding]):
    parts = [MIX.slice(0, 500), MIX.slice(500, 7), MIX.slice(507)]
    with DuckDBEngine(threads=1) as engine:
        for i, part in enumerate(parts):
            engine.connection.register(f"part{i}", part)
        engine.use(" UNION ALL ".join(f"SELECT * FROM part{i}" for i in range(len(parts))))
        assert detect(engine, Config()) == expected


def test_one_thread_or_many_find_the_same(expected: list[Finding]):
    with DuckDBEngine(threads=4, memory="512MB") as engine:
        engine.use_table(MIX)
        assert detect(engine, Config()) == expected


def test_the_score_is_the_prior_and_the_sum_of_the_weights(expected: list[Finding]):
    for finding in expected:
        assert finding.score == pytest.approx(finding.prior + sum(e.weight for e in finding.evidence), abs=1e-9)
        assert all(e.sentence and e.group for e in finding.evidence)


def test_no_group_of_evidence_adds_more_than_the_clip(expected: list[Finding]):
    for finding in expected:
        for group in {e.group for e in finding.evidence}:
            assert abs(sum(e.weight for e in finding.evidence if e.group == group)) <= 3.01


@pytest.mark.parametrize("column", ["ts", "client", "answers", "qtype", "rcode", "resolver"])
def test_a_source_that_does_not_show_a_fact_is_still_searched(column: str):
    place = MIX.schema.get_field_index(column)
    blank = MIX.set_column(place, QUERIES.field(column), pa.nulls(MIX.num_rows, QUERIES.field(column).type))
    found = find(table=blank)
    assert any(f.alert and f.registered_domain == "example.com" for f in found)
    if column == "answers":
        assert all(f.down_bytes is None for f in found)
    if column == "ts":
        assert all(f.first_ts is None for f in found)


def test_only_names_are_enough():
    names = MIX.filter(pc.match_substring(MIX.column("qname"), "evil")).column("qname")
    bare = pa.table({**{f.name: pa.nulls(len(names), f.type) for f in QUERIES}, "qname": names}, schema=QUERIES)
    (finding, *_) = find(table=bare)
    assert (finding.client, finding.registered_domain, finding.alert) == (None, "example.com", True)
