"""Microsoft Sentinel and Defender XDR: exports of the portal (CSV), of the API (JSON) and of jobs (JSON lines, Parquet).

Tables: DnsEvents; ASIM DNS (ASimDnsActivityLogs, and what _Im_Dns and vimDns give); Defender's DeviceNetworkEvents with
DnsConnectionInspected and DeviceEvents with DnsQueryResponse, whose facts stand as JSON in AdditionalFields.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from molehunt.config import Config
from molehunt.errors import SourceSchemaError
from molehunt.findings import Problem
from molehunt.readers import Reading, SourceFile, mapped, sql, tables
from molehunt.readers.vocabulary import ASIM, DNS_EVENTS, Vocabulary, guess, match

#: Columns of Defender's Device tables. Source: Microsoft Defender XDR, advanced hunting schema.
DEFENDER: Vocabulary = {
    "ts": ("Timestamp", "TimeGenerated"),
    "client": ("LocalIP",),
    "device": ("DeviceName",),
    "resolver": ("RemoteIP",),
    "port": ("RemotePort",),
    "transport": ("Protocol",),
    "action": ("ActionType",),
    "more": ("AdditionalFields",),
}
#: What DNS rows of the Device tables are called.
ACTIONS = ("DnsConnectionInspected", "DnsQueryResponse")


class SentinelReader:
    """Reads exports of Sentinel and Defender."""

    name = "sentinel"
    summary = "Microsoft Sentinel DnsEvents and ASIM DNS, Defender XDR device events; CSV, JSON, Parquet"

    def sniff(self, head: bytes) -> bool:
        """Tell whether the columns are those of one of the tables."""
        names = tables.names_in(head)
        if _is_defender(names):
            return any(action.encode() in head for action in ACTIONS)
        found = match(DNS_EVENTS, names)
        return {"qname", "client", "ts"} <= set(found) or _has_asim(names)

    def read(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config) -> Reading:
        """Open an export.

        Raises:
            SourceSchemaError: The columns are those of no known table, or the times are in no known form.
        """
        table = tables.open_table(file, connection, config)
        if _is_defender(table.names):
            return _read_defender(file, table, connection)
        names = guess(table.names, (ASIM, DNS_EVENTS))
        if not names:
            raise SourceSchemaError(
                f"neither DnsEvents, nor ASIM DNS, nor Defender's device events; columns: {', '.join(table.names[:40])}",
                where=file.name,
                next_step="Export the column Name or DnsQuery too, or name it: --from table --map qname=COLUMN",
            )
        return mapped.reading(file, table, names, connection)


READER = SentinelReader()


def _is_defender(names: Iterable[str]) -> bool:
    return {"action", "more"} <= set(match(DEFENDER, names))


def _has_asim(names: Iterable[str]) -> bool:
    return match({"qname": ("DnsQuery",)}, names) != {}


def _read_defender(file: SourceFile, table: tables.Table, connection: duckdb.DuckDBPyConnection) -> Reading:
    names = match(DEFENDER, table.names)
    known = {ours: theirs for ours, theirs in names.items() if ours not in ("device", "action", "more")}
    columns = mapped.expressions(file, table, known, connection)
    who = [sql.present(table.text(names[name])) for name in ("client", "device") if name in names]
    if who:
        columns["client"] = f"coalesce({', '.join(who)})"
    columns |= _of_more(table.text(names["more"]))
    actions = ", ".join(sql.literal(action) for action in ACTIONS)
    where = f"{table.text(names['action'])} IN ({actions})"
    source = table.source(names.values())

    def lost(row_count: int) -> list[Problem]:
        return table.lost(sql.one_row(connection, f"SELECT count(*) FROM {source}")[0])

    untimed = mapped.untimed(file, table, names, columns, connection)
    return Reading(sql.select(columns, source, where), list, [], None, lost, untimed, sql.literal(str(file.path)))


def _of_more(text: str) -> dict[str, str]:
    """Return the columns that stand in AdditionalFields: Zeek's names, or those of the DNS client's events."""
    more = f"TRY_CAST({text} AS JSON)"
    results = f"coalesce({more} ->> 'DnsQueryResult', '')"
    is_client = f"{more} ->> 'DnsQueryString' IS NOT NULL"
    answers = f"({more} ->> 'answers')"
    return {
        "qname": f"coalesce({more} ->> 'query', {more} ->> 'DnsQueryString')",
        "qtype": sql.qtype(f"({more} ->> 'qtype_name')"),
        "rcode": sql.rcode(f"({more} ->> 'rcode_name')"),
        "rtt_s": f"TRY_CAST({more} ->> 'rtt' AS DOUBLE)",
        "answers": f"CASE WHEN {is_client} THEN {mapped.of_objects(results, mapped.DATA)} ELSE {sql.items(answers)} END",
        "answer_types": f"CASE WHEN {is_client} THEN {mapped.of_objects(results, mapped.TYPE)} END",
        "answer_ttls": sql.whole_numbers(sql.items(f"({more} ->> 'TTLs')")),
    }
