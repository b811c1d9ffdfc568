"""Families: what the names look like by structure; services of many clients beside a tunnel that borrows their look."""

from __future__ import annotations

import hashlib
import random

import pytest

from digs import find, office, payload
from test_engine_echoes import examined

CDN = [f"10.0.1.{i % 8} edge-{i % 41}.pop.edges.net A +20s =198.51.100.{i % 41 % 5}" for i in range(320)]


def mark(client: int) -> str:
    return hashlib.md5(str(client).encode(), usedforsecurity=False).hexdigest()


TOKENS = [f"10.0.1.{i % 8} {mark(i % 8)}.device.hub.net A +60s =198.51.100.7" for i in range(160)]


def shown(lines: list[str], client: str = "10.0.1.1") -> str | None:
    """Return the family of one client's only domain."""
    facts = [facts for facts in examined(*lines) if facts.group.client == client]
    assert len(facts) == 1
    return facts[0].family


def test_names_that_clients_share_and_addresses_that_names_share_are_content_delivery():
    assert shown(CDN) == "cdn"


def test_aliases_into_another_zone_are_content_delivery_too():
    lines = [
        line.rsplit(" ", 1)[0] + f" =CNAME:e{i % 40}.other.org =203.0.{i % 200}.{i * 3 % 250}" for i, line in enumerate(CDN)
    ]
    assert shown(lines) == "cdn"


def test_a_label_of_each_client_to_a_constant_answer_is_telemetry():
    assert shown(TOKENS) == "telemetry"


@pytest.mark.parametrize(
    "lines",
    [
        [line.replace(line.split()[0], "10.0.1.1") for line in CDN],
        [line.replace(line.split()[0], "10.0.1.1") for line in TOKENS],
        [f"10.0.1.{i % 8} {text}.edges.net A +20s =198.51.100.7" for i, text in enumerate(payload(320, 20))],
        [f"10.0.1.{i % 8} {text}.edges.net TXT +20s" for i, text in enumerate(payload(320, 20))],
        [line.replace(" A ", " TXT ") for line in TOKENS],
    ],
    ids=["one client's delivery", "one client's token", "unshared names", "unshared text", "text"],
)
def test_what_one_client_does_or_what_is_not_shared_is_neither(lines: list[str]):
    assert shown(lines) is None


@pytest.mark.parametrize(
    ("tail", "family"), [("_device-info._tcp.local", "service_discovery"), ("_domainkey.example", "email_auth")]
)
def test_labels_of_a_protocol_count_in_the_registered_domain_too(tail: str, family: str):
    lines = [
        f"10.0.1.1 {hashlib.md5(bytes([i % 256, i // 256])).hexdigest()[:12]}.{tail} PTR NXDOMAIN +30s" for i in range(300)
    ]
    assert shown(lines) == family
    assert [f for f in find(*office(), *lines) if f.alert] == []


def test_services_do_not_alert():
    assert [f for f in find(*office(), *CDN, *TOKENS) if f.alert] == []


@pytest.mark.parametrize("cover", [CDN, TOKENS], ids=["cdn", "telemetry"])
def test_a_tunnel_within_a_service_alerts(cover: list[str]):
    zone = ".".join(cover[0].split()[1].split(".")[-2:])
    dug = [f"10.0.9.9 {text}.{zone} TXT +40s =198.51.100.7" for text in payload(200, 30)]
    assert any(f.alert and f.client == "10.0.9.9" for f in find(*office(), *cover, *dug))


def test_addresses_by_the_names_share_decide_not_their_count():
    dice = random.Random(1)
    lines = [f"{line.rsplit(' ', 1)[0]} =203.{dice.randrange(250)}.{dice.randrange(250)}.9" for line in CDN]
    assert shown(lines) is None
