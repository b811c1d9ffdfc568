"""From the names that a user types to readings: folders walked, globs expanded, compressed files unpacked, readers chosen.

One bad file never costs the others: its fault stands in its summary, and the rest of the run goes on.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import cast

import duckdb

from molehunt.columns import QUERIES_SQL_TYPES
from molehunt.config import Config, InputLimits
from molehunt.errors import ConfigError, MolehuntError, SourceError, SourceSchemaError, UnknownFormatError
from molehunt.findings import Problem, SourceSummary
from molehunt.readers import READERS, Reader, Reading, SourceFile, sql
from molehunt.readers.named import Named, expand
from molehunt.readers.survey import PARQUET, is_binary, rewriting, survey
from molehunt.readers.unpack import Progress, compression_of, spool_stdin, unpack

#: Bytes at the beginning of a file by which its format is told.
HEAD_BYTES = 64 << 10
#: What a connection must be set to, to read sources right. DuckDB 2.0 moves a TRY_CAST of a CSV's column into its reader
#: (optimizer ``type_pushdown``), which with ``ignore_errors`` drops each line whose value is no such thing, where null is due.
SETTINGS = "SET TimeZone = 'UTC'; SET disabled_optimizers = 'type_pushdown'"
#: Characters that DuckDB takes for a pattern in a file name.
PATTERN = frozenset("*?[]{}")


@dataclass
class Source:
    """One source of a run with all that is known of it.

    Attributes:
        name: What messages call it.
        path: Where it is; None for standard input.
        reader: Name of the reader that reads it.
        reading: Its rows; None if it is not used.
        problems: What was wrong before a reader saw it.
        fault: Why it could not be used.
        size_bytes: Bytes of the plain file.
    """

    name: str
    path: Path | None = None
    reader: str | None = None
    reading: Reading | None = None
    problems: list[Problem] = field(default_factory=list)
    fault: SourceError | None = None
    size_bytes: int = 0

    @property
    def error(self) -> str | None:
        """Return why it could not be used, in words."""
        return str(self.fault) if self.fault else None


class Inputs:
    """The sources of a run, open for reading; a context manager that removes the temporary files at its end.

    Attributes:
        sources: All that were named or found, also those that are not used.
    """

    def __init__(self, sources: list[Source], connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.sources = sources
        self._connection = connection
        self._folder = folder

    def __enter__(self) -> Inputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary files; the relation cannot be read after."""
        for source in self.sources:
            source.reading = None
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def total_bytes(self) -> int:
        """Plain bytes that are read for the relation."""
        return sum(source.size_bytes for source in self.sources if source.reading)

    @property
    def relation(self) -> str:
        """SQL of a SELECT over all rows, with the columns of QUERIES in order; may be read as often as wanted.

        Raises:
            SourceError: No source is left.
        """
        _check_any(self.sources)
        relations = _together([source.reading for source in self.sources if source.reading])
        return relations[0] if len(relations) == 1 else sql.union(relations)

    def keep(self, outputs: Sequence[str]) -> None:
        """See that no output stands where a source does: evidence is never overwritten.

        What lies beside the logs in a folder and is none, such as the report of an earlier run, is no source.

        Raises:
            ConfigError: One does.
        """
        kept = [source.path for source in self.sources if source.path and (source.reading or source.fault)]
        for output in outputs:
            if Path(output).is_file() and any(path.exists() and path.samefile(output) for path in kept):
                raise ConfigError("a source, not overwritten", where=output, next_step="Name another file with -o")

    def drop_unreadable(self) -> bool:
        """Look for the sources at which reading fails, and leave them out; call it when a query over the relation failed.

        Returns:
            Whether any was left out: then the query is worth another try, else the fault is not in a source.
        """
        dropped = False
        for source in self.sources:
            if source.reading is None:
                continue
            try:
                self._connection.execute(f"SELECT {_all_columns()} FROM ({source.reading.relation})").fetchall()
            except duckdb.OutOfMemoryException:  # no fault of the source
                continue
            except (duckdb.Error, OSError, MolehuntError) as error:
                source.reading, source.fault, dropped = None, _as_fault(error, source.name), True
        return dropped

    def summaries(self, row_count: int | None = None, untimed_count: int | None = None) -> list[SourceSummary]:
        """Return what was read of each source, in the order named; ask after the relation has been read.

        Args:
            row_count: Rows that the relation gave, if known: then good sources need not be counted one by one.
            untimed_count: Rows without a time that it gave, if known: if there are none, no time need be looked at again.
        """
        used = [source.reading for source in self.sources if source.reading]
        counts: dict[int, int] = {}
        if len(used) == 1 and row_count is not None:
            counts[id(used[0])] = row_count
        expected = [reading.expected_count for reading in used]
        if row_count is not None and None not in expected and sum(n or 0 for n in expected) == row_count:
            counts = {id(reading): reading.expected_count or 0 for reading in used}
        return [self._summary(source, counts, untimed_count != 0) for source in self.sources]

    def _summary(self, source: Source, counts: dict[int, int], untimed: bool) -> SourceSummary:
        reading, problems, error, row_count = source.reading, list(source.problems), source.error, 0
        if reading:
            try:
                if id(reading) in counts:
                    row_count = counts[id(reading)]
                else:
                    row_count, untimed = self._count(reading)
                if row_count != reading.expected_count:
                    problems += reading.lost(row_count)
                problems += reading.problems()
                problems += reading.untimed() if untimed else []
            except (duckdb.Error, OSError) as fault:
                error = str(_as_fault(fault, source.name))
        return SourceSummary(
            name=source.name, reader=source.reader, record_count=max(row_count, 0), problems=problems, error=error
        )

    def _count(self, reading: Reading) -> tuple[int, bool]:
        """Return how many rows a source has, and whether any has no time."""
        count, timed = sql.one_row(self._connection, f"SELECT count(*), count(ts) FROM ({reading.relation})")
        return count, timed < count


def _together(readings: list[Reading]) -> list[str]:
    """Return as few relations as give all rows: files of one kind and layout are read as one list."""
    alike: dict[str, list[Reading]] = {}
    for reading in readings:
        key = reading.relation if reading.place is None else reading.relation.replace(reading.place, "?")
        alike.setdefault(key, []).append(reading)
    return [_one(group) for group in alike.values()]


def _one(group: list[Reading]) -> str:
    first = group[0]
    if len(group) == 1 or first.place is None:
        return sql.union(reading.relation for reading in group) if len(group) > 1 else first.relation
    return first.relation.replace(first.place, "[" + ", ".join(reading.place or "" for reading in group) + "]")


def _all_columns() -> str:
    return ", ".join(f"count({name})" for name in QUERIES_SQL_TYPES)


def open_sources(
    names: Sequence[str],
    *,
    connection: duckdb.DuckDBPyConnection,
    config: Config,
    reader: str | None = None,
    column_map: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> Inputs:
    """Open all sources that the names stand for.

    Args:
        names: Files, folders (walked), globs, or ``-`` for standard input.
        connection: Where the relations live; its :data:`SETTINGS` are changed.
        config: Settings.
        reader: Name of the reader that reads every source; None guesses by content.
        column_map: Our column -> the file's, for the ``table`` reader, which it also chooses.
        progress: Called with what is being done, the bytes done and the bytes to do.

    Returns:
        The sources, also those that cannot be used, with why.

    Raises:
        SourceError: Not one source can be used.
        ConfigError: No reader has that name.
    """
    chosen = _chosen(reader or ("table" if column_map else None))
    if column_map:
        columns = {**config.table.columns, **column_map}
        config = config.model_copy(update={"table": config.table.model_copy(update={"columns": columns})})
    connection.execute(SETTINGS)
    folder = Path(tempfile.mkdtemp(prefix="molehunt-"))
    opener = _Opener(connection, config, folder, chosen, progress or (lambda step, done_bytes, total_bytes: None))
    inputs = Inputs([], connection, folder)
    try:
        for named in expand(names):
            inputs.sources.append(opener.open(named))
        _check_any(inputs.sources)
    except BaseException:
        inputs.close()
        raise
    return inputs


def _chosen(name: str | None) -> Sequence[str]:
    """Return the names of the readers to ask, in sniffing order.

    Raises:
        ConfigError: There is no such reader.
    """
    if name is not None and name not in READERS:
        raise ConfigError(f"no reader is called {name!r}", next_step=f"Readers: {', '.join(READERS)}")
    return [name] if name else list(READERS)


def _load(name: str) -> Reader:
    module, _, attribute = READERS[name].partition(":")
    return cast("Reader", getattr(import_module(module), attribute))


def _check_any(sources: list[Source]) -> None:
    if any(source.reading for source in sources):
        return
    faults = [source.fault for source in sources if source.fault]
    if len(faults) == 1:
        raise faults[0]
    if faults:
        told = "; ".join(str(fault) for fault in faults[:3])
        raise SourceError(f"none of {len(faults)} sources can be used: {told}")
    raise UnknownFormatError(
        f"no DNS log among {len(sources)} file{'s' * (len(sources) != 1)}" if sources else "no files there",
        next_step="See what is read: molehunt list readers; or say what it is: --from table --map qname=COLUMN",
    )


@dataclass
class _Opener:
    """Opens one source after the other, each with temporary files of its own name."""

    connection: duckdb.DuckDBPyConnection
    config: Config
    folder: Path
    readers: Sequence[str]
    progress: Progress
    count: int = 0

    def open(self, named: Named) -> Source:
        source = Source(named.name, named.path)
        if named.fault:
            source.fault = SourceError(named.fault, where=named.name)
            return source
        self.count += 1
        try:
            self._open(named, source)
        except (UnknownFormatError, SourceSchemaError) as error:
            if named.found and len(self.readers) > 1:
                source.reader = None
                source.problems.append(Problem(reason="file skipped", count=0, example=str(error)))
            else:
                source.fault = error
        except ConfigError:
            raise
        except duckdb.Error as error:
            source.fault = _as_fault(error, named.name) if len(self.readers) > 1 else _not_read_as(self.readers[0], named.name)
        except (MolehuntError, OSError) as error:
            source.fault = _as_fault(error, named.name)
        return source

    def _open(self, named: Named, source: Source) -> None:
        path = self._plain(named, source)
        file = SourceFile(named.name, path, _head(path), self.folder, told=self._teller(f"reading {named.name}", path))
        if not is_binary(file.head):
            file = self._clean(file, source)
        reader = self._reader(file)
        source.reader = reader.name
        source.size_bytes = file.path.stat().st_size
        source.reading = reader.read(file, self.connection, self.config)

    def _plain(self, named: Named, source: Source) -> Path:
        """Return where the plain bytes are, under a name that DuckDB takes for itself."""
        limits: InputLimits = self.config.limits
        target = self.folder / f"{self.count}.plain"
        path = named.path
        if path is None:
            path = self.folder / f"{self.count}.stdin"
            spool_stdin(path, limits, self.progress)
        if not path.is_file():
            raise SourceError("no regular file", where=named.name, next_step="Pipe it in: … | molehunt scan -")
        head = _head(path)
        if not head:
            raise UnknownFormatError("the file is empty", where=named.name)
        if compression_of(head):
            if fault := unpack(named.name, path, target, limits, self.progress):
                source.problems.append(Problem(reason="compressed file is cut or broken", count=1, example=fault))
            return target
        if PATTERN & set(str(path)):
            target.symlink_to(path.resolve())
            return target
        return path.resolve()

    def _teller(self, step: str, path: Path) -> Callable[[int], None]:
        """Begin a step over a file; return what its worker tells how far it has come."""
        size = path.stat().st_size
        self.progress(step, 0, size)
        return lambda done_bytes: self.progress(step, done_bytes, size)

    def _clean(self, file: SourceFile, source: Source) -> SourceFile:
        """Survey a text file, and rewrite it if DuckDB could not read it without loss."""
        limits = self.config.limits
        seen = survey(file.path, self._teller(f"looking at {file.name}", file.path))
        if not (rewrite := rewriting(seen, file.path, file.head, limits.line_bytes)):
            return replace(file, survey=seen)
        target = self.folder / f"{self.count}.clean"
        source.problems += rewrite.run(file.path, target, self._teller(f"repairing {file.name}", file.path))
        return replace(file, path=target, head=_head(target), survey=survey(target))

    def _reader(self, file: SourceFile) -> Reader:
        if len(self.readers) == 1:
            reader = _load(self.readers[0])
            if is_binary(file.head) and not reader.sniff(file.head) and not file.head.startswith(PARQUET):
                raise _not_read_as(reader.name, file.name)
            return reader
        for reader in map(_load, self.readers):  # the first that knows the file; those after it need not be loaded
            if reader.sniff(file.head):
                return reader
        raise UnknownFormatError(
            "no reader recognises it",
            where=file.name,
            next_step="See what is read: molehunt list readers; or say what it is with --from",
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _not_read_as(reader: str, name: str) -> SourceError:
    return SourceError(f"cannot be read as {reader}", where=name, next_step="Leave out --from, then molehunt looks what it is")


def _as_fault(error: Exception, name: str) -> SourceError:
    """Return any error as one of a source, in one line, with the source's name."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, MolehuntError):
        return SourceError(error.what, where=error.where or name, next_step=error.next_step)
    if isinstance(error, OSError) and error.strerror:
        return SourceError(error.strerror, where=name)
    return SourceError(str(error).partition("\n")[0], where=name)
