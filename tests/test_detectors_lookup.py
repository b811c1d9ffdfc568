"""Look-alikes: what legitimate traffic of the same look is called, and that it is never an alert. Vendors are made up."""

from __future__ import annotations

import hashlib

import pytest

from digs import find, office, payload
from molehunt.config import FamilySettings
from molehunt.detectors import families
from test_detectors_information import facts_of


def digest(i: int) -> str:
    return hashlib.md5(str(i).encode(), usedforsecurity=False).hexdigest()


HASHES = [f"10.0.1.{i % 4} {digest(i)}.hash.vendor.net A +60s =127.0.0.{i % 3}" for i in range(200)]
VERDICTS = [  # a digest too long for one label, and answers that all differ
    f'10.0.1.{i % 6} {digest(i)}.{digest(-i)}.rep.vendor.net TXT +9s =TXT:"score={i * 7919 % 97};seen={i * 104729}"'
    for i in range(400)
]
BLOCK_LIST = [f"10.0.1.5 {i % 250}.{i % 199}.{i % 31}.10.zen.blocklist.org A +60s NXDOMAIN" for i in range(300)]
REVERSE = [f"10.0.1.5 {i % 250}.{i % 99}.0.10.in-addr.arpa PTR +6s NXDOMAIN" for i in range(400)]
DIRECTORY = [f"10.0.1.{i % 6} _ldap._tcp.site{i % 40}._sites.dc._msdcs.corp.example.com SRV +30s" for i in range(300)]
KEYS = [f'10.0.1.5 s{i}._domainkey.mail{i}.example.org TXT +60s =TXT:"v=DKIM1;p=MIGf{digest(i)}"' for i in range(200)]


CONTENT = [f"10.0.1.5 bafybei{label}.gateway.org A +{i * i % 89 * 20}s =192.0.2.9" for i, label in enumerate(payload(60, 32))]
CHALLENGES = [  # polled until the answer is there
    f"10.0.1.5 _acme-challenge.host{i}.example.org TXT +9s {answer}"
    for i in range(150)
    for answer in ("", f"=TXT:{digest(i)}{digest(-i)[:11]}")
]
WALK = [f"10.0.1.5 {name}\\000.signed.org NSEC +0.4s" for name in sorted(digest(i)[: 4 + i % 9] for i in range(700))]


@pytest.mark.parametrize("lines", [HASHES, VERDICTS, BLOCK_LIST, REVERSE, DIRECTORY, KEYS, CONTENT, CHALLENGES, WALK])
def test_lookalikes_never_alert(lines: list[str]):
    assert [f for f in find(*office(), *lines) if f.alert] == []


@pytest.mark.parametrize(
    ("lines", "family"),
    [
        (BLOCK_LIST, "dnsbl"),
        (DIRECTORY, "service_discovery"),
        (KEYS, "email_auth"),
        (REVERSE[:1] * 3, "reverse"),
        (["10.0.0.1 ocsp.ca.net A x5"], "certificate_status"),
        (["10.0.0.1 www.shop.com A x5"], None),
    ],
)
def test_families_are_told_by_structure(lines: list[str], family: str | None):
    first = lines[0].split()[0]
    alone = [line.replace(line.split()[0], first, 1) for line in lines if "_domainkey" not in line or "mail7." in line]
    assert facts_of(*alone).family == family


@pytest.mark.parametrize("record", ['"v=DKIM1;p=MIGf"', "v=spf1 -all", "TXT 237 v=DKIM1; k=rsa; p=MIGf", "SPF 11 v=spf1 -all"])
def test_policies_are_told_by_their_syntax_as_zeek_writes_them_too(record: str):
    assert families.family(facts_of(*(f"10.0.0.5 k{i}.mailer.net TXT" for i in range(20))).group, FamilySettings()) is None
    group = facts_of(*(f"10.0.0.5 k{i}.mailer.net TXT =TXT" for i in range(20))).group
    group.answers[:] = [(record,)] * 20
    assert families.family(group, FamilySettings()) == "email_auth"


def test_a_walk_asks_in_the_order_of_the_zone():
    walk, settings = facts_of(*WALK).group, FamilySettings()
    assert families.bound(walk, settings)
    assert not families.bound(facts_of(*[WALK[i * 263 % len(WALK)] for i in range(len(WALK))]).group, settings)
    assert not families.bound(facts_of(*[line.replace("NSEC", "TXT") for line in WALK]).group, settings)


def test_challenges_answer_with_a_digest():
    assert facts_of(*CHALLENGES).family == "certificate_status"
    more = [line.replace("=TXT:", "=TXT:more") for line in CHALLENGES]
    assert facts_of(*more).family is None


def test_hashes_look_like_look_ups_and_a_counter_does_not():
    one = [line.replace(line.split()[0], "10.0.1.1", 1) for line in HASHES]
    assert facts_of(*one).likeness >= 0.8
    counted = [f"10.0.1.1 {i}.{digest(i)}.evil.net A +60s =192.0.2.1" for i in range(200)]
    assert facts_of(*counted).likeness < 0.8


def test_a_channel_of_one_client_in_labels_as_long_as_a_digest_is_not_capped():
    lines = [f"10.0.0.9 {text}.evil.net A +60s =192.0.2.1" for text in payload(300, 20)]
    (finding,) = find(*office(), *lines)
    assert {len(name.split(".")[0]) for name in finding.sample_names} == {32}
    assert finding.alert


@pytest.mark.parametrize(
    ("replies", "alert"),
    [
        (("=127.0.0.2", "=127.0.0.4", "NXDOMAIN"), False),  # the verdicts of a list (RFC 5782)
        (("=127.0.0.1", "=127.0.0.1", "NXDOMAIN"), True),
        (("=127.0.0.2", "=192.0.2.1", "NXDOMAIN"), True),
        (("=127.0.0.2", "=127.0.0.2", "=127.0.0.2"), True),
    ],
)
def test_one_client_that_gets_verdicts_asks_a_list(replies: tuple[str, ...], alert: bool):
    waits = [5 + 55 * (int(digest(i)[:4], 16) / 65536) ** 6 * 10 for i in range(300)]
    lines = [f"10.0.0.9 {payload(300, 32)[i]}.hash.list.org A +{wait:.1f}s {replies[i % 3]}" for i, wait in enumerate(waits)]
    (finding,) = find(*office(), *lines)
    assert len(finding.sample_names[0].split(".")[0]) == 52
    assert finding.alert is alert


def test_look_ups_at_a_regular_pace_by_one_client_are_not_capped():
    lines = [f"10.0.0.9 {digest(i)}.evil.net A +30s =192.0.2.1" for i in range(300)]
    (finding,) = find(*office(), *lines)
    assert (finding.alert, finding.family) == (True, "reputation_lookup")
    waits = [5 + 55 * (int(digest(i)[:4], 16) / 65536) ** 6 * 10 for i in range(300)]  # as files are opened: many at once
    (finding,) = find(*office(), *[line.replace("+30s", f"+{wait:.1f}s") for line, wait in zip(lines, waits, strict=True)])
    assert not finding.alert
    assert [e.sentence for e in finding.evidence if e.group == "held"] == [
        "confidence is held at low: it looks like look-ups of hashes, and says less than 66 kB a day"
    ]


def test_nothing_is_capped_above_the_bound():
    lines = [f"10.0.0.9 {digest(i)}.evil.net A +9s =192.0.2.1" for i in range(4500)]
    (finding,) = find(*lines)
    assert finding.up_bytes is not None
    assert finding.up_bytes > 64 << 10
    assert finding.alert


def test_nothing_is_capped_that_brings_down_more_than_the_bound():
    keys = [
        f'10.0.0.{i % 3 + 1} {digest(i)}.evil.net TXT +{5 + i % 7 * 9}s =TXT:"{".".join(payload(6, 24, seed=i))}"'
        for i in range(2100)
    ]
    few, many = find(*office(), *keys[:450]), find(*office(), *keys)
    assert [(f.alert, f.down_bytes > 64 << 10) for f in few] == [(False, False)] * 3
    assert [(f.alert, f.down_bytes > 64 << 10) for f in many] == [(True, True)] * 3
