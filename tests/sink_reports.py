"""Reports that the tests of the sinks write: a realistic one, a hostile one, a large one. Made without reading anything.

Run as a program it writes the sample output into the pages of ``docs/sinks`` anew (a test keeps them true).
"""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from functools import cache

from molehunt import findings as f

NOW = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

#: What an attacker may put into a name, and a log into a client's: each has hurt some program.
HOSTILE = (
    "<script>alert(1)</script>.evil.example",
    "</script><img src=x onerror=alert(1)>.evil.example",
    "'\"><svg/onload=alert(1)>.evil.example",
    "{{7*7}}${7*7}<%= 7*7 %>.evil.example",
    "\x1b[31mred\x1b]0;title\x07\x9b2J.evil.example",
    "\u202egpj.exe\u2066\u200f.evil.example",
    "=cmd|' /C calc'!A0.evil.example",
    "+1+1.evil.example",
    "-2+3.evil.example",
    "@SUM(1).evil.example",
    "\tx.evil.example",
    "a|b\\|c=d^e.evil.example",
    "line1\nLEEF:2.0|fake|fake|1|x|\r\nCEF:0|fake.evil.example",
    "`code` **bold** [link](javascript:alert(1)) <b>x</b> ![i](http://x.example/y).evil.example",
    "<!channel> <@U123> &amp; <https://evil.example|bank>.evil.example",
    "\\000\\010\\\"';--.evil.example",
    "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 59 + ".ev",
    "\u0000nul\ufffe\U000e0001.evil.example",
    "]]>--><?php ?>\u2028\u2029.evil.example",
    "$(touch /tmp/molehunt-pwned)`touch /tmp/molehunt-pwned`';touch /tmp/molehunt-pwned;'.evil.example",
)


def evidence(*rows: tuple[str, str, float | str | None, str, float, str, str]) -> list[f.Evidence]:
    names = ("detector", "feature", "value", "unit", "weight", "sentence", "group")
    return [f.Evidence(**dict(zip(names, row, strict=True))) for row in rows]


def detail(
    seed: int = 1, buckets: int = 36, bucket_s: float = 900.0, up: int = 900, down: int = 5200, alphabet: str = "base32"
) -> f.Detail:
    rng = random.Random(seed)
    shape = [max(0.0, math.sin((i + seed) / 5) + rng.random() * 0.6) for i in range(buckets)]
    return f.Detail(
        bucket_s=bucket_s,
        timeline=[
            f.TimelineBucket(
                start_ts=START + timedelta(seconds=bucket_s * i),
                query_count=round(12 * s),
                up_bytes=round(up * s),
                down_bytes=round(down * s),
            )
            for i, s in enumerate(shape)
        ],
        anatomy=[
            f.LabelAnatomy(depth=1, alphabet="constant", distinct_count=1, mean_chars=1.0, up_bytes=2.0),
            f.LabelAnatomy(depth=2, alphabet=alphabet, distinct_count=412, mean_chars=57.3, up_bytes=14_210.0),
            f.LabelAnatomy(depth=3, alphabet="counter", distinct_count=400, mean_chars=4.0, up_bytes=312.0),
        ],
        rhythm=f.Rhythm(
            period_s=60.4,
            jitter_ratio=0.11,
            beat_count=86,
            gaps_s=[round(60.4 * (1 + rng.gauss(0, 0.11)), 2) for _ in range(85)],
        ),
        other_clients=["10.0.0.17", "10.0.3.9"] if seed % 2 else [],
    )


def finding(
    client: str | None = "10.0.0.5", domain: str | None = "t.example", kind: str = "tunnel", **over: object
) -> f.Finding:
    reasons = evidence(
        ("content", "bits_per_name", 214.0, "bits", 2.6, "Each name carries 214 bits nobody else has sent.", "content"),
        ("volume", "up_bytes", 14_522.0, "bytes", 2.1, "14.5 kB went up in 9 hours, none of it seen before.", "volume"),
        ("novelty", "never_repeated", 0.99, "ratio", 2.4, "99 % of the names were asked once and never again.", "novelty"),
        (
            "protocol",
            "null_share",
            0.97,
            "ratio",
            1.8,
            "97 % of the queries ask for NULL, which no resolver needs.",
            "protocol",
        ),
        ("lookup", "likeness", 0.1, "ratio", 0.0, "10 % of the signs of hash look-ups are there.", "against"),
        ("against", "internal", 0.0, "ratio", -0.4, "Two other clients use the domain.", "against"),
    )
    base: dict[str, object] = {
        "finding_id": f.finding_id(client, domain, kind),
        "client": client,
        "registered_domain": domain,
        "kind": kind,
        "confidence": "high",
        "severity": "high",
        "score": round(-6.0 + sum(e.weight for e in reasons), 6),
        "prior": -6.0,
        "summary": f"{client or 'Several clients'} moved 14.5 kB up and 101 kB down through "
        f"{domain or 'many domains'} in 9 hours.",
        "up_bytes": 14_522,
        "down_bytes": 101_204,
        "query_count": 412,
        "unique_name_count": 409,
        "client_count": 1,
        "qtypes": {"NULL": 400, "TXT": 12},
        "first_ts": START,
        "last_ts": START + timedelta(hours=8, minutes=59, seconds=12),
        "family": "iodine",
        "evidence": reasons,
        "attack": ["T1071.004", "T1048.003", "T1572"],
        "sample_names": [f"0aq7v2xk4{i}mjlx3ot5yw6za.{i}.z.{domain}" for i in range(3)],
        "next_steps": [
            "Ask who owns the client and what ran at 09:00.",
            "Look for the process that asks: EDR, Sysmon event 22.",
            "Block the domain at the resolver.",
        ],
        "detail": detail(),
    }
    return f.Finding(**{**base, **over})


def report(findings: list[f.Finding], **over: object) -> f.Report:
    base: dict[str, object] = {
        "molehunt_version": "0.1.0",
        "now": NOW,
        "window": "24h",
        "record_count": 1_204_551,
        "client_count": 214,
        "domain_count": 18_220,
        "first_ts": START - timedelta(hours=15),
        "last_ts": NOW,
        "findings": findings,
        "visibility": f.Visibility(times=True, clients=True, answers=True),
        "sources": [
            f.SourceSummary(
                name="dns.log.gz",
                reader="zeek",
                record_count=1_204_551,
                problems=[f.Problem(reason="too few columns", count=3, example="dns.log.gz:88")],
            ),
            f.SourceSummary(name="notes.txt", reader=None, error="no reader recognises it"),
        ],
    }
    return f.Report(**{**base, **over})


def demo() -> f.Report:
    """Four findings as a real network has them: a tunnel, a beacon without bytes down, a fan-in, one suppressed."""
    return report(
        [
            finding(),
            finding(
                "10.0.4.21",
                "updates-cdn.example",
                "beacon",
                confidence="medium",
                severity="medium",
                score=1.25,
                up_bytes=2_310,
                down_bytes=None,
                query_count=540,
                unique_name_count=22,
                qtypes={"A": 540},
                family=None,
                attack=["T1071.004"],
                detail=detail(2, up=60, down=0, alphabet="hex"),
                summary="10.0.4.21 asks for names of updates-cdn.example every 60 s, day and night.",
                evidence=evidence(
                    (
                        "rhythm",
                        "gamma_ratio",
                        19.2,
                        "ratio",
                        4.0,
                        "The gaps between queries are regular: 60.4 s, 11 % jitter, 86 beats.",
                        "rhythm",
                    ),
                    ("novelty", "domain_share", 0.005, "ratio", 3.25, "One client of 214 uses the domain.", "infrastructure"),
                ),
            ),
            finding(
                None,
                "collect.example",
                "fan_in",
                confidence="low",
                severity="low",
                score=-1.0,
                up_bytes=410,
                down_bytes=None,
                client_count=7,
                family="telemetry",
                qtypes={"A": 7, "AAAA": 7},
                query_count=14,
                unique_name_count=14,
                detail=None,
                next_steps=[],
                attack=["T1048.003"],
                evidence=evidence(
                    (
                        "fan_in",
                        "clients",
                        7.0,
                        "clients",
                        5.0,
                        "7 clients asked 1 to 3 names each that nobody shares.",
                        "novelty",
                    )
                ),
            ),
            finding(
                "10.0.0.9",
                "av-lookups.example",
                "volume",
                confidence="low",
                severity="info",
                score=-2.0,
                family="reputation_lookup",
                detail=detail(3),
                suppressed=f.Suppressed(
                    reason="antivirus look-ups", owner="soc@corp.example", rule="av-lookups", expires="2026-06-30"
                ),
                evidence=evidence(("volume", "up_bytes", 9000.0, "bytes", 4.0, "9 kB went up in a day.", "volume")),
            ),
        ]
    )


def hostile() -> f.Report:
    """One finding for each hostile text, which stands in every free-text field of it."""
    made = []
    for i, text in enumerate(HOSTILE):
        made.append(
            finding(
                text if i % 2 else f"10.9.0.{i}",
                text,
                finding_id=f"{i:012x}",
                summary=f"Said {text}",
                family=text,
                sample_names=[text] * 2,
                next_steps=[f"Look at {text}"],
                attack=["T1071.004", text[:40]],
                qtypes={text[:20]: 3, "TXT": 4},
                suppressed=f.Suppressed(reason=text, owner=text, rule=text, expires=text) if i % 5 == 0 else None,
                evidence=evidence(("content", text, text, text, 7.5, text, "content")),
                detail=detail(i).model_copy(
                    update={
                        "other_clients": [text],
                        "anatomy": [f.LabelAnatomy(depth=1, alphabet=text, distinct_count=2, mean_chars=3.0, up_bytes=4.0)],
                    }
                ),
            )
        )
    sources = [
        f.SourceSummary(
            name=HOSTILE[0],
            reader="zeek",
            problems=[f.Problem(reason=HOSTILE[1], count=1, example=HOSTILE[2])],
            error=HOSTILE[3],
        )
    ]
    return report(made, sources=sources, visibility=f.Visibility(forwarder=HOSTILE[0]))


@cache
def many(count: int) -> f.Report:
    """So many findings, all different, with full detail."""
    rng = random.Random(7)
    kinds, levels = ("tunnel", "exfiltration", "download", "beacon", "volume"), ("critical", "high", "medium", "low", "info")
    details = [detail(i) for i in range(20)]
    made = []
    for i in range(count):
        client, domain = f"10.{i // 4000}.{i // 40 % 100}.{i % 40}", f"d{i % 997}-{rng.randrange(9999)}.example"
        made.append(
            finding(
                client,
                domain,
                kinds[i % 5],
                severity=levels[i % 5],
                confidence=("high", "medium", "low")[i % 3],
                up_bytes=rng.randrange(100, 10**7),
                down_bytes=rng.randrange(100, 10**8) if i % 7 else None,
                detail=details[i % 20],
            )
        )
    return report(made)
