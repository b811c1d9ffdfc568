"""What the messages are like: record types, octets, lengths, letter case, TTL, EDNS options, addresses."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection

import numpy as np

from molehunt.config import MARK_CHARS, RARE_TYPES
from molehunt.detectors.traffic import Group

_CARRIERS = frozenset({"CNAME", "MX", "SRV", "ANY", "DNSKEY", "CAA", "NAPTR", "SIG", "RRSIG", "WKS", "HINFO"})
_LOCAL_OPTIONS = 65001
#: More spellings of one domain than people and programs have: small, capital, capitalised.
_SPELLINGS = 3
#: Addresses of which, if they were random, one in 12,000 times all would belong to hosts; and their share of all records.
_PEERS, _PEER_RATIO = 64, 0.9
_ESCAPED = re.compile(r"\\(\d{3}|.)", re.S)
_MARK = re.compile(r"[^A-Za-z0-9._-]")


#: Types whose answers carry data well.
CARRIERS = _CARRIERS.union(RARE_TYPES, {"TXT"})


def type_ratio(group: Group, types: Collection[str]) -> float | None:
    """Return the share of queries of these types; None where the source has no types."""
    known = [kind for kind in group.qtypes if kind]
    return sum(kind in types for kind in known) / len(known) if known else None


def carrier_ratio(group: Group) -> float | None:
    """Return the share of types that hosts seldom ask by themselves but that carry data well."""
    return type_ratio(group, _CARRIERS)


def mark_ratio(group: Group) -> float:
    """Return the share of names with octets that no host name has, such as = + / or what is not printable."""
    return sum(bool(_MARK.search(name)) for name in group.names) / max(len(group.names), 1)


def mark_count(group: Group) -> int:
    """Count the names that are long and hold octets that no host name has."""
    return sum(1 for name in group.whole if len(name.rstrip(".")) >= MARK_CHARS and _MARK.search(name))


def label_chars(group: Group) -> float:
    """Return the mean, over the names, of the octets of the longest label."""
    plain = (_ESCAPED.sub("x", name) if "\\" in name else name for name in group.names)
    return float(np.mean([max(map(len, name.split("."))) for name in plain])) if group.names else 0.0


def case_ratio(group: Group) -> float:
    """Return the share of names with small and capital letters within the subdomain, unless case is noise.

    It is noise too where the domain, which carries nothing, is spelt in several ways; the letters' bits count all the same.
    """
    chars = len(group.registered_domain or "")
    if group.noisy_case or not group.names or len({name.rstrip(".")[-chars:] for name in group.whole if chars}) > _SPELLINGS:
        return 0.0
    return sum(name != name.lower() and name != name.upper() for name in group.names) / len(group.names)


def options(group: Group) -> list[int]:
    """Return the EDNS options of the range for local use."""
    return sorted({code for codes in group.options if codes for code in codes if code >= _LOCAL_OPTIONS})


def scatter(group: Group) -> tuple[float, float, int]:
    """Measure how scattered the addresses of the answers are, as random ones would be.

    Returns:
        Distinct /16 over distinct IPv4 addresses; share of addresses that no host can have; distinct addresses. Of random
        addresses 13.7 % are such (IANA special-purpose registry).
    """
    addresses = _addresses(group)[0]
    if not addresses:
        return 0.0, 0.0, 0
    nets = {octets[:2] for octets in addresses}
    bogus = sum(octets[0] in (0, 127) or octets[0] >= 224 for octets in addresses)  # this net, loopback, multicast, reserved
    return len(nets) / len(addresses), bogus / len(addresses), len(addresses)


def routable(group: Group) -> bool:
    """Tell whether the answers are many addresses of many networks that can all belong to public hosts, as peers' can.

    Of random addresses 13.7 % cannot, so of 64 hardly ever all can; text has no octet above 127, and one network tells nothing.
    Other records among them may be what carries data.
    """
    addresses, records = _addresses(group)
    firsts = {octets[0] for octets in addresses}
    if len(addresses) < max(_PEERS, _PEER_RATIO * records) or len(firsts) < _PEERS // 2 or max(firsts) < 128:
        return False
    return not firsts & {0, 10, 127} and max(firsts) < 224


def _addresses(group: Group) -> tuple[list[bytes], int]:
    """Return the distinct IPv4 addresses of the answers, and how many distinct records the answers have."""
    found = {record for answer in group.answers if answer for record in answer}
    return [octets for octets in (_ipv4(record) for record in found if record.count(".") == 3) if octets], len(found)


def _ipv4(text: str) -> bytes | None:
    try:
        return socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return None
