"""Spark gives what DuckDB gives: the same rows, the same column types, the same findings; quietly, and on what it reads itself.

One Java for all tests; each test has an engine with a session of its own.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from evaluation import corpora
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import DATA
from digs import candidates, channel, office
from language import START, queries
from molehunt.config import Config
from molehunt.detection import detect
from molehunt.engines.duckdb import DuckDBEngine
from molehunt.engines.lake import is_address
from molehunt.engines.spark import SparkEngine
from molehunt.engines.steps import Steps
from molehunt.errors import ConfigError, EngineError, MissingExtraError
from molehunt.pipeline import ScanOptions, scan
from molehunt.readers import sql
from molehunt.readers.sources import open_sources
from molehunt.schema import GROUPS, QUERIES

try:
    import pyspark  # noqa: F401

    LACKS = "" if shutil.which("java") else "Java is absent"
except ImportError:
    LACKS = "pyspark is absent"

pytestmark = [
    pytest.mark.spark,
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(bool(LACKS), reason=f"Spark is not tested: {LACKS}"),
    pytest.mark.filterwarnings("ignore::FutureWarning:pyspark"),
]

#: Small plans on small data: interpreting them is quicker than compiling them.
QUICK = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}

HARD = (
    "10.0.0.5 WwW.ExAmple.com. NULL x5 +0s =192.0.2.1 =192.0.2.2",
    "10.0.0.5 www.example.com +0s =192.0.2.7",
    "10.0.0.5 www.example.com +0s =192.0.2.6",
    "10.0.0.6 a\\\\032b.example.com TXT",
    "10.0.0.6 aa+bb=ccddeeffgghhiijjkkll.example.com - x4",
    "10.0.0.6 ÉÄ.example.com",
    "10.0.0.6 É.com",
    "10.0.0.7 co.uk",
    "10.0.0.7 .",
    "10.0.0.7 com.",
    "10.0.0.7 ..",
    "10.0.0.7 8.8.8.8.in-addr.arpa PTR",
    "- x.example.org",
    "10.0.0.8 - A",
)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkEngine]:
    """The engine that starts Spark; the tests' own engines work in sessions beside its own."""
    with SparkEngine(master="local[2]", memory="1GB", conf={**QUICK, "spark.sql.ansi.enabled": "true"}) as engine:
        yield engine


def rows_of(table: pa.Table) -> Counter:
    """Return the rows without the keys, whose values are the engine's own."""
    names = [name for name in table.column_names if not name.endswith("_key")]
    return Counter(repr(row) for row in table.select(names).to_pylist())


def blocks(table: pa.Table) -> Counter:
    """Return the rows of each candidate, in their order."""
    names = [name for name in table.column_names if not name.endswith("_key")]
    found: dict[tuple, list[str]] = {}
    keys = zip(table["zone_key"].to_pylist(), table["client_key"].to_pylist(), strict=True)
    for key, row in zip(keys, table.select(names).to_pylist(), strict=True):
        found.setdefault(key, []).append(repr(row))
    return Counter("\n".join(rows) for rows in found.values())


def results(engine: Steps, table: pa.Table, *, sieve: bool = True) -> dict:
    """Return everything that an engine hands on."""
    engine.use_table(table)
    groups, overview = engine.groups(), engine.overview()
    found = candidates(engine, sieve=sieve)
    engine.sift = lambda *args, **kwargs: None  # type: ignore[method-assign]  # it costs most; do it once
    engine.candidates = lambda: iter([found] if found.rows.num_rows else [])  # type: ignore[method-assign]
    zones = [str(zone) for zone in groups["registered_domain"].unique().to_pylist()[:2]]
    return {
        "schemas": (groups.schema, found.rows.schema, found.zones.schema),
        "groups": groups.to_pylist(),
        "overview": overview,
        "rows": blocks(found.rows),
        "zones": rows_of(found.zones),
        "row_count": engine.row_count(),
        "clients": [engine.clients_of(zone, 3) for zone in zones] if not sieve else [],
        "findings": detect(engine, Config()),
    }


def assert_same(spark: SparkEngine, table: pa.Table, *, sieve: bool = True) -> dict:
    with DuckDBEngine(threads=1) as engine:
        ours = results(engine, table, sieve=sieve)
    with SparkEngine(session=spark.session) as engine:
        theirs = results(engine, table, sieve=sieve)
    for name, value in ours.items():
        assert theirs[name] == value, name
    return ours


def union(*sources: Path) -> pa.Table:
    """Return the queries of all sources that are a DNS log, each source's clients told apart."""
    with (
        DuckDBEngine() as engine,
        open_sources([str(path) for path in sources], connection=engine.connection, config=Config()) as inputs,
    ):
        used = [source.reading.relation for source in inputs.sources if source.reading]
        told = sql.union(f"SELECT * REPLACE ('{i}/' || client AS client) FROM ({relation})" for i, relation in enumerate(used))
        assert len(used) > 20
        return engine.connection.sql(told).to_arrow_table().cast(QUERIES)


def test_hard_rows_are_the_same(spark: SparkEngine):
    ours = assert_same(spark, queries(*HARD, *channel(30), *office(3)[:60]), sieve=False)
    assert ours["schemas"][0].equals(GROUPS)
    assert sum(ours["rows"].values()) > 10
    assert ours["row_count"] == len(HARD) + 4 + 3 + 90  # two lines are repeated


def test_an_empty_input_is_empty(spark: SparkEngine):
    ours = assert_same(spark, QUERIES.empty_table(), sieve=False)
    assert ours["groups"] == []
    assert ours["overview"].query_count == 0


NAMES = st.text(st.characters(codec="utf-8", max_codepoint=0x24F, exclude_characters="\x00"), max_size=20)
TIMES = st.none() | st.integers(0, 10**7).map(lambda n: START + timedelta(microseconds=n))
ROWS = st.fixed_dictionaries(
    {
        "ts": TIMES,
        "client": st.sampled_from([None, "10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        "resolver": st.sampled_from([None, "10.0.0.3", "192.0.2.53"]),
        "protocol": st.sampled_from(["dns", "mdns"]),
        "qname": st.none()
        | st.builds("{}.{}".format, NAMES, st.sampled_from(["example.com", "Example.COM.", "a.co.uk", "É"]))
        | NAMES,
        "qtype": st.sampled_from([None, "A", "TXT", "NULL", "TYPE65399"]),
        "rcode": st.sampled_from([None, "NOERROR"]),
        "answers": st.none() | st.lists(st.sampled_from(["192.0.2.1", "ü", ""]), max_size=2),
        "answer_ttls": st.none() | st.lists(st.sampled_from([0, 2**32 - 1]), max_size=2),
        "answer_bytes": st.none() | st.integers(0, 2**40),
        "edns_options": st.none() | st.lists(st.sampled_from([10, 65001, 65535]), max_size=2),
    }
)


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(ROWS, min_size=40, max_size=80))
def test_any_rows_are_the_same(spark: SparkEngine, rows: list[dict]):
    empty = dict.fromkeys(QUERIES.names)
    assert_same(spark, pa.Table.from_pylist([{**empty, **row} for row in rows], schema=QUERIES), sieve=False)


def test_all_that_the_repository_has_gives_the_same_rows_and_findings(spark: SparkEngine):
    ours = assert_same(spark, union(DATA))
    assert sum(finding.alert for finding in ours["findings"]) > 10


def every_corpus() -> pa.Table:
    """Return the queries of all public corpora, each file's clients told apart."""
    tables = []
    for file, entry in corpora.manifest().items():
        queries = corpora.make(f"corpus/{file}").queries if entry.form in corpora.NAME_LISTS else corpora.load(entry)
        client = pc.binary_join_element_wise(file, queries["client"], " ", null_handling="replace")
        tables.append(queries.set_column(QUERIES.get_field_index("client"), QUERIES.field("client"), client).cast(QUERIES))
    return pa.concat_tables(tables)


@pytest.mark.shared
@pytest.mark.timeout(600)
def test_every_corpus_gives_the_same_rows_and_findings(spark: SparkEngine, shared: Path):
    ours = assert_same(spark, every_corpus())
    assert ours["row_count"] > 100_000
    assert sum(finding.alert for finding in ours["findings"]) > 20


def test_a_scan_finds_the_same(spark: SparkEngine):
    demo = DATA / "demo" / "demo.pcap"
    ours = scan(demo, options=ScanOptions(window=timedelta(hours=1)))
    theirs = scan(demo, options=ScanOptions(engine="spark", window=timedelta(hours=1)))
    assert theirs == ours
    assert any(finding.alert for finding in ours.findings)


def lake_rows() -> list[dict]:
    lines = [
        *channel(40, rest="TXT +30s @10.0.0.1 =TXT:abc"),
        *office()[:100],
        "10.0.0.1 _http._tcp.local PTR",
        "10.0.0.1 a.example.com TYPE65399",
    ]
    return queries(*lines).to_pylist()


def write_ecs_json(path: Path) -> None:
    lines = [
        {
            "@timestamp": row["ts"].isoformat(),
            "source": {"ip": row["client"]},
            "destination": {"ip": row["resolver"], "port": 53},
            "dns": {
                "question": {"name": row["qname"], "type": row["qtype"]},
                "response_code": row["rcode"],
                "answers": [{"data": data, "type": "A", "ttl": 60} for data in row["answers"] or []],
            },
        }
        for row in lake_rows()
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines))


def write_csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["timestamp", "client_ip", "query", "query_type", "rcode", "answers"])
        for row in lake_rows():
            number = {"A": "1", "TXT": "16", "PTR": "12"}.get(row["qtype"], row["qtype"])
            stamp = f"{row['ts'].timestamp():.3f}"
            table.writerow([stamp, row["client"], row["qname"], number, "0", ", ".join(row["answers"] or [])])


def write_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(lake_rows(), schema=QUERIES), path)


@pytest.mark.parametrize(
    ("name", "write"), [("ecs.jsonl", write_ecs_json), ("log.csv", write_csv), ("day.parquet", write_parquet)]
)
def test_what_spark_reads_itself_gives_what_the_readers_give(spark: SparkEngine, tmp_path: Path, name: str, write):
    path = tmp_path / name
    write(path)
    ours = scan(path)
    theirs = scan(path.as_uri(), options=ScanOptions(engine="spark"))
    assert theirs.findings == ours.findings
    assert any(finding.alert for finding in ours.findings)
    assert theirs.record_count == ours.record_count
    assert [source.reader for source in theirs.sources] == ["spark"]


def test_a_table_is_read_by_its_name(spark: SparkEngine, tmp_path: Path):
    write_parquet(tmp_path / "day.parquet")
    frame = spark.session.read.parquet(str(tmp_path / "day.parquet")).withColumnRenamed("qname", "Odd name")
    frame.createOrReplaceGlobalTempView("dns_day")
    options = ScanOptions(engine="spark", columns={"qname": "Odd name"})
    found = scan("table:global_temp.dns_day", options=options).findings
    assert found == scan(tmp_path / "day.parquet").findings
    with pytest.raises(ConfigError, match="no column"):
        scan("table:global_temp.dns_day", options=ScanOptions(engine="spark", columns={"qname": "Absent"}))
    with pytest.raises(EngineError, match="nowhere"):
        scan("table:nowhere.at_all", options=ScanOptions(engine="spark"))


def test_broken_lines_are_counted(spark: SparkEngine, tmp_path: Path):
    path = tmp_path / "log.jsonl"
    good = [json.dumps({"ts": "2026-01-05T09:00:00Z", "client": "10.0.0.1", "qname": f"a{i}.example.com"}) for i in range(5)]
    path.write_text("\n".join([*good, "{broken", "neither"]))
    report = scan(path.as_uri(), options=ScanOptions(engine="spark"))
    assert report.record_count == 5
    assert [(problem.count, problem.example) for problem in report.sources[0].problems] == [(2, "{broken")]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("table:cat.sch.dns", True), ("s3a://bucket/dns/", True), ("file:///tmp/x.parquet", True), ("dbfs:/mnt/dns", True),
        ("log.csv", False), ("/var/log/dns.log", False), ("-", False), ("C:/logs/dns.csv", False), ("a:b", False),
    ],
)  # fmt: skip
def test_an_address_is_told_from_a_path(source: str, told: bool):
    assert is_address(source) is told


def test_the_session_of_the_user_stays_as_it_was(spark: SparkEngine):
    session = spark.session.newSession()
    session.conf.set("spark.sql.session.timeZone", "Asia/Kolkata")
    session.range(1).createOrReplaceTempView("asked")
    with SparkEngine(session=session) as engine:
        engine.use_table(queries("10.0.0.1 a.example.com x3"))
        assert engine.groups()["hour_ts"][0].as_py() == START
    assert session.conf.get("spark.sql.session.timeZone") == "Asia/Kolkata"
    assert session.table("asked").columns == ["id"]
    assert session.range(3).count() == 3


def test_a_failing_step_is_named(spark: SparkEngine):
    with SparkEngine(session=spark.session) as engine:
        with pytest.raises(EngineError) as caught:
            engine.use("SELECT * FROM nowhere")
        assert caught.value.step == "read"
        engine.use_table(queries("10.0.0.1 a.example.com"))
        with pytest.raises(EngineError) as caught:
            engine._make("x", "SELECT nothing FROM asked_rows", "sums")
        assert caught.value.step == "sums"


def run_alone(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    quicker = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}  # Java says on stderr that it read this
    clean = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", **quicker, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=clean)


def test_a_run_says_nothing_of_spark():
    code = (
        "from molehunt.cli import main; import sys;"
        f"sys.argv = ['molehunt', 'scan', '--engine', 'spark', '-f', 'jsonl', {str(DATA / 'readers' / 'zeek.log')!r}]; main()"
    )
    done = run_alone(code)
    assert done.returncode == 0, done.stderr
    assert all(json.loads(line)["finding_id"] for line in done.stdout.splitlines())
    assert "1 source (zeek)" in done.stderr
    assert not re.search(r"(?i)spark|warn|java|log4j|stage", done.stderr), done.stderr


def test_no_java_is_said_with_what_to_do(tmp_path: Path):
    for tool in ("bash", "env", "dirname", "sh"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    code = "from molehunt.engines.spark import SparkEngine\nSparkEngine(master='local[1]')"
    done = run_alone(code, PATH=str(tmp_path))
    assert "MissingExtraError" in done.stderr
    assert "Java 17" in done.stderr


def test_no_pyspark_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(MissingExtraError, match=r"molehunt\[spark\]"):
        SparkEngine()
