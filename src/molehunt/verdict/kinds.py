"""From a score to words of a fixed vocabulary: kind, severity, ATT&CK ids, next steps, and what caps confidence."""

from __future__ import annotations

from molehunt.detectors import Pool, Reason, families
from molehunt.detectors.facts import Facts
from molehunt.findings import Confidence, Kind, Severity

_DAY_S = 86400.0

#: MITRE ATT&CK: DNS as application protocol; exfiltration over another protocol; protocol tunnelling; dynamic resolution;
#: ingress tool transfer.
_ATTACK: dict[Kind, list[str]] = {
    "tunnel": ["T1071.004", "T1572"],
    "exfiltration": ["T1071.004", "T1048.003"],
    "download": ["T1071.004", "T1105"],
    "beacon": ["T1071.004"],
    "rotation": ["T1071.004", "T1048.003", "T1568"],
    "fan_in": ["T1071.004", "T1048.003"],
    "rare_type": ["T1071.004", "T1572"],
    "direct_dns": ["T1071.004"],
    "volume": ["T1048.003"],
}

_CAPPED_FAMILIES = frozenset({"reverse", "service_discovery", "email_auth", "dnsbl"})


def kind(facts: Facts, reasons: list[Reason], pool: Pool, alert: bool) -> Kind:
    """Return what the finding is, by what listed it and by which way the bytes went."""
    if pool:
        return "rotation" if pool == "domains" else "fan_in"
    names = {reason.detector for reason in reasons}
    if not alert and names <= {"volume", "slow"}:
        return "volume"
    if names == {"beacon"}:
        return "beacon"
    if names == {"rare_type"}:
        return "rare_type"
    up, down = facts.up.total_bytes, facts.down.total_bytes
    ratio = facts.settings.group.one_way_ratio
    if down > ratio * up:
        return "download"
    return "exfiltration" if up > ratio * down else "tunnel"


def severity(confidence: Confidence, facts: Facts) -> Severity:
    """Return what it would cost if true: by the bytes, and by how sure we are."""
    settings, moved = facts.settings.verdict, facts.up.total_bytes + facts.down.total_bytes
    if confidence == "low":
        return "low" if moved >= settings.some_bytes else "info"
    if moved >= settings.much_bytes:
        return "critical" if confidence == "high" else "high"
    return "high" if confidence == "high" or moved >= settings.some_bytes else "medium"


def attack(what: Kind) -> list[str]:
    """Return the ATT&CK ids of a kind."""
    return list(_ATTACK[what])


def looks_like(facts: Facts) -> str | None:
    """Return the family the group looks like, or None."""
    if facts.tool:
        return facts.tool
    service = facts.family in ("cdn", "telemetry")
    if facts.family and not service:
        return facts.family
    if facts.likeness >= facts.settings.lookup.likeness:
        return "reputation_lookup"
    if service:
        return facts.family
    if facts.group.registered_domain and "." not in facts.group.registered_domain:
        return "internal"
    return None


def capped(facts: Facts) -> bool:
    """Tell whether confidence is capped at low: it looks like look-ups, or like a protocol's own names, and stays small.

    Nothing is capped above :func:`cap_bytes` a day, up or down, nor a domain of one client that is new in a log that is
    old enough to tell; nor look-ups by one client at a regular pace, unless the domain is known for long: files and messages
    that are looked up come when they come (DETECTION 4).
    """
    settings, group = facts.settings.lookup, facts.group
    if max(facts.full_within(24), facts.down_within(24)) >= cap_bytes(facts) or _new(facts):
        return False
    if facts.family in _CAPPED_FAMILIES or families.bound(group, facts.settings.family):
        return True
    paced = group.zone.client_count <= 1 and facts.regular and _young(facts)
    return facts.likeness >= settings.likeness and not paced


def cap_bytes(facts: Facts) -> int:
    """Return the bytes a day from which nothing is capped; a forwarder stands for many clients."""
    settings = facts.settings.lookup
    return settings.cap_bytes * (settings.forwarded_clients if facts.group.site.forwarder is not None else 1)


def _young(facts: Facts) -> bool:
    """Tell whether the domain was first asked less than ``known_days`` before the end of the log."""
    last = facts.group.site.last_ts
    return last is not None and last.timestamp() - facts.group.zone.first_s < facts.settings.lookup.known_days * _DAY_S


def _new(facts: Facts) -> bool:
    """Tell whether the log of one client's domain is ``known_days`` older than the domain in it."""
    first = facts.group.site.first_ts
    if first is None or facts.group.zone.client_count > 1:
        return False
    return facts.group.zone.first_s - first.timestamp() >= facts.settings.lookup.known_days * _DAY_S


def next_steps(what: Kind, facts: Facts) -> list[str]:
    """Return what an analyst should do next, most useful first."""
    group = facts.group
    client = group.client or "the clients"
    domain = group.registered_domain or "the domains"
    steps = [f"Find the process on {client} that asks (endpoint log, Sysmon event 22)", f"See who registered {domain} and when"]
    if group.site.forwarder:
        steps.insert(0, f"{client} forwards for others: find the real client in its own query log")
    if what in ("tunnel", "exfiltration", "download", "rare_type", "rotation"):
        steps.append(f"Block {domain} at the resolver and keep a capture of what follows")
    if what == "volume":
        steps.append(f"If {domain} is known and wanted, add a suppression with owner and expiry")
    return steps
