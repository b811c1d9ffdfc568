"""Counts within a window that slides over time."""

from __future__ import annotations

import numpy as np

from molehunt.detectors.traffic import Floats, Ints

_HOUR_S = 3600.0


def most_distinct(ts_s: Floats, symbols: Ints, hours: float) -> int:
    """Return the most distinct symbols within any window of so many hours; all of them without times.

    Each symbol counts from where it stands until it comes again or leaves the window.

    Args:
        ts_s: Times, rising; NaN where unknown.
        symbols: What is counted, one for each time.
        hours: Length of the window.
    """
    if not len(ts_s) or np.isnan(ts_s).any() or ts_s[-1] - ts_s[0] <= hours * _HOUR_S:
        return len(np.unique(symbols))
    ends = np.searchsorted(ts_s, ts_s + hours * _HOUR_S, side="right")
    order = np.argsort(symbols, kind="stable")
    again = symbols[order[1:]] == symbols[order[:-1]]
    ends[order[:-1][again]] = np.minimum(ends[order[:-1][again]], order[1:][again])
    left = np.bincount(ends, minlength=len(ts_s) + 1)[: len(ts_s)]
    return int((1 + np.arange(len(ts_s)) - np.cumsum(left)).max())
