"""Payload in answers: octets to rdata of one type, and back."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

from evaluation.channels.codecs import CODECS, cut, uncut


@dataclass(frozen=True)
class Carrier:
    """How one record type carries octets.

    Attributes:
        qtype: Type asked.
        size: Octets in one response.
        write: Octets and zone to rdata.
        read: Rdata, zone and number of octets to octets.
    """

    qtype: str
    size: int
    write: Callable[[bytes, str], list[str]]
    read: Callable[[list[str], str, int], bytes]


def _addresses(data: bytes, size: int) -> list[str]:
    pieces = [data[i : i + size].ljust(size, b"\0") for i in range(0, len(data), size)]
    return [str(ipaddress.ip_address(piece)) for piece in pieces]


def _packed(answers: list[str], size: int) -> bytes:
    return b"".join(ipaddress.ip_address(answer).packed for answer in answers)[:size]


def _plausible(data: bytes, zone: str) -> list[str]:
    return [f"52.{a}.{b}.{c}" for a, b, c in zip(data[::3], data[1::3], data[2::3], strict=True)]


def _unplausible(answers: list[str], zone: str, size: int) -> bytes:
    return b"".join(ipaddress.ip_address(answer).packed[1:] for answer in answers)[:size]


def _name(data: bytes, zone: str) -> str:
    return f"{cut(CODECS['base32'].encode(data), '', 60)}.{zone}"


def _unname(name: str, zone: str, size: int) -> bytes:
    return CODECS["base32"].decode(uncut(name.removesuffix(f".{zone}"), ""), size)


CARRIERS: dict[str, Carrier] = {
    "A": Carrier("A", 16, lambda data, zone: _addresses(data, 4), lambda found, zone, size: _packed(found, size)),
    "A, one network": Carrier("A", 12, _plausible, _unplausible),
    "AAAA": Carrier("AAAA", 48, lambda data, zone: _addresses(data, 16), lambda found, zone, size: _packed(found, size)),
    "CNAME": Carrier(
        "CNAME", 60, lambda data, zone: [_name(data, zone)], lambda found, zone, size: _unname(found[0], zone, size)
    ),
    "MX": Carrier(
        "MX",
        60,
        lambda data, zone: [f"10 {_name(data, zone)}"],
        lambda found, zone, size: _unname(found[0].split()[1], zone, size),
    ),
    "TXT": Carrier(
        "TXT",
        120,
        lambda data, zone: [f'"{CODECS["base64url"].encode(data)}"'],
        lambda found, zone, size: CODECS["base64url"].decode(found[0].strip('"'), size),
    ),
}
