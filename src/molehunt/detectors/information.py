"""How many bytes a group can have moved at most: up in names, down in answers.

Any lossless code's length is an upper bound of what was said (Paxson et al., USENIX Security 2013). Up: the names in order of
arrival, label by label (:func:`molehunt.names.information`), zlib or LZMA, whichever is least; plus, for a name asked again,
what the choice of that name can say, and for every query what the choice of its record type can. Down: what the choice of each
answer can say, a new answer by its octets.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa

from molehunt.config import InformationSettings
from molehunt.detectors.traffic import Bools, Floats, Group, Ints, Objects
from molehunt.names.information import Information, compressed_bytes, information, repeat_bits, stated_bytes

_HOUR_S = 3600.0
_PACK_FROM_BITS = 512.0
#: A new type of a group, bits: one of the types that have a mnemonic (under 128), or any (IANA; RFC 6895).
_NAMED_TYPE_BITS, _ANY_TYPE_BITS = 7.0, 16.0


@dataclass(frozen=True)
class Moved:
    """Information of a group.

    Attributes:
        bits: What each query can have said, in the group's order; the sum is the total.
        total_bytes: The sum, in bytes.
        new_bytes: The part of it that new names (or new answers) carry.
        found: What the coder found per label position; None for answers.
        type_bytes: The part of the sum that the choice of record types carries.
    """

    bits: Floats
    total_bytes: float
    new_bytes: float
    found: Information | None = None
    type_bytes: float = 0.0

    def most_within(self, ts_s: Floats, hours: float) -> float:
        """Return the most bytes within any window of so many hours; all of them without times."""
        if not len(ts_s) or np.isnan(ts_s).any() or ts_s[-1] - ts_s[0] <= hours * _HOUR_S:
            return self.total_bytes
        total = np.concatenate([[0.0], np.cumsum(self.bits)])
        first = np.searchsorted(ts_s, ts_s - hours * _HOUR_S, side="left")
        return float((total[1:] - total[first]).max() / 8)


def up(group: Group, public_clients: int, settings: InformationSettings, *, explained: bool = False) -> Moved:
    """Measure what the names can have carried; a name that many clients asked says nothing about one of them.

    Args:
        group: The group.
        public_clients: Clients from which a name is public.
        settings: Settings of the coder.
        explained: Whether a name that repeats what the client asked elsewhere costs only the choice among its recent names.
    """
    own = group.name_clients < public_clients
    spelt, choice = spelling(group, own), np.zeros(int(own.sum()))
    if explained:
        spelt, choice = _unexplained(group, own, spelt)
    texts = pa.array(spelt, pa.string())
    ends = np.array([0, len(texts)])
    found = information(texts, ends, settings)
    packed = compressed_bytes(texts, ends, settings) if found.group_bits[0] >= _PACK_FROM_BITS else None
    stated = float(stated_bytes(found, packed)[0])
    per_name = np.zeros(len(own))
    per_name[own] = found.name_bits * (stated * 8 / max(found.group_bits[0], 1e-9)) + choice
    stated += float(choice.sum() / 8)
    first = first_seen(group.name)
    spent = np.where(first, per_name[group.name], 0.0)
    mine = own[group.name]
    choices = _renumbered(group.name[mine])
    spent[mine] += np.where(first[mine], 0.0, repeat_bits(choices, np.array([0, len(choices)])))
    types = type_bits(group.qtypes[mine], choices)
    spent[mine] += types
    return Moved(spent, float(spent.sum() / 8), stated, found, float(types.sum() / 8))


def type_bits(qtypes: Objects, names: Ints) -> Floats:
    """Return what each query says by its record type, the names being known.

    The types are coded name by name, each by what followed the type before it, so a client that asks two or three types of
    each name in turn says nearly nothing. The first type of the group is free.

    Args:
        qtypes: Types, in order of time.
        names: The number of each query's name.
    """
    numbers: dict[str, int] = {}
    by_name = np.argsort(names, kind="stable")
    codes = np.array([numbers.setdefault(kind, len(numbers)) for kind in qtypes[by_name].tolist()], dtype=np.int64)
    bits = np.zeros(len(names))
    if len(numbers) > 1:
        bits[by_name] = repeat_bits(codes, np.array([0, len(codes)]))
        sizes = np.array([_ANY_TYPE_BITS if kind.startswith("TYPE") else _NAMED_TYPE_BITS for kind in numbers])
        bits[by_name[first_seen(codes)][1:]] += sizes[1:]
    return bits


def spelling(group: Group, own: Bools) -> list[str]:
    """Return the distinct names to be counted, letters as seen unless their case is only noise (0x20)."""
    names = [name for name, mine in zip(group.names, own, strict=True) if mine]
    if group.registered_domain is None:
        return [name.lower().rstrip(".") for name in names]
    return [name.lower() for name in names] if group.noisy_case else names


def echoed(group: Group) -> Bools:
    """Mark the names that repeat what the client asked elsewhere; capital letters, which may carry data, are no repeat."""
    plain = [group.noisy_case or name == name.lower() for name in group.whole]
    return np.asarray((group.echo > 0) & np.array(plain, dtype=np.bool_))


def _unexplained(group: Group, own: Bools, spelt: list[str]) -> tuple[list[str], Floats]:
    """Return what is left to be said of each name, and the bits of what is said by reference.

    Every name costs a bit that tells whether it refers; one that does, log2 of the client's queries about that time. How it
    refers stands in the text as a label of its own, which the coder learns like any other.
    """
    zone_labels = (group.registered_domain or "").count(".") + 1
    marked, codes = echoed(group)[own], group.echo[own]
    texts = []
    for name, code, mark in zip(spelt, codes.tolist(), marked.tolist(), strict=True):
        kept = name.split(".")[::-1][: max(code // 4 - zone_labels, 0)][::-1] if mark else [name]
        texts.append(".".join([f"={code}", *kept] if mark else kept))
    return texts, 1 + np.where(marked, np.log2(np.maximum(group.recent[own], 1)), 0.0)


def down(group: Group, public: frozenset[str] = frozenset()) -> Moved:
    """Measure what the answers can have carried.

    Args:
        group: The group.
        public: Answers that many clients got.
    """
    symbols, payload = _symbols(group.answers, group.registered_domain or "", public)
    spent = np.zeros(len(group.name))
    seen = symbols >= 0
    if not seen.any():
        return Moved(spent, 0.0, 0.0)
    asked = symbols[seen]
    first = first_seen(asked)
    fresh = [text for text in payload if text]
    raw = float(sum(_octets(text) for text in fresh))
    stated = min(raw, _packed_bytes("\n".join(fresh))) if raw else 0.0
    sizes = np.array([_octets(text) for text in payload]) * 8.0 * (stated / max(raw, 1e-9))
    spent[seen] = np.where(first, sizes[asked], choice_bits(asked))
    return Moved(spent, float(spent.sum() / 8), stated)


def choice_bits(symbols: Ints) -> Floats:
    """Return the bits of each symbol of a sequence under an adaptive code without context; 0 where it is new.

    Symbol s after i others, of which c were s and d were distinct: log2((i + d) / c). Source: PPM method C (Moffat 1990).
    """
    if not len(symbols):
        return np.zeros(0)
    order = np.argsort(symbols, kind="stable")
    ranks = np.concatenate([np.arange(len(list(run))) for _, run in groupby(symbols[order].tolist())])
    before = np.empty(len(symbols))
    before[order] = ranks
    distinct = np.cumsum(before == 0)
    with np.errstate(divide="ignore"):
        bits = np.log2((np.arange(len(symbols)) + distinct) / before)
    return np.where(before > 0, bits, 0.0)


def _renumbered(symbols: Ints) -> Ints:
    """Number symbols anew, in order of first appearance."""
    _, first, inverse = np.unique(symbols, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse]


def first_seen(symbols: Ints) -> Bools:
    """Mark the first place of each symbol."""
    first = np.zeros(len(symbols), dtype=np.bool_)
    first[np.unique(symbols, return_index=True)[1]] = True
    return first


def _packed_bytes(text: str) -> float:
    """Return the size that a general compressor needs, in bytes."""
    return float(len(zlib.compress(text.encode("utf-8", "surrogatepass"), 6)))


def _symbols(answers: Objects, domain: str, public: frozenset[str]) -> tuple[Ints, list[str]]:
    """Number the answers; a set of records, whatever their order, is one symbol. The payload is of its new records."""
    numbers: dict[tuple[str, ...], int] = {}
    records: set[str] = set()
    payload: list[str] = []
    made = np.full(len(answers), -1, dtype=np.int64)
    for i, answer in enumerate(answers):
        if not answer:
            continue
        if answer not in numbers:
            numbers[answer] = len(numbers)
            fresh = (record for record in answer if record not in records and record not in public)
            payload.append(" ".join(_payload(record, domain) for record in fresh))
            records.update(answer)
        made[i] = numbers[answer]
    return made, payload


def _payload(record: str, domain: str) -> str:
    """Return the part of an rdata that can carry data: no quotes, no name of the domain itself, no preference."""
    text = record.replace('" "', "").strip('"').rstrip(".")
    if domain and text.lower().endswith(domain):
        text = text[: -len(domain)].rstrip(".")
    return re.sub(r"^\d+ ", "", text)


def _octets(text: str) -> float:
    """Return the octets of a payload: 4 for an IPv4 address, 16 for IPv6, half the digits of generic rdata (RFC 3597)."""
    size = 0.0
    for part in text.split(" ") if text else ():
        if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", part):
            size += 4
        elif ":" in part and re.fullmatch(r"[0-9a-fA-F:.]+", part):
            size += 16
        else:
            size += len(part)
    return size / 2 if text.startswith("\\#") else size
