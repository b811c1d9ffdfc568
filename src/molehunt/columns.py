"""The columns of :data:`molehunt.schema.QUERIES` in SQL: for readers that build a relation and never hold Arrow."""

from __future__ import annotations

#: Name -> DuckDB type, in order. A test holds it equal to the Arrow schema.
QUERIES_SQL_TYPES: dict[str, str] = {
    "ts": "TIMESTAMPTZ",
    "client": "VARCHAR",
    "resolver": "VARCHAR",
    "transport": "VARCHAR",
    "protocol": "VARCHAR",
    "qname": "VARCHAR",
    "qtype": "VARCHAR",
    "rcode": "VARCHAR",
    "answers": "VARCHAR[]",
    "answer_types": "VARCHAR[]",
    "answer_ttls": "UINTEGER[]",
    "answer_bytes": "BIGINT",
    "query_bytes": "BIGINT",
    "response_bytes": "BIGINT",
    "rtt_s": "DOUBLE",
    "retry_count": "BIGINT",
    "edns_options": "USMALLINT[]",
}
