"""Volume: the promise of the design. What moves is listed, whatever it looks like.

Idea: what has to be sent must be paid for in bytes that nobody else has sent before; encodings, positions and timing only
change the look. Any lossless code's length bounds it from above.
Formula: bytes up within 24 h or 30 d at least ``bytes``: listed always. At least ``alert_bytes`` and a share of names never
repeated of at least ``new_ratio``: listed as well. Names that repeat what the client asked elsewhere count in full.
Source: Paxson et al., "Practical Comprehensive Bounds on Surreptitious Communication over DNS", USENIX Security 2013; 4 kB a
day per client and domain was workable on enterprise data.
Defaults: ``bytes`` 4096, ``alert_bytes`` 2048, ``new_ratio`` 0.7.
Measured: on channels and mixed days whose payload is known: every one that moves so much is listed, and stated bytes are never
below the payload (the table "Stated ÷ true bytes" of the evaluation).
Misses: less than 137 bytes a day; what the log does not show (DNS over HTTPS seen from outside).
"""

from __future__ import annotations

from molehunt.detectors import Pool, Reason
from molehunt.detectors.facts import Facts


class Volume:
    """The detector ``volume``; see the module."""

    name = "volume"
    summary = "4 KiB up in 24 hours or 30 days are always listed"
    pool: Pool = ""

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        s = facts.settings.volume
        most = facts.full_within(24 * 30)
        promised = most >= s.bytes
        if not promised and (most < s.alert_bytes or facts.new_ratio < s.new_ratio):
            return None
        text = f"at most {most:,.0f} bytes went up within 30 days, {facts.full_within(24):,.0f} of them within 24 hours"
        if facts.up is not facts.full:
            text += ", names that repeat what the client asked elsewhere counted in full"
        return Reason(self.name, most, "bytes", text, promised)


DETECTOR = Volume()
