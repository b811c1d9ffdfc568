"""Look-ups of hashes at reputation services: random-looking by nature, told by structure alone.

No vendor and no domain decides anything here. A sender could borrow the look, so it only lowers confidence, and never hides
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np

from molehunt.config import LookupSettings
from molehunt.detectors.traffic import Group, nearly_all

#: A digest as everybody writes it, a UUID, or a content identifier (CIDv1 of a SHA-256, multiformats.io); and labels that are
#: as long as a digest in some encoding of a service's own.
_DIGEST = re.compile(
    r"_?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|ba(fybei|fkrei)[a-z2-7]{52})", re.I
)
_DIGEST_CHARS, _LONG_DIGESTS = 32, frozenset({64, 96, 128})
_HEX = re.compile(r"[0-9a-f]+", re.I)


def likeness(group: Group, down_bytes: float, settings: LookupSettings) -> float:
    """Return how much the group resembles look-ups of hashes: 0 to 1.

    It is the mean of what can be told of five signs. It is half of that without a label as long as a digest, and also
    where one client, that forwards for nobody, has the domain to itself, unless the label is written as digests are or the
    answers are the verdicts of a list.
    Digests that several clients ask for are look-ups, whatever the verdicts in the answers say, unless they are numbered.
    """
    if len(group.names) < settings.names:
        return 0.0
    digest, keyed = _labels(group, _is_digest, settings), _labels(group, partial(_is_key, settings), settings)
    numbered = counts_up(group, settings)
    service = group.domains == 1 and group.zone.client_count >= settings.names and not numbered
    if service and (digest or nearly_all(group.names, _is_long_digest, settings.length_ratio)):
        return 1.0
    signs = [keyed, not numbered]
    answered = [a for a in group.answers if a]
    if answered or any(code for code in group.rcodes):
        missing = sum(code == "NXDOMAIN" for code in group.rcodes)
        local = all(record.startswith("127.") for answer in answered for record in answer)
        signs.append(len(set(answered)) <= settings.answers or local or missing > len(group.rcodes) / 2)
        signs.append(down_bytes < settings.answer_bytes * len(group.name))
    lonely = group.domains == 1 and group.zone.client_count < 2 and not group.site.forwarder and not _listed(group)
    if group.site.client_count >= settings.names and not digest:
        signs.append(not lonely)
    return float(np.mean(signs)) * (1.0 if digest or (keyed and not lonely) else 0.5)


def _listed(group: Group) -> bool:
    """Tell whether the answers are the verdicts of a list: several outcomes, and all addresses among them of 127/8.

    RFC 5782 has it so, with no such name for what is not listed; 127.0.0.1, which any server may answer, alone is no verdict.
    """
    outcomes = set(zip(group.rcodes, group.answers, strict=True))
    records = {record for _, answer in outcomes for record in answer or ()}
    return len(outcomes) > 1 and bool(records - {"127.0.0.1"}) and all(record.startswith("127.") for record in records)


def _labels(group: Group, test: Callable[[str], bool], settings: LookupSettings) -> bool:
    """Tell whether nearly all names have a label that passes the test."""
    return nearly_all(group.names, lambda name: any(map(test, name.split("."))), settings.length_ratio)


def _is_digest(label: str) -> bool:
    return len(label) >= _DIGEST_CHARS and _DIGEST.fullmatch(label) is not None


def _is_long_digest(name: str) -> bool:
    """Tell whether hexadecimal labels, one after the other, make a SHA-256, SHA-384 or SHA-512: no label could hold it."""
    chars = 0
    for label in name.split("."):
        chars = chars + len(label) if _HEX.fullmatch(label) else 0
        if chars in _LONG_DIGESTS:
            return True
    return False


def _is_key(settings: LookupSettings, label: str) -> bool:
    return len(label.lstrip("_")) in settings.key_chars or _is_digest(label)


def counts_up(group: Group, settings: LookupSettings) -> bool:
    """Tell whether a field of the names counts up from query to query, as the sequence number of a transfer does."""
    fields: dict[tuple[int, int], list[int]] = {}
    for name in group.names[:200]:
        for depth, label in enumerate(name.split(".")[::-1]):
            for place, part in enumerate(label.replace("_", "-").split("-")):
                if part.isdigit() and len(part) <= 9:
                    fields.setdefault((depth, place), []).append(int(part))
    least = settings.counter_ratio * min(len(group.names), 200)
    return any(len(set(v)) >= settings.names and len(v) >= least and _rising(v, settings) for v in fields.values())


def _rising(values: list[int], settings: LookupSettings) -> bool:
    steps = np.diff(values)
    return bool((steps == 1).mean() >= settings.counter_ratio) if len(steps) else False
