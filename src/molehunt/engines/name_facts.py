"""What Spark's executors compute of names: an Arrow function, so that every engine spells and cuts names alike."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from molehunt.names import registered_domain

#: Type of :func:`name_facts`, as Spark writes it.
NAME_FACTS = "name string, zone string, mixed_case boolean"


def name_facts(qname: pa.Array) -> pa.Array:
    """Return the name in small letters without the last dot, its registered domain, and whether it mixes letters' case."""
    plain = pc.utf8_rtrim(qname, ".")
    name = pc.utf8_lower(plain)
    mixed = pc.and_(pc.not_equal(name, plain), pc.not_equal(pc.utf8_upper(name), plain))
    return pa.StructArray.from_arrays([name, zones(qname), mixed], names=["name", "zone", "mixed_case"])


def zones(qname: pa.Array) -> pa.Array:
    """Return the registered domain of each name."""
    found = registered_domain(qname)
    assert isinstance(found, pa.Array)
    return found
