"""What a dig leaves behind: recordings, the truth, what a detector is expected to say, and how it was all made."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.dig.digs import Dig

README = """# {name}

{summary}

Made by `python -m tests.dig {name} -o FOLDER` as root; see `docs/captures.md`. Nothing here comes from a real network: clients,
resolver, name servers and tunnels ran in network namespaces of one machine, all names are below `example.`.

{tunnels}
| file | what it is |
|---|---|
{files}

Made with {versions}.
"""

MEANINGS = {
    "capture.pcap": "port 53 between the office (10.53.0.0/24) and its resolver (10.53.0.1), by tcpdump",
    "unbound.log": "unbound's `log-queries` and `log-replies`",
    "unbound.dnstap": "unbound's dnstap of client queries and responses, by fstrm_capture",
    "named.log": "BIND's query log",
    "named.dnstap": "BIND's dnstap of client queries and responses",
    "dnsmasq.log": "dnsmasq's `log-queries=extra`",
    "truth.json": "which tunnel moved how many payload bytes, between which times",
    "case.toml": "the alerts that a detector is expected to raise",
}

RECORDINGS = ("capture.pcap", "unbound.log", "unbound.dnstap", "named.log", "named.dnstap", "dnsmasq.log")

VERSIONS = {
    "iodine": ("iodine", "-v"),
    "dns2tcp": ("dpkg-query", "-W", "-f", "dns2tcp ${Version}", "dns2tcp"),
    "unbound": ("unbound", "-V"),
    "named": ("named", "-v"),
    "dnsmasq": ("dnsmasq", "--version"),
}


def write(dig: Dig, work: Path, out: Path, truth: dict[str, Any]) -> None:
    """Copy the recordings from the working folder and write the truth, the case and the README beside them."""
    out.mkdir(parents=True, exist_ok=True)
    kept = [name for name in RECORDINGS if (work / name).exists() and (dig.keeps_logs or name == "capture.pcap")]
    names = [_keep(work / name, out / _renamed(dig, name), dig.packed) for name in kept]
    (out / "truth.json").write_text(json.dumps(truth, indent=2) + "\n")
    (out / "case.toml").write_text(_case(truth, names))
    listed = [*zip(names, (MEANINGS[name] for name in kept), strict=True)]
    listed += [(name, MEANINGS[name]) for name in ("truth.json", "case.toml")]
    text = README.format(
        name=dig.name, summary=dig.summary, tunnels=_tunnels(truth), versions=", ".join(truth["versions"].values()),
        files="\n".join(f"| `{name}` | {meaning} |" for name, meaning in listed),
    )  # fmt: skip
    (out / "README.md").write_text(text)


def versions(dig: Dig) -> dict[str, str]:
    """Return the versions of the tools and servers that the dig uses."""
    used = {*(tunnel.tool for tunnel in dig.tunnels), dig.resolver, "named"}
    return {name: _version(VERSIONS[name]) for name in sorted(used)}


def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    line = next(line for line in (done.stdout + done.stderr).splitlines() if any(c.isdigit() for c in line))
    line = line.removeprefix("version: ").split(" <id")[0].split(" from ")[0].split("  ")[0]
    return {"iodine": "iodine ", "unbound": "unbound "}.get(command[0], "") + line.removeprefix("Version ")


def _renamed(dig: Dig, name: str) -> str:
    return name.replace("capture", dig.name).replace("unbound.dnstap", "demo.dnstap") if dig.name == "demo" else name


def _keep(source: Path, target: Path, packed: bool) -> str:
    if not packed:
        shutil.copyfile(source, target)
        return target.name
    target = target.with_name(f"{target.name}.gz")
    target.write_bytes(gzip.compress(source.read_bytes(), 9, mtime=0))
    return target.name


def _case(truth: dict[str, Any], names: list[str]) -> str:
    """Write the expectation: the alerts (confidence medium or high), no more and no fewer."""
    sources = ", ".join(f'"{name}"' for name in names)
    head = f"# Expected alerts (confidence medium or high) of each of the sources by itself.\nsources = [{sources}]\n"
    if not truth["tunnels"]:
        return head + "none = true\n"
    return head + "".join(
        f'\n[[finding]]\nclient = "{one["client"]}"\nregistered_domain = "{one["registered_domain"]}"\n'
        for one in truth["tunnels"]
    )


def _tunnels(truth: dict[str, Any]) -> str:
    """Write one line on each tunnel."""
    return "".join(
        f"* {one['client']} asks {one['resolver']}: {one['tool']} by {one['qtype']} to `{one['domain']}`, "
        f"{one['up_bytes']} payload bytes up, {one['down_bytes']} down\n"
        for one in truth["tunnels"]
    )
