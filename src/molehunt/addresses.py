"""Sources that the engine reads itself, named by an address; they stand in a run where opened files stand otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from molehunt.engines.lake import is_address
from molehunt.errors import ConfigError, SourceSchemaError
from molehunt.findings import Problem, SourceSummary
from molehunt.readers.sources import Inputs
from molehunt.readers.vocabulary import guess, likeliest

if TYPE_CHECKING:
    from molehunt.engines.spark import SparkEngine


def are_addresses(sources: Sequence[str]) -> bool:
    """Tell whether the sources are named by addresses.

    Raises:
        ConfigError: Some are, and some are not.
    """
    told = [is_address(source) and not Path(source).exists() for source in sources]
    if any(told) and not all(told):
        raise ConfigError("files and addresses in one run", next_step="Scan them in two runs, or name files as file:///…")
    return any(told)


class Addresses(Inputs):
    """Addresses of a run, in place of opened files.

    Args:
        sources: The addresses.
        engine: The engine that reads them.
        columns: Our column -> the source's, beside those that are guessed.

    Raises:
        SourceSchemaError: No column holds the name asked.
        EngineError: A source cannot be read.
    """

    def __init__(self, sources: Sequence[str], engine: SparkEngine, columns: Mapping[str, str]) -> None:
        self.sources = []
        self._engine = engine
        self._relations = {source: engine.relation_of(source, _meanings(source, engine, columns)) for source in sources}
        self._all = engine.union_of(list(self._relations.values()))

    @property
    def relation(self) -> str:
        """The relation of all rows, for the engine."""
        return self._all

    def close(self) -> None:
        """Leave everything to the engine."""

    def drop_unreadable(self) -> bool:
        """Return False: a source that fails fails the run."""
        return False

    def summaries(self, row_count: int | None = None, untimed_count: int | None = None) -> list[SourceSummary]:
        """Return what was read of each source.

        Args:
            row_count: Rows of all, if known: then a single source need not be counted.
            untimed_count: Not looked at: what Spark cannot read as a time is null.
        """
        known = row_count if len(self._relations) == 1 else None
        return [self._summed(source, known) for source in self._relations]

    def _summed(self, source: str, row_count: int | None) -> SourceSummary:
        count, example = self._engine.broken_of(source)
        problems = [Problem(reason="record cannot be read", count=count, example=example)] if count else []
        rows = self._engine.count_of(self._relations[source]) if row_count is None else row_count
        return SourceSummary(name=source, reader="spark", record_count=rows, problems=problems)


def _meanings(source: str, engine: SparkEngine, columns: Mapping[str, str]) -> dict[str, str]:
    there = engine.columns_of(source)
    guessed = guess(there) or (likeliest(there) if columns.get("qname") else {})
    meanings = {**guessed, **columns}
    if not meanings.get("qname"):
        raise SourceSchemaError(
            f"no column is known to hold the name asked; columns: {', '.join(there[:40])}",
            where=source,
            next_step="Say which: --map qname=COLUMN",
        )
    return {ours: theirs for ours, theirs in meanings.items() if theirs}
