"""Readers: five million queries as CSV and as Zeek log, and two million as JSON lines, beside DuckDB's bare reading.

The other process reads the file with DuckDB and sums the lengths of its names. Ours opens the file as the scan does (survey
included), and takes the four columns of the published rule.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from bench.ratio import CACHE, Ratio, compare, python

ROWS = 5_000_000
MAKE = """
import duckdb, sys
con = duckdb.connect()
con.sql('''CREATE TABLE t AS SELECT 1767603600 + i * 0.05 AS ts, '10.0.' || (i % 40) || '.' || (i * 7 % 250) AS client,
 CASE WHEN i % 5 = 0 THEN md5(i::VARCHAR) || '.t.example' || (i % 100) || '.com'
 ELSE 'www.site' || (i * 13 % 20000) || '.co.uk' END AS name, (['A', 'AAAA', 'TXT', 'CNAME', 'HTTPS'])[1 + i % 5] AS qtype,
 'cdn.' || (i % 999) || '.example.org,93.184.' || (i % 200) || '.' || (i % 250) AS answers FROM range({rows}) s(i)''')
con.sql('''{copy}''')
"""
CSV = """COPY (SELECT strftime(to_timestamp(ts), '%Y-%m-%dT%H:%M:%S.%fZ') AS TimeGenerated, client AS ClientIP, name AS Name,
 qtype AS QueryType, 0 AS ResultCode, answers AS IPAddresses FROM t) TO '{path}' (HEADER true)"""
TSV = """COPY (SELECT printf('%.6f', ts), 'C' || md5(name)[:17], client, 50000, '10.0.0.53', 53, 'udp', 7, '0.020000', name, 1,
 'C_INTERNET', 1, qtype, 0, 'NOERROR', 'F', 'F', 'T', 'T', 0, answers, '300.000000,60.000000', 'F' FROM t)
 TO '{path}' (HEADER false, DELIMITER '\t', QUOTE '')"""
JSON = """COPY (SELECT ts, client AS "id.orig_h", '10.0.0.53' AS "id.resp_h", 'udp' AS proto, 7 AS trans_id, name AS query,
 qtype AS qtype_name, string_split(answers, ',') AS answers FROM t LIMIT 2000000) TO '{path}' (FORMAT json)"""
FIELDS = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode "
    "rcode_name AA TC RD RA Z answers TTLs rejected"
).split()
HEADER = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\t{fields}\n"
OURS = """
import duckdb
from molehunt.config import Config
from molehunt.readers.sources import open_sources
with duckdb.connect() as con, open_sources([{path!r}], connection=con, config=Config()) as inputs:
    con.execute(f"SELECT max(ts), max(client), sum(length(qname)), max(qtype) FROM ({{inputs.relation}})").fetchall()
"""
BARE = "import duckdb\nduckdb.connect().execute({statement!r}).fetchall()"


def _made(name: str, copy: str) -> Path:
    path = CACHE / name
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        body = path.with_suffix(".part")
        from bench.ratio import run as run_once

        run_once(python(MAKE.format(rows=ROWS, copy=copy.format(path=body))))
        with path.open("wb") as whole, body.open("rb") as rows:
            if name.endswith(".log"):
                whole.write(HEADER.format(fields="\t".join(FIELDS)).encode())
            shutil.copyfileobj(rows, whole)
        body.unlink()
    return path


def run() -> list[Ratio]:
    """Compare whole processes."""
    columns = json.dumps(dict.fromkeys(FIELDS, "VARCHAR")).replace('"', "'")
    csv, log, lines = _made("dns.csv", CSV), _made("dns.log", TSV), _made("dns.json", JSON)
    zeek = f"read_csv('{log}', delim='\t', quote='', header=false, auto_detect=false, skip=6, columns={columns})"
    cases = [
        ("CSV of 5 M rows", csv, f"SELECT sum(length(Name)) FROM '{csv}'"),
        ("Zeek log of 5 M rows", log, f"SELECT sum(length(query)) FROM {zeek}"),
        ("JSON lines of 2 M rows", lines, f"SELECT sum(length(query)) FROM read_ndjson('{lines}')"),
    ]
    return [
        compare(
            f"reading a {what}, the rule's columns, beside DuckDB's sum of lengths",
            python(OURS.format(path=str(path))),
            python(BARE.format(statement=statement)),
            target=2.5,
            target_mib=1536,
        )
        for what, path, statement in cases
    ]
