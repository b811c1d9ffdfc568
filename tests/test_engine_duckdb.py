"""The big group-by on DuckDB: right numbers, nulls, limits, errors."""

from __future__ import annotations

import pyarrow as pa
import pytest

from digs import candidates, channel
from language import queries
from molehunt.engines.duckdb import DuckDBEngine
from molehunt.errors import EngineError
from molehunt.schema import GROUPS, QUERIES


def engine_of(*lines: str) -> DuckDBEngine:
    engine = DuckDBEngine(threads=1)
    engine.use_table(queries(*lines))
    return engine


def test_groups_count_per_client_domain_and_hour():
    with engine_of("10.0.0.1 a.example.com x3", "10.0.0.1 b.example.com +1h", "10.0.0.2 a.example.co.uk TXT") as engine:
        groups = engine.groups()
    assert groups.schema.equals(GROUPS)
    rows = [
        (r["client"], r["registered_domain"], r["hour_ts"].hour, r["query_count"], r["name_count"], r["subdomain_chars"])
        for r in groups.to_pylist()
    ]
    assert rows == [
        ("10.0.0.2", "example.co.uk", 10, 1, 1, 1),
        ("10.0.0.1", "example.com", 9, 3, 1, 3),
        ("10.0.0.1", "example.com", 10, 1, 1, 1),
    ]


def test_unknown_clients_are_one_group_with_a_null():
    with engine_of("- a.example.com", "- b.example.com") as engine:
        groups = engine.groups().to_pylist()
    assert [(g["client"], g["query_count"]) for g in groups] == [(None, 2)]


def test_the_overview_says_what_the_input_shows():
    with engine_of("10.0.0.1 a.example.com x4", "10.0.0.2 b.example.org =192.0.2.1") as engine:
        seen = engine.overview()
    assert (seen.query_count, seen.client_count, seen.domain_count) == (5, 2, 2)
    assert seen.has_clients
    assert seen.has_answers
    assert seen.last_ts is not None
    assert seen.first_ts is not None
    assert (seen.last_ts - seen.first_ts).total_seconds() == 4


def test_one_client_with_many_domains_is_a_forwarder():
    with engine_of("10.0.0.1 www.site{i}.com x600") as engine:
        assert engine.overview().forwarder == "10.0.0.1"
    with engine_of("10.0.0.1 www.site{i}.com x600", "10.0.0.2 www.site1.com") as engine:
        assert engine.overview().forwarder is None


def test_multicast_names_are_left_out():
    table = queries("10.0.0.1 a.example.com", "10.0.0.1 printer.local")
    spoken = pa.array(["dns", "mdns"])
    table = table.set_column(table.schema.get_field_index("protocol"), QUERIES.field("protocol"), spoken)
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(table)
        assert [g["registered_domain"] for g in engine.groups().to_pylist()] == ["example.com"]


def test_an_empty_input_has_no_groups_and_no_candidates():
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(QUERIES.empty_table())
        assert engine.groups().num_rows == 0
        assert candidates(engine).rows.num_rows == 0
        assert engine.overview().query_count == 0


def test_a_resolver_of_others_does_not_make_their_names_public():
    lines = [line for i in range(3) for line in channel(20, client=f"10.0.0.{i}", rest=f"TXT +9s @10.0.0.{i + 1}")]
    with engine_of(*lines) as engine:
        rows = candidates(engine).rows
    assert rows.num_rows == 60
    assert set(rows.column("name_clients").to_pylist()) == {None}


def test_other_clients_of_a_domain_are_told_in_order():
    with engine_of("10.0.0.3 a.example.com", "10.0.0.1 b.example.com", "10.0.0.2 c.example.org") as engine:
        candidates(engine, sieve=False)
        assert engine.clients_of("example.com", 5) == ["10.0.0.1", "10.0.0.3"]
        assert engine.clients_of("example.com", 1) == ["10.0.0.1"]


def test_a_relation_that_fails_says_which_step_failed():
    with DuckDBEngine(threads=1) as engine, pytest.raises(EngineError) as caught:
        engine.use("SELECT * FROM nowhere")
    assert caught.value.step == "read"


def test_the_database_has_what_the_rest_of_the_process_leaves():
    def limit(memory: str) -> str:
        with DuckDBEngine(memory=memory) as engine:
            return engine.connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]

    assert limit("4GB") == "2.7 GiB"
    assert limit("1.6GB") == "1.0 GiB"
    assert limit("200MB") == "95.3 MiB"
