"""Small channels and small honest traffic for the tests of the detection, as lines of the fixture language."""

from __future__ import annotations

import base64
import random

import pyarrow as pa

from language import queries
from molehunt.config import RARE_TYPES, Config
from molehunt.detection import detect
from molehunt.detectors.promising import promising
from molehunt.engines.duckdb import DuckDBEngine
from molehunt.engines.steps import ROWS, ZONES, Steps
from molehunt.findings import Finding
from molehunt.schema import Candidates
from molehunt.wire.codes import TYPES


def payload(count: int, size: int, seed: int = 1) -> list[str]:
    """Return names' worth of random octets in base32."""
    dice = random.Random(seed)
    return [base64.b32encode(dice.randbytes(size)).decode().rstrip("=").lower() for _ in range(count)]


def channel(
    count: int = 30, size: int = 30, *, client: str = "10.0.0.9", zone: str = "evil.example.com", rest: str = "TXT +60s"
) -> list[str]:
    """Return the lines of a channel that sends base32 in names."""
    return [f"{client} {text}.{zone} {rest}" for text in payload(count, size)]


def code_types(count: int) -> list[str]:
    """Return so many record types that a line of the fixture language can hold."""
    return [kind for kind in TYPES.values() if kind not in RARE_TYPES][:count]


def office(clients: int = 12, days: int = 1) -> list[str]:
    """Return the lines of a small office: shared names, repeated, at irregular times."""
    dice = random.Random(7)
    sites = ["www.shop.com", "mail.corp.org", "img.news.net", "api.maps.com", "cdn.video.org", "login.bank.com"]
    return [
        f"10.0.1.{dice.randrange(clients)} {dice.choice(sites)} A +{dice.expovariate(1 / 60):.1f}s =192.0.2.{dice.randrange(9)}"
        for _ in range(1440 * days)
    ]


def find(*lines: str, table: pa.Table | None = None, sieve: bool = True, config: Config | None = None) -> list[Finding]:
    """Run the whole detection over lines, or over a table."""
    with DuckDBEngine(threads=1) as engine:
        engine.use_table(queries(*lines) if table is None else table)
        return detect(engine, config or Config(), sieve=sieve)


def candidates(engine: Steps, *, sieve: bool = True) -> Candidates:
    """Return all candidates as one part."""
    engine.sift(Config().detection, promising, sieve=sieve)
    found = list(engine.candidates())
    if not found:
        return Candidates(ROWS.empty_table(), ZONES.empty_table())
    return Candidates(pa.concat_tables([part.rows for part in found]), pa.concat_tables([part.zones for part in found]))


def keys(findings: list[Finding]) -> list[tuple]:
    """Return what identifies findings, sorted."""
    return sorted((f.client or "", f.registered_domain or "", f.kind, f.confidence) for f in findings)
