"""Ask what the plan says, when it says so, from each client's own address. Runs inside a namespace: ``asker.py PLAN.json``."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import zlib
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.message
from tests.dig.world import RESOLVER

TRIES, PATIENCE_S = 2, 2.0


async def ask(start: float, at_s: float, client: str, qname: str, qtype: str) -> bool:
    """Make one look-up at its time and tell whether it was answered."""
    await asyncio.sleep(max(0.0, start + at_s - time.monotonic()))
    edns = 0 if zlib.crc32(client.encode()) % 2 else False  # half of the machines speak EDNS, as in real offices
    query = dns.message.make_query(qname, qtype, use_edns=edns, payload=1232)
    for _ in range(TRIES):
        try:
            await dns.asyncquery.udp(query, RESOLVER, timeout=PATIENCE_S, source=client)
        except dns.exception.DNSException:
            continue
        return True
    return False


async def main(path: Path) -> None:
    """Make every look-up of the plan and print how many were made and answered."""
    rows, start = json.loads(path.read_text()), time.monotonic()
    answered = await asyncio.gather(*(ask(start, *row) for row in rows))
    print(json.dumps({"asked": len(answered), "answered": sum(answered)}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
