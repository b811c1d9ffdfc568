"""The SQL of the big pass, once, for every engine.

Each step is one SELECT over the tables before it; an engine makes ``asked_rows`` in its own dialect (:data:`COLUMNS` says
what it holds) and then the steps, in order, each into a table of the step's name. The text keeps to what DuckDB and Spark
both read: no functions but count, sum, min, max and log2, and one word of the engine's own to unfold lists. Keys are 64-bit
hashes, so that the hash tables hold numbers and not names; the names come back for the few candidates only.

Bounds: a step may count too much and never too little, see :data:`CANDIDATES`.
"""

from __future__ import annotations

from molehunt.config import RARE_TYPES, DetectionSettings

#: Columns of ``asked_rows``, made by the engine from QUERIES: one row per DNS query with a name, mDNS and LLMNR left out.
COLUMNS: dict[str, str] = {
    "ts": "time of the query",
    "client": "client, '' where unknown",
    "qname": "name as seen",
    "qtype": "record type, '' where unknown",
    "rcode": "response code",
    "answers": "rdata of the answers",
    "ttl_s": "smallest TTL of the answers",
    "edns_options": "EDNS option codes of the query",
    "client_key": "hash of the client",
    "resolver_key": "hash of the resolver",
    "zone_key": "hash of the registered domain",
    "name_key": "hash of the normal form of the name",
    "chars": "octets of the subdomain",
    "name_chars": "octets of the whole name",
    "down_chars": "octets of the answers at most",
    "rare_type": "1 if the type is NULL, PRIVATE or KEY",
    "mixed_case": "1 if letters of both cases are in the name, 2 if capitals only, else 0",
    "marked": "1 if the name is long and holds an octet that no host name has, or holds MARK_TEXT",
    "variant_key": "hash of the answers and, with letters of both cases, of the spelling; null without either",
}

__all__ = ["RARE_TYPES", "STEPS", "filled", "numbers"]

#: A client that others use as their resolver repeats their names; it does not count as one more client.
RELAYS = """
SELECT DISTINCT c.client_key
FROM (SELECT DISTINCT client_key FROM asked_rows) c
JOIN (SELECT DISTINCT resolver_key FROM asked_rows) r ON c.client_key = r.resolver_key
"""

#: Names of each client. What follows from the name stands in the key, where it costs less than as a number. Counts are doubles,
#: which both engines add up faster than whole numbers. A name that is spelt with and without capitals changes too,
#: though its spelling without them has no variant.
ASKED = """
SELECT client_key, name_key, zone_key, chars, name_chars, marked, CAST(count(*) AS DOUBLE) AS query_count,
       sum(CAST(down_chars AS DOUBLE)) AS down_chars, max(rare_type) AS rare_type,
       max(CASE WHEN mixed_case = 1 THEN name_chars ELSE 0 END) AS case_chars,
       CASE WHEN min(variant_key) <> max(variant_key) OR min(mixed_case) <> max(mixed_case) THEN 1 ELSE 0 END AS changing
FROM asked_rows
GROUP BY client_key, name_key, zone_key, chars, name_chars, marked
"""

#: Names that two or more clients asked.
SHARED = """
SELECT a.name_key, min(a.zone_key) AS zone_key, count(*) AS client_count
FROM asked a LEFT JOIN relays r ON a.client_key = r.client_key
WHERE r.client_key IS NULL
GROUP BY a.name_key
HAVING count(*) >= 2
"""

#: Groups. The numbers of names that are not public are what the client can have said; ``all_*`` are of public names too.
SUMS = """
SELECT client_key, zone_key, sum(own) AS name_count, sum(own * query_count) AS query_count, sum(own * chars) AS chars,
       max(own * name_chars) AS name_chars,
       sum(CASE WHEN own = 1 OR changing = 1 THEN case_chars * query_count ELSE 0 END) AS case_chars,
       count(*) AS all_name_count, sum(query_count) AS all_query_count, sum(down_chars) AS down_chars,
       sum(rare_type * query_count) AS rare_type_count, sum(CAST(marked AS DOUBLE)) AS marked_count, max(changing) AS changing
FROM (SELECT a.*, CAST(CASE WHEN s.client_count >= {public_clients} THEN 0 ELSE 1 END AS DOUBLE) AS own
      FROM asked a LEFT JOIN shared s ON a.name_key = s.name_key)
GROUP BY client_key, zone_key
"""

PUBLIC_ZONES = "SELECT DISTINCT zone_key FROM shared WHERE client_count >= {public_clients}"

#: Domains. Relays do not count as clients, but what they alone asked is still of the domain.
ZONES = """
SELECT s.zone_key, count(*) AS pair_count, sum(CASE WHEN r.client_key IS NULL THEN 1 ELSE 0 END) AS client_count,
       sum(CASE WHEN r.client_key IS NULL THEN s.name_count ELSE 0 END) AS own_name_count,
       sum(s.name_count) AS name_count, sum(s.query_count) AS query_count, sum(s.chars) AS chars,
       max(CASE WHEN p.zone_key IS NULL THEN 0 ELSE 1 END) AS public
FROM sums s LEFT JOIN public_zones p ON s.zone_key = p.zone_key LEFT JOIN relays r ON s.client_key = r.client_key
GROUP BY s.zone_key
"""

#: (client, zone) with whether the zone's clients are few. A name that is not public has fewer than ``public_clients`` clients,
#: so a domain has at least as many distinct names as its pairs of client and name over that.
RATED = """
SELECT s.*,
       CASE WHEN z.client_count <= {rare_clients} THEN 1 ELSE 0 END AS unshared,
       CASE WHEN z.client_count <= {rare_clients} OR z.client_count <= {rare_ratio} * t.client_count
            THEN 1 ELSE 0 END AS rare,
       CASE WHEN z.public = 0 AND z.pair_count >= {fan_in_clients}
             AND z.own_name_count <= {fan_in_names} * z.pair_count * {public_clients}
             AND z.chars + z.name_count + 32 + z.query_count * (2 * log2(z.query_count + 1) + 2) / 8 >= {fan_in_bytes}
            THEN 1 ELSE 0 END AS fan_in
FROM sums s JOIN zones z ON s.zone_key = z.zone_key
CROSS JOIN (SELECT count(DISTINCT client_key) AS client_count FROM asked) t
"""

ROTATING = """
SELECT client_key
FROM rated
WHERE unshared = 1 AND name_chars >= {rotation_chars}
GROUP BY client_key
HAVING count(*) >= {rotation_domains}
    OR sum(chars + name_count * name_chars) + sum(query_count) * (2 * log2(sum(query_count) + 1) + 2) / 8 >= {rotation_bytes}
"""

#: The sieve: loose, never too tight. A stated size is at most what deflate stores raw (characters, a mark per name, 32) plus
#: what the choice of its name and of its type can say for each query, log2 of at most twice the queries either; names whose
#: letters' case differs count as different names.
CANDIDATES = """
SELECT r.client_key, r.zone_key, r.fan_in,
       CASE WHEN r.marked_count >= {mark_names} OR r.case_chars > 0 OR {rare_enough} THEN 1 ELSE 0 END AS certain,
       CASE WHEN o.client_key IS NOT NULL AND r.unshared = 1 AND r.name_chars >= {rotation_chars}
            THEN 1 ELSE 0 END AS rotating
FROM rated r LEFT JOIN rotating o ON r.client_key = o.client_key
WHERE (r.name_count >= {early_names} AND r.chars + r.name_count + 32 >= {early_bytes})
   OR (r.name_count >= {heavy_names} AND r.chars + r.name_count + 32 >= {heavy_bytes})
   OR (r.query_count >= {early_names} AND r.case_chars + r.query_count >= {early_bytes})
   OR r.chars + r.case_chars + r.name_count + 32 + r.query_count * (2 * log2(r.query_count + 1) + 2) / 8 >= {least_bytes}
   OR r.marked_count >= {mark_names}
   OR {rare_enough}
   OR r.fan_in = 1
   OR (o.client_key IS NOT NULL AND r.unshared = 1 AND r.name_chars >= {rotation_chars})
""".replace(
    "{rare_enough}",
    """(r.rare = 1 AND ((r.all_query_count >= {beats} AND (r.name_count >= {beacon_names} OR r.changing = 1))
                       OR r.down_chars >= {download_bytes} OR r.all_name_count >= {fresh}
                       OR (r.all_query_count >= {changes} AND r.changing = 1)
                       OR r.rare_type_count >= {rare_type_queries}))""",
)

#: The same without a sieve.
EVERYTHING = "SELECT DISTINCT client_key, zone_key, 1 AS fan_in, 1 AS certain, 1 AS rotating FROM asked"

#: Queries of the candidates that only the bits of their names could make worth a closer look.
UNCERTAIN = """
SELECT q.zone_key, q.client_key, q.name_key, q.qname, q.qtype, q.ts
FROM asked_rows q JOIN candidates c ON q.client_key = c.client_key AND q.zone_key = c.zone_key
WHERE c.certain = 0
"""

#: Their names that are not public, in the order in which they were first asked.
NAMES = """
SELECT q.zone_key, q.client_key, min(q.qname) AS qname, min(q.ts) AS first_ts, count(*) AS query_count,
       min(z.client_count) AS zone_clients, min(t.type_count) AS type_count, 0 AS fan_in
FROM uncertain q
JOIN zones z ON q.zone_key = z.zone_key
JOIN (SELECT client_key, zone_key, count(DISTINCT qtype) AS type_count FROM uncertain GROUP BY client_key, zone_key) t
  ON q.client_key = t.client_key AND q.zone_key = t.zone_key
LEFT JOIN shared s ON q.name_key = s.name_key
WHERE s.client_count IS NULL OR s.client_count < {public_clients}
GROUP BY q.zone_key, q.client_key, q.name_key
ORDER BY q.zone_key, q.client_key, first_ts NULLS LAST, qname
"""

#: The candidates that are looked at, by themselves (worth) or in a pool.
CHOSEN = """
SELECT c.client_key, c.zone_key, c.fan_in, c.rotating,
       CASE WHEN c.certain = 1 OR p.client_key IS NOT NULL THEN 1 ELSE 0 END AS worth
FROM candidates c LEFT JOIN promising p ON c.client_key = p.client_key AND c.zone_key = p.zone_key
WHERE c.certain = 1 OR c.fan_in = 1 OR c.rotating = 1 OR p.client_key IS NOT NULL
"""

#: What is known of the domain of each chosen group over all clients.
CHOSEN_ZONES = """
SELECT n.*, f.first_ts
FROM (SELECT a.zone_key, count(*) AS pair_count, count(DISTINCT a.name_key) AS name_count,
             count(DISTINCT a.client_key) AS client_count
      FROM asked a JOIN (SELECT DISTINCT zone_key FROM chosen) c ON a.zone_key = c.zone_key
      LEFT JOIN relays r ON a.client_key = r.client_key
      WHERE r.client_key IS NULL
      GROUP BY a.zone_key) n
JOIN (SELECT q.zone_key, min(q.ts) AS first_ts
      FROM asked_rows q JOIN (SELECT DISTINCT zone_key FROM chosen) c ON q.zone_key = c.zone_key
      GROUP BY q.zone_key) f ON n.zone_key = f.zone_key
"""

#: Queries of the chosen groups, each once. ``spread``: whether it counts for its client over many domains.
CHOSEN_ROWS = """
SELECT q.ts, q.client, q.qname, q.qtype, q.rcode, q.answers, q.edns_options, q.ttl_s,
       q.client_key, q.zone_key, q.name_key, s.client_count AS name_clients, c.worth, c.fan_in,
       e.code AS echo_code, e.recent_count,
       CASE WHEN c.rotating = 1 AND q.name_chars >= {rotation_chars} THEN 1 ELSE 0 END AS spread
FROM asked_rows q
JOIN chosen c ON q.client_key = c.client_key AND q.zone_key = c.zone_key
LEFT JOIN shared s ON q.name_key = s.name_key
LEFT JOIN explained e ON q.client_key = e.client_key AND q.zone_key = e.zone_key AND q.name_key = e.name_key
"""

_ORDERED = """
SELECT ts, client, qname, qtype, rcode, answers, edns_options, ttl_s, client_key, zone_key, name_key, name_clients, worth,
       fan_in, echo_code, recent_count
FROM chosen_rows
{which}
ORDER BY {keys}, ts NULLS LAST, qname, qtype, rcode NULLS LAST, answers NULLS LAST, ttl_s NULLS LAST
"""

#: Every chosen query, group by group, the groups of a domain together; in an order that does not depend on that of the input.
BY_ZONE = _ORDERED.format(which="", keys="zone_key, client_key")

#: Queries that count for one client over many domains, client by client.
BY_CLIENT = _ORDERED.format(which="WHERE spread = 1", keys="client_key")

#: Records in the answers that many of the candidates' clients got; they say nothing about one of them.
PUBLIC_ANSWERS = """
SELECT record
FROM (SELECT DISTINCT q.client_key, {unnest}(q.answers) AS record
      FROM asked_rows q JOIN candidates c ON q.client_key = c.client_key AND q.zone_key = c.zone_key
      WHERE q.answers IS NOT NULL)
WHERE record IS NOT NULL
GROUP BY record
HAVING count(*) >= {public_clients}
"""

#: GROUPS by the hour, additive, so that windows of 24 h and 30 d slide over them.
GROUPS = """
SELECT client, registered_domain, hour_ts, count(*) AS query_count, count(DISTINCT name_key) AS name_count,
       sum(subdomain_chars) AS subdomain_chars, sum(down_chars) AS down_chars, sum(rare_type) AS rare_type_count,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM asked_hours
GROUP BY client, registered_domain, hour_ts
ORDER BY registered_domain, client NULLS LAST, hour_ts NULLS LAST
"""

OVERVIEW = """
SELECT count(*) AS query_count, count(DISTINCT client_key) AS client_count, count(DISTINCT zone_key) AS domain_count,
       min(ts) AS first_ts, max(ts) AS last_ts
FROM asked_rows
"""

#: Steps from ``asked_rows`` to the sieve, in order: table name -> SELECT.
STEPS: dict[str, str] = {
    "relays": RELAYS,
    "asked": ASKED,
    "shared": SHARED,
    "sums": SUMS,
    "public_zones": PUBLIC_ZONES,
    "zones": ZONES,
    "rated": RATED,
    "rotating": ROTATING,
    "candidates": CANDIDATES,
}


def numbers(settings: DetectionSettings) -> dict[str, float]:
    """Return the thresholds that the steps name in braces; all are numbers, so nothing can be injected."""
    s = settings
    return {
        "public_clients": s.group.public_clients,
        "rare_clients": s.group.rare_clients,
        "rare_ratio": s.group.rare_ratio,
        "early_names": s.early.names,
        "early_bytes": s.early.names * s.early.name_bytes,
        "heavy_names": s.early.heavy_names,
        "heavy_bytes": s.early.heavy_names * s.early.heavy_bytes,
        "mark_names": min(s.early.mark_names, s.framed.names),
        "least_bytes": min(s.volume.bytes, s.volume.alert_bytes, s.slow.bytes),
        "beats": s.beacon.beats,
        "beacon_names": s.beacon.names,
        "fresh": s.download.fresh,
        "download_bytes": s.download.bytes,
        "changes": s.download.changes,
        "rare_type_queries": s.rare_type.queries,
        "fan_in_clients": s.fan_in.clients,
        "fan_in_names": s.fan_in.names,
        "fan_in_bytes": s.fan_in.bytes,
        "rotation_chars": s.rotation.name_chars,
        "rotation_domains": s.rotation.domains,
        "rotation_bytes": s.rotation.bytes,
    }


def filled(statement: str, settings: DetectionSettings, **words: str) -> str:
    """Return a statement with its thresholds, and the words of an engine's own, filled in."""
    return statement.format(**numbers(settings), **words)
