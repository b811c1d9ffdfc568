"""The lists of Pi-hole and AdGuard Home."""

from __future__ import annotations

from molehunt.sinks.block.choice import BlockList


def text(blocks: BlockList) -> str:
    """List for Pi-hole (FTL 5.22 or newer, *Lists*) and AdGuard Home (*DNS blocklists*); ``||domain^``.

    Why not a hosts file: it would block no subdomain, and a tunnel is all subdomains.
    Source: https://docs.pi-hole.net/ (Gravity lists), https://adguard-dns.io/kb/general/dns-filtering-syntax/.
    """
    lines = [f"! {line}" for line in blocks.header()]
    for block in blocks.blocks:
        lines += [*(f"! {comment}" for comment in block.comments), f"||{block.domain}^"]
    return "\n".join(lines) + "\n"
