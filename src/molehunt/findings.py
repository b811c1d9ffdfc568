"""The result document: Evidence, Finding, Report. Frozen, versioned, and all that a sink ever sees.

A saved report renders again without the data it was made from. Times are RFC 3339 in UTC; numbers of bytes are upper
bounds of information, see ``docs/information.md``. The JSON Schema is published as ``docs/report.schema.json``.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from molehunt.errors import MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = "1"

#: What a notebook calls to show a report; loaded on use.
NOTEBOOK_VIEW = "molehunt.sinks.html:fragment"

Kind = Literal["tunnel", "exfiltration", "download", "beacon", "rotation", "fan_in", "rare_type", "direct_dns", "volume"]
Confidence = Literal["high", "medium", "low"]
Severity = Literal["critical", "high", "medium", "low", "info"]

CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # what no run needs is never built


class Evidence(_Frozen):
    """One reason for or against, with its share of the score.

    ``weight`` is in log10 odds, after clipping: the weights of a finding and its prior add up to its score.
    """

    detector: str
    feature: str
    value: float | str | None
    unit: str
    weight: float
    sentence: str
    group: str = ""


class Suppressed(_Frozen):
    """Why a finding is not shown by default. It is still counted."""

    reason: str
    owner: str | None = None
    rule: str
    expires: str | None = None


class TimelineBucket(_Frozen):
    """Queries and bytes of one stretch of time; ``start_ts`` is its beginning."""

    start_ts: datetime
    query_count: int
    up_bytes: int | None = None
    down_bytes: int | None = None


class LabelAnatomy(_Frozen):
    """What one label position of a group's names carries; depth 1 is the label next to the registered domain."""

    depth: int
    alphabet: str
    distinct_count: int
    mean_chars: float
    up_bytes: float


class Rhythm(_Frozen):
    """How regular the gaps between a group's queries are."""

    period_s: float
    jitter_ratio: float
    beat_count: int
    gaps_s: list[float] = Field(default_factory=list)


class Detail(_Frozen):
    """What a page draws of a finding, kept so that a saved report needs no data."""

    bucket_s: float | None = None
    timeline: list[TimelineBucket] = Field(default_factory=list)
    anatomy: list[LabelAnatomy] = Field(default_factory=list)
    rhythm: Rhythm | None = None
    other_clients: list[str] = Field(default_factory=list)


class Finding(_Frozen):
    """One client and registered domain (or one of them) that may hide a channel."""

    finding_id: str
    client: str | None
    registered_domain: str | None
    kind: Kind
    confidence: Confidence
    severity: Severity
    score: float
    prior: float = -6.0
    summary: str = ""
    up_bytes: int | None = None
    down_bytes: int | None = None
    query_count: int = 0
    unique_name_count: int = 0
    client_count: int = 0
    qtypes: dict[str, int] = Field(default_factory=dict)
    first_ts: datetime | None = None
    last_ts: datetime | None = None
    family: str | None = None
    evidence: list[Evidence] = Field(default_factory=list)
    sample_names: list[str] = Field(default_factory=list, max_length=5)
    attack: list[str] = Field(default_factory=list)
    next_steps: list[str] = Field(default_factory=list)
    suppressed: Suppressed | None = None
    detail: Detail | None = None

    @property
    def alert(self) -> bool:
        """Tell whether the finding is an alert: confidence medium or high."""
        return self.confidence != "low"


def finding_id(client: str | None, registered_domain: str | None, kind: str) -> str:
    """Return the digest that names a finding in every run: 12 hexadecimal characters.

    Args:
        client: Address as the log has it, or None.
        registered_domain: Normal form, or None.
        kind: Kind of the finding.
    """
    text = "\0".join((client or "", registered_domain or "", kind))
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


class Problem(_Frozen):
    """Records of one source that could not be used, by reason, with the first example and its place."""

    reason: str
    count: int
    example: str = ""


class SourceSummary(_Frozen):
    """What was read of one source."""

    name: str
    reader: str | None
    record_count: int = 0
    problems: list[Problem] = Field(default_factory=list)
    error: str | None = None


class Visibility(_Frozen):
    """Which facts the input shows at all; what is absent cannot be judged and is said so."""

    times: bool = False
    clients: bool = False
    answers: bool = False
    forwarder: str | None = None


class RuleResult(_Frozen):
    """Rows of one SIEM rule, columns in the rule's own order."""

    rule_id: str
    columns: list[str]
    rows: list[list[Any]] = Field(default_factory=list)


class SuppressionUse(_Frozen):
    """What one suppression rule did to this report; expired and never-matching rules are reported too."""

    rule: str
    state: Literal["active", "expired", "unmatched"]
    finding_count: int = 0
    up_bytes_per_day: int = 0
    warning: str | None = None


class Change(_Frozen):
    """One finding compared with the baseline's finding of the same id."""

    finding_id: str
    client: str | None
    registered_domain: str | None
    kind: Kind
    up_bytes_before: int | None = None
    up_bytes_now: int | None = None
    down_bytes_before: int | None = None
    down_bytes_now: int | None = None


class Comparison(_Frozen):
    """What is new, gone and grown against an earlier report."""

    baseline: str
    new: list[Change] = Field(default_factory=list)
    gone: list[Change] = Field(default_factory=list)
    grown: list[Change] = Field(default_factory=list)


class Report(_Frozen):
    """The whole result of a run. Every sink takes it and nothing else."""

    schema_version: str = SCHEMA_VERSION
    molehunt_version: str
    now: datetime | None = None
    window: str = "all"
    sources: list[SourceSummary] = Field(default_factory=list)
    record_count: int = 0
    client_count: int | None = None
    domain_count: int | None = None
    first_ts: datetime | None = None
    last_ts: datetime | None = None
    visibility: Visibility | None = None
    findings: list[Finding] = Field(default_factory=list)
    rule: RuleResult | None = None
    suppressions: list[SuppressionUse] = Field(default_factory=list)
    comparison: Comparison | None = None

    @property
    def skipped_count(self) -> int:
        """Count the records that could not be used, over all sources and reasons."""
        return sum(problem.count for source in self.sources for problem in source.problems)

    def to_arrow(self) -> pa.Table:
        """Return the findings as a table with the columns of ``schema.FINDINGS``, a row each."""
        import pyarrow as pa  # late, as the next: a report that stays a document needs no Arrow

        from molehunt.schema import FINDINGS

        return pa.Table.from_pylist([_row(finding, set(FINDINGS.names)) for finding in self.findings], schema=FINDINGS)

    def to_pandas(self) -> Any:
        """Return the findings as a pandas frame.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        _need("pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """Return the findings as a Polars frame.

        Raises:
            MissingExtraError: Polars is not installed.
        """
        return _need("polars").from_arrow(self.to_arrow())

    def _repr_html_(self) -> str:
        """Show the report in a notebook."""
        module, _, name = NOTEBOOK_VIEW.partition(":")
        return str(getattr(import_module(module), name)(self))


def _row(finding: Finding, columns: set[str]) -> dict[str, Any]:
    row = finding.model_dump(include=columns)
    row["qtypes"] = list(row["qtypes"].items())
    for evidence in row["evidence"]:
        evidence["value"] = None if evidence["value"] is None else str(evidence["value"])
    return row


def _need(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtraError(package, "frames") from error
