"""Suppressions and baseline, for every command that shows findings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molehunt.errors import SourceError

if TYPE_CHECKING:
    from molehunt.config import SuppressionSettings
    from molehunt.findings import Report

Suppress = Annotated[list[Path] | None, typer.Option("--suppress", metavar="FILE", help="Suppression rules, TOML or CSV.")]
Baseline = Annotated[str | None, typer.Option("--baseline", metavar="REPORT", help="An earlier report: show new, gone, grown.")]


def saved_report(path: str) -> Report:
    """Read a report that ``-f json`` wrote; ``-`` is standard input.

    Raises:
        SourceError: The file cannot be read or is no report.
    """
    import sys

    from pydantic import ValidationError

    from molehunt.findings import Report

    try:
        return Report.model_validate_json(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes())
    except OSError as error:
        raise SourceError(f"cannot read: {error.strerror}", where=path) from error
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "extra_forbidden":
            raise SourceError(
                f"made by another version of molehunt: it has {'.'.join(map(str, first['loc']))}, which is not known here",
                where=path, next_step="Render it with the version that made it (molehunt_version), or scan again",
            ) from error  # fmt: skip
        place = ".".join(map(str, first["loc"])) or "the document"
        raise SourceError(
            f"no molehunt report: {place}: {first['msg']}",
            where=path,
            next_step="Make one: molehunt scan … -f json -o report.json",
        ) from error


def marked(report: Report, suppress: list[Path], baseline: str | None, settings: SuppressionSettings) -> Report:
    """Return the report with suppressed findings marked, and compared with the baseline.

    Raises:
        ConfigError: A suppression file is wrong.
        SourceError: The baseline is no report.
    """
    if not suppress and baseline is None:
        return report
    from molehunt.suppress import apply, compare, load

    if suppress:
        rules = [rule for path in suppress for rule in load(path)]
        report = apply(report, rules, datetime.now(UTC).date(), settings)
    if baseline is not None:
        report = report.model_copy(update={"comparison": compare(report, saved_report(baseline), baseline, settings)})
    return report
