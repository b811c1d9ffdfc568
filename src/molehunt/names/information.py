"""What groups of names say, in bits: an upper bound by lossless coding.

Whoever sends something has to be understood by who receives it, so the names decode to the message, and no lossless code of
the names can be shorter than the message but for luck that halves with every bit (Kraft's inequality). So every figure
here is a bound, whatever the encoding; good models only bring it closer to the truth. Constant labels, session ids and
counters cost almost nothing; hexadecimal costs 4 bits a character, base32 5, words what words cost.

Names are taken in the letters given: pass ``subdomain(names, seen=True)`` to count letter case, the normal form not to.

Source: DETECTION 3; Paxson et al., "Practical Comprehensive Bounds on Surreptitious Communication Over DNS",
USENIX Security 2013.
"""

from __future__ import annotations

import lzma
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from molehunt.config import InformationSettings
from molehunt.names import _repeats
from molehunt.names._alphabets import ALPHABETS
from molehunt.names._information import DEPTHS, Coder

__all__ = ["ALPHABETS", "DEPTHS", "Information", "compressed_bytes", "information", "repeat_bits", "stated_bytes"]

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Information:
    """What names say. Rows are names, groups, or groups × :data:`DEPTHS`; depth 0 is next to the registered domain.

    Attributes:
        name_bits: Cost of each name, given those before it in its group (float32).
        group_bits: Cost of each group (float64).
        label_bits: Cost of the labels at each depth (float32); the number of labels is in ``group_bits`` only.
        label_count: Distinct labels at each depth (int32).
        label_chars: Octets of those distinct labels (int32).
        alphabet: What they are written in, as index into :data:`ALPHABETS` (int8).
    """

    name_bits: npt.NDArray[np.float32]
    group_bits: npt.NDArray[np.float64]
    label_bits: npt.NDArray[np.float32]
    label_count: npt.NDArray[np.int32]
    label_chars: npt.NDArray[np.int32]
    alphabet: npt.NDArray[np.int8]


def information(subdomains: pa.Array, offsets: Numbers, settings: InformationSettings | None = None) -> Information:
    """Return what the distinct subdomains of each group say.

    Args:
        subdomains: Distinct subdomains, sorted by group, within a group in order of arrival.
        offsets: Where each group begins, and the end: int64, one more than there are groups.
        settings: Settings of the explanations.

    Raises:
        MemoryError: The labels of one group do not fit into memory.
        ValueError: The offsets do not fit the subdomains.
    """
    settings = settings or InformationSettings()
    offsets = _checked(offsets, len(subdomains))
    found = Coder().code(subdomains, offsets, settings.words_bits, settings.strange_ratio)
    sums = np.concatenate([[0.0], np.cumsum(found["name_bits"], dtype=np.float64)])
    return Information(group_bits=sums[offsets[1:]] - sums[offsets[:-1]], **found)


def compressed_bytes(subdomains: pa.Array, offsets: Numbers, settings: InformationSettings | None = None) -> Numbers:
    """Return the bytes of each group's names by the better of zlib -9 and LZMA, raw streams.

    Why: they find what repeats inside labels, such as words. A group of more than ``compress_bytes`` is not tried: -1.
    """
    settings = settings or InformationSettings()
    offsets = _checked(offsets, len(subdomains))
    sizes = np.full(len(offsets) - 1, -1, np.int64)
    for group, (begin, end) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        text = "\n".join(name or "" for name in subdomains[begin:end].to_pylist()).encode()
        if len(text) <= settings.compress_bytes:
            sizes[group] = _compressed(text)
    return sizes


def stated_bytes(found: Information, compressed: Numbers | None = None) -> npt.NDArray[np.int64]:
    """Return the bytes that each group said at most: its bits, or its compressed size where that is less.

    Saying which of the codes was taken takes two bits more, which are counted.
    """
    stated = found.group_bits
    if compressed is not None:
        stated = 2 + np.where(compressed >= 0, np.minimum(stated, 8.0 * compressed), stated)
    return np.where(found.group_bits > 0, np.ceil(stated / 8), 0).astype(np.int64)


def repeat_bits(ids: Numbers, offsets: Numbers) -> npt.NDArray[np.float32]:
    """Return what each query says by its choice among the names that its group asked before.

    Args:
        ids: Per query, sorted by group and time: which name, counted in each group from 0 in order of first appearance.
            Leave out repeats that a cache answers (within their TTL): nobody upstream hears them.
        offsets: Where each group begins, and the end.

    Returns:
        Bits per query; a name's own content is not in them (see :func:`information`), only new-or-known and which.

    Raises:
        ValueError: The offsets do not fit, or the ids are not counted in order of first appearance.
    """
    return _repeats.repeat_bits(ids, _checked(offsets, len(ids)))


def _compressed(text: bytes) -> int:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": max(4096, len(text)), "lc": 0, "pb": 0}]
    return min(len(squeeze.compress(text) + squeeze.flush()), len(lzma.compress(text, lzma.FORMAT_RAW, filters=filters)))


def _checked(offsets: Numbers, rows: int) -> npt.NDArray[np.int64]:
    offsets = np.ascontiguousarray(offsets, np.int64)
    if len(offsets) == 0 or offsets[0] < 0 or offsets[-1] > rows or (np.diff(offsets) < 0).any():
        raise ValueError(f"offsets must rise from 0 to the {rows} rows")
    return offsets
