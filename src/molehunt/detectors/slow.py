"""Slow: a trickle over days.

Idea: a patient sender stays under every daily threshold, but comes back, alone, to a domain that nobody else uses.
Formula: at least ``bytes`` bytes up within ``days`` days, at most ``clients`` clients, and queries that are regular or names
that nobody shares.
Source: DETECTION 5.
Defaults: ``bytes`` 1024, ``days`` 7, ``clients`` 2.
Measured: on mixed days of 137 bytes a day, on channels of one query per 10 minutes, and on the benign logs and look-alikes of
the evaluation, three days each.
Misses: less than 146 bytes a day (until ``volume`` has 4 KiB within 30 days).
"""

from __future__ import annotations

from molehunt.detectors import Pool, Reason
from molehunt.detectors.facts import Facts


class Slow:
    """The detector ``slow``; see the module."""

    name = "slow"
    summary = "1 KiB up within a week to a domain of one or two clients"
    pool: Pool = ""

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        s = facts.settings.slow
        if facts.group.zone.client_count > s.clients:
            return None
        most = facts.full_within(24 * s.days)
        unshared = facts.sharing is None or facts.sharing <= 1.0
        if most < s.bytes or not (facts.regular or unshared):
            return None
        return Reason(self.name, most, "bytes", f"at most {most:,.0f} bytes went up within {s.days:.0f} days")


DETECTOR = Slow()
