"""The tables that flow between the stages, as Arrow schemas.

One row of :data:`QUERIES` is one DNS transaction: a query with the response that was paired to it. A fact that the source
does not show is null, never 0 and never ``""``. Every field's metadata states its unit, meaning and what null means.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")


def _field(name: str, kind: pa.DataType, meaning: str, null: str, unit: str = "") -> pa.Field[pa.DataType]:
    return pa.field(name, kind, metadata={"meaning": meaning, "null": null, "unit": unit})


#: One row per DNS transaction. Readers produce exactly these columns in this order.
QUERIES: pa.Schema = pa.schema(
    [
        _field("ts", TIMESTAMP, "time of the query", "the source has no times", "UTC"),
        _field(
            "client",
            pa.string(),
            "address (or name) of who asked, as the log has it",
            "the source does not say who asked",
        ),
        _field("resolver", pa.string(), "address of the server that was asked", "not in the source"),
        _field("transport", pa.string(), "udp, tcp, tls, https, quic", "not in the source"),
        _field("protocol", pa.string(), "dns, mdns or llmnr", "never null"),
        _field(
            "qname",
            pa.string(),
            "name asked, letters as seen, RFC 1035 escapes (\\DDD, \\.)",
            "message without a question",
        ),
        _field("qtype", pa.string(), "record type asked, IANA mnemonic, else TYPEnnn", "not in the source"),
        _field("rcode", pa.string(), "response code, IANA mnemonic, else RCODEnn", "no response seen, or not in the source"),
        _field("answers", pa.list_(pa.string()), "rdata of each answer record, presentation format", "not in the source"),
        _field(
            "answer_types",
            pa.list_(pa.string()),
            "type of each answer record, parallel to answers",
            "not in the source",
        ),
        _field(
            "answer_ttls",
            pa.list_(pa.uint32()),
            "TTL of each answer record, parallel to answers",
            "not in the source",
            "s",
        ),
        _field("answer_bytes", pa.int64(), "octets of rdata in the answer section", "not in the source", "bytes"),
        _field("query_bytes", pa.int64(), "octets of the DNS query message", "not in the source", "bytes"),
        _field("response_bytes", pa.int64(), "octets of the DNS response message", "not in the source", "bytes"),
        _field("rtt_s", pa.float64(), "time from query to response", "no response seen, or not in the source", "s"),
        _field(
            "retry_count",
            pa.int64(),
            "retransmissions of the query folded into this row",
            "not in the source",
            "queries",
        ),
        _field("edns_options", pa.list_(pa.uint16()), "EDNS option codes of the query", "no EDNS, or not in the source"),
    ]
)

_EVIDENCE = pa.struct(
    [
        ("detector", pa.string()),
        ("feature", pa.string()),
        ("value", pa.string()),
        ("unit", pa.string()),
        ("weight", pa.float64()),
        ("sentence", pa.string()),
        ("group", pa.string()),
    ]
)

#: One row per finding: the fields of docs/output.md, for frames and Parquet. ``qtypes`` is a map, ``evidence`` are structs.
_FINDING_FIELDS: list[pa.Field[Any]] = [
    pa.field("finding_id", pa.string(), nullable=False),
    pa.field("client", pa.string()),
    pa.field("registered_domain", pa.string()),
    pa.field("kind", pa.string(), nullable=False),
    pa.field("confidence", pa.string(), nullable=False),
    pa.field("severity", pa.string(), nullable=False),
    pa.field("score", pa.float64(), nullable=False),
    pa.field("prior", pa.float64()),
    pa.field("summary", pa.string()),
    pa.field("up_bytes", pa.int64()),
    pa.field("down_bytes", pa.int64()),
    pa.field("query_count", pa.int64()),
    pa.field("unique_name_count", pa.int64()),
    pa.field("client_count", pa.int64()),
    pa.field("qtypes", pa.map_(pa.string(), pa.int64())),
    pa.field("first_ts", TIMESTAMP),
    pa.field("last_ts", TIMESTAMP),
    pa.field("family", pa.string()),
    pa.field("evidence", pa.list_(_EVIDENCE)),
    pa.field("sample_names", pa.list_(pa.string())),
    pa.field("attack", pa.list_(pa.string())),
    pa.field("next_steps", pa.list_(pa.string())),
    pa.field(
        "suppressed",
        pa.struct([("reason", pa.string()), ("owner", pa.string()), ("rule", pa.string()), ("expires", pa.string())]),
    ),
]
FINDINGS: pa.Schema = pa.schema(_FINDING_FIELDS)

#: One row per client, registered domain and hour; all numbers add up over hours, so that windows slide over them.
GROUPS: pa.Schema = pa.schema(
    [
        _field("client", pa.string(), "who asked", "the source does not say who asked"),
        _field("registered_domain", pa.string(), "public suffix and one label, normal form", "never null"),
        _field("hour_ts", TIMESTAMP, "beginning of the hour", "the source has no times", "UTC"),
        _field("query_count", pa.int64(), "queries", "never null", "queries"),
        _field("name_count", pa.int64(), "distinct names within the hour", "never null", "names"),
        _field("subdomain_chars", pa.int64(), "octets left of the registered domain, over all queries", "never null", "octets"),
        _field("down_chars", pa.int64(), "octets of all answers at most", "never null", "octets"),
        _field("rare_type_count", pa.int64(), "queries of type NULL, PRIVATE or KEY", "never null", "queries"),
        _field("first_ts", TIMESTAMP, "first query", "the source has no times", "UTC"),
        _field("last_ts", TIMESTAMP, "last query", "the source has no times", "UTC"),
    ]
)


@dataclass(frozen=True)
class Overview:
    """What the whole input holds; null times mean that the source has none.

    Attributes:
        query_count: Queries with a name, without mDNS and LLMNR.
        client_count: Distinct clients, the unknown one included.
        domain_count: Distinct registered domains.
        first_ts: Oldest query.
        last_ts: Newest query.
        has_clients: Whether any row says who asked.
        has_answers: Whether any row shows answers.
        forwarder: The one client, if it asks for so many domains that others must stand behind it.
    """

    query_count: int
    client_count: int
    domain_count: int
    first_ts: datetime | None
    last_ts: datetime | None
    has_clients: bool = True
    has_answers: bool = True
    forwarder: str | None = None


@dataclass(frozen=True)
class Candidates:
    """A part of what the sieve let through, as much as is looked at in one go.

    Attributes:
        rows: Queries; columns of ``engines.steps.ROWS``.
        zones: Facts of their domains over all clients; columns of ``engines.steps.ZONES``.
    """

    rows: pa.Table
    zones: pa.Table
