"""The only place that states the order of the steps: sources to relation, relation to groups, groups to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from molehunt.config import Config
from molehunt.engines import Engine, load
from molehunt.engines.database import Database
from molehunt.errors import ConfigError, SourceError
from molehunt.findings import Report, Visibility
from molehunt.readers.sources import Inputs, open_sources
from molehunt.rules import Rule
from molehunt.rules import load as load_rule

if TYPE_CHECKING:
    import pyarrow as pa

    from molehunt.schema import Overview

T = TypeVar("T")

#: Rows of one batch of :func:`read`.
READ_ROWS = 100_000


@dataclass(frozen=True)
class ScanOptions:
    """What a run may choose beside the settings.

    Attributes:
        reader: Name of the reader that reads every source; None guesses by content.
        columns: Column map of the ``table`` reader, ours -> the file's.
        rule: Id of a SIEM rule to apply instead of the detectors.
        rule_findings: Whether the rule's rows also become findings; what shows the rows only need not wait for them.
        window: How far back from ``now`` queries count; None is everything.
        now: End of the window; None is the newest record.
        engine: ``duckdb`` or ``spark``.
        master: Where Spark runs, such as ``local[2]`` or ``spark://host:7077``; None is all cores of this machine.
        memory: Memory for the whole process, such as ``4GB``; the engine spills to disk beyond its share.
        reproducible: Leave out of the report what differs between machines: the folders of the sources.
        outputs: Files that will be written; a source among them is an error before any query is looked at.
    """

    reader: str | None = None
    columns: dict[str, str] | None = None
    rule: str | None = None
    rule_findings: bool = True
    window: timedelta | None = None
    now: datetime | None = None
    engine: str = "duckdb"
    master: str | None = None
    memory: str | None = None
    reproducible: bool = False
    outputs: tuple[str, ...] = ()


@dataclass
class Progress:
    """What a run is doing; the command line draws it, users of the library may watch it.

    Attributes:
        step: What is being done, in a few words.
        done_bytes: How much of it is done.
        total_bytes: Size of what the step reads; 0 if unknown.
        engine: The engine, once it runs; it knows how far its own reading has come.
    """

    step: str = "opening"
    done_bytes: int = 0
    total_bytes: int = 0
    engine: Engine | None = None

    def __call__(self, step: str, done_bytes: int, total_bytes: int) -> None:
        """Take what a step says of itself."""
        self.step, self.done_bytes, self.total_bytes = step, done_bytes, total_bytes

    def done(self) -> int:
        """Return how many bytes are done, asking the engine while it reads."""
        return round(self.engine.done_ratio() * self.total_bytes) if self.engine else self.done_bytes


_DEFAULTS = ScanOptions()


def scan(
    sources: str | Path | Sequence[str | Path],
    config: Config | None = None,
    options: ScanOptions = _DEFAULTS,
    progress: Progress | None = None,
) -> Report:
    """Find what is hidden in the sources.

    Args:
        sources: Files, folders, globs or ``-``; one or several, of any mix of formats.
        config: Settings; the defaults if None.
        options: What this run chooses.
        progress: Told what is being done.

    Raises:
        SourceError: No source could be used.
        ConfigError: An option names a reader, rule or engine that does not exist.
    """
    config, progress = config or Config(), progress or Progress()
    rule = load_rule(options.rule) if options.rule else None
    with opened(sources, config, options, progress) as (engine, inputs):
        if rule is not None:
            with _reading(progress, engine, inputs):
                return _by_rule(rule, engine, inputs, config, options)
        from molehunt.detection import detect  # all detectors, which a rule does not need

        with _reading(progress, engine, inputs):
            now = _retried(inputs, lambda: _use(engine, inputs.relation, options))
        progress("detecting", 0, 0)
        overview = engine.overview()
        report = _report(inputs, options, (overview.first_ts, overview.last_ts), engine.row_count(), engine.untimed_count())
        return report.model_copy(
            update={
                "now": now or overview.last_ts,
                "client_count": overview.client_count if overview.has_clients else None,
                "domain_count": overview.domain_count,
                "visibility": _visibility(overview),
                "findings": detect(engine, config),
            }
        )


def read(source: str | Path | Sequence[str | Path], config: Config | None = None) -> pa.RecordBatchReader:
    """Return the queries of the sources, with the columns of ``schema.QUERIES``, a batch at a time.

    Raises:
        SourceError: No source could be used.
    """
    import pyarrow as pa  # late, as the next: a rule needs no Arrow

    from molehunt.schema import QUERIES

    config = config or Config()

    def batches() -> Iterator[pa.RecordBatch]:
        with opened(source, config, _DEFAULTS, Progress()) as (engine, inputs):
            yield from engine.connection.sql(inputs.relation).to_arrow_reader(READ_ROWS).cast(QUERIES)

    return pa.RecordBatchReader.from_batches(QUERIES, batches())


@contextmanager
def opened(
    sources: str | Path | Sequence[str | Path], config: Config, options: ScanOptions, progress: Progress
) -> Iterator[tuple[Engine, Inputs]]:
    """Open an engine and the sources on its connection, and close both at the end.

    Raises:
        SourceError: No source can be used.
        ConfigError: An option names what does not exist, or an output is a source.
    """
    names = [sources] if isinstance(sources, str | Path) else sources
    if options.master and options.engine != "spark":
        raise ConfigError("a master is for Spark", next_step="Add --engine spark")
    with (
        _engine(options) as engine,
        _inputs([str(name) for name in names], engine, config, options, progress) as inputs,
    ):
        inputs.keep(options.outputs)
        yield engine, inputs


def _engine(options: ScanOptions) -> Any:
    """Return what runs the steps, to be opened; a rule takes none of them and needs the database only."""
    if options.rule and options.engine == "duckdb":
        return Database(memory=options.memory)
    where = {"master": options.master} if options.master else {}
    return load(options.engine)(memory=options.memory, **where)


def _inputs(names: list[str], engine: Any, config: Config, options: ScanOptions, progress: Progress) -> Inputs:
    if options.engine == "spark":
        from molehunt.addresses import Addresses, are_addresses

        if are_addresses(names) and options.rule:
            raise ConfigError("rules read files, not addresses", next_step="Leave out --rule, or name files")
        if are_addresses(names):
            return Addresses(names, engine, {**config.table.columns, **(options.columns or {})})
    return open_sources(
        names,
        connection=engine.connection, config=config, reader=options.reader, column_map=options.columns, progress=progress,
    )  # fmt: skip


def _use(engine: Engine, relation: str, options: ScanOptions) -> datetime | None:
    """Let the engine read what lies in the window; return where the window ends, if it was asked for."""
    now = options.now
    if now is None and options.window is not None:
        now = engine.newest(relation)
    after = now - options.window if now and options.window else None
    engine.use(relation, after=after, until=now)
    return now


def _by_rule(rule: Rule, engine: Engine, inputs: Inputs, config: Config, options: ScanOptions) -> Report:
    run = _retried(
        inputs,
        lambda: rule.run(engine.connection, inputs.relation, now=options.now, window=options.window, config=config),
    )
    report = _report(inputs, options, (run.first_ts, run.last_ts), run.record_count, run.untimed_count)
    findings = rule.to_findings(run.result, config) if options.rule_findings else []
    return report.model_copy(update={"now": run.now, "rule": run.result, "findings": findings})


def _retried(inputs: Inputs, step: Callable[[], T]) -> T:
    """Run a step over the relation; if a source fails in the middle, leave that source out and run it again."""
    while True:
        try:
            return step()
        except SourceError:
            raise
        except Exception:  # DuckDB's errors have no home here; whatever it was, it is raised if no source is at fault
            if not inputs.drop_unreadable():
                raise


@contextmanager
def _reading(progress: Progress, engine: Engine, inputs: Inputs) -> Iterator[None]:
    progress("reading", 0, inputs.total_bytes)
    progress.engine = engine
    try:
        yield
    finally:
        progress.engine = None


def _report(
    inputs: Inputs, options: ScanOptions, span: tuple[datetime | None, datetime | None], row_count: int, untimed_count: int
) -> Report:
    whole = options.rule is not None or not (options.window or options.now)
    sources = inputs.summaries(row_count, untimed_count) if whole else inputs.summaries()
    if options.reproducible:
        sources = [source.model_copy(update={"name": Path(source.name).name}) for source in sources]
    return Report(
        molehunt_version=version("molehunt"), window=_span(options.window), sources=sources, record_count=row_count,
        first_ts=span[0], last_ts=span[1],
    )  # fmt: skip


def _span(window: timedelta | None) -> str:
    if window is None:
        return "all"
    hours = window.total_seconds() / 3600
    return f"{hours:g}h"


def _visibility(overview: Overview) -> Visibility:
    return Visibility(
        times=overview.first_ts is not None,
        clients=overview.has_clients,
        answers=overview.has_answers,
        forwarder=overview.forwarder,
    )
