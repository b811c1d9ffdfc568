"""End-to-end case folders: each source of a case, scanned by itself, raises the alerts that ``case.toml`` expects, no others.

A finding about a client over many domains (its registered domain is null) may stand beside; it has to be about a client that
the case names.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import molehunt
from molehunt.errors import SourceError
from molehunt.findings import Report

DATA = Path(__file__).parent / "data"
#: Recordings that no reader reads yet; any other that is not recognised is a fault.
NOT_YET = ("unbound.log", "named.log", "dnsmasq.log", "dnstap")
CASES = [(path.parent, name) for path in sorted(DATA.rglob("case.toml")) for name in tomllib.loads(path.read_text())["sources"]]


def scan(source: Path) -> Report:
    try:
        return molehunt.scan([str(source)])
    except SourceError as error:
        if not source.name.removesuffix(".gz").endswith(NOT_YET) or "no reader recognises it" not in str(error):
            raise
        pytest.skip(f"no reader of {source.name} yet")


@pytest.mark.parametrize(("folder", "name"), CASES, ids=[f"{folder.name}/{name}" for folder, name in CASES])
def test_a_case_raises_what_it_expects(folder: Path, name: str):
    report = scan(folder / name)
    alerts = [finding for finding in report.findings if finding.alert]
    expected = {
        (one["client"], one["registered_domain"])
        for one in tomllib.loads((folder / "case.toml").read_text()).get("finding", [])
    }
    assert {(found.client, found.registered_domain) for found in alerts if found.registered_domain} == expected
    assert {found.client for found in alerts} <= {client for client, _ in expected}
    assert report.record_count > 0
    assert report.skipped_count <= report.record_count * 0.01


@pytest.mark.parametrize(
    ("folder", "name"), [case for case in CASES if ".pcap" in case[1]], ids=lambda value: getattr(value, "name", value)
)
def test_the_stated_bytes_bound_the_payload(folder: Path, name: str):
    """Stated bytes are an upper bound of what was moved: never less than the payload, and not many times as much.

    Above the payload are TCP and IP headers (known for iodine from its device), the handshake, and the probes of the tools.
    """
    findings = {(found.client, found.registered_domain): found for found in scan(folder / name).findings}
    for tunnel in json.loads((folder / "truth.json").read_text())["tunnels"]:
        found = findings[tunnel["client"], tunnel["registered_domain"]]
        assert tunnel["up_bytes"] <= found.up_bytes <= 2 * tunnel.get("tun_up_bytes", tunnel["up_bytes"]) + 4096
        assert tunnel["down_bytes"] <= found.down_bytes <= 2 * tunnel.get("tun_down_bytes", tunnel["down_bytes"]) + 4096
