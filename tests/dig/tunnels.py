"""Real tunnels: Debian's iodine and dns2tcp, each carrying a transfer whose size is known in both directions."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.dig.world import RESOLVER, World

PASSWORD = "moledig"
PAYLOAD = Path(__file__).with_name("payload.py")
DEVICE = "dns0"


@dataclass(frozen=True)
class Tunnel:
    """A tunnel to be dug, and what is to be moved through it.

    Attributes:
        tool: iodine or dns2tcp.
        qtype: Record type that the tool is told to use.
        client: Address of the mole in the office.
        domain: What the tunnel's names end in; delegated to ``server``.
        server: Address of the tunnel's server.
        up_bytes: Payload from the office to the internet.
        down_bytes: Payload the other way.
        options: Further options of the tool's client.
        server_options: Further options of iodine's server.
        begin_s: When the mole starts, after the office.
        chunk_bytes: Bytes that are sent up at once …
        pause_s: … and the pause after each.
        idle_s: How long the tunnel stands open after the transfer.
        direct: Whether the mole asks the tunnel's server itself instead of the office's resolver.
    """

    tool: str
    qtype: str
    client: str = "10.53.0.21"
    domain: str = "t.dug.example"
    server: str = "198.51.100.66"
    up_bytes: int = 6000
    down_bytes: int = 6000
    options: tuple[str, ...] = ()
    server_options: tuple[str, ...] = ()
    begin_s: float = 0.5
    chunk_bytes: int = 65536
    pause_s: float = 0.0
    idle_s: float = 0.0
    direct: bool = False

    @property
    def space(self) -> str:
        """Name of the mole's namespace."""
        return f"mole{self.client.rsplit('.', 1)[1]}"

    @property
    def name_server(self) -> str:
        """Address that the mole asks."""
        return self.server if self.direct else RESOLVER

    @property
    def number(self) -> int:
        """Last octet of the server: tells several tunnels apart."""
        return int(self.server.rsplit(".", 1)[1])


def serve(world: World, tunnel: Tunnel) -> None:
    """Start the tunnel's server on the internet side."""
    n = tunnel.number
    if tunnel.tool == "iodine":
        place = ("-l", tunnel.server, "-d", f"dns{n}", f"10.99.{n}.1/27", tunnel.domain)
        options = ("-f", "-c", "-P", PASSWORD, *tunnel.server_options)
        world.start("internet", "iodined", *options, *place, log=f"iodined{n}.log")
        world.await_text(f"iodined{n}.log", "Listening to dns")
        return
    config = world.folder / f"dns2tcpd{n}.conf"
    config.write_text(
        f"listen = {tunnel.server}\nport = 53\nuser = root\nchroot = {world.folder}\ndomain = {tunnel.domain}\n"
        f"key = {PASSWORD}\nresources = hole:127.0.0.1:{4000 + n}\n"
    )
    world.start("internet", "dns2tcpd", "-F", "-d", "1", "-f", str(config), log=f"dns2tcpd{n}.log")
    world.await_text(f"dns2tcpd{n}.log", "Change to user")


def dig(world: World, tunnel: Tunnel) -> dict[str, Any]:
    """Dig the tunnel, move the payload, close it, and return the truth about it.

    Raises:
        RuntimeError: The tunnel did not come up, or the payload did not arrive.
    """
    time.sleep(tunnel.begin_s)
    started = time.time()
    far, near = connect(world, tunnel)
    sizes = (str(tunnel.up_bytes), str(tunnel.down_bytes), tunnel.domain)
    served = world.start("internet", sys.executable, str(PAYLOAD), "serve", *far, *sizes, log=f"served{tunnel.number}")
    time.sleep(0.3)
    pace = (str(tunnel.chunk_bytes), str(tunnel.pause_s))
    down = json.loads(world.ask(tunnel.space, sys.executable, str(PAYLOAD), "send", *near, *sizes, *pace, limit_s=600))
    served.wait(20)
    time.sleep(tunnel.idle_s)
    counters = _counters(world, tunnel)
    close(world, tunnel)
    up = json.loads((world.folder / f"served{tunnel.number}").read_text())
    if not (up["intact"] and down["intact"]):
        raise RuntimeError(f"the payload did not arrive: up {up}, down {down}")
    facts = asdict(tunnel) | {"started_ts": started, "ended_ts": time.time(), "resolver": tunnel.name_server}
    return facts | {"up_sha256": up["sha256"], "down_sha256": down["sha256"], **counters}


def connect(
    world: World, tunnel: Tunnel, limit_s: float = 30, failed: str | None = None
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Start the tunnel's client and wait until it is through, or says that it ``failed``.

    Returns:
        Where the far end of a transfer listens, and where the near end dials: host and port each.

    Raises:
        RuntimeError: The tunnel did not come up in time.
    """
    n, log = tunnel.number, f"{tunnel.tool}{tunnel.number}.log"
    if tunnel.tool == "iodine":
        world.start(
            tunnel.space, "iodine", "-f", "-P", PASSWORD, "-T", tunnel.qtype, "-d", DEVICE, "-r", *tunnel.options,
            tunnel.name_server, tunnel.domain, log=log,
        )  # fmt: skip
        world.await_text(log, "Connection setup complete", limit_s, failed)
        return ((f"10.99.{n}.1", "4000"),) * 2
    world.start(
        tunnel.space, "dns2tcpc", "-z", tunnel.domain, "-k", PASSWORD, "-r", "hole", "-l", "2200", "-T", tunnel.qtype,
        "-d", "1", *tunnel.options, tunnel.name_server, log=log,
    )  # fmt: skip
    world.await_text(log, "Listening on port", limit_s, failed)
    return ("127.0.0.1", str(4000 + n)), ("127.0.0.1", "2200")


def close(world: World, tunnel: Tunnel) -> None:
    """End the tunnel's client."""
    for process in world.processes:
        command = process.args
        if isinstance(command, list) and tunnel.space in command and process.poll() is None:
            world.stop(process)


def _counters(world: World, tunnel: Tunnel) -> dict[str, int]:
    """Return what passed through iodine's tunnel device: the payload with TCP and IP around it, before compression."""
    if tunnel.tool != "iodine":
        return {}
    folder = f"/sys/class/net/{DEVICE}/statistics"
    up, down = world.ask(tunnel.space, "cat", f"{folder}/tx_bytes", f"{folder}/rx_bytes").split()
    return {"tun_up_bytes": int(up), "tun_down_bytes": int(down)}
