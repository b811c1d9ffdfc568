"""What others call our columns: one table of names per standard.

A name is compared without regard to case and punctuation, and without the zone that the Azure portal puts behind a time, so
``TimeGenerated [UTC]`` is ``timegenerated`` and ``query_name`` is ``QueryName``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: Our column -> the standard's names for it, the best first. ``port`` is the server's port: it tells
#: mDNS and LLMNR apart. ``qtype_number`` and ``rcode_number`` stand in where the mnemonic is missing.
Vocabulary = Mapping[str, tuple[str, ...]]

#: Elastic Common Schema 8. Source: elastic.co, ECS field reference, ``dns``.
ECS: Vocabulary = {
    "ts": ("@timestamp",),
    "client": ("source.ip", "client.ip", "source.address", "client.address"),
    "resolver": ("destination.ip", "server.ip", "destination.address", "server.address"),
    "port": ("destination.port", "server.port"),
    "transport": ("network.transport",),
    "qname": ("dns.question.name",),
    "qtype": ("dns.question.type",),
    "rcode": ("dns.response_code",),
    "answers": ("dns.answers", "dns.answers.data", "dns.resolved_ip"),
    "answer_types": ("dns.answers.type",),
    "answer_ttls": ("dns.answers.ttl",),
    "rtt_s": ("event.duration",),
}

#: OCSF class DNS Activity (4003). Source: schema.ocsf.io.
OCSF: Vocabulary = {
    "ts": ("time", "time_dt"),
    "client": ("src_endpoint.ip", "src_endpoint.hostname"),
    "resolver": ("dst_endpoint.ip", "dst_endpoint.hostname"),
    "port": ("dst_endpoint.port",),
    "transport": ("connection_info.protocol_name",),
    "qname": ("query.hostname",),
    "qtype": ("query.type",),
    "rcode": ("rcode",),
    "rcode_number": ("rcode_id",),
    "answers": ("answers", "answers.rdata"),
    "answer_types": ("answers.type",),
}

#: Splunk Common Information Model, Network Resolution. Source: docs.splunk.com.
CIM: Vocabulary = {
    "ts": ("_time",),
    "client": ("src", "src_ip"),
    "resolver": ("dest", "dest_ip"),
    "port": ("dest_port",),
    "transport": ("transport",),
    "qname": ("query",),
    "qtype": ("record_type", "query_type"),
    "rcode": ("reply_code",),
    "rcode_number": ("reply_code_id",),
    "answers": ("answer",),
    "answer_ttls": ("ttl",),
    "rtt_s": ("duration",),
}

#: Microsoft Sentinel and Azure Monitor, table DnsEvents. Source: Azure Monitor Logs reference.
DNS_EVENTS: Vocabulary = {
    "ts": ("TimeGenerated",),
    "client": ("ClientIP",),
    "resolver": ("Computer",),
    "qname": ("Name",),
    "qtype": ("QueryType",),
    "rcode": ("ResultCode", "Result"),
    "answers": ("IPAddresses",),
}

#: Microsoft Sentinel, ASIM DNS: ASimDnsActivityLogs and what _Im_Dns and vimDns give. Source: ASIM DNS schema reference.
ASIM: Vocabulary = {
    "ts": ("TimeGenerated", "EventStartTime"),
    "client": ("SrcIpAddr", "IpAddr", "Src", "SrcHostname"),
    "resolver": ("DstIpAddr", "Dst", "DstHostname"),
    "port": ("DstPortNumber",),
    "transport": ("NetworkProtocol",),
    "qname": ("DnsQuery", "Domain"),
    "qtype": ("DnsQueryTypeName",),
    "qtype_number": ("DnsQueryType",),
    "rcode": ("DnsResponseCodeName", "ResponseCodeName", "EventResultDetails"),
    "rcode_number": ("DnsResponseCode",),
    "answers": ("DnsResponseName",),
    "rtt_s": ("DnsNetworkDuration",),
}

#: Google Cloud DNS query logs. Source: cloud.google.com, DNS logging.
GOOGLE: Vocabulary = {
    "ts": ("timestamp",),
    "client": ("jsonPayload.sourceIP",),
    "resolver": ("jsonPayload.destinationIP",),
    "transport": ("jsonPayload.protocol",),
    "qname": ("jsonPayload.queryName",),
    "qtype": ("jsonPayload.queryType",),
    "rcode": ("jsonPayload.responseCode",),
    "answers": ("jsonPayload.rdata",),
}

#: Names that many logs use. Ours are the first of each.
COMMON: Vocabulary = {
    "ts": ("ts", "timestamp", "time", "query_timestamp", "datetime", "date_time", "event_time", "@timestamp", "_time"),
    "client": (
        "client", "client_ip", "client_address", "src_ip", "source_ip", "srcaddr", "src_addr", "src", "source", "c_ip",
        "id.orig_h", "clientip", "querier", "ip.src",
    ),
    "resolver": ("resolver", "resolver_ip", "server_ip", "dst_ip", "dest_ip", "dstaddr", "dst", "server", "id.resp_h"),
    "port": ("port", "server_port", "dst_port", "dest_port", "id.resp_p"),
    "transport": ("transport", "proto", "protocol"),
    "protocol": (),
    "qname": (
        "qname", "query_name", "query", "dns_query", "dns.qry.name", "question", "question_name", "dns_name", "rrname",
        "domain_name", "queried_domain",
    ),
    "qtype": (
        "qtype", "query_type_name", "qtype_name", "query_type", "qd_qtype", "record_type", "rrtype", "question_type",
        "dns.qry.type", "dns_type", "type",
    ),
    "rcode": ("rcode", "rcode_name", "response_code", "reply_code", "result_code", "dns.flags.rcode", "responsecode"),
    "answers": ("answers", "answer", "rdata", "resolved_ips", "responses"),
    "answer_types": ("answer_types",),
    "answer_ttls": ("answer_ttls", "ttls", "ttl"),
    "answer_bytes": ("answer_bytes",),
    "query_bytes": ("query_bytes", "query_size"),
    "response_bytes": ("response_bytes", "response_size"),
    "rtt_s": ("rtt_s", "rtt"),
    "retry_count": ("retry_count",),
    "edns_options": ("edns_options",),
}  # fmt: skip

#: In the order in which they are tried; the first with most names wins.
STANDARDS: Mapping[str, Vocabulary] = {
    "ECS": ECS,
    "OCSF": OCSF,
    "Splunk CIM": CIM,
    "ASIM": ASIM,
    "Google Cloud": GOOGLE,
    "common names": COMMON,
    "DnsEvents": DNS_EVENTS,
}

#: Name of a duration that is not in seconds -> how many of it make one.
TICKS: Mapping[str, float] = {"event.duration": 1e9, "dnsnetworkduration": 1e3}


def plain(name: str) -> str:
    """Return a name as it is compared."""
    return re.sub(r"[^a-z0-9.@]", "", re.sub(r"\s*\[[^\]]*\]\s*$", "", name).lower())


def match(vocabulary: Vocabulary, names: Iterable[str]) -> dict[str, str]:
    """Return our column -> the file's, for those that the file has."""
    there: dict[str, str] = {}
    for name in names:
        there.setdefault(plain(name), name)
    firsts = {
        ours: next((there[plain(name)] for name in theirs if plain(name) in there), "") for ours, theirs in vocabulary.items()
    }
    return {ours: first for ours, first in firsts.items() if first}


def guess(names: Iterable[str], standards: Iterable[Vocabulary] = STANDARDS.values()) -> dict[str, str]:
    """Return our column -> the file's by the standard that has most of them; empty if none has a name asked."""
    names = list(names)
    matches = [found for found in (match(vocabulary, names) for vocabulary in standards) if "qname" in found]
    return max(matches, key=len, default={})


def likeliest(names: Iterable[str]) -> dict[str, str]:
    """Return our column -> the file's by the standard that has most of them, be there a name asked or not."""
    names = list(names)
    return max((match(vocabulary, names) for vocabulary in STANDARDS.values()), key=len)
