"""Channels with known payload: one for each thing that attackers change, at each rate.

The base plan is one client that sends 30 octets a query in base32, in one label, at ±20 % jitter. Each change is the base
plan with one thing different. The channel lies in the traffic of a small office, so that it is neither alone nor the
only thing that is rare.
"""

from __future__ import annotations

import numpy as np

from evaluation.cases import Case, Target, lay
from evaluation.channels.plan import Plan, at_rate, dig
from evaluation.dice import Dice
from evaluation.office import office

#: change -> variant -> plan.
CHANGES: dict[str, dict[str, Plan]] = {
    "none": {"base": Plan()},
    "position": {
        "behind a word": Plan(template="www.{data}"),
        "in the middle": Plan(template="img.{data}.cdn"),
        "five labels deep": Plan(template="{data}.a.b.c.d"),
        "inside a label": Plan(template="api-{data}-v2", label_chars=56),
        "over three labels": Plan(label_chars=17),
    },
    "encoding": {
        "hex": Plan(codec="hex"),
        "hex as long as MD5": Plan(codec="hex", chunk_bytes=16),
        "hex as long as SHA-1": Plan(codec="hex", chunk_bytes=20),
        "hex in two such labels": Plan(codec="hex", label_chars=32),
        "base64url": Plan(codec="base64url"),
        "base36": Plan(codec="base36"),
        "decimal": Plan(codec="decimal", chunk_bytes=20),
        "16 letters": Plan(codec="letters"),
        "octets": Plan(codec="octets"),
        "letter case": Plan(codec="case", chunk_bytes=6),
    },
    "words": {
        "eight words": Plan(codec="words", chunk_bytes=8),
        "three words": Plan(codec="words", chunk_bytes=3),
    },
    "chunk size": {
        "10 bytes": Plan(chunk_bytes=10),
        "60 bytes": Plan(chunk_bytes=60),
        "110 bytes": Plan(chunk_bytes=110),
    },
    "short labels": {
        "at most 8": Plan(chunk_bytes=5, label_chars=8),
        "at most 12": Plan(chunk_bytes=7, label_chars=12),
        "many of at most 8": Plan(chunk_bytes=20, label_chars=8),
    },
    "timing": {
        "fixed": Plan(timing="fixed"),
        "jitter 50 %": Plan(timing="jitter 50 %"),
        "poisson": Plan(timing="poisson"),
        "bursts": Plan(timing="bursts"),
        "working hours": Plan(timing="working hours"),
    },
    "one query per 10 minutes": {"base32": Plan(chunk_bytes=29), "words": Plan(codec="words", chunk_bytes=28)},
    "many domains": {
        "3 domains": Plan(domain_count=3),
        "10 domains": Plan(domain_count=10),
        "30 domains": Plan(domain_count=30),
    },
    "many clients": {
        "5 clients": Plan(client_count=5),
        "20 clients": Plan(client_count=20),
        "60 clients": Plan(client_count=60),
    },
    "answers": {
        "A": Plan(carrier="A", template="{n}.d"),
        "A, one network": Plan(carrier="A, one network", template="{n}.d"),
        "AAAA": Plan(carrier="AAAA", template="{n}.d"),
        "CNAME": Plan(carrier="CNAME", template="{n}.d"),
        "MX": Plan(carrier="MX", template="{n}.d"),
        "TXT": Plan(carrier="TXT", template="{n}.d"),
        "TXT of one name": Plan(carrier="TXT", template="status"),
    },
    "code words": {
        "16 names": Plan(codec="codeword16", chunk_bytes=1),
        "256 names": Plan(codec="codeword", chunk_bytes=1),
    },
    "record type as code": {
        "of one name": Plan(typed=True, codec="codeword16", chunk_bytes=1, template="www"),
        "of new names": Plan(typed=True, codec="codeword16", chunk_bytes=1, template="{n}.d"),
    },
    "cloud suffix": {
        "cdn": Plan(suffix="cloudfront.net"),
        "sites": Plan(suffix="azurewebsites.net"),
        "pages": Plan(suffix="github.io"),
        "workers": Plan(suffix="workers.dev"),
    },
    "headers": {
        "counter": Plan(template="{n}.{data}"),
        "session and counter": Plan(template="{s}{n}x{data}", label_chars=48, chunk_bytes=25),
        "nonce": Plan(template="{data}.{r}.{s}"),
    },
    "retries": {"30 %": Plan(retry_share=0.3)},
    "decoys": {"half": Plan(decoy_share=1.0)},
    "record type": {
        "TXT": Plan(qtypes=("TXT",)),
        "NULL": Plan(qtypes=("NULL",)),
        "PTR": Plan(qtypes=("PTR",)),
        "HTTPS": Plan(qtypes=("HTTPS",)),
        "SRV": Plan(qtypes=("SRV",)),
        "mixed": Plan(qtypes=("TXT", "CNAME", "MX", "A", "AAAA")),
    },
    "no such name": {"NXDOMAIN": Plan(answered=False)},
}

#: Payload of a day, by what the tables call it, and for how many days.
RATES: dict[str, tuple[int, float]] = {"60 kB": (61440, 1), "24 kB": (24576, 1), "4 kB": (4096, 1)}
#: A rate that some changes cannot reach: fewer octets a query than would hide anything.
TOO_FAST = {
    ("one query per 10 minutes", "60 kB"),
    ("one query per 10 minutes", "24 kB"),
    ("code words", "60 kB"),
    ("record type as code", "60 kB"),
}


def names() -> list[str]:
    """Name all channels: ``channel/change/variant/rate``."""
    return [
        f"channel/{change}/{variant}/{rate}"
        for change, variants in CHANGES.items()
        for variant in variants
        for rate in RATES
        if (change, rate) not in TOO_FAST
    ]


def make(name: str, seed: int) -> Case:
    """Dig the channel of this name.

    Args:
        name: One of :func:`names`.
        seed: Seed of the whole evaluation.
    """
    _, change, variant, rate = name.split("/")
    plan = at_rate(CHANGES[change][variant], *RATES[rate])
    dug = dig(plan, Dice(seed, name))
    background = office(seed, client_count=8, days=plan.days)
    queries, (_, load) = lay((background, None), (dug.queries, dug.load))
    rows = ~np.isnan(load)
    load = np.nan_to_num(load)
    up, down = (np.zeros_like(load), load) if plan.carrier else (load, np.zeros_like(load))
    clients = frozenset(dug.clients) if plan.client_count == 1 else None
    target = Target(clients, frozenset(dug.zones), rows, up, down)
    return Case(name, "channels", "channels", variant, change, queries, [target])
