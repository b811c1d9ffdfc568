"""The embedded engine: DuckDB, in this process, spilling to disk beyond its memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from molehunt.engines import statements
from molehunt.engines.database import Database
from molehunt.engines.name_facts import name_facts, zone_key
from molehunt.engines.steps import Steps
from molehunt.errors import EngineError
from molehunt.names import registered_domain

#: What DuckDB has of names: function -> what it does to an Arrow array, and the type of what it returns.
_FUNCTIONS: dict[str, tuple[Any, str]] = {
    "name_facts": (
        name_facts,
        "STRUCT(name_key UBIGINT, zone_key UBIGINT, chars INTEGER, name_chars INTEGER, mixed_case TINYINT, marked TINYINT)",
    ),
    "registered_domain": (registered_domain, "VARCHAR"),
}
#: Rows that are handed over in one go.
_BATCH_ROWS = 100_000

#: What is kept of all rows of the input, in DuckDB's words.
_READ_ROWS = """
SELECT ts, client, qname, qtype, rcode, answers, edns_options, list_min(answer_ttls) AS ttl_s,
       hash(resolver) AS resolver_key, facts.name_key,
       CASE WHEN coalesce(protocol, 'dns') = 'dns' THEN facts.zone_key END AS zone_key,
       facts.chars, facts.name_chars, facts.mixed_case, facts.marked,
       CAST(coalesce(answer_bytes, strlen(array_to_string(answers, '')), 0) AS BIGINT) AS down_chars
FROM (SELECT * REPLACE (coalesce(client, '') AS client, coalesce(qtype, '') AS qtype), name_facts(qname) AS facts
      FROM ({relation}))
"""
#: The rows that are DNS queries with a name; what quickly follows from what is kept is not kept.
_ASKED_ROWS = f"""
SELECT *, hash(client) AS client_key, CAST(qtype IN {statements.RARE_TYPES} AS TINYINT) AS rare_type,
       CASE WHEN answers IS NOT NULL OR mixed_case = 1
            THEN hash(answers, CASE WHEN mixed_case = 1 THEN qname END) END AS variant_key
FROM read_rows WHERE zone_key IS NOT NULL
"""


class DuckDBEngine(Database, Steps):
    """Runs the statements in an embedded DuckDB; arguments as :class:`Database`."""

    unnest = "unnest"

    def __init__(self, *, memory: str | None = None, folder: Path | None = None, threads: int | None = None) -> None:
        super().__init__(memory=memory, folder=folder, threads=threads)
        self._first_clients: dict[int, dict[int, list[str]]] = {}
        connection: Any = self.connection
        for name, (function, kind) in _FUNCTIONS.items():
            connection.create_function(name, function, ["VARCHAR"], kind, type="arrow")

    def close(self) -> None:
        """Close the database and remove what it spilled."""
        for name in _FUNCTIONS:
            self.connection.remove_function(name)
        super().close()

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
        self.connection.execute(f"CREATE OR REPLACE VIEW asked_rows AS {_ASKED_ROWS}")
        for step in ("relays", "asked"):
            self._make(step, statements.STEPS[step], step)
        self._first_clients, self._overview = {}, None

    def row_count(self) -> int:
        """Return the rows that were read, also those that are no DNS query with a name."""
        return int(self._row("SELECT count(*) AS rows FROM read_rows")["rows"])

    def newest(self, relation: str) -> datetime | None:
        """Return the time of the newest query of a relation."""
        moment: datetime | None = self._row(f"SELECT max(ts) AS newest FROM ({relation})")["newest"]
        return moment

    def use_table(self, queries: pa.Table) -> None:
        """Use an Arrow table of QUERIES."""
        self.connection.register("queries", queries)
        self.use("SELECT * FROM queries")

    def clients_of(self, registered_domain: str, most: int) -> list[str]:
        """Return at most so many clients that asked for names of the domain, in order."""
        if most not in self._first_clients:  # once for all candidates, not once for each
            self._first_clients[most] = self._clients_of_candidates(most)
        return self._first_clients[most].get(zone_key(registered_domain), [])

    def _clients_of_candidates(self, most: int) -> dict[int, list[str]]:
        names = "SELECT DISTINCT client_key, client FROM asked_rows WHERE client <> ''"
        zones = "SELECT DISTINCT zone_key FROM chosen"
        asked = f"asked a JOIN ({zones}) USING (zone_key) JOIN ({names}) n USING (client_key)"
        pairs = f"SELECT DISTINCT a.zone_key, n.client FROM {asked}"
        rows: Any = self._table(
            f"SELECT zone_key, min(client, {int(most)}) AS clients FROM ({pairs}) GROUP BY zone_key", "queries_of"
        )
        return dict(zip(*(rows.column(name).to_pylist() for name in ("zone_key", "clients")), strict=True))

    def _make(self, table: str, select: str, step: str) -> None:
        try:
            self.connection.execute(f"CREATE OR REPLACE TABLE {table} AS {select}")
        except duckdb.Error as error:
            raise _failure(step, error) from error

    def _put(self, table: str, rows: pa.Table) -> None:
        self.connection.register(table, rows)

    def _stream(self, select: str, step: str) -> Iterator[pa.RecordBatch]:
        try:
            with self.connection.cursor() as reading:  # of its own, so that the rows keep coming while others are asked for
                yield from reading.sql(select).to_arrow_reader(_BATCH_ROWS)
        except duckdb.Error as error:
            raise _failure(step, error) from error

    def _table(self, select: str, step: str) -> pa.Table:
        try:
            table: pa.Table = self.connection.sql(select).to_arrow_table()
        except duckdb.Error as error:
            raise _failure(step, error) from error
        return table


def _failure(step: str, error: duckdb.Error) -> EngineError:
    if "KeyboardInterrupt" in str(error):  # raised in a function of ours, which DuckDB makes an error of its own of
        raise KeyboardInterrupt from error
    advice = "Give more with --memory" if isinstance(error, duckdb.OutOfMemoryException) else None
    return EngineError(step, str(error), next_step=advice)
