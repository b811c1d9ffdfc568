"""The numbers that the big group-by takes of names, held against the texts that they stand for."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import name_oracle as oracle
from molehunt import names

MARK_CHARS = 24
LABEL = st.one_of(
    st.sampled_from(["com", "co.uk", "www", "in-addr.arpa", "corp", "公司.cn", "A\\046b", "a+b", "ID-7"]), st.text(max_size=30)
)
NAME = st.lists(LABEL, max_size=6).map(".".join)


def facts(column: pa.Array) -> list[dict | None]:
    return names.facts(column, MARK_CHARS, b".id-").to_pylist()


@settings(deadline=None)
@given(st.lists(NAME, max_size=20))
def test_keys_are_equal_where_the_normal_forms_are(rows: list[str]):
    column = pa.array(rows, pa.string())
    whole, zones = names.normal_form(column).to_pylist(), names.registered_domain(column).to_pylist()
    found = facts(column)
    for i, one in enumerate(found):
        for j, other in enumerate(found):
            assert (one["name_key"] == other["name_key"]) == (whole[i] == whole[j])
            assert (one["zone_key"] == other["zone_key"]) == (zones[i] == zones[j])
    keys = {text: fact["zone_key"] for text, fact in zip(zones, found, strict=True)}
    assert {text: fact["name_key"] for text, fact in zip(keys, facts(pa.array(list(keys), pa.string())), strict=True)} == keys


@settings(deadline=None)
@given(st.lists(NAME, max_size=20))
def test_lengths_and_classes_are_those_of_the_canonical_spelling(rows: list[str]):
    column = pa.array(rows, pa.string())
    whole, zones = names.normal_form(column).to_pylist(), names.registered_domain(column).to_pylist()
    seen = names.split(column).field("subdomain_seen").to_pylist()
    for fact, name, zone, spelt in zip(facts(column), whole, zones, seen, strict=True):
        size = len(name.encode())
        assert (fact["name_chars"], fact["chars"]) == (size, size - len(zone.encode()))
        long = size >= MARK_CHARS and re.search(r"[^a-z0-9._-]", name) is not None
        assert fact["marked"] == (long or ".id-" in name)
        assert fact["chars"] >= len(spelt.encode())


@pytest.mark.parametrize(
    ("name", "mixed"), [("abc.example", 0), ("ABC.EXAMPLE", 2), ("aBc.example", 1), ("abc.exampLe", 1), ("1-2._.", 0), ("", 0)]
)
def test_mixed_case_has_letters_of_both_cases(name: str, mixed: int):
    assert facts(pa.array([name]))[0]["mixed_case"] == mixed


def test_null_stays_null_in_every_arrow_type_slice_and_chunk():
    rows = [None, "A.b.Example.com", "x.co.uk", None, "", "公司.cn"] * 3
    want = facts(pa.array(rows))
    assert [fact is None for fact in want] == [row is None for row in rows]
    for kind in (pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int32(), pa.string())):
        column = pa.array(rows, pa.string()).cast(kind)
        assert facts(column) == want
        assert facts(column[3:14]) == want[3:14]
        assert facts(pa.chunked_array([column[:5], column[5:5], column[5:]])) == want
    assert facts(pa.chunked_array([], pa.string())) == []


def test_keys_of_many_names_do_not_collide():
    rows = oracle.made_up_names(200_000)
    column = pa.array(rows)
    found = names.facts(column, MARK_CHARS, b".id-")
    for field, texts in (("name_key", names.normal_form(column)), ("zone_key", names.registered_domain(column))):
        assert len(set(found.field(field).to_pylist())) == len(set(texts.to_pylist()))
