"""Framed: names that follow the protocol of a known tunnel.

Idea: a tool frames its data, so two names can do where a count of bytes needs eight, whatever domain they go to.
Formula: at least ``names`` distinct names ``DATA.NONCE-PLACE.id-SESSION.up`` or ``PLACE-NONCE.id-SESSION.down`` of one
session.
Source: OzymanDNS (Kaminsky 2004); own choice of the number.
Defaults: ``names`` 2.
Measured: on the public captures: three of three to five queries (``ozyman_idle*``) alert by it; no benign log or look-alike
follows any of the grammars.
Misses: tools whose frame no cheap pattern of the first pass can tell (iodine, dnscat2, dns2tcp and others are named, and their
names carry enough to be listed anyway), and tools whose author changed the frame.
"""

from __future__ import annotations

from molehunt.detectors import Pool, Reason, tools
from molehunt.detectors.facts import Facts


class Framed:
    """The detector ``framed``; see the module."""

    name = "framed"
    summary = "names that follow the protocol of a known tunnel"
    pool: Pool = ""

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        s = facts.settings
        count = tools.ozyman_names(facts.group, s.group.public_clients)
        if count < s.framed.names:
            return None
        return Reason(self.name, float(count), "names", f"{count:,} names of one session follow the protocol of OzymanDNS")


DETECTOR = Framed()
