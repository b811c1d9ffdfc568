-- The published rule T1071.004 for DuckDB: the exact twin of T1071.004.kql, in one pass over the queries.
-- The queries come from a SELECT with the columns ts, client, qname, qtype; the parameters are the window and config.PublishedRule.
-- DuckDB hands each chunk of the queries to both who read them, totals and names, and keeps none, as long as no join stands
-- between: so list_position here, where IN or list_contains would become one.
-- First each name of a client is grouped, so that the distinct names of a group are then merely counted: dcount, but exact.
-- An octet count (strlen) rules out most names before their characters are counted (length).
WITH queries AS MATERIALIZED (
    SELECT ts, client, qname, qtype FROM ({queries})
),
totals AS (
    SELECT count(*) AS record_count, count(*) - count(ts) AS untimed_count, epoch_us(min(ts)) AS first_us, epoch_us(max(ts)) AS last_us FROM queries
),
names AS (
    SELECT
        coalesce(client, '') AS client,
        qname AS name,
        count(*) AS query_count,
        min(ts) AS first_ts,
        max(ts) AS last_ts,
        bit_or((1 << (list_position($qtypes, qtype) - 1))::BIGINT) AS qtype_bits
    FROM queries
    WHERE ($after_ts IS NULL OR ts > $after_ts::TIMESTAMPTZ)
        AND ($until_ts IS NULL OR ts <= $until_ts::TIMESTAMPTZ)
        AND list_position($qtypes, qtype) > 0
        AND (strlen(qname) > $name_chars AND length(qname) > $name_chars OR qname LIKE $dotted)
    GROUP BY ALL
),
groups AS (
    SELECT
        client,
        split_part(name, '.', -2) AS top_domain,
        sum(query_count)::BIGINT AS query_count,
        count(*) AS name_count,
        sum(query_count * length(name))::DOUBLE / sum(query_count)::DOUBLE AS mean_chars,
        max(length(name)) AS max_chars,
        bit_or(qtype_bits) AS qtype_bits,
        min(first_ts) AS first_ts,
        max(last_ts) AS last_ts
    FROM names
    GROUP BY ALL
),
counted AS (
    SELECT epoch_us(min(first_ts)) AS counted_us FROM groups
),
alerts AS (
    SELECT
        epoch_us(last_ts) AS "LastSeen",
        client AS "ClientIP",
        top_domain AS "TopDomain",
        query_count AS "QueryCount",
        name_count AS "UniqueSubdomains",
        mean_chars AS "AvgDomainLength",
        max_chars AS "MaxDomainLength",
        list_filter($qtypes, lambda _, place: (qtype_bits >> (place - 1)) & 1 = 1) AS "QueryTypes",
        CASE
            WHEN name_count > $high_name_count AND mean_chars > $high_mean_chars THEN 'high'
            WHEN name_count > $dense_name_count AND mean_chars > $dense_mean_chars THEN 'high'
            ELSE 'medium'
        END AS "TunnelConfidence"
    FROM groups
    WHERE query_count > $query_count
        AND name_count > $name_count
        AND mean_chars > $mean_chars
)
SELECT totals.*, counted.*, alerts.*
FROM totals CROSS JOIN counted LEFT JOIN alerts ON true
ORDER BY "QueryCount" DESC, "ClientIP", "TopDomain"
