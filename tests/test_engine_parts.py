"""Candidates come in parts: nothing that belongs together is cut, and the size of the parts changes no finding."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digs import candidates, channel, office, payload
from language import queries
from molehunt.config import Config
from molehunt.detection import detect
from molehunt.detectors.promising import promising
from molehunt.engines.duckdb import DuckDBEngine
from molehunt.engines.parts import parts
from molehunt.schema import QUERIES

KEYS = pa.schema([("zone_key", pa.uint64()), ("client_key", pa.uint64()), ("fan_in", pa.int32()), ("place", pa.int64())])
MANY = [
    *office(),
    *channel(40, 30),
    *channel(12, 30, client="10.0.0.8"),
    *[f"10.0.2.{i} {text}.spread.net A +60s" for i, text in enumerate(payload(20, 30, seed=5))],
    *[f"10.0.0.7 {text}.d{i}.com A +60s" for i, text in enumerate(payload(25, 30, seed=6))],
]


@st.composite
def streams(draw: st.DrawFn) -> tuple[pa.Table, list[pa.RecordBatch]]:
    """Ordered rows of groups of any size, and the same in batches of any size, empty ones too."""
    sizes = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(1, 6)), max_size=12))
    groups = sorted({(zone, client): size for zone, client, size in sizes}.items())
    rows = [(zone, client, zone % 2) for (zone, client), size in groups for _ in range(size)]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    table = pa.table([*columns, range(len(rows))], schema=KEYS)
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=4)))
    ends = zip([0, *cuts], [*cuts, len(rows)], strict=True)
    return table, [b for s, e in ends for b in table.slice(s, e - s).to_batches() or [pa.RecordBatch.from_pylist([], KEYS)]]


@given(streams(), st.integers(1, 9), st.booleans())
def test_parts_are_all_rows_in_order_and_cut_nothing(stream: tuple[pa.Table, list], least: int, by_client: bool):
    table, batches = stream
    if by_client:
        table = table.sort_by([("client_key", "ascending"), ("place", "ascending")])
        batches = table.to_batches(max_chunksize=3)
    found = list(parts(iter(batches), KEYS, least=least, by_client=by_client))
    assert [place for part in found for place in part["place"].to_pylist()] == table["place"].to_pylist()
    assert all(part.num_rows >= least for part in found[:-1])
    for one, after in pairwise(found):
        last, first = (part.select(["zone_key", "client_key", "fan_in"]).to_pylist() for part in (one, after))
        if by_client:
            assert last[-1]["client_key"] != first[0]["client_key"]
        elif last[-1]["fan_in"]:
            assert last[-1]["zone_key"] != first[0]["zone_key"]
        else:
            assert last[-1] != first[0]


def test_a_part_ends_at_the_first_place_behind_its_least():
    table = pa.table([[1, 1, 2, 2, 3, 3], [1] * 6, [0] * 6, range(6)], schema=KEYS)
    sizes = [part.num_rows for part in parts(iter(table.to_batches(max_chunksize=4)), KEYS, least=1, by_client=False)]
    assert sizes == [2, 2, 2]


@pytest.mark.parametrize("rows", [1, 25, 60])
def test_the_size_of_the_parts_changes_no_finding(rows: int):
    table = queries(*MANY)
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(table)
        expected = detect(engine, Config())
        engine.part_rows = rows
        assert len(list(engine.candidates())) > 1
        assert detect(engine, Config()) == expected
    assert {f.kind for f in expected} >= {"fan_in", "rotation"}


def test_clients_can_be_asked_for_while_rows_are_coming():
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(queries(*MANY))
        engine.part_rows = 1
        engine.sift(Config().detection, promising)
        asked = [engine.clients_of("example.com", 3) for _ in engine.candidates()]
    assert len(asked) > 2
    assert set(map(tuple, asked)) == {("10.0.0.8", "10.0.0.9")}


def test_no_candidates_are_no_part():
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(QUERIES.empty_table())
        assert candidates(engine).rows.num_rows == 0
        assert list(engine.candidates()) == []
        assert list(engine.rotating()) == []
