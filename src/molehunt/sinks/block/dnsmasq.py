"""Dnsmasq's local domains."""

from __future__ import annotations

from molehunt.sinks.block.choice import BlockList


def text(blocks: BlockList) -> str:
    """File for dnsmasq's ``conf-dir`` (OpenWrt, libvirt, Pi-hole's ``/etc/dnsmasq.d``); ``local=/domain/``.

    Source: dnsmasq(8), ``--local``: never asked upstream, hence NXDOMAIN, for every record type and for all names below.
    """
    lines = [f"# {line}" for line in blocks.header()]
    for block in blocks.blocks:
        lines += [*(f"# {comment}" for comment in block.comments), f"local=/{block.domain}/"]
    return "\n".join(lines) + "\n"
