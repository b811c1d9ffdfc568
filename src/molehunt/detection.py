"""The steps from groups to findings, in order: sieve, exact work on the candidates, pools, verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from molehunt.config import Config
from molehunt.detectors import Pool, Reason, reasons
from molehunt.detectors.facts import Facts
from molehunt.detectors.promising import promising
from molehunt.detectors.traffic import Ints, Traffic
from molehunt.engines import Engine
from molehunt.findings import CONFIDENCES, Finding
from molehunt.schema import Overview
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
    """Yield every group and pool that passes the sieve, with the reasons to list it, if any; part by part.

    The groups of a domain come before the pool of its clients, and all groups before the pools of domains.
    """
    engine.sift(config.detection, promising, sieve=sieve)
    site, public = engine.overview(), engine.public_answers()
    for index, pool, traffic in _shapes(engine, site, config):
        facts = Facts(traffic.group(index, pool=pool), config, public)
        yield facts, pool, reasons(facts, pool)


def _shapes(engine: Engine, site: Overview, config: Config) -> Iterator[tuple[Ints, Pool, Traffic]]:
    """Yield the rows of every group and of every pool that a detector looks at, and where they are."""
    settings = config.detection
    for part in engine.candidates():
        traffic = Traffic(part, site, settings.group.retry_s)
        for index in traffic.groups():
            yield index, "", traffic
        for index in traffic.pools_of_clients(settings):
            yield index, "clients", traffic
    for part in engine.rotating():
        traffic = Traffic(part, site, settings.group.retry_s)
        for index in traffic.pools_of_domains(settings):
            yield index, "domains", traffic


def _order(finding: Finding) -> tuple[int, float, str, str]:
    place = CONFIDENCES.index(finding.confidence)
    return place, -finding.score, finding.client or "", finding.registered_domain or ""
