"""The Python interface: scan and read, windows, and sources that fail in the middle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import molehunt
from conftest import DATA
from language import START, queries
from molehunt.errors import ConfigError, EngineError, SourceError
from molehunt.pipeline import Progress, ScanOptions
from molehunt.schema import QUERIES

DEMO = DATA / "demo" / "demo.pcap"


@pytest.fixture
def days(tmp_path):
    """Three days with one query an hour."""
    path = tmp_path / "days.parquet"
    pq.write_table(queries("10.0.0.1 www{i}.example.com A +1h x72"), path)
    return path


def test_the_package_offers_what_the_contract_names():
    for name in ("scan", "read", "Report", "Finding", "Evidence", "Config", "MolehuntError"):
        assert getattr(molehunt, name)
    with pytest.raises(AttributeError):
        _ = molehunt.dig


def test_scan_stays_a_function_after_its_module_was_imported():
    import molehunt.pipeline

    assert callable(molehunt.scan)


def test_read_gives_queries_in_batches():
    reader = molehunt.read(DEMO)
    assert reader.schema.equals(QUERIES)
    table = reader.read_all()
    assert table.num_rows == molehunt.scan(DEMO).record_count
    assert table.schema.equals(QUERIES)


def test_all_sources_are_read_as_one(days, tmp_path):
    copy = tmp_path / "more.parquet"
    pq.write_table(queries("10.0.0.2 mail{i}.example.net MX x5"), copy)
    report = molehunt.scan([days, copy])
    assert (report.record_count, report.client_count, report.domain_count) == (77, 2, 2)
    assert [source.record_count for source in report.sources] == [72, 5]


@pytest.mark.parametrize(
    ("now", "window", "expected"),
    [
        (None, None, 72),
        (None, timedelta(hours=24), 24),
        (START + timedelta(hours=47), timedelta(hours=24), 24),
        (START + timedelta(hours=47), None, 48),
        (START - timedelta(days=9), timedelta(hours=24), 0),
    ],
)
def test_a_window_ends_at_now_and_leaves_out_its_beginning(days, now, window, expected):
    first = START - timedelta(seconds=1) + timedelta(hours=1)
    shift = first - START
    report = molehunt.scan(days, None, ScanOptions(window=window, now=now and now + shift))
    counted = 0 if report.first_ts is None else round((report.last_ts - report.first_ts).total_seconds() / 3600) + 1
    assert counted == expected
    assert [source.record_count for source in report.sources] == [72]


def test_the_rule_ends_its_window_at_the_newest_record(days):
    report = molehunt.scan(days, None, ScanOptions(rule="T1071.004", window=timedelta(hours=24)))
    assert report.rule.rows == []
    assert report.now == report.last_ts


def test_the_input_says_what_it_does_not_show(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text("query\nwww.example.com\nmail.example.com\n")
    report = molehunt.scan(path)
    assert report.visibility.model_dump() == {"times": False, "clients": False, "answers": False, "forwarder": None}
    assert report.client_count is None
    assert report.first_ts is None


def test_a_source_that_vanishes_loses_nothing_of_the_others(tmp_path, monkeypatch):
    kept, gone = tmp_path / "kept.csv", tmp_path / "gone.csv"
    for path in (kept, gone):
        path.write_text(
            "time,src,query\n" + "".join(f"2026-01-01T00:00:{i:02d}Z,10.0.0.1,w{i}.example.com\n" for i in range(9))
        )
    from molehunt import pipeline

    use = pipeline._use

    def vanish(engine, relation, options):
        gone.unlink(missing_ok=True)
        return use(engine, relation, options)

    monkeypatch.setattr(pipeline, "_use", vanish)
    report = molehunt.scan([kept, gone])
    assert report.record_count == 9
    assert [bool(source.error) for source in report.sources] == [False, True]
    assert "gone.csv" in report.sources[1].error


def test_a_reproducible_report_does_not_depend_on_the_folder(tmp_path):
    reports = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        pq.write_table(queries("10.0.0.1 www{i}.example.com A x9"), tmp_path / folder / "day.parquet")
        options = ScanOptions(reproducible=True)
        reports.append(molehunt.scan(tmp_path / folder / "day.parquet", None, options).model_dump_json())
    assert reports[0] == reports[1]


def test_the_same_input_gives_the_same_report():
    assert molehunt.scan(DEMO).model_dump_json() == molehunt.scan(DEMO).model_dump_json()


def test_wrong_choices_are_named():
    for options in (ScanOptions(rule="T0"), ScanOptions(engine="abacus"), ScanOptions(reader="telegraph")):
        with pytest.raises(ConfigError):
            molehunt.scan(DEMO, None, options)
    with pytest.raises(SourceError):
        molehunt.scan("/nonexistent")


def test_progress_is_told():
    progress = Progress()
    molehunt.scan(DEMO, None, ScanOptions(), progress)
    assert progress.step == "detecting"
    assert progress.engine is None


def test_a_report_shows_itself_in_a_notebook():
    page = molehunt.scan(DEMO)._repr_html_()
    assert "dug[.]example" in page
    assert "<script" not in page


def test_findings_come_as_frames():
    report = molehunt.scan(DEMO)
    assert isinstance(report.to_arrow(), pa.Table)
    assert list(report.to_polars()["registered_domain"]) == [f.registered_domain for f in report.findings]
    assert report.to_pandas()["first_ts"].iloc[0] == report.findings[0].first_ts
    assert report.findings[0].first_ts > datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("rule", [None, "T1071.004"])
def test_too_little_memory_is_no_fault_of_a_source(rule, tmp_path):
    lines = (f"1767571200.{i:06d}\t10.0.0.{i % 250}\t{i:050d}.{i}.x.example.com\tA" for i in range(200_000))
    path = tmp_path / "dns.log"
    path.write_text("#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\tqtype_name\n" + "\n".join(lines) + "\n")
    with pytest.raises(EngineError) as caught:
        molehunt.scan(path, options=ScanOptions(rule=rule, memory="4MB"))
    assert caught.value.next_step == "Give more with --memory"
    assert "\n" not in str(caught.value)  # the database's further lines are advice about its own settings


def test_a_run_tells_how_far_it_has_come(tmp_path):
    class Watched(Progress):
        def __call__(self, step: str, done_bytes: int, total_bytes: int) -> None:
            told.append((step.partition(" ")[0], done_bytes, total_bytes))
            super().__call__(step, done_bytes, total_bytes)

    told: list[tuple[str, int, int]] = []
    log = tmp_path / "dns.log"
    log.write_bytes((DATA / "readers" / "zeek.log").read_bytes())
    molehunt.scan([log, DEMO], progress=Watched())
    size, capture = log.stat().st_size, DEMO.stat().st_size
    assert ("looking", size, size) in told
    assert ("reading", capture, capture) in told
    assert told[-1] == ("detecting", 0, 0)
    told.clear()
    molehunt.scan(log, options=ScanOptions(rule="T1071.004"), progress=Watched())
    assert told[-1] == ("reading", 0, size)
