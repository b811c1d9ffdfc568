"""The second sieve: of the groups that passed the SQL, those that a detector could list for the bits of their names.

The bits of all groups are counted at once, in the order in which the names were first asked and without the general
compressors, which could only lower them. So it is as loose as the first: it never drops a group that a detector would list.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from molehunt.config import DetectionSettings
from molehunt.detectors.traffic import Bools, Floats, Ints, starts
from molehunt.names import subdomain
from molehunt.names.information import information


def promising(names: pa.Table, settings: DetectionSettings) -> pa.Table:
    """Return the groups that are worth a closer look.

    Args:
        names: Distinct names, group by group, with how often each was asked and how many clients its domain has.
        settings: The thresholds.

    Returns:
        Their ``client_key`` and ``zone_key``.
    """
    places = starts(np.asarray(names["zone_key"]), np.asarray(names["client_key"]))
    first = places[:-1]
    texts: Any = subdomain(names["qname"], seen=True)
    upper = information(texts.combine_chunks(), places, settings.information).group_bits / 8 + 2
    asked = np.add.reduceat(np.asarray(names["query_count"]), first) if len(first) else np.zeros(0, np.int64)
    choices = _choice_bytes(asked, np.diff(places)) + _type_bytes(asked, np.asarray(names["type_count"])[first])
    found = _enough(upper, choices, np.diff(places), np.asarray(names["zone_clients"])[first], settings)
    return names.select(["client_key", "zone_key"]).take(first[found])


def _choice_bytes(asked: Ints, count: Ints) -> Floats:
    """Return what the choice of repeated names can say at most, per group."""
    bound: Floats = np.where(asked > count, asked * (np.log2(np.maximum(asked, 1)) + 2) / 8, 0.0)
    return bound


def _type_bytes(asked: Ints, types: Ints) -> Floats:
    """Return what the choice of record types can say at most, per group: as varied as can be, and what each costs once."""
    once = types * (20 + 3 * np.log2(asked + 1))
    bound: Floats = np.where(types > 1, asked * (np.log2(np.maximum(types, 1)) + 0.1) + once, 0.0) / 8
    return bound


def _enough(upper: Floats, choices: Floats, count: Ints, clients: Ints, settings: DetectionSettings) -> Bools:
    """Mark the groups whose names could say enough for ``early``, ``volume`` or ``slow``."""
    e, v = settings.early, settings.volume
    small = (clients <= e.clients) & (upper >= e.sum_bytes) & (upper >= count * e.least_bytes)
    early = (count >= e.names) & (small | (upper >= count * e.name_bytes))
    early |= (count >= e.heavy_names) & (upper >= count * e.heavy_bytes)
    found: Bools = early | (upper + choices >= min(v.bytes, v.alert_bytes, settings.slow.bytes))
    return found
