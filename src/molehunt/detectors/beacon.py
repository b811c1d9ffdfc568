"""Beacon: regular calls to a rare domain.

Idea: an implant asks for work at its own pace. Rhythm alone is never an alert, since clocks and updates keep time too.
Formula: gamma-shape fit of the gaps between bursts against exponential, see :mod:`molehunt.detectors.rhythm`: R > ``offset`` +
``slope`` n over at least ``beats`` gaps of at least ``period_s`` seconds; the domain is rare, and it asks at least ``names``
names of its own, or the answer to one name changes as often.
Source: DETECTION 4.
Defaults: ``beats`` 12, ``names`` 4, ``offset`` 7, ``slope`` 0.085, ``period_s`` 1, ``burst_ratio`` 0.1.
Measured: on exponential gaps at most 0.1 % false; a jitter of 20 % is found by 24 beats, of 50 % by 72 (DETECTION 4). A beacon
is listed at low confidence; it becomes an alert only with two more groups of evidence.
Misses: jitter drawn from an exponential; fewer than 12 beats; domains that many clients use; a beacon with one name and one
answer, which moves nothing and is as frequent in honest networks.
"""

from __future__ import annotations

from molehunt.detectors import Pool, Reason
from molehunt.detectors.facts import Facts


class Beacon:
    """The detector ``beacon``; see the module."""

    name = "beacon"
    summary = "regular queries to a rare domain"
    pool: Pool = ""

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        if not facts.regular or not facts.rare or facts.beat is None:
            return None
        few = facts.settings.beacon.names
        if facts.own_name_count < few and facts.changes < few:
            return None
        beat = facts.beat
        text = f"{beat.beat_count:,} gaps of {beat.period_s:,.1f} s ± {beat.jitter_ratio:.0%}, far more even than chance"
        return Reason(self.name, beat.gain, "nats", text)


DETECTOR = Beacon()
