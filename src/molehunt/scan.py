"""The only place that states the order of the steps: sources to relation, relation to groups, groups to findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class ScanOptions:
    """What a run may choose beside the settings.

    Attributes:
        reader: Name of the reader that reads every source; None guesses by content.
        columns: Column map of the ``table`` reader, ours -> the file's.
        rule: Id of a SIEM rule to apply instead of the detectors.
        window: How far back from ``now`` queries count; None is everything.
        now: End of the window; None is the newest record.
        engine: ``duckdb`` or ``spark``.
        memory: Limit of the engine's memory, such as ``4GB``; it spills to disk beyond.
        reproducible: Leave out of the report all that differs from run to run.
    """

    reader: str | None = None
    columns: dict[str, str] | None = None
    rule: str | None = None
    window: timedelta | None = None
    now: datetime | None = None
    engine: str = "duckdb"
    memory: str | None = None
    reproducible: bool = False


@dataclass
class Progress:
    """What a run is doing; the command line draws it, library users may watch it.

    Attributes:
        step: What is being done, in a few words.
        total_bytes: Size of what the step reads; 0 if unknown.
        done_bytes: Tells how much of it is done.
    """

    step: str = "opening"
    total_bytes: int = 0
    done_bytes: Callable[[], int] = lambda: 0
