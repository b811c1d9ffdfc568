"""Download: data in answers.

Idea: commands and files come back in answers that nobody else gets, or in one name whose answer keeps changing.
Formula: at least ``bytes`` bytes of distinct rdata within 24 h from a rare domain; or one name of a rare domain whose answer
changes at least ``changes`` times within any 24 h; or ``fresh`` names asked once each for TXT, NULL, CNAME and the like, whose
answers a log often shows cut or not at all.
Source: DETECTION 5.
Defaults: ``bytes`` 4096, ``changes`` 24, ``fresh`` 64, ``carrier_ratio`` 0.8, ``new_ratio`` 0.8.
Measured: on payload of known size in A, AAAA, CNAME, MX and TXT answers (the change "answers" of the evaluation), and on the
public captures; of those, only the ones with answers can show any.
Misses: A and AAAA in logs without answers; domains that many clients use; data in TTL or in the order of records.
"""

from __future__ import annotations

from molehunt.detectors import Pool, Reason
from molehunt.detectors.facts import Facts


class Download:
    """The detector ``download``; see the module."""

    name = "download"
    summary = "data in answers of a rare domain"
    pool: Pool = ""

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        s = facts.settings.download
        if not facts.rare:
            return None
        most = facts.down_within(24)
        if most >= s.bytes:
            text = f"at most {most:,.0f} bytes came down within 24 hours, in answers that nobody else got"
            return Reason(self.name, most, "bytes", text)
        if facts.most_changes >= s.changes:
            text = f"the answer to one name changed {facts.most_changes:,} times within 24 hours"
            return Reason(self.name, float(facts.most_changes), "changes", text)
        if facts.fresh_count >= s.fresh and facts.new_ratio >= s.new_ratio:
            text = f"{facts.fresh_count:,} names asked once each, for types that carry data, past every cache"
            return Reason(self.name, float(facts.fresh_count), "names", text)
        return None


DETECTOR = Download()
