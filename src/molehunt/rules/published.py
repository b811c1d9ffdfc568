"""The published rule T1071.004, run natively on any input: the baseline that molehunt's own detectors have to beat.

``T1071.004.kql`` is the text as published, ``T1071.004.sql`` its twin. The twin follows Kusto's semantics: ``strlen`` counts
Unicode code points; ``split(Name, ".")[-2]`` is the last label but one, ``""`` where there is none; strings are never null;
``in`` minds letter case; a record at exactly the beginning of the window, or without a time, is outside. Two statements go
beyond the text: ``dcount`` is exact here, while Kusto's estimates above 1,000 distinct values (HyperLogLog, standard error
0.8 %; so the rule decides alike, as its own numbers are smaller), and
``QueryTypes``, whose order Kusto leaves open, stand in the order in which the rule names them.

Its known faults are kept: see ``docs/rules.md``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from molehunt.config import Config, PublishedRule
from molehunt.errors import EngineError
from molehunt.findings import Evidence, Finding, RuleResult, finding_id
from molehunt.rules import RuleRun, text

DEFAULTS = Config()
RULE_ID = "T1071.004"
COLUMNS = [
    "LastSeen", "ClientIP", "TopDomain", "QueryCount", "UniqueSubdomains", "AvgDomainLength", "MaxDomainLength",
    "QueryTypes", "TunnelConfidence",
]  # fmt: skip
NEXT_STEPS = [
    "Look at the names themselves: does one label change with every query, and what alphabet is it written in?",
    "Ask who else uses the domain, since when, and who registered it; the rule joins equal labels of different suffixes.",
    "Rule out what fires this rule by design: content delivery, e-mail authentication, certificate status, reputation.",
    "Find the process that asks on the client, and isolate the client if the domain is not known to be good.",
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(hours=24)


def run(
    connection: duckdb.DuckDBPyConnection,
    queries: str,
    *,
    now: datetime | None = None,
    window: timedelta | None = DAY,
    config: Config = DEFAULTS,
) -> RuleRun:
    """Apply the rule to all queries of a relation.

    One pass over the input where ``now`` is given, the window is open, or the counted records fit into it; else two, as the
    newest record is known only after the first.

    Args:
        connection: Connection on which the SQL is valid.
        queries: SQL of a SELECT with (at least) the columns ts, client, qname, qtype of QUERIES.
        now: End of the window, included; UTC if it names no zone. Default: the newest record. A later record does not exist
            yet for the rule, as for the SIEM at that time.
        window: Length of the window; its beginning is excluded. None: all records, also those without a time.
        config: Its part ``rule`` has the rule's numbers.
    """
    if now is not None:
        now = now if now.tzinfo else now.replace(tzinfo=UTC)
        after = None if window is None else (now - window).isoformat()
        return _pass(connection, queries, config.rule, after, now)[0]
    outcome, oldest = _pass(connection, queries, config.rule, None if window is None else "-infinity", None)
    if window is None or outcome.last_ts is None:
        return outcome
    now, after_ts = outcome.last_ts, outcome.last_ts - window
    if oldest is not None and oldest <= after_ts:
        return _pass(connection, queries, config.rule, after_ts.isoformat(), now)[0]
    return dataclasses.replace(outcome, now=now)


def _pass(
    connection: duckdb.DuckDBPyConnection, queries: str, rule: PublishedRule, after: str | None, until: datetime | None
) -> tuple[RuleRun, datetime | None]:
    """Run the twin once; return what it found, and the time of the oldest record that it counted."""
    numbers = rule.model_dump(exclude={"qtypes", "dots", "fact_weight", "high_weight"})
    more = {"qtypes": list(rule.qtypes), "dotted": "%" + ".%" * (rule.dots + 1)}
    span = {"after_ts": after, "until_ts": until.isoformat() if until else None}
    sql = text(RULE_ID, "sql").replace("{queries}", queries)
    try:
        found = connection.execute(sql, {**numbers, **more, **span}).fetchall()
    except duckdb.OutOfMemoryException as error:
        raise EngineError("rule", str(error), next_step="Give more with --memory") from error
    count, untimed, first, last, oldest = found[0][:5]
    rows = [[_time(row[5]), *row[6:]] for row in found if row[6] is not None]
    result = RuleResult(rule_id=RULE_ID, columns=COLUMNS, rows=rows)
    return RuleRun(result, count, untimed, _time(first), _time(last), until), _time(oldest)


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


def to_findings(result: RuleResult, config: Config = DEFAULTS) -> list[Finding]:
    """Return the rule's rows as findings, in its order.

    The confidence is the rule's TunnelConfidence and the severity the one of its page. ``registered_domain`` holds the rule's
    TopDomain, which is a bare label: that is one of its faults. Bytes are null, as the rule counts none.
    """
    return [_finding(dict(zip(result.columns, row, strict=True)), config) for row in result.rows]


def _finding(row: dict[str, Any], config: Config) -> Finding:
    client, domain = row["ClientIP"] or None, row["TopDomain"] or None
    evidence = _evidence(row, config.rule)
    prior = config.detection.verdict.prior
    return Finding(
        finding_id=finding_id(client, domain, "tunnel"),
        client=client,
        registered_domain=domain,
        kind="tunnel",
        confidence=row["TunnelConfidence"],
        severity="critical",
        score=prior + sum(item.weight for item in evidence),
        prior=prior,
        summary=f"{client or 'Somebody'} asked {row['QueryCount']:,} long or deep names below {domain or 'a single label'}:"
        f" {row['UniqueSubdomains']:,} different ones, {row['AvgDomainLength']:.0f} characters in the mean",
        query_count=row["QueryCount"],
        unique_name_count=row["UniqueSubdomains"],
        client_count=1,
        last_ts=row["LastSeen"],
        evidence=evidence,
        attack=[RULE_ID],
        next_steps=NEXT_STEPS,
    )


def _evidence(row: dict[str, Any], rule: PublishedRule) -> list[Evidence]:
    """State the three facts that the rule looks at; two of them decide between medium and high."""
    high = rule.high_weight if row["TunnelConfidence"] == "high" else 0.0
    queries, names, chars = row["QueryCount"], row["UniqueSubdomains"], row["AvgDomainLength"]
    asked = f"{queries:,} queries ({', '.join(row['QueryTypes'])}) for names longer than {rule.name_chars} characters"
    facts: list[tuple[str, str, float, str, float, str]] = [
        ("volume", "QueryCount", queries, "queries", 0.0, f"{asked} or with more than {rule.dots} dots"),
        ("novelty", "UniqueSubdomains", names, "names", high, f"{names:,} different names among them"),
        (
            "content", "AvgDomainLength", chars, "characters", high,
            f"the names are {chars:.1f} characters long in the mean, the longest {row['MaxDomainLength']}",
        ),
    ]  # fmt: skip
    return [
        Evidence(
            detector=RULE_ID, feature=feature, value=value, unit=unit, weight=rule.fact_weight + more, sentence=sentence,
            group=group,
        )
        for group, feature, value, unit, more, sentence in facts
    ]  # fmt: skip


@dataclass(frozen=True)
class PublishedKql:
    """The rule as the table of rules knows it."""

    rule_id: str = RULE_ID
    summary: str = "DNS tunneling: many long or deep names of one client (Microsoft Sentinel, table DnsEvents)"
    text: str = field(default_factory=lambda: text(RULE_ID))
    run = staticmethod(run)
    to_findings = staticmethod(to_findings)


RULE = PublishedKql()
