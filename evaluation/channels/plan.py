"""A plan is what an attacker does; :func:`dig` turns it into queries whose payload is known row by row."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from evaluation.cases import DAY_S, START_S, rows_table
from evaluation.channels.answers import CARRIERS
from evaluation.channels.codecs import CODECS, cut, uncut
from evaluation.channels.timing import TIMINGS
from evaluation.dice import Dice

#: Types that are asked where their choice is a code of half an octet.
SIXTEEN = ("A AAAA CAA CNAME DNSKEY DS HTTPS MX NAPTR NS PTR SOA SRV SSHFP SVCB TXT").split()


@dataclass(frozen=True)
class Plan:
    """One way to dig.

    Attributes:
        codec: Name of the code of the payload in names.
        chunk_bytes: Payload of one query.
        label_chars: Longest label of payload.
        template: Name before the zone: ``{data}`` payload, ``{n}`` counter, ``{s}`` session id, ``{r}`` random hex,
            ``{w}`` a word.
        timing: Name of the timing.
        qtypes: Types asked, in turn.
        typed: Whether the choice of the type, one of :data:`SIXTEEN`, carries the payload; the codec is then ``codeword16``.
        carrier: Name of what carries payload in answers; empty for payload in names.
        domain_count: Domains used in turn.
        client_count: Clients used in turn.
        suffix: Public suffix of the zone; empty for an ordinary one.
        retry_share: Share of queries that are sent again after 1 to 3 s.
        decoy_share: Share of queries that carry nothing and look ordinary.
        bytes_per_day: Payload of a day.
        days: Length of the channel.
        answered: Whether names that carry payload exist (NOERROR) or not (NXDOMAIN).
    """

    codec: str = "base32"
    chunk_bytes: int = 30
    label_chars: int = 60
    template: str = "{data}"
    timing: str = "jitter 20 %"
    qtypes: tuple[str, ...] = ("A",)
    typed: bool = False
    carrier: str = ""
    domain_count: int = 1
    client_count: int = 1
    suffix: str = ""
    retry_share: float = 0.0
    decoy_share: float = 0.0
    bytes_per_day: int = 4096
    days: float = 1
    answered: bool = True

    @property
    def size(self) -> int:
        """Payload octets of one query or response."""
        return CARRIERS[self.carrier].size if self.carrier else self.chunk_bytes


@dataclass(frozen=True)
class Dug:
    """What a plan gave.

    Attributes:
        queries: Its rows, sorted by time; times begin at START.
        load: Payload octets of each row, 0 for retries and decoys.
        payload: All that was sent, in order.
        zones: Domains used.
        clients: Clients used.
    """

    queries: pa.Table
    load: np.ndarray
    payload: bytes
    zones: list[str]
    clients: list[str]


def dig(plan: Plan, dice: Dice) -> Dug:
    """Send random payload as the plan says.

    Args:
        plan: What to do.
        dice: Where payload, names and times come from.
    """
    count = math.ceil(plan.bytes_per_day * plan.days / _carried(plan))
    payload = dice.bytes(count * plan.size)
    if plan.codec == "codeword16":
        payload = bytes(octet & 0xF0 for octet in payload)
    zones = [dice.zone(plan.suffix) for _ in range(plan.domain_count)]
    clients = [f"10.0.{i // 200}.{i % 200 + 20}" for i in range(plan.client_count)]
    session, rows = dice.hex(4), []
    for i, ts in enumerate(TIMINGS[plan.timing](dice, count, plan.days * DAY_S)):
        chunk = payload[i * plan.size : (i + 1) * plan.size]
        zone, client = zones[i % len(zones)], clients[i % len(clients)]
        row = _row(plan, dice, chunk, (i, session, zone)) | {"ts": START_S + float(ts), "client": client}
        rows += [row, *_retries(plan, dice, row), *_decoys(plan, dice, row, zone)]
    rows.sort(key=lambda row: row["ts"])
    load = np.array([row.pop("load") for row in rows])
    return Dug(rows_table(rows), load, payload, zones, clients)


def _carried(plan: Plan) -> float:
    return 0.5 if plan.codec == "codeword16" else plan.size


def _row(plan: Plan, dice: Dice, chunk: bytes, place: tuple[int, str, str]) -> dict[str, Any]:
    n, session, zone = place
    codec = CODECS[plan.codec]
    data = "" if plan.carrier else cut(codec.encode(chunk), codec.joint, plan.label_chars)
    head = plan.template.format(data=data, n=n, s=session, r=dice.hex(4), w=dice.word())
    row = {"qname": f"{head}.{zone}", "resolver": "10.0.0.1", "transport": "udp", "load": _carried(plan)}
    kind = SIXTEEN[chunk[0] >> 4] if plan.typed else plan.qtypes[n % len(plan.qtypes)]
    row |= {"qtype": kind, "rcode": "NOERROR" if plan.answered else "NXDOMAIN"}
    return row | (_down(plan, chunk, zone) if plan.carrier else _reply(plan))


def _reply(plan: Plan) -> dict[str, Any]:
    if not plan.answered:
        return {"answers": [], "answer_types": [], "answer_ttls": [], "answer_bytes": 0}
    ttl_s = 0 if plan.codec.startswith("codeword") else 5  # a word that a cache answers never arrives
    return {"answers": ["203.0.113.7"], "answer_types": ["A"], "answer_ttls": [ttl_s], "answer_bytes": 4}


def _down(plan: Plan, chunk: bytes, zone: str) -> dict[str, Any]:
    carrier = CARRIERS[plan.carrier]
    answers = carrier.write(chunk, zone)
    reply = {"answers": answers, "answer_types": [carrier.qtype] * len(answers), "answer_ttls": [5] * len(answers)}
    return reply | {"qtype": carrier.qtype, "answer_bytes": len(chunk)}


def _retries(plan: Plan, dice: Dice, row: dict[str, Any]) -> list[dict[str, Any]]:
    if not dice.chance(plan.retry_share):
        return []
    return [row | {"ts": row["ts"] + 1 + 2 * dice.rng.random(), "load": 0}]


def _decoys(plan: Plan, dice: Dice, row: dict[str, Any], zone: str) -> list[dict[str, Any]]:
    if not dice.chance(plan.decoy_share):
        return []
    name = f"{dice.pick(('www', 'mail', 'api', 'cdn', 'img', 'login'))}.{zone}"
    return [row | _reply(plan) | {"qname": name, "ts": row["ts"] + 20 * dice.rng.random(), "load": 0}]


def undig(plan: Plan, row: dict[str, Any], zones: list[str]) -> bytes | None:
    """Read the payload of one row back, as the attacker's other end does.

    Args:
        plan: What was done.
        row: One row of the queries.
        zones: Domains used.

    Returns:
        The chunk, or None for a decoy.
    """
    zone = next(zone for zone in zones if row["qname"].endswith(f".{zone}"))
    if plan.carrier:
        return CARRIERS[plan.carrier].read(row["answers"], zone, plan.size)
    if plan.typed:
        return bytes([SIXTEEN.index(row["qtype"]) << 4])
    parts = {"data": "(?P<data>.+)", "n": r"\d+", "s": "[0-9a-f]{4}", "r": "[0-9a-f]{4}", "w": "[a-z]+"}
    shape = re.escape(plan.template).replace(r"\{", "{").replace(r"\}", "}").format(**parts)
    found = re.fullmatch(shape, row["qname"].removesuffix(f".{zone}"), re.S)
    codec = CODECS[plan.codec]
    try:
        return codec.decode(uncut(found["data"], codec.joint), plan.chunk_bytes) if found else None
    except ValueError:
        return None


def at_rate(plan: Plan, bytes_per_day: int, days: float) -> Plan:
    """Return the plan at another rate and length."""
    return replace(plan, bytes_per_day=bytes_per_day, days=days)
