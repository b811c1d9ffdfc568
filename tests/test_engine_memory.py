"""Sizes of memory, as people write them."""

from __future__ import annotations

import pytest

from molehunt.engines.memory import memory_bytes
from molehunt.errors import ConfigError


@pytest.mark.parametrize(
    ("told", "size"),
    [("4GB", 4 * 10**9), ("512MB", 512 * 10**6), ("1.5GiB", 3 << 29), ("2g", 2 * 10**9), (" 64 kib ", 1 << 16)],
)
def test_a_size_is_read(told: str, size: int):
    assert memory_bytes(told) == size


@pytest.mark.parametrize("told", ["plenty", "0GB", "1.2.3GB", "4", "-1GB", "80%", ""])
def test_what_is_no_size_is_refused(told: str):
    with pytest.raises(ConfigError, match="no size"):
        memory_bytes(told)
