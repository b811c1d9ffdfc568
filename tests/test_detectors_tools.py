"""Tools by their protocol: real recordings and frames as the tools write them; nothing that only looks like it."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

import molehunt
from digs import find, office, payload
from molehunt.detectors.tools import TOOLS
from test_detectors_information import facts_of

DATA = Path(__file__).parent / "data"
DICE = random.Random(5)


def dns2tcp(i: int) -> str:
    """Return a packet: session, acknowledged, number, flags, then data."""
    packet = b"\x5b\x0a" + i.to_bytes(2, "big") + (i + 1).to_bytes(2, "big") + b"\x08" + DICE.randbytes(20)
    return base64.b64encode(packet).decode().rstrip("=")


FRAMES = {
    "OzymanDNS": [f"0-{DICE.randrange(65536)}.id-9510.down" for _ in range(6)],
    "dns2tcp": [dns2tcp(i) for i in range(12)],
    "dnscat2": [f"{DICE.randrange(65536):04x}01b8d3{DICE.getrandbits(88):022x}" for _ in range(12)],
    "iodine": ["vaaaakaxj2u", "yrb0pe", "ytb0pf", "laczi1dwmfbaywb0fm5xhkrgz0heotzq", "paaaclfy", "pab0cmfi"],
    "DNSExfiltrator": ["init.MRTDCNBUFUYXYNI.base64", *(f"{i}.{text}" for i, text in enumerate(payload(8, 20)))],
    "dnscat": [f"dnscat.21.obscklcd.5b551fe5.{i}.bpblbebnbghgnnfo" for i in range(8)],
}


def test_every_tool_of_the_table_has_a_frame():
    assert set(FRAMES) == set(TOOLS)


@pytest.mark.parametrize("tail", ["evil.com", "t.evil.com", "a.b.evil.co.uk"])
@pytest.mark.parametrize("name", FRAMES)
def test_a_tool_is_told_by_its_frame_at_any_depth(name: str, tail: str):
    assert facts_of(*[f"10.0.0.9 {frame}.{tail} TXT +60s" for frame in FRAMES[name]]).tool == name


@pytest.mark.parametrize(
    "names",
    [
        payload(40, 20),
        [f"{DICE.getrandbits(128):032x}" for _ in range(40)],
        [f"{i}.{DICE.getrandbits(128):032x}" for i in range(40)],
        [f"{DICE.getrandbits(128):032x}"[:8] + f"-{i:04x}-4a1c-8f00-0123456789ab" for i in range(40)],
        ["vaults", "yours", "login", "ping-test", "version", "paris", "lisbon", "valencia", "yrbanner"],
        [f"web-{i}.id-{i}.up" for i in range(9)],
        [f"s{i}.init.base64" for i in range(9)],
        [base64.b64encode(DICE.randbytes(27)).decode() for _ in range(40)],
        ["=authors.list", "connect.me", "auth", "dnscat"],
        ["www", "mail", "api"],
    ],
    ids=["base32", "md5", "numbered md5", "uuid", "words", "ids", "words of tools", "base64", "near misses", "hosts"],
)
def test_what_only_looks_like_a_frame_is_no_tool(names: list[str]):
    assert facts_of(*[f"10.0.0.9 {name}.shop.com A +60s" for name in names]).tool is None


def test_an_office_has_no_tools():
    assert [f for f in find(*office(), sieve=False) if f.family in TOOLS] == []


@pytest.mark.parametrize(("folder", "families"), [("demo", {"iodine", "dns2tcp"})])
def test_real_recordings_have_their_tool_as_family(folder: str, families: set[str]):
    report = molehunt.scan([str(DATA / folder / f"{folder}.pcap")])
    assert {finding.family for finding in report.findings if finding.alert} == families


def test_two_names_of_a_session_alert_and_two_sessions_do_not():
    up = "nbswy3dpeb3w64tmmqqho33snrscczdboqqgc3tdnfsw45dt.30139-0.id-20703.up.t.evil.com A +9s"
    (finding,) = find(*office(), "10.0.0.9 0-63519.id-20703.down.t.evil.com TXT +60s", f"10.0.0.9 {up}")
    assert finding.family == "OzymanDNS"
    assert find(*office(), "10.0.0.9 0-63519.id-20704.down.t.evil.com TXT +60s", f"10.0.0.9 {up}") == []
