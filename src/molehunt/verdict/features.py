"""From facts to features: what is weighed, with its unit and its sentence. A feature that cannot be told is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from molehunt.config import RARE_TYPES
from molehunt.detectors import protocol
from molehunt.detectors.facts import Facts

_DAY_S = 86400.0


@dataclass(frozen=True)
class Feature:
    """One thing that is weighed."""

    name: str
    value: float | str
    unit: str
    sentence: str


def features(facts: Facts) -> list[Feature]:
    """Return everything that can be told of a group, in the order of the groups of evidence."""
    parts = (_content, _volume, _novelty, _infrastructure, _rhythm, _protocol, _against)
    return [feature for part in parts for feature in part(facts)]


def _content(facts: Facts) -> Iterator[Feature]:
    peers = protocol.routable(facts.group)
    if facts.downward:
        if not peers:
            yield Feature(
                "answer_bytes", facts.answer_bytes, "bytes", f"each answer says at most {facts.answer_bytes:.1f} bytes"
            )
    elif facts.name_bytes < facts.settings.verdict.tiny_bytes and facts.fresh_count >= facts.settings.download.fresh:
        count = facts.fresh_count
        yield Feature(
            "fresh_count", float(count), "names", f"{count:,} new names of types that carry data, which say little themselves"
        )
    elif facts.own_name_count and not facts.chosen:
        yield Feature("name_bytes", facts.name_bytes, "bytes", f"each name says at most {facts.name_bytes:.1f} bytes")
        chars = facts.label_chars
        yield Feature("alphabet", facts.alphabet, "", f"the labels read as {facts.alphabet}, {chars:.0f} characters long")
    ratio = choice_ratio(facts)
    if ratio is not None:
        yield Feature("choice_ratio", ratio, "ratio", f"the order of repeated names is {ratio:.0%} as varied as chance")
    nets, bogus, count = protocol.scatter(facts.group)
    if count >= facts.settings.verdict.addresses:
        if not peers:
            text = f"the {count:,} addresses in the answers fall into {nets:.0%} as many networks"
            yield Feature("scatter", nets, "ratio", text)
        yield Feature("bogons", bogus, "ratio", f"{bogus:.0%} of the addresses in the answers belong to no host")


def choice_ratio(facts: Facts) -> float | None:
    """Return how evenly repeated names are chosen: bits spent per repeat over log2 of the names; None if few repeats."""
    group = facts.group
    repeats = len(group.name) - len(group.names)
    spent = facts.up.total_bytes - facts.up.type_bytes - facts.up.new_bytes
    if not facts.chosen or repeats < facts.settings.verdict.choices or len(group.names) < 4:
        return None
    return float(min(spent * 8 / repeats / np.log2(len(group.names)), 1.0))


def _volume(facts: Facts) -> Iterator[Feature]:
    up = facts.up_within(24)
    yield Feature("up_bytes", up, "bytes", f"at most {up:,.0f} bytes went up within a day")
    if facts.has_answers:
        down = facts.down_within(24)
        yield Feature("down_bytes", down, "bytes", f"at most {down:,.0f} bytes came down within a day")


def _novelty(facts: Facts) -> Iterator[Feature]:
    if facts.downward:
        new = facts.new_answer_ratio
        yield Feature("new_answer_ratio", new, "ratio", f"{new:.0%} of the answers are new")
    elif choice_ratio(facts) is None:
        share = facts.once_count / max(len(facts.group.names), 1)
        yield Feature("new_ratio", facts.new_ratio, "ratio", f"{share:.0%} of the names are never asked again")
    if facts.sharing is not None and facts.group.registered_domain is not None:
        shared = facts.sharing > 1.0
        text = f"a name is asked by {facts.sharing:.1f} clients" if shared else "no name is shared with another client"
        yield Feature("sharing", facts.sharing, "clients", text)


def _infrastructure(facts: Facts) -> Iterator[Feature]:
    site, zone = facts.group.site, facts.group.zone
    if site.client_count >= facts.settings.verdict.clients:
        ratio = zone.client_count / site.client_count
        text = f"{zone.client_count:,} of {site.client_count:,} clients use the domain"
        yield Feature("client_ratio", ratio, "ratio", text)
    if site.first_ts and not np.isnan(zone.first_s):
        days = (zone.first_s - site.first_ts.timestamp()) / _DAY_S
        yield Feature("first_seen_d", days, "days", f"the domain first appears {days:.1f} days after the log begins")


def _rhythm(facts: Facts) -> Iterator[Feature]:
    beat = facts.beat
    if beat is not None:
        how = f"every {beat.period_s:,.1f} s ± {beat.jitter_ratio:.0%}" if beat.regular else "at no regular pace"
        yield Feature("rhythm", float(beat.regular), "", f"it asks {how}")


def _protocol(facts: Facts) -> Iterator[Feature]:
    group = facts.group
    if facts.tool:
        yield Feature("tool", 1.0, "", f"the names follow the protocol of {facts.tool}")
    rare = protocol.type_ratio(group, RARE_TYPES)
    if rare is not None:
        txt = protocol.type_ratio(group, frozenset({"TXT"})) or 0.0
        carrier = protocol.carrier_ratio(group) or 0.0
        yield Feature("rare_type_ratio", rare, "ratio", f"{rare:.0%} of the queries are NULL, PRIVATE or KEY")
        yield Feature("txt_ratio", txt, "ratio", f"{txt:.0%} of the queries are TXT")
        yield Feature("carrier_ratio", carrier, "ratio", f"{carrier:.0%} of the queries are CNAME, MX, SRV, ANY or the like")
    marks = protocol.mark_ratio(group)
    yield Feature("mark_ratio", marks, "ratio", f"{marks:.0%} of the names hold octets that no host name has")
    chars = facts.label_chars
    yield Feature("label_chars", chars, "characters", f"the longest label has {chars:.0f} characters in the mean")
    case = protocol.case_ratio(group)
    yield Feature("case_ratio", case, "ratio", f"{case:.0%} of the names mix small and capital letters")
    ttls = group.ttl_s[~np.isnan(group.ttl_s)]
    if len(ttls):
        ttl = float(np.median(ttls))
        yield Feature("ttl_s", ttl, "s", f"answers live {ttl:,.0f} s")
    if any(codes is not None for codes in group.options):
        codes = protocol.options(group)
        yield Feature("options", float(len(codes)), "options", f"{len(codes)} EDNS options of the range for local use")


def _against(facts: Facts) -> Iterator[Feature]:
    likeness = facts.likeness
    yield Feature("likeness", likeness, "ratio", f"{likeness:.0%} of the signs of hash look-ups are there")
    if facts.echo_ratio:
        text = f"{facts.echo_ratio:.0%} of the names repeat what the client asked elsewhere at the same time"
        yield Feature("echo_ratio", facts.echo_ratio, "ratio", text)
    if facts.family:
        yield Feature("family", facts.family, "", f"by structure the names are of the family {facts.family}")
