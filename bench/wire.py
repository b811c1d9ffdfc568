"""The wire: a capture of a million DNS packets, beside tshark and beside the clock.

The capture is generated: 500,000 transactions of one resolver's clients, with EDNS, of common types, a twentieth of them
with long random labels.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

from bench.ratio import CACHE, Ratio, available, compare, molehunt, python

TRANSACTIONS = 500_000
START = 1_700_000_000
OPT = b"\0\0\x29\x10\0\0\0\0\0\0\0"
TYPES = (1, 1, 1, 28, 16, 15)

DECODE = """
import sys
from molehunt.config import PcapSettings
from molehunt.wire.capture import Capture
for _ in range(3):
    with open(sys.argv[1], "rb", buffering=0) as file:
        capture = Capture(file, "bench", PcapSettings())
        rows = sum(batch.num_rows for batch in capture.batches())
    assert capture.packet_count == 1_000_000, capture.packet_count
    assert rows == 500_000, rows
"""
CLOCK = "import time\nwhile time.process_time() < 3: pass"
FIELDS = ("ip.src", "dns.qry.name", "dns.qry.type", "dns.flags.rcode")


def _name(text: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def _answers(chance: random.Random, qtype: int) -> list[bytes]:
    if qtype == 1:
        return [chance.randbytes(4) for _ in range(chance.randint(1, 3))]
    if qtype == 28:
        return [chance.randbytes(16)]
    return [b"\x25v=spf1 include:_spf.example.com -all."] if qtype == 16 else [b"\0\x0a\4mail\xc0\x0c"]


def _frame(source: bytes, target: bytes, ports: tuple[int, int], message: bytes) -> bytes:
    udp = struct.pack("!4H", *ports, 8 + len(message), 0) + message
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
    return bytes(12) + b"\x08\0" + head + source + target + udp


def packets(chance: random.Random) -> Iterator[bytes]:
    """Yield the records of the capture."""
    words = ("www", "api", "cdn", "mail", "static", "img", "edge", "login", "assets", "data")
    letters = "abcdefghijklmnopqrstuvwxyz"
    tails = (".com", ".net", ".co.uk", ".org")
    domains = ["".join(chance.choices(letters, k=chance.randint(4, 12))) + chance.choice(tails) for _ in range(5000)]
    resolver = bytes((10, 0, 0, 1))
    for index in range(TRANSACTIONS):
        client, port = bytes((10, 0, chance.randint(1, 4), chance.randint(1, 254))), chance.randint(1024, 65535)
        text = f"{chance.choice(words)}{chance.randint(0, 9)}.{chance.choice(domains)}"
        if chance.random() < 0.05:
            text = f"{chance.getrandbits(120):030x}.{text}"
        qtype, number = chance.choice(TYPES), chance.randint(0, 65535)
        question = _name(text) + struct.pack("!HH", qtype, 1)
        answers = _answers(chance, qtype)
        query = struct.pack("!6H", number, 0x100, 1, 0, 0, 1) + question + OPT
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", qtype, 1, 300, len(one)) + one for one in answers)
        response = struct.pack("!6H", number, 0x8180, 1, len(answers), 0, 1) + question + records + OPT
        both = _frame(client, resolver, (port, 53), query), _frame(resolver, client, (53, port), response)
        for frame, delay_us in zip(both, (0, 370), strict=True):
            whole, part = divmod(index * 500 + delay_us, 1_000_000)
            yield struct.pack("<4I", START + whole, part, len(frame), len(frame)) + frame


def capture() -> Path:
    """Return the capture, made once."""
    path = CACHE / "million.pcap"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            file.writelines(packets(random.Random(1)))
        partial.rename(path)
    return path


def run() -> list[Ratio]:
    """Compare whole processes; tshark is left out where it is absent."""
    path = str(capture())
    ratios = [compare("decode 3 M packets of captures, beside 3 s of a core", python(DECODE, path), python(CLOCK), target=1.0)]
    if available("tshark"):
        fields = [argument for field in FIELDS for argument in ("-e", field)]
        ratios.append(
            compare(
                "the rule over a capture of 1 M packets, beside tshark -T fields",
                molehunt("scan", path, "--rule", "T1071.004", "--window", "all", "-q", "-f", "jsonl"),
                ["tshark", "-r", path, "-T", "fields", *fields],
                target=1 / 20,
                target_mib=1536,
                pairs=1,
            )
        )
    return ratios


if __name__ == "__main__":
    for ratio in run():
        print(ratio)
