"""What a page draws of a finding: timeline, anatomy of the names, rhythm."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from molehunt.detectors.facts import Facts
from molehunt.findings import Detail, LabelAnatomy, Rhythm, TimelineBucket
from molehunt.names.information import ALPHABETS

_BUCKETS = 96
_STEPS_S = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 10800.0, 21600.0, 86400.0, 604800.0, 2592000.0)
_GAPS = 200


def detail(facts: Facts, other_clients: list[str]) -> Detail:
    """Return what a page draws of a group."""
    width = _width(facts)
    return Detail(
        bucket_s=width,
        timeline=_timeline(facts, width) if width else [],
        anatomy=_anatomy(facts),
        rhythm=_rhythm(facts),
        other_clients=other_clients,
    )


def moment(seconds: float) -> datetime | None:
    """Return a time of day, or None where the source has none."""
    return None if np.isnan(seconds) else datetime.fromtimestamp(round(seconds, 6), UTC)


def _width(facts: Facts) -> float | None:
    ts_s = facts.group.ts_s
    if np.isnan(ts_s).any():
        return None
    length = ts_s[-1] - ts_s[0]
    return next((step for step in _STEPS_S if length / step < _BUCKETS - 1), float(np.ceil(length / (_BUCKETS - 1))))


def _timeline(facts: Facts, width: float) -> list[TimelineBucket]:
    buckets = np.floor(facts.group.ts_s / width).astype(np.int64)
    numbers, place = np.unique(buckets, return_inverse=True)
    count = np.bincount(place)
    up = np.bincount(place, weights=facts.up.bits) / 8
    down = np.bincount(place, weights=facts.down.bits) / 8 if facts.has_answers else None
    return [
        TimelineBucket(
            start_ts=datetime.fromtimestamp(number * width, UTC),
            query_count=int(count[i]),
            up_bytes=round(up[i]),
            down_bytes=None if down is None else round(down[i]),
        )
        for i, number in enumerate(numbers.tolist())
    ]


def _anatomy(facts: Facts) -> list[LabelAnatomy]:
    found = facts.up.found
    if found is None:
        return []
    scale = facts.up.new_bytes / max(float(found.group_bits[0]), 1e-9)
    return [
        LabelAnatomy(
            depth=depth + 1,
            alphabet=ALPHABETS[found.alphabet[0, depth]],
            distinct_count=int(count),
            mean_chars=round(float(found.label_chars[0, depth] / count), 1),
            up_bytes=round(float(found.label_bits[0, depth]) * scale, 1),
        )
        for depth, count in enumerate(found.label_count[0].tolist())
        if count
    ]


def _rhythm(facts: Facts) -> Rhythm | None:
    beat = facts.beat
    if beat is None:
        return None
    return Rhythm(
        period_s=round(beat.period_s, 3),
        jitter_ratio=round(beat.jitter_ratio, 4),
        beat_count=beat.beat_count,
        gaps_s=[round(gap, 3) for gap in beat.gaps_s[:_GAPS].tolist()],
    )
