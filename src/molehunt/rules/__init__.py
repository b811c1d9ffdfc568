"""Rules: content for a SIEM, and its exact native twin for any input.

A rule is one object of the shape :class:`Rule` and one line in :data:`RULES`. Its text stands beside it, byte for byte as
published; what molehunt runs is a twin in DuckDB's SQL, held equal to the text by the tests.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol, cast

from molehunt.config import Config
from molehunt.errors import ConfigError
from molehunt.findings import Finding, RuleResult

if TYPE_CHECKING:
    import duckdb

#: rule id -> "module:object", loaded on use.
RULES: dict[str, str] = {
    "T1071.004": "molehunt.rules.published:RULE",
}


@dataclass(frozen=True)
class RuleRun:
    """What a rule found, and what it had before it.

    Attributes:
        result: The rule's rows; columns and their order are the rule's own.
        record_count: Records of the input, counted by the way.
        untimed_count: Those without a time.
        first_ts: Time of the oldest record, or None if no record has a time.
        last_ts: Time of the newest record, or None if no record has a time.
        now: End of the window, or None if the rule looked at all times.
    """

    result: RuleResult
    record_count: int
    untimed_count: int
    first_ts: datetime | None
    last_ts: datetime | None
    now: datetime | None


class Rule(Protocol):
    """What every rule offers."""

    rule_id: str
    summary: str

    @property
    def text(self) -> str:
        """The rule as published."""
        ...

    def run(
        self,
        connection: duckdb.DuckDBPyConnection,
        queries: str,
        *,
        now: datetime | None,
        window: timedelta | None,
        config: Config,
    ) -> RuleRun:
        """Apply the rule to the queries that a SELECT gives."""
        ...

    def to_findings(self, result: RuleResult, config: Config) -> list[Finding]:
        """Return the rule's rows as findings, in its order."""
        ...


def load(rule_id: str) -> Rule:
    """Return the rule of this id.

    Raises:
        ConfigError: There is no such rule.
    """
    if rule_id not in RULES:
        raise ConfigError(f"no rule {rule_id!r}", next_step=f"Known rules: {', '.join(RULES)}")
    module, _, name = RULES[rule_id].partition(":")
    return cast("Rule", getattr(importlib.import_module(module), name))


def text(rule_id: str, suffix: str = "kql") -> str:
    """Return a rule's text as published (``kql``), or its twin in DuckDB's SQL (``sql``)."""
    return files("molehunt.rules").joinpath(f"{rule_id}.{suffix}").read_text("utf-8")
