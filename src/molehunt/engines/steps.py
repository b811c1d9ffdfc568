"""The steps that every engine takes over ``asked_rows``; an engine says how a table is made and how one is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from molehunt.config import FORWARDER_DOMAINS, DetectionSettings
from molehunt.engines import echoes, statements
from molehunt.engines.parts import parts
from molehunt.schema import GROUPS, QUERIES, TIMESTAMP, Candidates, Overview

_ASKED_HOURS = """
SELECT ts, date_trunc('hour', ts) AS hour_ts, nullif(client, '') AS client, registered_domain(qname) AS registered_domain,
       name_key, CASE WHEN chars > 0 THEN chars - 1 ELSE 0 END AS subdomain_chars, down_chars, rare_type
FROM asked_rows
"""
_KEYS = ("client_key", "zone_key", "name_key")
_AS_READ = ("ts", "client", "qname", "qtype", "rcode", "answers", "edns_options")

#: Columns of the candidates' queries: as read, then the keys, whose values differ between engines, then how many clients asked
#: the name, whether the group is looked at by itself, whether its domain's clients are pooled, and what
#: explains the name (:mod:`molehunt.engines.echoes`).
ROWS: pa.Schema = pa.schema(
    [
        *(QUERIES.field(name).remove_metadata() for name in _AS_READ),
        pa.field("ttl_s", pa.int64()),
        *(pa.field(name, pa.uint64()) for name in _KEYS),
        pa.field("name_clients", pa.int64()),
        pa.field("worth", pa.int32()),
        pa.field("fan_in", pa.int32()),
        pa.field("echo_code", pa.int32()),
        pa.field("recent_count", pa.int64()),
    ]
)
#: Names of candidates, group by group in the order in which they were first asked.
_NAME_FIELDS: list[pa.Field[Any]] = [
    *(pa.field(name, pa.uint64()) for name in ("zone_key", "client_key")),
    pa.field("qname", pa.string()),
    pa.field("first_ts", TIMESTAMP),
    *(pa.field(name, pa.int64()) for name in ("query_count", "zone_clients", "type_count", "fan_in")),
]
NAMES: pa.Schema = pa.schema(_NAME_FIELDS)
#: Keys of groups.
PAIRS: pa.Schema = pa.schema([("client_key", pa.uint64()), ("zone_key", pa.uint64())])
#: Says which groups of a table with the columns of NAMES are worth a closer look: a table with the columns of PAIRS.
Promising = Callable[[pa.Table, DetectionSettings], pa.Table]

#: Columns of the candidates' domains.
ZONES: pa.Schema = pa.schema(
    [
        ("zone_key", pa.uint64()),
        *((name, pa.int64()) for name in ("pair_count", "name_count", "client_count")),
        ("first_ts", TIMESTAMP),
    ]
)


class Steps(ABC):
    """Runs the statements on an engine that has made ``asked_rows`` and the steps up to ``asked``."""

    #: Rows of the candidates that are looked at in one go; about 150 MB with the copies that the exact work makes.
    part_rows = 400_000
    #: The engine's word that makes a row of each element of a list.
    unnest: str
    _overview: Overview | None = None
    _settings: DetectionSettings
    _zones: pa.Table

    @abstractmethod
    def _make(self, table: str, select: str, step: str) -> None:
        """Make a table of this name, or make it anew.

        Raises:
            EngineError: The step failed.
        """

    @abstractmethod
    def _table(self, select: str, step: str) -> pa.Table:
        """Return the rows of a SELECT.

        Raises:
            EngineError: The step failed.
        """

    @abstractmethod
    def _stream(self, select: str, step: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a SELECT, in its order, as they come.

        Raises:
            EngineError: The step failed.
        """

    @abstractmethod
    def _put(self, table: str, rows: pa.Table) -> None:
        """Offer rows as a table of this name."""

    def untimed_count(self) -> int:
        """Return how many of the rows that were read have no time."""
        return int(self._row("SELECT count(*) - count(ts) AS rows FROM read_rows", "read")["rows"])

    def groups(self) -> pa.Table:
        """Return the table GROUPS: additive numbers per client, registered domain and hour."""
        self._make("asked_hours", _ASKED_HOURS, "groups")
        return self._table(statements.GROUPS, "groups").cast(GROUPS)

    def overview(self) -> Overview:
        """Return what the whole input holds; asked for once."""
        if self._overview is None:
            self._overview = self._look_over()
        return self._overview

    def sift(self, settings: DetectionSettings, promising: Promising, *, sieve: bool = True) -> None:
        """Choose the groups that a detector might list; every group without the sieve.

        Args:
            settings: The thresholds.
            promising: Tells which groups of a table of names (:data:`NAMES`) could be listed for the bits of their names.
            sieve: Whether to leave out any.
        """
        self._settings = settings
        for step in list(statements.STEPS)[2:]:
            self._make(step, self._filled(statements.STEPS[step]), step)
        if not sieve:
            self._make("candidates", statements.EVERYTHING, "candidates")
        self._make("uncertain", statements.UNCERTAIN, "sift")
        names = parts(self._stream(self._filled(statements.NAMES), "sift"), NAMES, least=self.part_rows, by_client=False)
        self._put("promising", pa.concat_tables([PAIRS.empty_table(), *(promising(part, settings) for part in names)]))
        self._make("chosen", statements.CHOSEN, "sift")
        for step in echoes.STEPS:
            self._make(step, echoes.text(step, settings), step)
        self._make("chosen_rows", self._filled(statements.CHOSEN_ROWS), "queries_of")
        self._zones = self._table(statements.CHOSEN_ZONES, "queries_of").cast(ZONES)

    def candidates(self) -> Iterator[Candidates]:
        """Yield the queries of the chosen groups, in parts; a group is never split, nor a domain whose clients are pooled."""
        return self._parts(statements.BY_ZONE, by_client=False)

    def rotating(self) -> Iterator[Candidates]:
        """Yield the queries of clients that might spread over many domains, part by part; a client is never split."""
        return self._parts(statements.BY_CLIENT, by_client=True)

    def public_answers(self) -> frozenset[str]:
        """Return the records that many clients got among the chosen groups."""
        select = self._filled(statements.PUBLIC_ANSWERS, unnest=self.unnest)
        records: list[Any] = self._table(select, "queries_of").column("record").to_pylist()
        return frozenset(records)

    def _filled(self, statement: str, **words: str) -> str:
        return statements.filled(statement, self._settings, **words)

    def _parts(self, select: str, *, by_client: bool) -> Iterator[Candidates]:
        zones = self._zones
        for rows in parts(self._stream(select, "queries_of"), ROWS, least=self.part_rows, by_client=by_client):
            yield Candidates(rows, zones.filter(pc.is_in(zones["zone_key"], pc.unique(rows["zone_key"]))))

    def _look_over(self) -> Overview:
        facts = self._row(statements.OVERVIEW)
        seen = self._row("SELECT bool_or(client <> '') AS clients, bool_or(answers IS NOT NULL) AS answers FROM asked_rows")
        return Overview(
            query_count=int(facts["query_count"]),
            client_count=facts["client_count"],
            domain_count=facts["domain_count"],
            first_ts=facts["first_ts"],
            last_ts=facts["last_ts"],
            has_clients=bool(seen["clients"]),
            has_answers=bool(seen["answers"]),
            forwarder=self._forwarder(facts["client_count"], facts["domain_count"]),
        )

    def _forwarder(self, client_count: int, domain_count: int) -> str | None:
        if client_count != 1 or domain_count < FORWARDER_DOMAINS:
            return None
        client: str | None = self._row("SELECT nullif(max(client), '') AS client FROM asked_rows")["client"]
        return client

    def _row(self, select: str, step: str = "overview") -> dict[str, Any]:
        row: dict[str, Any] = self._table(select, step).to_pylist()[0]
        return row
