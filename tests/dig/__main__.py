"""The command: ``python -m tests.dig NAME -o FOLDER``; see ``docs/captures.md``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.dig import __doc__ as summary
from tests.dig import habits, ordinary, results, seal, servers, tunnels
from tests.dig.digs import DIGS, Dig
from tests.dig.tunnels import Tunnel
from tests.dig.world import AUTHORITATIVE, PROVIDER, World

#: Longest time of the set-up, the tunnels' handshakes and the end, beside the office's day.
OVERHEAD_S = 90.0
#: Longest time that unbound keeps a message back from dnstap.
FLUSH_S = 2.0
#: The filter of the recording: DNS, and the further fragments of large answers.
PORT_53 = "port 53 or (ip[6:2] & 0x1fff != 0)"


def main() -> int:
    """Parse the arguments; dig inside the seal."""
    parser = argparse.ArgumentParser(prog="python -m tests.dig", description=summary)
    parser.add_argument("name", choices=["list", *(dig.name for dig in DIGS)], help="what to dig")
    parser.add_argument("-o", "--out", type=Path, help="folder of the results")
    arguments = parser.parse_args()
    if arguments.name == "list":
        print("\n".join(f"{dig.name:20} {dig.summary}" for dig in DIGS))
        return 0
    dig = next(dig for dig in DIGS if dig.name == arguments.name)
    out = (arguments.out or Path(dig.name)).resolve()
    if not seal.sealed():
        if lack := seal.missing():
            print(f"cannot dig here: {lack}", file=sys.stderr)
            return 2
        return seal.run([dig.name, "-o", str(out)], limit_s=dig.duration_s + OVERHEAD_S)
    perform(dig, seal.settle(), out)
    return 0


def perform(dig: Dig, work: Path, out: Path) -> None:
    """Build the world, live the office's day with its tunnels, write the results."""
    world = World(work)
    try:
        place = build(world, dig.tunnels, dig.office, dig.seed)
        for tunnel in dig.tunnels:
            tunnels.serve(world, tunnel)
        servers.RESOLVERS[dig.resolver](world, dig.resolver_options, "")
        record(world)
        truth = live(world, dig, place)
    finally:
        world.close()
    results.write(dig, work, out, truth)


def build(world: World, moles: tuple[Tunnel, ...], office: dict[str, str], seed: int) -> ordinary.Town:
    """Make the namespaces and the authoritative server; return the town that it serves."""
    dug = {tunnel.client for tunnel in moles}
    world.space("internet", "net", [AUTHORITATIVE, PROVIDER, *(tunnel.server for tunnel in moles)])
    world.space("office", "lan", [address for address in office if address not in dug])
    for tunnel in moles:
        world.space(tunnel.space, "lan", [tunnel.client])
    place = ordinary.town(seed, {tunnel.domain: tunnel.server for tunnel in moles}, office)
    servers.authoritative(world, ordinary.zone_files(place))
    return place


def record(world: World) -> None:
    """Start the recording on the clients' side of the resolver."""
    world.start(
        "resolver", "tcpdump", "-i", "lan", "-n", "-U", "--immediate-mode", "-Z", "root", "-w", "capture.pcap", PORT_53,
        log="tcpdump.log",
    )  # fmt: skip
    world.await_text("tcpdump.log", "listening on")


def live(world: World, dig: Dig, place: ordinary.Town) -> dict[str, Any]:
    """Let everybody ask and every mole dig, at the same time; return the truth."""
    asked = habits.plan(place, dig.office, dig.duration_s, dig.seed)
    moles = {tunnel.client: tunnel.space for tunnel in dig.tunnels}
    spaces = ["office", *moles.values()]
    started = time.time()
    with ThreadPoolExecutor() as pool:
        counts = [
            pool.submit(ask, world, space, [one for one in asked if moles.get(one.client, "office") == space], dig.duration_s)
            for space in spaces
        ]  # fmt: skip
        digging = [pool.submit(tunnels.dig, world, tunnel) for tunnel in dig.tunnels]
        truths = [one.result() for one in digging]
        total = [one.result() for one in counts]
    time.sleep(FLUSH_S)
    return {
        "dig": dig.name,
        "started_ts": started,
        "ended_ts": time.time(),
        "resolver": dig.resolver,
        "seed": dig.seed,
        "clients": dig.office,
        "ordinary": {key: sum(count[key] for count in total) for key in ("asked", "answered")},
        "tunnels": [one | {"registered_domain": one["domain"].split(".", 1)[1]} for one in truths],
        "versions": results.versions(dig),
    }


def ask(world: World, space: str, asked: list[habits.Asked], duration_s: float) -> dict[str, int]:
    """Make a namespace's ordinary look-ups; return how many were asked and answered."""
    path = world.folder / f"{space}.plan.json"
    path.write_text(json.dumps([[one.at_s, one.client, one.qname, one.qtype] for one in asked]))
    command = ("env", f"PYTHONPATH={Path(__file__).parents[2]}", sys.executable, "-m", "tests.dig.asker", str(path))
    counts: dict[str, int] = json.loads(world.ask(space, *command, limit_s=duration_s + OVERHEAD_S))
    return counts


if __name__ == "__main__":
    sys.exit(main())
