"""The published rule over 5,000,000 queries of a day, as CSV and as Parquet, beside DuckDB by itself and beside duckdb-kql.

The data are made by DuckDB from hashes, the same each time: 5,000 clients; 80 % short names of 20,000 sites, the rest names of
content delivery (5,000 distinct), antivirus look-ups, reverse zones and 50,000 names of tunnels. About one in eight names is
long. Ours is ``molehunt scan --rule``, from the start of the process to the written rows.
"""

from __future__ import annotations

from pathlib import Path

from bench.ratio import CACHE, Ratio, compare, molehunt, python

ROWS = 5_000_000
PEAK_MIB = 1536

MAKE = """
import sys, duckdb
duckdb.execute('SET enable_progress_bar = false')
rows, target, form = int(sys.argv[1]), sys.argv[2], sys.argv[3]
day_us = 86_400_000_000
sites = "['www','api','mail','img','cdn','login','static','assets'][1 + (g % 8)::INT]"
suffixes = "['.com','.net','.org','.co.uk','.io'][1 + (g % 5)::INT]"
duckdb.execute(f'''COPY (
SELECT TIMESTAMPTZ '2026-01-05 00:00:00+00' + to_microseconds((i * ({day_us} // {rows}))::BIGINT) AS TimeGenerated,
    'dc' || (h % 4) AS Computer,
    '10.' || (h % 4) || '.' || ((h >> 8) % 50) || '.' || ((h >> 16) % 25) AS ClientIP,
    CASE WHEN k < 750 THEN {sites} || '.site' || (sqrt(g % 100000000))::INT % 20000 || {suffixes}
         WHEN k < 800 THEN 'app' || (g % 300) || '.team.svc.cluster.corp.example.com'
         WHEN k < 870 THEN 'd' || md5((g % 5000)::VARCHAR) || '.edge' || (g % 40) || '.cdn-example.net'
         WHEN k < 940 THEN (g % 255) || '.' || ((g >> 8) % 255) || '.2.10.in-addr.arpa'
         WHEN k < 990 THEN substr(md5(g::VARCHAR), 1, 26) || '.v' || (g % 9) || '.x.lookups.av-vendor' || (g % 3) || '.com'
         ELSE md5(g::VARCHAR) || '.' || md5((g + 1)::VARCHAR) || '.t' || (h % 7) || '.evil' || (h % 13) || '.example'
    END AS Name,
    CASE WHEN k >= 870 AND k < 940 THEN 'PTR'
         ELSE ['A','A','A','AAAA','AAAA','HTTPS','TXT','CNAME','MX','SRV'][1 + ((h >> 4) % 10)::INT] END AS QueryType,
    'NOERROR' AS Result
FROM (SELECT i, hash(i) AS h, hash(i + 77777777) AS g, hash(i * 3 + 1) % 1000 AS k FROM range({rows}) numbers(i))
) TO '{target}' ({form})''')
"""
SUM = "import sys, duckdb; print(duckdb.sql(f\"SELECT sum(length(Name)) FROM '{sys.argv[1]}'\").fetchall())"
PLAIN = """
import sys, duckdb
print(len(duckdb.sql(f'''
SELECT max(TimeGenerated), ClientIP, split_part(Name, '.', -2) AS TopDomain, count(*) AS QueryCount,
    count(DISTINCT Name) AS UniqueSubdomains, avg(length(Name)) AS AvgDomainLength, max(length(Name)),
    list_distinct(list(QueryType)), min(TimeGenerated)
FROM '{sys.argv[1]}'
WHERE TimeGenerated > (SELECT max(TimeGenerated) FROM '{sys.argv[1]}') - INTERVAL 24 HOURS
    AND QueryType IN ('TXT', 'NULL', 'CNAME', 'MX', 'A', 'AAAA')
    AND (length(Name) > 50 OR length(Name) - length(replace(Name, '.', '')) > 5)
GROUP BY ClientIP, TopDomain
HAVING QueryCount > 20 AND UniqueSubdomains > 10 AND AvgDomainLength > 40
ORDER BY QueryCount DESC''').fetchall()))
"""
TWIN = """
import sys, duckdb
from molehunt.rules import load
columns = "TimeGenerated AS ts, ClientIP AS client, Name AS qname, QueryType AS qtype"
print(len(load("T1071.004").run(duckdb.connect(), f"SELECT {columns} FROM '{sys.argv[1]}'").result.rows))
"""
KQL = """
import sys, datetime, duckdb_kql
from molehunt.rules import load
now = datetime.datetime(2026, 1, 5, 23, 59, 59, 999999, datetime.UTC)
with duckdb_kql.connect() as connection:
    utc = "SELECT * REPLACE (TimeGenerated::TIMESTAMP AS TimeGenerated)"
    connection.execute(f"CREATE VIEW DnsEvents AS {utc} FROM '{sys.argv[1]}'")
    print(len(duckdb_kql.kql(connection, load("T1071.004").text, query_now=now).fetchall()))
"""


def data(form: str, options: str, rows: int = ROWS) -> Path:
    """Return the file of queries in this form, made on first use."""
    import subprocess

    path = CACHE / f"rule-{rows}.{form}"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        subprocess.run(python(MAKE, str(rows), str(partial), options), check=True)
        partial.rename(path)
    return path


def run() -> list[Ratio]:
    """Compare whole processes on the same files."""
    csv, parquet = str(data("csv", "FORMAT csv, HEADER")), str(data("parquet", "FORMAT parquet"))
    rule = ["scan", "--rule", "T1071.004", "--format", "csv", "-q"]
    return [
        compare(
            "published rule over 5 M rows of CSV, beside DuckDB's sum of the names' lengths",
            molehunt(*rule, csv), python(SUM, csv), target=2.5, target_mib=PEAK_MIB,
        ),
        compare(
            "its native twin alone over the same CSV as DuckDB reads it, beside the same sum",
            python(TWIN, csv), python(SUM, csv), target=2.5, target_mib=PEAK_MIB,
        ),
        compare(
            "published rule over 5 M rows of Parquet, beside plain SQL of the same aggregation",
            molehunt(*rule, parquet), python(PLAIN, parquet), target=1.0, target_mib=PEAK_MIB,
        ),
        compare(
            "published rule over 5 M rows of Parquet, beside its KQL through duckdb-kql",
            molehunt(*rule, parquet), python(KQL, parquet), target=1 / 3, target_mib=PEAK_MIB, pairs=1,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
