"""A case: queries, and what is true of them.

Truth is a list of targets. A target is one channel: who digs, to which registered domains, and which rows of the case
carry it with how many bytes of payload each way. A case without targets is benign: every alert in it is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from molehunt.schema import QUERIES

#: Where generated time begins: a Monday, midnight.
START = datetime(2026, 1, 5, tzinfo=UTC)
START_S = START.timestamp()
DAY_S = 86400


@dataclass(frozen=True)
class Target:
    """One channel that has to be found.

    Attributes:
        clients: Who digs; None where any client of the case (or none at all) may be named.
        domains: Registered domains that it uses; None where the tunnel has no domain of its own.
        rows: Which rows of the case carry it, as a mask.
        up_bytes: Payload of each of those rows towards the outside; None where the truth is not known.
        down_bytes: Payload of each of those rows to the inside; None where the truth is not known.
        estimated: The bytes are an estimate from the names, not the truth.
    """

    clients: frozenset[str] | None
    domains: frozenset[str] | None
    rows: np.ndarray
    up_bytes: np.ndarray | None = None
    down_bytes: np.ndarray | None = None
    estimated: bool = False

    def covers(self, client: str | None, domain: str | None) -> bool:
        """Tell whether a finding about this client and domain names this channel."""
        who = self.clients is None or client is None or client in self.clients
        return who and (self.domains is None or domain is None or domain in self.domains)


@dataclass(frozen=True)
class Case:
    """Queries in order of time with their truth.

    Attributes:
        name: Unique; what ``--only`` takes.
        part: Which table of the page it belongs to: corpora, channels, lookalikes or mixed days.
        corpus: Where it comes from: a folder of the corpora, or the generator.
        tool: Tool family of a tunnel, or kind of look-alike.
        change: What the attacker changed; empty outside the channels.
        queries: Rows of QUERIES.
        targets: What has to be found; empty for a benign case.
        judged: False where nobody says whether the case is benign.
    """

    name: str
    part: str
    corpus: str
    tool: str
    change: str
    queries: pa.Table
    targets: list[Target] = field(default_factory=list)
    judged: bool = True


def table(rows: int, **columns: Any) -> pa.Table:
    """Build QUERIES from columns; a scalar fills its column, an absent column is null.

    Args:
        rows: Number of rows.
        **columns: Sequences or scalars by the names of QUERIES; ``ts`` in seconds since 1970.
    """
    arrays = []
    for spec in QUERIES:
        value = columns.pop(spec.name, "dns" if spec.name == "protocol" else None)
        if spec.name == "ts" and value is not None:
            arrays.append(_times(value))
        elif value is None or isinstance(value, str | int | float):
            arrays.append(pa.repeat(pa.scalar(value, spec.type), rows))
        else:
            arrays.append(pa.array(value, spec.type))
    if columns:
        raise KeyError(f"no such columns: {sorted(columns)}")
    return pa.Table.from_arrays(arrays, schema=QUERIES)


def _times(seconds: Sequence[float | None] | np.ndarray) -> pa.Array:
    kind = QUERIES.field("ts").type
    if isinstance(seconds, np.ndarray):
        return pa.array((seconds * 1e6).astype(np.int64), pa.int64()).cast(kind)
    return pa.array([None if s is None else round(s * 1e6) for s in seconds], pa.int64()).cast(kind)


def rows_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Build QUERIES from dictionaries of single rows, ``ts`` in seconds since 1970; an absent key is null."""
    names = {name for row in rows for name in row}
    return table(len(rows), **{name: [row.get(name) for row in rows] for name in names})


def lay(*parts: tuple[pa.Table, np.ndarray | None]) -> tuple[pa.Table, list[np.ndarray]]:
    """Lay tables over one another in order of time.

    Args:
        *parts: Tables, each with the payload of its rows (or None).

    Returns:
        The rows of all, and per part an array over those rows: its payload, NaN where the row is not the part's.
    """
    whole = pa.concat_tables([queries for queries, _ in parts])
    owner = np.repeat(np.arange(len(parts)), [queries.num_rows for queries, _ in parts])
    load = np.concatenate([np.zeros(q.num_rows) if p is None else np.asarray(p, float) for q, p in parts])
    order = np.argsort(whole["ts"].cast(pa.int64()).to_numpy(), kind="stable")
    whole, owner, load = whole.take(order).combine_chunks(), owner[order], load[order]
    return whole, [np.where(owner == i, load, np.nan) for i in range(len(parts))]


def forwarded(queries: pa.Table) -> pa.Table:
    """Return what a log shows that stands behind a resolver: the resolver is the only client."""
    client = pa.repeat(pa.scalar("10.0.0.1"), queries.num_rows)
    return queries.set_column(1, queries.schema.field("client"), client)
