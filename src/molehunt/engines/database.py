"""The embedded database by itself: all that a rule needs, and what the engine of the same name builds on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from molehunt.engines.memory import memory_bytes
from molehunt.errors import EngineError

#: Memory of the process where nobody says more; the database spills to disk beyond its share.
MEMORY = "1800MB"
#: What the process needs beside the database: Python, Arrow and the part of the candidates that is looked at; and a share,
#: as what DuckDB holds outside its limit and what the sorted rows take on their way grow with it.
_BESIDE_BYTES, _BESIDE_RATIO = 500_000_000, 0.25


class Database:
    """An embedded DuckDB with bounded memory; a context manager.

    Args:
        memory: Most memory of the whole process, such as ``4GB``; None is :data:`MEMORY`.
        folder: Where it spills to; a temporary folder if None.
        threads: Threads; None takes all cores.

    Raises:
        ConfigError: The memory is no size.
        EngineError: The database does not open.
    """

    def __init__(self, *, memory: str | None = None, folder: Path | None = None, threads: int | None = None) -> None:
        self._folder = None if folder else tempfile.TemporaryDirectory(prefix="molehunt-")
        config: dict[str, Any] = {"temp_directory": str(folder or (self._folder and self._folder.name))}
        config["memory_limit"] = _share(memory or MEMORY)
        if threads:
            config["threads"] = threads
        try:
            self.connection = duckdb.connect(config=config)
        except duckdb.Error as error:
            raise EngineError("open", str(error)) from error
        self.connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        self.connection.execute(
            "SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and remove what it spilled."""
        self.connection.close()
        if self._folder:
            self._folder.cleanup()

    def done_ratio(self) -> float:
        """Return how far the running statement has come, 0 to 1; may be asked from another thread."""
        return max(self.connection.query_progress(), 0.0) / 100


def _share(memory: str) -> str:
    """Return how much of the process's memory is the database's: what is left beside the rest, at least half."""
    whole = memory_bytes(memory)
    beside = min(max(_BESIDE_BYTES, round(whole * _BESIDE_RATIO)), whole // 2)
    return f"{whole - beside}B"
