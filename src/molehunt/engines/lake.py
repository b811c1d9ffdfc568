"""Sources that Spark reads itself: addresses, their columns, and the columns of QUERIES made of them.

The forms are those of the ``table`` reader: names by the same vocabulary, record types as mnemonic or number, times as such, as
text or as ticks since 1970, answers as list of texts, list of objects or text that lists them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from molehunt.errors import ConfigError
from molehunt.wire.codes import RCODES, TYPES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TABLE = "table:"
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/.+", re.IGNORECASE)
_SPARK_TYPES = {
    "ts": "timestamp", "answers": "array<string>", "answer_ttls": "array<bigint>", "edns_options": "array<int>",
    "answer_bytes": "bigint",
}  # fmt: skip
#: Where the data and TTL of an answer stand in objects.
_DATA = ("data", "rdata", "Rdata", "RData", "value", "Result")
_TTL = ("ttl", "TTL", "Ttl")
_CORRUPT = "_corrupt_record"


def is_address(source: str) -> bool:
    """Tell whether a source is named by an address and not by a path: ``table:NAME`` or ``scheme:/…``."""
    return source.startswith(_TABLE) or bool(_ADDRESS.fullmatch(source))


def opened(session: SparkSession, source: str) -> DataFrame:
    """Open a table, or files by their ending: .csv, .tsv, .json, .jsonl, .ndjson, .orc; Parquet if it is none of these."""
    if source.startswith(_TABLE):
        return session.table(source.removeprefix(_TABLE))
    ending = re.sub(r"\.(gz|bz2|zst|zstd|lz4|xz)$", "", source.rstrip("/*"), flags=re.IGNORECASE).rpartition(".")[2].lower()
    if ending in {"csv", "tsv"}:
        return _delimited(session, source, "\t" if ending == "tsv" else ",")
    if ending in {"json", "jsonl", "ndjson"}:
        return session.read.json(source)
    return session.read.orc(source) if ending == "orc" else session.read.parquet(source)


def _delimited(session: SparkSession, source: str, separator: str) -> DataFrame:
    """Open delimited text with a header; lines that do not fit it stand in a column of their own."""
    settings: dict[str, Any] = {"header": True, "sep": separator, "escape": '"', "columnPruning": False}
    header = session.read.options(**settings).csv(source).schema
    return session.read.options(**settings).schema(header.add(_CORRUPT, "string")).csv(source)


def whole(frame: DataFrame) -> DataFrame:
    """Return the records that are not broken."""
    return frame.where(f"{_CORRUPT} IS NULL") if _CORRUPT in frame.columns else frame


def broken(frame: DataFrame) -> tuple[int, str]:
    """Return how many records are broken, and one of them."""
    if _CORRUPT not in frame.columns:
        return 0, ""
    others = [f"count(`{name}`)" for name in frame.columns if name != _CORRUPT][:1]  # Spark asks for one column beside
    row = frame.selectExpr(f"count({_CORRUPT})", f"max({_CORRUPT})", *others).first()
    return (int(row[0]), row[1] or "") if row else (0, "")


def leaves(schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> dict[str, tuple[str, Any]]:
    """Return the columns of a schema, as Spark writes it in JSON: name with dots -> its SQL and its type."""
    found: dict[str, tuple[str, Any]] = {}
    for field in schema["fields"]:
        path, kind = (*above, field["name"]), field["type"]
        if isinstance(kind, dict) and kind["type"] == "struct":
            found |= leaves(kind, path)
        elif field["name"] != _CORRUPT:
            found[".".join(path)] = (".".join(f"`{name.replace('`', '``')}`" for name in path), kind)
    return found


def expressions(columns: Mapping[str, tuple[str, Any]], meanings: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of QUERIES -> their SQL; null where the source has none.

    Args:
        columns: The source's columns, as :func:`leaves` gives them.
        meanings: Our column, or ``port``, -> the source's.

    Raises:
        ConfigError: A column that was named is not there.
    """
    if absent := [name for name in meanings.values() if name not in columns]:
        raise ConfigError(f"no column {absent[0]!r}", next_step=f"Columns: {', '.join(list(columns)[:40])}")
    given = {ours: columns[name] for ours, name in meanings.items()}
    made = dict(_made(given))
    names = ("ts", "client", "resolver", "protocol", "qname", "qtype", "rcode", "answers", "answer_ttls", "answer_bytes",
             "edns_options")  # fmt: skip
    return {name: made.get(name, f"CAST(NULL AS {_SPARK_TYPES.get(name, 'string')})") for name in names}


def _made(given: Mapping[str, tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield our column and its SQL."""
    for name in ("client", "resolver", "qname"):
        if name in given:
            yield name, _text(given[name])
    if "ts" in given:
        yield "ts", _time(given["ts"])
    for name, codes, rest in (("qtype", TYPES, "TYPE"), ("rcode", RCODES, "RCODE")):
        found = [_code(given[key], codes, rest) for key in (name, f"{name}_number") if key in given]
        if found:
            yield name, f"coalesce({', '.join(found)})"
    if "protocol" in given:
        yield "protocol", f"lower({_text(given['protocol'])})"
    elif "port" in given:
        yield "protocol", f"CASE {_text(given['port'])} WHEN '5353' THEN 'mdns' WHEN '5355' THEN 'llmnr' ELSE 'dns' END"
    else:
        yield "protocol", "'dns'"
    yield from _answers(given)
    if "answer_bytes" in given:
        yield "answer_bytes", f"try_cast({given['answer_bytes'][0]} AS bigint)"


def _answers(given: Mapping[str, tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, keys, kind in (("answers", _DATA, "string"), ("answer_ttls", _TTL, "bigint"), ("edns_options", (), "int")):
        if name in given:
            yield name, f"transform({_list(given[name], keys)}, x -> try_cast(x AS {kind}))"
        elif name == "answer_ttls" and "answers" in given and _element(given["answers"][1]):
            yield name, f"transform({_list(given['answers'], keys)}, x -> try_cast(x AS {kind}))"


def _list(column: tuple[str, Any], keys: tuple[str, ...]) -> str:
    """Return a list: as it is, the first of these fields of each object, or the parts of a text."""
    place, kind = column
    if _is_list(kind):
        names = _element(kind)
        field = next((key for key in keys if key in names), None)
        if not names:
            return place
        return f"transform({place}, x -> x.`{field}`)" if field else f"transform({place}, x -> CAST(NULL AS string))"
    text = _text(column)
    parts = f"filter(split({text}, '\\\\s*[,;|\\n]\\s*'), x -> x <> '')"
    return f"coalesce(from_json(CASE WHEN startswith({text}, '[') THEN {text} END, 'array<string>'), {parts})"


def _is_list(kind: Any) -> bool:
    return isinstance(kind, dict) and kind["type"] == "array"


def _element(kind: Any) -> list[str]:
    """Return the fields of the objects of a list; none if it is no list of objects."""
    element = kind["elementType"] if _is_list(kind) else None
    return [field["name"] for field in element["fields"]] if isinstance(element, dict) and element["type"] == "struct" else []


def _text(column: tuple[str, Any]) -> str:
    return f"nullif(CAST({column[0]} AS string), '')"


def _time(column: tuple[str, Any]) -> str:
    """Return the time: as it is, by ISO 8601, or by seconds, milli-, micro- or nanoseconds since 1970, by their size."""
    place, kind = column
    if kind in {"timestamp", "timestamp_ntz", "date"}:
        return f"CAST({place} AS timestamp)"
    number = f"try_cast({place} AS decimal(38, 9))"
    micros = (
        f"CASE WHEN {number} >= 1e17 THEN {number} / 1000 WHEN {number} >= 1e14 THEN {number} "
        f"WHEN {number} >= 1e11 THEN {number} * 1000 ELSE {number} * 1000000 END"
    )
    ticks = f"timestamp_micros(try_cast({micros} AS bigint))"
    return ticks if kind != "string" else f"coalesce({ticks}, try_cast({place} AS timestamp))"


def _code(column: tuple[str, Any], codes: Mapping[int, str], rest: str) -> str:
    """Return a mnemonic of a mnemonic or a number."""
    text = _text(column)
    number = f"try_cast(regexp_extract({text}, '^(?:query-|rcode-)?([0-9]+)', 1) AS int)"
    known = "map(" + ", ".join(f"{code}, '{name}'" for code, name in codes.items()) + ")"
    return (
        f"CASE WHEN {number} IS NOT NULL THEN coalesce(try_element_at({known}, {number}), concat('{rest}', {number})) "
        f"WHEN {text} = '*' THEN 'ANY' ELSE upper(replace({text}, ' ', '')) END"
    )
