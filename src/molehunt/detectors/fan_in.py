"""Fan-in: one domain, many clients, a few names each.

Idea: a sender that spreads over many clients (or that is seen through a large resolver's many addresses) stays small for each,
but the names are never shared, which names of a service are.
Formula: at least ``clients`` clients, at most ``names`` names each in the mean, no name that many clients ask, at least
``bytes`` bytes over all and ``name_bytes`` per name, and nearly every name asked by one client only.
Source: DETECTION 5; the number of names is own choice, since an authoritative server sees a tunnel through few addresses.
Defaults: ``clients`` 5, ``names`` 20, ``bytes`` 128, ``name_bytes`` 8, ``sharing`` 1.25.
Measured: on channels of 5, 20 and 60 clients (the change "many clients" of the evaluation), and on public captures from the
side of the authoritative server, where one client shows up as the many addresses of a public resolver.
Misses: clients that also ask shared names of the domain.
"""

from __future__ import annotations

from molehunt.detectors import Pool, Reason
from molehunt.detectors.facts import Facts


class FanIn:
    """The detector ``fan_in``; see the module."""

    name = "fan_in"
    summary = "many clients send a few unshared names each to one domain"
    pool: Pool = "clients"

    def reason(self, facts: Facts) -> Reason | None:
        """Say why the group has to be listed, or None."""
        s = facts.settings.fan_in
        group = facts.group
        if group.clients < s.clients or facts.own_name_count > s.names * group.clients:
            return None
        if facts.own_name_count < len(group.names):  # a name that many clients ask is a service's
            return None
        if facts.up.total_bytes < s.bytes or facts.name_bytes < s.name_bytes or (facts.sharing or 1.0) > s.sharing:
            return None
        text = f"{group.clients:,} clients asked {len(group.names):,} names, hardly one of them shared"
        return Reason(self.name, float(group.clients), "clients", text)


DETECTOR = FanIn()
