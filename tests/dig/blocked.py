"""The trial of a block list: a real server, with and without it, and a real tunnel through that server.

Run inside the seal: ``python -m tests.dig.blocked TRIAL LIST_FILE OUT_FILE``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.dig import seal, servers, tunnels
from tests.dig.__main__ import build
from tests.dig.tunnels import Tunnel
from tests.dig.world import RESOLVER, World

MOLE = Tunnel("iodine", "NULL")
ORDINARY = "www.amber-bakery.example"


@dataclass(frozen=True)
class Trial:
    """How a server loads a list: ``{list}`` in ``option`` and ``extra`` stands for its path."""

    format: str
    resolver: str
    program: str
    option: str = ""
    extra: str = ""


TRIALS: dict[str, Trial] = {
    "unbound": Trial("unbound", "unbound", "unbound", extra='include: "{list}"'),
    "unbound-rpz": Trial("rpz", "unbound", "unbound", extra='rpz:\n  name: molehunt.rpz\n  zonefile: "{list}"'),
    "named": Trial("bind", "named", "named", extra='include "{list}";'),
    "named-rpz": Trial(
        "rpz",
        "named",
        "named",
        option='response-policy { zone "molehunt.rpz"; };',
        extra='zone "molehunt.rpz" { type primary; file "{list}"; };',
    ),
    "dnsmasq": Trial("dnsmasq", "dnsmasq", "dnsmasq", extra="conf-file={list}"),
    "pdns-rpz": Trial("rpz", "pdns", "pdns_recursor", extra='rpzFile("{list}", {policyName="molehunt"})'),
}


def main(name: str, path: str, out: str) -> None:
    """Try the list and write what happened without and with it."""
    trial, world = TRIALS[name], World(seal.settle())
    try:
        build(world, (MOLE,), {MOLE.client: "laptop21", "10.53.0.11": "desk1"}, seed=1)
        tunnels.serve(world, MOLE)
        without = attempt(world, trial, "", "")
        extra = trial.extra.replace("{list}", path)
        result = {"without": without, "with": attempt(world, trial, trial.option, extra)}
    finally:
        world.close()
    Path(out).write_text(json.dumps(result))


def attempt(world: World, trial: Trial, option: str, extra: str) -> dict[str, Any]:
    """Start the server, ask it for an ordinary name and for one of the tunnel's, and try to dig through it."""
    for log in world.folder.glob("*.log"):
        log.unlink()
    (world.folder / f"{trial.resolver}.err").unlink(missing_ok=True)
    before = len(world.processes)
    servers.RESOLVERS[trial.resolver](world, (option,) if option else (), extra)
    facts = {
        "ordinary": _rcode(world, ORDINARY, "A"),
        "neighbour": _rcode(world, "www.dug.example", "A"),
        "tunnel_name": _rcode(world, "vaaaakaqxkm.t.dug.example", "NULL"),
        "digs": _digs(world),
    }
    for process in reversed(world.processes[before:]):
        if process.poll() is None:
            world.stop(process)
    return facts


def _rcode(world: World, qname: str, qtype: str) -> str:
    """Ask as an office machine does (dnspython in the namespace) and return the rcode."""
    code = (
        "import sys, dns.message, dns.query, dns.rcode; q = dns.message.make_query(sys.argv[1], sys.argv[2]);"
        "print(dns.rcode.to_text(dns.query.udp(q, sys.argv[3], timeout=8).rcode()))"
    )
    return world.ask("office", sys.executable, "-c", code, qname, qtype, RESOLVER).strip()


def _digs(world: World) -> bool:
    """Tell whether iodine comes through; it says so itself, either way."""
    try:
        tunnels.connect(world, MOLE, limit_s=30, failed="couldn't connect to server")
    except RuntimeError:
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
