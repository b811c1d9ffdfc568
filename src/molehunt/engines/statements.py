"""The SQL of the big pass, once, for every engine.

Each step is one SELECT over the tables before it; an engine makes ``asked_rows`` in its own dialect (:data:`COLUMNS` says
what it holds) and then the steps, in order, each into a table of the step's name. The text keeps to what DuckDB and Spark
both read: no lists, no functions but count, sum, min and max. Keys are 64-bit hashes, so that the hash tables hold numbers
and not names; the names come back for the few candidates only.

Bounds: a step may count too much and never too little, see :func:`candidates`.
"""

from __future__ import annotations

from molehunt.config import MARK_CHARS, DetectionSettings

#: Columns of ``asked_rows``, made by the engine from QUERIES: one row per DNS query with a name, mDNS and LLMNR left out.
COLUMNS: dict[str, str] = {
    "ts": "time of the query",
    "client": "client, '' where unknown",
    "qname": "name as seen",
    "qtype": "record type, '' where unknown",
    "rcode": "response code",
    "answers": "rdata of the answers",
    "answer_ttls": "TTL of each answer",
    "answer_bytes": "octets of rdata",
    "edns_options": "EDNS option codes of the query",
    "client_key": "hash of the client",
    "resolver_key": "hash of the resolver",
    "zone_key": "hash of the registered domain",
    "name_key": "hash of the normal form of the name",
    "chars": "octets of the subdomain",
    "name_chars": "octets of the whole name",
    "down_chars": "octets of the answers at most",
    "rare_type": "1 if the type is NULL, PRIVATE or KEY",
    "case_chars": "octets of the subdomain if letters of both cases are in the name, else 0",
    "marked": "1 if the name is long and holds an octet that no host name has, or a frame as in MARK",
}

#: What marks a long name: an octet that no host name has, or the frame of a tool that two names tell (OzymanDNS).
MARK = "[^a-z0-9._-]|-[0-9]+[.]id-[0-9]+[.](up|down)[.]"

__all__ = ["MARK", "MARK_CHARS", "RARE_TYPES", "STEPS", "numbers", "text"]

RARE_TYPES = ("NULL", "PRIVATE", "KEY", "TYPE65399")

#: A client that others use as their resolver repeats their names; it does not count as one more client.
RELAYS = """
SELECT DISTINCT c.client_key
FROM (SELECT DISTINCT client_key FROM asked_rows) c
JOIN (SELECT DISTINCT resolver_key FROM asked_rows) r ON c.client_key = r.resolver_key
"""

#: Numbers that do not add up over a name's queries are taken at their largest: a bound is all that the sieve needs.
ASKED = """
SELECT client_key, name_key, min(zone_key) AS zone_key, max(chars) AS chars, max(name_chars) AS name_chars,
       count(*) AS query_count, sum(CAST(down_chars AS DOUBLE)) AS down_chars, max(rare_type) AS rare_type,
       max(marked) AS marked, max(case_chars) AS case_chars
FROM asked_rows
GROUP BY client_key, name_key
"""

#: Names that two or more clients asked.
SHARED = """
SELECT a.name_key, min(a.zone_key) AS zone_key, count(*) AS client_count
FROM asked a LEFT JOIN relays r ON a.client_key = r.client_key
WHERE r.client_key IS NULL
GROUP BY a.name_key
HAVING count(*) >= 2
"""

#: Groups, of names that are not public: what nobody else asked.
SUMS = """
SELECT a.client_key, a.zone_key, count(*) AS name_count, sum(a.query_count) AS query_count, sum(a.chars) AS chars,
       max(a.name_chars) AS name_chars, sum(a.down_chars) AS down_chars,
       sum(a.rare_type * a.query_count) AS rare_type_count, sum(a.marked) AS marked_count,
       sum(a.case_chars * a.query_count) AS case_chars
FROM asked a LEFT JOIN shared s ON a.name_key = s.name_key AND s.client_count >= {public_clients}
WHERE s.name_key IS NULL
GROUP BY a.client_key, a.zone_key
"""

PUBLIC_ZONES = "SELECT DISTINCT zone_key FROM shared WHERE client_count >= {public_clients}"

ZONES = """
SELECT s.zone_key, count(*) AS client_count, sum(s.name_count) AS name_count, sum(s.chars) AS chars,
       max(CASE WHEN p.zone_key IS NULL THEN 0 ELSE 1 END) AS public
FROM sums s LEFT JOIN public_zones p ON s.zone_key = p.zone_key
GROUP BY s.zone_key
"""

#: (client, zone) with the number of clients of the zone, and whether that is few.
RATED = """
SELECT s.*, z.client_count AS zone_clients,
       CASE WHEN z.public = 0 AND z.client_count <= {rare_clients} THEN 1 ELSE 0 END AS unshared,
       CASE WHEN z.client_count <= {rare_clients} OR z.client_count <= {rare_ratio} * t.client_count
            THEN 1 ELSE 0 END AS rare,
       CASE WHEN z.public = 0 AND z.client_count >= {fan_in_clients}
             AND z.name_count <= {fan_in_names} * z.client_count AND z.chars + z.name_count + 32 >= {fan_in_bytes}
            THEN 1 ELSE 0 END AS fan_in
FROM sums s JOIN zones z ON s.zone_key = z.zone_key
CROSS JOIN (SELECT count(DISTINCT client_key) AS client_count FROM asked) t
"""

ROTATING = """
SELECT client_key
FROM rated
WHERE unshared = 1 AND name_chars >= {rotation_chars}
GROUP BY client_key
HAVING count(*) >= {rotation_domains} OR sum(chars + name_count * name_chars) >= {rotation_bytes}
"""

#: The sieve: loose, never too tight. A stated size is at most what deflate stores raw (characters, a mark per name, 32) plus
#: log2 of four times the queries for each repeated query; names whose letters' case differs count as different names.
CANDIDATES = """
SELECT r.client_key, r.zone_key,
       CASE WHEN r.marked_count >= {mark_names} OR r.case_chars > 0 OR {rare_enough} THEN 1 ELSE 0 END AS certain
FROM rated r LEFT JOIN rotating o ON r.client_key = o.client_key
WHERE (r.name_count >= {early_names} AND r.chars + r.name_count + 32 >= {early_bytes})
   OR (r.name_count >= {heavy_names} AND r.chars + r.name_count + 32 >= {heavy_bytes})
   OR (r.query_count >= {early_names} AND r.case_chars + r.query_count >= {early_bytes})
   OR r.chars + r.case_chars + r.name_count + 32 + r.query_count * (log2(r.query_count) + 2) / 8 >= {least_bytes}
   OR r.marked_count >= {mark_names}
   OR {rare_enough}
   OR r.fan_in = 1
   OR (o.client_key IS NOT NULL AND r.unshared = 1 AND r.name_chars >= {rotation_chars})
""".replace(
    "{rare_enough}",
    """(r.rare = 1 AND (r.query_count >= {beats} OR r.down_chars >= {download_bytes} OR r.query_count >= {changes}
                       OR r.rare_type_count >= {rare_type_queries}))""",
)

#: The same without a sieve.
EVERYTHING = "SELECT DISTINCT client_key, zone_key, 1 AS certain FROM asked"

#: What is known of each candidate's domain over all clients.
CANDIDATE_ZONES = """
SELECT n.*, f.first_ts
FROM (SELECT a.zone_key, count(*) AS pair_count, count(DISTINCT a.name_key) AS name_count,
             count(DISTINCT a.client_key) AS client_count
      FROM asked a JOIN (SELECT DISTINCT zone_key FROM candidates) c ON a.zone_key = c.zone_key
      LEFT JOIN relays r ON a.client_key = r.client_key
      WHERE r.client_key IS NULL
      GROUP BY a.zone_key) n
JOIN (SELECT q.zone_key, min(q.ts) AS first_ts
      FROM asked_rows q JOIN (SELECT DISTINCT zone_key FROM candidates) c ON q.zone_key = c.zone_key
      GROUP BY q.zone_key) f ON n.zone_key = f.zone_key
"""

#: Every query of the candidates, in an order that does not depend on the order of the input.
CANDIDATE_ROWS = """
SELECT q.ts, q.client, q.qname, q.qtype, q.rcode, q.answers, q.answer_ttls, q.answer_bytes, q.edns_options,
       q.client_key, q.zone_key, q.name_key, s.client_count AS name_clients, c.certain, e.code AS echo_code,
       e.recent_count
FROM asked_rows q
JOIN candidates c ON q.client_key = c.client_key AND q.zone_key = c.zone_key
LEFT JOIN shared s ON q.name_key = s.name_key
LEFT JOIN explained e ON q.client_key = e.client_key AND q.zone_key = e.zone_key AND q.name_key = e.name_key
ORDER BY q.zone_key, q.client_key, q.ts NULLS LAST, q.qname, q.qtype, q.rcode NULLS LAST, q.answers NULLS LAST,
         q.answer_ttls NULLS LAST, q.answer_bytes NULLS LAST
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


def text(step: str, settings: DetectionSettings) -> str:
    """Return the SELECT of a step with its thresholds filled in."""
    return STEPS[step].format(**numbers(settings))
