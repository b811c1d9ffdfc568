"""The embedded engine: DuckDB, in this process, spilling to disk beyond its memory."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa

from molehunt.engines import statements
from molehunt.engines.steps import Steps
from molehunt.errors import EngineError
from molehunt.names import registered_domain

_FUNCTION = "registered_domain"
#: Memory of the database where nobody says more; it spills to disk beyond. The process needs some 400 MB on top.
MEMORY = "1GB"

#: All rows of the input in DuckDB's words; ``asked_rows`` are those with a zone_key: DNS queries with a name.
_READ_ROWS = f"""
SELECT ts, client, qname, qtype, rcode, answers, answer_ttls, answer_bytes, edns_options,
       hash(client) AS client_key, hash(resolver) AS resolver_key, hash(name) AS name_key,
       CASE WHEN zone IS NOT NULL AND coalesce(protocol, 'dns') = 'dns' THEN hash(zone) END AS zone_key,
       CAST(strlen(name) - CASE WHEN ends_with(name, zone) THEN strlen(zone) ELSE 0 END AS INTEGER) AS chars,
       CAST(strlen(name) AS INTEGER) AS name_chars,
       CAST(coalesce(answer_bytes, strlen(array_to_string(answers, '')), 0) AS BIGINT) AS down_chars,
       CASE WHEN qtype IN {statements.RARE_TYPES} THEN 1 ELSE 0 END AS rare_type,
       CASE WHEN name = plain OR upper(name) = plain THEN 0 ELSE CAST(strlen(name) AS INTEGER) END AS case_chars,
       CASE WHEN strlen(name) >= {statements.MARK_CHARS} AND regexp_matches(name, '{statements.MARK}')
            THEN 1 ELSE 0 END AS marked
FROM (SELECT *, lower(plain) AS name
      FROM (SELECT * REPLACE (coalesce(client, '') AS client, coalesce(qtype, '') AS qtype), {_FUNCTION}(qname) AS zone,
                   CASE WHEN ends_with(qname, '.') THEN rtrim(qname, '.') ELSE qname END AS plain
            FROM ({{relation}})))
"""


class DuckDBEngine(Steps):
    """Runs the statements in an embedded DuckDB.

    Args:
        memory: Most memory that the database may hold, such as ``4GB``; None is :data:`MEMORY`.
        folder: Where it spills to; a temporary folder if None.
        threads: Threads; None takes all cores.
    """

    def __init__(self, *, memory: str | None = None, folder: Path | None = None, threads: int | None = None) -> None:
        self._folder = None if folder else tempfile.TemporaryDirectory(prefix="molehunt-")
        config: dict[str, Any] = {"temp_directory": str(folder or (self._folder and self._folder.name))}
        config["memory_limit"] = memory or MEMORY
        if threads:
            config["threads"] = threads
        self._first_clients: dict[int, list[str]] | None = None
        try:
            self.connection = duckdb.connect(config=config)
        except duckdb.Error as error:
            raise EngineError("open", str(error), next_step="Give memory as 4GB or 512MB") from error
        self.connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        self.connection.execute(
            "SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0"
        )
        self.connection.execute("CREATE TEMP MACRO name_hash(name) AS hash(name)")
        connection: Any = self.connection
        connection.create_function(_FUNCTION, registered_domain, ["VARCHAR"], "VARCHAR", type="arrow")

    def __enter__(self) -> DuckDBEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and remove what it spilled."""
        self.connection.remove_function(_FUNCTION)
        self.connection.close()
        if self._folder:
            self._folder.cleanup()

    def use(self, relation: str, *, after: datetime | None = None, until: datetime | None = None) -> None:
        """Read a relation once, to its end, and keep what the steps need.

        Args:
            relation: A SELECT over :attr:`connection` with the columns of QUERIES.
            after: Leave out what is not later than this.
            until: Leave out what is later than this.
        """
        bounds = [f"ts > '{after.isoformat()}'"] if after else []
        bounds += [f"ts <= '{until.isoformat()}'"] if until else []
        if bounds:
            relation = f"SELECT * FROM ({relation}) WHERE {' AND '.join(bounds)}"
        self._make("read_rows", _READ_ROWS.format(relation=relation), "read")
        self.connection.execute("CREATE OR REPLACE TEMP VIEW asked_rows AS SELECT * FROM read_rows WHERE zone_key IS NOT NULL")
        for step in ("relays", "asked"):
            self._make(step, statements.STEPS[step], step)
        self._first_clients = None

    def row_count(self) -> int:
        """Return the rows that were read, also those that are no DNS query with a name."""
        return int(self._row("SELECT count(*) AS rows FROM read_rows")["rows"])

    def newest(self, relation: str) -> datetime | None:
        """Return the time of the newest query of a relation."""
        moment: datetime | None = self._row(f"SELECT max(ts) AS newest FROM ({relation})")["newest"]
        return moment

    def done_ratio(self) -> float:
        """Return how far the running statement has come, 0 to 1; may be asked from another thread."""
        return max(self.connection.query_progress(), 0.0) / 100

    def use_table(self, queries: pa.Table) -> None:
        """Use an Arrow table of QUERIES."""
        self.connection.register("queries", queries)
        self.use("SELECT * FROM queries")

    def clients_of(self, registered_domain: str, most: int) -> list[str]:
        """Return at most so many clients that asked for names of the domain, in order."""
        key = self.connection.execute("SELECT hash(?)", [registered_domain]).fetchall()[0][0]
        if self._first_clients is None:  # once for all candidates, not once for each
            self._first_clients = self._clients_of_candidates()
        return self._first_clients.get(key, [])[:most]

    def _clients_of_candidates(self) -> dict[int, list[str]]:
        names = "SELECT DISTINCT client_key, client FROM asked_rows WHERE client <> ''"
        zones = "SELECT DISTINCT zone_key FROM candidates"
        asked = f"asked a JOIN ({zones}) USING (zone_key) JOIN ({names}) n USING (client_key)"
        pairs = f"SELECT DISTINCT a.zone_key, n.client FROM {asked}"
        rows = self._table(
            f"SELECT zone_key, list_sort(list(client)) AS clients FROM ({pairs}) GROUP BY zone_key", "queries_of"
        )
        keys: Any
        clients: Any
        keys, clients = (rows.column(name).to_pylist() for name in ("zone_key", "clients"))
        return dict(zip(keys, clients, strict=True))

    def _make(self, table: str, select: str, step: str) -> None:
        try:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {select}")
        except duckdb.Error as error:
            raise _failure(step, error) from error

    def _table(self, select: str, step: str) -> pa.Table:
        try:
            table: pa.Table = self.connection.sql(select).to_arrow_table()
        except duckdb.Error as error:
            raise _failure(step, error) from error
        return table


def _failure(step: str, error: duckdb.Error) -> EngineError:
    advice = "Give more with --memory" if isinstance(error, duckdb.OutOfMemoryException) else None
    return EngineError(step, str(error), next_step=advice)
