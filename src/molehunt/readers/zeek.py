"""Zeek's dns.log: tab-separated with its own header, in any column order and with any separators, or JSON lines."""

from __future__ import annotations

import itertools
import mmap
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from molehunt.config import Config
from molehunt.errors import SourceSchemaError
from molehunt.findings import Problem
from molehunt.readers import Reading, SourceFile, objects, sql
from molehunt.readers.delimited import Dialect, Lost
from molehunt.readers.survey import survey
from molehunt.readers.untimed import Untimed

#: The columns that are read; the others of the log cost nothing.
READ = ("ts", "id.orig_h", "id.resp_h", "id.resp_p", "proto", "query", "qtype_name", "rcode_name", "answers", "TTLs", "rtt")
#: Fields in which exporters say which log a JSON line is of.
STREAMS = ("_path", "@stream")


@dataclass(frozen=True)
class Layout:
    """What the ``#`` lines before some records say. Source: Zeek's ASCII writer."""

    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    fields: tuple[str, ...] = ()
    path: str = ""

    def told(self, line: str) -> Layout:
        """Return the layout after one more ``#`` line."""
        if line.startswith("#separator"):
            separator = unescape(line[len("#separator") :].lstrip(" \t"))
            usable = 0 < len(separator.encode()) <= 4 and not set(separator) & set("\\\r\n")
            return Layout(separator=separator) if usable else Layout()  # nearly all have the tab
        key, _, value = line.partition(self.separator)
        if key == "#fields":
            return replace(self, fields=tuple(value.split(self.separator)))
        names = {"#set_separator": "set_separator", "#empty_field": "empty", "#unset_field": "unset", "#path": "path"}
        told: Any = {names[key]: unescape(value)} if key in names else {}
        return replace(self, **told)


class ZeekReader:
    """Reads dns.log."""

    name = "zeek"
    summary = "Zeek dns.log, tab-separated or JSON lines"

    def sniff(self, head: bytes) -> bool:
        """Tell whether the file is a dns.log: by its header, or by the keys of its first records."""
        if head.startswith(b"#"):
            layout = _header(head)[0]
            return layout.path == "dns" or {"query", "qtype_name"} <= set(layout.fields)
        return any(_is_dns_record(record) for record in objects.first_records(head))

    def read(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config) -> Reading:
        """Open a dns.log.

        Raises:
            SourceSchemaError: Its header names no columns, or no column ``query``.
        """
        if file.head.startswith(b"#"):
            return _read_tsv(file, connection, config)
        return _read_json(file, connection)


READER = ZeekReader()


def unescape(text: str) -> str:
    r"""Return the text with its ``\xHH`` as characters; what is none stays as it stands."""
    return re.sub(r"\\x([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), text)


def _header(head: bytes) -> tuple[Layout, int]:
    """Return what the first ``#`` lines say, and how many they are."""
    layout, count = Layout(), 0
    lines = (line.rstrip("\r") for line in head.decode("utf-8", "replace").split("\n"))
    for line in itertools.takewhile(lambda line: line.startswith("#"), lines):
        layout, count = layout.told(line), count + 1
    return layout, count


def _is_dns_record(record: Mapping[str, Any]) -> bool:
    if streams := [record[key] for key in STREAMS if key in record]:
        return "dns" in streams
    return "trans_id" in record and "proto" in record and any(key.startswith("id") for key in record)


def _read_tsv(file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config) -> Reading:
    layout, header_count = _header(file.head)
    seen = file.survey or survey(file.path)
    parts = [(file, layout)]
    if seen.hash_count > header_count + _closing_count(file.path):
        parts = _parts(file, layout) or parts
    used = [(part, layout) for part, layout in parts if "query" in layout.fields] or parts[:1]
    readings = [_read_part(part, layout, connection, config) for part, layout in used]
    if len(parts) == 1:
        return readings[0]
    unused_count = sum(_record_count(part) for part, layout in parts if "query" not in layout.fields)
    reason = "line below a Zeek header without a column 'query'"
    unused = [Problem(reason=reason, count=unused_count)] if unused_count else []

    def lost(row_count: int) -> list[Problem]:
        counts = [sql.one_row(connection, f"SELECT count(*) FROM ({reading.relation})")[0] for reading in readings]
        return [problem for reading, count in zip(readings, counts, strict=True) for problem in reading.lost(count)]

    def untimed() -> list[Problem]:
        return [problem for reading in readings for problem in reading.untimed()]

    expected_count = sum(reading.expected_count or 0 for reading in readings)
    return Reading(sql.union(reading.relation for reading in readings), lambda: unused, [], expected_count, lost, untimed)


def _record_count(file: SourceFile) -> int:
    """Return how many lines are no ``#`` lines."""
    seen = file.survey or survey(file.path)
    return seen.line_count - seen.hash_count


def _closing_count(path: Path) -> int:
    """Count the ``#`` lines at the very end, as Zeek writes when it closes a log."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        lines = file.read().rstrip(b"\r\n").split(b"\n")
    return sum(1 for _ in itertools.takewhile(lambda line: line.startswith(b"#"), reversed(lines)))


def _read_part(file: SourceFile, layout: Layout, connection: duckdb.DuckDBPyConnection, config: Config) -> Reading:
    """Read a file whose records all have one layout."""
    if "query" not in layout.fields:
        found = ", ".join(layout.fields) or "none"
        raise SourceSchemaError(
            f"no column 'query' in the Zeek header; columns: {found}",
            where=file.name,
            next_step="Give Zeek's dns.log with its # lines",
        )
    dialect = Dialect(
        columns=_distinct(layout.fields),
        delimiter=layout.separator,
        skip=_header(file.head)[1],
        nulls=(layout.unset,),
        line_bytes=config.limits.line_bytes,
    )
    expected_count = _record_count(file)
    lost = Lost(connection, file.path, dialect, expected_count, "#", config.limits.reject_count)
    columns = _columns({name: sql.identifier(name) for name in READ if name in layout.fields}, layout)
    source = dialect.scan(file.path)
    has_times = "ts" in layout.fields
    untimed = Untimed(connection, file.path, source, sql.identifier("ts"), columns["ts"]) if has_times else list
    relation = sql.select(columns, source)
    return Reading(relation, list, [], expected_count, lost, untimed, sql.literal(str(file.path)))


def _distinct(names: tuple[str, ...]) -> list[str]:
    """Return the names, those that differ in case only from an earlier one renamed, since SQL takes them for the same."""
    taken: set[str] = set()
    distinct = []
    for number, name in enumerate(names):
        distinct.append(f"{name} #{number}" if name.lower() in taken or not name else name)
        taken.add(name.lower())
    return distinct


def _columns(found: Mapping[str, str], layout: Layout) -> dict[str, str]:
    """Return the columns of QUERIES by the SQL of Zeek's."""

    def get(name: str) -> str:
        return found.get(name, "NULL::VARCHAR")

    def values(name: str, made: Callable[[str], str]) -> str:
        """Return a list; most have one value only, which costs least without a loop."""
        text, between = get(name), sql.literal(layout.set_separator)
        return (
            f"CASE WHEN {text} = {sql.literal(layout.empty)} THEN [] WHEN contains({text}, {between}) "
            f"THEN list_transform(string_split({text}, {between}), lambda value: {made('value')}) "
            f"WHEN {text} IS NOT NULL THEN [{made(text)}] END"
        )

    return {
        "ts": sql.epoch(get("ts")),
        "client": get("id.orig_h"),
        "resolver": get("id.resp_h"),
        "transport": f"lower({get('proto')})",
        "protocol": sql.protocol(get("id.resp_p")),
        "qname": sql.zeek_name(get("query")),
        "qtype": sql.qtype(get("qtype_name")),
        "rcode": sql.rcode(get("rcode_name")),
        "answers": values("answers", sql.zeek_name),
        "answer_ttls": values("TTLs", sql.whole_number),
        "rtt_s": f"TRY_CAST({get('rtt')} AS DOUBLE)",
    }


def _parts(file: SourceFile, first: Layout) -> list[tuple[SourceFile, Layout]]:
    """Split a file of several logs, one after the other, by their layouts; empty if all have the first."""
    ranges = list(_ranges(file.path, first))
    layouts = list(dict.fromkeys(layout for _, _, layout in ranges))
    if len(layouts) <= 1 or file.folder is None:
        return []
    parts = []
    for number, layout in enumerate(layouts):
        path = file.folder / f"{file.path.name}.part{number}"
        _copy(file.path, path, [(start, end) for start, end, other in ranges if other == layout])
        with path.open("rb") as opened:
            head = opened.read(len(file.head))
        parts.append((replace(file, path=path, head=head, survey=survey(path)), layout))
    return parts


def _ranges(path: Path, first: Layout) -> Iterator[tuple[int, int, Layout]]:
    """Give the bytes after each header with its layout."""
    start, layout = 0, first
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        told, at = layout, whole.find(b"\n#")
        while at >= 0:
            end = whole.find(b"\n", at + 1)
            end = len(whole) if end < 0 else end
            line = whole[at + 1 : end].decode("utf-8", "replace").rstrip("\r")
            told = told.told(line)
            if line.startswith("#fields") and replace(told, path="") != replace(layout, path=""):
                yield start, at + 1, layout
                start, layout = at + 1, told
            at = whole.find(b"\n#", end)
        yield start, len(whole), layout


def _copy(source: Path, target: Path, ranges: list[tuple[int, int]]) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        for start, end in ranges:
            reader.seek(start)
            shutil.copyfileobj(_Limited(reader, end - start), writer)


class _Limited:
    """So many next bytes of a file, as something to read from."""

    def __init__(self, file: Any, left: int) -> None:
        self.file, self.left = file, left

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self.file.read(min(size, self.left) if size >= 0 else self.left)
        self.left -= len(chunk)
        return chunk


def _read_json(file: SourceFile, connection: duckdb.DuckDBPyConnection) -> Reading:
    records = objects.first_records(file.head)
    spelt = {path for record in records for path, _ in objects.flat(record)}
    fields = {name: next((path for path in _spellings(name) if path in spelt), (name,)) for name in READ}
    streams = [(key,) for key in STREAMS if (key,) in spelt]
    form = objects.form_of(file.head)
    source = objects.scan(file.path, form, [*fields.values(), *streams])
    found = {name: objects.field(path) for name, path in fields.items()}
    columns = _columns(found, Layout()) | {
        "ts": sql.moment(found["ts"]),
        "answers": f"list_transform({sql.items(found['answers'])}, lambda answer: {sql.zeek_name('answer')})",
        "answer_ttls": sql.whole_numbers(sql.items(found["TTLs"])),
    }
    where = f"({found['ts']} IS NOT NULL OR {found['query']} IS NOT NULL)"
    where += "".join(f" AND coalesce({objects.field(path)}, 'dns') = 'dns'" for path in streams)
    by_line = form == "newline_delimited"
    expected_count = file.survey.line_count if by_line and not streams and file.survey else None
    relation = sql.select(columns, source, where)
    lost = objects.BadObjects(connection, file) if by_line else objects.nothing_lost
    untimed = Untimed(connection, file.path, source, found["ts"], columns["ts"], where)
    return Reading(relation, list, [], expected_count, lost, untimed, sql.literal(str(file.path)))


def _spellings(name: str) -> list[tuple[str, ...]]:
    """Return how exporters write a field: with dots, with underscores, or inside each other."""
    return [(name,), (name.replace(".", "_"),), tuple(name.split("."))]
