"""Where results, progress and the closing summary go: stdout carries the result only, stderr the rest."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import typer

from molehunt.errors import ConfigError, SinkError
from molehunt.findings import CONFIDENCES, Problem, Report
from molehunt.sinks import RULE_ROWS, SINKS, SinkOptions, load
from molehunt.sinks.text import breadth, human_span, rfc3339, safe, some

#: File extension -> format, for `-o` without `-f`.
EXTENSIONS = {".txt": "table", ".ndjson": "jsonl", ".md": "markdown"} | {f".{name}": name for name in SINKS}

#: Files that are no DNS log that the summary names.
LEFT_OUT = 3

#: Columns when the output is no terminal.
PIPE_COLUMNS = 160


def version() -> str:
    """Return molehunt's version."""
    from importlib.metadata import version as installed

    return installed("molehunt")


@dataclass(frozen=True)
class Target:
    """One format and where it goes; ``-`` is stdout."""

    format: str
    path: str


def targets(formats: list[str], outputs: list[str]) -> list[Target]:
    """Pair the n-th ``--format`` with the n-th ``--output``.

    A format without an output goes to stdout; an output without a format gets its format from its extension.

    Raises:
        ConfigError: An unknown format or extension, two formats for stdout, or a folder that is not there.
    """
    pairs = []
    for i in range(max(len(formats), len(outputs), 1)):
        path = outputs[i] if i < len(outputs) else "-"
        pairs.append(Target(formats[i] if i < len(formats) else _format_of(path), path))
    for target in pairs:
        if target.format not in SINKS:
            raise ConfigError(f"unknown format {target.format!r}", next_step=f"Formats: {', '.join(SINKS)}")
        if not Path(target.path).parent.is_dir():
            raise ConfigError("no such folder to write to", where=target.path, next_step="Make it first: mkdir -p")
    if sum(target.path == "-" for target in pairs) > 1:
        raise ConfigError(
            "two formats for standard output", next_step="Give all but one of them a file: -f json -o report.json"
        )
    return pairs


def shows_rows_only(pairs: list[Target]) -> bool:
    """Tell whether all that is written of a rule are its rows, so that no finding need be made of them."""
    return all(target.format in RULE_ROWS for target in pairs)


def _format_of(path: str) -> str:
    if path == "-":
        return "table"
    extension = Path(path).suffix.lower()
    if extension not in EXTENSIONS:
        raise ConfigError(f"cannot tell a format from the name {path!r}", next_step=f"Add -f with one of: {', '.join(SINKS)}")
    return EXTENSIONS[extension]


def write(report: Report, pairs: list[Target], verbose: int, show_suppressed: bool) -> None:
    """Write the report to every target.

    Raises:
        SinkError: A file cannot be written.
    """
    for target in pairs:
        with _opened(target.path) as stream:
            load(target.format).write(report, stream, options_for(target.path, verbose, show_suppressed))


def write_text(text: str, path: str) -> None:
    """Write text to a file, or to stdout for ``-``.

    Raises:
        SinkError: The file cannot be written.
    """
    with _opened(path) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


def options_for(path: str, verbose: int = 0, show_suppressed: bool = False) -> SinkOptions:
    """Return how to write for this place: a terminal's width and colours, or neither."""
    terminal = path == "-" and sys.stdout.isatty()
    columns = shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns if terminal or "COLUMNS" in os.environ else PIPE_COLUMNS
    color = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return SinkOptions(width=columns, color=color, verbose=verbose, show_suppressed=show_suppressed)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        buffer = io.BytesIO() if not hasattr(sys.stdout, "buffer") else sys.stdout.buffer
        try:
            yield buffer
            buffer.flush()
        except BrokenPipeError:  # whoever read has seen enough; files, summary and deliveries are still wanted
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again as it leaves
            raise SinkError(f"cannot write: {error.strerror}", where="standard output") from error
        return
    try:
        with Path(path).open("wb") as stream:
            yield stream
    except OSError as error:
        raise SinkError(f"cannot write: {error.strerror}", where=path) from error


def summarise(report: Report) -> None:
    """Write the closing summary to stderr: records read, skipped per reason, time span, findings."""
    lines = [_read_line(report), *_failures(report), *_skipped_lines(report), *_left_out_lines(report)]
    lines += [*_sight_lines(report), *_mark_lines(report), _findings_line(report)]
    for line in lines:
        typer.echo(line, err=True)


def complain(report: Report) -> None:
    """Write to stderr which sources could not be read: the exit code says so, and quiet is not mute."""
    for line in _failures(report):
        typer.echo(line, err=True)


def _failures(report: Report) -> list[str]:
    return [f"not read: {safe(source.error)}" for source in report.sources if source.error]


def _skipped_lines(report: Report) -> list[str]:
    """Tell what was skipped, a line a reason, with the first example: a month of logs may have the same fault in each."""
    found: dict[str, list[tuple[str, Problem]]] = {}
    for source in report.sources:
        for problem in source.problems:
            if problem.count:
                found.setdefault(problem.reason, []).append((source.name, problem))
    return [_skipped_line(reason, cases) for reason, cases in found.items()]


def _skipped_line(reason: str, cases: list[tuple[str, Problem]]) -> str:
    name, first = cases[0]
    several = len(cases) > 1
    example = f" (first{f' in {safe(name)}' if several else ''}: {safe(first.example)})" if first.example else ""
    where = some(len(cases), "source") if several else safe(name)
    return f"skipped {sum(problem.count for _, problem in cases):,} in {where}: {safe(reason)}{example}"


def _left_out_lines(report: Report) -> list[str]:
    problems = [(source.name, problem) for source in report.sources for problem in source.problems if not problem.count]
    lines = [f"left out {safe(problem.example or f'{name}: {problem.reason}')}" for name, problem in problems[:LEFT_OUT]]
    if len(problems) > LEFT_OUT:
        lines.append(f"left out {len(problems) - LEFT_OUT:,} more files that are no DNS log")
    return lines


def _read_line(report: Report) -> str:
    used = [s for s in report.sources if s.error is None and s.reader]
    readers = ", ".join(sorted({s.reader for s in used if s.reader}))
    text = f"read {breadth(report)} from {some(len(used), 'source')}" + (f" ({readers})" if readers else "")
    if report.first_ts and report.last_ts:
        span = human_span((report.last_ts - report.first_ts).total_seconds())
        text += f", {_clock(report.first_ts)} to {_clock(report.last_ts)} ({span})"
    return text


def _clock(moment: datetime) -> str:
    return rfc3339(moment.replace(microsecond=0))


def _mark_lines(report: Report) -> list[str]:
    """Tell what the suppressions and the baseline say."""
    lines = [f"suppression {safe(use.rule)}: {safe(use.warning)}" for use in report.suppressions if use.warning]
    if change := report.comparison:
        counts = f"{len(change.new):,} new, {len(change.gone):,} gone, {len(change.grown):,} grown"
        lines.append(f"against {safe(change.baseline)}: {counts}")
    return lines


def _sight_lines(report: Report) -> list[str]:
    if not report.record_count and report.now:
        window = f"{report.window} until {_clock(report.now)}"
        return [f"no query lies in the window ({window}): leave out --window and --now to see all times"]
    seen, lines = report.visibility, []
    if not report.record_count or seen is None:
        return []
    if not seen.clients:
        lines.append("the input does not say who asked: findings are about domains")
    if not seen.answers:
        lines.append("the input shows no answers: bytes moved down cannot be seen")
    if seen.forwarder:
        lines.append(f"all queries come from {safe(seen.forwarder)}, a forwarder, which hides the clients behind it")
    return lines


def _findings_line(report: Report) -> str:
    if report.rule is not None:
        return f"rule {report.rule.rule_id}: {len(report.rule.rows):,} rows"
    visible = [f for f in report.findings if f.suppressed is None]
    parts = [f"{sum(f.confidence == level for f in visible):,} {level}" for level in CONFIDENCES]
    hidden = len(report.findings) - len(visible)
    return "findings: " + ", ".join(parts) + (f" ({hidden:,} suppressed)" if hidden else "")
