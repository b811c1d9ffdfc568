"""The second sieve: what it lets through has enough bits, and it never drops what would be listed for them."""

from __future__ import annotations

import pyarrow as pa

from digs import payload
from molehunt.config import Config
from molehunt.detectors.promising import promising

SETTINGS = Config().detection


def names(*groups: tuple[list[str], int, int, int]) -> pa.Table:
    """Return groups of names, how often each name is asked, and how many clients and types there are."""
    rows = [(i, 7, name, count, clients, types) for i, (texts, count, clients, types) in enumerate(groups) for name in texts]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 6
    keys = [(name, pa.uint64()) for name in ("zone_key", "client_key")]
    counts = [(name, pa.int64()) for name in ("query_count", "zone_clients", "type_count")]
    return pa.table(columns, schema=pa.schema([*keys, ("qname", pa.string()), *counts]))


def found(*groups: tuple[list[str], int, int], types: int = 1) -> list[int]:
    return promising(names(*((*group, types) for group in groups)), SETTINGS)["zone_key"].to_pylist()


def test_names_that_carry_much_are_promising_and_words_are_not():
    heavy = [f"{text}.evil.com" for text in payload(8, 24)]
    words = [f"{word}.shop.com" for word in ("www", "mail", "img", "api", "cdn", "login", "static", "assets", "m", "blog")]
    assert found((heavy, 1, 1), (words, 1, 40)) == [0]


def test_few_names_are_promising_if_they_are_long_enough():
    assert found(([f"{text}.{text[::-1]}.evil.com" for text in payload(5, 40)], 1, 1)) == [0]
    assert found(([f"{text}.evil.com" for text in payload(4, 20)], 1, 1)) == []


def test_repeats_count_for_what_their_choice_can_say():
    few = [f"{letter}.evil.com" for letter in "abcdefgh"]
    assert found((few, 1, 1)) == []
    assert found((few, 5000, 1)) == [0]


def test_small_names_are_promising_where_few_clients_ask():
    small = [f"{text}.evil.com" for text in payload(40, 8)]
    assert found((small, 1, 1), (small, 1, 90)) == [0]


def test_types_count_for_what_their_choice_can_say():
    assert found((["www.evil.com"], 500, 1)) == []
    assert found((["www.evil.com"], 500, 1), types=200) == [0]


def test_nothing_gives_nothing():
    assert found() == []
