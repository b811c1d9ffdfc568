"""Response policy zone: the one format that most resolvers share."""

from __future__ import annotations

from molehunt.sinks.block.choice import BlockList

SERIALS = 1 << 32

#: The names are relative: the zone may have any name.
HEAD = """\
$TTL 60
@ SOA localhost. molehunt.invalid. {serial} 3600 600 604800 60
@ NS localhost.
"""


def text(blocks: BlockList) -> str:
    """Response policy zone for BIND, unbound, PowerDNS Recursor and Knot Resolver: NXDOMAIN.

    Source: draft-vixie-dnsop-dns-rpz §3.1: a CNAME to the root means NXDOMAIN. The serial number is the report's time, so
    that a newer report's list replaces an older one's.
    """
    serial = int(blocks.now.timestamp()) % SERIALS if blocks.now else 1
    lines = [f"; {line}" for line in blocks.header()]
    for block in blocks.blocks:
        lines += ["", *(f"; {comment}" for comment in block.comments)]
        lines += [f"{block.domain} CNAME .", f"*.{block.domain} CNAME ."]
    return HEAD.format(serial=serial) + "\n".join(lines) + "\n"
