"""Fit the weights of evidence from the cases: ``python -m evaluation.fit``.

Idea: the score is a sum of weights, clipped per group of evidence, so weights can be learned as in a logistic regression:
channels should score above 0 and everything else well below. Each tool and change counts alike, whatever the number of its
captures, and so does each benign source; channels count whole and as their first queries, since the alarm has to come early.
The fit starts from weights that were set by hand before any fit (``start_weights.json``) and is held near them, weights of a
number stay monotone as they are, and weights below 0 keep at least half their size: few benign sources cannot teach much, and
where they are silent the start value speaks.

``--check`` fits without one tool at a time and tells how much of that tool the others' weights still find.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from evaluation import catalogue
from evaluation.cases import Case
from evaluation.hunt import engine_of
from molehunt.config import Config
from molehunt.detection import examine
from molehunt.detectors import Reason
from molehunt.verdict.features import Feature, features
from molehunt.verdict.kinds import capped
from molehunt.verdict.score import confidence, score
from molehunt.verdict.weights import FeatureWeights, Weights

START = Path(__file__).parent / "start_weights.json"
TARGET = Path(__file__).parent.parent / "src" / "molehunt" / "verdict" / "weights.json"
PREFIXES = (8, 12, 20, 50, 200, 0)
SEED = 77
#: Of the fit: steps and their length, pull to the start values, margins of the score, how much early and unlisted
#: samples count.
STEPS, RATE, PULL = 600, 2.0, 0.004
ABOVE, BELOW = 0.7, 1.5
EARLY, UNLISTED = 0.5, 0.05
#: Farthest that a weight may go from its start; a weight that starts at 0 is a statement that it says nothing, and stays.
LEASH = 1.0
#: Features that the generators choose for every channel alike (an even pace, a short TTL), so that their samples say nothing
#: about how telling they are: the fit leaves them as they are.
HELD = frozenset({"rhythm", "ttl_s"})
PRIOR, CLIP = Config().detection.verdict.prior, Config().detection.verdict.clip
LN10 = math.log(10)


@dataclass(frozen=True)
class Sample:
    """One group of one case.

    Attributes:
        case: Name of the case.
        source: What counts alike: tool and change of a tunnel, corpus of the rest.
        tool: Tool family.
        prefix: First queries that were looked at; 0 is all.
        tunnel: Whether the group is the channel.
        reasons: Detectors that list it.
        capped: Whether confidence is capped.
        values: Feature -> value.
    """

    case: str
    source: str
    tool: str
    prefix: int
    tunnel: bool
    reasons: list[str]
    capped: bool
    values: dict[str, float | str]


def collect(name: str) -> list[Sample]:
    """Look at every candidate group of a case, and at the beginnings of its channels."""
    try:
        case = catalogue.make(name, SEED)
    except Exception as error:
        sys.stderr.write(f"left out: {name}: {type(error).__name__}\n")
        return []
    if not case.judged or not case.queries.num_rows:
        return []
    found = list(_samples(case, 0, len(case.queries)))
    for target in case.targets:
        places = np.flatnonzero(target.rows)
        for prefix in PREFIXES[:-1]:
            if prefix < len(places):
                found += [s for s in _samples(case, prefix, int(places[prefix - 1]) + 1) if s.tunnel]
    return found


def _samples(case: Case, prefix: int, length: int) -> Iterator[Sample]:
    config = Config()
    with engine_of(case.queries.slice(0, length)) as engine:
        for facts, pool, why in examine(engine, config, sieve=True):
            group = facts.group
            covered = any(t.covers(group.client, group.registered_domain) for t in case.targets)
            own = [t for t in case.targets if t.covers(group.client, group.registered_domain) and t.domains]
            if covered and ((pool and not why) or (not own and not why)):
                continue
            yield Sample(
                case.name,
                f"{case.tool}/{case.change}" if covered else (case.corpus + "/" + case.tool),
                case.tool,
                prefix,
                covered,
                [reason.detector for reason in why],
                capped(facts),
                {feature.name: feature.value for feature in features(facts)},
            )


def fit(samples: Sequence[Sample], shape: Weights) -> Weights:
    """Return weights fitted to the samples, with the groups and ranges of the shape, near the shape's weights."""
    problem = _Problem.of(samples, shape)
    weights = problem.start.copy()
    for step in range(STEPS):
        weights -= RATE * (1 - step / STEPS) * problem.slope(weights)
        problem.project(weights)
    features = {name: problem.feature(name, weights) for name in shape.features}
    return Weights(version=shape.version, provenance=_provenance(samples, shape, features), features=features)


@dataclass(frozen=True)
class _Problem:
    """The fit as arrays.

    Attributes:
        shape: Groups and ranges.
        places: Feature -> where its weights stand in the vector.
        start: The vector at the beginning.
        used: Per sample and feature, place of its weight, or the last place, which is always 0.
        group: Group of each feature.
        tunnel: Whether each sample is a channel.
        mass: How much each sample counts.
    """

    shape: Weights
    places: dict[str, slice]
    start: np.ndarray
    used: np.ndarray
    group: np.ndarray
    tunnel: np.ndarray
    mass: np.ndarray

    @classmethod
    def of(cls, samples: Sequence[Sample], shape: Weights) -> _Problem:
        places, values = {}, []
        for name, feature in shape.features.items():
            own = list(feature.values.values()) or feature.weights
            places[name] = slice(len(values), len(values) + len(own))
            values += own
        kept = [s for s in samples if not s.capped]
        names, groups = list(shape.features), sorted({f.group for f in shape.features.values()})
        used = np.array([[_place(s, n, shape.features[n], places[n].start, len(values)) for n in names] for s in kept])
        group = np.array([groups.index(shape.features[n].group) for n in names])
        tunnel = np.array([s.tunnel for s in kept])
        return cls(shape, places, np.array([*values, 0.0]), used, group, tunnel, _mass(kept))

    def slope(self, weights: np.ndarray) -> np.ndarray:
        """Return the gradient of the loss: logistic of the score against its margin, and the pull to the start."""
        each = weights[self.used]
        sums = np.stack([each[:, self.group == g].sum(axis=1) for g in range(self.group.max() + 1)], axis=1)
        score_ = PRIOR + np.clip(sums, -CLIP, CLIP).sum(axis=1)
        wrong = np.where(self.tunnel, -1 / (1 + np.exp(LN10 * (score_ - ABOVE))), 1 / (1 + np.exp(-LN10 * (score_ + BELOW))))
        free = (np.abs(sums) < CLIP)[:, self.group] | (np.sign(sums)[:, self.group] != -np.sign(wrong)[:, None])
        found = np.zeros_like(weights)
        np.add.at(found, self.used, (wrong * self.mass)[:, None] * free)
        found += PULL * (weights - self.start)
        found[-1] = 0
        return found

    def project(self, weights: np.ndarray) -> None:
        """Bring the weights back into what is allowed, in place."""
        np.clip(weights, np.maximum(self.start - LEASH, -CLIP), np.minimum(self.start + LEASH, CLIP), out=weights)
        weights[self.start == 0] = 0
        for name, place in self.places.items():
            feature = self.shape.features[name]
            if name in HELD:
                weights[place] = self.start[place]
            against = self.start[place] < 0
            weights[place] = np.where(against, np.minimum(weights[place], self.start[place] / 2), weights[place])
            if feature.weights:
                turn = 1 if feature.weights[-1] >= feature.weights[0] else -1
                rising = weights[place][::turn].tolist()
                weights[place] = _monotone(rising, [1.0] * len(rising))[::turn]

    def feature(self, name: str, weights: np.ndarray) -> FeatureWeights:
        """Return the fitted weights of one feature."""
        feature, own = self.shape.features[name], [round(float(w), 2) for w in weights[self.places[name]]]
        if feature.values:
            return feature.model_copy(update={"values": dict(zip(feature.values, own, strict=True))})
        return feature.model_copy(update={"weights": own})


def _place(sample: Sample, name: str, feature: FeatureWeights, start: int, nothing: int) -> int:
    value = sample.values.get(name)
    if value is None:
        return nothing
    if isinstance(value, str):
        return start + list(feature.values).index(value) if value in feature.values else nothing
    return start + bisect_right(feature.edges, value)


def _mass(samples: Sequence[Sample]) -> np.ndarray:
    """Let every source count alike, channels and the rest half each; what no detector lists counts little."""
    raw = np.array([(1.0 if s.reasons else UNLISTED) * (1.0 if s.prefix in (0, 50, 200) else EARLY) for s in samples])
    keys = [(s.tunnel, s.source) for s in samples]
    total: dict[tuple[bool, str], float] = defaultdict(float)
    for key, mass in zip(keys, raw, strict=True):
        total[key] += mass
    sides = {side: sum(1 for key in total if key[0] is side) for side in (True, False)}
    return np.array([m / max(total[key], 1.0) / sides[key[0]] for key, m in zip(keys, raw, strict=True)])


def _monotone(values: list[float], mass: list[float]) -> list[float]:
    """Return the closest rising series (pool adjacent violators)."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, mass, strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            last = blocks.pop()
            both = last[1] + block[1]
            block = ((last[0] * last[1] + block[0] * block[1]) / both, both, last[2] + block[2])
        blocks.append(block)
    return [value for value, _, count in blocks for _ in range(count)]


def judge(sample: Sample, weights: Weights) -> str:
    """Return the confidence that the weights give a sample, or ``none`` if nothing lists it."""
    if not sample.reasons:
        return "none"
    found = [Feature(name, value, "", "") for name, value in sample.values.items()]
    reasons = [Reason(name, 0.0, "", "") for name in sample.reasons]
    settings = Config().detection.verdict
    return confidence(score(found, reasons, weights, settings), sample.capped, settings)


def _provenance(samples: Sequence[Sample], shape: Weights, features: dict[str, FeatureWeights]) -> str:
    """Say what the weights come from, how far the fit may move them, and which it left where they were set by hand."""
    tunnels = {s.source for s in samples if s.tunnel}
    others = {s.source for s in samples if not s.tunnel}
    return (
        f"evaluation/fit.py, seed {SEED}: {sum(s.tunnel for s in samples)} samples of {len(tunnels)} tools and changes, "
        f"{sum(not s.tunnel for s in samples)} groups of {len(others)} benign sources; each weight within {LEASH:g} "
        f"of its hand-set start (evaluation/start_weights.json), those of 0 and of {', '.join(sorted(HELD))} "
        "held, those below 0 kept at half their size or more; not moved: "
        f"{', '.join(name for name in features if features[name] == shape.features[name]) or 'none'}"
    )


def check(samples: Sequence[Sample], shape: Weights) -> dict[str, tuple[int, int]]:
    """Leave one tool out at a time; return tool -> (channels alerted, channels) under the weights of the others."""
    found: dict[str, tuple[int, int]] = {}
    for tool in sorted({s.tool for s in samples if s.tunnel}):
        weights = fit([s for s in samples if not (s.tunnel and s.tool == tool)], shape)
        cases: dict[str, bool] = {}
        for s in samples:
            if s.tunnel and s.tool == tool and s.prefix == 0:
                cases[s.case] = cases.get(s.case, False) or judge(s, weights) in ("medium", "high")
        found[tool] = (sum(cases.values()), len(cases))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Collect, fit, check and write."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.fit", description=__doc__.split("\n\n")[0])
    parser.add_argument("--samples", type=Path, help="JSON of samples; made if absent")
    parser.add_argument("--start", type=Path, default=START, help="weights to begin with")
    parser.add_argument("--only", default="", help="cases whose name begins so")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="leave one tool out at a time")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    samples = _load(options)
    start = Weights.model_validate_json(options.start.read_text("utf-8"))
    if options.check:
        for tool, (alerted, count) in check(samples, start).items():
            print(f"{tool:40s} {alerted:4d} of {count:4d}")
        return 0
    options.output.write_text(json.dumps(fit(samples, start).model_dump(exclude_defaults=True), indent=1) + "\n", "utf-8")
    return 0


def _load(options: argparse.Namespace) -> list[Sample]:
    if options.samples and options.samples.exists():
        return [Sample(**row) for row in json.loads(options.samples.read_text("utf-8"))]
    names = [name for name in catalogue.names() if name.startswith(options.only)]
    with ProcessPoolExecutor(options.jobs) as pool:
        samples = [sample for found in pool.map(collect, names) for sample in found]
    if options.samples:
        options.samples.write_text(json.dumps([asdict(sample) for sample in samples]), "utf-8")
    return samples


if __name__ == "__main__":
    raise SystemExit(main())
