"""What the names of a group look like, by structure alone: the families of the contract.

No vendor and no domain decides anything here. Labels that a protocol prescribes (``_domainkey``, ``_ldap._tcp``, reversed
octets) are structure. A sender could borrow each of these looks, so a family only lowers confidence, and never hides bytes.
``cdn`` and ``telemetry`` are told by what many clients do, which a sender cannot fake alone; they lower the score by a fitted
weight and cap nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from molehunt.config import FamilySettings
from molehunt.detectors.information import echoed
from molehunt.detectors.traffic import BY_ITSELF, Group, nearly_all

_SERVICE = re.compile(r"(^|\.)(_[a-z0-9-]+\._(tcp|udp|sites|msdcs)|_msdcs|_sites)(\.|$)", re.I)
_MAIL = re.compile(r"(^|\.)(_domainkey|_dmarc|_spf[0-9a-z]*|_adsp|_mta-sts|_report|_smtp|_tlsrpt|_bimi)(\.|$)", re.I)
_OCTETS = re.compile(r"(^|\.)(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}(\.|$)")
_NIBBLES = re.compile(r"(^|\.)([0-9a-f]\.){15,31}[0-9a-f](\.|$)", re.I)
_CERTIFICATE = re.compile(r"(^|\.)(ocsp|crl)[0-9-]*(\.|$)", re.I)
#: Zeek writes the type and the length before a text.
_POLICY = re.compile(r'^"?(?:(?:TXT|SPF) \d+ )?(v=(dkim1|spf1|dmarc1|stsv1|tlsrptv1|bimi1)|k=rsa;|p=)', re.I)
_CHALLENGED = re.compile(r"(^|\.)_acme-challenge(\.|$)", re.I)
#: A SHA-256 in base64url.
_CHALLENGE = re.compile(r'"?(TXT 43 )?[A-Za-z0-9_-]{43}"?')
_OCTET = re.compile(r"\\(\d{3})")
_HOST_TYPES = frozenset({"A", "AAAA", "HTTPS", "CNAME", ""})


def family(group: Group, settings: FamilySettings) -> str | None:
    """Return what the names look like by structure, or None; a protocol's labels count in the registered domain too."""
    domain = group.registered_domain or ""
    if domain.endswith((".in-addr.arpa", ".ip6.arpa")):
        return "reverse"
    named = (("service_discovery", _SERVICE, group.whole), ("email_auth", _MAIL, group.whole))
    for name, pattern, names in (*named, ("certificate_status", _CERTIFICATE, group.names)):
        if nearly_all(names, pattern.search, settings.ratio):
            return name
    for name, answers_so in (("certificate_status", _challenges), ("email_auth", _policies)):
        if answers_so(group, settings):
            return name
    if any(nearly_all(group.names, pattern.search, settings.ratio) for pattern in (_OCTETS, _NIBBLES)):
        return "dnsbl"
    if float((echoed(group) & (group.echo % 4 == BY_ITSELF)).mean()) >= settings.ratio:
        return "internal"
    return _service(group, settings)


def bound(group: Group, settings: FamilySettings) -> bool:
    """Tell whether a protocol binds what is asked: challenges of certificates, or a walk through a signed zone."""
    return _challenges(group, settings) or _walks(group, settings)


def _service(group: Group, settings: FamilySettings) -> str | None:
    """Tell a service of many clients by what they share: names and addresses (cdn), or nothing but the shape (telemetry)."""
    if group.clients != 1 or group.domains != 1 or group.zone.client_count < settings.clients:
        return None
    if not _asks_hosts(group, settings):
        return None
    if _shares(group, settings):
        return "cdn"
    return "telemetry" if _reports(group, settings) else None


def _asks_hosts(group: Group, settings: FamilySettings) -> bool:
    return sum(kind in _HOST_TYPES for kind in group.qtypes) >= settings.ratio * len(group.qtypes)


def _shares(group: Group, settings: FamilySettings) -> bool:
    """Tell whether clients share names, and names share addresses or lead into another zone, for a short time."""
    zone = group.zone
    if zone.pair_count < settings.sharing * zone.name_count or (group.name_clients > 1).mean() < settings.shared_ratio:
        return False
    ttls = group.ttl_s[~np.isnan(group.ttl_s)]
    return bool(len(ttls) and np.median(ttls) <= settings.ttl_s) and (_leads_away(group) or _shares_addresses(group, settings))


def _leads_away(group: Group) -> bool:
    """Tell whether most answers are aliases in another zone."""
    answered = [answer for answer in group.answers if answer]
    own = group.registered_domain or ""
    away = sum(any(_is_name(r) and not r.rstrip(".").lower().endswith(own) for r in answer) for answer in answered)
    return bool(answered) and away >= len(answered) / 2


def _is_name(record: str) -> bool:
    return re.fullmatch(r"([A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*\.?", record) is not None


def _shares_addresses(group: Group, settings: FamilySettings) -> bool:
    """Tell whether names are answered by half as many addresses at most."""
    pairs = {(name, record) for name, answer in zip(group.name.tolist(), group.answers, strict=True) for record in answer or ()}
    names, records = ({pair[i] for pair in pairs} for i in (0, 1))
    return len(names) >= settings.few and 2 * len(records) <= len(names)


def _reports(group: Group, settings: FamilySettings) -> bool:
    """Tell whether each client calls with a mark of its own, to a constant answer, and says little else."""
    if group.zone.pair_count > settings.own_sharing * group.zone.name_count:
        return False
    if len({answer for answer in group.answers if answer}) > settings.answers:
        return False
    return len(group.name) >= settings.calls * len(group.names) and _has_mark(group, settings)


def _has_mark(group: Group, settings: FamilySettings) -> bool:
    """Tell whether one label that could mark an installation is in nearly all queries."""
    marks: dict[str, int] = {}
    counts = np.bincount(group.name, minlength=len(group.names)).tolist()
    for name, count in zip(group.names, counts, strict=True):
        for label in set(name.lower().split(".")):
            if len(label) >= settings.mark_chars and any(map(str.isdigit, label)):
                marks[label] = marks.get(label, 0) + count
    return max(marks.values(), default=0) >= settings.ratio * len(group.name)


def _policies(group: Group, settings: FamilySettings) -> bool:
    """Tell whether the answers are policies and keys of e-mail, as their own syntax says (RFC 6376, 7208, 7489)."""
    answered = [answer for answer in group.answers if answer]
    found = sum(any(_POLICY.match(record) for record in answer) for answer in answered)
    return len(answered) >= settings.few and found >= settings.ratio * len(answered)


def _challenges(group: Group, settings: FamilySettings) -> bool:
    """Tell whether certificates are validated: the answers are digests of key authorisations or aliases (RFC 8555, 8.4)."""
    return nearly_all(group.whole, _CHALLENGED.search, settings.ratio) and all(
        _CHALLENGE.fullmatch(record) or _is_name(record) for answer in group.answers for record in answer or ()
    )


def _walks(group: Group, settings: FamilySettings) -> bool:
    """Tell whether NSEC is asked from name to name in the order of the zone (RFC 4034, 6.1): chance rises every other time."""
    walked = [name for name, qtype in zip(group.name.tolist(), group.qtypes, strict=True) if qtype == "NSEC"]
    places = [_place(group.names[name]) for name in walked]
    rising = sum(before <= after for before, after in pairwise(places))
    return len(walked) >= max(settings.few, settings.ratio * len(group.name)) and rising >= settings.ratio * (len(walked) - 1)


def _place(name: str) -> list[str]:
    """Return what a name is sorted by in its zone: its labels from the right, as octets in lower case."""
    return [_OCTET.sub(lambda octet: chr(int(octet[1])), label) for label in name.lower().split(".")[::-1]]
