"""Findings as a Parquet table, for notebooks, DuckDB, Spark and data lakes."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from molehunt.findings import Report
from molehunt.schema import FINDINGS
from molehunt.sinks import SinkOptions, shown

#: Findings of one row group: what is held in memory at a time.
ROW_GROUP_COUNT = 1000


class ParquetSink:
    """Write the columns of ``schema.FINDINGS``, zstd-compressed, a row group at a time."""

    name = "parquet"
    summary = "a Parquet table, a row a finding"

    def write(self, report: Report, stream: BinaryIO, options: SinkOptions) -> None:
        """Write the findings; the file's metadata says which molehunt and which schema made them."""
        findings = shown(report, options)
        about = {"molehunt_version": report.molehunt_version, "schema_version": report.schema_version, "window": report.window}
        sink = pa.PythonFile(cast("io.IOBase", _Counted(stream)), mode="w")
        with pq.ParquetWriter(sink, FINDINGS.with_metadata(about), compression="zstd") as writer:
            for start in range(0, len(findings), ROW_GROUP_COUNT):
                part = report.model_copy(update={"findings": findings[start : start + ROW_GROUP_COUNT]})
                writer.write_table(part.to_arrow().replace_schema_metadata(about))


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
