"""Suricata's eve.json: DNS events of versions 1, 2 and 3; a query and its answer become one row.

A query and its answer have the flow and the transaction id in common. Within those, in order of time, a record begins a new
transaction unless it is the answer to the query before it, or repeats it within the time that counts as a retry.
Source: Suricata user guide, EVE JSON format.
"""

from __future__ import annotations

import duckdb

from molehunt.config import Config
from molehunt.readers import Reading, SourceFile, objects, sql
from molehunt.readers.untimed import Untimed

FIELDS = (
    ("timestamp",), ("event_type",), ("flow_id",), ("src_ip",), ("src_port",), ("dest_ip",), ("dest_port",), ("proto",),
    ("dns", "type"), ("dns", "id"), ("dns", "rrname"), ("dns", "rrtype"), ("dns", "rcode"), ("dns", "rdata"),
    ("dns", "ttl"), ("dns", "queries"), ("dns", "answers"), ("dns", "grouped"),
)  # fmt: skip

#: The time of an event, and whether it is one of DNS.
TIME = "TRY_CAST(timestamp AS TIMESTAMPTZ)"
DNS = "coalesce(event_type, 'dns') = 'dns' AND dns IS NOT NULL"


class SuricataReader:
    """Reads eve.json."""

    name = "suricata"
    summary = "Suricata eve.json, DNS events of versions 1, 2 and 3"

    def sniff(self, head: bytes) -> bool:
        """Tell whether the first records are Suricata's."""
        return any(_is_event(record) for record in objects.first_records(head))

    def read(self, file: SourceFile, connection: duckdb.DuckDBPyConnection, config: Config) -> Reading:
        """Open an eve.json; events that are not of DNS are left out."""
        form = objects.form_of(file.head)
        source = objects.scan(file.path, form, FIELDS)
        records = _records(source)
        relation = sql.select(COLUMNS, _transactions(records, config.pcap.pair_s, config.pcap.retry_s))
        lost = objects.BadObjects(connection, file) if form == "newline_delimited" else objects.nothing_lost
        untimed = Untimed(connection, file.path, source, "timestamp", TIME, DNS)
        return Reading(relation, list, [], None, lost, untimed, sql.literal(str(file.path)))


READER = SuricataReader()


def _is_event(record: dict[str, object]) -> bool:
    return ("timestamp" in record and "src_ip" in record and "event_type" in record) or record.get("event_type") == "stats"


def _records(source: str) -> str:
    """Return one row per DNS event, its question, and who asked whom."""
    question = "dns['queries'] ->> '$[0].{}'"
    answered = "(dns['type'] IN ('answer', 'response'))"
    # An answer goes from the server to the client; but some exporters turn it round, which the port shows.
    back = (
        f"CASE WHEN dest_port IN ('53', '5353', '5355') THEN false "
        f"WHEN src_port IN ('53', '5353', '5355') THEN true ELSE {answered} END"
    )
    return (
        f"(SELECT {TIME} AS t, {answered} AS answered, proto, dns['id'] AS id, "
        f"CASE WHEN {back} THEN dest_ip ELSE src_ip END AS client, "
        f"CASE WHEN {back} THEN src_ip ELSE dest_ip END AS resolver, "
        f"CASE WHEN {back} THEN src_port ELSE dest_port END AS port, "
        "coalesce(flow_id, concat_ws('|', least(src_ip, dest_ip), greatest(src_ip, dest_ip), least(src_port, dest_port), "
        "greatest(src_port, dest_port))) AS flow, "
        f"coalesce(dns['rrname'], {question.format('rrname')}) AS name, "
        f"coalesce(dns['rrtype'], {question.format('rrtype')}) AS kind, "
        "dns['rcode'] AS rcode, dns['answers'] AS answers, dns['grouped'] AS grouped, dns['rdata'] AS rdata, "
        f"dns['ttl'] AS ttl FROM {source} WHERE {DNS})"
    )


def _transactions(records: str, pair_s: float, retry_s: float) -> str:
    """Return one row per transaction."""
    window = "PARTITION BY flow, id ORDER BY t, answered, name, kind, rdata"
    order, so_far = f"OVER ({window})", f"OVER ({window} ROWS UNBOUNDED PRECEDING)"
    gap = "epoch(t - was_t)"
    begins = (
        "CASE WHEN was_t IS NULL THEN 1 "
        f"WHEN answered AND NOT was_answered THEN ({gap} > {pair_s})::INTEGER "
        f"WHEN answered AND was_answered AND rdata IS NOT NULL AND {gap} = 0 THEN 0 "
        f"WHEN name IS NOT DISTINCT FROM was_name AND kind IS NOT DISTINCT FROM was_kind THEN ({gap} > {retry_s})::INTEGER "
        "ELSE 1 END"
    )
    before = (
        f"SELECT *, lag(t) {order} AS was_t, lag(answered) {order} AS was_answered, lag(name) {order} AS was_name, "
        f"lag(kind) {order} AS was_kind FROM {records}"
    )
    numbered = f"SELECT *, sum({begins}) {so_far} AS number FROM ({before})"
    asked, reply = "FILTER (NOT answered)", "FILTER (answered)"
    return (
        f"(SELECT min(t) AS first_t, min(t) {asked} AS asked_t, min(t) {reply} AS reply_t, count(*) {asked} AS asked_count, "
        "any_value(client) AS client, any_value(resolver) AS resolver, any_value(port) AS port, any_value(proto) AS proto, "
        f"arg_min(name, (answered, t)) AS name, arg_min(kind, (answered, t)) AS kind, min(rcode) {reply} AS rcode, "
        f"arg_min(answers, t) {reply} AS answers, arg_min(grouped, t) {reply} AS grouped, "
        "list(struct_pack(kind := kind, rdata := rdata, ttl := ttl) ORDER BY t, kind, rdata) "
        "FILTER (answered AND rdata IS NOT NULL) AS lines "
        f"FROM ({numbered}) GROUP BY flow, id, number)"
    )


def _answers() -> dict[str, str]:
    """Return the answers: as objects (versions 2 and 3), grouped by type, or one record each (version 1)."""
    objects_ = "json_extract(answers, '$[*]')"
    data = "coalesce(item ->> 'rdata', item ->> 'srv', item ->> 'soa', item ->> 'mx', item ->> 'sshfp', '')"
    grouped = (
        "flatten(list_transform(json_keys(grouped), lambda k: list_transform(json_extract(json_extract("
        "grouped, '/' || k), '$[*]'), lambda v: struct_pack(kind := k, rdata := v ->> '$', ttl := NULL::VARCHAR))))"
    )
    whole = (
        f"list_transform({objects_}, lambda item: "
        f"struct_pack(kind := item ->> 'rrtype', rdata := {data}, ttl := item ->> 'ttl'))"
    )
    rows = f"CASE WHEN answers IS NOT NULL THEN {whole} WHEN grouped IS NOT NULL THEN {grouped} ELSE lines END"

    def each(value: str) -> str:
        return f"list_transform({rows}, lambda answer: {value})"

    return {
        "answers": each("answer.rdata"),
        "answer_types": each(sql.qtype("answer.kind")),
        "answer_ttls": each("TRY_CAST(answer.ttl AS UINTEGER)"),
    }


COLUMNS = {
    "ts": "coalesce(asked_t, first_t)",
    "client": "client",
    "resolver": "resolver",
    "transport": "lower(proto)",
    "protocol": sql.protocol("port"),
    "qname": "name",
    "qtype": sql.qtype("kind"),
    "rcode": f"CASE WHEN reply_t IS NOT NULL THEN {sql.rcode('rcode')} END",
    "rtt_s": "epoch(reply_t - asked_t)",
    "retry_count": "CASE WHEN asked_count > 0 THEN asked_count - 1 END",
    **_answers(),
}
