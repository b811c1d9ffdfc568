"""A made-up office: what a few clients ask on ordinary days. Background for channels, and a benign corpus by itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from evaluation.cases import START_S, rows_table
from evaluation.dice import BASE36, Dice

HOSTS = "www api cdn static img images assets login mail news app shop media js css fonts video blog m edge".split()
SITE_COUNT = 900
#: Queries of one client in a day.
QUERIES_PER_DAY = 110


class Site:
    """A site: its zone, its hosts and their addresses."""

    def __init__(self, dice: Dice) -> None:
        self.zone = dice.zone()
        self.hosts = [f"{host}.{self.zone}" for host in HOSTS[: 1 + dice.int(6)]]
        if dice.chance(0.2):
            self.hosts += [f"{dice.text(BASE36, 12)}.{dice.word()}.{self.zone}" for _ in range(dice.int(4) + 1)]
        self.addresses = {host: [dice.ipv4() for _ in range(1 + dice.int(3))] for host in self.hosts}
        self.ttl = int(dice.pick((60, 300, 300, 3600)))


@lru_cache(maxsize=8)
def office(seed: int, client_count: int = 8, days: float = 1, first: int = 20) -> pa.Table:
    """Return the queries of an office.

    Args:
        seed: Seed of the whole evaluation.
        client_count: Clients; half of the sites that one visits are visited by most.
        days: Length.
        first: Last part of the first client's address, 10.0.0.x.
    """
    dice = Dice(seed, "office", client_count, days)
    sites = [Site(dice) for _ in range(SITE_COUNT)]
    weight = 1 / np.arange(1, SITE_COUNT + 1)
    weight /= weight.sum()
    rows: list[dict[str, Any]] = []
    for i in range(client_count):
        client = f"10.0.0.{first + i}"
        own = dice.rng.permutation(SITE_COUNT)
        count = round(QUERIES_PER_DAY * days * (0.5 + dice.rng.random()))
        ranks = dice.rng.choice(SITE_COUNT, size=count, p=weight)
        for ts, rank in zip(dice.daytime(count, days), ranks, strict=True):
            site = sites[rank if dice.chance(0.5) else own[rank]]
            rows += _visit(dice, site, {"client": client, "ts": START_S + float(ts)})
        rows += _machine(dice, client, days)
    rows.sort(key=lambda row: row["ts"])
    return rows_table(rows)


def _visit(dice: Dice, site: Site, who: dict[str, Any]) -> list[dict[str, Any]]:
    host = dice.pick(site.hosts)
    found = {"answers": site.addresses[host], "answer_types": ["A"] * len(site.addresses[host])}
    found["answer_ttls"] = [site.ttl] * len(site.addresses[host])
    base = who | {"qname": host, "resolver": "10.0.0.1", "transport": "udp", "rcode": "NOERROR"}
    rows = [base | {"qtype": "A"} | found]
    if dice.chance(0.3):
        rows.append(base | {"qtype": "AAAA", "answers": [], "answer_types": [], "answer_ttls": []})
    return rows


#: What a computer asks by itself: name, seconds between.
CLOCKWORK = (
    ("time.clockpool.net", 2048),
    ("settings.telemetry-hub.com", 1800),
    ("wpad.corp.example", 3600),
    ("_ldap._tcp.dc._msdcs.corp.example", 5400),
    ("updates.osvendor.com", 7200),
)


def _machine(dice: Dice, client: str, days: float) -> list[dict[str, Any]]:
    rows = []
    for name, period_s in CLOCKWORK:
        qtype = "SRV" if name.startswith("_") else "A"
        missing = name.startswith("wpad")
        reply = {"answers": [] if missing or qtype == "SRV" else ["192.0.2.10"], "rcode": "NOERROR"}
        if missing:
            reply["rcode"] = "NXDOMAIN"
        for ts in np.arange(dice.rng.random() * period_s, days * 86400, period_s):
            row = {"ts": START_S + float(ts), "client": client, "qname": name, "qtype": qtype, "resolver": "10.0.0.1"}
            rows.append(row | reply | {"transport": "udp"})
    return rows
