"""The proposed suppressions as a file that ``--suppress`` reads, each with what it would hide."""

from __future__ import annotations

import json

from molehunt.sinks.text import human_bytes, safe
from molehunt.tuning import Proposal, Tuning

HEAD = """\
# Suppressions proposed by `molehunt tune`. Read each before you use it: it hides findings, and what it hides is only counted.
# Give every rule an owner and an expiry, then: molehunt scan ... --suppress THIS_FILE
"""


def toml(tuning: Tuning) -> str:
    """Return a TOML file with a rule per proposal, the noisiest first."""
    return HEAD + "".join(_rule(proposal) for proposal in tuning.proposals)


def cost(proposal: Proposal) -> str:
    """Return what a proposal would hide, in words: ``hides 3 findings (1 an alert) of 2 clients, 1.2 MB up``."""
    findings = f"{proposal.finding_count} finding{'s' * (proposal.finding_count != 1)}"
    alerts = f" ({proposal.alert_count} of them alerts)" if proposal.alert_count else ""
    clients = f"{proposal.client_count} client{'s' * (proposal.client_count != 1)}"
    return f"hides {findings}{alerts} of {clients}, {human_bytes(proposal.up_bytes)} up"


def _rule(proposal: Proposal) -> str:
    fields = {"domain": proposal.domain, "family": proposal.family, "reason": f"looks like {proposal.family}"}
    lines = [f"{name} = {json.dumps(safe(value))}" for name, value in fields.items()]
    return f"\n# {cost(proposal)}\n[[rule]]\n" + "\n".join(lines) + "\n"
