"""All cases by name, and how to make one: names are cheap, cases are made where they are measured."""

from __future__ import annotations

from evaluation import channels, corpora, lookalikes, mixed
from evaluation.cases import Case

#: Files of the quick run: one small capture for each tool family, and benign logs of each kind.
QUICK_CORPORA = (
    "malicious/dmachard/",
    "malicious/bonelee/iodine_direct_ssh6_base128",
    "malicious/bonelee/dns2tcp_sendfile9",
    "malicious/sans/",
    "malicious/bonelee/dnscapy_scp2",
    "malicious/bonelee/ozyman_idle",
    "malicious/bonelee/dnscat2_when_exec",
    "malicious/tomaspena53/MXSIZE-65",
    "malicious/tomaspena53/MXSIZE-NL-FLSIZE-144",
    "malicious/ndpi/",
    "malicious/suricata",
    "malicious/elisaUD/2",
    "malicious/ggyggy666/And",
    "benign/rita",
    "benign/markbaggett",
    "benign/otrf_apt29/day2_N",
    "benign/stratosphere/005",
    "benign/zeek/nishan",
    "benign/zeek/trickbot",
    "benign/zeek/abdoul",
    "benign/adguard",
    "benign/pihole/bazmonk",
    "benign/pihole/p79",
    "benign/bonelee/2017-8-15",
    "benign/bonelee/2017-8-2-8",
    "benign/allowlists",
    "formats/suricata_eve/nico",
)
#: Own recordings of the quick run.
QUICK_OWN = ("demo", "ordinary", "dns2tcp-key", "iodine-a", "iodine-null-slow", "iodine-txt-base32")


def names(*, quick: bool = False) -> list[str]:
    """Name all cases of a run; the quick one takes each change and look-alike once, and small corpora."""
    every = [*corpora.names(), *channels.names(), *lookalikes.names(corpora.real_long_names()), *mixed.names()]
    return [name for name in every if _quick(name)] if quick else every


def _quick(name: str) -> bool:
    part = name.split("/")
    if part[0] == "corpus":
        return name.removeprefix("corpus/").startswith(QUICK_CORPORA)
    if part[0] == "forwarded":
        return True
    if part[0] == "own":
        return part[1] in QUICK_OWN
    if part[0] == "channel":
        return part[3] == "4 kB" and part[2] in _first_and_last(part[1])
    if part[0] == "mixed":
        return part[1] == mixed.MADE_UP and part[2] == "base32" and part[3] != "60 kB"
    return name not in {f"lookalike/{lookalikes.FORWARDED}", f"lookalike/{lookalikes.EVERYTHING}"}


def _first_and_last(change: str) -> set[str]:
    variants = list(channels.CHANGES[change])
    return {variants[0], variants[-1]}


def replayed(name: str) -> bool:
    """Tell whether a case is run on growing beginnings: channels at 4 kB a day only, since their first queries are alike."""
    return not name.startswith("channel/") or name.endswith("/4 kB")


def make(name: str, seed: int) -> Case:
    """Make the case of this name."""
    part = name.split("/", maxsplit=1)[0]
    if part == "channel":
        return channels.make(name, seed)
    if part == "lookalike":
        return lookalikes.make(name, seed, corpora.real_long_names())
    if part == "mixed":
        return mixed.make(name, seed)
    return corpora.make(name)
