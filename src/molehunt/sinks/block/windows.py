"""Query resolution policies of Windows Server's DNS."""

from __future__ import annotations

from molehunt.sinks.block.choice import BlockList

HEAD = """\
#Requires -Modules DnsServer
#Requires -RunAsAdministrator
$ErrorActionPreference = 'Stop'
"""

ONE = """\
Remove-DnsServerQueryResolutionPolicy -Name '{name}' -Force -ErrorAction SilentlyContinue
Add-DnsServerQueryResolutionPolicy -Name '{name}' -Action DENY -FQDN 'EQ,{domain},*.{domain}'
"""


def text(blocks: BlockList) -> str:
    """PowerShell for Windows Server 2016 or newer: one ``DENY`` query resolution policy for each domain.

    May be run again: a policy of the same name is replaced. Names are of letters, digits, hyphens, underscores and dots,
    so nothing in the single quotes can end them. DENY answers SERV_FAIL.
    Source: Microsoft, Add-DnsServerQueryResolutionPolicy (DnsServer module).
    """
    lines = [f"# {line}" for line in blocks.header()]
    for block in blocks.blocks:
        lines += ["", *(f"# {comment}" for comment in block.comments)]
        lines.append(ONE.format(name=f"molehunt-{block.domain}", domain=block.domain).rstrip())
    return HEAD + "\n".join(lines) + "\n"
