"""The command line as a person or a script meets it: streams, exit codes, messages. Runs the installed program."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MOLEHUNT = str(Path(sys.executable).parent / "molehunt")

HEADER = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\tqtype_name"
    "\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected\n"
)


def line(i: int, name: str, client: str = "10.0.0.7", kind: str = "TXT") -> str:
    return (
        f"{1767603600 + i}.5\tC{i}\t{client}\t40000\t10.0.0.1\t53\tudp\t{i}\t0.02\t{name}\t1\tC_INTERNET\t16\t{kind}"
        "\t0\tNOERROR\tF\tF\tT\tT\t0\t-\t-\tF\n"
    )


def tunnel_names(count: int) -> list[str]:
    import base64
    import random

    source = random.Random(7)
    return [base64.b32encode(source.randbytes(35)).decode().lower() + ".t.evil.example" for _ in range(count)]


@pytest.fixture
def log(tmp_path) -> Path:
    path = tmp_path / "dns.log"
    path.write_text(HEADER + "".join(line(i, name) for i, name in enumerate(tunnel_names(120))))
    return path


def molehunt(*arguments: object, stdin: bytes | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    env = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR"}} | environment
    return subprocess.run([MOLEHUNT, *map(str, arguments)], input=stdin, capture_output=True, env=env, timeout=120, check=False)


def test_help_names_every_command():
    done = molehunt("--help")
    assert done.returncode == 0
    for command in (b"scan", b"report", b"explain", b"rules", b"list", b"config"):
        assert command in done.stdout


def test_findings_of_a_rule_are_there_for_all_that_looks_at_them(log, tmp_path):
    """Rows alone are written without making findings; whatever else is asked for gets them."""
    rows = ("scan", log, "--rule", "T1071.004", "-q", "-f", "csv")
    assert molehunt(*rows).returncode == 0
    assert molehunt(*rows, "--fail-on", "medium").returncode == 1
    saved = tmp_path / "report.json"
    assert molehunt(*rows, "-f", "json", "-o", "-", "-o", saved).returncode == 0
    findings = json.loads(saved.read_text())["findings"]
    assert [finding["client"] for finding in findings] == ["10.0.0.7"]
    known = tmp_path / "known.toml"
    known.write_text('[[rule]]\nclient = "10.0.0.7"\nreason = "exercise"\n')
    assert molehunt(*rows, "--fail-on", "medium", "--suppress", known).returncode == 0
    assert b"1 gone" in molehunt("scan", log, "--now", "2020-01-01", "--rule", "T1071.004", "--baseline", saved).stderr


def test_a_rule_over_text_waits_for_nothing_that_it_does_not_need(log):
    code = (
        "import sys; from molehunt.cli import main\n"
        "sys.argv = ['molehunt', 'scan', sys.argv[1], '--rule', 'T1071.004', '-f', 'csv']\n"
        "try: main()\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(log)], capture_output=True, text=True, check=True)
    late = {"pyarrow", "numpy", "rich", "molehunt.detection", "molehunt.names", "molehunt.suppress", "molehunt.sinks.delivery"}
    assert done.stdout.count("10.0.0.7") == 1
    assert late.intersection(done.stderr.split()) == set()


def test_the_program_leaves_at_once_with_all_that_it_said(log, tmp_path):
    code = "import atexit, sys; from molehunt import cli; atexit.register(print, 'taken apart'); cli.run()"
    where = {**os.environ, "TMPDIR": str(tmp_path)}
    for rest, code_wanted in ((["-f", "csv"], 0), (["-f", "csv", "--fail-on", "medium"], 1), (["-f", "nothing"], 2)):
        arguments = [sys.executable, "-c", code, "scan", str(log), "--rule", "T1071.004", *rest]
        done = subprocess.run(arguments, capture_output=True, text=True, env=where, check=False)
        assert (done.returncode, done.stdout.count("10.0.0.7")) == (code_wanted, int(code_wanted < 2))
        assert "taken apart" not in done.stdout
    assert list(tmp_path.glob("molehunt-*")) == []


def test_the_rule_gives_its_columns_on_stdout_and_the_summary_on_stderr(log):
    done = molehunt("scan", log, "--rule", "T1071.004", "-f", "csv")
    assert done.returncode == 0
    header, row = done.stdout.decode().splitlines()
    assert header == (
        "LastSeen,ClientIP,TopDomain,QueryCount,UniqueSubdomains,AvgDomainLength,MaxDomainLength,QueryTypes,TunnelConfidence"
    )
    assert row == '2026-01-05T09:01:59.500000Z,10.0.0.7,evil,120,120,71.0,71,"[""TXT""]",high'
    assert b"read 120 queries" in done.stderr
    assert b"\r" not in done.stderr


def test_a_tunnel_is_found_and_explained(log, tmp_path):
    saved = tmp_path / "report.json"
    done = molehunt("scan", log, "-f", "json", "-o", saved, "-f", "table")
    assert done.returncode == 0, done.stderr
    assert b"10.0.0.7" in done.stdout
    assert b"evil[.]example" in done.stdout
    report = json.loads(saved.read_text())
    finding = report["findings"][0]
    assert (finding["client"], finding["registered_domain"], finding["kind"]) == ("10.0.0.7", "evil.example", "exfiltration")
    assert finding["confidence"] in {"high", "medium"}
    assert finding["score"] == pytest.approx(finding["prior"] + sum(e["weight"] for e in finding["evidence"]))
    assert finding["up_bytes"] >= 120 * 35
    again = molehunt("report", saved, "-f", "json")
    assert json.loads(again.stdout) == report
    told = molehunt("explain", saved, finding["finding_id"][:6])
    assert told.returncode == 0
    *parts, total = map(float, re.findall(r"^([+-]\d+\.\d{3}) ", told.stdout.decode(), re.MULTILINE))
    assert total == finding["score"]
    assert sum(parts) == pytest.approx(total, abs=1e-9)
    assert molehunt("explain", saved, "zzz").returncode == 2


def test_fail_on_is_asked_for(log):
    assert molehunt("scan", log, "--fail-on", "medium").returncode == 1
    quiet = log.with_name("quiet.log")
    quiet.write_text(HEADER + line(1, "www.example.com"))
    assert molehunt("scan", quiet, "--fail-on", "low").returncode == 0


def test_a_suppressed_finding_does_not_fail_the_run(log, tmp_path):
    rules = tmp_path / "known.toml"
    rules.write_text('[[rule]]\ndomain = "evil.example"\nreason = "exercise"\n')
    done = molehunt("scan", log, "--fail-on", "low", "--suppress", rules)
    assert done.returncode == 0
    assert b"suppressed" in done.stdout
    assert b"evil[.]example" not in done.stdout
    assert b"evil[.]example" in molehunt("scan", log, "--suppress", rules, "--show-suppressed").stdout


def test_a_baseline_says_what_is_new(log, tmp_path):
    saved = tmp_path / "old.json"
    molehunt("scan", log, "-f", "json", "-o", saved)
    report = json.loads(molehunt("scan", log, "--baseline", saved, "-f", "json").stdout)
    assert report["comparison"] == {"baseline": str(saved), "new": [], "gone": [], "grown": []}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--rule", "T9999"], b"T1071.004"),
        (["--window", "yesterday"], b"24h"),
        (["--now", "noon"], b"2026"),
        (["-f", "pdf"], b"table"),
        (["-f", "json", "-f", "csv"], b"standard output"),
        (["--fail-on", "loud"], b"high, medium, low"),
        (["--from", "telegraph"], b"zeek"),
        (["--map", "qname"], b"--map"),
        (["--config", "/nonexistent.toml"], b"/nonexistent.toml"),
        (["--engine", "abacus"], b"duckdb"),
        (["--mole"], b"--mole"),
        (["-o", "/nonexistent/report.json"], b"/nonexistent/report.json"),
    ],
)
def test_wrong_usage_is_named_with_the_next_step(log, arguments, says):
    done = molehunt("scan", log, *arguments)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_one_bad_source_loses_nothing_of_the_others(log, tmp_path):
    bad = tmp_path / "noise.bin"
    bad.write_bytes(bytes(range(256)) * 40)
    done = molehunt("scan", log, bad, tmp_path / "absent.log", "--rule", "T1071.004", "-f", "jsonl")
    assert done.returncode == 3
    assert json.loads(done.stdout)["TopDomain"] == "evil"
    assert b"noise.bin" in done.stderr
    assert b"absent.log" in done.stderr


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"GET / HTTP/1.1\r\n\r\n"])
def test_an_input_without_dns_leaves_with_3(tmp_path, content):
    path = tmp_path / "input"
    path.write_bytes(content)
    done = molehunt("scan", path)
    assert done.returncode == 3
    assert b"input" in done.stderr
    assert b"Traceback" not in done.stderr


def test_standard_input_is_read(log):
    done = molehunt("scan", "-", "--rule", "T1071.004", "-f", "jsonl", stdin=log.read_bytes())
    assert json.loads(done.stdout)["QueryCount"] == 120


def without_reader(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run molehunt with a standard output whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run([MOLEHUNT, *map(str, arguments)], stdout=writer, stderr=subprocess.PIPE, timeout=120, check=False)
    finally:
        os.close(writer)


@pytest.mark.parametrize("arguments", [("config", "show"), ("list", "sinks"), ("rules", "show", "T1071.004"), ("--help",)])
def test_a_closed_pipe_is_no_error(arguments: tuple[str, ...]):
    done = without_reader(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("form", ["table", "jsonl", "json", "html", "csv"])
def test_a_scan_whose_reader_has_gone_still_does_the_rest(log, tmp_path, form: str):
    done = without_reader("scan", log, "-f", "json", "-o", tmp_path / "x.json", "-f", form, "--fail-on", "high")
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith(b"findings: 1 high")
    assert json.loads((tmp_path / "x.json").read_text())["record_count"] == 120


def test_a_full_disk_is_told(log):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([MOLEHUNT, "scan", log, "-f", "json"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 4
    assert done.stderr == b"molehunt: standard output: cannot write: No space left on device\n"


def test_the_progress_bar_follows_its_work(capsys, monkeypatch):
    """Drawn as on a terminal: bytes where they are known, none where they are not, and one line however long a name is."""
    from molehunt.cli import progress

    monkeypatch.setattr(progress, "PATIENCE_S", 0)
    for name, value in {"COLUMNS": "80", "TERM": "xterm", "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    with progress.shown_on_terminal(True) as work:
        for step in (("reading " + "long/" * 30, 2_000_000, 8_000_000), ("detecting", 0, 0)):
            work(*step)
            time.sleep(0.6)
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", capsys.readouterr().err)
    assert "2.0/8.0 MB" in "".join(drawn.split("\n"))
    assert "detecting" in drawn
    assert "0/? bytes" in drawn[drawn.index("detecting") :]


def test_the_same_fault_in_many_sources_is_one_line(log, tmp_path):
    for i in range(3):
        (tmp_path / f"cut{i}.log").write_text(log.read_text() + "1767603600.5\tcut\n" * (i + 1))
    (tmp_path / "empty.pcap").write_bytes(bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 0000ffff 01000000"))
    lines = molehunt("scan", tmp_path, "-f", "jsonl").stderr.decode().splitlines()
    (skipped,) = [text for text in lines if text.startswith("skipped")]
    assert skipped.startswith("skipped 6 in 3 sources: line with too few values (first in ")
    assert "cut0.log: line " in skipped
    assert [text for text in lines if text.startswith("left out")] == [
        f"left out {tmp_path / 'empty.pcap'}: the capture holds no packets"
    ]


def test_an_output_never_overwrites_a_source(log, tmp_path):
    before, link = log.read_bytes(), tmp_path / "link.json"
    link.symlink_to(log)
    for output in (log, link):
        for more in (["scan", "-f", "json"], ["scan", "-f", "json", "--reproducible"], ["tune", "-f", "json"]):
            done = molehunt(*more, tmp_path, "-o", output)
            assert done.returncode == 2
            assert b"a source, not overwritten" in done.stderr
    assert log.read_bytes() == before


def test_the_report_beside_the_logs_is_written_anew(log, tmp_path):
    report = tmp_path / "report.json"
    for _ in range(2):
        assert molehunt("scan", tmp_path, "-o", report).returncode == 0
    assert len(json.loads(report.read_bytes())["sources"]) == 2  # the log, and itself, left out


def test_quiet_is_not_mute(log, tmp_path):
    (tmp_path / "bad.log").write_bytes(bytes(range(256)) * 20)
    done = molehunt("scan", "-q", tmp_path / "bad.log", log, "-f", "csv")
    assert done.returncode == 3
    assert done.stderr.startswith(b"not read: ")
    assert done.stderr.count(b"\n") == 1


def test_a_column_is_left_out_by_an_empty_name(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("time,qname\nnever,a.example\n")
    assert molehunt("scan", path).returncode == 3
    done = molehunt("scan", path, "--map", "ts=")
    assert done.returncode == 0
    assert done.stderr.startswith(b"read 1 query to 1 domain from 1 source (table)\n")


def test_an_empty_window_is_said(log):
    done = molehunt("scan", log, "--now", "2020-01-01T00:00:00Z", "--window", "7d")
    assert done.returncode == 0
    assert b"no query lies in the window (168h until 2020-01-01T00:00:00Z): leave out --window and --now" in done.stderr


def test_an_interrupt_leaves_with_130():
    with subprocess.Popen(
        [MOLEHUNT, "scan", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdin.write(HEADER.encode())
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert b"Traceback" not in process.stderr.read()


def test_an_interrupt_within_the_database_is_one_too():
    """The database hands on what a function of ours raised as an error of its own."""
    code = """
import os, signal, typer
from molehunt import cli

def fail():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt as stop:
        raise RuntimeError("Python exception occurred while executing the UDF") from stop

cli.COMMANDS, cli.app = (), typer.Typer()
cli.app.command()(fail)
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


def test_no_color_without_a_terminal(log):
    assert b"\x1b" not in molehunt("scan", log).stdout


def test_settings_are_shown_and_checked(tmp_path):
    shown = molehunt("config", "show")
    assert shown.returncode == 0
    path = tmp_path / "molehunt.toml"
    path.write_bytes(shown.stdout)
    assert molehunt("config", "check", path).returncode == 0
    path.write_text("[pcap]\nports = [70000000]\nretry_s = -1\n")
    done = molehunt("config", "check", path)
    assert done.returncode == 2
    assert b"retry_s" in done.stderr


@pytest.mark.parametrize("what", ["readers", "detectors", "sinks", "deliveries"])
def test_lists_have_a_line_each(what):
    done = molehunt("list", what)
    assert done.returncode == 0
    assert all(len(row.split(maxsplit=1)) == 2 for row in done.stdout.decode().splitlines())


def test_the_rule_is_printed_as_published():
    assert b"SubdomainEntropyThreshold = 3.5" in molehunt("rules", "show", "T1071.004").stdout
