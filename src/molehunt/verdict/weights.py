"""Weights of evidence: log10 likelihood ratios per feature and range, fitted by ``evaluation/fit.py``, kept as data."""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field


class FeatureWeights(BaseModel):
    """Weights of one feature.

    Attributes:
        group: Group of evidence that the feature belongs to.
        edges: Bounds between the ranges of a number, rising.
        weights: One weight per range, one more than edges.
        values: Weight per value of a word instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str
    edges: list[float] = Field(default_factory=list)
    weights: list[float] = Field(default_factory=list)
    values: dict[str, float] = Field(default_factory=dict)

    def weigh(self, value: float | str) -> float:
        """Return the weight of a value, in log10 odds; 0 for an unknown word."""
        if isinstance(value, str):
            return self.values.get(value, 0.0)
        return self.weights[bisect_right(self.edges, value)]


class Weights(BaseModel):
    """All weights and where they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    provenance: str
    features: dict[str, FeatureWeights]


@lru_cache(maxsize=1)
def fitted() -> Weights:
    """Return the weights that come with the package."""
    return Weights.model_validate(json.loads(files(__package__).joinpath("weights.json").read_text("utf-8")))
