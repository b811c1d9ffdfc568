"""Cuts a stream of ordered queries into parts that fit into memory, where nothing that belongs together is cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def parts(batches: Iterator[pa.RecordBatch], schema: pa.Schema, *, least: int, by_client: bool) -> Iterator[pa.Table]:
    """Yield the rows of a stream in their order, in parts of at least so many rows, the last one aside.

    Args:
        batches: Rows ordered by zone and client, or by client.
        schema: What the rows are cast to.
        least: Rows of a part at least; it ends at the first place behind them. A group that is larger is one part all the same.
        by_client: Whether a client's rows belong together; else a group's do, and those of a domain whose clients are pooled.
    """
    held: list[pa.Table] = []
    before: Any = None
    for batch in batches:
        rows: Any = pa.Table.from_batches([batch]).cast(schema)
        places, start = _places(rows, before, by_client), 0
        while True:
            kept = sum(part.num_rows for part in held)
            found = int(np.searchsorted(places, max(start + least - kept, start + (not kept))))
            if found == len(places):
                break
            end = int(places[found])
            yield pa.concat_tables([*held, rows.slice(start, end - start)])
            held, start = [], end
        if rows.num_rows:
            held, before = [*held, rows.slice(start)], rows.slice(rows.num_rows - 1)
    if held:
        yield pa.concat_tables(held)


def _places(rows: Any, before: Any, by_client: bool) -> npt.NDArray[np.int64]:
    """Return where a part may begin: at a row that does not belong to the one before it."""
    joined = pa.concat_tables([before, rows]) if before is not None else rows
    client, zone, pooled = (np.asarray(joined[name]) for name in ("client_key", "zone_key", "fan_in"))
    turns = client[1:] != client[:-1]
    if not by_client:
        turns = (zone[1:] != zone[:-1]) | (turns & (pooled[1:] == 0))
    return np.flatnonzero(turns) + (0 if before is not None else 1)
