"""Ready-made queries to look closer at a finding in the place where the logs are.

Every value is quoted for the language it goes into; a value that the language cannot hold (control characters) is left
out of the query, and the query says so. The queries compare whole names, never patterns: a name may hold ``*`` and ``%``.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime, timedelta

from molehunt.findings import Finding
from molehunt.sinks.text import rfc3339, safe


@dataclass(frozen=True)
class Pivot:
    """A query to paste.

    Attributes:
        language: Its language, as a person calls it.
        where: Where it runs.
        text: The query.
    """

    language: str
    where: str
    text: str


def pivots(finding: Finding) -> list[Pivot]:
    """Return a query in each language; none where neither the client nor the domain can be put into one."""
    client, domain = _usable(finding.client), _usable(finding.registered_domain and finding.registered_domain.lower())
    if client is None and domain is None:
        return []
    return [
        Pivot("KQL", "Microsoft Sentinel, table DnsEvents", _kql(finding, client, domain)),
        Pivot("SPL", "Splunk, data model field names (CIM Network Resolution)", _spl(finding, client, domain)),
        Pivot("ES|QL", "Elastic, index logs-*", _esql(finding, client, domain)),
        Pivot("zeek-cut", "a shell beside Zeek's dns.log files", _zeek(client, domain)),
    ]


def _usable(text: str | None) -> str | None:
    return text if text and text.isprintable() and safe(text) == text else None


def _c_quoted(text: str) -> str:
    """Return a string literal with backslash escapes, as KQL, SPL's eval and ES|QL read it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _kql(finding: Finding, client: str | None, domain: str | None) -> str:
    lines = ["DnsEvents"]
    if finding.first_ts and finding.last_ts:
        lines.append(
            f"| where TimeGenerated between (datetime({rfc3339(finding.first_ts)}) .. datetime({_after(finding.last_ts)}))"
        )
    if client:
        lines.append(f"| where ClientIP == {_c_quoted(client)}")
    if domain:
        lines.append(f"| where tolower(Name) == {_c_quoted(domain)} or tolower(Name) endswith_cs {_c_quoted('.' + domain)}")
    return "\n".join(
        [*lines, "| project TimeGenerated, ClientIP, Name, QueryType, IPAddresses", "| order by TimeGenerated asc"]
    )


def _spl(finding: Finding, client: str | None, domain: str | None) -> str:
    times = ""
    if finding.first_ts and finding.last_ts:
        times = f" earliest={int(finding.first_ts.timestamp())} latest={int(finding.last_ts.timestamp()) + 1}"
    lines = [f"search tag=dns tag=network tag=resolution{times}"]
    if client:
        lines.append(f"| where src={_c_quoted(client)}")
    if domain:
        tail = "." + domain
        lines.append(f"| where lower(query)={_c_quoted(domain)} OR substr(lower(query), -{len(tail)})={_c_quoted(tail)}")
    return "\n".join([*lines, "| table _time src query record_type reply_code answer", "| sort 0 _time"])


def _esql(finding: Finding, client: str | None, domain: str | None) -> str:
    lines = ["FROM logs-*"]
    if finding.first_ts and finding.last_ts:
        lines.append(f'| WHERE @timestamp >= "{rfc3339(finding.first_ts)}" AND @timestamp < "{_after(finding.last_ts)}"')
    if client:
        lines.append(f"| WHERE source.address == {_c_quoted(client)} OR TO_STRING(source.ip) == {_c_quoted(client)}")
    if domain:
        name = "TO_LOWER(dns.question.name)"
        lines.append(f"| WHERE {name} == {_c_quoted(domain)} OR ENDS_WITH({name}, {_c_quoted('.' + domain)})")
    keep = "| KEEP @timestamp, source.ip, dns.question.name, dns.question.type, dns.response_code"
    return "\n".join([*lines, keep, "| SORT @timestamp"])


def _zeek(client: str | None, domain: str | None) -> str:
    """Return a pipe; the values travel in the environment, where neither the shell nor awk reads anything into them."""
    setting, conditions = [], []
    if client:
        setting.append(f"C={shlex.quote(client)}")
        conditions.append('$2 == ENVIRON["C"]')
    if domain:
        setting.append(f"D={shlex.quote('.' + domain)}")
        conditions.append('(q = "." tolower($3)) && substr(q, length(q) - length(ENVIRON["D"]) + 1) == ENVIRON["D"]')
    program = " && ".join(conditions)
    return (
        "zcat -f dns*.log* | zeek-cut -u ts id.orig_h query qtype_name rcode_name answers \\\n"
        + f"  | {' '.join(setting)} awk -F'\\t' '{program}'"
    )


def _after(moment: datetime) -> str:
    """Return the next full second: an end that leaves nothing of the finding out."""
    return rfc3339(moment.replace(microsecond=0) + timedelta(seconds=1))
