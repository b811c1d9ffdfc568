"""The public rules beside molehunt, re-implemented in SQL from their published thresholds. None of this is their own code.

Each is asked when it would first have spoken, had it been run at every query: the best case of a rule that in practice runs
on a schedule. A rule that looks at domains alone names no client. Names are compared in small letters and without a trailing
dot, as Zeek and Elastic write them; the registered domain is molehunt's, the same for all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import duckdb
import pyarrow as pa

from molehunt.config import PublishedRule
from molehunt.names import registered_domain

Rival = Callable[[duckdb.DuckDBPyConnection, str], pa.Table]

ASKED = """
WITH asked AS (
    SELECT ts, client, qtype, qname, name, domain, greatest(length(name) - length(domain) - 1, 0) AS sub_chars
    FROM (
        SELECT ts, client, qtype, qname, rtrim(lower(qname), '.') AS name, rival_domain(qname) AS domain
        FROM ({relation})
        WHERE ts IS NOT NULL AND qname IS NOT NULL
    )
)
"""


def _alarms(connection: duckdb.DuckDBPyConnection, relation: str, sql: str, **numbers: object) -> pa.Table:
    """Run one rule; columns client, registered_domain, first_alarm_ts, one row per pair."""
    connection.create_function("rival_domain", registered_domain, ["VARCHAR"], "VARCHAR", type="arrow")
    try:
        return connection.sql(ASKED.replace("{relation}", relation) + sql, params=numbers).to_arrow_table()
    finally:
        connection.remove_function("rival_domain")


def published(connection: duckdb.DuckDBPyConnection, relation: str) -> pa.Table:
    """Say when the published rule T1071.004 first fires, were it run at every query.

    Its TopDomain stands for the registered domain that most of its counted queries went to.
    Source: ``src/molehunt/rules/T1071.004.kql``; thresholds as there.
    """
    sql = """
    , counted AS (
        SELECT ts, coalesce(client, '') AS client, qname, length(qname) AS chars, domain, split_part(qname, '.', -2) AS top
        FROM asked
        WHERE list_contains($qtypes, qtype) AND (length(qname) > $name_chars OR qname LIKE $dotted)
    ),
    running AS (
        SELECT ts, client, top,
            count(*) OVER day AS queries, count(DISTINCT qname) OVER day AS names, avg(chars) OVER day AS mean
        FROM counted
        WINDOW day AS (PARTITION BY client, top ORDER BY ts
            RANGE BETWEEN INTERVAL 86399999999 MICROSECONDS PRECEDING AND CURRENT ROW)
    ),
    fired AS (
        SELECT client, top, min(ts) AS first_alarm_ts
        FROM running
        WHERE queries > $query_count AND names > $name_count AND mean > $mean_chars
        GROUP BY client, top
    )
    SELECT nullif(client, '') AS client, mode(domain) AS registered_domain, any_value(first_alarm_ts) AS first_alarm_ts
    FROM counted JOIN fired USING (client, top)
    GROUP BY client, top
    """
    rule = PublishedRule()
    return _alarms(
        connection, relation, sql, qtypes=list(rule.qtypes), name_chars=rule.name_chars, dotted="%" + ".%" * (rule.dots + 1),
        query_count=rule.query_count, name_count=rule.name_count, mean_chars=rule.mean_chars,
    )  # fmt: skip


def rita(connection: duckdb.DuckDBPyConnection, relation: str, subdomains: int) -> pa.Table:
    """Say when a domain reaches so many distinct names in 24 h, over all clients: RITA's "C2 over DNS".

    The other parts of RITA's score need connection logs and are left out. A name without a dot is ignored.

    Args:
        connection: Connection on which the relation is valid.
        relation: SELECT with the columns of QUERIES.
        subdomains: Lower edge of the band: 100 is listed as low, 500 medium, 800 high.

    Source: github.com/activecm/rita (v5), ``default_config.hjson``: ``c2_subdomain_threshold`` 100, ``c2_score_thresholds``
    base 100, low 500, medium 800, high 1000; a score between two of them falls into the lower one's next category
    (``analysis/analysis.go``, ``calculateBucketedScore``); ``analysis/spagooper.go``, ``ScoopDNS``.
    """
    sql = """
    , running AS (
        SELECT ts, domain, count(DISTINCT name) OVER (PARTITION BY domain ORDER BY ts
            RANGE BETWEEN INTERVAL 24 HOURS PRECEDING AND CURRENT ROW) AS names
        FROM asked
        WHERE contains(name, '.') AND name <> domain
    )
    SELECT NULL::VARCHAR AS client, domain AS registered_domain, min(ts) AS first_alarm_ts
    FROM running WHERE names >= $subdomains GROUP BY domain
    """
    return _alarms(connection, relation, sql, subdomains=subdomains)


def elastic(connection: duckdb.DuckDBPyConnection, relation: str) -> pa.Table:
    """Say when a client sends 25 queries with 15 names of 50 or more subdomain characters to a domain in five minutes.

    Source: github.com/elastic/detection-rules, ``rules/network/command_and_control_dns_tunneling_long_labels.toml``
    ("Potential DNS Tunneling via Long and Unique Subdomains", 2026-09-18): ``DATE_TRUNC(5 minutes)``, by client and
    registered domain, ``subdomain_length >= 50``, no PTR and no .arpa, ``count >= 25 and count_distinct >= 15``.
    """
    sql = """
    , counted AS (
        SELECT ts, client, domain, time_bucket(INTERVAL 5 MINUTES, ts) AS bucket,
            row_number() OVER (PARTITION BY time_bucket(INTERVAL 5 MINUTES, ts), client, domain, name ORDER BY ts) AS repeat
        FROM asked
        WHERE client IS NOT NULL AND sub_chars >= 50 AND coalesce(qtype, '') <> 'PTR' AND NOT ends_with(name, '.arpa')
    ),
    running AS (
        SELECT ts, client, domain, count(*) OVER so_far AS queries, count(*) FILTER (repeat = 1) OVER so_far AS names
        FROM counted
        WINDOW so_far AS (PARTITION BY bucket, client, domain ORDER BY ts
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
    SELECT client, domain AS registered_domain, min(ts) AS first_alarm_ts
    FROM running WHERE queries >= 25 AND names >= 15 GROUP BY client, domain
    """
    return _alarms(connection, relation, sql)


def anomalous_dns(connection: duckdb.DuckDBPyConnection, relation: str) -> pa.Table:
    """Say when a domain has had more than 8 distinct names within an hour; the client is the one that asked then.

    Its sample white list, beyond reverse zones, is by vendor name and left out; no client is declared a resolver.
    Source: github.com/jbaggs/anomalous-dns, ``scripts/an-dns-domain.zeek``: ``domain_query_limit`` 8 (alarm above),
    ``query_period`` 60 min after a name's last query.
    """
    sql = """
    , running AS (
        SELECT ts, client, domain, count(DISTINCT name) OVER (PARTITION BY domain ORDER BY ts
            RANGE BETWEEN INTERVAL 60 MINUTES PRECEDING AND CURRENT ROW) AS names
        FROM asked
        WHERE NOT regexp_matches(name, '\\.(in-addr\\.arpa|ip6\\.arpa)$')
    )
    SELECT client, domain AS registered_domain, min(ts) AS first_alarm_ts
    FROM running WHERE names > 8 GROUP BY client, domain
    """
    return _alarms(connection, relation, sql)


def ibhh(connection: duckdb.DuckDBPyConnection, relation: str, unique_bytes: int = 84) -> pa.Table:
    """Say when the distinct subdomains of a domain exceed so many bytes in two minutes, over all clients: ibHH.

    Counted exactly, where the original estimates (a weighted HyperLogLog for at most 1,000 domains), in fixed windows. Its
    allow lists (popular domains, and what alarmed in a time of peace) are a site's own data and are left out, and so is its
    tuning of the threshold to a site's false positive rate: 84 bytes are its published 0.7 B/s over the 120 s window.
    Source: Ozery, Nadler, Shabtai: Information-Based Heavy Hitters (arXiv 2307.02614, NDSS 2024), abstract; and
    github.com/akamai/Information-based-Heavy-Hitters-for-Real-Time-DNS-Exfiltration-Detection, ``config.py`` (time_window
    120000 ms), ``main_wt.py`` (alarm above the threshold).
    """
    sql = """
    , fresh AS (
        SELECT time_bucket(INTERVAL 2 MINUTES, ts) AS bucket, domain, name, min(ts) AS ts,
            strlen(name) - strlen(domain) - 1 AS bytes
        FROM asked
        WHERE name <> domain
        GROUP BY ALL
    ),
    running AS (
        SELECT ts, domain, sum(bytes) OVER (PARTITION BY bucket, domain ORDER BY ts
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS bytes
        FROM fresh
    )
    SELECT NULL::VARCHAR AS client, domain AS registered_domain, min(ts) AS first_alarm_ts
    FROM running WHERE bytes > $unique_bytes GROUP BY domain
    """
    return _alarms(connection, relation, sql, unique_bytes=unique_bytes)


#: In the order of the tables.
RIVALS: dict[str, Rival] = {
    "published rule": published,
    "RITA ≥ 100": partial(rita, subdomains=100),
    "RITA ≥ 500": partial(rita, subdomains=500),
    "RITA ≥ 800": partial(rita, subdomains=800),
    "Elastic 25/15": elastic,
    "Zeek anomalous-dns": anomalous_dns,
    "ibHH 84 B": ibhh,
}
