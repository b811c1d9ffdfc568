"""BIND's own empty zones, where a response policy zone is not wanted."""

from __future__ import annotations

from molehunt.sinks.block.choice import BlockList


def text(blocks: BlockList) -> str:
    """File for BIND's ``include``; an empty primary zone for each domain (prefer ``rpz``).

    Why the file of Debian's name: an empty zone needs one, and ``/etc/bind/db.empty`` comes with the package (elsewhere it
    is ``named.empty``). Source: BIND 9 ARM, zone statement.
    """
    lines = [f"// {line}" for line in blocks.header()]
    for block in blocks.blocks:
        lines += [f"// {comment}" for comment in block.comments]
        lines.append(f'zone "{block.domain}" {{ type primary; file "/etc/bind/db.empty"; }};')
    return "\n".join(lines) + "\n"
