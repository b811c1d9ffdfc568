"""What every engine computes of names, so that all cut them alike."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from molehunt.config import MARK_CHARS, MARK_TEXT
from molehunt.names import Strings, facts


def name_facts(qname: Strings) -> Strings:
    """Return the numbers that the big group-by needs of each name; see :func:`molehunt.names.facts`."""
    return facts(qname, MARK_CHARS, MARK_TEXT)


def zone_key(registered_domain: str) -> int:
    """Return the key of a registered domain."""
    found: Any = name_facts(pa.array([registered_domain]))
    return int(found.field("name_key")[0].as_py())
