"""What mail servers ask: block lists, SPF with macros, DKIM, DMARC, MX of thousands of domains."""

from __future__ import annotations

import ipaddress

from evaluation.dice import BASE64, Dice
from evaluation.lookalikes.ask import Rows, address, answer, ask, missing, nothing, text, verdict

MAIL_SERVER = ["10.0.0.5"]
LISTS = ("zen.blocklist.org", "bl.spamtrap.net", "dnsbl.sorbent.org", "b.barrier.org")


def _reversed(address: str) -> str:
    return ".".join(reversed(address.split(".")))


def _nibbles(text: str) -> str:
    return ".".join(reversed(ipaddress.IPv6Address(text).exploded.replace(":", "")))


def _key(dice: Dice) -> str:
    """Draw a public RSA key of 1024 bits as DKIM publishes it: DER in base64, both ends always the same."""
    return f"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ{dice.text(BASE64[:62], 172)}IDAQAB"


def block_lists(dice: Dice) -> Rows:
    """Ask four lists about each address that connects, a thousand a day."""
    rows = []
    for row in ask(dice, MAIL_SERVER, 700, lambda d: _reversed(d.ipv4()), verdict):
        rows += [row | {"qname": f"{row['qname']}.{place}"} | verdict(dice) for place in LISTS]
    return rows


def block_lists_v6(dice: Dice) -> Rows:
    """Ask a list about IPv6 addresses, nibble by nibble."""
    return ask(dice, MAIL_SERVER, 250, lambda d: f"{_nibbles(d.ipv6())}.{LISTS[0]}", verdict)


def spf_macros(dice: Dice) -> Rows:
    """Ask the names that ``exists:%{ir}.%{l}._spf.%{d}`` makes, after the PTR of the address that connected."""
    rows = []
    for row in ask(dice, MAIL_SERVER, 250, lambda d: _reversed(d.ipv4()), missing):
        near = row | {"ts": row["ts"] + 1, "qname": f"{row['qname']}.{dice.word()}._spf.sendergrid.com"}
        rows += [row | {"qname": f"{row['qname']}.in-addr.arpa", "qtype": "PTR"}, near | verdict(dice)]
    return rows


def dkim(dice: Dice) -> Rows:
    """Ask the keys of many senders; one big sender has a selector of its own for each customer."""

    def name(d: Dice) -> str:
        if d.chance(0.5):
            return f"{d.text('abcdefghijklmnopqrstuvwxyz234567', 32)}._domainkey.{d.zone()}"
        return f"{d.pick(('s1', 's2', 'mx1', 'selector1', 'k1', 'dkim'))}._domainkey.{d.zone()}"

    return ask(dice, MAIL_SERVER, 400, name, lambda d: answer("TXT", f'"v=DKIM1; k=rsa; p={_key(d)}"'), "TXT")


def dkim_one_sender(dice: Dice) -> Rows:
    """Ask the keys of one sender, which has a selector of 32 letters for each of its customers."""
    selectors = [dice.text("abcdefghijklmnopqrstuvwxyz234567", 32) for _ in range(250)]
    return ask(
        dice,
        MAIL_SERVER,
        150,
        lambda d: f"{d.pick(selectors)}.dkim.bulkmailer.com",
        lambda d: answer("TXT", f'"p={_key(d)}"'),
        "TXT",
    )


def dmarc(dice: Dice) -> Rows:
    """Ask the policies of many domains."""
    reply = text("v=DMARC1; p=none", "v=DMARC1; p=reject; rua=mailto:d@example.org")
    return ask(dice, MAIL_SERVER, 500, lambda d: f"_dmarc.{d.zone()}", reply, "TXT")


def mail_server(dice: Dice) -> Rows:
    """Ask everything about thousands of domains, in bursts: MX, TXT, A, DKIM, DMARC and the lists."""
    rows = []
    for row in ask(dice, MAIL_SERVER, 600, lambda d: d.zone()):
        zone, ip = row["qname"], _reversed(dice.ipv4())
        burst = [
            (zone, "MX", answer("MX", f"10 mx.{zone}")),
            (f"mx.{zone}", "A", address(dice)),
            (zone, "TXT", answer("TXT", '"v=spf1 include:_spf.sendergrid.com -all"')),
            (f"_dmarc.{zone}", "TXT", nothing(dice)),
            (f"{ip}.{LISTS[0]}", "A", verdict(dice)),
            (f"{ip}.in-addr.arpa", "PTR", missing(dice)),
            (f"{zone}.dbl.blocklist.org", "A", verdict(dice)),
        ]
        rows += [row | {"qname": n, "qtype": t, "ts": row["ts"] + i / 9} | a for i, (n, t, a) in enumerate(burst)]
    return rows


LOOKALIKES = {
    "block lists": block_lists,
    "block lists, IPv6": block_lists_v6,
    "SPF macros": spf_macros,
    "DKIM": dkim,
    "DKIM of one sender": dkim_one_sender,
    "DMARC": dmarc,
    "mail server": mail_server,
}
