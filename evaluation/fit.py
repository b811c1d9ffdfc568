"""Fit the weights of evidence from the cases: ``python -m evaluation.fit``.

Idea: per feature and range of it, the weight is log10 of (share of tunnels ÷ share of everything else), smoothed. Each tool (and
each change of a generator) counts alike, whatever the number of its captures; so does each benign corpus. Tunnels count whole
and as their first queries, since the alarm has to come early. Ranges and groups stay as they are; only weights are fitted, and
those of a number are kept monotone where the feature says so.

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
from molehunt.verdict.weights import FeatureWeights, Weights, fitted

TARGET = Path(__file__).parent.parent / "src" / "molehunt" / "verdict" / "weights.json"
PREFIXES = (8, 12, 20, 50, 200, 0)
SEED = 77
SMOOTH = 1.0
MOST = 2.5


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
    except Exception as error:  # noqa: BLE001 - a corpus that cannot be read is left out, and said so
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
            if covered and (pool and not why or not own and not why):
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
    """Return weights fitted to the samples, with the groups and ranges of the shape."""
    made = {name: _fit_one(name, feature, samples) for name, feature in shape.features.items()}
    return Weights(version=shape.version + 1, provenance=_provenance(samples), features=made)


def _fit_one(name: str, feature: FeatureWeights, samples: Sequence[Sample]) -> FeatureWeights:
    keys: list[str | int] = list(feature.values) or list(range(len(feature.weights)))
    share = {tunnel: _shares(name, feature, keys, [s for s in samples if s.tunnel is tunnel]) for tunnel in (True, False)}
    raw = [float(np.clip(math.log10(share[True][k] / share[False][k]), -MOST, MOST)) for k in keys]
    if feature.values:
        return feature.model_copy(update={"values": {str(k): round(w, 2) for k, w in zip(keys, raw, strict=True)}})
    mass = [share[True][k] + share[False][k] for k in keys]
    rising = feature.weights[-1] >= feature.weights[0]
    fitted_weights = _monotone(raw if rising else raw[::-1], mass if rising else mass[::-1])
    ordered = fitted_weights if rising else fitted_weights[::-1]
    return feature.model_copy(update={"weights": [round(w, 2) for w in ordered]})


def _shares(name: str, feature: FeatureWeights, keys: Sequence[str | int], samples: Sequence[Sample]) -> dict[str | int, float]:
    """Return the share of sources in each range; each source counts 1, and ``SMOOTH`` sources are spread evenly."""
    by_source: dict[str, list[str | int]] = defaultdict(list)
    for sample in samples:
        if name in sample.values:
            value = sample.values[name]
            by_source[sample.source].append(value if isinstance(value, str) else bisect_right(feature.edges, value))
    total = dict.fromkeys(keys, SMOOTH / len(keys))
    for values in by_source.values():
        for key in values:
            if key in total:
                total[key] += 1 / len(values)
    whole = sum(total.values())
    return {key: count / whole for key, count in total.items()}


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


def _provenance(samples: Sequence[Sample]) -> str:
    tunnels = {s.source for s in samples if s.tunnel}
    others = {s.source for s in samples if not s.tunnel}
    return (
        f"evaluation/fit.py, seed {SEED}: {sum(s.tunnel for s in samples)} samples of {len(tunnels)} tools and changes, "
        f"{sum(not s.tunnel for s in samples)} groups of {len(others)} benign sources"
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
    parser.add_argument("--only", default="", help="cases whose name begins so")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="leave one tool out at a time")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    samples = _load(options)
    if options.check:
        for tool, (alerted, count) in check(samples, fitted()).items():
            print(f"{tool:40s} {alerted:4d} of {count:4d}")
        return 0
    options.output.write_text(json.dumps(fit(samples, fitted()).model_dump(exclude_defaults=True), indent=1) + "\n", "utf-8")
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
