"""Mixed days: channels of known rate laid into benign logs, from one of the log's own clients.

The logs are public ones where they are present, and the made-up office always. What a log does not show (answers, message
sizes) is not shown of the tunnel either.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa

from evaluation import corpora
from evaluation.cases import DAY_S, START_S, Case, Target, lay
from evaluation.channels.plan import Plan, dig
from evaluation.dice import Dice
from evaluation.office import office

#: What the tables call a log -> its file.
LOGS = {
    "office of 50, 3 days": "benign/rita/missing_host_3days_dns.log",
    "home resolver, 44 h": "benign/pihole/nopetw_pihole-FTL.db",
    "four people, 1 day": "benign/zeek/cindy42833_domex_dns.log",
}
MADE_UP = "made-up office"
PLANS = {
    "base32": Plan(),
    "words": Plan(codec="words", chunk_bytes=8, timing="poisson"),
    "hex in working hours": Plan(codec="hex", timing="working hours", template="{data}.cdn"),
    "TXT answers": Plan(carrier="TXT", template="{n}.d"),
}
#: Payload of a day, by what the tables call it, and the days it takes.
RATES = {"60 kB": (61440, 1.0), "24 kB": (24576, 1.0), "4 kB": (4096, 1.0), "137 B": (137, 30.0)}
LONG_LOGS = {MADE_UP, "office of 50, 3 days"}


def names() -> list[str]:
    """Name all mixed days: ``mixed/log/plan/rate``."""
    logs = [MADE_UP, *(log for log, file in LOGS.items() if file in corpora.manifest())]
    return [
        f"mixed/{log}/{plan}/{rate}"
        for log in logs
        for plan in PLANS
        for rate in RATES
        if not (rate == "137 B" and log not in LONG_LOGS) and not (PLANS[plan].carrier and log.startswith("home"))
    ]


def make(name: str, seed: int) -> Case:
    """Lay the channel of this name into its log.

    Args:
        name: One of :func:`names`.
        seed: Seed of the whole evaluation.
    """
    _, log, variant, rate = name.split("/")
    bytes_per_day, days = RATES[rate]
    base = _log(log, seed, days)
    start = int(base["ts"].cast(pa.int64())[0].as_py()) / 1e6
    span_days = min(days, (int(base["ts"].cast(pa.int64())[-1].as_py()) / 1e6 - start) / DAY_S)
    plan = replace(PLANS[variant], bytes_per_day=bytes_per_day, days=span_days)
    if span_days < 0.9 and plan.timing == "working hours":
        plan = replace(plan, timing="poisson")
    dug = dig(plan, Dice(seed, name))
    client = _digger(base)
    tunnel = _as_seen(_moved(dug.queries, start, client), base)
    queries, (_, load) = lay((base, None), (tunnel, dug.load))
    rows, load = ~np.isnan(load), np.nan_to_num(load)
    up, down = (np.zeros_like(load), load) if plan.carrier else (load, np.zeros_like(load))
    target = Target(frozenset({client}), frozenset(dug.zones), rows, up, down)
    return Case(name, "mixed days", log, variant, rate, queries, [target])


@lru_cache(maxsize=4)
def _log(log: str, seed: int, days: float) -> pa.Table:
    """Load a benign log, again and again until it covers so many days."""
    if log == MADE_UP:
        return office(seed, client_count=12, days=days)
    queries = corpora.in_time(corpora.load(corpora.manifest()[LOGS[log]]))
    times = queries["ts"].cast(pa.int64()).to_numpy()
    period = int(np.ceil((times[-1] - times[0]) / 1e6 / DAY_S) * DAY_S * 1e6)
    copies = [_at(queries, times + i * period) for i in range(max(1, round(days * DAY_S * 1e6 / period)))]
    return pa.concat_tables(copies).combine_chunks()


def _at(queries: pa.Table, times: np.ndarray) -> pa.Table:
    column = pa.array(times, pa.int64()).cast(queries.schema.field("ts").type)
    return queries.set_column(0, queries.schema.field("ts"), column)


def _digger(base: pa.Table) -> str:
    """Choose who digs: the client in the middle, by number of queries, of those that ask a hundred or more."""
    counts = Counter(who for who in base["client"].to_pylist() if who).most_common()
    busy = [who for who, count in counts if count >= 100] or [counts[0][0]]
    return busy[len(busy) // 2]


def _moved(queries: pa.Table, start: float, client: str) -> pa.Table:
    times = queries["ts"].cast(pa.int64()).to_numpy() + int((start - START_S) * 1e6)
    who = pa.repeat(pa.scalar(client), queries.num_rows)
    return _at(queries, times).set_column(1, queries.schema.field("client"), who)


def _as_seen(queries: pa.Table, base: pa.Table) -> pa.Table:
    """Blank the columns that the log does not have."""
    columns = {name: queries[name].combine_chunks() for name in queries.schema.names}
    for name in columns:
        if base[name].null_count == base.num_rows:
            columns[name] = pa.nulls(queries.num_rows, queries.schema.field(name).type)
    return pa.Table.from_arrays(list(columns.values()), schema=queries.schema)
