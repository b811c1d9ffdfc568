"""The table of digs: each is one folder of recordings below ``tests/data``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.dig.tunnels import Tunnel


@dataclass(frozen=True)
class Dig:
    """One dig: who lives in the office, which resolver serves it, which tunnels are dug.

    Attributes:
        name: Folder of the results.
        summary: One sentence for the README.
        tunnels: None at all makes a capture of ordinary look-ups.
        resolver: unbound, named or dnsmasq.
        resolver_options: Further lines of the resolver's configuration.
        desks: Number of desktop machines, besides the mail and the file server.
        duration_s: Length of the ordinary look-ups.
        seed: Seed of the ordinary look-ups.
        keeps_logs: Whether the resolver's log and dnstap are results too.
        packed: Whether the results are compressed.
    """

    name: str
    summary: str
    tunnels: tuple[Tunnel, ...] = ()
    resolver: str = "unbound"
    resolver_options: tuple[str, ...] = ()
    desks: int = 2
    duration_s: float = 25.0
    seed: int = 1
    keeps_logs: bool = False
    packed: bool = True

    @property
    def office(self) -> dict[str, str]:
        """Address -> host name of every machine of the office, the moles too: they have ordinary users."""
        desks = {f"10.53.0.{11 + i}": f"desk{i + 1}" for i in range(self.desks)}
        moles = {tunnel.client: f"laptop{tunnel.client.rsplit('.', 1)[1]}" for tunnel in self.tunnels}
        return desks | {"10.53.0.8": "files", "10.53.0.9": "mail"} | moles


#: What unbound needs to shuffle the letter case of what it asks upstream (0x20): iodine falls back to Base32 names.
SHUFFLED = ("use-caps-for-id: yes",)
DNS2TCP = Tunnel("dns2tcp", "TXT", client="10.53.0.22", domain="d.burrow.example", server="198.51.100.67")


def _iodine(qtype: str, **changes: object) -> Tunnel:
    return replace(Tunnel("iodine", qtype), **changes)  # type: ignore[arg-type]


def _each() -> list[Dig]:
    one = [
        Dig(f"iodine-{qtype.lower()}", f"iodine by {qtype} records through unbound.", (_iodine(qtype),), seed=i + 10)
        for i, qtype in enumerate(("NULL", "PRIVATE", "TXT", "SRV", "MX", "CNAME", "A"))
    ]
    two = [
        Dig(
            f"dns2tcp-{qtype.lower()}",
            f"dns2tcp by {qtype} records through unbound.",
            (replace(DNS2TCP, qtype=qtype),),
            seed=i + 20,
        )
        for i, qtype in enumerate(("TXT", "KEY"))
    ]
    return one + two


DIGS: tuple[Dig, ...] = (
    Dig(
        "demo",
        "Seven minutes of an office of ten machines; one laptop digs with iodine (NULL records), another with dns2tcp (TXT).",
        (
            _iodine(
                "NULL",
                begin_s=60,
                up_bytes=24_000,
                down_bytes=40_000,
                chunk_bytes=400,
                pause_s=1.0,
                idle_s=20,
                options=("-M", "200"),
            ),
            replace(DNS2TCP, begin_s=150, up_bytes=12_000, down_bytes=20_000, chunk_bytes=300, pause_s=0.5),
        ),
        desks=6,
        duration_s=420,
        seed=53,
        keeps_logs=True,
        packed=False,
    ),
    Dig(
        "ordinary",
        "Nobody digs: an office of ten machines for five minutes.",
        desks=8,
        duration_s=300,
        seed=54,
        keeps_logs=True,
    ),
    *_each(),
    Dig(
        "iodine-txt-base32",
        "iodine by TXT records through an unbound that shuffles letter case (0x20), Base32 both ways.",
        (_iodine("TXT", options=("-O", "Base32")),),
        resolver_options=SHUFFLED,
        seed=31,
    ),
    Dig(
        "iodine-null-short",
        "iodine by NULL records with names of at most 60 characters (and an MTU of 500, as a packet has at most 16 pieces).",
        (_iodine("NULL", options=("-M", "60"), server_options=("-m", "500")),),
        seed=32,
    ),
    Dig(
        "iodine-null-direct",
        "iodine by NULL records, asked of its server directly, past the resolver.",
        (_iodine("NULL", direct=True),),
        seed=33,
    ),
    Dig(
        "iodine-null-slow",
        "iodine by NULL records, 300 bytes every 15 seconds for two minutes, polling seldom.",
        (_iodine("NULL", options=("-I", "20"), up_bytes=2400, down_bytes=300, chunk_bytes=300, pause_s=15),),
        duration_s=130,
        seed=34,
    ),
    Dig(
        "iodine-txt-dnsmasq",
        "iodine by TXT records through dnsmasq, which asks its provider's unbound.",
        (_iodine("TXT"),),
        resolver="dnsmasq",
        seed=35,
        keeps_logs=True,
    ),
    Dig(
        "dns2tcp-txt-named",
        "dns2tcp by TXT records through BIND, with its query log and dnstap.",
        (DNS2TCP,),
        resolver="named",
        seed=36,
        keeps_logs=True,
    ),
    Dig(
        "short",
        "Half a minute for the test suite; not kept.",
        (_iodine("NULL", up_bytes=3000, down_bytes=3000), replace(DNS2TCP, up_bytes=2000, down_bytes=2000)),
        duration_s=10,
        seed=2,
        keeps_logs=True,
        packed=False,
    ),
)
