"""The seal: the dig runs in its own PID, mount and network namespaces, so nothing of it can outlive it or leave it.

The kernel ends every process of a PID namespace together with its first one, and a network namespace with its last
process. So there is nothing to clean up, even after SIGKILL: servers, tunnels, links and temporary files vanish together.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

FILES = 4096
SEALED = "MOLEHUNT_DIG_SEALED"
PROGRAMS = ("ip", "unshare", "tcpdump", "tshark", "unbound", "named", "dnsmasq", "fstrm_capture", "iodine", "dns2tcpc")


def missing() -> str | None:
    """Return what this machine lacks for a dig, or None."""
    if os.geteuid() != 0:
        return "not root"
    if not Path("/dev/net/tun").exists():
        return "no /dev/net/tun"
    if absent := [program for program in PROGRAMS if not shutil.which(program)]:
        return f"not installed: {', '.join(absent)}"
    probe = [*_unshare(), "mount", "-t", "tmpfs", "tmpfs", "/run"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        return "namespaces are not allowed"
    return None


def sealed() -> bool:
    """Tell whether this process runs inside the seal."""
    return SEALED in os.environ


def run(arguments: list[str], limit_s: float, module: str = "tests.dig") -> int:
    """Run ``python -m MODULE ARGUMENTS`` inside a new seal and return its exit code; 124 if it took too long."""
    command = [*_unshare(), sys.executable, "-m", module, *arguments]
    root = Path(__file__).parents[2]
    child = subprocess.Popen(command, cwd=root, env={**os.environ, SEALED: "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"})
    try:
        return child.wait(limit_s)
    except subprocess.TimeoutExpired:
        return 124
    finally:
        child.kill()  # and, through --kill-child, everything inside


def settle() -> Path:
    """Prepare the inside: a fresh ``/run`` in memory. Return an empty working folder there."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))  # dns2tcpd closes every possible one at its start
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    folder = Path("/run/dig")
    for path in (folder, Path("/run/netns"), Path("/run/named")):
        path.mkdir()
    return folder


def _unshare() -> list[str]:
    return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
