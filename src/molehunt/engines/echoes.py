"""The SQL of explained names: what the same client asked elsewhere at the same time is said once, not twice.

Idea: a mail server asks several block lists about one address, after the reverse name of it; a cluster asks each outside name
with its search domains behind it; two services are asked about one digest. Such a name repeats, left of the labels of its own
zone, what the client said elsewhere within ``recent_s``, and costs the choice among the recent names.

The source is the whole input, not the candidates: the plain names and the reverse names beside them are small groups that no
sieve keeps. Names are joined by their hashes, so that nothing but the names of larger candidate groups is ever cut apart.

A sender must not hide by saying everything twice. A zone is explained by at most one other, which has more names, holds at
least half of the zone's and is itself explained by none: so that one is counted in full. Plain and reverse names explain
whatever the sizes, as the domains they name are many; the promise and the caps therefore count the names in full, see
``docs/adr/0005-explained-names.md``.
"""

from __future__ import annotations

from molehunt.config import DetectionSettings

#: Labels to the right of what is explained, at most: the zone's own and a few of the service's.
_CUTS = range(1, 6)

#: Distinct names of groups that are large enough for a bound of their bytes to matter, with the first query of each; of the
#: clients that have a chosen group.
FIRSTS = """
SELECT q.client_key, q.zone_key, q.name_key, min(regexp_replace(lower(q.qname), '[.]+$', '')) AS name, min(q.ts) AS first_ts
FROM asked_rows q
JOIN candidates c ON q.client_key = c.client_key AND q.zone_key = c.zone_key
JOIN rated r ON q.client_key = r.client_key AND q.zone_key = r.zone_key
JOIN (SELECT DISTINCT client_key FROM chosen) o ON q.client_key = o.client_key
WHERE q.ts IS NOT NULL AND r.name_count >= {names}
GROUP BY q.client_key, q.zone_key, q.name_key
"""

_LEFT = """
SELECT client_key, zone_key, name_key, first_ts, name, {cut} AS cut,
       regexp_replace(name, '([.][^.]+){{{{{cut}}}}}$', '') AS part
FROM firsts
"""

#: What stands left of the last labels of each name, if it is as long as the shortest address, by its key; and the key of its
#: reverse name, if it is an address. What recurs in many names of the client explains none of them: that also bounds the joins.
LEFTS = f"""
SELECT client_key, zone_key, name_key, first_ts, cut, part_key, reverse_key, dotted
FROM (SELECT k.*, count(*) OVER (PARTITION BY client_key, part_key) AS recurrence_count
      FROM (SELECT client_key, zone_key, name_key, first_ts, cut, (name_facts(part)).name_key AS part_key,
                   CASE WHEN part LIKE '%.%' THEN 1 ELSE 0 END AS dotted,
                   CASE WHEN regexp_replace(part, '^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$', '') = ''
                        THEN (name_facts(concat(part, '.in-addr.arpa'))).name_key
                        WHEN regexp_replace(part, '^([0-9a-f][.]){{{{31}}}}[0-9a-f]$', '') = ''
                        THEN (name_facts(concat(part, '.ip6.arpa'))).name_key END AS reverse_key
            FROM ({" UNION ALL ".join(_LEFT.format(cut=cut) for cut in _CUTS)})
            WHERE part <> name AND length(part) >= 7) k)
WHERE recurrence_count <= {{recurrences}}
"""

#: Names whose left part the client asked by itself (1), or as an address of the reverse tree (2). A part without a dot is no
#: name: whoever asks it says its content where nothing counts it.
PLAIN = """
SELECT w.client_key, w.zone_key, w.name_key, w.code
FROM (SELECT client_key, zone_key, name_key, first_ts, 4 * cut + 1 AS code, part_key AS other_key
      FROM lefts WHERE dotted = 1
      UNION ALL
      SELECT client_key, zone_key, name_key, first_ts, 4 * cut + 2 AS code, reverse_key AS other_key
      FROM lefts WHERE reverse_key IS NOT NULL) w
JOIN asked_rows q ON q.client_key = w.client_key AND q.name_key = w.other_key
WHERE q.zone_key <> w.zone_key
  AND q.ts >= w.first_ts - INTERVAL {recent_s} SECOND AND q.ts <= w.first_ts + INTERVAL {recent_s} SECOND
"""

FIRST_ZONES = """
SELECT client_key, zone_key, count(*) AS name_count, min(name) AS first_name FROM firsts GROUP BY client_key, zone_key
"""

#: Names whose left part the client also asked in a zone of more names; of as many, in the first by the alphabet.
TWINS = """
SELECT DISTINCT l.client_key, l.zone_key, l.name_key, 4 * l.cut + 3 AS code, o.zone_key AS other_key, z.name_count,
       y.name_count AS other_count, y.first_name AS other_name
FROM lefts l
JOIN lefts o ON l.client_key = o.client_key AND l.part_key = o.part_key
JOIN first_zones z ON l.client_key = z.client_key AND l.zone_key = z.zone_key
JOIN first_zones y ON o.client_key = y.client_key AND o.zone_key = y.zone_key
WHERE l.zone_key <> o.zone_key
  AND o.first_ts >= l.first_ts - INTERVAL {recent_s} SECOND AND o.first_ts <= l.first_ts + INTERVAL {recent_s} SECOND
  AND (y.name_count > z.name_count OR (y.name_count = z.name_count AND y.first_name < z.first_name))
"""

#: Zones most of whose names recur in one larger zone.
PAIRS = """
SELECT client_key, zone_key, other_key, count(DISTINCT name_key) AS pair_count, max(other_count) AS other_count,
       min(other_name) AS other_name
FROM twins
GROUP BY client_key, zone_key, other_key, name_count
HAVING 2 * count(DISTINCT name_key) >= name_count
"""

PARTNERS = """
SELECT client_key, zone_key, other_key
FROM (SELECT p.client_key, p.zone_key, p.other_key,
             row_number() OVER (PARTITION BY p.client_key, p.zone_key
                                ORDER BY p.pair_count DESC, p.other_count DESC, p.other_name) AS place
      FROM pairs p
      LEFT JOIN (SELECT DISTINCT client_key, zone_key FROM pairs) e ON p.client_key = e.client_key AND p.other_key = e.zone_key
      WHERE e.zone_key IS NULL)
WHERE place = 1
"""

#: Each explained name once, by its longest left part: four times the labels right of it, and by what.
MATCHED = """
SELECT m.client_key, m.zone_key, m.name_key, min(m.code) AS code, min(date_trunc('minute', f.first_ts)) AS minute
FROM (SELECT client_key, zone_key, name_key, code FROM plain
      UNION ALL
      SELECT t.client_key, t.zone_key, t.name_key, t.code
      FROM twins t JOIN partners p ON t.client_key = p.client_key AND t.zone_key = p.zone_key AND t.other_key = p.other_key) m
JOIN firsts f ON m.client_key = f.client_key AND m.zone_key = f.zone_key AND m.name_key = f.name_key
GROUP BY m.client_key, m.zone_key, m.name_key
"""

#: How many queries the client had about each minute, at least within ``recent_s``: a recent name is one of so many.
PACES = """
SELECT a.client_key, a.minute + INTERVAL '1' MINUTE * o.k AS minute, sum(a.query_count) AS recent_count
FROM (SELECT q.client_key, date_trunc('minute', q.ts) AS minute, count(*) AS query_count
      FROM asked_rows q JOIN (SELECT DISTINCT client_key FROM matched) m ON q.client_key = m.client_key
      WHERE q.ts IS NOT NULL
      GROUP BY q.client_key, date_trunc('minute', q.ts)) a
CROSS JOIN ({minutes}) o
GROUP BY a.client_key, a.minute + INTERVAL '1' MINUTE * o.k
"""

EXPLAINED = """
SELECT m.client_key, m.zone_key, m.name_key, m.code, CAST(p.recent_count AS BIGINT) AS recent_count
FROM matched m JOIN paces p ON m.client_key = p.client_key AND m.minute = p.minute
"""

#: Steps from the candidates to ``explained``, in order: table name -> SELECT.
STEPS: dict[str, str] = {
    "firsts": FIRSTS,
    "lefts": LEFTS,
    "plain": PLAIN,
    "first_zones": FIRST_ZONES,
    "twins": TWINS,
    "pairs": PAIRS,
    "partners": PARTNERS,
    "matched": MATCHED,
    "paces": PACES,
    "explained": EXPLAINED,
}


def text(step: str, settings: DetectionSettings) -> str:
    """Return the SELECT of a step with its thresholds filled in."""
    recent_s = settings.echo.recent_s
    reach = -(-recent_s // 60)
    minutes = " UNION ALL ".join(f"SELECT {k} AS k" for k in range(-reach, reach + 1))
    echo = settings.echo
    return STEPS[step].format(names=echo.names, recent_s=recent_s, recurrences=echo.recurrences, minutes=minutes)
