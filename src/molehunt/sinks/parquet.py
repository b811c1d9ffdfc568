"""Findings as a Parquet table, for notebooks, DuckDB, Spark and data lakes."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from molehunt.findings import SCHEMA_VERSION, Evidence, Finding, Report
from molehunt.sinks import SinkOptions, shown

_TS = pa.timestamp("us", tz="UTC")
_EVIDENCE = pa.struct(
    [
        ("detector", pa.string()),
        ("feature", pa.string()),
        ("value", pa.string()),
        ("unit", pa.string()),
        ("weight", pa.float64()),
        ("sentence", pa.string()),
        ("group", pa.string()),
    ]
)
_SUPPRESSED = pa.struct([("reason", pa.string()), ("owner", pa.string()), ("rule", pa.string()), ("expires", pa.string())])

_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("finding_id", pa.string()),
    ("client", pa.string()),
    ("registered_domain", pa.string()),
    ("kind", pa.string()),
    ("confidence", pa.string()),
    ("severity", pa.string()),
    ("score", pa.float64()),
    ("prior", pa.float64()),
    ("summary", pa.string()),
    ("up_bytes", pa.int64()),
    ("down_bytes", pa.int64()),
    ("query_count", pa.int64()),
    ("unique_name_count", pa.int64()),
    ("client_count", pa.int64()),
    ("qtypes", pa.map_(pa.string(), pa.int64())),
    ("first_ts", _TS),
    ("last_ts", _TS),
    ("family", pa.string()),
    ("evidence", pa.list_(_EVIDENCE)),
    ("sample_names", pa.list_(pa.string())),
    ("attack", pa.list_(pa.string())),
    ("next_steps", pa.list_(pa.string())),
    ("suppressed", _SUPPRESSED),
    ("detail_json", pa.string()),
]

#: One row a finding. An evidence's value may be a number or a word, so it is text here.
SCHEMA = pa.schema(_COLUMNS)

#: Findings of one row group: what is held in memory at a time.
ROW_GROUP_COUNT = 1000


class ParquetSink:
    """Write one table, zstd-compressed, a row group at a time."""

    name = "parquet"
    summary = "a Parquet table, a row a finding"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the findings; the file's metadata says which molehunt and which schema made them."""
        findings = shown(report, options)
        about = {"molehunt_version": report.molehunt_version, "schema_version": SCHEMA_VERSION, "window": report.window}
        sink = pa.PythonFile(cast("io.IOBase", _Counted(stream)), mode="w")
        with pq.ParquetWriter(sink, SCHEMA.with_metadata(about), compression="zstd") as writer:
            for start in range(0, len(findings), ROW_GROUP_COUNT):
                writer.write_table(table(findings[start : start + ROW_GROUP_COUNT]).replace_schema_metadata(about))


def table(findings: list[Finding]) -> pa.Table:
    """Return the findings as one Arrow table with :data:`SCHEMA`."""
    return pa.Table.from_pylist([_row(finding) for finding in findings], schema=SCHEMA)


def _row(finding: Finding) -> dict[str, Any]:
    row = finding.model_dump(exclude={"detail", "evidence"})
    row["qtypes"] = list(finding.qtypes.items())
    row["evidence"] = [_evidence(e) for e in finding.evidence]
    row["detail_json"] = finding.detail and finding.detail.model_dump_json()
    return cast("dict[str, Any]", _storable(row))


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {**evidence.model_dump(), "value": None if evidence.value is None else str(evidence.value)}


def _storable(value: Any) -> Any:
    """Return the value with lone surrogates, which UTF-8 has no form for, written as escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_storable(item) for item in value)
    return value


class _Counted:
    """A stream that knows its position, so that a pipe will do: Parquet needs to know where it is, not to go back."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._position = stream, 0

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self.flush()


SINK = ParquetSink()
