"""The result document of ``molehunt tune``: what thresholds and allow lists would have changed on the user's own data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from molehunt.findings import SuppressionUse


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Point(_Frozen):
    """What one value of a threshold gives: findings listed, and those of them that are alerts."""

    value: float
    listed_count: int
    alert_count: int


class Curve(_Frozen):
    """Alerts against one threshold; all other thresholds stay as they are.

    Attributes:
        subject: ``T1071.004`` for the published rule, else the detector, or ``verdict`` for the score of an alert.
        setting: Where the threshold stands in the settings.
        meaning: What it says, with its unit.
        current: Its value in this run.
        points: By rising value.
    """

    subject: str
    setting: str
    meaning: str
    current: float
    points: list[Point]


class FamilyCount(_Frozen):
    """What the findings of today look like."""

    family: str | None
    kind: str
    finding_count: int
    alert_count: int
    up_bytes: int


class Proposal(_Frozen):
    """A suppression that would quieten what looks innocent, with what it would hide."""

    domain: str
    family: str
    finding_count: int
    alert_count: int
    client_count: int
    up_bytes: int


class Budget(_Frozen):
    """The lowest score of an alert that keeps to a number of alerts a week, on this data.

    Attributes:
        alerts_per_week: What was asked for.
        medium: Score from which a finding should be an alert; the setting ``detection.verdict.medium``.
        reached_per_week: Alerts a week that this gives.
        lost_count: Alerts of today that it would drop to low confidence.
    """

    alerts_per_week: float
    medium: float
    reached_per_week: float
    lost_count: int


class Tuning(_Frozen):
    """Everything that ``molehunt tune`` found out."""

    molehunt_version: str
    record_count: int
    days: float
    listed_count: int
    alert_count: int
    rule_alert_count: int
    curves: list[Curve] = Field(default_factory=list)
    families: list[FamilyCount] = Field(default_factory=list)
    proposals: list[Proposal] = Field(default_factory=list)
    suppressions: list[SuppressionUse] = Field(default_factory=list)
    budget: Budget
