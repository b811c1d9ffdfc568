"""What MANIFEST.tsv says of each public file: label, tool, and the truth in its notes."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

#: Labels that promise that no tunnel is in the file.
BENIGN = {"benign", "benign-for-tunnelling", "benign-names"}
TUNNEL_NOTE = re.compile(r"TUNNEL: (?P<domain>\S+?);? client (?P<clients>[\d.,]+)")
KORVING_NOTE = re.compile(r"tunnel domain (?P<domain>[\w.]+);.*client \.(?P<client>\d+)")
#: Files whose every row is a tunnel without a domain of its own: labels below a made-up top, or none at all.
DOMAINLESS = {
    "malicious/curry-zz/dnscat.pcap",
    "malicious/ndpi/dns_exfiltration.pcap",
    "malicious/bonelee/nbtoo_dnscat_file7.pcap.txt",
}
#: Labels that the data shows to be wrong, see docs/labels.md: file -> what holds instead.
TRUE_DOMAINS = {
    "malicious/elisaUD/1-dnscat2_un.pcap": frozenset({"cyberops.com", "dccore200.local"}),
    "malicious/elisaUD/2-dnscat2.pcap": frozenset({"cyberops.com", "dccore200.local"}),
}
TRUE_LABELS = {"benign/pcap/valiveti_DNS.pcapng": "benign", "benign/zeek/sanches_lab2_dns.log": "benign"}
#: What a file's tool is called in the tables: beginning of the file -> tool. The manifest has several spellings.
TOOLS = {
    "malicious/suricata-verify/dns_bug-1158": "dns2tcp",
    "malicious/tomaspena53": "Captech test",
    "mixed/tomaspena53": "Captech test",
    "malicious/ndpi/dns-exf": "one query",
    "malicious/ndpi/dns_exfiltration": "dnscat2",
    "malicious/bonelee/ozyman": "OzymanDNS",
    "malicious/bonelee/download_dnscat2": "dnscat2",
    "malicious/bonelee/nbtoo": "dnscat (nbtool)",
    "malicious/ggyggy666/AndIodine": "iodine",
    "malicious/sans": "DNS-Exfiltrate",
    "mixed/bubnov": "several (Bubnov)",
}
#: Names that a list calls a tunnel, and that are none.
ORDINARY_NAMES = {"mirror.datacenter.by"}


@dataclass(frozen=True)
class Entry:
    """One line of the manifest.

    Attributes:
        file: Path below the folder of the data.
        form: What kind of file it is.
        label: benign, malicious, mixed …, as its collectors say.
        tool: Tool family or source.
        query_count: DNS queries that the collectors counted; None where they did not.
        clients: Who digs, as the notes say; None where nobody is named.
        domains: Tunnel domains, as the notes say; None where the tunnel has none.
        notes: The notes.
    """

    file: str
    form: str
    label: str
    tool: str
    query_count: int | None
    clients: frozenset[str] | None
    domains: frozenset[str] | None
    notes: str

    @property
    def corpus(self) -> str:
        """Name the folder that the file is in: who collected it."""
        return "/".join(self.file.split("/")[:2])


def entries(data: Path) -> list[Entry]:
    """Read the manifest of a folder of public data; lines of files that are not there are left out."""
    with (data / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [_entry(row) for row in rows if (data / row["file"]).is_file()]


def _entry(row: dict[str, str]) -> Entry:
    notes = row["notes_ground_truth"] or ""
    clients, domains = _truth(row["file"], notes)
    count = int(row["dns_queries"]) if row["dns_queries"] else None
    file, label = row["file"], TRUE_LABELS.get(row["file"], row["label"])
    return Entry(file, row["format"], label, _tool(row), count, clients, TRUE_DOMAINS.get(file, domains), notes)


def _tool(row: dict[str, str]) -> str:
    family = row["tool_family"]
    plain = re.split(r"[ (/]", family)[0] if row["label"] == "malicious" else family
    return next((tool for beginning, tool in TOOLS.items() if row["file"].startswith(beginning)), plain)


def _truth(file: str, notes: str) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Take clients and domains out of the notes.

    A side that cannot name the client (zeroed addresses are one client; the authoritative side sees resolvers) has None.
    """
    if korving := KORVING_NOTE.search(notes):
        return None, frozenset({korving["domain"]})
    if not (found := TUNNEL_NOTE.search(notes)):
        return None, None
    outside = "authoritative-side" in notes
    clients = None if outside else frozenset(found["clients"].strip(".,").split(","))
    return clients, None if file in DOMAINLESS else frozenset({found["domain"].strip(";").lower()})
