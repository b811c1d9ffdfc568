"""Rotation: one client, many domains.

Idea: a sender that spreads over many domains stays small in each, but the domains are its own.
Formula: over the domains that at most two clients use, in names of at least ``name_chars`` characters: at least ``bytes``
bytes up, or at least ``domains`` domains, within any 24 h; and at least ``name_bytes`` bytes per name, registered domain
included, since it can carry data itself.
Source: DETECTION 5.
Defaults: ``bytes`` 8192, ``domains`` 20, ``least_domains`` 3, ``name_bytes`` 20, ``name_chars`` 28.
Measured: on channels over 3, 10 and 30 domains (the change "many domains" of the evaluation), and on public captures of tools
that have no domain of their own.
Misses: short names over many domains; domains that several infected clients share (``fan_in`` or ``volume`` see those).
"""

from __future__ import annotations

from molehunt.detectors import Pool, Reason
from molehunt.detectors.facts import DAY_H, Facts


class Rotation:
    """The detector ``rotation``; see the module."""

    name = "rotation"
    summary = "one client spreads data over many rare domains"
    pool: Pool = "domains"

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        s = facts.settings.rotation
        if facts.group.domains < s.least_domains or facts.name_bytes < s.name_bytes:
            return None
        most, domains = facts.up_within(DAY_H), facts.domains_within(DAY_H)
        if most < s.bytes and domains < s.domains:
            return None
        text = f"at most {most:,.0f} bytes went up within 24 hours, and {domains:,} domains were asked that nobody else uses"
        return Reason(self.name, most, "bytes", text)


DETECTOR = Rotation()
