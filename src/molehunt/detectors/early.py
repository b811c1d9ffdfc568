"""Early: few names, each carrying much, none asked twice.

Idea: a tunnel betrays itself with its first names, long before any volume.
Formula: at least ``names`` distinct names that nobody else asks, at least ``name_bytes`` bytes in each by the information
coder, share never repeated (u + 1) / (n + 2) at least ``new_ratio``, at most ``clients`` clients, or hardly a name that two
clients ask (``sharing``). Or ``least_bytes`` in each and ``sum_bytes`` in all, ``least_ratio`` never repeated, to a domain of
at most ``clients`` clients. ``heavy_names`` suffice where each carries ``heavy_bytes``. Long names with octets that no host
name has need only ``mark_names``.
Source: DETECTION 5.
Defaults: ``names`` 8, ``name_bytes`` 20, ``new_ratio`` 0.7, ``clients`` 2, ``sharing`` 1.25; ``least_bytes`` 8, ``sum_bytes``
256, ``least_ratio`` 0.9; ``heavy_names`` 5, ``heavy_bytes`` 64 (a kibibyte is gone before the eighth name of 145 bytes);
``mark_names`` 2.
Measured: on 170 public tunnel captures together with ``volume`` (DETECTION 5): all found, median 8 queries; ``least_bytes``
and ``sum_bytes`` on the small-file transfers among the public captures of the evaluation.
Misses: short labels, words, repeats (``volume`` finds those later), and names that several clients ask (``fan_in``).
"""

from __future__ import annotations

from molehunt.config import EarlySettings
from molehunt.detectors import Pool, Reason
from molehunt.detectors.facts import Facts


def _heavy(facts: Facts, s: EarlySettings) -> bool:
    return facts.name_bytes >= s.name_bytes and facts.new_ratio >= s.new_ratio


def _many(facts: Facts, s: EarlySettings) -> bool:
    if facts.group.zone.client_count > s.clients or facts.new_ratio < s.least_ratio:
        return False
    return facts.name_bytes >= s.least_bytes and facts.up.new_bytes >= s.sum_bytes


class Early:
    """The detector ``early``; see the module."""

    name = "early"
    summary = "few names that each carry much and are never asked again"
    pool: Pool = ""

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        s = facts.settings.early
        shared = facts.group.zone.client_count > s.clients and (facts.sharing or 1.0) > s.sharing
        enough = s.heavy_names if facts.name_bytes >= s.heavy_bytes else s.names
        few = facts.own_name_count < enough and facts.mark_count < s.mark_names
        if few or shared or not (_heavy(facts, s) or _many(facts, s)):
            return None
        text = f"{facts.own_name_count:,} names carried {facts.name_bytes:.0f} bytes each, hardly one of them asked twice"
        return Reason(self.name, float(facts.own_name_count), "names", text)


DETECTOR = Early()
