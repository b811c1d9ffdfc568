"""Measure one case: molehunt on all of it, on growing beginnings of it until the alarm, and the other rules on the same."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.cases import START_S, Case, Target
from evaluation.hunt import hunt
from evaluation.results import MOLEHUNT, Caught, Result, TargetResult
from molehunt.findings import Finding
from molehunt.names import registered_domain

#: A rule beside molehunt: connection and SELECT of QUERIES -> client, registered_domain, first_alarm_ts.
Rival = Callable[[duckdb.DuckDBPyConnection, str], pa.Table]
#: Client, registered domain and time of a rule's first alarm, in seconds since 1970.
Alarm = tuple[str | None, str | None, float]
#: Times that a case without times is given for the rules that need them.
STEP_S = 1.0
#: Clients per query from which a log of so many queries has made-up clients.
ANONYMOUS, MANY = 0.9, 1000


def measure(case: Case, rivals: dict[str, Rival], replay: bool = True) -> Result:
    """Measure everything on one case.

    Args:
        case: Queries and their truth.
        rivals: The other rules, by name.
        replay: Whether to look for the moment of molehunt's alarm, by growing beginnings.
    """
    started = time.perf_counter()
    findings = hunt(case.queries)
    seconds = time.perf_counter() - started
    alarms = _alarms(rivals, case.queries)
    targets = [_target(case, target, findings, alarms, replay) for target in case.targets]
    wrong = {name: _unexpected(case, ((who, where) for who, where, _ in rows)) for name, rows in alarms.items()}
    wrong[MOLEHUNT] = _unexpected(case, ((f.client, f.registered_domain) for f in findings if f.alert))
    listed = _unexpected(case, ((f.client, f.registered_domain) for f in findings if not f.alert))
    return Result(
        case.name, case.part, case.corpus, case.tool, case.change, case.judged,
        query_count=case.queries.num_rows, group_count=_group_count(case.queries),
        client_days=_client_days(case.queries), targets=targets, false_alerts=wrong, listed_count=len(listed),
        listed_by=_listed_by(case, findings), digest=digest(case.queries), seconds=seconds,
    )  # fmt: skip


def _listed_by(case: Case, findings: list[Finding]) -> dict[str, int]:
    others = [f for f in findings if not any(t.covers(f.client, f.registered_domain) for t in case.targets)]
    return dict(Counter(name for finding in others for name in detectors(finding)))


def _target(
    case: Case,
    target: Target,
    findings: list[Finding],
    alarms: dict[str, list[Alarm]],
    replay: bool,
) -> TargetResult:
    places = np.flatnonzero(target.rows)
    caught = {MOLEHUNT: _caught(case, target, places, findings, replay)}
    for name, rows in alarms.items():
        times = [ts for who, where, ts in rows if target.covers(who, where)]
        caught[name] = _caught_at(case, target, places, min(times)) if times else Caught(False, False)
    up, down = _sum(target.up_bytes), _sum(target.down_bytes)
    true = None if up is None else up + (down or 0.0)
    domains = sorted(target.domains or ["(none of its own)"])
    return TargetResult(domains, len(places), true, target.estimated, caught)


def _caught(case: Case, target: Target, places: np.ndarray, findings: list[Finding], replay: bool) -> Caught:
    about = [f for f in findings if target.covers(f.client, f.registered_domain)]
    alerted = any(f.alert for f in about)
    stated = stated_bytes(about, down=(_sum(target.down_bytes) or 0.0) > 0)
    count = None
    if alerted and replay and len(places):
        count = first_alarm(lambda k: _alerts(case, target, int(places[k - 1]) + 1), len(places))
    by = sorted({name for finding in about for name in detectors(finding)})
    return Caught(alerted, bool(about), count, count and leaked(target, places[:count]), stated, by)


def detectors(finding: Finding) -> set[str]:
    """Return which detectors list a finding."""
    return {evidence.detector for evidence in finding.evidence if evidence.feature == "listed"}


def _alerts(case: Case, target: Target, length: int) -> bool:
    found = hunt(case.queries.slice(0, length))
    return any(f.alert and target.covers(f.client, f.registered_domain) for f in found)


def first_alarm(alerts: Callable[[int], bool], most: int) -> int:
    """Find how many queries it takes: gallop by doubling from 8, where most alarms are, then halve.

    Args:
        alerts: Tells whether so many queries of the target raise the alarm.
        most: All of them; they do.
    """
    low, high = 0, 8
    while high < most and not alerts(high):
        low, high = high, high * 2
    high = min(high, most)
    while high - low > 1:
        middle = (low + high) // 2
        if alerts(middle):
            high = middle
        else:
            low = middle
    return high


def _caught_at(case: Case, target: Target, places: np.ndarray, ts: float) -> Caught:
    times = _seconds(case.queries)[places]
    count = max(1, int(np.searchsorted(times, ts, side="right")))
    return Caught(True, True, count, leaked(target, places[:count]))


def leaked(target: Target, places: np.ndarray) -> float | None:
    """Sum the payload of these rows, both ways, in bytes."""
    if target.up_bytes is None:
        return None
    down = 0.0 if target.down_bytes is None else float(target.down_bytes[places].sum())
    return float(target.up_bytes[places].sum()) + down


def stated_bytes(findings: list[Finding], *, down: bool) -> float | None:
    """Return what findings on one target state: the sum over its groups, or a finding about all of them if that is more."""
    parts = {(f.client, f.registered_domain): (f.down_bytes if down else f.up_bytes) for f in findings}
    each = [value for (who, where), value in parts.items() if value is not None and who and where]
    over = [value for (who, where), value in parts.items() if value is not None and not (who and where)]
    return float(max([sum(each), *over])) if each or over else None


def _alarms(rivals: dict[str, Rival], queries: pa.Table) -> dict[str, list[Alarm]]:
    """Ask every other rule, on one connection; its database is made once per case."""
    if not rivals:
        return {}
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false").fetchall()
        connection.register("case_queries", _with_times(queries))
        return {name: _pairs(rival(connection, "SELECT * FROM case_queries")) for name, rival in rivals.items()}


def _pairs(found: pa.Table) -> list[Alarm]:
    times = found["first_alarm_ts"].cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
    pairs = zip(found["client"].to_pylist(), found["registered_domain"].to_pylist(), times, strict=True)
    return [(who, where, ts / 1e6) for who, where, ts in pairs if ts is not None]


def _with_times(queries: pa.Table) -> pa.Table:
    """Give a case without times a query a second, for the rules that cannot do without."""
    if not queries["ts"].null_count:
        return queries
    kind = queries.schema.field("ts")
    return queries.set_column(0, kind, pa.array((_seconds(queries) * 1e6).astype(np.int64)).cast(kind.type))


def _seconds(queries: pa.Table) -> np.ndarray:
    if queries["ts"].null_count:
        return START_S + STEP_S * np.arange(queries.num_rows)
    return queries["ts"].cast(pa.int64()).to_numpy() / 1e6


def _unexpected(case: Case, pairs: Iterable[tuple[str | None, str | None]]) -> list[tuple[str | None, str | None]]:
    return sorted({pair for pair in pairs if not any(t.covers(*pair) for t in case.targets)}, key=str)


def _group_count(queries: pa.Table) -> int:
    names = queries["qname"].combine_chunks()
    pairs = pa.table({"client": queries["client"], "domain": registered_domain(names)})
    return int(pairs.group_by(["client", "domain"]).aggregate([]).num_rows)


def _client_days(queries: pa.Table) -> int:
    """Count pairs of client and day; a log whose clients were drawn anew for each line counts as one client."""
    if len(pc.unique(queries["client"])) > ANONYMOUS * queries.num_rows and queries.num_rows >= MANY:
        queries = queries.drop(["client"]).append_column("client", pa.nulls(queries.num_rows, pa.string()))
    days = pc.floor_temporal(queries["ts"], unit="day")
    return int(pa.table({"client": queries["client"], "day": days}).group_by(["client", "day"]).aggregate([]).num_rows)


def _sum(values: np.ndarray | None) -> float | None:
    return None if values is None else float(values.sum())


def digest(queries: pa.Table) -> str:
    """Return the digest of a case: of its times, clients and names."""
    total = hashlib.blake2s(digest_size=8)
    for name in ("ts", "client", "qname"):
        values = queries[name].cast(pa.string()).to_pylist()
        total.update("\n".join(value or "" for value in values).encode("utf-8", "surrogatepass"))
    return total.hexdigest()
