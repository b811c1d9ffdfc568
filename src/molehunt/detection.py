"""The steps from groups to findings, in order: sieve, exact work on the candidates, pools, verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from molehunt.config import Config
from molehunt.detectors import Pool, Reason, reasons
from molehunt.detectors.facts import Facts
from molehunt.detectors.traffic import Ints, Traffic
from molehunt.engines import Engine
from molehunt.findings import CONFIDENCES, Finding
from molehunt.verdict import judge
from molehunt.verdict.weights import Weights, fitted


def detect(engine: Engine, config: Config, *, weights: Weights | None = None, sieve: bool = True) -> list[Finding]:
    """Find what is hidden in the queries that the engine holds.

    Args:
        engine: An engine that has read its input.
        config: The settings.
        weights: Weights of evidence; those of the package if None.
        sieve: Whether groups that no detector could list are left out before the exact work; False changes the time
            this takes and nothing else.

    Returns:
        Findings, the surest and largest first.
    """
    chosen, told, found = weights or fitted(), Told(config), []
    for facts, pool, why in examine(engine, config, sieve=sieve):
        if not why or told.covers(facts, pool):
            continue
        finding = judge(facts, pool, why, chosen, engine.clients_of)
        found.append(finding)
        if finding.alert:
            told.add(facts, pool)
    return sorted(found, key=_order)


class Told:
    """What alerts of single groups have told already, so that a pool of the same queries is not told again.

    Groups come before pools. A pool counts only if what is left of its bytes would be listed without them.
    """

    def __init__(self, config: Config) -> None:
        self._settings = config.detection
        self._client_bytes: Counter[str | None] = Counter()
        self._domain_bytes: Counter[str | None] = Counter()

    def add(self, facts: Facts, pool: Pool) -> None:
        """Take an alert; only domains that few clients use can be part of a pool of domains."""
        if pool:
            return
        self._domain_bytes[facts.group.registered_domain] += round(facts.up.total_bytes)
        if facts.group.zone.client_count <= self._settings.group.rare_clients:
            self._client_bytes[facts.group.client] += round(facts.up.total_bytes)

    def covers(self, facts: Facts, pool: Pool) -> bool:
        """Tell whether the alerts so far leave nothing of the pool that is worth telling."""
        if pool == "domains":
            told, least = self._client_bytes[facts.group.client], self._settings.rotation.bytes
        elif pool == "clients":
            told, least = self._domain_bytes[facts.group.registered_domain], self._settings.fan_in.bytes
        else:
            return False
        return told > 0 and facts.up.total_bytes - told < least


def examine(engine: Engine, config: Config, *, sieve: bool = True) -> Iterator[tuple[Facts, Pool, list[Reason]]]:
    """Yield every group and pool that passes the sieve, with the reasons to list it, if any."""
    settings = config.detection
    traffic = Traffic(engine.candidates(settings, sieve=sieve), engine.overview(), settings.group.retry_s)
    public = traffic.public_answers(settings.group.public_clients)
    for index, pool in shapes(traffic, config, sieve=sieve):
        facts = Facts(traffic.group(index, pool=pool), config, public)
        yield facts, pool, reasons(facts, pool)


def shapes(traffic: Traffic, config: Config, *, sieve: bool = True) -> Iterator[tuple[Ints, Pool]]:
    """Yield the rows of every group and of every pool that a detector looks at."""
    worth = traffic.promising(config.detection)
    for start, end, kept in zip(traffic.starts[:-1].tolist(), traffic.starts[1:].tolist(), worth.tolist(), strict=True):
        if kept or not sieve:
            yield np.arange(start, end), ""
    for index in traffic.pools_of_domains(config.detection):
        yield index, "domains"
    for index in traffic.pools_of_clients(config.detection):
        yield index, "clients"


def _order(finding: Finding) -> tuple[int, float, str, str]:
    place = CONFIDENCES.index(finding.confidence)
    return place, -finding.score, finding.client or "", finding.registered_domain or ""
