"""Names: normal form, registered domain, subdomain and their numbers, over Arrow columns with no object per name.

Every function takes a column of names as seen (string, large_string, string_view, binary or dictionary; an Array or a
ChunkedArray) and returns one of the same length; null stays null. See ``docs/names.md`` for the normal form and the zones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from molehunt.names._domains import KINDS
from molehunt.names._shape import CLASSES, shapes
from molehunt.names.suffixes import suffixes

__all__ = ["KINDS", "SPLIT", "normal_form", "registered_domain", "split", "subdomain"]

#: The columns of :func:`split`.
SPLIT: pa.StructType = pa.struct(
    [
        ("name", pa.string()),
        ("registered_domain", pa.string()),
        ("subdomain", pa.string()),
        ("subdomain_seen", pa.string()),
        ("kind", pa.string()),
        ("label_count", pa.int32()),
        ("length_chars", pa.int32()),
        ("subdomain_label_count", pa.int32()),
        ("subdomain_chars", pa.int32()),
        ("entropy_bits", pa.float32()),
        *((f"{name}_count", pa.int32()) for name in CLASSES),
    ]
)

#: What :func:`facts` returns.
FACTS = pa.struct(
    [
        ("name_key", pa.uint64()),
        ("zone_key", pa.uint64()),
        ("chars", pa.int32()),
        ("name_chars", pa.int32()),
        ("mixed_case", pa.int8()),
        ("marked", pa.int8()),
    ]
)

_FACT_FIELDS = list(FACTS)

Strings = pa.Array | pa.ChunkedArray


def normal_form(names: Strings) -> Strings:
    r"""Return names in normal form: ASCII letters small, no trailing dot, every octet spelt one way.

    Why: letter case and the trailing dot say nothing about which name it is (RFC 4343), and logs escape differently. The
    root is "". Octets that are neither printable ASCII nor part of a well-formed UTF-8 label are written ``\DDD``.
    """
    return _each(suffixes().normal_form, names)


def registered_domain(names: Strings) -> Strings:
    """Return the registered domain of each name, in normal form: the key that queries are grouped by.

    That is the public suffix and one label more, private section of the list included; a name that is itself a suffix, or
    has one label, is its own. A reverse zone is cut by its delegation: in-addr.arpa at /24, ip6.arpa at /64. The root is "".
    """
    return _each(suffixes().registered_domain, names)


def subdomain(names: Strings, *, seen: bool = False) -> Strings:
    """Return what stands left of the registered domain ("" for nothing), without the dot between.

    Args:
        names: Names as seen.
        seen: Keep the letters' case, which may carry data; else the normal form.
    """
    table = suffixes()
    return _each(lambda array: table.subdomain(array, not seen), names)


def split(names: Strings) -> Strings:
    """Return everything about each name as a struct column of type :data:`SPLIT`.

    Lengths count octets as sent, dots between labels included; ``entropy_bits`` is Shannon's, in bits per octet of the
    subdomain's labels, small letters; the ``*_count`` columns count the octets of the subdomain by class (``mark`` is
    hyphen and underscore, ``upper`` is counted among ``letter`` too). ``kind`` is one of :data:`KINDS`.
    """
    return _each(_split, names)


def facts(names: Strings, mark_chars: int, mark_text: bytes) -> Strings:
    """Return what the big group-by needs of each name, as a struct column of type :data:`FACTS`: numbers only.

    ``name_key`` and ``zone_key`` stand for the name and its registered domain, letters' case and escapes aside; ``chars`` are
    the octets left of the registered domain, the dot between included, ``name_chars`` those of the whole name; ``mixed_case``
    is 1 with small and capital letters, 2 with capital ones only.

    Args:
        names: Names as seen.
        mark_chars: ``marked`` is 1 for a name of so many octets or more with one that no host name has;
        mark_text: and for one that holds this text, in small letters and not empty.
    """
    table = suffixes()

    def made(array: pa.Array) -> pa.StructArray:
        mask = array.is_null() if array.null_count else None
        block, rows, at, columns = table.facts(array, mark_chars, mark_text), len(array), 0, []
        for field in FACTS:
            columns.append(pa.Array.from_buffers(field.type, rows, [None, block.slice(at)], 0))
            at += rows * field.type.byte_width
        return pa.StructArray.from_arrays(columns, fields=_FACT_FIELDS, mask=mask)

    return _each(made, names)


def _split(names: pa.Array) -> pa.StructArray:
    table = suffixes()
    seen = table.subdomain(names, False)
    whole, left = shapes(names), shapes(seen)
    columns = [
        table.normal_form(names),
        table.registered_domain(names),
        table.subdomain(names, True),
        seen,
        pa.DictionaryArray.from_arrays(table.kinds(names), list(KINDS)).dictionary_decode(),
        *(pa.array(numbers) for numbers in (whole["labels"], whole["chars"], left["labels"], left["chars"])),
        pa.array(left["entropy"]),
        *(pa.array(left[name]) for name in CLASSES),
    ]
    mask = names.is_null() if names.null_count else None
    return pa.StructArray.from_arrays(columns, fields=list(SPLIT), mask=mask)


def _each(function: Callable[[pa.Array], pa.Array], names: Strings) -> Strings:
    """Apply a function of one plain string array to a column of any string type, chunk by chunk."""
    if isinstance(names, pa.ChunkedArray):
        chunks: list[Any] = [_each(function, chunk) for chunk in names.chunks]
        return pa.chunked_array(chunks or [function(pa.array([], pa.string()))])
    if isinstance(names, pa.DictionaryArray):
        return _each(function, names.dictionary).take(names.indices)
    if pa.types.is_string_view(names.type):
        names = names.cast(pa.large_string())
    elif pa.types.is_binary_view(names.type):
        names = names.cast(pa.large_binary())
    return function(names)
