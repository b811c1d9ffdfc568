"""The one sentence that says it all, to be read aloud."""

from __future__ import annotations

from molehunt.detectors.facts import Facts
from molehunt.findings import Evidence
from molehunt.verdict import kinds
from molehunt.verdict.score import Score

_SPANS = ((172800.0, 86400.0, "days"), (5400.0, 3600.0, "h"), (90.0, 60.0, "min"))


def summary(facts: Facts, evidence: list[Evidence]) -> str:
    """Return the summary of a finding.

    Example:
        10.0.3.7 moved at most 41 kB up and 310 kB down to evil.example in 3 h: 2,140 names, 97 % never repeated, none shared
        with another client; every 5.0 s ± 4 %; base32, 58 characters a label; 88 % TXT. Against: nothing. (The domain is raw
        here, as in all that machines read; what people read defangs it.)
    """
    parts = [_names(facts), _pace(facts), _look(facts), _types(facts)]
    against = [item.sentence for item in evidence if item.weight < 0]
    return f"{_moved(facts)}: {'; '.join(part for part in parts if part)}. Against: {'; '.join(against[:3]) or 'nothing'}."


def held(facts: Facts, result: Score, capped: bool) -> Evidence:
    """Say why the score of an alert is none."""
    settings = facts.settings
    if capped:
        looks = "look-ups of hashes" if facts.likeness >= settings.lookup.likeness else "names that a protocol prescribes"
        why = f"it looks like {looks}, and says less than {size(kinds.cap_bytes(facts))} a day"
    else:
        why = f"it has {result.groups_agreeing} of the {settings.verdict.groups} kinds of evidence that an alert needs"
    return Evidence(
        detector="verdict", feature="held", value=None, unit="", weight=0.0, group="held",
        sentence=f"confidence is held at low: {why}",
    )  # fmt: skip


def size(count: float) -> str:
    """Return a number of bytes with two or three digits and its unit (1 kB = 1000 bytes)."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            digits = 1 if count < 10 * scale else 0
            return f"{count / scale:.{digits}f} {unit}"
    return f"{count:.0f} bytes"


def span(seconds: float) -> str:
    """Return a length of time in its natural unit."""
    for least, unit_s, unit in _SPANS:
        if seconds >= least:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"


def who(facts: Facts) -> str:
    """Return the subject of the sentence."""
    group = facts.group
    if group.clients > 1:
        return f"{group.clients:,} clients together"
    if group.client is None:
        return "An unknown client"
    return f"{group.client} (a forwarder)" if group.client == group.site.forwarder else group.client


def _moved(facts: Facts) -> str:
    group = facts.group
    down = f" and {size(facts.down.total_bytes)} down" if facts.has_answers else ""
    target = group.registered_domain or f"{group.domains:,} domains"
    known = group.ts_s[0] == group.ts_s[0]
    length = f" in {span(group.ts_s[-1] - group.ts_s[0])}" if known else ""
    return f"{who(facts)} moved at most {size(facts.up.total_bytes)} up{down} to {target}{length}"


def _names(facts: Facts) -> str:
    group = facts.group
    text = f"{len(group.names):,} names, {facts.once_count / max(len(group.names), 1):.0%} never repeated"
    if facts.sharing is None or group.registered_domain is None:
        return text
    return text + (", none shared with another client" if facts.sharing <= 1.0 else f", {facts.sharing:.1f} clients a name")


def _pace(facts: Facts) -> str:
    beat = facts.beat
    return f"every {beat.period_s:,.1f} s ± {beat.jitter_ratio:.0%}" if beat and beat.regular else ""


def _look(facts: Facts) -> str:
    return f"{facts.alphabet}, {facts.label_chars:.0f} characters a label"


def _types(facts: Facts) -> str:
    known = [kind for kind in facts.group.qtypes if kind]
    if not known:
        return ""
    kinds = sorted(set(known), key=lambda kind: (-known.count(kind), kind))
    return f"{known.count(kinds[0]) / len(known):.0%} {kinds[0]}"
