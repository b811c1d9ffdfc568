"""Oracles for the published rule that others wrote: its KQL text run verbatim by duckdb-kql, and Microsoft's own parser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import duckdb_kql
import pyarrow as pa
import pytest

from molehunt.rules import RuleRun, load

RULE = load("T1071.004")
KUSTO = Path(__file__).parent / "kusto"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "molehunt" / "kusto"


def native(table: pa.Table, **options: object) -> RuleRun:
    """Run molehunt's twin of the rule over a table of QUERIES."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.register("queries", table)
        return RULE.run(connection, "SELECT * FROM queries", **options)  # type: ignore[arg-type]


def verbatim(table: pa.Table, now: datetime) -> list[list[object]]:
    """Run the KQL text itself over the same table, as DnsEvents stood at ``now``; rows with QueryTypes as a sorted list.

    A Kusto string is never null, so that an absent one is "" there.
    """
    with duckdb_kql.connect(config={"threads": 2}) as connection:
        connection.register("queries", table)
        connection.execute(
            "CREATE TABLE DnsEvents AS SELECT ts::TIMESTAMP AS TimeGenerated, coalesce(client, '') AS ClientIP, "
            "coalesce(qname, '') AS Name, coalesce(qtype, '') AS QueryType FROM queries WHERE ts IS NULL OR ts <= $now",
            {"now": now},
        )
        rows = duckdb_kql.kql(connection, RULE.text, query_now=now).fetchall()
    return [[row[0].replace(tzinfo=UTC), *row[1:7], sorted(json.loads(row[7])), row[8]] for row in rows]


def comparable(run: RuleRun) -> list[list[object]]:
    """Return the twin's rows with QueryTypes sorted, as Kusto's make_set has no order."""
    return [[*row[:7], sorted(row[7]), row[8]] for row in run.result.rows]


def assert_same(table: pa.Table, now: datetime | None = None) -> list[list[object]]:
    """Assert that twin and text give the same rows; return them."""
    run = native(table, now=now, window=timedelta(hours=24))
    end = run.now or now or datetime(2026, 1, 1, tzinfo=UTC)
    rows = comparable(run)
    expected = verbatim(table, end)
    assert [row[3] for row in rows] == [row[3] for row in expected], "the text's own order: QueryCount, largest first"
    assert rows == sorted(expected, key=lambda row: (-row[3], row[1], row[2]))  # type: ignore[operator]
    return rows


def parser() -> Path:
    """Return the folder with Microsoft's parser, installed on first use; skip, loudly, where that cannot be."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are absent: Microsoft's KQL parser is not asked")
    modules = CACHE / "node_modules"
    if not (modules / "@kusto" / "language-service-next").is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(KUSTO / name, CACHE / name)
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=CACHE, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot install Microsoft's KQL parser: {done.stderr[-300:]}")
    return modules


def microsoft(kql: str) -> dict[str, list]:
    """Return what Microsoft's parser says of a query on DnsEvents: diagnostics and the columns of the result."""
    environment = {**os.environ, "NODE_PATH": str(parser())}
    command = ["node", str(KUSTO / "check.js")]
    done = subprocess.run(command, input=kql, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
