"""The protocols of known tunnels, as grammars over the names of a group; the domain does not matter.

A tool frames its data: a session, a counter, a command letter. Such a frame is the same at every site and is hardly met by
chance. Source: what the tools publish, checked against the public captures and our own recordings: OzymanDNS
(Kaminsky 2004), iodine 0.7 (protocol 0x502), dnscat2 (doc/protocol.md), dns2tcp 0.5, DNSExfiltrator, nbtool's dnscat.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import takewhile

from molehunt.config import MARK_CHARS
from molehunt.detectors.traffic import Group

_OZYMAN = re.compile(r"(?:^|\.)\d+-\d+\.id-(\d+)\.(?:up|down)\.", re.I)
#: First names of a group that are looked at: a frame shows from the first on.
_LOOKED_AT = 100
_MOST = 0.8
_FEW = 4
_PLAIN64 = str.maketrans("-_", "+/")
#: Types of a dnscat2 packet: SYN, MSG, FIN, ENC, PING.
_DNSCAT2_TYPES = frozenset({"00", "01", "02", "03", "ff"})
#: Types of a dns2tcp packet: no operation, data, data compressed, the first two with acknowledgement, end.
_DNS2TCP_TYPES = frozenset({b"\x04", b"\x08", b"\x48", b"\x14", b"\x18", b"\x01"})
#: What an iodine client asks before data: version 0x502, codec tests, a codec for answers, an answer of a size, a ping.
_IODINE = (
    re.compile(r"vaaaaka[a-z0-5]{4}", re.I),
    re.compile(r"z...(aA-Aaahhh-Drink-mal-ein-.*|aaabbccddeeffgghhiijjkkll.*|aA0-aA1-.*|aAbBcCdDeEfFgGhH.*)", re.I | re.S),
    re.compile(r"y[rstuv][a-z0-5]{4}", re.I),
    re.compile(r"p[a-z0-5]{7}", re.I),
    re.compile(r"l[a-z0-5]{31}", re.I),
    re.compile(r"r[a-z0-5]{2}.{3}([a-z0-5]|mz|\\202\\228|\\.).*", re.I | re.S),
)


def tool(group: Group) -> str | None:
    """Return the tool whose protocol the names follow, or None."""
    names = [name for name in group.names[:_LOOKED_AT] if name]
    heads = _heads(names)
    ways = [heads] if heads == names else [heads, names]
    return next((name for name, follows in TOOLS.items() if names and any(map(follows, ways))), None)


def _heads(names: list[str]) -> list[str]:
    """Return what stands left of the labels that all names share: a tool's domain may be deeper than the registered one."""
    tails = zip(*(name.lower().split(".")[:0:-1] for name in names), strict=False)
    shared = list(takewhile(lambda labels: len(set(labels)) == 1, tails))
    return [name.rsplit(".", len(shared))[0] for name in names] if shared else names


def ozyman_names(group: Group, public_clients: int) -> int:
    """Return the most distinct names, long and not public, of one session of OzymanDNS."""
    own = [name for name, clients in zip(group.whole, group.name_clients, strict=True) if clients < public_clients]
    sessions = [found[1] for name in own if len(name.rstrip(".")) >= MARK_CHARS and (found := _OZYMAN.search(name))]
    return max(Counter(sessions).values(), default=0)


def _ozyman(names: Sequence[str]) -> bool:
    """``DATA.NONCE-PLACE.id-SESSION.up`` sends, ``PLACE-NONCE.id-SESSION.down`` asks."""
    sessions = Counter(found[1] for name in names if (found := _OZYMAN.search(f"{name}.")))
    return max(sessions.values(), default=0) >= 2 and sessions.total() >= _MOST * len(names)


def _iodine(names: Sequence[str]) -> bool:
    """A letter says what is asked, then base32; at least three of the steps of the handshake are seen."""
    plain = [name.replace(".", "") for name in names if name.count(".") < _FEW]
    return sum(any(step.fullmatch(name) for name in plain) for step in _IODINE) >= 3


def _dnscat2(names: Sequence[str]) -> bool:
    """Hexadecimal of: 16 bits of nonce, a type, 16 bits of session; the session stays the same."""
    packets = [re.sub(r"^dnscat\.", "", name.lower()).replace(".", "") for name in names]
    framed = [p for p in packets if re.fullmatch(r"([0-9a-f]{2}){9,}", p) and p[4:6] in _DNSCAT2_TYPES]
    sessions = Counter(packet[6:10] for packet in framed)
    return len(names) >= _FEW and max(sessions.values(), default=0) >= max(_FEW, len(names) / 2)


def _dns2tcp(names: Sequence[str]) -> bool:
    """A label ``=auth`` or ``=connect``; else base64 of a header of seven octets, the first two of which are the session."""
    if any(re.search(r"(^|\.)=(auth|connect)$", name) for name in names):
        return True
    heads = [head for name in names if (head := _header(name))]
    sessions = Counter(heads)
    return len(names) >= _FEW and max(sessions.values(), default=0) >= max(_FEW, _MOST * len(names))


def _header(name: str) -> bytes | None:
    """Return the session of a dns2tcp packet; None if the name is none."""
    text = name.replace(".", "")
    if not re.fullmatch(r"[A-Za-z0-9+/_-]{10,}", text) or text in {text.lower(), text.upper()}:
        return None
    packet = base64.b64decode(text.translate(_PLAIN64)[:12].ljust(12, "A"))
    return packet[:2] if packet[6:7] in _DNS2TCP_TYPES else None


def _dnsexfiltrator(names: Sequence[str]) -> bool:
    """``init.FILE.base64`` (or ``base32``) first, then ``0.DATA``, ``1.DATA`` …."""
    begun = any(re.fullmatch(r"init\.[A-Za-z2-7]{8,}\.base(32|64)(\..*)?", name, re.I) for name in names)
    return begun and sum(bool(re.match(r"\d+\.", name)) for name in names) >= len(names) / 2


def _dnscat(names: Sequence[str]) -> bool:
    """``dnscat.FLAGS.IDENTIFIER.SESSION.COUNT.DATA`` with data in letters a to p or hexadecimal."""
    frame = re.compile(r"dnscat\.\d+\.([a-z0-9]+\.)+[a-p0-9]+(\..*)?", re.I)
    return sum(bool(frame.fullmatch(name)) for name in names) >= max(2, _MOST * len(names))


#: Tool -> whether the subdomains of a group follow its protocol.
TOOLS: dict[str, Callable[[Sequence[str]], bool]] = {
    "OzymanDNS": _ozyman,
    "dns2tcp": _dns2tcp,
    "dnscat2": _dnscat2,
    "iodine": _iodine,
    "DNSExfiltrator": _dnsexfiltrator,
    "dnscat": _dnscat,
}
