"""Engines: the one big group-by, the sieve and the queries that pass it, over a relation of QUERIES.

:class:`Engine` lists what each offers. :mod:`molehunt.engines.statements` holds the SQL, once, and
:mod:`molehunt.engines.steps` the order in which it runs; DuckDB runs it in this process, Spark where one machine is too small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from molehunt.config import DetectionSettings
from molehunt.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from molehunt.schema import Candidates, Overview

#: name -> "module:object"; loaded on use.
ENGINES: dict[str, str] = {
    "duckdb": "molehunt.engines.duckdb:DuckDBEngine",
    "spark": "molehunt.engines.spark:SparkEngine",
}


def load(name: str) -> Any:
    """Return the engine class of this name.

    Raises:
        ConfigError: There is none.
    """
    if name not in ENGINES:
        raise ConfigError(f"no engine is called {name!r}", next_step=f"Engines: {', '.join(ENGINES)}")
    module, _, attribute = ENGINES[name].partition(":")
    return getattr(import_module(module), attribute)


class Engine(Protocol):
    """What every engine offers."""

    @property
    def connection(self) -> Any:
        """The DuckDB connection in which readers read."""
        ...

    def use(self, relation: str, *, after: datetime | None = None, until: datetime | None = None) -> None:
        """Read a relation once, to its end: a SELECT over the connection, or what the engine gave as such."""
        ...

    def row_count(self) -> int:
        """Return the rows that were read, also those that are no DNS query with a name."""
        ...

    def untimed_count(self) -> int:
        """Return how many of them have no time."""
        ...

    def newest(self, relation: str) -> datetime | None:
        """Return the time of the newest query of a relation."""
        ...

    def done_ratio(self) -> float:
        """Return how far the reading has come, 0 to 1; may be asked from another thread."""
        ...

    def groups(self) -> pa.Table:
        """Return the table GROUPS: additive numbers per client, registered domain and hour."""
        ...

    def overview(self) -> Overview:
        """Return what the whole input holds."""
        ...

    def sift(
        self, settings: DetectionSettings, promising: Callable[[pa.Table, DetectionSettings], pa.Table], *, sieve: bool = True
    ) -> None:
        """Choose the groups that a detector might list; every group without the sieve. See :meth:`.steps.Steps.sift`."""
        ...

    def candidates(self) -> Iterator[Candidates]:
        """Yield the queries of the chosen groups, in parts; a group is never split, nor a domain whose clients are pooled."""
        ...

    def rotating(self) -> Iterator[Candidates]:
        """Yield the queries of clients that might spread over many domains, part by part; a client is never split."""
        ...

    def public_answers(self) -> frozenset[str]:
        """Return the records that many clients got among the chosen groups."""
        ...

    def clients_of(self, registered_domain: str, most: int) -> list[str]:
        """Return at most so many clients that asked for names of the domain, in order."""
        ...
