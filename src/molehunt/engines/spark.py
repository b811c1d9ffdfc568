"""The engine for where one machine is too small: Spark, on this machine or on a cluster.

It reads what it is told in one of two ways. *Addresses* (``table:catalog.schema.name``, ``s3a://…``, ``abfss://…``,
``file:///…``) Spark reads itself. Everything else molehunt's readers read, and hand it over as Parquet.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from molehunt.engines import lake, spark_session, statements
from molehunt.engines.name_facts import name_facts, zone_key
from molehunt.engines.steps import Steps
from molehunt.errors import EngineError
from molehunt.names import registered_domain

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

#: All rows of the input in Spark's words, the twin of the one in ``duckdb.py``.
_READ_ROWS = f"""
SELECT ts, client, qname, qtype, rcode, answers, edns_options, array_min(answer_ttls) AS ttl_s,
       xxhash64(client) AS client_key, xxhash64(resolver) AS resolver_key, facts.name_key,
       CASE WHEN coalesce(protocol, 'dns') = 'dns' THEN facts.zone_key END AS zone_key,
       facts.chars, facts.name_chars, facts.mixed_case, facts.marked,
       CAST(coalesce(answer_bytes, octet_length(array_join(answers, '')), 0) AS BIGINT) AS down_chars,
       CASE WHEN qtype IN {statements.RARE_TYPES} THEN 1 ELSE 0 END AS rare_type,
       CASE WHEN answers IS NOT NULL OR facts.mixed_case = 1
            THEN xxhash64(answers, CASE WHEN facts.mixed_case = 1 THEN qname END) END AS variant_key
FROM (SELECT ts, coalesce(client, '') AS client, resolver, protocol, qname, coalesce(qtype, '') AS qtype, rcode, answers,
             answer_ttls, answer_bytes, edns_options, name_facts(qname) AS facts
      FROM source_rows)
"""

#: Type of :func:`_signed_facts`, as Spark writes it.
_FACTS = "name_key bigint, zone_key bigint, chars int, name_chars int, mixed_case tinyint, marked tinyint"

#: What of QUERIES the engine needs.
_NEEDED = "ts, client, resolver, protocol, qname, qtype, rcode, answers, answer_ttls, answer_bytes, edns_options"

#: Tables that one later step reads once: there is no use in keeping their rows.
_READ_ONCE = frozenset({"public_zones", "zones", "rotating", "asked_hours", "pairs", "partners", "plain", "paces", "explained"})

_CLIENTS = """
SELECT zone_key, client
FROM (SELECT zone_key, client, row_number() OVER (PARTITION BY zone_key ORDER BY client) AS place
      FROM (SELECT DISTINCT zone_key, client FROM asked_rows WHERE client <> '' AND {which}))
WHERE place <= {most}
ORDER BY zone_key, client
"""


class SparkEngine(Steps):
    """Runs the statements on Spark.

    Args:
        memory: Memory of Spark's driver, such as ``4GB``; with a local master that is all it has. None: Spark's default.
        master: Where Spark runs, as Spark writes it: ``local[*]``, ``local[2]``, ``spark://host:7077``, ``yarn``.
        session: A session to work in; it is not stopped at the end. None takes the one that is active, or starts one.
        folder: Where inputs are handed over; every executor must see it. A temporary folder if None.
        conf: Further settings of Spark, for a session that is started.
    """

    unnest = "explode"

    def __init__(
        self, *, memory: str | None = None, master: str = "local[*]", session: SparkSession | None = None,
        folder: Path | None = None, conf: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        found = session or spark_session.running()
        self._own = None if found else spark_session.start(master, memory, conf or {})
        #: Views, functions and settings live in a session of their own: those of the user stay as they are.
        self.session: SparkSession = (found or self._own).newSession()  # type: ignore[union-attr]
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        self._folder = tempfile.TemporaryDirectory(prefix="molehunt-", dir=folder)
        self._read: DataFrame | None = None
        self._made: set[str] = set()
        self._addressed: dict[str, DataFrame] = {}
        self._handed: dict[str, DataFrame] = {}
        self._first_clients: dict[int, dict[int, list[str]]] = {}
        self._register()

    def _register(self) -> None:
        from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]

        self.session.udf.register("name_facts", arrow_udf(_signed_facts, _FACTS))
        self.session.udf.register("registered_domain", arrow_udf(_domains, "string"))

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all that was kept, and stop Spark if it was started here."""
        self._let_go()
        if "connection" in self.__dict__:
            self.connection.close()
        if self._own is not None:
            self._own.stop()
        self._folder.cleanup()

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The database in which molehunt's readers read what Spark does not read itself."""
        connection = duckdb.connect(config={"temp_directory": self._folder.name})
        connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        return connection

    def columns_of(self, source: str) -> list[str]:
        """Return the columns of an address; a field of a struct has a name with dots.

        Raises:
            EngineError: Spark cannot read it.
        """
        return list(lake.leaves(self._address(source).schema.jsonValue()))

    def relation_of(self, source: str, meanings: Mapping[str, str]) -> str:
        """Return the relation of an address, for :meth:`use`.

        Args:
            source: The address.
            meanings: Our column, or ``port``, -> the source's.
        """
        frame = self._address(source)
        view = f"address_{len(self._handed)}"
        lake.whole(frame).createOrReplaceTempView(view)
        columns = lake.expressions(lake.leaves(frame.schema.jsonValue()), meanings)
        selected = ", ".join(f"{columns[name]} AS {name}" for name in _NEEDED.split(", "))
        relation = f"SELECT {selected} FROM {view}"
        with _step("read"):
            self._handed[relation] = self.session.sql(relation)
        return relation

    def union_of(self, relations: list[str]) -> str:
        """Return the relation of all rows of several that :meth:`relation_of` gave."""
        relation = " UNION ALL ".join(relations)
        with _step("read"):
            self._handed[relation] = self.session.sql(relation)
        return relation

    def count_of(self, relation: str) -> int:
        """Return the rows of a relation."""
        with _step("read"):
            return int(self._frame(relation).count())

    def broken_of(self, source: str) -> tuple[int, str]:
        """Return how many records of an address are broken, and one of them."""
        with _step("read"):
            return lake.broken(self._address(source))

    def use(self, relation: str, *, after: datetime | None = None, until: datetime | None = None) -> None:
        """Read a relation once, to its end, and keep what the steps need.

        Args:
            relation: A SELECT over :attr:`connection` with the columns of QUERIES, or what :meth:`relation_of` gave.
            after: Leave out what is not later than this.
            until: Leave out what is later than this.
        """
        bounds = [f"ts > TIMESTAMP '{after.isoformat()}'"] if after else []
        bounds += [f"ts <= TIMESTAMP '{until.isoformat()}'"] if until else []
        frame = self._frame(relation)
        for bound in bounds:
            frame = frame.where(bound)
        frame.createOrReplaceTempView("source_rows")
        self._let_go()
        with _step("read"):
            self._read = self.session.sql(_READ_ROWS).persist()
            self._row_count = self._read.count()
            self._read.createOrReplaceTempView("read_rows")
        self.session.sql("SELECT * FROM read_rows WHERE zone_key IS NOT NULL").createOrReplaceTempView("asked_rows")
        for step in ("relays", "asked"):
            self._make(step, statements.STEPS[step], step)

    def use_table(self, queries: pa.Table) -> None:
        """Use an Arrow table of QUERIES."""
        relation = "SELECT * FROM queries"
        self._handed.pop(relation, None)
        self.connection.register("queries", queries)
        self.use(relation)

    def row_count(self) -> int:
        """Return the rows that were read, also those that are no DNS query with a name."""
        return self._row_count

    def newest(self, relation: str) -> datetime | None:
        """Return the time of the newest query of a relation."""
        self._frame(relation).createOrReplaceTempView("source_rows")
        moment: datetime | None = self._row("SELECT max(ts) AS ts FROM source_rows", "read")["ts"]
        return moment

    def done_ratio(self) -> float:
        """Return 0: Spark does not say how far it has come."""
        return 0.0

    def clients_of(self, registered_domain: str, most: int) -> list[str]:
        """Return at most so many clients that asked for names of the domain, in order."""
        if most not in self._first_clients:  # one job for all candidates, not one for each
            self._first_clients[most] = self._clients_of_candidates(most)
        return self._first_clients[most].get(zone_key(registered_domain), [])

    def _clients_of_candidates(self, most: int) -> dict[int, list[str]]:
        which = "zone_key IN (SELECT zone_key FROM chosen)"
        rows: Any = self._table(_CLIENTS.format(which=which, most=int(most)), "queries_of")
        found: dict[int, list[str]] = {}
        for zone, client in zip(rows.column("zone_key").to_pylist(), rows.column("client").to_pylist(), strict=True):
            found.setdefault(zone, []).append(client)
        return found

    def _frame(self, relation: str) -> DataFrame:
        """Return a relation as Spark has it; what is not an address is written to Parquet first, once."""
        if relation not in self._handed:
            path = Path(self._folder.name, f"{len(self._handed)}-{id(relation)}.parquet")
            quoted = str(path).replace("'", "''")
            try:
                self.connection.execute(f"COPY (SELECT {_NEEDED} FROM ({relation})) TO '{quoted}' (FORMAT parquet)")
            except duckdb.Error as error:
                raise EngineError("read", str(error)) from error
            with _step("read"):
                self._handed[relation] = self.session.read.parquet(path.as_uri())
        return self._handed[relation]

    def _address(self, source: str) -> DataFrame:
        if source not in self._addressed:
            with _step("read"):
                self._addressed[source] = lake.opened(self.session, source)
        return self._addressed[source]

    def _make(self, table: str, select: str, step: str) -> None:
        """Make a table; a checkpoint keeps its rows and forgets its plan, which would double with every step.

        Its columns are named anew, as Spark takes a column that went through two tables unchanged for one and the same.
        """
        with _step(step):
            frame = self.session.sql(select)
            made = frame if table in _READ_ONCE else frame.localCheckpoint()
            made.toDF(*made.columns).createOrReplaceTempView(table)
        self._made.add(table)

    def _let_go(self) -> None:
        if self._read is not None:
            self._read.unpersist()
        self._read = None
        self._made.clear()
        self._overview = None
        self._first_clients.clear()

    def _put(self, table: str, rows: pa.Table) -> None:
        signed = pa.table({name: rows[name].combine_chunks().view(pa.int64()) for name in rows.column_names})
        self.session.createDataFrame(signed).createOrReplaceTempView(table)

    def _stream(self, select: str, step: str) -> Iterator[pa.RecordBatch]:
        yield from self._table(select, step).to_batches()

    def _table(self, select: str, step: str) -> pa.Table:
        with _step(step):
            found = self.session.sql(select).toArrow()
        for i, field in enumerate(found.schema):
            if field.name.endswith("_key"):
                found = found.set_column(i, field.name, found.column(i).combine_chunks().view(pa.uint64()))
        return found


def _signed_facts(qname: pa.Array) -> pa.Array:
    """Return the facts of names, keys as signed numbers, as Spark has no others."""
    found: Any = name_facts(qname)
    columns = [c.view(pa.int64()) if c.type == pa.uint64() else c for c in found.flatten()]
    return pa.StructArray.from_arrays(columns, names=found.type.names)


def _domains(qname: pa.Array) -> pa.Array:
    """Return the registered domain of each name."""
    found = registered_domain(qname)
    assert isinstance(found, pa.Array)
    return found


@contextmanager
def _step(step: str) -> Iterator[None]:
    """Raise what Spark raises as an error of the step."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        text = str(error)
        advice = "Give more with --memory" if re.search(r"OutOfMemoryError|SparkOutOfMemory", text) else None
        raise EngineError(step, text.strip(), next_step=advice) from error
