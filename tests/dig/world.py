"""A small world of network namespaces: an office, its resolver, and an internet of two kinds of servers.

::

    office (10.53.0.11 …)  ─┐                                   ┌─ internet (198.51.100.53 authoritative, .54 provider's
    mole1  (10.53.0.21)    ─┼─ lan ─ resolver 10.53.0.1 ─ net ──┘            resolver, .66 … tunnel servers)
    mole2  (10.53.0.22)    ─┘        (also the office's router)

Recordings are made on ``lan``, where the addresses of the clients show.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

RESOLVER = "10.53.0.1"
ROUTER_OUTSIDE = "198.51.100.1"
AUTHORITATIVE = "198.51.100.53"
PROVIDER = "198.51.100.54"
STEP_S = 0.05


class World:
    """Namespaces, links between them, and the processes inside.

    Args:
        folder: Working folder: configurations, logs and recordings.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self._command("ip", "netns", "add", "resolver")
        for bridge, address in (("lan", RESOLVER), ("net", ROUTER_OUTSIDE)):
            self._inside("resolver", "ip", "link", "add", bridge, "type", "bridge")
            self._inside("resolver", "ip", "address", "add", f"{address}/24", "dev", bridge)
            self._inside("resolver", "ip", "link", "set", bridge, "up")
        self._inside("resolver", "ip", "link", "set", "lo", "up")
        self._inside("resolver", "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")

    def space(self, name: str, bridge: str, addresses: Sequence[str]) -> None:
        """Add a namespace with these addresses, plugged into ``lan`` or ``net``."""
        gateway = {"lan": RESOLVER, "net": ROUTER_OUTSIDE}[bridge]
        self._command("ip", "netns", "add", name)
        self._inside("resolver", "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._inside("resolver", "ip", "link", "set", name, "master", bridge, "up")
        for address in addresses:
            self._inside(name, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            self._inside(name, "ip", "link", "set", device, "up")
        self._inside(name, "ip", "route", "add", "default", "via", gateway)

    def start(self, space: str, *command: str, log: str) -> subprocess.Popen[bytes]:
        """Start a process in a namespace; what it says goes to the file ``log`` of the working folder."""
        with (self.folder / log).open("ab") as stream:
            process = subprocess.Popen(
                ["ip", "netns", "exec", space, *command],
                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd=self.folder,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def ask(self, space: str, *command: str, limit_s: float = 60) -> str:
        """Run a process in a namespace to its end and return what it printed.

        Raises:
            RuntimeError: It failed or took longer than ``limit_s``.
        """
        full = ["ip", "netns", "exec", space, *command]
        try:
            done = subprocess.run(full, capture_output=True, text=True, timeout=limit_s, check=False, cwd=self.folder)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"{' '.join(command)}: no end after {limit_s} s") from error
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()[-600:]}")
        return done.stdout

    def await_text(self, log: str, text: str, limit_s: float = 20, failed: str | None = None) -> None:
        """Wait until a log holds the text.

        Raises:
            RuntimeError: It does not within ``limit_s``, or says that it ``failed`` first.
        """
        path = self.folder / log
        deadline = time.monotonic() + limit_s
        while text not in (said := path.read_text(errors="replace") if path.exists() else "(no such file)"):
            if time.monotonic() > deadline or (failed and failed in said):
                raise RuntimeError(f"{log}: no {text!r} within {limit_s} s: {said[-600:]}")
            time.sleep(STEP_S)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End one process, politely first."""
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End every process, the last started first, so that recordings are complete."""
        for process in reversed(self.processes):
            if process.poll() is None:
                self.stop(process)

    def _inside(self, space: str, *command: str) -> None:
        self._command("ip", "netns", "exec", space, *command)

    @staticmethod
    def _command(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
