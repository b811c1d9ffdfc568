-- The published rule T1071.004 for DuckDB: the exact twin of T1071.004.kql, in one pass over the queries.
-- {queries} is a SELECT with the columns ts, client, qname, qtype; the parameters are the window and config.PublishedRule.
-- First each name of a client is grouped, so that the distinct names of a group are then merely counted: dcount, but exact.
-- An octet count (strlen) rules out most names before their characters are counted (length).
-- What the rule skips falls together under the null key; it still tells how many records there are and which is the newest.
WITH looked_at AS (
    SELECT
        ts,
        qtype,
        CASE
            WHEN ($after_ts IS NULL OR ts > $after_ts::TIMESTAMPTZ)
                AND ($until_ts IS NULL OR ts <= $until_ts::TIMESTAMPTZ)
                AND list_contains($qtypes, qtype)
                AND (strlen(qname) > $name_chars AND length(qname) > $name_chars OR qname LIKE $dotted)
            THEN {'client': coalesce(client, ''), 'name': qname}
        END AS key
    FROM ({queries})
),
names AS (
    SELECT
        key,
        count(*) AS query_count,
        min(ts) AS first_ts,
        max(ts) AS last_ts,
        bit_or(CASE WHEN key IS NOT NULL THEN (1 << (list_position($qtypes, qtype) - 1))::BIGINT END) AS qtype_bits
    FROM looked_at
    GROUP BY key
),
groups AS (
    SELECT
        key.client AS client,
        split_part(key.name, '.', -2) AS top_domain,
        sum(query_count)::BIGINT AS query_count,
        count(*) AS name_count,
        sum(query_count * length(key.name))::DOUBLE / sum(query_count)::DOUBLE AS mean_chars,
        max(length(key.name)) AS max_chars,
        bit_or(qtype_bits) AS qtype_bits,
        min(first_ts) AS first_ts,
        max(last_ts) AS last_ts
    FROM names
    GROUP BY 1, 2
),
totals AS (
    SELECT
        coalesce(sum(query_count), 0)::BIGINT AS record_count,
        epoch_us(min(first_ts)) AS first_us,
        epoch_us(max(last_ts)) AS last_us,
        epoch_us(min(first_ts) FILTER (client IS NOT NULL)) AS counted_us
    FROM groups
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
    WHERE client IS NOT NULL
        AND query_count > $query_count
        AND name_count > $name_count
        AND mean_chars > $mean_chars
)
SELECT totals.*, alerts.*
FROM totals LEFT JOIN alerts ON true
ORDER BY "QueryCount" DESC, "ClientIP", "TopDomain"
