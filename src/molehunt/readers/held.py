"""Arrow rows kept for a relation that may be read as often as it takes: in memory, or beyond a size in a temporary file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import chain

import pyarrow as pa

from molehunt import schema


def hold(batches: Iterator[pa.RecordBatch], memory_bytes: int) -> pa.Table:
    """Collect batches in memory, or in a temporary file if they are larger than ``memory_bytes``."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size > memory_bytes:
            return _spill(chain(held, batches))
    return pa.Table.from_batches(held, schema=schema.QUERIES)


def _spill(batches: Iterator[pa.RecordBatch]) -> pa.Table:
    """Write batches to a temporary file and map it; the file has no name any more, so nothing stays behind."""
    handle, path = tempfile.mkstemp(prefix="molehunt-", suffix=".arrow")
    try:
        with os.fdopen(handle, "wb") as file, pa.ipc.new_file(file, schema.QUERIES) as writer:
            for batch in batches:
                writer.write_batch(batch)
        return pa.ipc.open_file(pa.memory_map(path)).read_all()
    finally:
        os.unlink(path)
