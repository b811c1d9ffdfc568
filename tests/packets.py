"""A tiny builder of DNS messages, packets and captures; each function adds one layer around the octets of the one below.

``pcap(ethernet(ipv4(udp(message("a.example.com")))))`` is a capture of one query. Times are in seconds.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

import pyarrow as pa

from molehunt import schema
from molehunt.config import PcapSettings
from molehunt.wire.capture import Capture

CLIENT, SERVER = "10.0.0.5", "10.0.0.1"
CLIENT6, SERVER6 = "2001:db8::5", "2001:db8::1"
START = 1_700_000_000


def name(text: str) -> bytes:
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(kind: int, rdata: bytes, ttl: int = 300, owner: bytes = b"\xc0\x0c", rclass: int = 1) -> bytes:
    return owner + struct.pack("!HHIH", kind, rclass, ttl, len(rdata)) + rdata


def opt(options: Sequence[tuple[int, bytes]] = (), extended: int = 0) -> bytes:
    data = b"".join(struct.pack("!HH", code, len(value)) + value for code, value in options)
    return b"\0" + struct.pack("!HHIH", 41, 1232, extended << 24, len(data)) + data


def message(
    qname: str | bytes | None,
    qtype: int = 1,
    *,
    id: int = 7,
    rcode: int | None = None,
    answers: Sequence[bytes] = (),
    additional: Sequence[bytes] = (),
    more: Sequence[bytes] = (),
) -> bytes:
    """A query; a response if ``rcode`` is given. ``more`` are further questions as octets."""
    wire = name(qname) if isinstance(qname, str) else qname
    questions = [] if wire is None else [wire + struct.pack("!HH", qtype, 1), *more]
    flags = 0x0100 if rcode is None else 0x8180 | rcode
    head = struct.pack("!6H", id, flags, len(questions), len(answers), 0, len(additional))
    return head + b"".join([*questions, *answers, *additional])


def udp(payload: bytes, sport: int = 40000, dport: int = 53, length: int | None = None) -> bytes:
    size = 8 + len(payload) if length is None else length
    return struct.pack("!4H", sport, dport, size, 0) + payload


def tcp(payload: bytes, seq: int, sport: int = 40000, dport: int = 53, flags: int = 0x18) -> bytes:
    return struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, 0, 0x50, flags, 65535, 0, 0) + payload


def framed(*messages: bytes) -> bytes:
    """Messages as TCP carries them, each after its length."""
    return b"".join(struct.pack("!H", len(one)) + one for one in messages)


def ipv4(
    payload: bytes,
    source: str = CLIENT,
    target: str = SERVER,
    *,
    number: int = 17,
    options: bytes = b"",
    id: int = 1,
    offset: int = 0,
    more: bool = False,
) -> bytes:
    head = 20 + len(options)
    word = (offset // 8) | (0x2000 if more else 0)
    first = struct.pack("!BBHHHBBH", 0x40 | head // 4, 0, head + len(payload), id, word, 64, number, 0)
    both = ip_address(source).packed + ip_address(target).packed + options
    total = sum(struct.unpack(f"!{(len(first) + len(both)) // 2}H", first + both))
    total = (total & 0xFFFF) + (total >> 16)
    check = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return first[:10] + struct.pack("!H", check) + both + payload


def ipv6(
    payload: bytes,
    source: str = CLIENT6,
    target: str = SERVER6,
    *,
    number: int = 17,
    extensions: Sequence[tuple[int, bytes]] = (),
) -> bytes:
    """``extensions`` are (own number, octets after the next-header octet)."""
    numbers = [*(kind for kind, _ in extensions), number]
    chain = b"".join(bytes([after]) + rest for (_, rest), after in zip(extensions, numbers[1:], strict=True))
    body = chain + payload
    head = struct.pack("!IHBB", 0x60000000, len(body), numbers[0], 64)
    return head + ip_address(source).packed + ip_address(target).packed + body


def ipv6_fragment(payload: bytes, offset: int, more: bool, id: int = 1, **others: object) -> bytes:
    rest = struct.pack("!BHI", 0, offset | more, id)
    return ipv6(payload, extensions=[(44, rest)], **others)


def reply(payload: bytes, **others: object) -> bytes:
    """A UDP datagram from the server to the client, in IPv4."""
    return ipv4(udp(payload, 53, 40000), SERVER, CLIENT, **others)


def ethernet(packet: bytes, tags: Sequence[int] = ()) -> bytes:
    """``tags`` are the EtherTypes of VLAN tags, outer first."""
    kind = 0x0800 if packet[:1] and packet[0] >> 4 == 4 else 0x86DD
    kinds = [*tags, kind]
    frame = b"\2\0\0\0\0\1\2\0\0\0\0\2" + struct.pack("!H", kinds[0])
    return frame + b"".join(struct.pack("!HH", 100, after) for after in kinds[1:]) + packet


Timed = tuple[float, bytes]


def timed(frames: Iterable[bytes | Timed]) -> list[tuple[int, bytes]]:
    """Frames with their time in nanoseconds; those without one follow each other by a millisecond."""
    listed = [one if isinstance(one, tuple) else (index / 1000, one) for index, one in enumerate(frames)]
    return [(START * 10**9 + round(after * 1e9), frame) for after, frame in listed]


def pcap(
    *frames: bytes | Timed, link: int = 1, order: str = "<", nano: bool = False, snap: int = 262144, magic: int = 0
) -> bytes:
    number = magic or (0xA1B23C4D if nano else 0xA1B2C3D4)
    out = [struct.pack(f"{order}IHHiIII", number, 2, 4, 0, 0, snap, link)]
    for ts, frame in timed(frames):
        whole, part = divmod(ts, 10**9)
        head = struct.pack(f"{order}4I", whole, part if nano else part // 1000, min(snap, len(frame)), len(frame))
        out += [head, bytes(8) if magic == 0xA1B2CD34 else b"", frame[:snap]]
    return b"".join(out)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    total = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + total + body + total


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(link: int = 1, options: bytes = b"", order: str = "<", snap: int = 0) -> bytes:
    end = struct.pack(f"{order}HH", 0, 0) if options else b""
    return block(1, struct.pack(f"{order}HHI", link, 0, snap) + options + end, order)


def enhanced(frame: bytes, ticks: int, number: int = 0, order: str = "<") -> bytes:
    head = struct.pack(f"{order}5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame, order)


def obsolete(frame: bytes, ticks: int, number: int = 0, order: str = "<") -> bytes:
    head = struct.pack(f"{order}HHIIII", number, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(2, head + frame, order)


def simple(frame: bytes, order: str = "<") -> bytes:
    return block(3, struct.pack(f"{order}I", len(frame)) + frame, order)


def rows(capture: bytes, **settings: object) -> list[dict]:
    """The rows that molehunt reads out of a capture."""
    return read(capture, **settings)[0]


def read(capture: bytes, **settings: object) -> tuple[list[dict], dict[str, tuple[int, str]]]:
    """The rows of a capture, and its problems: reason -> (count, example)."""
    source = Capture(io.BytesIO(capture), "test.pcap", PcapSettings(**settings))
    table = pa.Table.from_batches(source.batches(), schema=schema.QUERIES)
    table.validate(full=True)
    return table.to_pylist(), {one.reason: (one.count, one.example) for one in source.problems()}
