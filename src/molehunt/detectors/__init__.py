"""Detectors: one idea each. A detector says why a group has to be listed, with a number; the verdict says how it is believed.

A detector is one short file with an object of the shape :class:`Detector`, one line in :data:`DETECTORS`, one page in
``docs/detectors`` and one test. What they all measure is in :mod:`molehunt.detectors.facts`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Literal, Protocol

from molehunt.detectors.facts import Facts

#: name -> "module:object", loaded on use; the order is that of the reasons in a finding.
DETECTORS: dict[str, str] = {
    "early": "molehunt.detectors.early:DETECTOR",
    "volume": "molehunt.detectors.volume:DETECTOR",
    "slow": "molehunt.detectors.slow:DETECTOR",
    "download": "molehunt.detectors.download:DETECTOR",
    "beacon": "molehunt.detectors.beacon:DETECTOR",
    "rare_type": "molehunt.detectors.rare_type:DETECTOR",
    "framed": "molehunt.detectors.framed:DETECTOR",
    "rotation": "molehunt.detectors.rotation:DETECTOR",
    "fan_in": "molehunt.detectors.fan_in:DETECTOR",
}

Pool = Literal["", "domains", "clients"]


@dataclass(frozen=True)
class Reason:
    """Why a group is listed.

    Attributes:
        detector: Name of the detector.
        value: The number that passed the threshold.
        unit: Its unit.
        sentence: The reason in words.
        promised: Whether the promise of the design lists it, whatever it is believed to be.
    """

    detector: str
    value: float
    unit: str
    sentence: str
    promised: bool = False


class Detector(Protocol):
    """What every detector offers."""

    name: str
    summary: str
    pool: Pool

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        ...


def load(name: str) -> Detector:
    """Load a detector by its name in the table."""
    module, _, attribute = DETECTORS[name].partition(":")
    detector: Detector = getattr(importlib.import_module(module), attribute)
    return detector


def reasons(facts: Facts, pool: Pool = "") -> list[Reason]:
    """Ask every detector for groups of this shape why the group has to be listed."""
    found = (detector.reason(facts) for detector in map(load, DETECTORS) if detector.pool == pool)
    return [reason for reason in found if reason]
