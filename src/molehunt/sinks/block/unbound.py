"""Unbound's local zones."""

from __future__ import annotations

from molehunt.sinks.block.choice import BlockList


def text(blocks: BlockList) -> str:
    """File for unbound's ``include:``; ``local-zone`` of type ``always_nxdomain``.

    Source: unbound.conf(5), local-zone. The type answers for every record type and for all names below.
    """
    lines = [*(f"# {line}" for line in blocks.header()), "server:"]
    for block in blocks.blocks:
        lines += [f"  # {comment}" for comment in block.comments]
        lines.append(f'  local-zone: "{block.domain}." always_nxdomain')
    return "\n".join(lines) + "\n"
