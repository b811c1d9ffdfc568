"""Who asks what and when: the plan of ordinary look-ups, drawn from a seed and kept by a cache like a real machine's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.dig.ordinary import BASE36, CLOCK, CORP, GUARD, HEX, LISTED, MAILER, SIGNER, SYSTEM, Lookup, Town

CACHE_S = 60.0


@dataclass(frozen=True)
class Asked:
    """One look-up to be made: ``at_s`` seconds after the start."""

    at_s: float
    client: str
    qname: str
    qtype: str


def plan(place: Town, office: dict[str, str], duration_s: float, seed: int) -> list[Asked]:
    """Return every ordinary look-up of the office, in order of time."""
    asked: list[Asked] = []
    for client, host in office.items():
        dice = random.Random(f"{seed} {client}")
        habits = {"mail": _mail_server, "files": _file_server}.get(host, _desk)(place, dice, office, duration_s)
        known: dict[Lookup, float] = {}
        for at_s, lookup in sorted(habits):
            if at_s < duration_s and at_s >= known.get(lookup, 0.0):
                known[lookup] = at_s + CACHE_S
                asked.append(Asked(round(at_s, 3), client, *lookup))
    return sorted(asked, key=lambda one: one.at_s)


def _desk(place: Town, dice: random.Random, office: dict[str, str], duration_s: float) -> Iterator[tuple[float, Lookup]]:
    yield from _boot(dice)
    at_s = dice.expovariate(1 / 8)
    while at_s < duration_s:
        yield from _visit(place, dice, at_s)
        at_s += dice.expovariate(1 / 14)
    for beat_s in _every(dice, duration_s, 60):
        yield beat_s, (f"v20.events.{SYSTEM}.example", "A")
    for beat_s in _every(dice, duration_s, 64):
        yield beat_s, (f"{dice.randrange(4)}.pool.{CLOCK}.example", "A")
    for beat_s in _every(dice, duration_s, 90):
        yield beat_s, (f"{dice.choice(list(office.values()))}.{CORP}.example", "A")
        yield beat_s + 0.2, (f"_ldap._tcp.dc._msdcs.{CORP}.example", "SRV")
    for beat_s in _every(dice, duration_s, 45):
        file_hash = dice.choice(place.hashes) if dice.random() < 0.9 else "".join(dice.choices(HEX, k=32))
        yield beat_s, (f"{file_hash}.avqs.{GUARD}.example", dice.choice(["A", "A", "TXT"]))


def _boot(dice: random.Random) -> Iterator[tuple[float, Lookup]]:
    """Give what a starting machine and its browser ask: the domain's services, a proxy, three random single labels."""
    yield 0.3, (f"_ldap._tcp.town._sites.dc._msdcs.{CORP}.example", "SRV")
    yield 0.5, (f"_kerberos._tcp.dc._msdcs.{CORP}.example", "SRV")
    yield 0.9, (f"wpad.{CORP}.example", "A")
    yield 1.1, (f"connect-check.{SYSTEM}.example", "A")
    for _ in range(3):
        yield 1.5 + dice.random(), ("".join(dice.choices(BASE36[10:], k=dice.randrange(7, 16))), "A")


def _visit(place: Town, dice: random.Random, at_s: float) -> Iterator[tuple[float, Lookup]]:
    page = place.pages[min(int(dice.paretovariate(0.7)) - 1, len(place.pages) - 1)]
    for qname, qtype in page:
        at_s += dice.expovariate(20)
        yield at_s, (qname, qtype)
    if dice.random() < 0.3:
        yield at_s + 0.4, (f"{dice.choice(['ocsp', 'crl', 'r3.o', 'e1.o'])}.{SIGNER}.example", "A")
    if dice.random() < 0.08:  # a typing error, and the search list after it
        typo = page[0][0].replace("e", "w", 1).removesuffix(".example")
        yield at_s + 2, (f"{typo}.example", "A")
        yield at_s + 2.1, (f"{typo}.example.{CORP}.example", "A")


def _mail_server(place: Town, dice: random.Random, office: dict[str, str], duration_s: float) -> Iterator[tuple[float, Lookup]]:
    """Give what each letter that arrives makes a mail server ask."""
    at_s = dice.expovariate(1 / 3)
    while at_s < duration_s:
        domain, selector = dice.choice(place.correspondents)
        reverse = f"{dice.randrange(1, 255)}.{dice.choice(['113.0.203', '2.0.192'])}"
        forward = ".".join(reversed(reverse.split(".")))
        letter = [
            (f"{reverse}.in-addr.arpa", "PTR"), (f"{reverse}.bl.{LISTED}.example", "A"), (domain, "TXT"),
            (f"{forward}._spf.{MAILER}.example", "A"), (f"{selector}._domainkey.{domain}", "TXT"),
            (f"_dmarc.{domain}", "TXT"), (domain, "MX"),
        ]  # fmt: skip
        for step, lookup in enumerate(letter):
            yield at_s + 0.05 * step, lookup
        at_s += dice.expovariate(1 / 9)


def _file_server(place: Town, dice: random.Random, office: dict[str, str], duration_s: float) -> Iterator[tuple[float, Lookup]]:
    """Give what a domain controller asks: clocks, updates, and the names of those who connect to it."""
    for beat_s in _every(dice, duration_s, 64):
        yield beat_s, (f"{dice.randrange(4)}.pool.{CLOCK}.example", "A")
        yield beat_s + 3, (f"update.{SYSTEM}.example", "A")
    for beat_s in _every(dice, duration_s, 11):
        last = dice.choice(list(office)).rsplit(".", 1)[1]
        yield beat_s, (f"{last}.0.53.10.in-addr.arpa", "PTR")
        file_hash = dice.choice(place.hashes)
        yield beat_s + 1, (f"{file_hash}.avqs.{GUARD}.example", "A")


def _every(dice: random.Random, duration_s: float, period_s: float) -> Iterator[float]:
    at_s = dice.uniform(0, period_s)
    while at_s < duration_s:
        yield at_s
        at_s += period_s + dice.gauss(0, 0.2)
