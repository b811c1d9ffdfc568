"""Plain domains, for firewalls and services that take nothing else."""

from __future__ import annotations

from molehunt.sinks.block.choice import BlockList


def text(blocks: BlockList) -> str:
    """Plain list, a domain a line, for firewalls and cloud resolvers that block subdomains by themselves."""
    lines = [f"# {line}" for line in blocks.header()]
    for block in blocks.blocks:
        lines += [*(f"# {comment}" for comment in block.comments), block.domain]
    return "\n".join(lines) + "\n"
