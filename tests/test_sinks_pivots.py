"""The ready-made queries, run: KQL by duckdb-kql and Microsoft's parser, zeek-cut by a shell, the others by their grammar."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

import rule_oracle
import sink_reports
from molehunt.findings import Finding
from molehunt.sinks.pivots import pivots
from molehunt.sinks.text import safe
from sink_reports import HOSTILE, START

#: What a query can hold; the others hold control or direction characters and are left out, see the last test.
WRITABLE = [text for text in HOSTILE if safe(text) == text]
NAMES = [domain for text in WRITABLE for domain in (text, f"a.{text}", f"x{text}", f"{text}.other.example")]


def query(finding: Finding, language: str) -> str:
    return next(pivot.text for pivot in pivots(finding) if pivot.language == language)


def wanted(domain: str) -> list[str]:
    """What the query must find among NAMES: the domain and what is below it, letters' case aside."""
    return [name for name in NAMES if name.lower() == domain.lower() or name.lower().endswith("." + domain.lower())]


def test_enough_hostile_names_can_be_written():
    assert len(WRITABLE) >= 12


def test_kql_finds_exactly_the_names_of_the_domain():
    import duckdb_kql

    with duckdb_kql.connect() as connection:
        connection.execute(
            "CREATE TABLE DnsEvents "
            "(TimeGenerated TIMESTAMP, ClientIP VARCHAR, Name VARCHAR, QueryType VARCHAR, IPAddresses VARCHAR)"
        )
        for client in ("10.0.0.5", "10.0.0.6"):
            connection.executemany(
                "INSERT INTO DnsEvents VALUES (?, ?, ?, 'A', '')",
                [(START + timedelta(hours=1), client, name) for name in NAMES],
            )
        for domain in WRITABLE:
            rows = duckdb_kql.kql(connection, query(sink_reports.finding("10.0.0.5", domain), "KQL")).fetchall()
            assert sorted(row[2] for row in rows) == sorted(wanted(domain)), domain
            assert {row[1] for row in rows} == {"10.0.0.5"}


@pytest.mark.node
def test_microsofts_parser_accepts_the_kql():
    for domain in [WRITABLE[0], *[d for d in WRITABLE if "\\" in d or "'" in d][:3]]:
        said = rule_oracle.microsoft(query(sink_reports.finding(domain, domain), "KQL"))
        assert said["diagnostics"] == []
        assert len(said["columns"]) == 5


ZEEK_CUT = """#!{python}
import sys
wanted = [a for a in sys.argv[1:] if a != "-u"]
for line in sys.stdin:
    if line.startswith("#fields"): at = [line.rstrip("\\n").split("\\t").index(name) - 1 for name in wanted]
    elif not line.startswith("#"): print("\\t".join(line.rstrip("\\n").split("\\t")[i] for i in at))
"""


@pytest.mark.parametrize("domain", WRITABLE, ids=range(len(WRITABLE)))
def test_the_shell_pipe_finds_exactly_the_names_and_runs_nothing_else(domain: str, tmp_path: Path):
    """Run by sh and awk; zeek-cut itself, which is in no package of Debian, is stood in for by ten lines."""
    tool = tmp_path / "zeek-cut"
    tool.write_text(ZEEK_CUT.format(python=sys.executable))
    tool.chmod(0o755)
    fields = ["ts", "id.orig_h", "query", "qtype_name", "rcode_name", "answers"]
    lines = [
        "#fields\t" + "\t".join(fields),
        *("\t".join(["1", c, n, "A", "NOERROR", "-"]) for c in ("10.0.0.5", "::1") for n in NAMES),
    ]
    (tmp_path / "dns.log").write_text("\n".join(lines) + "\n")
    command = query(sink_reports.finding("10.0.0.5", domain), "zeek-cut")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert sorted(line.split("\t")[2] for line in done.stdout.splitlines()) == sorted(wanted(domain))
    assert not Path("/tmp/molehunt-pwned").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dns.log", "zeek-cut"]


LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


@pytest.mark.parametrize("language", ["SPL", "ES|QL", "KQL"])
def test_values_stand_in_string_literals_only(language: str):
    """With its literals taken out, a query for any name is the query for a harmless one; the literals are the values."""
    plain = sink_reports.finding("10.0.0.5", "t.example")
    frame = re.sub(r"-\d+\)", "-N)", LITERAL.sub('""', query(plain, language)))
    for domain in WRITABLE:
        text = query(sink_reports.finding(domain, domain), language)
        assert re.sub(r"-\d+\)", "-N)", LITERAL.sub('""', text)) == frame
        values = {re.sub(r"\\(.)", r"\1", value) for value in LITERAL.findall(text)}
        assert {domain, "." + domain.lower()} <= values
        assert "\n" not in "".join(values)


def test_what_cannot_be_written_is_left_out():
    for text in set(HOSTILE) - set(WRITABLE):
        assert pivots(sink_reports.finding(text, text)) == []
        made = pivots(sink_reports.finding("10.0.0.5", text))
        assert len(made) == 4
        assert all("10.0.0.5" in pivot.text and "evil" not in pivot.text for pivot in made)
        assert json.dumps([pivot.text for pivot in made]).isascii()
