"""Rare type: record types that ordinary hosts do not ask.

Idea: NULL carries any octets and nothing else uses it; PRIVATE (65399) and KEY are favourites of tunnel tools.
Formula: at least ``queries`` queries of type NULL, PRIVATE (or TYPE65399) or KEY to a rare domain.
Source: RFC 1035 3.3.10 (NULL is experimental), RFC 6895 (private use), RFC 3445 (KEY is for SIG(0) only); DETECTION 5.
Defaults: ``queries`` 3.
Measured: on the public captures of iodine and dns2tcp, which ask such types, on channels of NULL, and on the benign logs of
the evaluation.
Misses: logs without types; TXT, CNAME, A and the like, which are ordinary.
"""

from __future__ import annotations

from molehunt.config import RARE_TYPES
from molehunt.detectors import Pool, Reason, protocol
from molehunt.detectors.facts import Facts


class RareType:
    """The detector ``rare_type``; see the module."""

    name = "rare_type"
    summary = "NULL, PRIVATE or KEY queries to a rare domain"
    pool: Pool = ""

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        ratio = protocol.type_ratio(facts.group, RARE_TYPES)
        count = round((ratio or 0.0) * sum(bool(kind) for kind in facts.group.qtypes))
        if count < facts.settings.rare_type.queries or not facts.rare:
            return None
        kinds = sorted({*RARE_TYPES} & set(facts.group.qtypes))
        text = f"{count:,} queries of type {' and '.join(kinds)}, which ordinary hosts do not ask"
        return Reason(self.name, float(count), "queries", text)


DETECTOR = RareType()
