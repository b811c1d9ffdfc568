"""Small adapters for files with fields: taps, databases, JSON and lists of names, to QUERIES."""

from __future__ import annotations

import base64
import csv
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import pyarrow as pa

from evaluation.cases import rows_table
from evaluation.corpora.text import lines, seconds

#: Record type by the number in Pi-hole's database. Source: https://docs.pi-hole.net/database/query-database/
FTL_TYPES = "A AAAA ANY SRV SOA PTR TXT NAPTR MX DS RRSIG DNSKEY NS OTHER SVCB HTTPS".split()
TAP_TIME = re.compile(r"\d{10}(\.\d+)?")


def flowtap(path: Path) -> pa.Table:
    """Read the records of a network tap, fields between ``^``; addresses are zeroed in the public files.

    Field 11 is the first packet's time, field 55 the name, and the hexadecimal field is the query message itself, which
    is read by dnspython where it is whole.
    """
    return rows_table([_flowtap_row(line.rstrip("\n").split("^")) for line in lines(path) if line.count("^") > 50])


def _flowtap_row(fields: list[str]) -> dict[str, Any]:
    times = [field for field in fields[10:24] if TAP_TIME.fullmatch(field)]
    wires = [field for field in fields[55:] if len(field) >= 34 and all(c in "0123456789abcdef" for c in field)]
    asked = _question(bytes.fromhex(wires[0])) if wires else {}
    named = next(field for field in fields[45:] if "." in field)
    return {"ts": float(min(times, key=float)) if times else None, "client": fields[2]} | ({"qname": named} | asked)


def _question(wire: bytes) -> dict[str, Any]:
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True, continue_on_error=True)
        question = message.question[0]
    except (dns.exception.DNSException, IndexError):
        return {}
    return {
        "qname": question.name.to_text(omit_final_dot=True),
        "qtype": dns.rdatatype.to_text(question.rdtype),
        "query_bytes": len(wire),
    }


def pihole_ftl(path: Path) -> pa.Table:
    """Read the query table of Pi-hole's FTL database (SQLite)."""
    connection = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    found = connection.execute("SELECT timestamp, type, domain, client FROM queries ORDER BY timestamp, id").fetchall()
    connection.close()
    kinds = dict(enumerate(FTL_TYPES, start=1))
    return rows_table([{"ts": t, "qtype": kinds.get(k), "qname": name, "client": who} for t, k, name, who in found])


def adguard(path: Path) -> pa.Table:
    """Read an AdGuard Home query log of 2018: questions and answers are DNS messages in base64."""
    rows = [_adguard_row(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    return rows_table(sorted((row for row in rows if row), key=lambda row: row["ts"]))


def _adguard_row(record: dict[str, Any]) -> dict[str, Any]:
    row = _question(base64.b64decode(record["Question"] or ""))
    if not row:
        return {}
    row |= {"ts": datetime.fromisoformat(_micros(record["Time"])).timestamp(), "client": record["IP"]}
    return row | _answer(base64.b64decode(record.get("Answer") or ""))


def _micros(text: str) -> str:
    head, _, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}"


def _answer(wire: bytes) -> dict[str, Any]:
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
    except dns.exception.DNSException:
        return {}
    records = [(record.to_text(), rrset) for rrset in message.answer for record in rrset]
    return {
        "rcode": dns.rcode.to_text(message.rcode()),
        "response_bytes": len(wire),
        "answers": [text for text, _ in records],
        "answer_types": [dns.rdatatype.to_text(rrset.rdtype) for _, rrset in records],
        "answer_ttls": [rrset.ttl for _, rrset in records],
    }


def sysmon(path: Path) -> pa.Table:
    """Read Sysmon event 22 and DNS-Client events as JSON lines; the host name stands for the client."""
    return rows_table(sorted(_sysmon_rows(path), key=lambda row: row["ts"]))


def _sysmon_rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        event = json.loads(line)
        name = event.get("QueryName")
        time = event.get("UtcTime") or event.get("EventTime")
        if name and time:
            text = str(time).replace("T", " ").rstrip("Z")
            form = "%Y-%m-%d %H:%M:%S.%f" if "." in text else "%Y-%m-%d %H:%M:%S"
            yield {"ts": seconds(text, form), "client": event.get("Hostname"), "qname": name.rstrip(".")}


def name_lists(path: Path) -> tuple[pa.Table, list[str]]:
    """Read a CSV of names with a label each (``0`` = legitimate); there are no times and no clients.

    Returns:
        The queries, and the label of each.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [row for row in csv.reader(file) if len(row) > 1 and row[0] != "label"]
    names = [row[1].rstrip(".") for row in found]
    kinds = [dns.rdatatype.to_text(int(row[8])) if len(row) > 8 else None for row in found]
    rows = [{"qname": _octets(name), "qtype": kind} for name, kind in zip(names, kinds, strict=True)]
    return rows_table(rows), [row[0] for row in found]


def _octets(name: str) -> str:
    r"""Write letters outside ASCII as ``\DDD``; the public file has lost which octets they were."""
    return "".join(c if c < "\x7f" else "".join(f"\\{octet:03d}" for octet in c.encode()) for c in name)


def allow_list(path: Path) -> pa.Table:
    """Read the collection of long benign names: one name per line in the second column."""
    found = [line.rstrip("\n").split("\t") for line in lines(path)]
    return rows_table([{"qname": row[1].rstrip(".")} for row in found if len(row) > 1 and "." in row[1]])
