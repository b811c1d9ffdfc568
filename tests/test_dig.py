"""The digs: real tunnels between namespaces, and the recordings of them that the repository holds.

Oracles: tshark for captures, dnstap-read (BIND's) for dnstap, the digest of the payload for the transfers.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from tests.dig import habits, ordinary, seal
from tests.dig.digs import DIGS

DATA = Path(__file__).parent / "data"
FOLDERS = [DATA / "demo", *sorted((DATA / "captures").iterdir())]
KEPT = {dig.name for dig in DIGS} - {"short"}

TYPES = {"A": 1, "CNAME": 5, "NULL": 10, "MX": 15, "TXT": 16, "KEY": 25, "SRV": 33, "PRIVATE": 65399}

needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is absent")
needs_dnstap_read = pytest.mark.skipif(not shutil.which("dnstap-read"), reason="dnstap-read (bind9-dnsutils) is absent")


def fields(capture: Path, tell: str, *names: str) -> list[list[str]]:
    """Return these fields of the messages that a display filter lets through, by tshark."""
    wanted = [word for name in names for word in ("-e", name)]
    command = ["tshark", "-r", str(capture), "-Y", tell, "-T", "fields", *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def one(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def check_truth(folder: Path) -> None:
    """The truth agrees with what tshark sees: who asked, at the right server, and enough to carry the payload."""
    truth, capture = json.loads((folder / "truth.json").read_text()), one(folder, "*.pcap*")
    for tunnel in truth["tunnels"]:
        about = f'dns.qry.name matches "(^|[.]){tunnel["registered_domain"]}$"'
        names = ("dns.flags.response", "ip.src", "ip.dst", "dns.qry.type", "dns.qry.name.len", "frame.time_epoch", "udp.length")
        rows = fields(capture, about, *names)
        asked, answered = ([row[1:] for row in rows if row[0] in kind] for kind in ({"0", "False"}, {"1", "True"}))
        assert {(row[0], row[1]) for row in asked} == {(tunnel["client"], tunnel["resolver"])}
        assert Counter(row[2] for row in asked).most_common(1)[0][0] == str(TYPES[tunnel["qtype"]])
        assert sum(int(row[3]) for row in asked) > tunnel["up_bytes"], "the names cannot have carried the payload"
        assert all(tunnel["started_ts"] <= float(row[4]) <= tunnel["ended_ts"] for row in asked)
        assert sum(int(row[5]) for row in answered) > tunnel["down_bytes"]


@pytest.mark.root
@pytest.mark.xdist_group("netns")
def test_a_short_dig_moves_its_payload_and_records_it(tmp_path: Path):
    if lack := seal.missing():
        pytest.skip(f"cannot dig here: {lack}")
    begun = time.monotonic()
    assert seal.run(["short", "-o", str(tmp_path)], limit_s=90) == 0
    assert time.monotonic() - begun < 90

    truth = json.loads((tmp_path / "truth.json").read_text())
    assert [tunnel["tool"] for tunnel in truth["tunnels"]] == ["iodine", "dns2tcp"]
    check_truth(tmp_path)
    assert truth["ordinary"]["answered"] == truth["ordinary"]["asked"] > 50

    log = (tmp_path / "unbound.log").read_text(errors="replace")
    tap = subprocess.run(["dnstap-read", str(tmp_path / "unbound.dnstap")], capture_output=True, check=True).stdout
    for tunnel in truth["tunnels"]:
        assert log.count(f" query: {tunnel['client']} ") == tap.count(f" CQ {tunnel['client']}:".encode())
        assert f"{tunnel['domain']}/IN/{tunnel['qtype']}".encode() in tap
        assert f"{tunnel['domain']}. {tunnel['qtype']} IN" in log


@pytest.mark.root
@pytest.mark.xdist_group("netns")
def test_nothing_outlives_a_dig_that_is_cut_short(tmp_path: Path):
    if lack := seal.missing():
        pytest.skip(f"cannot dig here: {lack}")
    begun = time.monotonic()
    assert seal.run(["short", "-o", str(tmp_path)], limit_s=4) == 124
    assert time.monotonic() - begun < 6
    time.sleep(0.3)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        assert str(tmp_path).encode() not in command
    assert list(tmp_path.iterdir()) == []


def test_the_table_of_digs_and_the_folders_agree():
    assert {folder.name for folder in FOLDERS} == KEPT


@needs_tshark
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_kept_truth_agrees_with_tshark(folder: Path):
    check_truth(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_case_names_every_tunnel_and_every_source(folder: Path):
    case, truth = tomllib.loads((folder / "case.toml").read_text()), json.loads((folder / "truth.json").read_text())
    told = {(found["client"], found["registered_domain"]) for found in case.get("finding", [])}
    assert told == {(tunnel["client"], tunnel["registered_domain"]) for tunnel in truth["tunnels"]}
    assert case.get("none", False) == (not truth["tunnels"])
    recordings = {path.name for path in folder.iterdir()} - {"README.md", "case.toml", "truth.json"}
    assert set(case["sources"]) == recordings
    assert all(f"`{name}`" in (folder / "README.md").read_text() for name in recordings)


@needs_tshark
@needs_dnstap_read
def test_the_demo_shows_the_same_queries_in_capture_log_and_dnstap():
    folder = DATA / "demo"
    log = (folder / "unbound.log").read_text(errors="replace").splitlines()
    tap = subprocess.run(["dnstap-read", str(folder / "demo.dnstap")], capture_output=True, check=True).stdout
    asked = fields(folder / "demo.pcap", "dns.flags.response == 0", "ip.src")
    assert len(asked) == sum(" query: " in line for line in log) == tap.count(b" CQ ")
    assert len({row[0] for row in asked}) == len(json.loads((folder / "truth.json").read_text())["clients"]) == 10


def test_the_data_stays_small():
    assert (DATA / "demo" / "demo.pcap").stat().st_size < 1_500_000
    total = sum(path.stat().st_size for folder in FOLDERS for path in folder.iterdir())
    assert total < 6_000_000


def test_the_plan_of_ordinary_look_ups_follows_from_its_seed():
    office = DIGS[0].office
    made = [habits.plan(ordinary.town(seed, {}, office), office, 60, seed) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert {look_up.client for look_up in made[0]} == set(office)


def test_every_name_that_is_asked_is_reserved():
    place = ordinary.town(1, {"t.dug.example": "198.51.100.66"}, DIGS[0].office)
    assert all(origin.endswith((".example.", ".in-addr.arpa.")) for origin in place.records)
    for look_up in habits.plan(place, DIGS[0].office, 300, 1):
        assert look_up.qname.endswith((".example", ".in-addr.arpa")) or "." not in look_up.qname
