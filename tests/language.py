"""The one tiny language that fixtures are written in.

``queries("10.0.0.5 a1b2.t.example.com TXT NXDOMAIN +2s", …)`` gives a table with the columns of ``QUERIES``. A line is:
client, qname, then in any order a qtype (default A), an rcode (default NOERROR), ``+2s`` (seconds after the line before,
default +1s), ``@10.0.0.1`` (resolver), ``=TXT:"data"`` or ``=1.2.3.4`` (an answer), ``x20`` (so many times, each a step
later). ``-`` stands for null; ``{i}`` in the qname becomes the number of the repetition.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from molehunt.schema import QUERIES

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
RCODES = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"}


def queries(*lines: str, start: datetime = START) -> pa.Table:
    """Return the lines as a table of QUERIES, in the order written."""
    rows: list[dict] = []
    now = start - timedelta(seconds=1)
    for line in lines:
        row, step, times = _parse(line)
        for i in range(times):
            now += step
            rows.append({**row, "ts": now, "qname": row["qname"] and row["qname"].replace("{i}", str(i))})
    return pa.Table.from_pylist(rows, schema=QUERIES)


def _parse(line: str) -> tuple[dict, timedelta, int]:
    client, qname, *rest = line.split()
    row: dict = dict.fromkeys(QUERIES.names)
    row |= {"client": _null(client), "qname": _null(qname), "qtype": "A", "rcode": "NOERROR", "protocol": "dns"}
    step, times = timedelta(seconds=1), 1
    for word in rest:
        if match := re.fullmatch(r"\+([\d.]+)(ms|s|m|h|d)?", word):
            unit = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2] or "s"]
            step = timedelta(seconds=float(match[1]) * unit)
        elif match := re.fullmatch(r"x(\d+)", word):
            times = int(match[1])
        elif word.startswith("@"):
            row["resolver"] = word[1:]
        elif word.startswith("="):
            _answer(row, word[1:])
        elif word in RCODES:
            row["rcode"] = word
        else:
            row["qtype"] = _null(word)
    return row, step, times


def _answer(row: dict, text: str) -> None:
    kind, _, data = text.partition(":") if re.match(r"[A-Z0-9]+:", text) else (row["qtype"], "", text)
    row["answers"] = [*(row["answers"] or []), data]
    row["answer_types"] = [*(row["answer_types"] or []), kind]
    row["answer_ttls"] = [*(row["answer_ttls"] or []), 60]


def _null(word: str) -> str | None:
    return None if word == "-" else word
