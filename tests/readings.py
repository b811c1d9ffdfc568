"""How the tests read sources: everything through ``open_sources``, rows as dictionaries without their nulls."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from molehunt.columns import QUERIES_SQL_TYPES
from molehunt.config import Config
from molehunt.findings import SourceSummary
from molehunt.readers.sources import open_sources
from molehunt.schema import QUERIES

GOLDEN = Path(__file__).parent / "data" / "readers"


def read(*names: Path | str, **options: Any) -> tuple[list[dict[str, Any]], list[SourceSummary]]:
    """Return the rows of the sources, in order of time, and what is said of each source."""
    config = options.pop("config", Config())
    with (
        duckdb.connect() as connection,
        open_sources([str(name) for name in names], connection=connection, config=config, **options) as inputs,
    ):
        cursor = connection.execute(f"SELECT * FROM ({inputs.relation}) ORDER BY ALL")
        assert [column[0] for column in cursor.description] == QUERIES.names
        rows = cursor.fetchall()
        summaries = inputs.summaries(len(rows))
        if len(summaries) < 10:
            assert summaries == inputs.summaries(), "what is said of a source depends on who counts its rows"
    return [dict(zip(QUERIES.names, row, strict=True)) for row in rows], summaries


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without nulls and without protocol=dns; its time is written as hours and seconds of the day."""
    kept = {name: value for name, value in row.items() if value is not None and (name, value) != ("protocol", "dns")}
    if "ts" in kept:
        assert kept["ts"].strftime("%Y-%m-%d %Z") == "2026-01-05 UTC"
        kept["ts"] = kept["ts"].strftime("%H:%M:%S.%f").rstrip("0").rstrip(".")
    return kept


def multiset(rows: list[dict[str, Any]]) -> Counter:
    """Return rows as something to compare without regard to order."""
    return Counter(repr(sorted(row.items(), key=lambda item: item[0])) for row in rows)


def types(relation: str, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the column types of a relation."""
    rows = connection.execute(f"DESCRIBE {relation}").fetchall()
    return {name: kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for name, kind, *_ in rows}


__all__ = ["GOLDEN", "QUERIES_SQL_TYPES", "multiset", "read", "shown", "types"]
