"""The corpora: every public file of the shared data and the repository's own captures, each one case with its truth."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from evaluation.cases import Case, Target, forwarded
from evaluation.corpora import structured, text
from evaluation.corpora.estimate import estimated_bytes
from evaluation.corpora.manifest import BENIGN, DOMAINLESS, ORDINARY_NAMES, Entry, entries
from evaluation.corpora.own import own_case, own_names
from evaluation.corpora.readers import read

ROOT = Path(__file__).parent.parent.parent
SHARED = Path(os.environ.get("MOLEHUNT_SHARED", ROOT.parent / "shared")) / "data"

#: Files that molehunt does not read yet: format of the manifest -> adapter.
ADAPTERS: dict[str, Callable[[Path], pa.Table]] = {
    "flowtap_caret": structured.flowtap,
    "dnsmasq": text.dnsmasq,
    "dnsmasq (gzip)": text.dnsmasq,
    "bind_querylog": text.bind,
    "bind_querylog (gzip)": text.bind,
    "coredns (gzip)": text.coredns,
    "coredns": text.coredns,
    "powerdns (gzip)": text.powerdns,
    "burp_collaborator_log": text.collaborator,
    "pihole_ftl_sqlite": structured.pihole_ftl,
    "adguard_json": structured.adguard,
    "sysmon22/DNS-Client JSON lines": structured.sysmon,
}
#: Files that molehunt reads by itself.
READ = {"pcap", "pcap (gzip)", "pcapng", "zeek_tsv", "zeek_json", "suricata_eve"}
NAME_LISTS = {"csv", "csv_label_name"}
ALLOW_LIST = "benign/allowlists/real_instances_dev.tsv"
#: Folders of vendors' sample lines and broken packets: too few queries to judge.
SAMPLES = ("formats/pcap/", "formats/bind_querylog/sekoia", "formats/coredns/", "formats/suricata_eve/sekoia")
#: Benign logs that are also looked at from behind their resolver, which is then the only client.
FORWARDED = ("benign/markbaggett/dnslog.txt", "benign/rita/missing_host_3days_dns.log", "benign/zeek/nishan_dns.log")


@lru_cache(maxsize=1)
def manifest() -> dict[str, Entry]:
    """Return the usable entries of the shared data by file; none where it is absent."""
    if not (SHARED / "MANIFEST.tsv").is_file():
        return {}
    usable = {*ADAPTERS, *READ, *NAME_LISTS}
    found = [e for e in entries(SHARED) if e.form in usable or e.file == ALLOW_LIST]
    return {e.file: e for e in found if e.query_count != 0 and not e.file.startswith(SAMPLES)}


def names() -> list[str]:
    """Name all corpora: files of the shared data, and the repository's own captures."""
    behind = [f"forwarded/{file}" for file in FORWARDED if file in manifest()]
    return [f"corpus/{file}" for file in manifest()] + behind + own_names()


def make(name: str) -> Case:
    """Load the corpus of this name.

    Raises:
        MolehuntError: molehunt cannot read the file.
    """
    part, _, file = name.partition("/")
    if part == "own":
        return own_case(name)
    entry = manifest()[file]
    if entry.form in NAME_LISTS:
        return _listed(name, entry)
    queries = in_time(load(entry))
    targets = [_target(entry, queries)] if entry.label == "malicious" else []
    judged = entry.label in BENIGN or entry.label == "malicious"
    if part == "forwarded":
        return Case(name, "corpora", f"{entry.corpus}, one resolver", entry.tool, "", forwarded(queries))
    return Case(name, "corpora", entry.corpus, entry.tool, "", queries, targets, judged)


def load(entry: Entry) -> pa.Table:
    """Read the queries of an entry, in the order of the file."""
    path = SHARED / entry.file
    if entry.file == ALLOW_LIST:
        return structured.allow_list(path)
    return ADAPTERS[entry.form](path) if entry.form in ADAPTERS else read(path)


def in_time(queries: pa.Table) -> pa.Table:
    """Sort queries by time, if every one has a time; multicast name resolution stays."""
    if queries["ts"].null_count:
        return queries
    order = np.argsort(queries["ts"].cast(pa.int64()).to_numpy(), kind="stable")
    return queries.take(order).combine_chunks()


def real_long_names() -> list[str]:
    """Return real long benign names, for the shapes of look-alikes; none where the shared data is absent."""
    if ALLOW_LIST not in manifest():
        return []
    return [name for name in structured.allow_list(SHARED / ALLOW_LIST)["qname"].to_pylist() if name]


def _target(entry: Entry, queries: pa.Table) -> Target:
    qnames = queries["qname"].to_pylist()
    rows = np.array([below(qname, entry.domains) for qname in qnames], dtype=bool)
    if entry.file in DOMAINLESS and entry.clients:
        rows = np.array([client in entry.clients for client in queries["client"].to_pylist()], dtype=bool)
    return Target(entry.clients, entry.domains, rows, estimated_bytes(qnames, rows), estimated=True)


def below(qname: str | None, domains: frozenset[str] | None) -> bool:
    """Tell whether a name is one of the domains or below one; no domains means any name."""
    if qname is None:
        return False
    bare = qname.rstrip(".").lower()
    return domains is None or any(bare == domain or bare.endswith(f".{domain}") for domain in domains)


def _listed(name: str, entry: Entry) -> Case:
    queries, labels = structured.name_lists(SHARED / entry.file)
    qnames = queries["qname"].to_pylist()
    pairs = zip(qnames, labels, strict=True)
    tunnels = np.array([label != "0" and qname not in ORDINARY_NAMES for qname, label in pairs])
    found = {".".join(qname.lower().split(".")[-2:]) for qname, bad in zip(qnames, tunnels, strict=True) if bad}
    targets = []
    for domain in sorted(found):
        rows = tunnels & np.array([below(qname, frozenset({domain})) for qname in qnames])
        bytes_up = estimated_bytes(qnames, rows)
        targets.append(Target(None, frozenset({domain}), rows, bytes_up, estimated=True))
    return Case(name, "corpora", entry.corpus, entry.tool, "", queries, targets)
