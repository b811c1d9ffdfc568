"""Small adapters: logs that molehunt does not read yet, to QUERIES. One function each, path -> table.

Only the evaluation uses them; they take well-formed public files and count nothing that they skip.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluation.cases import rows_table

#: Year of logs that do not say theirs.
YEAR = 2022
DNSMASQ_LINE = re.compile(r"(\w{3} +\d+ [\d:]{8}) \S*?dnsmasq\[\d+\]: (?:\d+ \S+/\d+ )?(.*)")
DNSMASQ_QUERY = re.compile(r"query\[([^\]]+)\] (\S+) from (\S+)")
DNSMASQ_ANSWER = re.compile(r"(?:reply|cached|cached-stale|config|\S+ blocked|Pi-hole hostname|\S*hosts) (\S+) is (.*)")
BIND_LINE = re.compile(
    r"(?:(\d+-\w{3}-\d{4} [\d:.]+)|(\d{4}-\d\d-\d\dT[\d:.]+)Z).*?client (?:@\S+ )?([\da-fA-F.:]+)#\d+.*?"
    r"query: (\S+) IN (\S+) \S+ \(+([^()]+)\)+"
)
COREDNS_LINE = re.compile(
    r'\[INFO\] ([\da-fA-F.:\[\]]+):\d+ - \d+ "(\S+) IN (\S+) (\w+) (\d+) \S+ \d+" (\S+) \S+ (\d+) ([\d.]+)s'
)
PDNS_QUESTION = re.compile(r"(\w{3} +\d+ [\d:]{8}) .*\] question for '(.*)\|(\w+)' from ([\da-fA-F.:]+):\d+")
PDNS_ANSWER = re.compile(r"answer to question '(.*)\|(\w+)'.*rcode=(\d+)")
COLLABORATOR = re.compile(r"(\d{4}-\d\d-\d\d [\d:.]+) : Received DNS query with type (\S+) from \[([^\]]+)\] for \[([^\]]+)\]")
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}


def lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file, decompressed; bytes that are no UTF-8 become DNS escapes."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for raw in file:
            yield escape(raw)


def escape(raw: bytes) -> str:
    r"""Return a log line as text; each octet outside ASCII is written ``\DDD``, as RFC 1035 does."""
    return "".join(chr(octet) if octet < 127 else f"\\{octet:03d}" for octet in raw)


def seconds(text: str, form: str) -> float:
    """Parse a time without zone as UTC; return seconds since 1970."""
    return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()


def syslog_time(text: str) -> float:
    """Parse ``Apr  1 13:33:28``, which has no year; return seconds since 1970."""
    return seconds(f"{YEAR} {text}", "%Y %b %d %H:%M:%S")


def dnsmasq(path: Path) -> pa.Table:
    """Read a dnsmasq or Pi-hole log; replies are folded into the query for their name, along CNAME chains."""
    rows: list[dict[str, Any]] = []
    by_name: dict[str, dict[str, Any]] = {}
    alias: dict[str, Any] | None = None
    for line in lines(path):
        if not (found := DNSMASQ_LINE.match(line)):
            continue
        if asked := DNSMASQ_QUERY.match(found[2]):
            row = {"ts": syslog_time(found[1]), "qtype": asked[1], "qname": asked[2], "client": asked[3]}
            rows.append(row)
            by_name[asked[2].lower()] = row
        elif reply := DNSMASQ_ANSWER.match(found[2]):
            to = alias or by_name.get(reply[1].lower())
            alias = to if reply[2] == "<CNAME>" else None
            if to is not None:
                _dnsmasq_answer(to, reply[2])
    return rows_table(rows)


def _dnsmasq_answer(row: dict[str, Any], value: str) -> None:
    row.setdefault("answers", [])
    row["rcode"] = value if value in {"NXDOMAIN", "SERVFAIL", "REFUSED"} else "NOERROR"
    if value not in {"<CNAME>", "NODATA", "NODATA-IPv4", "NODATA-IPv6", row["rcode"]}:
        row["answers"].append(value)


def bind(path: Path) -> pa.Table:
    """Read a BIND query log, classic or ISO times, with or without the client's object and the name in brackets."""
    rows = []
    for line in lines(path):
        if found := BIND_LINE.match(line):
            day, iso, client, qname, qtype, resolver = found.groups()
            ts = seconds(day, "%d-%b-%Y %H:%M:%S.%f") if day else seconds(iso, "%Y-%m-%dT%H:%M:%S.%f")
            rows.append({"ts": ts, "client": client, "qname": qname, "qtype": qtype, "resolver": resolver})
    return rows_table(rows)


def coredns(path: Path) -> pa.Table:
    """Read the log plugin of CoreDNS: one line per transaction, no times; rows keep their order."""
    rows = []
    for line in lines(path):
        if found := COREDNS_LINE.search(line):
            client, qtype, qname, transport, asked, rcode, answered, took = found.groups()
            row = {"client": client, "qtype": qtype, "qname": qname.rstrip("."), "transport": transport}
            row |= {"query_bytes": int(asked), "rtt_s": float(took)}
            rows.append(row | ({} if rcode == "-" else {"rcode": rcode, "response_bytes": int(answered)}))
    return rows_table(rows)


def powerdns(path: Path) -> pa.Table:
    """Read the trace of a PowerDNS recursor: its question lines, with the rcode of the answer line."""
    rows: list[dict[str, Any]] = []
    by_name: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines(path):
        if asked := PDNS_QUESTION.match(line):
            ts, qname, qtype, client = asked.groups()
            rows.append({"ts": syslog_time(ts), "qname": qname, "qtype": qtype, "client": client})
            by_name[qname, qtype] = rows[-1]
        elif (said := PDNS_ANSWER.search(line)) and (row := by_name.get((said[1], said[2]))):
            row["rcode"] = RCODES.get(int(said[3]))
    return rows_table(rows)


def collaborator(path: Path) -> pa.Table:
    """Read a Burp Collaborator log: the authoritative side, so that each client is somebody's resolver."""
    rows = []
    for line in lines(path):
        if found := COLLABORATOR.match(line):
            ts, qtype, client, qname = found.groups()
            row = {"ts": seconds(ts, "%Y-%m-%d %H:%M:%S.%f"), "qtype": qtype, "client": client, "qname": qname}
            rows.append(row)
    return rows_table(rows)
