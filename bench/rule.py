"""The published rule over 5,000,000 queries of a day, as CSV and as Parquet, beside DuckDB by itself and beside duckdb-kql.

The export is a CSV with the columns of Sentinel's table DnsEvents; the lean CSV has six columns only, of which the rule needs
four: there, next to nothing is left to skip.

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
EXPORT = """
import sys, duckdb
duckdb.execute('SET enable_progress_bar = false')
empty = ', '.join(f"'' AS {name}" for name in (
    'MaliciousIP', 'IndicatorThreatType', 'Description', 'TLPLevel', 'Confidence', 'Severity', 'FirstReportedDateTime',
    'LastReportedDateTime', 'IsActive', 'ReportReferenceLink', 'RemoteIPLongitude', 'RemoteIPLatitude', 'RemoteIPCountry',
    'Message'))
duckdb.execute(f'''COPY (
SELECT '3f2a9c1e-7b44-4c0d-9a55-0d6c2b8e1f73' AS TenantId, Computer || '.corp.example.com' AS Computer, TimeGenerated,
    ClientIP, Name, QueryType, 256 + hash(Name) % 5 AS EventId, 'LookupQuery' AS SubType,
    (hash(Name) % 223 + 1) || '.' || (hash(Name) % 251) || '.' || (hash(Name) % 253) || '.7' AS IPAddresses, {empty},
    'LOOK_UP' AS TaskCategory, 'Success' AS Result, 0 AS ResultCode, 'OpsManager' AS SourceSystem, 'DnsEvents' AS Type,
    '/subscriptions/5c1f0f0e-1111-4222-8333-9a8b7c6d5e4f/resourcegroups/dns/providers/microsoft.compute/virtualmachines/'
        || Computer AS _ResourceId
FROM '{sys.argv[1]}') TO '{sys.argv[2]}' (FORMAT csv, HEADER)''')
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


def export(parquet: str) -> Path:
    """Return the same queries as Sentinel exports them, made on first use."""
    import subprocess

    path = CACHE / f"rule-{ROWS}-export.csv"
    if not path.exists():
        partial = path.with_suffix(".partial")
        subprocess.run(python(EXPORT, parquet, str(partial)), check=True)
        partial.rename(path)
    return path


def run() -> list[Ratio]:
    """Compare whole processes on the same files."""
    csv, parquet = str(data("csv", "FORMAT csv, HEADER")), str(data("parquet", "FORMAT parquet"))
    sentinel = str(export(parquet))
    rule = ["scan", "--rule", "T1071.004", "--format", "csv", "-q"]
    return [
        compare(
            "published rule over 5 M rows of Sentinel's CSV export, beside DuckDB's sum of the names' lengths",
            molehunt(*rule, sentinel), python(SUM, sentinel), target=2.5, target_mib=PEAK_MIB,
        ),
        compare(
            "published rule over 5 M rows of a lean CSV, beside DuckDB's sum of the names' lengths",
            molehunt(*rule, csv), python(SUM, csv), target=2.5, target_mib=PEAK_MIB,
        ),
        compare(
            "published rule over 5 M rows of Parquet, beside plain SQL of the same aggregation",
            molehunt(*rule, parquet), python(PLAIN, parquet), target=1.0, target_mib=PEAK_MIB,
        ),
        compare(
            "published rule over 5 M rows of Parquet, beside its KQL through duckdb-kql",
            molehunt(*rule, parquet), python(KQL, parquet), target=1 / 3, target_mib=PEAK_MIB,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
