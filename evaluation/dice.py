"""Random text of the kinds that names are made of, from one seed. Same seed, same data, on every machine."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
HEX = "0123456789abcdef"
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"

#: 256 short words: a byte each, and what made-up host and company names are built of.
WORDS = (
    "able acid aged also area army away baby back ball band bank base bath bean bear beat been beer bell belt best "
    "bill bird blow blue boat body bold bolt bone book boot bowl brick bulk burn bush cake call calm camp card "
    "care case cash cast cell chat chip city clay clip club coal coat code cold come cook cool cope copy core corn "
    "cost crew crop dark data date dawn days deal dear deck deep deer desk dial diet disc dock door dose down draw "
    "drop drum dual duke dust duty each earn ease east edge else even ever exit face fact fair fall farm fast fate "
    "fern file fill film find fine fire firm fish five flag flat flow foam fold folk food foot fork form fort four "
    "free fuel full fund gain game gate gear gift girl give glad glow goal goat gold golf good gray grid grow gulf "
    "hair half hall hand harp hash haze head heat help herb hero high hill hint hold hole home hook hope horn host "
    "hour huge hunt icon idea inch iron item jazz join jump jury just keen keep kick kind king kite knot lake lamp "
    "land lane last lawn lead leaf lean left lens life lift like lily lime line link lion list live load loan lock "
    "logo long loop lord loud love luck lung made mail main make many mark mask mass mast meal mean meat mild milk "
    "mill mind mine mint miss mode mood moon more moss most move much must name"
).split()
assert len(set(WORDS)) == 256


class Dice:
    """A seeded source of random text.

    Args:
        *seed: Words and numbers that together name the stream.
    """

    def __init__(self, *seed: object) -> None:
        digest = hashlib.blake2s("/".join(map(str, seed)).encode()).digest()
        self.rng = np.random.default_rng(list(digest))

    def text(self, alphabet: str, chars: int) -> str:
        """Draw letters of an alphabet."""
        return "".join(alphabet[i] for i in self.rng.integers(len(alphabet), size=chars))

    def hex(self, chars: int) -> str:
        """Draw hexadecimal digits."""
        return self.text(HEX, chars)

    def uuid(self) -> str:
        """Draw a UUID of version 4."""
        h = self.hex(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def word(self) -> str:
        """Draw one of the 256 words."""
        return WORDS[self.int(256)]

    def zone(self, suffix: str = "") -> str:
        """Draw the registered domain of a made-up company."""
        return f"{self.word()}{self.word()}{self.int(90) + 10}.{suffix or self.pick(('com', 'net', 'org', 'io', 'co.uk'))}"

    def ipv4(self) -> str:
        """Draw a public-looking IPv4 address."""
        a, b, c, d = self.rng.integers((11, 0, 0, 1), (126, 256, 256, 255))
        return f"{a}.{b}.{c}.{d}"

    def ipv6(self) -> str:
        """Draw a global IPv6 address, compressed."""
        return str(ipaddress.IPv6Address(f"2001:{self.hex(4)}:{self.hex(4)}::{self.hex(4)}:{self.hex(4)}"))

    def int(self, below: int) -> int:
        """Draw a number from 0 to ``below`` - 1."""
        return int(self.rng.integers(below))

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of the options."""
        return options[self.int(len(options))]

    def chance(self, share: float) -> bool:
        """Tell yes with this probability."""
        return bool(self.rng.random() < share)

    def bytes(self, count: int) -> bytes:
        """Draw octets."""
        return self.rng.bytes(count)

    def times(self, count: int, span_s: float) -> np.ndarray:
        """Draw times of a Poisson process: sorted, in seconds from 0."""
        return np.sort(self.rng.random(count)) * span_s

    def daytime(self, count: int, days: float) -> np.ndarray:
        """Draw times that follow a working day: nine tenths between 08:00 and 18:00, sorted, in seconds from 0."""
        day = self.rng.integers(max(1, round(days)), size=count) * 86400.0
        busy = self.rng.random(count) < 0.9
        hour = np.where(busy, self.rng.normal(13, 2.5, count).clip(7, 19), self.rng.random(count) * 24)
        return np.sort(day + hour * 3600 % 86400)
