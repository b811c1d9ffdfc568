"""From a table and what its columns mean to a reading: one expression per column of QUERIES."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import duckdb

from molehunt.columns import QUERIES_SQL_TYPES
from molehunt.errors import SourceSchemaError
from molehunt.findings import Problem
from molehunt.readers import Reading, SourceFile, sql
from molehunt.readers.tables import Table, time_sql
from molehunt.readers.untimed import Untimed
from molehunt.readers.vocabulary import TICKS, plain

#: Where the data, type and TTL of an answer stand in objects: ECS, OCSF, Route 53, Defender.
DATA = ("data", "rdata", "Rdata", "RData", "value", "Result")
TYPE = ("type", "Type", "rrtype", "DnsQueryType")
TTL = ("ttl", "TTL", "Ttl")


def reading(file: SourceFile, table: Table, names: Mapping[str, str], connection: duckdb.DuckDBPyConnection) -> Reading:
    """Return the rows of a table.

    Args:
        file: The file.
        table: Its columns.
        names: Our column, or ``port``, -> the table's.
        connection: Tries the forms of times.

    Raises:
        SourceSchemaError: The times are written in no known form.
    """
    columns = expressions(file, table, names, connection)
    problems = _told(names.get("ts", ""))
    relation = sql.select(columns, table.source(names.values()), table.condition(names.values()))
    return Reading(
        relation, lambda: problems, [], table.expected_count, table.lost, untimed(file, table, names, columns, connection),
        sql.literal(str(file.path)),
    )  # fmt: skip


def untimed(
    file: SourceFile, table: Table, names: Mapping[str, str], columns: Mapping[str, str], connection: duckdb.DuckDBPyConnection
) -> Callable[[], list[Problem]]:
    """Return what tells the times that cannot be read; a table without times has none."""
    if "ts" not in names:
        return list
    source, condition = (
        table.source(names.values()),
        table.condition(names.values()),
    )  # of one column alone, JSON reads otherwise
    return Untimed(connection, file.path, source, table.text(names["ts"]), columns["ts"], condition)


def expressions(
    file: SourceFile, table: Table, names: Mapping[str, str], connection: duckdb.DuckDBPyConnection
) -> dict[str, str]:
    """Return our column -> its SQL."""
    columns = {ours: sql.present(table.text(name)) for ours, name in names.items() if ours in QUERIES_SQL_TYPES}
    if "ts" in names:
        columns["ts"] = _time(file, table, names["ts"], connection)
    if "port" in names:
        columns["protocol"] = sql.protocol(table.text(names["port"]))
    if "transport" in columns:
        columns["transport"] = f"lower({columns['transport']})"
    columns |= _codes(table, names)
    if "rtt_s" in names:
        ticks = TICKS.get(plain(names["rtt_s"]), 1)
        columns["rtt_s"] = f"TRY_CAST({columns['rtt_s']} AS DOUBLE) / {ticks}"
    for name in ("answer_bytes", "query_bytes", "response_bytes", "retry_count"):
        if name in columns:
            columns[name] = f"TRY_CAST({columns[name]} AS BIGINT)"
    return columns | _answers(table, names)


def _codes(table: Table, names: Mapping[str, str]) -> dict[str, str]:
    """Return the record type and response code: the mnemonic, or the number where that is missing."""
    columns = {}
    for ours, convert in (("qtype", sql.qtype), ("rcode", sql.rcode)):
        found = [convert(table.text(names[name])) for name in (ours, f"{ours}_number") if name in names]
        if found:
            columns[ours] = f"coalesce({', '.join(found)})"
    return columns


def _time(file: SourceFile, table: Table, name: str, connection: duckdb.DuckDBPyConnection) -> str:
    found = time_sql(table, name, connection)
    if found is None:
        example = next(iter(table.values(name)), "")
        raise SourceSchemaError(
            f"no known form of time in column {name!r}: {example!r}",
            where=file.name,
            next_step="Name another column with --map ts=COLUMN, or leave the times out with --map ts=",
        )
    return found


def _answers(table: Table, names: Mapping[str, str]) -> dict[str, str]:
    """Return the answers: a list of objects, a list of texts, or a text that lists them."""
    columns: dict[str, str] = {}
    if "answers" in names:
        text = table.text(names["answers"])
        if _holds_objects(table.values(names["answers"])):
            columns |= {
                "answers": of_objects(text, DATA),
                "answer_types": f"list_transform({of_objects(text, TYPE)}, lambda kind: {sql.qtype('kind')})",
                "answer_ttls": sql.whole_numbers(of_objects(text, TTL)),
            }
        else:
            columns["answers"] = sql.split(text)
    if "answer_types" in names and "answer_types" not in columns:
        columns["answer_types"] = sql.split(table.text(names["answer_types"]))
    if "answer_ttls" in names and "answer_ttls" not in columns:
        columns["answer_ttls"] = sql.whole_numbers(sql.split(table.text(names["answer_ttls"])))
    if "edns_options" in names:
        options = sql.split(table.text(names["edns_options"]))
        columns["edns_options"] = f"list_transform({options}, lambda code: TRY_CAST(code AS USMALLINT))"
    return columns


def _holds_objects(values: list[str]) -> bool:
    return any(value.lstrip("[ \t\r\n").startswith("{") for value in values)


def of_objects(text: str, keys: tuple[str, ...]) -> str:
    """Return the texts under the first of the keys that is there, of each object in a JSON list or of a single one."""
    value = "coalesce(" + ", ".join(f"item ->> {sql.literal(key)}" for key in keys) + ")"
    items = f"CASE WHEN starts_with({text}, '[') THEN json_extract({text}, '$[*]') ELSE [{text}::JSON] END"
    return (
        f"CASE WHEN {text} IS NULL OR NOT json_valid({text}) THEN NULL ELSE list_transform({items}, lambda item: {value}) END"
    )


def _told(time_name: str) -> list[Problem]:
    if "[local time]" not in time_name.lower():
        return []
    text = f"column {time_name!r} has no zone; read as UTC"
    return [Problem(reason="times are local to whoever exported them", count=0, example=text)]
