"""Real name servers, configured for the small world: who is authoritative, who resolves, what each one logs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.dig.world import AUTHORITATIVE, PROVIDER, RESOLVER, World

NAMED_OPTIONS = """
options {{ directory "{folder}"; pid-file none; listen-on {{ {address}; }}; listen-on-v6 {{ none; }};
  recursion {recursion}; allow-query {{ any; }}; dnssec-validation no; empty-zones-enable no; minimal-responses yes;
  allow-transfer {{ none; }}; notify no; {extra} }};
controls {{ }};
logging {{ channel asked {{ file "{folder}/named.log"; print-time iso8601; print-category yes; print-severity yes; }};
  category queries {{ asked; }}; category default {{ default_stderr; }}; }};
"""

#: Without minimisation: unbound would first ask for A, which iodine answers with a CNAME whatever type its client uses.
UNBOUND = """
server:
  interface: {address}
  access-control: 0.0.0.0/0 allow
  directory: "{folder}"
  username: ""
  chroot: ""
  pidfile: ""
  do-daemonize: no
  do-ip6: no
  num-threads: 1
  verbosity: 1
  use-syslog: no
  logfile: "{name}.log"
  log-queries: yes
  log-replies: yes
  log-tag-queryreply: yes
  root-hints: "{folder}/root.hints"
  module-config: "{modules}"
  unblock-lan-zones: yes
  insecure-lan-zones: yes
  do-not-query-localhost: no
  qname-minimisation: no
  {options}
remote-control:
  control-enable: no
{extra}
"""

DNSTAP_OF_UNBOUND = """
dnstap:
  dnstap-enable: yes
  dnstap-bidirectional: yes
  dnstap-socket-path: "{folder}/dnstap.sock"
  dnstap-send-identity: no
  dnstap-send-version: no
  dnstap-log-client-query-messages: yes
  dnstap-log-client-response-messages: yes
"""


def authoritative(world: World, zones: Mapping[str, str]) -> None:
    """Start BIND with these zones (origin to zone file text) as the root and everything below it."""
    folder = world.folder / "authoritative"
    folder.mkdir()
    config = NAMED_OPTIONS.format(folder=folder, address=AUTHORITATIVE, recursion="no", extra="")
    for i, (origin, text) in enumerate(zones.items()):
        (folder / f"{i}.zone").write_text(text)
        config += f'zone "{origin}" {{ type primary; file "{i}.zone"; }};\n'
    (folder / "named.conf").write_text(config)
    (world.folder / "root.hints").write_text(f". 3600000 NS a.root.\na.root. 3600000 A {AUTHORITATIVE}\n")
    world.start("internet", *named(folder / "named.conf"), log="authoritative.log")
    world.await_text("authoritative.log", "running")


def named(config: Path) -> tuple[str, ...]:
    """Return the command that runs BIND in the foreground with this configuration."""
    return (program("named"), "-f", "-n", "1", "-c", str(config))


def program(name: str) -> str:
    """Return a private copy of a server's binary, which no distribution's AppArmor profile for its usual path binds."""
    source, copy = shutil.which(name), Path("/run/dig/bin") / name
    if source is None:
        raise RuntimeError(f"not installed: {name}")
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        shutil.copy2(source, copy)
    return str(copy)


def unbound_resolver(world: World, options: Sequence[str], extra: str = "") -> None:
    """Start unbound as the office's resolver, with its query log and dnstap."""
    world.start(
        "resolver", "fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", str(world.folder / "dnstap.sock"),
        "-w", str(world.folder / "unbound.dnstap"), log="fstrm.log",
    )  # fmt: skip
    tap = DNSTAP_OF_UNBOUND.format(folder=world.folder)
    unbound(world, "resolver", RESOLVER, options=options, extra=tap + extra, name="unbound")


def unbound(
    world: World, space: str, address: str, *, options: Sequence[str] = (), extra: str = "", name: str = "unbound"
) -> None:
    """Start an unbound and wait until it serves."""
    text = UNBOUND.format(
        address=address, folder=world.folder, name=name, extra=extra, options="\n  ".join(options),
        modules="respip iterator" if "rpz:" in extra else "iterator",
    )  # fmt: skip
    (world.folder / f"{name}.conf").write_text(text)
    world.start(space, program("unbound"), "-d", "-c", f"{name}.conf", log=f"{name}.err")
    world.await_text(f"{name}.log", "start of service")


def named_resolver(world: World, options: Sequence[str], extra: str = "") -> None:
    """Start BIND as the office's resolver, with its query log and dnstap; ``options`` go into its options block."""
    folder = world.folder
    tap = 'dnstap { client; }; dnstap-output file "named.dnstap"; dnstap-identity none; dnstap-version none; querylog yes;'
    tap += "qname-minimization off; send-cookie no;"
    config = NAMED_OPTIONS.format(folder=folder, address=RESOLVER, recursion="yes", extra=tap + " ".join(options))
    config += 'zone "." { type hint; file "root.hints"; };\n' + extra
    (folder / "resolver.conf").write_text(config)
    world.start("resolver", *named(folder / "resolver.conf"), log="named.err")
    world.await_text("named.err", "running")


def dnsmasq_resolver(world: World, options: Sequence[str], extra: str = "") -> None:
    """Start dnsmasq as the office's forwarder to an unbound of the provider, with its query log."""
    unbound(world, "internet", PROVIDER, name="provider")
    config = world.folder / "dnsmasq.conf"
    lines = [
        f"listen-address={RESOLVER}", "bind-interfaces", "no-resolv", "no-hosts", f"server={PROVIDER}", "user=root",
        "log-queries=extra", f"log-facility={world.folder}/dnsmasq.log", "cache-size=1000", "edns-packet-max=1232",
        "pid-file=", *options,
    ]  # fmt: skip
    config.write_text("\n".join(lines) + "\n" + extra)
    world.start("resolver", program("dnsmasq"), "--keep-in-foreground", f"--conf-file={config}", log="dnsmasq.err")
    world.await_text("dnsmasq.log", "started, version")


def pdns_resolver(world: World, options: Sequence[str], extra: str = "") -> None:
    """Start PowerDNS Recursor as the office's resolver; ``extra`` is its Lua configuration."""
    folder = world.folder / "pdns"
    folder.mkdir(exist_ok=True)
    (folder / "recursor.lua").write_text(extra)
    lines = [
        f"local-address={RESOLVER}", "allow-from=0.0.0.0/0", "dont-query=", f"hint-file={world.folder}/root.hints",
        f"lua-config-file={folder}/recursor.lua", f"socket-dir={folder}", "dnssec=off", "qname-minimization=no", "threads=1",
        "serve-rfc1918=no", "daemon=no", *options,
    ]  # fmt: skip
    (folder / "recursor.conf").write_text("\n".join(lines) + "\n")
    world.start("resolver", program("pdns_recursor"), f"--config-dir={folder}", log="pdns.err")
    world.await_text("pdns.err", "Enabled")


#: resolver -> what starts it.
RESOLVERS: dict[str, Callable[[World, Sequence[str], str], None]] = {
    "unbound": unbound_resolver,
    "named": named_resolver,
    "dnsmasq": dnsmasq_resolver,
    "pdns": pdns_resolver,
}
