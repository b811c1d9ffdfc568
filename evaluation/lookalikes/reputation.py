"""Look-ups of hashes and addresses at reputation services: random-looking by nature, and no channel.

The shapes are those of real products, with vendors renamed and all digits drawn anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluation.dice import BASE32, BASE36, DIGITS, HEX, LETTERS, Dice
from evaluation.lookalikes.ask import Rows, answer, ask, missing, office_clients, text, verdict


def _hash(label_chars: Sequence[int], alphabet: str, place: str) -> object:
    def draw(dice: Dice) -> Rows:
        def name(d: Dice) -> str:
            return ".".join(d.text(alphabet, chars) for chars in label_chars) + f".{place}"

        return ask(dice, office_clients(12), 90, name, verdict)

    return draw


def engine_fields(dice: Dice) -> Rows:
    """Ask as an endpoint engine does: versions and flags in fields, then a hash."""

    def name(d: Dice) -> str:
        flags = f"{d.int(16)}-0.19-{d.hex(8)}.{d.hex(7)}.1644.{d.int(999)}.{d.hex(4)}.210.0"
        return f"{flags}.{d.text(BASE36, 26)}.avts.shieldlab70.com"

    return ask(dice, office_clients(12), 60, name, lambda d: answer("A", f"127.0.0.{d.pick((4, 128))}"))


def install_token(dice: Dice) -> Rows:
    """Ask with the number of the installation, one for each client and day."""
    return ask(
        dice,
        office_clients(30),
        3,
        lambda d: f"{d.pick(LETTERS)}{d.text(DIGITS, 7)}.iavs9x.u.guardsoft.com",
    )


def signed_text(dice: Dice) -> Rows:
    """Ask the verdict on a file as TXT: short text, few values."""
    reply = text("0", "1 clean", "2 1700000000 80")
    return ask(dice, office_clients(6), 80, lambda d: f"{d.hex(40)}.file.verdictnet.org", reply, "TXT")


def web_category(dice: Dice) -> Rows:
    """Ask the category of each site that is visited, the site's name in the query."""
    sites = [dice.zone() for _ in range(800)]

    def name(d: Dice) -> str:
        path = d.text(BASE32, 16)
        return f"{path}.{d.pick(sites).replace('.', '-p-')}.w.00.s.webgate44.net"

    return ask(dice, office_clients(8), 150, name, text("w 4 20", "w 7 0", "u"), "TXT")


def bad_domains(dice: Dice) -> Rows:
    """Ask whether the domains in mail are listed: the whole domain before the list's zone, from one mail server."""
    return ask(dice, ["10.0.0.5"], 900, lambda d: f"{d.zone()}.multi.uriblack.org", verdict)


def address_hash(dice: Dice) -> Rows:
    """Ask whether an e-mail address is listed, by its SHA-1, from one mail server."""
    return ask(dice, ["10.0.0.5"], 300, lambda d: f"{d.hex(40)}.ebl.hashlist.org", verdict)


def one_scanner(dice: Dice) -> Rows:
    """Ask for every file on one server during a scan: hundreds of hashes in an hour."""
    return ask(dice, ["10.0.0.9"], 500, lambda d: f"{d.hex(32)}.md5.shieldlab70.com", verdict)


def probe_names(dice: Dice) -> Rows:
    """Ask the one-time names by which a browser measures its path to a service."""

    def burst(d: Dice) -> list[str]:
        head = f"p{d.int(9)}-{d.text(BASE32, 13)}-{d.text(BASE32, 16)}-{d.text(DIGITS, 6)}"
        return [f"{head}-{part}.metric.searchstatic.com" for part in ("i1-v6exp3-v4", "i2-v6exp3-ds", "s1-v6exp3-v4")]

    rows = []
    for client in office_clients(40):
        for row in ask(dice, [client], 1, lambda d: "x", missing):
            rows += [row | {"qname": name, "ts": row["ts"] + i} for i, name in enumerate(burst(dice))]
    return rows


def reshaped(names: Sequence[str]) -> object:
    """Make a look-alike out of real names: digits, hexadecimal and random runs drawn anew, vendors renamed.

    Args:
        names: Real names, of which only the shape is kept.
    """

    def draw(dice: Dice) -> Rows:
        zones: dict[str, str] = {}
        shapes = [name.lower().split(".") for name in names]

        def name(d: Dice) -> str:
            labels = d.pick(shapes)
            zone = zones.setdefault(".".join(labels[-2:]), dice.zone("com"))
            return ".".join([*(redraw(label, d) for label in labels[:-2]), zone])

        return ask(dice, office_clients(20), 20, name)

    return draw


def redraw(label: str, dice: Dice) -> str:
    """Draw a label of the same shape: each run of digits, hexadecimal or mixed letters anew, words kept."""

    def anew(found: re.Match[str]) -> str:
        run = found[0]
        if run.isdigit():
            return dice.text(DIGITS, len(run))
        if not any(letter.isdigit() for letter in run) or len(run) < 7:
            return run
        return dice.text(HEX if set(run) <= set(HEX) else BASE36, len(run))

    return re.sub(r"[a-z0-9]+", anew, label)


LOOKALIKES = {
    "hash, 32 hex": _hash((32,), HEX, "malware.hashdb.org"),
    "hash, 40 hex": _hash((40,), HEX, "sha1.hashdb.org"),
    "hash, 2 × 32 hex": _hash((32, 32), HEX, "sha256.shieldlab70.com"),
    "hash, 26 base32": _hash((26,), BASE32, "h.00.s.webgate44.net"),
    "hash, 52 base32": _hash((52,), BASE32, "f.guardsoft.com"),
    "hash, 16 hex": _hash((16,), HEX, "q.cloudrep.net"),
    "engine fields and hash": engine_fields,
    "installation token": install_token,
    "verdict in TXT": signed_text,
    "web category": web_category,
    "listed domains": bad_domains,
    "hashed addresses": address_hash,
    "scan of one server": one_scanner,
    "path probes": probe_names,
}
