"""Sizes of memory, as people write them."""

from __future__ import annotations

import re

from molehunt.errors import ConfigError

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(I?)B?", re.IGNORECASE)


def memory_bytes(text: str) -> int:
    """Return a size such as ``4GB``, ``1.5GiB`` or ``512M`` in bytes.

    Raises:
        ConfigError: It is no size.
    """
    found = _SIZE.fullmatch(text.strip())
    base = 1024 if found and found[3] else 1000
    size = int(float(found[1]) * base ** (1 + "KMGT".index(found[2].upper()))) if found else 0
    if not size:
        raise ConfigError(f"no size of memory: {text!r}", next_step="Write it as 4GB or 512MB")
    return size
