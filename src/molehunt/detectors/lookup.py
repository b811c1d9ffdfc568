"""What legitimate traffic of the same look is like: look-ups of hashes and addresses, and the families, by structure alone.

No vendor and no domain decides anything here. Labels that a protocol prescribes (``_domainkey``, ``_ldap._tcp``, reversed
octets) are structure. A sender could borrow each of these looks, so a family only lowers confidence, and never hides bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from molehunt.config import LookupSettings
from molehunt.detectors.traffic import Group

#: A digest as everybody writes it, or a UUID; and labels that are as long as a digest in some encoding of a service's own.
_DIGEST = re.compile(r"_?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.I)
_LENGTHS = frozenset({16, 26, 32, 40, 52, 56, 64})
_SERVICE = re.compile(r"(^|\.)(_[a-z0-9-]+\._(tcp|udp|sites|msdcs)|_msdcs|_sites)(\.|$)", re.I)
_MAIL = re.compile(r"(^|\.)(_domainkey|_dmarc|_spf[0-9a-z]*|_adsp|_mta-sts|_report|_smtp|_tlsrpt|_bimi)(\.|$)", re.I)
_OCTETS = re.compile(r"(^|\.)(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}(\.|$)")
_NIBBLES = re.compile(r"(^|\.)([0-9a-f]\.){15,31}[0-9a-f](\.|$)", re.I)
_CERTIFICATE = re.compile(r"(^|\.)(ocsp|crl)[0-9-]*(\.|$)", re.I)
_POLICY = re.compile(r'^"?(v=(dkim1|spf1|dmarc1|stsv1|tlsrptv1|bimi1)|k=rsa;|p=)', re.I)
_SHARE = 0.8
_FEW = 3


def family(group: Group) -> str | None:
    """Return what the names look like by structure, or None."""
    domain = group.registered_domain or ""
    if domain.endswith((".in-addr.arpa", ".ip6.arpa")):
        return "reverse"
    for name, pattern in (("service_discovery", _SERVICE), ("email_auth", _MAIL), ("certificate_status", _CERTIFICATE)):
        if _ratio(group, pattern) >= _SHARE:
            return name
    if _policies(group):
        return "email_auth"
    if max(_ratio(group, _OCTETS), _ratio(group, _NIBBLES)) >= _SHARE:
        return "dnsbl"
    return None


def likeness(group: Group, down_bytes: float, settings: LookupSettings) -> float:
    """Return how much the group resembles look-ups of hashes: 0 to 1.

    It is the mean of what can be told of five signs. It is half of that without a label as long as a digest, and also
    where one client, that forwards for nobody, has the domain to itself, unless the label is written as digests are.
    """
    if len(group.names) < _FEW:
        return 0.0
    digest, keyed = _labels(group, _is_digest, settings), _labels(group, _is_key, settings)
    signs = [keyed, not counts_up(group)]
    answered = [a for a in group.answers if a]
    if answered or any(code for code in group.rcodes):
        missing = sum(code == "NXDOMAIN" for code in group.rcodes)
        local = all(record.startswith("127.") for answer in answered for record in answer)
        signs.append(len(set(answered)) <= settings.answers or local or missing > len(group.rcodes) / 2)
        signs.append(down_bytes < settings.answer_bytes * len(group.name))
    lonely = group.domains == 1 and group.zone.client_count < 2 and not group.site.forwarder
    if group.site.client_count >= _FEW and not digest:
        signs.append(not lonely)
    return float(np.mean(signs)) * (1.0 if digest or (keyed and not lonely) else 0.5)


def _labels(group: Group, test: Callable[[str], bool], settings: LookupSettings) -> bool:
    """Tell whether nearly all names have a label that passes the test."""
    found = sum(any(test(label) for label in name.split(".")) for name in group.names)
    return found >= settings.length_ratio * len(group.names)


def _is_digest(label: str) -> bool:
    return _DIGEST.fullmatch(label) is not None


def _is_key(label: str) -> bool:
    return len(label.lstrip("_")) in _LENGTHS or _is_digest(label)


def counts_up(group: Group) -> bool:
    """Tell whether a field of the names counts up from query to query, as the sequence number of a transfer does."""
    fields: dict[tuple[int, int], list[int]] = {}
    for name in group.names[:200]:
        for depth, label in enumerate(name.split(".")[::-1]):
            for place, part in enumerate(re.split(r"[-_]", label)):
                if part.isdigit() and len(part) <= 9:
                    fields.setdefault((depth, place), []).append(int(part))
    least = _SHARE * min(len(group.names), 200)
    return any(len(set(v)) >= _FEW and len(v) >= least and _rising(v) for v in fields.values())


def _policies(group: Group) -> bool:
    """Tell whether the answers are policies and keys of e-mail, as their own syntax says (RFC 6376, 7208, 7489)."""
    answered = [answer for answer in group.answers if answer]
    found = sum(any(_POLICY.match(record) for record in answer) for answer in answered)
    return len(answered) >= _FEW and found >= _SHARE * len(answered)


def _rising(values: list[int]) -> bool:
    steps = np.diff(values)
    return bool((steps == 1).mean() >= _SHARE) if len(steps) else False


def _ratio(group: Group, pattern: re.Pattern[str]) -> float:
    return sum(1 for name in group.names if pattern.search(name)) / max(len(group.names), 1)
