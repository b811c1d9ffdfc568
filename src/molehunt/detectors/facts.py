"""Everything that is measured of one group, each number at most once and only when somebody asks."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from molehunt.config import Config, DetectionSettings
from molehunt.detectors import families, information, lookup, protocol, tools
from molehunt.detectors.information import Moved
from molehunt.detectors.rhythm import Beat, rhythm
from molehunt.detectors.traffic import Floats, Group, Ints
from molehunt.detectors.windows import most_distinct
from molehunt.names import registered_domain
from molehunt.names.information import ALPHABETS

DAY_H = 24.0


class Facts:
    """Numbers of a group. Bytes are upper bounds.

    Args:
        group: The queries.
        config: The settings.
        public_answers: Answers that many clients got; they say nothing about one of them.
    """

    def __init__(self, group: Group, config: Config, public_answers: frozenset[str] = frozenset()) -> None:
        self.group, self.settings, self._coder = group, config.detection, config.detection.information
        self._public_answers = public_answers

    def under(self, settings: DetectionSettings) -> Facts:
        """Return the same group under other thresholds; only what depends on a threshold is measured anew."""
        other = copy(self)
        other.settings = settings
        for name in ("beat", "regular"):
            other.__dict__.pop(name, None)
        return other

    @cached_property
    def full(self) -> Moved:
        """Information in names, whatever the client asked elsewhere: what the promise and the caps count."""
        return information.up(self.group, self.settings.group.public_clients, self._coder)

    @cached_property
    def up(self) -> Moved:
        """Information in names; those that repeat what the client asked elsewhere cost the choice, unless they are too many."""
        full = self.full
        if not self.echo_ratio or full.most_within(self.group.ts_s, DAY_H) >= self.settings.lookup.cap_bytes:
            return full
        told = information.up(self.group, self.settings.group.public_clients, self._coder, explained=True)
        return min(told, full, key=lambda moved: moved.total_bytes)

    @cached_property
    def echo_ratio(self) -> float:
        """Share of names that repeat what the client asked elsewhere at the same time."""
        return float(information.echoed(self.group).mean())

    @cached_property
    def down(self) -> Moved:
        """Information in answers."""
        return information.down(self.group, self._public_answers)

    @cached_property
    def has_answers(self) -> bool:
        """Whether the source shows answers of this group."""
        return any(answer is not None for answer in self.group.answers)

    @cached_property
    def own_name_count(self) -> int:
        """Distinct names that are not public."""
        return int((self.group.name_clients < self.settings.group.public_clients).sum())

    @cached_property
    def name_bytes(self) -> float:
        """Bytes per distinct name that is not public."""
        return self.up.new_bytes / max(self.own_name_count, 1)

    @cached_property
    def once_count(self) -> int:
        """Names that are never asked again, retries and other types at the same moment aside."""
        group = self.group
        if np.isnan(group.ts_s).any():
            return int((np.bincount(group.name, minlength=len(group.names)) == 1).sum())
        first = np.full(len(group.names), np.inf)
        last = np.full(len(group.names), -np.inf)
        np.minimum.at(first, group.name, group.ts_s)
        np.maximum.at(last, group.name, group.ts_s)
        return int((last - first < max(self.settings.group.retry_s, 1.0)).sum())

    @cached_property
    def fresh_count(self) -> int:
        """Names asked once each, if nearly all queries are for types that carry data; else 0."""
        ratio = protocol.type_ratio(self.group, protocol.CARRIERS)
        return self.once_count if ratio is not None and ratio >= self.settings.download.carrier_ratio else 0

    @cached_property
    def label_chars(self) -> float:
        """Characters of a name's longest label, in the mean."""
        return protocol.label_chars(self.group)

    @cached_property
    def new_ratio(self) -> float:
        """Share of names never repeated: (u + 1) / (n + 2), which few names cannot bring near 1 (Laplace)."""
        return (self.once_count + 1) / (len(self.group.names) + 2)

    @cached_property
    def answer_count(self) -> int:
        """Queries that were answered."""
        return sum(1 for answer in self.group.answers if answer)

    @cached_property
    def new_answer_ratio(self) -> float:
        """Answers with a record that none before had, over answers: (d + 1) / (n + 2) less what chance gives one answer.

        Another choice of the same addresses, as load balancing makes, is not new.
        """
        seen: set[str] = set()
        fresh = 0
        for answer in self.group.answers:
            if answer and not seen.issuperset(answer):
                fresh += 1
                seen.update(answer)
        return max(fresh - 1, 0) / (self.answer_count + 2)

    @cached_property
    def answer_bytes(self) -> float:
        """Bytes per answer."""
        return self.down.total_bytes / max(self.answer_count, 1)

    @cached_property
    def downward(self) -> bool:
        """Whether the answers, not the names, carry the data."""
        return self.has_answers and self.down.total_bytes > self.settings.group.one_way_ratio * self.up.total_bytes

    @cached_property
    def chosen(self) -> bool:
        """Whether the choice of repeated names, not new names, carries the data."""
        named_bytes = self.up.total_bytes - self.up.type_bytes
        return named_bytes > 2 * self.up.new_bytes and len(self.group.name) >= 2 * len(self.group.names)

    @cached_property
    def sharing(self) -> float | None:
        """Distinct (client, name) over distinct names of the domain: 1 if no name is shared; None with one client."""
        zone = self.group.zone
        return zone.pair_count / max(zone.name_count, 1) if self.group.site.client_count > 1 else None

    @cached_property
    def rare(self) -> bool:
        """Whether few clients use the domain."""
        few, zone = self.settings.group, self.group.zone
        return zone.client_count <= max(few.rare_clients, few.rare_ratio * self.group.site.client_count)

    @cached_property
    def beat(self) -> Beat | None:
        """The rhythm of the queries."""
        return rhythm(self.group.ts_s, self.settings.beacon)

    @cached_property
    def regular(self) -> bool:
        """Whether the queries are regular."""
        return self.beat is not None and self.beat.regular

    @cached_property
    def likeness(self) -> float:
        """Look-up likeness, 0 to 1."""
        return lookup.likeness(self.group, self.down.total_bytes, self.settings.lookup)

    @cached_property
    def family(self) -> str | None:
        """What the names look like by structure."""
        return families.family(self.group, self.settings.family)

    @cached_property
    def tool(self) -> str | None:
        """The tool whose protocol the names follow."""
        return tools.tool(self.group) if self.group.domains == 1 else None

    @cached_property
    def alphabet(self) -> str:
        """The alphabet of the labels that say most."""
        found = self.up.found
        return ALPHABETS[found.alphabet[0, found.label_bits[0].argmax()]] if found else "none"

    @cached_property
    def mark_count(self) -> int:
        """Long names with octets that no host name has."""
        return protocol.mark_count(self.group)

    @cached_property
    def _answers_by_name(self) -> list[tuple[Floats, Ints]]:
        """Times and numbers of the answers that each name got; first the name that got most different ones."""
        rows = np.array([i for i, answer in enumerate(self.group.answers) if answer], dtype=np.int64)
        numbers: dict[object, int] = {}
        symbols = np.array([numbers.setdefault(self.group.answers[i], len(numbers)) for i in rows], dtype=np.int64)
        order = np.argsort(self.group.name[rows], kind="stable")
        turns = np.flatnonzero(np.diff(self.group.name[rows][order])) + 1
        split = [(self.group.ts_s[rows[part]], symbols[part]) for part in np.split(order, turns) if len(part)]
        return sorted(split, key=lambda pair: -len(np.unique(pair[1])))

    @cached_property
    def changes(self) -> int:
        """Different answers, less one, that a single name got, at most; over the whole input."""
        return max((len(np.unique(symbols)) - 1 for _, symbols in self._answers_by_name[:1]), default=0)

    @cached_property
    def most_changes(self) -> int:
        """Different answers, less one, that a single name got, at most, within any 24 h (all of them without times)."""
        most = 1
        for ts_s, symbols in self._answers_by_name:
            if len(np.unique(symbols)) <= most:
                break
            most = max(most, most_distinct(ts_s, symbols, DAY_H))
        return most - 1

    def domains_within(self, hours: float) -> int:
        """Return the most registered domains asked within any window of so many hours."""
        domains: Any = registered_domain(pa.array(self.group.whole, pa.string()))
        numbers = np.asarray(domains.fill_null("").dictionary_encode().indices, dtype=np.int64)
        return most_distinct(self.group.ts_s, numbers[self.group.name], hours)

    def up_within(self, hours: float) -> float:
        """Return the most bytes up within any window of so many hours."""
        return self.up.most_within(self.group.ts_s, hours)

    def full_within(self, hours: float) -> float:
        """Return the same, explained names counted in full."""
        return self.full.most_within(self.group.ts_s, hours)

    def down_within(self, hours: float) -> float:
        """Return the most bytes down within any window of so many hours."""
        return self.down.most_within(self.group.ts_s, hours)
