"""Full detection on a Zeek log of 5,000,000 queries beside DuckDB reading that log.

The log is made by DuckDB from hashes, the same each time: an enterprise's day (2,000 clients, 5,000,000 queries; a log of
another size is the day of an enterprise so much smaller or larger, with as many more sites, so that a site has as many clients
in all of them). Each client keeps to its own 400 of 60,000 sites, a few names each; 4 % are names of content delivery that are
new nearly every time, 1 % look-ups of hashes that a quarter of the clients share, 2 % reverse names; three clients dig a
tunnel. Ours is ``molehunt scan``, from the start of the process to the written findings; DuckDB reads every column of the log,
as text.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.ratio import CACHE, Ratio, compare, molehunt, python

ROWS = 5_000_000
PEAK_MIB = 1536

MAKE = r"""
import sys, duckdb
rows, target = int(sys.argv[1]), sys.argv[2]
clients = rows // 2500
sites = clients * 30
duckdb.execute('SET enable_progress_bar = false; SET preserve_insertion_order = true')
fields = ('ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode '
          'rcode_name AA TC RD RA Z answers TTLs rejected').split()
types = ('time string addr port addr port enum count interval string count string count string count string bool bool bool '
         'bool count vector[string] vector[interval] bool').split()
tab = '\t'
with open(target, 'w') as head:
    head.write('#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n')
    head.write(f"#fields{tab}{tab.join(fields)}\n#types{tab}{tab.join(types)}\n")
body = target + '.body'
duckdb.execute(f'''COPY (
SELECT printf('%.6f', 1767571200 + i * (86400.0 / {rows})) AS ts, 'C' || hex(h) AS uid,
    '10.1.' || (c // 250) || '.' || (c % 250) AS orig, 1024 + h % 60000 AS port, '10.0.0.53' AS resp, 53 AS p, 'udp' AS proto,
    h % 65536 AS trans, '0.012' AS rtt,
    CASE WHEN c < 3 AND k < 300 THEN substr(md5(g::VARCHAR) || md5((g + 1)::VARCHAR), 1, 50) || '.t.evil' || c || '.com'
         WHEN k < 40 THEN substr(md5((g % 40000000)::VARCHAR), 1, 14) || '.edge' || (g % 40) || '.cdn-example.net'
         WHEN k < 50 AND c % 4 = 0 THEN md5(g::VARCHAR) || '.v' || (g % 9) || '.lookups.example.org'
         WHEN k < 70 THEN (g % 250) || '.' || ((g >> 8) % 20) || '.1.10.in-addr.arpa'
         ELSE ['www','api','mail','img','cdn','login','static','assets'][1 + (g % (1 + z % 8))::INT] || '.site' || z
              || ['.com','.net','.org','.co.uk','.io'][1 + (z % 5)::INT]
    END AS query,
    1 AS qclass, 'C_INTERNET' AS qname, 1 AS qtype,
    CASE WHEN c < 3 AND k < 300 THEN 'TXT' WHEN k >= 50 AND k < 70 THEN 'PTR'
         ELSE ['A','A','AAAA'][1 + (g % 3)::INT] END AS kind,
    0 AS rcode, 'NOERROR' AS rname, 'F' AS aa, 'F' AS tc, 'T' AS rd, 'T' AS ra, 0 AS z,
    '198.51.' || (z % 250) || '.' || (z % 199) AS answers, '300.000000' AS ttls, 'F' AS rejected
FROM (SELECT *, (hash(c * 1000003 + (sqrt(g % 160000))::BIGINT) % {sites})::BIGINT AS z
      FROM (SELECT i, hash(i) AS h, hash(i + 77777777) AS g, hash(i * 3 + 1) % 1000 AS k, hash(i * 7 + 5) % {clients} AS c
            FROM range({rows}) numbers(i)))
) TO '{body}' (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '')''')
"""
READ = """
import sys, duckdb
duckdb.execute('SET enable_progress_bar = false')
columns = {f'c{i}': 'VARCHAR' for i in range(24)}
form = "delim='\\t', quote='', escape='', comment='#', header=false, auto_detect=false"
log = f"read_csv('{sys.argv[1]}', {form}, columns={columns})"
print(duckdb.sql(f'SELECT sum(length(COLUMNS(*))) FROM {log}').fetchall()[0][9])
"""


def data(rows: int) -> Path:
    """Return the log of so many queries, made on first use."""
    path = CACHE / f"detect-day-{rows}.log"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        subprocess.run(python(MAKE, str(rows), str(partial)), check=True)
        body = Path(f"{partial}.body")
        with partial.open("ab") as log:
            subprocess.run(["cat", str(body)], stdout=log, check=True)
        body.unlink()
        partial.rename(path)
    return path


def scan(rows: int, *options: str) -> list[str]:
    """Return the command of a full detection."""
    return molehunt("scan", "--format", "jsonl", "-q", *options, str(data(rows)))


def run() -> list[Ratio]:
    """Compare whole processes on the same file."""
    what = "full detection on a Zeek log of 5 M queries, beside DuckDB reading it"
    return [compare(what, scan(ROWS), python(READ, str(data(ROWS))), target=4.0, target_mib=PEAK_MIB)]


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
