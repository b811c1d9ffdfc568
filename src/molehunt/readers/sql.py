"""Pieces of SQL that every text reader builds its relation from. Nothing from a file reaches SQL but as a quoted literal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import duckdb

from molehunt.columns import QUERIES_SQL_TYPES
from molehunt.wire.codes import RCODES, TYPES


def one_row(connection: duckdb.DuckDBPyConnection, statement: str) -> tuple[Any, ...]:
    """Return the only row of a statement, and leave no result open on the connection."""
    row: tuple[Any, ...] = connection.execute(statement).fetchall()[0]
    return row


def literal(text: str) -> str:
    """Return the text as a SQL string."""
    return "'" + text.replace("'", "''") + "'"


def identifier(text: str) -> str:
    """Return the text as a SQL name."""
    return '"' + text.replace('"', '""') + '"'


def select(columns: Mapping[str, str], source: str, where: str = "") -> str:
    """Return a SELECT with the columns of QUERIES in order; those not given are null, and the protocol is dns.

    Each expression stands alone, so that a query over few columns pays for those only.
    """
    given = {"protocol": "'dns'", **columns}
    parts = [f"({given.get(name, 'NULL')})::{kind} AS {name}" for name, kind in QUERIES_SQL_TYPES.items()]
    return f"SELECT {', '.join(parts)} FROM {source}" + (f" WHERE {where}" if where else "")


def union(relations: Iterable[str]) -> str:
    """Return all rows of several relations."""
    return " UNION ALL ".join(f"({relation})" for relation in relations)


def present(text: str) -> str:
    """Return the text, null where it is empty."""
    return f"nullif({text}, '')"


def _codes(codes: Mapping[int, str]) -> str:
    return "MAP {" + ", ".join(f"'{number}': '{name}'" for number, name in codes.items()) + "}"


@cache
def _names() -> tuple[str, str]:
    return _codes(TYPES), _codes(RCODES)


_COMMON_TYPES = ("A", "AAAA", "HTTPS", "PTR", "TXT", "SRV", "CNAME", "MX", "NS", "SOA", "NULL")


def qtype(text: str) -> str:
    """Return the record type as mnemonic: ``16``, ``16 (TXT)``, ``query-16`` and ``txt`` are all TXT, ``*`` is ANY.

    The few types that are nearly all are told first: they need no new text. Then what begins with a capital letter.
    """
    number = f"regexp_extract({text}, '[0-9]+')"
    return (
        f"CASE WHEN {text} IN {_COMMON_TYPES} THEN {text} WHEN {text} >= 'A' AND {text} < '[' THEN upper({text}) "
        f"WHEN ascii({text}) BETWEEN 48 AND 57 OR starts_with({text}, 'query-') "
        f"THEN coalesce({_names()[0]}[{number}], 'TYPE' || {number}) "
        f"WHEN {text} = '*' THEN 'ANY' ELSE upper(nullif({text}, '')) END"
    )


def rcode(text: str) -> str:
    """Return the response code as mnemonic: ``3``, ``rcode-3`` and ``NXDomain`` are all NXDOMAIN.

    The two that are nearly all are told first: they need no new text.
    """
    number = f"regexp_extract({text}, '[0-9]+')"
    return (
        f"CASE WHEN {text} IN ('NOERROR', 'NXDOMAIN') THEN {text} "
        f"WHEN ascii({text}) BETWEEN 48 AND 57 OR starts_with({text}, 'rcode-') "
        f"THEN coalesce({_names()[1]}[{number}], 'RCODE' || {number}) "
        f"WHEN contains({text}, ' ') THEN upper(nullif(replace({text}, ' ', ''), '')) ELSE upper(nullif({text}, '')) END"
    )


def split(text: str) -> str:
    """Return the values of a text that lists them: a JSON list, or separated by comma, semicolon, bar or line end."""
    parts = f"list_filter(string_split_regex({text}, '\\s*[,;|\\n]\\s*'), lambda part: part <> '')"
    return (
        f"CASE WHEN nullif({text}, '') IS NULL THEN NULL WHEN starts_with({text}, '[') AND json_valid({text}) "
        f"THEN list_transform(json_extract({text}, '$[*]'), lambda item: item ->> '$') ELSE {parts} END"
    )


def whole_number(text: str) -> str:
    """Return a text as a whole number of seconds; what is none is null."""
    return f"TRY_CAST(TRY_CAST({text} AS DOUBLE) AS UINTEGER)"


def whole_numbers(values: str) -> str:
    """Return a list of texts as whole numbers of seconds; what is none is null."""
    return f"list_transform({values}, lambda ttl: {whole_number('ttl')})"


def protocol(port: str) -> str:
    """Return dns, mdns or llmnr by the server's port, given as text. Source: RFC 6762, RFC 4795."""
    return f"CASE {port} WHEN '5353' THEN 'mdns' WHEN '5355' THEN 'llmnr' ELSE 'dns' END"


def epoch(text: str, ticks_per_s: int = 1) -> str:
    """Return the time of a number of ticks since 1970; null where it is none or out of range."""
    scale = f" / {ticks_per_s}" if ticks_per_s != 1 else ""
    return f"TRY(to_timestamp(TRY_CAST({text} AS DOUBLE){scale}))"


def moment(text: str) -> str:
    """Return the time of a text: seconds since 1970, or ISO 8601; without a zone it is UTC (the session's zone)."""
    return f"coalesce({epoch(text)}, TRY_CAST({text} AS TIMESTAMPTZ))"


def items(text: str) -> str:
    """Return the elements of a JSON list as texts; a single value is a list of one."""
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN starts_with({text}, '[') AND json_valid({text}) "
        f"THEN list_transform(json_extract({text}, '$[*]'), lambda item: item ->> '$') ELSE [{text}] END"
    )


def zeek_name(text: str) -> str:
    r"""Return a text of Zeek with its ``\xHH`` written as RFC 1035 has it: ``\DDD``, or the character if it prints."""
    rest = (
        "CASE WHEN regexp_full_match(left(part, 2), '[0-9a-fA-F]{2}') THEN "
        "CASE WHEN ('0x' || left(part, 2))::INTEGER = 92 THEN '\\\\' WHEN ('0x' || left(part, 2))::INTEGER = 46 THEN '\\.' "
        "WHEN ('0x' || left(part, 2))::INTEGER BETWEEN 33 AND 126 THEN chr(('0x' || left(part, 2))::INTEGER) "
        "ELSE '\\' || lpad((('0x' || left(part, 2))::INTEGER)::VARCHAR, 3, '0') END || substr(part, 3) "
        "ELSE '\\x' || part END"
    )
    parts = f"string_split({text}, '\\x')"
    return (
        f"CASE WHEN contains({text}, '\\x') THEN {parts}[1] || "
        f"array_to_string(list_transform({parts}[2:], lambda part: {rest}), '') ELSE {text} END"
    )
