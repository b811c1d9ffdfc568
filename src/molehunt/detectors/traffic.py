"""The queries of one group, as arrays, ready for exact work.

A group is usually (client, registered domain). Pools of the same shape join the rows of one client over many domains, or of
one domain over many clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from molehunt.config import DetectionSettings
from molehunt.names import registered_domain, subdomain
from molehunt.schema import Candidates, Overview

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

#: What explains a name: its left part was asked by itself, as an address of the reverse tree, in another zone.
BY_ITSELF, BY_ADDRESS, IN_ZONE = 1, 2, 3


@dataclass(frozen=True)
class Zone:
    """A registered domain over all clients.

    Attributes:
        pair_count: Distinct pairs of client and name.
        name_count: Distinct names.
        client_count: Distinct clients; those that others use as resolver are left out.
        first_s: First query, seconds since 1970; NaN without times.
    """

    pair_count: int
    name_count: int
    client_count: int
    first_s: float


@dataclass(frozen=True)
class Group:
    """Queries in order of time, retries folded.

    Attributes:
        client: Who asked; None for unknown, or for a pool of clients.
        registered_domain: The domain; None for a pool of domains.
        ts_s: Seconds since 1970, NaN where the source has no times.
        name: Index into ``names`` of each query; names are numbered in order of arrival.
        names: Subdomain of each distinct name as first seen; the whole name in a pool of domains.
        whole: The whole of each distinct name as first seen.
        name_clients: Clients that asked each distinct name; one where only its letters' case, drawn anew, makes it distinct.
        echo: What explains each distinct name (0 for nothing): four times the labels right of what the client asked elsewhere
            too, plus :data:`BY_ITSELF`, :data:`BY_ADDRESS` or :data:`IN_ZONE`.
        recent: Queries of the client about the time of each explained name.
        qtypes: Record type of each query, "" where unknown.
        rcodes: Response code of each query, or None.
        answers: Sorted rdata of each query, or None.
        ttl_s: Smallest TTL of each answer, NaN where unknown.
        options: EDNS options of each query, or None.
        zone: The domain over all clients; for a pool of domains, the sum.
        site: The whole input.
        clients: Distinct clients in the group.
        domains: Distinct registered domains in the group.
        noisy_case: Whether letter case is noise (0x20): the domain itself is spelt in many ways.
    """

    client: str | None
    registered_domain: str | None
    ts_s: Floats
    name: Ints
    names: list[str]
    whole: list[str]
    name_clients: Ints
    echo: Ints
    recent: Ints
    qtypes: Objects
    rcodes: Objects
    answers: Objects
    ttl_s: Floats
    options: Objects
    zone: Zone
    site: Overview
    clients: int
    domains: int
    noisy_case: bool


class Traffic:
    """The rows of a part of the candidates as columns, from which groups and pools are cut."""

    def __init__(self, candidates: Candidates, site: Overview, retry_s: float) -> None:
        rows: Any = candidates.rows.combine_chunks()
        self.site, self._retry_s = site, retry_s
        self.client_key = _numbers(rows, "client_key")
        self.zone_key = _numbers(rows, "zone_key")
        self._name_key = _numbers(rows, "name_key")
        self._rows: Any = rows
        self._ts_s = _seconds(rows.column("ts"))
        self._name_clients = _numbers(rows, "name_clients", 1)
        self._zones = _zones(candidates.zones)
        self.starts = starts(self.zone_key, self.client_key)

    def groups(self) -> Iterator[Ints]:
        """Yield the rows of every group that is looked at by itself."""
        worth = _numbers(self._rows, "worth")[self.starts[:-1]] > 0
        for i in np.flatnonzero(worth).tolist():
            yield np.arange(self.starts[i], self.starts[i + 1])

    def pools_of_domains(self, settings: DetectionSettings) -> Iterator[Ints]:
        """Yield, per client, its rows in domains that it has to itself; names too short, plain ones with a suffix left out."""
        few = settings.group.rare_clients
        alone = np.array([self._zone(key).client_count <= few for key in self.zone_key.tolist()], dtype=np.bool_)
        chars = np.asarray(pc.binary_length(self._rows.column("qname")))
        said = _numbers(self._rows, "echo_code") % 4 != BY_ITSELF
        index = np.flatnonzero(alone & said & (chars >= settings.rotation.name_chars))
        yield from _split(index, self.client_key, self.zone_key, settings.rotation.least_domains)

    def pools_of_clients(self, settings: DetectionSettings) -> Iterator[Ints]:
        """Yield, per domain, its rows over all clients, where these are many enough."""
        pooled = np.flatnonzero(_numbers(self._rows, "fan_in"))
        yield from _split(pooled, self.zone_key, self.client_key, settings.fan_in.clients)

    def group(self, index: Ints, *, pool: str = "") -> Group:
        """Cut the rows at these places, in this order, as one group.

        Args:
            index: Places of the rows.
            pool: ``domains`` for one client over many domains, ``clients`` for one domain over many clients.
        """
        if pool:
            index = index[self._in_time(index)]
        noisy, keys = _spelt(self._at(index).column("qname"), self._name_key[index])
        fresh = self._fresh(index, keys)
        index = index[fresh]
        rows = self._at(index)
        first, name = _number(keys[fresh])
        seen = rows.column("qname").take(pa.array(first))
        zones = np.unique(self.zone_key[index])
        return Group(
            client=None if pool == "clients" else (rows.column("client")[0].as_py() or None),
            registered_domain=None if pool == "domains" else registered_domain(seen.slice(0, 1))[0].as_py(),
            ts_s=self._ts_s[index],
            name=name,
            names=_texts(seen if pool == "domains" else subdomain(seen, seen=True)),
            whole=_texts(seen),
            name_clients=self._name_clients[index][first] if noisy else self._spelling_clients(index[first], _texts(seen)),
            echo=_numbers(rows, "echo_code")[first] * (not pool),
            recent=_numbers(rows, "recent_count")[first],
            qtypes=_objects(rows, "qtype"),
            rcodes=_objects(rows, "rcode"),
            answers=_objects(rows, "answers"),
            ttl_s=_floats(rows.column("ttl_s")),
            options=_objects(rows, "edns_options"),
            zone=_sum([self._zone(key) for key in zones.tolist()]),
            site=self.site,
            clients=len(np.unique(self.client_key[index])),
            domains=len(zones),
            noisy_case=noisy,
        )

    def _in_time(self, index: Ints) -> Ints:
        """Return the order of these rows by time; by name and client where times are equal, as keys differ per engine."""
        rows = self._rows.select(["qname", "client"]).take(pa.array(index))
        rows = rows.append_column("ts_s", pa.array(self._ts_s[index])).append_column("at", pa.array(np.arange(len(index))))
        order = pc.sort_indices(rows, [(name, "ascending") for name in ("ts_s", "qname", "client", "at")])
        return np.asarray(order, dtype=np.int64)

    def _at(self, index: Ints) -> Any:
        """Return the rows at these places; a stretch of them without copying."""
        if len(index) and index[-1] - index[0] + 1 == len(index) and (np.diff(index) == 1).all():
            return self._rows.slice(index[0], len(index))
        return self._rows.take(pa.array(index))

    def _zone(self, key: int) -> Zone:
        """Return the facts of a domain; one that only resolvers of others asked has no clients of its own."""
        return self._zones.get(key) or Zone(0, 0, 0, np.nan)

    def _spelling_clients(self, index: Ints, spelt: list[str]) -> Ints:
        """Return how many clients asked each spelling: one where a name is spelt in several ways with letters of both cases.

        What many clients asked is the name; its letters' case, drawn anew, is the sender's own.
        """
        clients, keys = self._name_clients[index], self._name_key[index]
        if len(np.unique(keys)) == len(keys):
            return np.asarray(clients)
        mixed = np.array([text != text.lower() and text != text.upper() for text in spelt], dtype=np.bool_)
        _, number = np.unique(keys, return_inverse=True)
        ways = np.bincount(number, weights=mixed)[number]
        return np.asarray(np.where(mixed & (ways > 1), np.minimum(clients, 1), clients))

    def _fresh(self, index: Ints, keys: Any) -> Bools:
        """Mark the queries that are no retry: not the same name, as spelt, and type within ``retry_s`` of one that counts.

        Where the answer to that one had outlived its TTL, the name had to be asked again: that is a message, not a retry.
        """
        fresh = np.ones(len(index), dtype=np.bool_)
        ts_s = self._ts_s[index]
        if self._retry_s <= 0 or len(np.unique(keys)) == len(index):
            return fresh
        rows = self._at(index)
        qtypes, ttls = _objects(rows, "qtype"), rows.column("ttl_s").to_pylist()
        until: dict[tuple[int, int, Any], float] = {}
        clients = self.client_key[index].tolist()
        for i, key in enumerate(zip(clients, keys.tolist(), qtypes, strict=True)):
            if ts_s[i] < until.get(key, -np.inf):
                fresh[i] = False
            else:
                until[key] = ts_s[i] + (self._retry_s if ttls[i] is None else min(ttls[i], self._retry_s))
        return fresh


def nearly_all(values: Sequence[str], test: Callable[[str], object], ratio: float) -> bool:
    """Tell whether a test holds for this share of some values at least; looks no further once it cannot."""
    least, left = ratio * len(values), len(values)
    for value in values:
        if not test(value):
            left -= 1
            if left < least:
                return False
    return left > 0


def _split(index: Ints, by: Any, over: Any, least: int) -> Iterator[Ints]:
    """Split places by one key, and keep those with enough distinct values of another."""
    order = index[np.argsort(by[index], kind="stable")]
    turns = np.flatnonzero(np.diff(by[order].astype(np.uint64)) != 0) + 1
    for part in np.split(order, turns):
        if len(part) >= least and len(np.unique(over[part])) >= least:
            yield np.sort(part)


def _numbers(rows: Any, name: str, null: int = 0) -> Any:
    return np.asarray(rows.column(name).fill_null(null))


def _texts(column: Any) -> list[str]:
    texts: list[str] = column.to_pylist()
    return texts


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _seconds(column: pa.ChunkedArray) -> Floats:
    return _floats(pc.cast(column, pa.int64())) / 1e6


def _objects(rows: Any, name: str) -> Objects:
    column = rows.column(name)
    values = column.to_pylist()
    made = np.empty(len(values), dtype=object)
    if pa.types.is_list(column.type):
        values = [None if value is None else tuple(sorted(value)) for value in values]
    made[:] = values
    return made


def _zones(table: Any) -> dict[int, Zone]:
    first_s = _seconds(table.column("first_ts")).tolist()
    counts = [table.column(name).to_pylist() for name in ("zone_key", "pair_count", "name_count", "client_count")]
    return {key: Zone(pairs, names, clients, first) for key, pairs, names, clients, first in zip(*counts, first_s, strict=True)}


def _sum(zones: list[Zone]) -> Zone:
    if len(zones) == 1:
        return zones[0]
    return Zone(
        sum(z.pair_count for z in zones),
        sum(z.name_count for z in zones),
        max(z.client_count for z in zones),
        min(z.first_s for z in zones),
    )


def _spelt(qname: Any, keys: Any) -> tuple[bool, Any]:
    """Tell names apart by their letters' case too, unless it is noise: the last labels are spelt in many ways.

    Returns:
        Whether case is noise; what tells the names apart.
    """
    codes = qname.combine_chunks().dictionary_encode()
    if len(codes.dictionary) == len(np.unique(keys)):
        return False, keys
    tails = {text.rstrip(".").rsplit(".", 2)[-2:][0] + text.rstrip(".")[-3:] for text in codes.dictionary.to_pylist()}
    spelt = len(tails) > len({tail.lower() for tail in tails}) + 1
    return spelt, keys if spelt else _dotless(codes)


def _dotless(codes: pa.DictionaryArray) -> Any:
    """Return the codes of names, a trailing dot aside."""
    plain = pc.utf8_rtrim(codes.dictionary, ".").dictionary_encode().indices
    return np.asarray(plain.take(codes.indices))


def starts(zone_key: Any, client_key: Any) -> Ints:
    """Return where each group begins in rows that are ordered by group, and where the last one ends."""
    if not len(zone_key):
        return np.zeros(1, dtype=np.int64)
    turns = np.flatnonzero((zone_key[1:] != zone_key[:-1]) | (client_key[1:] != client_key[:-1])) + 1
    return np.concatenate([[0], turns, [len(zone_key)]])


def _number(keys: Any) -> tuple[Ints, Ints]:
    """Number values in order of arrival: where each is first, and the number of each row."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return first[order], rank[inverse]
