"""The ordinary internet of the small world: zones of a town that does not exist, and what its people ask.

Everything is derived from a seed. All names are below ``example.`` (RFC 2606), all addresses are documentation addresses
(RFC 5737, RFC 3849) or the office's own.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field

from tests.dig.world import AUTHORITATIVE

FIRST = "amber birch cedar delta ember fjord grove harbour island juniper kettle lantern meadow north orchard".split()
SECOND = "bakery courier digest exchange forum garden hotel journal library market news outlet press radio school".split()
HEX, BASE36 = "0123456789abcdef", "0123456789abcdefghijklmnopqrstuvwxyz"

CDN, EDGE, MAILER, LISTED, GUARD = "swiftedge", "nearby", "postrider", "listed", "guardpost"
SIGNER, CLOCK, SYSTEM, CORP, COUNTER = "signet", "clockworks", "plainos", "corp", "clickcount"

Lookup = tuple[str, str]  #: qname without a final dot, qtype


@dataclass
class Town:
    """Zones and the look-ups that come of living there.

    Attributes:
        records: registered domain (with a final dot) -> records of its zone file.
        pages: site -> the look-ups that one visit makes.
        correspondents: domains that write mail, with their DKIM selector.
        hashes: file hashes that everybody's virus scanner meets.
    """

    records: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    pages: list[list[Lookup]] = field(default_factory=list)
    correspondents: list[tuple[str, str]] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)


def town(seed: int, delegations: dict[str, str], office: dict[str, str]) -> Town:
    """Build the town.

    Args:
        seed: Same seed, same town.
        delegations: tunnel domain -> address of the server that it is delegated to.
        office: address -> host name of the office's machines.
    """
    dice = random.Random(seed)
    place = Town()
    for i in range(60):
        _site(place, dice, f"{FIRST[i % 15]}-{SECOND[(i * 7 + i // 15) % 15]}")
    _services(place, dice)
    _corporation(place, office)
    place.hashes = ["".join(dice.choices(HEX, k=32)) for _ in range(40)]
    for domain, address in delegations.items():
        label, _, parent = domain.partition(".")
        place.records[f"{parent}."] += [f"{label} 300 NS ns.{parent}.", f"ns 300 A {address}", f"www 300 A {address}"]
    return place


def zone_files(place: Town) -> dict[str, str]:
    """Return origin -> text of the zone file, for the root, ``example.`` and each registered domain."""
    soa = "$ORIGIN {0}\n$TTL 300\n@ SOA ns.nic.example. admin.nic.example. 1 3600 600 86400 120\n@ NS ns.nic.example.\n"
    zones = {origin: soa.format(origin) + "\n".join(lines) + "\n" for origin, lines in place.records.items()}
    parents = "".join(f"{origin} 86400 NS ns.nic.example.\n" for origin in ("example.", *place.records))
    zones["."] = "$ORIGIN .\n$TTL 86400\n@ SOA a.root. admin.root. 1 3600 600 86400 3600\n@ NS a.root.\n" + (
        f"a.root. A {AUTHORITATIVE}\nns.nic.example. A {AUTHORITATIVE}\n" + parents
    )
    zones["example."] = soa.format("example.") + f"ns.nic A {AUTHORITATIVE}\n" + parents.split("\n", 1)[1]
    return zones


def _address(dice: random.Random) -> str:
    return f"{dice.choice(['192.0.2', '203.0.113'])}.{dice.randrange(1, 255)}"


def _site(place: Town, dice: random.Random, word: str) -> None:
    """Add a web site: its own hosts, a CDN host, an edge host behind a CNAME, its mail and the keys of its mail."""
    domain, lines = f"{word}.example", place.records[f"{word}.example."]
    v6 = f"2001:db8:{dice.randrange(65536):x}::{dice.randrange(1, 65536):x}"
    selector = dice.choice(["s2026", "k1", "default", "mail"])
    key = "".join(dice.choices(BASE36.upper() + BASE36 + "+/", k=392))
    halves = f'"v=DKIM1; k=rsa; p={key[:200]}" "{key[200:]}"'
    cdn_host = f"d{''.join(dice.choices(BASE36, k=13))}.{CDN}.example"
    edge_host = f"e{dice.randrange(1000, 99999)}.dsc{dice.choice('bgx')}.{EDGE}.example"
    lines += [
        f"@ 300 A {_address(dice)}", f"@ 300 AAAA {v6}", f"www 300 A {_address(dice)}", f"www 300 AAAA {v6}",
        f"static 60 CNAME {cdn_host}.", f"img 60 CNAME {edge_host}.", f"api 60 A {_address(dice)}",
        'www 300 HTTPS 1 . alpn="h2,h3"', f"@ 300 MX 10 mx1.{MAILER}.example.",
        f'@ 300 TXT "v=spf1 include:_spf.{MAILER}.example exists:%{{i}}._spf.{MAILER}.example -all"',
        f'_dmarc 300 TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{domain}"', f"{selector}._domainkey 300 TXT {halves}",
    ]  # fmt: skip
    place.records[f"{CDN}.example."] += [f"{cdn_host}. 60 A {_address(dice)}" for _ in range(4)]
    place.records[f"{EDGE}.example."] += [f"{edge_host}. 20 A {_address(dice)}" for _ in range(2)]
    hosts = dice.sample(["static", "img", "api"], k=dice.randrange(1, 4))
    visit = [(f"www.{domain}", "A"), (f"www.{domain}", "AAAA"), (f"www.{domain}", "HTTPS")]
    visit += [(f"{host}.{domain}", qtype) for host in hosts for qtype in ("A", "AAAA")]
    visit += [(cdn_host, "A"), (f"c{dice.randrange(9)}.{COUNTER}.example", "A")]
    place.pages.append(visit)
    place.correspondents.append((domain, selector))


def _services(place: Town, dice: random.Random) -> None:
    """Add what machines ask by themselves: reputation, block lists, certificate status, clocks, updates, mail."""
    zones: dict[str, list[str]] = {
        GUARD: ["*.avqs 30 A 127.0.0.1", '*.avqs 30 TXT "v=1;s=0"'],
        LISTED: [f"{i}.113.0.203.bl 300 A 127.0.0.2" for i in range(1, 255, 3)],
        SIGNER: [f"{host} 300 A {_address(dice)}" for host in ("ocsp", "crl", "r3.o", "e1.o")],
        CLOCK: [f"{i}.pool 30 A {_address(dice)}" for i in range(4) for _ in range(4)],
        SYSTEM: [f"{host} 60 A {_address(dice)}" for host in ("update", "v20.events", "connect-check", "time")],
        COUNTER: [f"c{i} 60 A {_address(dice)}" for i in range(9)],
        MAILER: ["mx1 300 A 203.0.113.25", '_spf 300 TXT "v=spf1 ip4:203.0.113.0/24 -all"', "*._spf 30 A 127.0.0.2"],
    }
    for word, lines in zones.items():
        place.records[f"{word}.example."] += lines
    place.records["113.0.203.in-addr.arpa."] = [f"{i} PTR host-{i}.{FIRST[i % 15]}-isp.example." for i in range(1, 255)]
    place.records["2.0.192.in-addr.arpa."] = [f"{i} PTR {i}.pool.{FIRST[i % 15]}-isp.example." for i in range(1, 255)]


def _corporation(place: Town, office: dict[str, str]) -> None:
    """Add the office's own zone and its reverse zone."""
    services = ("_ldap._tcp.dc._msdcs", "_kerberos._tcp.dc._msdcs", "_ldap._tcp.town._sites.dc._msdcs", "_gc._tcp")
    lines = [f"{name} 600 SRV 0 100 389 files.{CORP}.example." for name in services]
    lines += [f"{host} 600 A {address}" for address, host in office.items()]
    place.records[f"{CORP}.example."] += lines
    place.records["0.53.10.in-addr.arpa."] = [
        f"{address.rsplit('.', 1)[1]} PTR {host}.{CORP}.example." for address, host in office.items()
    ]
