"""What one case gave: for molehunt and each rule beside it, what was found, when, and what was wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MOLEHUNT = "molehunt"


@dataclass(frozen=True)
class Caught:
    """How one rule dealt with one target.

    Attributes:
        alerted: It raised an alert that names the target.
        listed: It listed the target, if only with low confidence; the same as ``alerted`` for the other rules.
        query_count: Queries of the target up to the alarm, that query included; None without alarm.
        leaked_bytes: Payload of those queries, both ways; None without alarm, or if nobody knows the payload.
        stated_bytes: Bytes that it says were moved the way the payload went; None if it says none.
        detectors: Which of molehunt's detectors list it.
    """

    alerted: bool
    listed: bool
    query_count: int | None = None
    leaked_bytes: float | None = None
    stated_bytes: float | None = None
    detectors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TargetResult:
    """One target of a case: its true size, and what each rule made of it."""

    domains: list[str]
    query_count: int
    true_bytes: float | None
    estimated: bool
    caught: dict[str, Caught]


@dataclass(frozen=True)
class Result:
    """Everything measured on one case.

    Attributes:
        name: Name of the case; so are part, corpus, tool and change.
        judged: Whether anybody says that what is not a target is benign.
        query_count: Queries.
        group_count: Pairs of client and registered domain.
        client_days: Pairs of client and day.
        targets: Per target.
        false_alerts: Rule -> pairs of client and domain that it alerts on and that are no target.
        listed_count: Findings of molehunt with low confidence that are no target.
        listed_by: Detector of molehunt -> findings by it that are no target.
        digest: Digest of the case's queries.
        error: Why the case could not be measured; empty if it could.
        seconds: Time that one full detection took.
    """

    name: str
    part: str
    corpus: str
    tool: str
    change: str
    judged: bool
    query_count: int = 0
    group_count: int = 0
    client_days: int = 0
    targets: list[TargetResult] = field(default_factory=list)
    false_alerts: dict[str, list[tuple[str | None, str | None]]] = field(default_factory=dict)
    listed_count: int = 0
    listed_by: dict[str, int] = field(default_factory=dict)
    digest: str = ""
    error: str = ""
    seconds: float = 0.0

    @property
    def benign(self) -> bool:
        """Tell whether every alert would be false."""
        return self.judged and not self.targets

    def as_json(self) -> dict[str, Any]:
        """Return plain values, for the tuner."""
        return asdict(self)
