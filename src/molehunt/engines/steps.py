"""The steps that every engine takes over ``asked_rows``; an engine says how a table is made and how one is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import pyarrow as pa

from molehunt.config import DetectionSettings
from molehunt.engines import Candidates, Overview, echoes, statements
from molehunt.schema import GROUPS, QUERIES, TIMESTAMP

#: A single client with so many registered domains has others behind it.
FORWARDER_DOMAINS = 50

_ASKED_HOURS = """
SELECT ts, date_trunc('hour', ts) AS hour_ts, nullif(client, '') AS client, registered_domain(qname) AS registered_domain,
       name_key, greatest(chars - 1, 0) AS subdomain_chars, down_chars, rare_type
FROM asked_rows
"""
_KEYS = ("client_key", "zone_key", "name_key")
_AS_READ = ("ts", "client", "qname", "qtype", "rcode", "answers", "answer_ttls", "answer_bytes", "edns_options")

#: Columns of the candidates' queries: as read, then the keys, whose values differ between engines, then who else asked,
#: whether the group is looked at whatever the bits of its names, and what explains the name (:mod:`molehunt.engines.echoes`).
ROWS: pa.Schema = pa.schema(
    [
        *(QUERIES.field(name).remove_metadata() for name in _AS_READ),
        *(pa.field(name, pa.uint64()) for name in _KEYS),
        pa.field("name_clients", pa.int64()),
        pa.field("certain", pa.int32()),
        pa.field("echo_code", pa.int32()),
        pa.field("recent_count", pa.int64()),
    ]
)
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

    def groups(self) -> pa.Table:
        """Return the table GROUPS: additive numbers per client, registered domain and hour."""
        self._make("asked_hours", _ASKED_HOURS, "groups")
        return self._table(statements.GROUPS, "groups").cast(GROUPS)

    def overview(self) -> Overview:
        """Return what the whole input holds."""
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

    def candidates(self, settings: DetectionSettings, *, sieve: bool = True) -> Candidates:
        """Return the queries of every group that a detector might list; of every group without the sieve."""
        for step in list(statements.STEPS)[2:]:
            self._make(step, statements.text(step, settings), step)
        if not sieve:
            self._make("candidates", statements.EVERYTHING, "candidates")
        for step in echoes.STEPS:
            self._make(step, echoes.text(step, settings), step)
        rows = self._table(statements.CANDIDATE_ROWS, "queries_of")
        zones = self._table(statements.CANDIDATE_ZONES, "queries_of")
        return Candidates(rows.cast(ROWS), zones.cast(ZONES))

    def _forwarder(self, client_count: int, domain_count: int) -> str | None:
        if client_count != 1 or domain_count < FORWARDER_DOMAINS:
            return None
        client: str | None = self._row("SELECT nullif(max(client), '') AS client FROM asked_rows")["client"]
        return client

    def _row(self, select: str, step: str = "overview") -> dict[str, Any]:
        row: dict[str, Any] = self._table(select, step).to_pylist()[0]
        return row
