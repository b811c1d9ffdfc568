"""The one place where the evaluation asks molehunt: queries in, findings out."""

from __future__ import annotations

import pyarrow as pa

from molehunt.config import Config
from molehunt.detection import detect
from molehunt.engines.duckdb import DuckDBEngine
from molehunt.findings import Finding

#: One thread: the evaluation runs many small cases at once, each on its own process.
THREADS = 1


def engine_of(queries: pa.Table) -> DuckDBEngine:
    """Return an engine that has read a table of QUERIES; close it after use."""
    engine = DuckDBEngine(threads=THREADS)
    engine.use_table(queries)
    return engine


def hunt(queries: pa.Table) -> list[Finding]:
    """Run the detection over a table of QUERIES, all of it as one window."""
    with engine_of(queries) as engine:
        return detect(engine, Config())
