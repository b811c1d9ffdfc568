"""Block lists: what a resolver has to load so that a confirmed tunnel no longer passes.

A format is one short file with a function ``BlockList -> text``, one line in :data:`FORMATS`, one section in
``docs/sinks/block.md`` and, where a server of that kind can be installed, one trial with a real tunnel.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from molehunt.errors import ConfigError
from molehunt.findings import Confidence, Report
from molehunt.sinks.block.choice import Block, BlockList, Refused, choose

__all__ = ["FORMATS", "Block", "BlockList", "Refused", "choose", "formats", "render", "write"]

#: name -> "module:object"; loaded on use.
FORMATS: dict[str, str] = {
    "rpz": "molehunt.sinks.block.rpz:text",
    "unbound": "molehunt.sinks.block.unbound:text",
    "bind": "molehunt.sinks.block.bind:text",
    "dnsmasq": "molehunt.sinks.block.dnsmasq:text",
    "pihole": "molehunt.sinks.block.adblock:text",
    "adguard": "molehunt.sinks.block.adblock:text",
    "windows-dns-policy": "molehunt.sinks.block.windows:text",
    "domains": "molehunt.sinks.block.domains:text",
}


def formats() -> dict[str, str]:
    """Return name -> what it is for, in the table's order."""
    return {name: (_load(name).__doc__ or "").splitlines()[0] for name in FORMATS}


def render(report: Report, format: str, minimum: Confidence = "medium") -> str:
    """Return the block list of a report's confirmed domains.

    Args:
        report: Its findings that are not suppressed say what to block.
        format: One of :data:`FORMATS`.
        minimum: Least confidence of a finding that counts as confirmed.

    Raises:
        ConfigError: No such format.
    """
    return write(choose(report, minimum), format)


def write(blocks: BlockList, format: str) -> str:
    """Return a block list as text, comments about what was refused included.

    Raises:
        ConfigError: No such format.
    """
    return _load(format)(blocks)


def _load(format: str) -> Callable[[BlockList], str]:
    if format not in FORMATS:
        raise ConfigError(f"unknown block list format {format!r}", next_step=f"Formats: {', '.join(FORMATS)}")
    module, _, attribute = FORMATS[format].partition(":")
    return cast("Callable[[BlockList], str]", getattr(import_module(module), attribute))
