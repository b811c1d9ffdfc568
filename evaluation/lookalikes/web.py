"""What browsers and applications ask: beacons, CDNs, certificates, advertisements, probes."""

from __future__ import annotations

from evaluation.dice import BASE36, BASE64, HEX, LETTERS, Dice
from evaluation.lookalikes.ask import Rows, address, answer, ask, fixed, missing, office_clients, once, text


def user_monitoring(dice: Dice) -> Rows:
    """Ask a one-time name for each page view, made of a UUID and the time, from many clients."""
    names = lambda d: f"{d.uuid()}.{1767571200 + d.int(260000)}.b.rumbeacon.com"  # noqa: E731
    return ask(dice, office_clients(40), 14, names, fixed("198.51.100.7", ttl=60))


def telemetry(dice: Dice) -> Rows:
    """Ask the same name of the machine every day, different on every machine."""
    rows = []
    for client in office_clients(30):
        mine = f"{dice.hex(32)}.device.telemetryhub.com"
        rows += ask(dice, [client], 48, lambda d, mine=mine: mine)  # type: ignore[misc]
    return rows


def pixels_many(dice: Dice) -> Rows:
    """Ask long one-time names of a tracking service, from many clients."""
    return ask(dice, office_clients(60), 12, lambda d: f"{d.text(BASE64[:62], 40)}.t.pixelserve.net")


def pixels_few(dice: Dice) -> Rows:
    """Ask long one-time names of a tracking service that three clients meet, a handful a day."""
    return ask(dice, office_clients(3), 7, lambda d: f"{d.text(BASE64[:62], 40)}.t.pixelserve.net")


def cdn(dice: Dice) -> Rows:
    """Ask customers' names on a CDN whose suffix is nobody's own zone, and on one whose suffix is."""
    stock = once(lambda d: f"d{d.text(BASE36, 13)}.cloudfront.net", dice, 300)
    stock += once(lambda d: f"{d.word()}-{d.word()}-{d.text(HEX, 8)}.edge.fastlane-cdn.net", dice, 300)
    stock += once(lambda d: f"www.{d.zone()}.edgekey-cdn.net", dice, 200)
    return ask(dice, office_clients(25), 120, lambda d: stock[int(300 * d.rng.random() ** 3) + 100 * d.int(5)])


def load_balancers(dice: Dice) -> Rows:
    """Ask balancers' names: service, number of ten digits, region; some for one client only."""
    stock = once(lambda d: f"{d.word()}-{d.word()}-alb-{d.text('0123456789', 10)}.us-east-1.elb.rentcloud.com", dice, 400)
    return ask(dice, office_clients(20), 40, lambda d: d.pick(stock))


def certificate_status(dice: Dice) -> Rows:
    """Ask for OCSP responders and revocation lists: few names, often, everybody."""
    stock = [f"{h}.{z}" for h in ("ocsp", "ocsp2", "crl", "crl3", "r3.o") for z in ("certmaker.com", "trustroot.org")]
    return ask(dice, office_clients(25), 40, lambda d: d.pick(stock), fixed("198.51.100.9", ttl=3600))


def advertisements(dice: Dice) -> Rows:
    """Ask random subdomains that an advertiser rotates each hour to pass blockers, shared between clients."""
    stock = once(lambda d: f"{d.text(BASE36, 10)}.{d.text(BASE36, 6)}.adrotate.info", dice, 120)
    return ask(dice, office_clients(15), 25, lambda d: d.pick(stock))


def browser_probes(dice: Dice) -> Rows:
    """Ask three random single labels at each start, to see whether a resolver lies."""
    rows = []
    for row in ask(dice, office_clients(30), 4, lambda d: "x", missing):
        rows += [row | {"qname": dice.text(LETTERS, 7 + dice.int(9)), "ts": row["ts"] + i / 50} for i in range(3)]
    return rows


def acme(dice: Dice) -> Rows:
    """Ask certificate challenges of many domains, one of which delegates them to random names."""
    delegated = once(lambda d: f"{d.uuid()}.auth.acmedns.io", dice, 25)

    def name(d: Dice) -> str:
        return f"_acme-challenge.{d.zone()}" if d.chance(0.7) else d.pick(delegated)

    reply = lambda d: answer("TXT", f'"{d.text(BASE64, 43)}"')  # noqa: E731
    return ask(dice, ["10.0.0.7"], 20, name, reply, "TXT")


def verification(dice: Dice) -> Rows:
    """Ask a name that proves control of a domain: a hash before each customer's zone."""
    return ask(dice, ["10.0.0.7"], 60, lambda d: f"_{d.hex(32)}.{d.zone()}", text("ok"), "TXT")


def messenger(dice: Dice) -> Rows:
    """Ask the numbered servers of a messenger, and the region codes of a game."""
    stock = once(lambda d: f"{d.word()}{d.int(400)}-{d.pick(('fra', 'iad', 'sin'))}{d.int(9)}.chatmesh.com", dice, 200)
    return ask(dice, office_clients(20), 60, lambda d: d.pick(stock), address)


LOOKALIKES = {
    "user monitoring": user_monitoring,
    "telemetry of machines": telemetry,
    "pixels, many clients": pixels_many,
    "pixels, few clients": pixels_few,
    "CDN": cdn,
    "load balancers": load_balancers,
    "certificate status": certificate_status,
    "advertisements": advertisements,
    "browser probes": browser_probes,
    "certificate challenges": acme,
    "domain verification": verification,
    "messenger": messenger,
}
