"""Any table: the columns are guessed by the names of ECS, OCSF, Splunk CIM and common logs, or named by the user."""

from __future__ import annotations

import re

import duckdb

from molehunt.columns import QUERIES_SQL_TYPES
from molehunt.config import Config
from molehunt.errors import ConfigError, SourceSchemaError
from molehunt.readers import Reading, SourceFile, tables
from molehunt.readers.mapped import reading
from molehunt.readers.vocabulary import guess, likeliest

#: What a name looks like, for the advice which column it could be.
NAME = re.compile(r"(?!\d+(\.\d+){3}$)(?=.*[a-z])[\w*-]+(\.[\w*-]+)+\.?", re.IGNORECASE)


class TableReader:
    """Reads delimited text, JSON and Parquet."""

    name = "table"
    summary = "any CSV, TSV, JSON or Parquet: ECS, OCSF, Splunk CIM and common column names, or --map"

    def sniff(self, head: bytes) -> bool:
        """Tell whether the file is a table of any kind; whether it holds DNS shows when it is read."""
        return tables.is_table(head)

    def read(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config) -> Reading:
        """Open a table.

        Raises:
            UnknownFormatError: It is no table.
            SourceSchemaError: No column holds the name asked, or one that the user named is not there.
            ConfigError: The user named a column of ours that does not exist.
        """
        named = config.table.columns
        if unknown := set(named) - set(QUERIES_SQL_TYPES) - {"port"}:
            raise ConfigError(
                f"no column of ours is called {min(unknown)!r}", next_step=f"Ours: {', '.join((*QUERIES_SQL_TYPES, 'port'))}"
            )
        headless = any(named.values()) and all(theirs.isdecimal() for theirs in named.values() if theirs)
        table = tables.open_table(file, connection, config, headless=headless)
        return reading(file, table, _meanings(file, table, named), connection)


READER = TableReader()


def _meanings(file: SourceFile, table: tables.Table, named: dict[str, str]) -> dict[str, str]:
    """Return our column -> the file's: the user's choice before the guess."""
    guessed = guess(table.names)
    if not guessed and "qname" in named:
        guessed = likeliest(table.names)
    for ours, theirs in named.items():
        if theirs and theirs not in table.names:
            raise SourceSchemaError(f"no column {theirs!r} for {ours}; columns: {_shown(table)}", where=file.name)
    meanings = {**guessed, **named}
    if not meanings.get("qname"):
        raise SourceSchemaError(
            f"no column is known to hold the name asked; columns: {_shown(table)}",
            where=file.name,
            next_step=f"Say which: --map qname={_likeliest(table)}",
        )
    return {ours: theirs for ours, theirs in meanings.items() if theirs}


def _shown(table: tables.Table) -> str:
    names = list(table.names)
    return ", ".join(names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")


def _likeliest(table: tables.Table) -> str:
    """Return the column whose first values look most like names, as it has to be typed."""

    def share(name: str) -> float:
        values = table.values(name)
        return sum(bool(NAME.fullmatch(value)) for value in values) / len(values) if values else 0.0

    best = max(table.names, key=share, default="")
    if not best or share(best) == 0:
        return "COLUMN"
    return f"'{best}'" if re.search(r"[^\w.@-]", best) else best
