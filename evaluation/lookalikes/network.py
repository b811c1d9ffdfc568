"""What networks ask: directories, service discovery, reverse zones, walks and sweeps, forwarders."""

from __future__ import annotations

import ipaddress

from evaluation.dice import BASE32, Dice
from evaluation.lookalikes.ask import Rows, address, answer, ask, fixed, missing, nothing, office_clients, once

FOREST = "corp.bluecastle.example"


def directory(dice: Dice) -> Rows:
    """Ask domain controllers' records: sites, GUIDs below _msdcs, Kerberos, global catalogue."""
    guids = [dice.uuid() for _ in range(6)]
    heads = ["_ldap._tcp.dc._msdcs", "_kerberos._tcp.dc._msdcs", "_gc._tcp", "_ldap._tcp.Default-First-Site._sites"]
    heads += [f"_ldap._tcp.{guid}.domains._msdcs" for guid in guids] + [f"{guid}._msdcs" for guid in guids]
    heads += [f"dc0{i}" for i in range(4)]
    reply = fixed(f"0 100 389 dc01.{FOREST}", "SRV", 600)
    return ask(dice, office_clients(25), 90, lambda d: f"{d.pick(heads)}.{FOREST}", reply, "SRV")


def local_services(dice: Dice) -> Rows:
    """Ask multicast names: devices with serial numbers, instances with blanks in them."""
    stock = once(lambda d: f"{d.hex(12)}._device-info._tcp.local", dice, 20)
    stock += once(lambda d: f"{d.word().title()}\\032Printer\\032({d.hex(6)})._ipp._tcp.local", dice, 20)
    stock += ["_services._dns-sd._udp.local", "_bigcast._tcp.local", "_airplay._tcp.local"]
    rows = ask(dice, office_clients(15), 80, lambda d: d.pick(stock), nothing, "PTR")
    return [row | {"protocol": "mdns", "resolver": "224.0.0.251"} for row in rows]


def unicast_services(dice: Dice) -> Rows:
    """Ask such names of a resolver, which knows none; one client meets many devices, and asks for each once."""
    asked = [row for row in local_services(dice) if "_tcp." in row["qname"]]
    rows = [row | {"protocol": "dns", "resolver": "10.0.0.1"} | missing(dice) for row in asked]
    for i, row in enumerate(
        ask(dice, office_clients(1), 300, lambda d: f"{d.hex(12)}._sleep-proxy._udp.local", missing, "PTR")
    ):
        rows.append(row | {"ts": rows[0]["ts"] + 30 * i, "client": "10.0.0.77"})
    return rows


def search_domains(dice: Dice) -> Rows:
    """Ask each outside name four times with a cluster's search domains behind it (ndots:5), from every pod."""
    tails = ("prod.svc.cluster.local", "svc.cluster.local", "cluster.local", "eu.compute.internal")
    outside = once(lambda d: f"{d.pick(('api', 'sqs.eu', 'db-' + d.hex(8)))}.{d.zone()}", dice, 150)
    rows = []
    for row in ask(dice, [f"10.244.1.{i}" for i in range(2, 22)], 60, lambda d: d.pick(outside)):
        echoes = [row | {"qname": f"{row['qname']}.{tail}"} | missing(dice) for tail in tails]
        rows += [echo | {"ts": row["ts"] - (4 - i) / 500} for i, echo in enumerate(echoes)] + [row]
    return rows


def one_time_pods(dice: Dice) -> Rows:
    """Ask outside names with search domains, from pods that each live minutes, through one node's resolver."""
    rows = search_domains(dice)
    return [row | {"client": "10.0.0.30"} for row in rows]


def origin_numbers(dice: Dice) -> Rows:
    """Ask which network announces an address, as trace-route tools do: nibbles before a zone, TXT answers."""

    def name(d: Dice) -> str:
        digits = ipaddress.IPv6Address(d.ipv6()).exploded.replace(":", "")[:12]
        if d.chance(0.5):
            return f"{'.'.join(reversed(digits))}.origin6.asnames.net"
        return f"{'.'.join(reversed(d.ipv4().split('.')))}.origin.asnames.net"

    reply = lambda d: answer("TXT", f'"{d.int(60000)} | {d.ipv4()}/20 | DE | ripencc |"')  # noqa: E731
    return ask(dice, ["10.0.0.8"], 200, name, reply, "TXT")


def nsec_walk(dice: Dice) -> Rows:
    """Walk a signed zone from name to next name, as a researcher does."""
    stock = sorted(once(lambda d: f"{d.word()}{d.pick(('', '-' + d.word()))}\\000.signedzone.org", dice, 900))
    rows = ask(dice, ["10.0.0.8"], 300, lambda d: "x", nothing, "NSEC")
    names = [stock[i % len(stock)] for i in range(len(rows))]
    return [row | {"qname": name} for row, name in zip(sorted(rows, key=lambda r: r["ts"]), names, strict=True)]


def sweep(dice: Dice) -> Rows:
    """Ask the reverse names of whole networks one after the other, as port scanners do."""
    rows = []
    for base, start in (("192.0", 3600), ("198.51", 90000)):
        for i in range(2000):
            ip = f"{base}.{i // 256}.{i % 256}"
            row = {"ts": start + i * 0.2, "client": "10.0.0.8", "resolver": "10.0.0.1", "transport": "udp"}
            row |= {"qname": ".".join(reversed(ip.split("."))) + ".in-addr.arpa", "qtype": "PTR"}
            rows.append(row | (missing(dice) if dice.chance(0.8) else answer("PTR", f"host{i}.{FOREST}")))
    return [row | {"ts": 1767571200.0 + row["ts"]} for row in rows]


def reverse_of_visitors(dice: Dice) -> Rows:
    """Ask the reverse names of a web server's visitors, v4 and v6."""

    def name(d: Dice) -> str:
        return ipaddress.ip_address(d.ipv6() if d.chance(0.4) else d.ipv4()).reverse_pointer

    return ask(dice, ["10.0.0.7"], 900, name, missing, "PTR")


def dynamic_names(dice: Dice) -> Rows:
    """Ask names that a DHCP server gave: vendor, and the hardware address."""
    stock = once(lambda d: f"{d.pick(('desktop', 'android', 'iphone'))}-{d.text(BASE32, 7)}.{FOREST}", dice, 150)
    return ask(dice, office_clients(30), 40, lambda d: d.pick(stock), address)


def proxy_discovery(dice: Dice) -> Rows:
    """Ask for wpad and isatap in each suffix, many times a day."""
    stock = [f"{head}{tail}" for head in ("wpad", "isatap") for tail in ("", f".{FOREST}", ".lan", ".home.arpa")]
    return ask(dice, office_clients(30), 60, lambda d: d.pick(stock), missing)


def pool_and_time(dice: Dice) -> Rows:
    """Ask the time pool like clockwork, with answers that change each time."""
    rows = []
    for i, client in enumerate(office_clients(10)):
        for beat in range(3 * 86400 // 1024):
            row = {"ts": 1767571200.0 + i * 7 + beat * 1024, "client": client, "qname": f"{beat % 4}.pool.clockpool.net"}
            row |= {"answers": [dice.ipv4() for _ in range(4)], "answer_types": ["A"] * 4, "answer_ttls": [130] * 4}
            rows.append(row | {"qtype": "A", "rcode": "NOERROR", "resolver": "10.0.0.1", "transport": "udp"})
    return rows


LOOKALIKES = {
    "directory": directory,
    "multicast services": local_services,
    "services asked of a resolver": unicast_services,
    "cluster search domains": search_domains,
    "search domains through one node": one_time_pods,
    "origin of addresses": origin_numbers,
    "NSEC walk": nsec_walk,
    "reverse sweep": sweep,
    "reverse names of visitors": reverse_of_visitors,
    "DHCP names": dynamic_names,
    "proxy discovery": proxy_discovery,
    "time pool": pool_and_time,
}
